"""The page "Neuron and perceptron" where it takes a browser: dragging the arrow, playing the rule, a phone."""

import math

from engine.data.point_codes import LENGTH
from engine.topics.perceptron.card import Config
from engine.topics.perceptron.run import Experiment

PLANE = "perceptron-plane"


def place(visitor, x: float, y: float) -> tuple[float, float]:
    """Where a place of the plane of a gate lies on the screen."""
    canvas = visitor.canvas(PLANE)
    outer, box = canvas.bounding_box(), canvas.evaluate("c => c.neurarium.box")
    return outer["x"] + box["x"] + (x + 0.75) / 2.5 * box["w"], outer["y"] + box["y"] + (1.75 - y) / 2.5 * box["h"]


def drag(visitor, start: tuple[float, float], end: tuple[float, float]) -> None:
    mouse = visitor.page.mouse
    mouse.move(*place(visitor, *start))
    mouse.down()
    mouse.move(*place(visitor, *end), steps=6)
    mouse.up()


def test_the_line_is_dragged_to_where_it_makes_and(visit):
    visitor = visit("/perceptron?network=hand&w1=1&w2=1&theta=0.5")
    assert "Right: 2 of 4" in visitor.words
    before = visitor.picture(PLANE)
    drag(visitor, (0.25, 0.25), (0.75, 0.75))
    visitor.until(lambda: "Right: 4 of 4" in visitor.words, "the threshold of AND")
    assert abs(float(visitor.query["theta"]) - 1.5) < 0.11
    visitor.settle()
    assert visitor.picture(PLANE) != before
    visitor.page.mouse.click(*place(visitor, 0, 1))
    visitor.until(lambda: visitor.query.get("view.x2") == "1", "a row opened by its point")
    assert "At x = (0, 1):" in visitor.words


def test_the_rule_plays_and_stands_where_the_bar_is_let_go(visit):
    visitor = visit("/perceptron?data=and")
    visitor.button("perceptron:play").click()
    visitor.until(lambda: visitor.step() == 24, "all four rows are right", patience=60)
    visitor.settle()
    assert visitor.status() == [24, 11, 0]
    moving = visitor.canvas(PLANE).get_attribute("data-frame")
    bar = visitor.key("perceptron-bar").locator("input[type=range]")
    bar.press("ArrowLeft")
    visitor.until(lambda: visitor.canvas(PLANE).get_attribute("data-frame") != moving, "a sample back")
    visitor.until(lambda: "view.moment" in visitor.query, "the moment in the link")


def test_chinese_on_a_phone_in_the_dark(visit):
    visitor = visit("/perceptron?network=layers&data=xor", size=(390, 844), touch=True, theme="dark", locale="zh-CN")
    assert visitor.title == "神经元与感知机"
    assert not visitor.scrolls_sideways()
    assert "正确：4 / 4" in visitor.words
    field = visitor.key("perceptron-units").locator("input").nth(8)
    field.fill("0.5")
    field.press("Enter")
    visitor.until(lambda: "正确：2 / 4" in visitor.words, "OR instead of AND at the end")


def test_points_are_clicked_as_quickly_as_one_likes(visit):
    """The plane to draw on stays where it is when the first point turns the page into that of a run."""
    visitor = visit("/perceptron?data=own")
    canvas = visitor.canvas("perceptron-editor")
    at = canvas.bounding_box()
    for k in range(8):
        visitor.page.mouse.click(at["x"] + 80 + 20 * k, at["y"] + 60 + 12 * (k % 4))
    visitor.until(lambda: len(visitor.query.get("points", "")) == 8 * LENGTH, "all eight points")
    visitor.canvas(PLANE)
    visitor.settle()
    assert visitor.canvas("perceptron-editor").bounding_box() == at


def test_names_of_levels_stand_where_no_curve_runs(visit):
    visitor = visit("/perceptron?data=xor&steps=40")
    chart = visitor.canvas("perceptron-mistakes")
    box = chart.evaluate("c => c.neurarium")
    names = [tuple(name) for name in box["names"]]
    assert len(names) == 2  # one answer for all; the best line
    top, bottom, high = box["top"], box["bottom"], box["high"]
    run = [moment.values["wrong"] for moment in Experiment(Config(data="xor")).train(40)]
    for left, right, height in names:
        steps = range(math.ceil((left - box["left"]) / (box["right"] - box["left"]) * 40), 41)
        assert left < right <= box["right"]
        assert all(abs(bottom - run[step] / high * (bottom - top) - height) > 5 for step in steps)


def test_step_behind_the_newest_sample_is_the_next_that_is_there(visit):
    """At the newest it presents one more; what is seen goes on by one in both cases."""
    visitor = visit("/perceptron?data=xor&steps=20")
    bar = visitor.key("perceptron-bar").locator("input[type=range]")
    for _ in range(2):
        bar.press("ArrowLeft")
    visitor.until(lambda: visitor.query.get("view.moment") == "18", "two samples back")
    step = visitor.key("perceptron:step").get_by_role("button")
    for seen in (19, 20, 21):
        step.click()
        visitor.until(lambda seen=seen: visitor.held == visitor.step() == seen, f"sample {seen}")
        visitor.settle()
        assert visitor.query["steps"] == str(max(20, seen))

"""The page "Backpropagation" where it takes a browser: both passes played, a node, values, the V, a phone."""

import re

import pytest

from engine.topics.backpropagation.card import Config
from engine.topics.backpropagation.passes import passes
from engine.topics.backpropagation.run import first

KEY = "backpropagation-graph"


def place(visitor, node: int) -> dict:
    x, y = visitor.canvas(KEY).evaluate("(c, i) => c.neurarium.place(i)", node)
    return {"x": x, "y": y}


def tip(visitor) -> list[str]:
    return visitor.key(KEY).locator(".tip.on").inner_text().split("\n")


def marks(visitor) -> list[str]:
    return visitor.canvas(KEY).evaluate("c => c.neurarium.marks()")


def test_both_passes_go_node_by_node_with_their_numbers(visit):
    visitor = visit("/backpropagation")
    made = passes(Config(), first(Config()), 0)
    assert marks(visitor)[1:] == list(made.marks[-1][1:])
    visitor.canvas(KEY).hover(position=place(visitor, 0))
    assert tip(visitor) == ["a", "value 2", "gradient ∂L/∂a 6"]
    bar = visitor.key("backpropagation-passes").locator("input[type=range]")
    bar.focus()
    bar.press("Home")
    visitor.until(lambda: visitor.canvas(KEY).get_attribute("data-frame") == "0", "the first moment")
    visitor.canvas(KEY).hover(position=place(visitor, 2))
    assert tip(visitor) == ["v₁ = a × b", "value not yet", "gradient ∂L/∂v₁ not yet"]
    pictures = {visitor.picture(KEY)}
    for moment in range(1, made.last + 1):
        bar.press("ArrowRight")
        visitor.until(lambda m=moment: visitor.canvas(KEY).get_attribute("data-frame") == str(m), "a step further")
        assert marks(visitor)[1:] == list(made.marks[moment][1:])
    pictures.add(visitor.picture(KEY))
    assert len(pictures) == 2
    bar.press("Home")
    visitor.until(lambda: visitor.query.get("view.pass_moment") == "0", "the moment stands in the link")
    visitor.key("backpropagation-passes").locator("[data-act=play]").click()
    lags = "() => document.documentElement.dataset.lags ?? null"
    visitor.until(lambda: visitor.page.evaluate(lags) == "moment", "the formula is that of the node at the beginning")
    visitor.until(lambda: visitor.canvas(KEY).get_attribute("data-frame") == str(made.last), "played to the end")
    visitor.until(lambda: visitor.page.evaluate(lags) is None, "the formula has followed")


def test_a_node_by_mouse_and_by_keys_and_a_value_by_hand(visit):
    visitor = visit("/backpropagation")
    visitor.canvas(KEY).click(position=place(visitor, 5))
    visitor.until(lambda: re.search(r"f: value −2, gradient 4", visitor.words), "the formula of f")
    visitor.settle()
    visitor.canvas(KEY).focus()
    visitor.page.keyboard.press("n")
    visitor.page.keyboard.press("Shift+N")
    visitor.page.keyboard.press("ArrowLeft")
    name = tip(visitor)[0].split(" =")[0]
    visitor.page.keyboard.press("Enter")
    visitor.until(lambda: f"{name}: value" in visitor.words, "the node under the keys")
    field = visitor.key("backpropagation-set-a").locator("input")
    field.fill("4.5")
    field.press("Enter")
    visitor.until(lambda: visitor.query.get("values") == "a=4.5, b=-3, c=10, f=-2", "the value in the link")
    visitor.settle()
    visitor.canvas(KEY).hover(position=place(visitor, 1))
    assert tip(visitor)[-1] == "gradient ∂L/∂b −9"
    visitor.canvas("backpropagation-errors")


@pytest.mark.parametrize("size", [(390, 844)])
def test_chinese_on_a_phone_runs_from_top_to_bottom(visit, size):
    visitor = visit("/backpropagation?data=network&hidden=2", size=size, touch=True, theme="dark", locale="zh-CN")
    assert visitor.title == "反向传播"
    assert not visitor.scrolls_sideways()
    assert visitor.canvas(KEY).evaluate("c => c.neurarium.upright")
    count = len(passes(Config(data="network"), first(Config(data="network")), 1).names)
    spots = [place(visitor, node) for node in range(count)]
    assert spots[-1]["y"] == max(spot["y"] for spot in spots), "L is at the foot"
    box = visitor.canvas(KEY).bounding_box()
    assert all(0 < spot["x"] < box["width"] and 0 < spot["y"] < box["height"] for spot in spots)
    visitor.page.touchscreen.tap(box["x"] + spots[0]["x"], box["y"] + spots[0]["y"])
    visitor.until(lambda: "：数值" in visitor.words, "the node by a finger")
    bar = visitor.key("backpropagation-passes").locator("[data-act=back]")
    bar.click()
    visitor.until(lambda: "view.pass_moment" in visitor.query, "one step back")
    assert marks(visitor)[0].startswith("反向经过")


def test_step_trains_wherever_the_walk_through_one_pass_stands(visit):
    visitor = visit("/backpropagation")
    visitor.key("backpropagation-passes").locator("input[type=range]").press("Home")
    visitor.until(lambda: visitor.query.get("view.pass_moment") == "0", "the beginning of the walk")
    visitor.key("backpropagation:step").get_by_role("button").click()
    visitor.until(lambda: visitor.step() == 1, "a step of descent")

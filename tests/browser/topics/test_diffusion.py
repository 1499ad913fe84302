"""The page "Diffusion": training, walking, a point's numbers, an own drawing, digits."""

import re

import numpy as np

from engine.contracts.formula import written
from engine.data.digits import decode_drawing
from engine.topics.diffusion import digits, walks
from engine.topics.diffusion.card import Config
from engine.topics.diffusion.picks import digits_mark, marked, walk_mark
from engine.topics.diffusion.run import Experiment, run


def seek(visitor, key: str, position: int) -> None:
    visitor.key(key).locator("input[type=range]").fill(str(position))
    visitor.page.wait_for_timeout(250)


def trained(visitor, steps: int):
    visitor.until(lambda: visitor.query.get("steps") == str(steps), f"{steps} steps of training", 120)
    visitor.until(lambda: visitor.key("diffusion-walk").count() == 1, "the walk")
    return visitor.settle()


def click_a_point(visitor) -> None:
    """Point 0 in the second plane at the last moment, found by the keyboard."""
    canvas = visitor.canvas("diffusion-walk")
    canvas.focus()
    visitor.page.keyboard.press("ArrowRight")
    visitor.page.keyboard.press("Enter")


def test_the_first_look_is_the_data_and_a_link_opens_the_walk_at_its_moment(visit):
    visitor = visit("/diffusion")
    assert visitor.step() == 0
    assert visitor.query == {}
    assert visitor.alerts() == []
    canvas = visitor.canvas("diffusion-walk")
    visitor.until(lambda: canvas.get_attribute("data-frame") == "60", "it has gone into the noise once, by itself")
    seek(visitor, "diffusion-walk-bar", 0)
    assert canvas.get_attribute("data-frame") == "0"
    before = visitor.picture("diffusion-walk")
    seek(visitor, "diffusion-walk-bar", 60)
    assert canvas.get_attribute("data-frame") == "60"
    assert visitor.picture("diffusion-walk") != before
    click_a_point(visitor)
    visitor.until(lambda: "t = 200" in visitor.key("diffusion-point").inner_text(), "the moment of the point")
    visitor.key("diffusion-point").locator(".katex").first.wait_for()  # else what it loads is cut off by what follows

    # The bar and all pictures on its clock stand there, and the point's numbers are of it; another place is noted.
    mark = walk_mark(Config(), "forward", 0)
    visitor.open(f"/diffusion?view.point=17&view.at=20-{mark}")
    there = walks.forward(Config(), next(Experiment(Config()).train(0)))
    canvas = visitor.canvas("diffusion-walk")
    visitor.until(lambda: canvas.get_attribute("data-frame") == "20", "the moment of the link")
    assert visitor.key("diffusion-walk-bar").locator("input[type=range]").input_value() == "20"
    assert f"Point 17 at t = {there.times[20]}" in visitor.key("diffusion-point").inner_text()
    seek(visitor, "diffusion-walk-bar", 33)
    visitor.until(lambda: visitor.query == {"view.point": "17", "view.at": f"33-{mark}"}, "the moment in the link")
    visitor.until(lambda: f"at t = {there.times[33]}" in visitor.key("diffusion-point").inner_text(), "its numbers")
    assert canvas.get_attribute("data-frame") == "33"


def test_training_walking_back_and_the_numbers_of_a_point(visit):
    visitor = visit("/diffusion?hidden=64&batch_size=256&until=100")
    visitor.button("diffusion:play").click()
    trained(visitor, 100)
    expected = run(Config(hidden=64, batch_size=256, until=100, steps=100))
    share = f"{100 * float(expected.near):.1f}\u202f%"
    said = f"Of this walk of 50 steps near the data: {share}"
    visitor.until(lambda: said in visitor.words, "the score of the engine")
    canvas = visitor.canvas("diffusion-walk")
    assert canvas.get_attribute("data-frame") == "50"  # it opens on the samples
    seek(visitor, "diffusion-walk-bar", 20)
    click_a_point(visitor)
    detail = visitor.key("diffusion-point")
    visitor.until(lambda: "from t = 120 to s = 116" in detail.inner_text(), "the step of the moment")
    shown = detail.locator("annotation").text_content()
    point = int(re.search(r"Point (\d+)", detail.inner_text()).group(1))
    wanted = [*expected.x[20, point], *expected.x_0[20, point], *expected.x[21, point]]
    for value in np.array(wanted):
        assert written(value) in shown


def test_an_own_drawing_becomes_the_data(visit):
    visitor = visit("/diffusion?data=drawn")
    pad = visitor.canvas("diffusion-pad")
    visitor.key("diffusion-pad").locator("[data-act=clear]").click()
    visitor.until(visitor.alerts, "an empty pad is refused")
    assert "The pad is empty" in visitor.alerts()[0]
    box, zoom = pad.bounding_box(), pad.evaluate("c => c.neurarium.zoom")
    places = [(box["x"] + x * zoom, box["y"] + y * zoom) for x, y in ((5, 5), (22, 22))]
    visitor.page.mouse.move(*places[0])
    visitor.page.mouse.down()
    visitor.page.mouse.move(*places[1], steps=8)
    visitor.page.mouse.up()
    visitor.until(lambda: decode_drawing(visitor.query["drawing"]).any(), "the drawing in the link")
    visitor.until(lambda: visitor.alerts() == [], "and the sentence is gone")
    drawing = decode_drawing(visitor.query["drawing"])
    assert drawing[13:15, 13:15].max() == 255
    assert drawing[20:, :6].max() == 0
    visitor.canvas("diffusion-walk")


def test_digits_are_walked_to_and_judged_and_a_link_opens_the_walk_at_its_moment(visit):
    visitor = visit("/diffusion?view=digits")
    visitor.until(lambda: "10 of 10" in visitor.words, "the judge's verdict")
    visitor.settle()
    result = digits.run(Config(view="digits"))
    assert result.agreement == 1
    canvas = visitor.canvas("diffusion-digits-x0")
    visitor.until(lambda: canvas.get_attribute("data-frame") == "20", "the walk played to its end")
    before = visitor.picture("diffusion-digits-x")
    seek(visitor, "diffusion-digits-bar", 5)
    assert canvas.get_attribute("data-frame") == "5"
    assert visitor.picture("diffusion-digits-x") != before
    visitor.preset("diffusion", "Sevens, strongly guided")
    visitor.until(lambda: "Variety" in visitor.words, "the variety of ten sevens")
    left = marked(digits_mark(Config(view="digits")), 5)  # where the bar of the other walk was let go
    assert visitor.query == {"view": "digits", "digit": "7", "guidance": "8", "view.at": left}
    visitor.key("diffusion-view").get_by_role("radio").first.click()
    visitor.until(lambda: visitor.key("diffusion:play").count() == 1, "back to the points")
    assert visitor.alerts() == []
    visitor.open(f"/diffusion?view=digits&view.at=5-{digits_mark(Config(view='digits'))}")
    visitor.until(lambda: "10 of 10" in visitor.words, "the judge's verdict")
    canvas = visitor.canvas("diffusion-digits-x0")
    visitor.until(lambda: canvas.get_attribute("data-frame") == "5", "the moment of the link")


def test_a_phone_in_chinese(visit):
    visitor = visit("/diffusion", size=(390, 844), theme="dark", touch=True, locale="zh-CN")
    assert visitor.title == "扩散模型"
    assert not visitor.scrolls_sideways()
    seek(visitor, "diffusion-walk-bar", 30)
    assert visitor.canvas("diffusion-walk").get_attribute("data-frame") == "30"

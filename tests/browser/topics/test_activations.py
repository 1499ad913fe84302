"""The page "Activations" where it takes a browser: dragging along the curve, picking a layer, a phone."""

import pytest

from engine.topics.activations import explain
from engine.topics.activations.card import Config
from engine.topics.activations.run import first


def place(visitor, key: str, column: int, at: int) -> dict:
    x, y = visitor.canvas(key).evaluate("(c, [column, at]) => c.neurarium.place(column, at)", [column, at])
    return {"x": x, "y": y}


def test_a_layer_is_picked_a_place_is_dragged_and_the_link_brings_both_back(visit):
    visitor = visit("/activations?depth=6")
    shares = visitor.canvas("activations-histograms").evaluate("c => c.neurarium.shares(2)")
    wanted = first(Config(depth=6)).values["outputs"][0, 2]
    assert shares == pytest.approx(wanted.tolist(), abs=3e-5)
    visitor.canvas("activations-histograms").click(position=place(visitor, "activations-histograms", 2, 20))
    visitor.until(lambda: visitor.query.get("view.layer") == "2", "the third layer")
    visitor.until(lambda: "layer 3" in visitor.words, "its numbers")
    visitor.canvas("activations-histograms").hover(position=place(visitor, "activations-histograms", 2, 20))
    tip = visitor.key("activations-histograms").locator(".tip.on").inner_text()
    assert "layer 3" in tip
    assert "share" in tip
    visitor.page.get_by_text("In numbers", exact=True).click()
    visitor.until(lambda: "largest slope 0.25" in visitor.words, "what was measured")
    canvas = visitor.canvas("activations-function")
    canvas.focus()
    visitor.page.keyboard.press("m")
    for _ in range(3):
        visitor.page.keyboard.press("ArrowLeft")
    visitor.page.keyboard.press("Enter")
    visitor.until(lambda: "view.x" in visitor.query, "the handle was put down")
    x = float(visitor.query["view.x"])
    assert x < 1
    assert explain.values_at(Config(), "sigmoid", x)[0] < explain.values_at(Config(), "sigmoid", 1.0)[0]
    visitor.open(f"/activations?depth=6&view.layer=2&view.x={x}")
    visitor.until(lambda: visitor.canvas("activations-histograms").evaluate("c => c.neurarium.picked()") == 2, "again")


def test_chinese_on_a_phone(visit):
    visitor = visit("/activations?depth=4", size=(390, 844), touch=True, theme="dark", locale="zh-CN")
    assert visitor.title == "激活函数"
    assert not visitor.scrolls_sideways()
    box = visitor.canvas("activations-histograms").bounding_box()
    spot = place(visitor, "activations-histograms", 3, 20)
    visitor.page.touchscreen.tap(box["x"] + spot["x"], box["y"] + spot["y"])
    visitor.until(lambda: visitor.query.get("view.layer") == "3", "the layer by a finger")

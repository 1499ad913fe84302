"""The pipeline of the CNN where it takes a browser: seen whole, a map opened by mouse, key and finger, and the dark."""

import pytest

from engine.contracts.formula import written
from engine.topics.cnn.card import Config
from engine.topics.cnn.explain import explain_cell
from engine.topics.cnn.run import run

LAYERS = {"conv1-sum": 2, "conv1-relu": 3, "conv1-pool": 4, "conv2-sum": 5, "conv2-relu": 6, "conv2-pool": 7,
          "hidden-sum": 8, "hidden-relu": 9, "logits": 10, "softmax": 11}  # fmt: skip

CARD = """() => {
  const card = document.querySelector(".st-key-cnn-opened"), box = card.getBoundingClientRect();
  return {
    cut: [...card.querySelectorAll(".katex-display")].map((shown) => shown.scrollWidth - shown.clientWidth),
    left: box.left, right: box.right, top: box.top,
  };
}"""
BEYOND = "c => c.parentElement.scrollWidth - c.parentElement.clientWidth"  # what scrolls within a picture


def layers_of(visitor) -> list[dict]:
    """What is drawn where in the pipeline."""
    return visitor.canvas("cnn-pipeline").evaluate("c => c.neurarium.layers")


def open_map(visitor, layer: str, channel: int, across: float = 0.55, down: float = 0.45) -> None:
    """Click a map of the pipeline, at a place within it; in the frame that scrolls it is brought into view first."""
    drawn = layers_of(visitor)[LAYERS[layer]]
    x, y = drawn["places"][drawn["order"].index(channel)]
    canvas = visitor.canvas("cnn-pipeline")
    canvas.scroll_into_view_if_needed()
    canvas.evaluate("(c, x) => (c.parentElement.scrollLeft = Math.max(0, x - 100))", x)
    spot = {"x": x + across * drawn["w"], "y": y + down * drawn["h"]}
    visitor.until(lambda: canvas.evaluate("c => c.dataset.ready === 'true'"), "drawn")
    canvas.click(position=spot)


def test_a_clicked_map_opens_with_its_sum_of_products_and_what_excites_it(visit):
    visitor = visit("/cnn")
    row, column = 6, 8
    open_map(visitor, "conv2-sum", 5, (column + 0.5) / 14, (row + 0.5) / 14)
    detail = visitor.key("cnn-opened")
    visitor.until(lambda: f"channel 5, row {row}, column {column}" in detail.inner_text(), "the cell is named")
    assert visitor.query == {"view.cell": "conv2-sum-5-6-8"}
    config = Config()
    cell = explain_cell(config, run(config), "conv2.sum", 5, row, column)
    shown = detail.locator("strong").first.inner_text().replace("−", "-")
    assert float(shown) == pytest.approx(cell.value, rel=1e-4)
    assert written(cell.total, 5) in detail.locator(".katex").last.text_content().replace("−", "-")
    assert "14 × 14 pixels" in detail.inner_text()
    first = detail.locator("strong").first.bounding_box()
    products = visitor.key("cnn-products").bounding_box()
    assert first["y"] < products["y"], "the result comes first"
    card, clicked = detail.bounding_box(), visitor.canvas("cnn-pipeline").bounding_box()
    assert 0 <= card["y"] - clicked["y"] - clicked["height"] < 160, "right below what was clicked"

    large = visitor.canvas("cnn-map")
    tile = large.evaluate("c => c.neurarium.tiles[0]")
    large.click(position={"x": tile["x"] + 2.5 * tile["w"] / 14, "y": tile["y"] + 9.5 * tile["h"] / 14})
    visitor.until(lambda: visitor.query == {"view.cell": "conv2-sum-5-9-2"}, "another cell of the same map")
    cell = explain_cell(config, run(config), "conv2.sum", 5, 9, 2)
    visitor.until(lambda: "row 9, column 2" in detail.inner_text(), "it is named")
    shown = detail.locator("strong").first.inner_text().replace("−", "-")
    assert float(shown) == pytest.approx(cell.value, rel=1e-4)

    visitor.key("cnn:excites").locator("label").click()
    assert visitor.canvas("cnn-channel").evaluate("c => c.neurarium.tiles.length") == 9
    visitor.until(lambda: "gradient ascent: nobody drew it" in visitor.words, "it says what it is")
    visitor.key("cnn:occlude").locator("label").click()
    visitor.canvas("cnn-occlusion")


def press(visitor, key: str, times: int = 1) -> None:
    for _ in range(times):
        visitor.page.keyboard.press(key)


def test_maps_are_opened_by_keys(visit):
    visitor = visit("/cnn")
    order = layers_of(visitor)[LAYERS["conv1-sum"]]["order"]
    visitor.canvas("cnn-pipeline").focus()
    press(visitor, "ArrowUp", order.index(0))  # from the map that is open to the first of its layer
    press(visitor, "ArrowRight", 2)
    press(visitor, "Enter")
    visitor.until(
        lambda: visitor.query == {"view.cell": f"conv1-pool-{order[0]}-6-6"}, "the pooled map, the same place"
    )


@pytest.mark.parametrize(("size", "locale"), [
    ((1280, 800), "en-US"), ((390, 844), "zh-CN"),
    pytest.param((1280, 800), "zh-CN", marks=pytest.mark.everything),
    pytest.param((390, 844), "en-US", marks=pytest.mark.everything),
])  # fmt: skip
def test_the_pipeline_is_seen_whole_and_an_opened_map_too(visit, size, locale):
    """On a laptop all layers are seen without scrolling, and of an opened sum nothing is cut; on a phone the layers
    scroll in their own frame, and all that is clicked is as large as a finger."""
    phone = size[0] < 640
    visitor = visit("/cnn", size=size, locale=locale, touch=phone, theme="dark" if phone else "light")
    box, drawn = visitor.canvas("cnn-pipeline").bounding_box(), layers_of(visitor)
    assert not visitor.scrolls_sideways()
    if phone:
        for layer in drawn:
            assert layer["w"] >= 44
            assert layer["h"] >= 44
        assert max(y + layer["h"] for layer in drawn[:5] for _, y in layer["places"]) < 410, "above a lesson's sheet"
    else:
        frame = visitor.canvas("cnn-pipeline").evaluate(
            "c => c.parentElement.scrollWidth - c.parentElement.clientWidth"
        )
        assert frame <= 0
        assert box["y"] + box["height"] <= size[1]
        assert visitor.key("cnn-opened").locator("strong").first.bounding_box()["y"] < size[1], "the number, too"
    for layer in ("conv1-sum", "conv1-pool", "conv2-sum", "hidden-sum", "logits"):
        before = visitor.key("cnn-opened").inner_text()
        open_map(visitor, layer, 1)
        visitor.until(lambda before=before: visitor.key("cnn-opened").inner_text() != before, f"a cell of {layer}")
        visitor.settle(100)
        seen = visitor.page.evaluate(CARD)
        assert seen["cut"] == [0], layer
        assert seen["left"] >= 0, layer
        assert seen["right"] <= size[0], layer
        for canvas in visitor.key("cnn-opened").locator("canvas.stage").all():
            assert canvas.evaluate(BEYOND) <= 0, layer


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_no_white_plane_in_the_dark(visit, theme):
    """In the dark the middle of the maps is dark; in the light the sums are on white."""
    visitor = visit("/cnn", theme=theme)
    drawn = layers_of(visitor)[LAYERS["conv1-sum"]]
    x, y = drawn["places"][0]
    corner = """(c, [x, y]) => {
      const r = c.width / c.getBoundingClientRect().width, data = c.getContext("2d").getImageData(r * x, r * y, 1, 1);
      return Math.max(...data.data.slice(0, 3));
    }"""
    brightest = visitor.canvas("cnn-pipeline").evaluate(corner, [x + drawn["w"] - 2, y + 1.5])
    assert brightest < 90 if theme == "dark" else brightest > 200

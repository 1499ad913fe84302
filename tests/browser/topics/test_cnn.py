"""The page "Inside a CNN" where it takes a browser: drawing, clicking a cell, a frame on a photo, training while one
draws. What it says of digits and files, and what is in its link, is tested without one in tests/topics."""

import io
import re

import numpy as np
import pytest
from PIL import Image, ImageDraw

from engine.contracts.formula import written
from engine.data.digits import decode_drawing, load_digits
from engine.topics.cnn.card import Config
from engine.topics.cnn.explain import explain_cell
from engine.topics.cnn.run import input_digit, run
from tests.photographed import two_digits

PHONE = {"size": (390, 844), "touch": True, "theme": "dark", "locale": "zh-CN"}
THREE = [(9, 8), (12, 6), (16, 6), (18, 9), (16, 12), (13, 13), (17, 14), (19, 18), (16, 22), (12, 22), (9, 20)]


def answer(visitor) -> str:
    return visitor.page.locator("p.status[role=status]").inner_text()


def read(visitor) -> int | None:
    """The digit that the network says it is."""
    found = re.search(r"(?:says|回答是)\s*(\d)\b", answer(visitor))
    return int(found[1]) if found else None


def clear(visitor) -> None:
    visitor.key("cnn-pad").locator("[data-act=clear]").click()
    visitor.until(lambda: "empty" in answer(visitor) or "空" in answer(visitor), "an empty pad")


def stroke(visitor, points) -> None:
    """Draw a line through places in pixels of the pad."""
    canvas = visitor.canvas("cnn-pad")
    box, zoom = canvas.bounding_box(), canvas.evaluate("c => c.neurarium.zoom")
    places = [(box["x"] + 1 + x * zoom, box["y"] + 1 + y * zoom) for x, y in points]
    visitor.page.mouse.move(*places[0])
    visitor.page.mouse.down()
    for place in places[1:]:
        visitor.page.mouse.move(*place, steps=4)
    visitor.page.mouse.up()


def press(visitor, keys: str, times: int = 1) -> None:
    """Hold a key, or several such as "Shift+ArrowUp", until it has come so many times."""
    *held, key = keys.split("+")
    for one in held:
        visitor.page.keyboard.down(one)
    for _ in range(times):
        visitor.page.keyboard.down(key)
    for one in (key, *held):
        visitor.page.keyboard.up(one)


def drawn(visitor) -> np.ndarray | None:
    """The drawing in the link."""
    key = visitor.query.get("digit", "")
    return decode_drawing(key.removeprefix("drawn:")) if key.startswith("drawn:") else None


def test_a_digit_is_drawn_by_mouse_and_by_keys_sent_to_a_friend_and_chosen_from_others(visit):
    visitor = visit("/cnn")
    share = run(Config()).probabilities.max().item()
    assert answer(visitor) == f"The network says 3, {100 * share:.1f}\u202f% · right", "the first look"
    assert (visitor.query, visitor.alerts()) == ({}, []), "the first look"
    counts = [len(layer["order"]) for layer in layers_of(visitor)]
    assert counts == [1, 8, *[8] * 3, *[16] * 3, 32, 32, 10, 10], "input, kernels, all maps, neurons, logits, softmax"

    clear(visitor)
    stroke(visitor, THREE)
    visitor.until(lambda: read(visitor) == 3, "it reads a three")
    visitor.until(lambda: drawn(visitor) is not None and drawn(visitor).any(), "the drawing in the link")
    drawing = drawn(visitor)
    for x, y in THREE:
        assert drawing[y - 1 : y + 1, x - 1 : x + 1].max() == 255
    assert drawing[:, :6].max() == 0
    expected = run(Config(digit=visitor.query["digit"]))
    assert answer(visitor) == f"The network says 3, {100 * expected.probabilities[3].item():.1f}\u202f%"
    friend = visit("/cnn?digit=" + visitor.query["digit"].replace(":", "%3A"))
    assert answer(friend) == answer(visitor)
    assert friend.picture("cnn-pipeline") == visitor.picture("cnn-pipeline"), "the friend sees the same maps"
    assert friend.alerts() == []

    visitor.page.mouse.move(3, 3)  # off the pad: without a pointer the pen stands in the middle
    visitor.canvas("cnn-pad").focus()
    press(visitor, "Delete")
    visitor.until(lambda: "empty" in answer(visitor), "Delete clears")
    press(visitor, "ArrowUp", 8)
    visitor.page.keyboard.down("Space")
    press(visitor, "ArrowDown", 16)
    visitor.page.keyboard.up("Space")
    visitor.until(lambda: read(visitor) == 1, "a stroke from above is a one")
    visitor.until(lambda: drawn(visitor) is not None and drawn(visitor)[6:22, 13:15].min() == 255, "the line, whole")
    assert "Train" in visitor.key("cnn:play").inner_text(), "Space drew, it did not press Train"

    tile = friend.canvas("cnn-samples").evaluate("c => c.neurarium.tiles[0]")
    friend.canvas("cnn-samples").click(position={"x": tile["x"] + tile["w"] / 2, "y": tile["y"] + tile["h"] / 2})
    friend.until(lambda: friend.query == {"digit": "sample:4"}, "the link names the held-out digit clicked")
    friend.until(lambda: read(friend) == 0, "and it is read")
    assert np.array_equal(input_digit(Config(digit="sample:4")), load_digits().held_out_images[4])
    friend.settle()
    tops = [tile["y"] for tile in friend.canvas("cnn-samples").evaluate("c => c.neurarium.tiles")]
    below = 1 + tops.count(tops[0])
    for key in ("ArrowRight", "ArrowDown", "Enter"):  # from 0 to 1, and to the digit in the row below
        press(friend, key)
    friend.until(lambda: friend.query == {"digit": f"sample:{200 * below + 4}"}, "the link names that one")
    friend.until(lambda: read(friend) == below, "and it is read")


# ---------------------------------------------------------------- cells


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


# ---------------------------------------------------------------- pictures


def png(image: Image.Image | np.ndarray) -> bytes:
    content = io.BytesIO()
    (Image.fromarray(image) if isinstance(image, np.ndarray) else image).save(content, "PNG")
    return content.getvalue()


def tiny(left: int) -> Image.Image:
    """A stroke on a large sheet."""
    image = Image.new("RGB", (1000, 1000), "white")
    ImageDraw.Draw(image).rectangle((left, left, left + 6, left + 30), fill="black")
    return image


def send(visitor, name: str, content: bytes) -> None:
    """Choose a file in the field for files, opened if it is not; a picture closes what it was chosen in, which would
    lie over it."""
    field = visitor.page.locator("input[type=file]")
    if not field.count():
        visitor.key("cnn-own").get_by_role("button").first.click()
    field.set_input_files({"name": name, "mimeType": "image/png", "buffer": content})


def sent(visitor, name: str, image: Image.Image | np.ndarray) -> None:
    """Send a picture, and wait until it is there with its frame."""
    send(visitor, name, png(image))
    wide, high = image.size if isinstance(image, Image.Image) else image.shape[1::-1]
    visitor.until(lambda: not visitor.page.locator("[data-testid=stPopoverBody]").count(), "the popover is closed")
    shape = "c => c.neurarium.width / c.neurarium.height"
    visitor.until(
        lambda: visitor.canvas("cnn-frame").evaluate(shape) == pytest.approx(wide / high, rel=0.2), f"{name} is shown"
    )


def frame(visitor) -> list[float]:
    """Left, top, right, bottom as shares of the sides; between a layout and its drawing there is none."""
    canvas = visitor.canvas("cnn-frame")
    return visitor.until(lambda: canvas.evaluate("c => c.neurarium.frame"), "the frame is drawn")


def assert_graspable(visitor, least: float) -> None:
    """The frame is as large as a finger, or a mouse, takes hold of easily, where the picture is."""
    left, top, right, bottom = frame(visitor)
    shown = visitor.canvas("cnn-frame").evaluate("c => c.neurarium")
    assert (right - left) * shown["width"] >= min(least, shown["width"]) - 0.01
    assert (bottom - top) * shown["height"] >= min(least, shown["height"]) - 0.01
    assert 0 <= left < right <= 1
    assert 0 <= top < bottom <= 1


def place_on(visitor, x: float, y: float) -> tuple[float, float]:
    """Where a place of the picture, in shares of its sides, is on the screen."""
    canvas = visitor.canvas("cnn-frame")
    canvas.scroll_into_view_if_needed()
    box, size = canvas.bounding_box(), canvas.evaluate("c => c.neurarium")
    return box["x"] + 1 + x * size["width"], box["y"] + 1 + y * size["height"]


def refused_and_told_in_view(visitor, size) -> None:
    """A file that is no picture: the sentence can be read to its end without scrolling."""
    send(visitor, "x.png", b"no picture")
    visitor.until(visitor.alerts, "the refusal")
    assert read(visitor) == 3
    visitor.settle()
    box = visitor.page.locator("[data-testid=stAlert]").bounding_box()
    body = visitor.page.locator("[data-testid=stPopoverBody]").bounding_box()
    for at, long, screen in (("x", "width", size[0]), ("y", "height", size[1])):
        assert max(0, body[at]) <= box[at]
        assert box[at] + box[long] <= min(screen, body[at] + body[long])


def frames_can_be_taken_hold_of(visitor, least: float, *shapes: tuple[int, int]) -> None:
    """On pictures without ink of these shapes, of which the digit before stays, and round a tiny digit."""
    for wide, high in shapes:
        sent(visitor, "empty.png", Image.new("RGB", (wide, high), "white"))
        assert_graspable(visitor, least)
        assert read(visitor) == 3
    for left in (12, 500):
        sent(visitor, "tiny.png", tiny(left))
        visitor.until(lambda left=left: frame(visitor)[0] <= left / 1000 <= frame(visitor)[2], "the frame is on it")
        visitor.until(lambda: read(visitor) == 1, "a one")
        assert_graspable(visitor, least)
        assert frame(visitor)[2] - frame(visitor)[0] < 0.4
    assert visitor.alerts() == [], "the refusal of before is gone"


def test_own_pictures_and_their_frame_by_mouse_and_by_keys(visit):
    visitor = visit("/cnn")
    refused_and_told_in_view(visitor, (1280, 800))
    frames_can_be_taken_hold_of(visitor, 24, (300, 200), (8, 600))
    sent(visitor, "two", two_digits(4, 2, 0))  # a name that says nothing: the content does
    visitor.until(lambda: read(visitor) == 4, "the four is taken")
    visitor.until(lambda: "2 things were found; the largest was taken" in visitor.words, "that there are two is told")
    visitor.until(lambda: drawn(visitor) is not None, "it travels in the link")
    before = frame(visitor)
    left, top, right, bottom = before
    visitor.page.mouse.move(*place_on(visitor, (left + right) / 2, (top + bottom) / 2))
    visitor.page.mouse.down()
    visitor.page.mouse.move(*place_on(visitor, (left + right) / 2 + 0.37, (top + bottom) / 2), steps=5)
    visitor.page.mouse.up()
    visitor.until(lambda: read(visitor) == 2, "the two is taken instead")
    assert frame(visitor)[0] == pytest.approx(left + 0.37, abs=0.02)
    assert frame(visitor)[2] - frame(visitor)[0] == pytest.approx(right - left, abs=0.01), "moved, not resized"

    moved = frame(visitor)
    visitor.canvas("cnn-frame").focus()
    press(visitor, "ArrowLeft", 19)
    visitor.until(lambda: read(visitor) == 4, "the four is taken")
    assert frame(visitor) == pytest.approx([moved[0] - 0.38, moved[1], moved[2] - 0.38, moved[3]], abs=0.01)
    press(visitor, "Shift+ArrowUp", 30)
    visitor.until(lambda: frame(visitor)[3] < moved[3] - 0.1, "as low as it gets")
    assert_graspable(visitor, 24)
    press(visitor, "ArrowUp", 50)
    visitor.until(lambda: "No ink was found in this frame" in visitor.words, "nothing is in it")
    assert "The digit shown is still the one before." in visitor.words
    assert_graspable(visitor, 24)
    name = visitor.canvas("cnn-frame").get_attribute("aria-label")
    assert re.search(r"frame from \d+ to \d+ % across, \d+ to \d+ % down", name)
    clear(visitor)
    visitor.until(lambda: visitor.key("cnn-frame").count() == 0, "another digit: the photo goes")


def drag(visitor, start: tuple[float, float], end: tuple[float, float]) -> None:
    """With a finger."""
    browser = visitor.page.context.new_cdp_session(visitor.page)
    middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    for kind, places in (("Start", [start]), ("Move", [middle]), ("Move", [end]), ("End", [])):
        points = [{"x": x, "y": y} for x, y in places]
        browser.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})


def test_a_finger_draws_on_a_phone_and_moves_and_resizes_the_frame(visit):
    visitor = visit("/cnn", **PHONE)
    assert not visitor.scrolls_sideways()
    refused_and_told_in_view(visitor, PHONE["size"])
    frames_can_be_taken_hold_of(visitor, 44, (1, 1), (900, 20))
    sent(visitor, "two", two_digits(4, 2, 0))
    visitor.until(lambda: read(visitor) == 4, "the four is taken")
    visitor.until(lambda: "找到了 2 个对象，取了最大的一个" in visitor.words, "that there are two is told in Chinese")
    assert not visitor.scrolls_sideways()
    left, top, right, bottom = before = frame(visitor)
    drag(visitor, place_on(visitor, right, bottom), place_on(visitor, right + 0.1, bottom + 0.1))
    visitor.until(lambda: frame(visitor)[2] > right + 0.05, "its corner follows the finger")
    assert frame(visitor)[:2] == pytest.approx(before[:2])
    assert frame(visitor)[3] == pytest.approx(bottom + 0.1, abs=0.03)
    middle = ((left + right) / 2, (top + bottom) / 2)
    drag(visitor, place_on(visitor, *middle), place_on(visitor, middle[0] + 0.37, middle[1]))
    visitor.until(lambda: read(visitor) == 2, "the frame follows the finger: the two is taken")

    clear(visitor)
    visitor.canvas("cnn-pad").scroll_into_view_if_needed()
    box = visitor.canvas("cnn-pad").bounding_box()
    visitor.page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    visitor.until(lambda: drawn(visitor) is not None and drawn(visitor)[13:15, 13:15].max() > 0, "a dot")


# ---------------------------------------------------------------- training


def test_training_from_scratch_changes_the_maps_and_survives_a_stroke(visit):
    visitor = visit("/cnn?batch_size=8")
    before = visitor.picture("cnn-pipeline")
    visitor.button("cnn:scratch").click()
    visitor.until(lambda: visitor.query.get("start") == "fresh", "random weights")
    visitor.until(lambda: visitor.step() >= 10, "it trains at once")
    early = visitor.picture("cnn-pipeline")
    assert early != before
    at = visitor.step()
    stroke(visitor, [(3, 3), (8, 3)])
    visitor.until(lambda: drawn(visitor) is not None, "the stroke")
    visitor.until(lambda: visitor.step() > at + 5, "the same run goes on")
    assert visitor.picture("cnn-pipeline") != early
    visitor.button("cnn:play").click()
    visitor.until(lambda: int(visitor.query.get("steps", 0)) > at, "it has paused")
    visitor.settle()
    steps = visitor.step()
    assert steps == visitor.held
    newest = visitor.query["steps"]
    stroke(visitor, [(3, 25), (8, 25)])
    visitor.until(lambda: drawn(visitor)[25, 5] > 0, "another stroke")
    visitor.settle()
    assert visitor.step() == steps
    assert visitor.query["steps"] == newest
    assert re.search(r"Of all 2,000 held-out digits .* [\d.]+\u202f% rightly", visitor.words)

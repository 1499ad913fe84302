"""The page "Inside a CNN": drawing, reading, clicking a cell, own pictures, training while one draws."""

import io
import re

import numpy as np
import pytest
from PIL import Image, ImageDraw

from engine.contracts.formula import written
from engine.data.digits import decode_drawing, load_digits
from engine.data.photos import photo
from engine.topics.cnn.card import Config
from engine.topics.cnn.explain import explain_cell
from engine.topics.cnn.run import run, seen_digit
from tests.photographed import photograph, two_digits

THREE = [(9, 8), (12, 6), (16, 6), (18, 9), (16, 12), (13, 13), (17, 14), (19, 18), (16, 22), (12, 22), (9, 20)]


def answer(visitor) -> str:
    return visitor.page.locator("p.status[role=status]").inner_text()


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


def drawn(visitor) -> np.ndarray | None:
    """The drawing in the link."""
    key = visitor.query.get("digit", "")
    return decode_drawing(key.removeprefix("drawn:")) if key.startswith("drawn:") else None


def test_the_first_look_says_what_the_engine_says(visit):
    visitor = visit("/cnn")
    share = run(Config()).probabilities.max().item()
    assert answer(visitor) == f"The network says 3, {100 * share:.1f}\u202f% · right"
    assert visitor.query == {}
    assert visitor.alerts() == []
    for layer in ("conv1-sum", "conv1-relu", "conv1-pool", "conv2-sum", "conv2-relu", "conv2-pool"):
        tiles = visitor.canvas(f"cnn-{layer}").evaluate("c => c.neurarium.tiles.length")
        assert tiles == (8 if layer.startswith("conv1") else 16)


def test_a_three_drawn_with_the_mouse_is_read_and_travels_in_the_link(visit):
    visitor = visit("/cnn")
    clear(visitor)
    stroke(visitor, THREE)
    visitor.until(lambda: "says 3" in answer(visitor), "it reads a three")
    visitor.until(lambda: drawn(visitor) is not None and drawn(visitor).any(), "the drawing in the link")
    drawing = drawn(visitor)
    for x, y in THREE:
        assert drawing[y - 1 : y + 1, x - 1 : x + 1].max() == 255
    assert drawing[:, :6].max() == 0
    expected = run(Config(digit=visitor.query["digit"]))
    assert answer(visitor) == f"The network says 3, {100 * expected.probabilities[3].item():.1f}\u202f%"
    friend = visit("/cnn?digit=" + visitor.query["digit"].replace(":", "%3A"))
    assert answer(friend) == answer(visitor)
    assert friend.picture("cnn-conv1-relu") == visitor.picture("cnn-conv1-relu")
    assert friend.alerts() == []


def test_keys_draw_too(visit):
    visitor = visit("/cnn")
    clear(visitor)
    visitor.canvas("cnn-pad").focus()
    for key in ["ArrowUp"] * 8:
        visitor.page.keyboard.press(key)
    visitor.page.keyboard.down("Space")
    for key in ["ArrowDown"] * 16:
        visitor.page.keyboard.press(key)
    visitor.page.keyboard.up("Space")
    visitor.until(lambda: "says 1" in answer(visitor), "a stroke from above is a one")
    visitor.until(lambda: drawn(visitor) is not None and drawn(visitor)[6:22, 13:15].min() == 255, "the line, whole")
    assert "Play" in visitor.key("cnn:play").inner_text()  # Space drew, it did not press Play
    visitor.page.keyboard.press("Delete")
    visitor.until(lambda: "empty" in answer(visitor), "Delete clears")


def test_a_clicked_cell_shows_its_sum_of_products(visit):
    visitor = visit("/cnn")
    canvas = visitor.canvas("cnn-conv2-sum")
    tile = canvas.evaluate("c => c.neurarium.tiles[5]")
    row, column = 6, 8
    spot = {"x": tile["x"] + (column + 0.5) * tile["w"] / 14, "y": tile["y"] + (row + 0.5) * tile["h"] / 14}
    canvas.click(position=spot)
    detail = visitor.key("cnn-beside")
    visitor.until(lambda: f"channel 5, row {row}, column {column}" in detail.inner_text(), "the cell is named")
    config = Config()
    cell = explain_cell(config, run(config), "conv2.sum", 5, row, column)
    shown = detail.locator("strong").first.inner_text().replace("−", "-")
    assert float(shown) == pytest.approx(cell.value, rel=1e-4)
    assert written(cell.total, 5) in detail.locator(".katex").last.text_content().replace("−", "-")
    assert "14 × 14 pixels" in detail.inner_text()
    # Of the window: the card stands beside what was clicked.
    card, clicked = detail.bounding_box(), canvas.bounding_box()
    assert 0 <= card["y"] < clicked["y"] + clicked["height"]
    assert clicked["y"] < card["y"] + card["height"]


def test_what_excites_a_channel_and_what_the_answer_hangs_on(visit):
    visitor = visit("/cnn")
    visitor.key("cnn:excites").locator("label").click()
    assert visitor.canvas("cnn-channel").evaluate("c => c.neurarium.tiles.length") == 9
    visitor.until(lambda: "gradient ascent: nobody drew it" in visitor.words, "it says what it is")
    visitor.key("cnn:occlude").locator("label").click()
    visitor.canvas("cnn-occlusion")


CARD = """() => {
  const card = document.querySelector(".st-key-cnn-beside"), column = card.closest(".stColumn");
  const box = column.getBoundingClientRect();
  return {
    left_out: [...card.querySelectorAll(".katex-display")].map((shown) => shown.scrollWidth - shown.clientWidth),
    bottom: box.bottom, wanted: column.scrollHeight, there: column.clientHeight,
  };
}"""


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
def test_the_numbers_of_a_cell_are_wholly_in_view_beside_the_maps(visit, size, locale):
    """Nothing of a sum is cut, its result least of all; at a laptop all of the card fits, on a phone it scrolls."""
    visitor = visit("/cnn", size=size, locale=locale, touch=size[0] < 640)
    for layer in ("conv1-sum", "conv1-pool", "conv2-sum", "hidden", "outputs"):
        canvas = visitor.canvas(f"cnn-{layer}")
        canvas.scroll_into_view_if_needed()
        tile = canvas.evaluate("c => c.neurarium.tiles[0]")
        before = visitor.key("cnn-beside").inner_text()
        canvas.click(position={"x": tile["x"] + 0.55 * tile["w"], "y": tile["y"] + 0.45 * tile["h"]})
        visitor.until(lambda before=before: visitor.key("cnn-beside").inner_text() != before, f"a cell of {layer}")
        visitor.settle()
        seen = visitor.page.evaluate(CARD)
        assert seen["left_out"] == [0], layer
        assert seen["bottom"] <= size[1], layer
        if size[0] > 640:
            assert seen["wanted"] <= seen["there"], layer
    last = visitor.key("cnn-beside").locator(".katex-display").last
    last.scroll_into_view_if_needed()
    box = last.bounding_box()
    assert box["y"] + box["height"] <= size[1]


def png(image: Image.Image) -> bytes:
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()


def chooser(visitor):
    """The field for a file, opened if it is not."""
    field = visitor.page.locator("input[type=file]")
    if not field.count():
        visitor.key("cnn-own").get_by_role("button").first.click()
    return field


@pytest.mark.parametrize(("size", "touch"), [((1280, 800), False), ((390, 844), True)])
def test_own_pictures_become_drawings_and_bad_ones_a_sentence(visit, size, touch):
    visitor = visit("/cnn", size=size, touch=touch)
    chooser(visitor).set_input_files({"name": "x.png", "mimeType": "image/png", "buffer": b"no picture"})
    visitor.until(visitor.alerts, "the refusal")
    assert "says 3" in answer(visitor)
    visitor.settle()
    box = visitor.page.locator("[data-testid=stAlert]").bounding_box()  # it can be read to its end without scrolling
    body = visitor.page.locator("[data-testid=stPopoverBody]").bounding_box()
    for at, long, screen in (("x", "width", size[0]), ("y", "height", size[1])):
        assert max(0, body[at]) <= box[at]
        assert box[at] + box[long] <= min(screen, body[at] + body[long])
    image = Image.new("RGB", (200, 260), "white")
    ImageDraw.Draw(image).ellipse((50, 50, 150, 210), outline="black", width=16)
    send(visitor, "zero.png", png(image))
    visitor.until(lambda: "says 0" in answer(visitor), "a zero")
    visitor.until(lambda: drawn(visitor) is not None, "it travels in the link")
    assert visitor.alerts() == []


@pytest.mark.parametrize("shape", [(1, 1), (300, 200), (900, 20), (8, 600)])
@pytest.mark.parametrize("touch", [False, True])
def test_a_picture_without_ink_says_which_digit_is_shown_and_has_a_frame_to_take_hold_of(visit, shape, touch):
    visitor = visit("/cnn", size=(390, 844) if touch else (1280, 800), touch=touch)
    send(visitor, "empty.png", png(Image.new("RGB", shape, "white")))
    visitor.until(lambda: "No ink was found in this picture" in visitor.words, "what is missing")
    assert "The digit shown is still the one before." in visitor.words
    assert "says 3" in answer(visitor)
    assert "digit" not in visitor.query
    assert_graspable(visitor, touch)


@pytest.mark.parametrize("touch", [False, True])
def test_the_frame_of_a_tiny_digit_can_be_taken_hold_of_and_the_next_picture_chosen(visit, touch):
    visitor = visit("/cnn", size=(390, 844) if touch else (1280, 800), touch=touch)
    for name, left in (("corner.png", 12), ("middle.png", 500)):
        image = Image.new("RGB", (1000, 1000), "white")
        ImageDraw.Draw(image).rectangle((left, left, left + 6, left + 30), fill="black")
        send(visitor, name, png(image))
        visitor.until(lambda: "says 1" in answer(visitor), "a one")
        visitor.until(lambda left=left: frame(visitor)[0] <= left / 1000 <= frame(visitor)[2], "the frame is on it")
        assert "The digit was taken from this frame" in visitor.words
        assert_graspable(visitor, touch)
        assert (frame(visitor)[2] - frame(visitor)[0]) < 0.4


def assert_graspable(visitor, touch: bool) -> None:
    """The frame is as large as a finger, or a mouse, takes hold of easily, where the picture is."""
    shown = visitor.canvas("cnn-frame").evaluate("c => c.neurarium")
    left, top, right, bottom = shown["frame"]
    least = 44 if touch else 24
    assert (right - left) * shown["width"] >= min(least, shown["width"]) - 0.01
    assert (bottom - top) * shown["height"] >= min(least, shown["height"]) - 0.01
    assert 0 <= left < right <= 1
    assert 0 <= top < bottom <= 1


def photographed(image: np.ndarray) -> bytes:
    content = io.BytesIO()
    Image.fromarray(image).save(content, "JPEG", quality=90)
    return content.getvalue()


def send(visitor, name: str, content: bytes) -> None:
    """Choose a file; what it was chosen in closes by itself, for it would lie over the picture."""
    chooser(visitor).set_input_files({"name": name, "mimeType": "image/jpeg", "buffer": content})
    visitor.canvas("cnn-frame")
    visitor.until(lambda: not visitor.page.locator("[data-testid=stPopoverBody]").count(), "the popover is closed")
    visitor.settle()


def frame(visitor) -> list[float]:
    """Left, top, right, bottom as shares of the sides."""
    return visitor.canvas("cnn-frame").evaluate("c => c.neurarium.frame")


def place_on(visitor, x: float, y: float) -> tuple[float, float]:
    """Where a place of the picture, in shares of its sides, is on the screen."""
    canvas = visitor.canvas("cnn-frame")
    canvas.scroll_into_view_if_needed()
    box, size = canvas.bounding_box(), canvas.evaluate("c => c.neurarium")
    return box["x"] + 1 + x * size["width"], box["y"] + 1 + y * size["height"]


@pytest.mark.parametrize(
    ("locale", "size", "theme", "said"),
    [("en-US", (1280, 800), "light", "2 things were found; the largest was taken"),
     ("zh-CN", (390, 844), "dark", "找到了 2 个对象，取了最大的一个")],
)  # fmt: skip
def test_the_frame_on_a_photo_says_what_was_taken_and_takes_another(visit, locale, size, theme, said):
    visitor = visit("/cnn", locale=locale, size=size, theme=theme)
    send(visitor, "shadow.jfif", photographed(photograph("shadow", 5, 1)))
    assert re.search(r"\b5\b", answer(visitor))
    assert visitor.alerts() == []
    send(visitor, "two", photographed(two_digits(4, 2, 0)))
    visitor.until(lambda: re.search(r"\b4\b", answer(visitor)), "the four is taken")
    visitor.until(lambda: said in visitor.words, "that there are two is told")
    assert not visitor.scrolls_sideways()
    left, top, right, bottom = frame(visitor)
    start = place_on(visitor, (left + right) / 2, (top + bottom) / 2)
    end = place_on(visitor, (left + right) / 2 + 0.37, (top + bottom) / 2)
    visitor.page.mouse.move(*start)
    visitor.page.mouse.down()
    visitor.page.mouse.move(*end, steps=5)
    visitor.page.mouse.up()
    visitor.until(lambda: re.search(r"\b2\b", answer(visitor)), "the two is taken instead")
    assert frame(visitor)[0] == pytest.approx(left + 0.37, abs=0.02)
    assert frame(visitor)[2] - frame(visitor)[0] == pytest.approx(right - left, abs=0.01)  # moved, not resized
    link = visitor.query["digit"]
    assert answer(visit("/cnn?digit=" + link.replace(":", "%3A"), locale=locale)) == answer(visitor)


def test_keys_move_and_resize_the_frame(visit):
    visitor = visit("/cnn")
    send(visitor, "two.jpg", photographed(two_digits(4, 2, 0)))
    visitor.until(lambda: "says 4" in answer(visitor), "the four is taken")
    before = frame(visitor)
    visitor.canvas("cnn-frame").focus()
    for _ in range(19):
        visitor.page.keyboard.press("ArrowRight")
    visitor.until(lambda: "says 2" in answer(visitor), "the two is taken")
    after = frame(visitor)
    assert after == pytest.approx([before[0] + 0.38, before[1], before[2] + 0.38, before[3]], abs=0.01)
    for _ in range(30):
        visitor.page.keyboard.press("Shift+ArrowUp")
    visitor.until(lambda: frame(visitor)[3] < after[3] - 0.1, "as low as it gets")
    visitor.settle(600)
    assert_graspable(visitor, touch=False)
    for _ in range(50):
        visitor.page.keyboard.press("ArrowUp")
    visitor.until(lambda: "No ink was found in this frame" in visitor.words, "nothing is in it")
    assert "The digit shown is still the one before." in visitor.words
    assert "says 2" in answer(visitor)
    assert_graspable(visitor, touch=False)
    name = visitor.canvas("cnn-frame").get_attribute("aria-label")
    assert re.search(r"frame from \d+ to \d+ % across, \d+ to \d+ % down", name)
    clear(visitor)
    visitor.until(lambda: visitor.key("cnn-frame").count() == 0, "another digit: the photo goes")


def test_a_finger_resizes_the_frame(visit):
    visitor = visit("/cnn", size=(390, 844), touch=True)
    send(visitor, "two.jpg", photographed(two_digits(4, 2, 0)))
    visitor.until(lambda: "says 4" in answer(visitor), "the four is taken")
    before = frame(visitor)
    start, end = place_on(visitor, before[2], before[3]), place_on(visitor, before[2] + 0.1, before[3] + 0.1)
    browser = visitor.page.context.new_cdp_session(visitor.page)
    for kind, places in (("Start", [start]), ("Move", [end]), ("End", [])):
        points = [{"x": x, "y": y} for x, y in places]
        browser.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})
    visitor.until(lambda: frame(visitor)[2] > before[2] + 0.05, "its corner follows the finger")
    assert frame(visitor)[:2] == pytest.approx(before[:2])
    assert frame(visitor)[3] == pytest.approx(before[3] + 0.1, abs=0.03)


def test_a_photo_of_something_else_is_no_digit(visit):
    visitor = visit("/cnn")
    send(visitor, "cat.jpg", photographed(photo("chelsea").rgb))
    visitor.until(lambda: "Expected one digit on paper, found something else" in visitor.words, "the sentence")
    assert "says 3" in answer(visitor)
    assert "digit" not in visitor.query


def test_a_held_out_digit_is_chosen_by_a_click_or_by_keys(visit):
    visitor = visit("/cnn")
    tile = visitor.canvas("cnn-samples").evaluate("c => c.neurarium.tiles[0]")
    visitor.canvas("cnn-samples").click(position={"x": tile["x"] + tile["w"] / 2, "y": tile["y"] + tile["h"] / 2})
    visitor.until(lambda: visitor.query == {"digit": "sample:4"}, "the link names it")
    visitor.until(lambda: "says 0" in answer(visitor), "and it is read")
    assert np.array_equal(seen_digit(Config(digit="sample:4")), load_digits().held_out_images[4])
    visitor.settle()
    for key in ("ArrowRight", "ArrowDown", "Enter"):  # from 0 to 1, and to 6 in the row below
        visitor.page.keyboard.press(key)
    visitor.until(lambda: visitor.query == {"digit": "sample:1204"}, "the link names that one")
    visitor.until(lambda: "says 6" in answer(visitor), "and it is read")


def test_training_from_scratch_changes_the_maps_and_survives_a_stroke(visit):
    visitor = visit("/cnn")
    before = visitor.picture("cnn-conv1-relu")
    visitor.button("cnn:scratch").click()
    visitor.until(lambda: visitor.query.get("start") == "fresh", "random weights")
    visitor.until(lambda: visitor.step() >= 10, "it trains at once")
    early = visitor.picture("cnn-conv1-relu")
    assert early != before
    at = visitor.step()
    stroke(visitor, [(3, 3), (8, 3)])
    visitor.until(lambda: drawn(visitor) is not None, "the stroke")
    visitor.until(lambda: visitor.step() > at + 20, "the same run goes on")
    assert visitor.picture("cnn-conv1-relu") != early
    visitor.button("cnn:play").click()
    visitor.until(lambda: int(visitor.query.get("steps", 0)) > at, "it has paused")
    visitor.settle()
    assert visitor.step() == int(visitor.query["steps"])
    steps = visitor.step()
    stroke(visitor, [(3, 25), (8, 25)])
    visitor.until(lambda: drawn(visitor)[25, 5] > 0, "another stroke")
    visitor.settle()
    assert visitor.step() == steps
    assert visitor.query["steps"] == str(steps)
    assert re.search(r"Of all 2,000 held-out digits .* [\d.]+\u202f% rightly", visitor.words)


def test_chinese(visit):
    visitor = visit("/cnn", locale="zh-CN")
    assert visitor.title == "走进 CNN"
    assert "网络的回答是 3" in answer(visitor)
    visitor.switch_language("en")
    visitor.until(lambda: "The network says 3" in answer(visitor), "English")


def test_a_link_with_a_broken_drawing_says_so(visit):
    visitor = visit("/cnn?digit=drawn%3Aabcdef")
    assert "no drawing of 28 × 28" in visitor.alerts()[0]
    assert "says 3" in answer(visitor)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_finger_draws_on_a_phone(visit, theme):
    visitor = visit("/cnn", size=(390, 844), theme=theme, touch=True)
    assert not visitor.scrolls_sideways()
    clear(visitor)
    box = visitor.canvas("cnn-pad").bounding_box()
    visitor.page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    visitor.until(lambda: drawn(visitor) is not None and drawn(visitor)[13:15, 13:15].max() > 0, "a dot")

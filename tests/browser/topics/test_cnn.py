"""The page "Inside a CNN" where it takes a browser: drawing, a frame on a photo, training while one
draws. What it says of digits and files, and what is in its link, is tested without one in tests/topics."""

import io
import re

import numpy as np
import pytest
from PIL import Image, ImageDraw

from engine.data.digits import decode_drawing, load_digits
from engine.topics.cnn.card import Config
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


def layers_of(visitor) -> list[dict]:
    """What is drawn where in the pipeline."""
    return visitor.canvas("cnn-pipeline").evaluate("c => c.neurarium.layers")


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

"""The image classifier's page where it takes a browser: class explained, evidence, the field for own pictures."""

import io
import re

import numpy as np
from PIL import Image

from engine.data.imagenet import chinese_names
from engine.data.photos import photo
from engine.data.pictures import decode
from engine.topics.image_classifier.card import Config
from engine.topics.image_classifier.run import run

EVIDENCE = "image-classifier-evidence"


def answer(visitor) -> str:
    return visitor.page.locator("p.status").inner_text()


def meaning(visitor) -> str:
    return visitor.page.locator("[data-testid=stCaptionContainer]").first.inner_text()


def encoded(rgb: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "PNG")
    return file.getvalue()


def drawn(visitor, key: str = EVIDENCE) -> str:
    """The canvas as a PNG in text: equal for equal pixels."""
    return visitor.canvas(key).evaluate("c => c.toDataURL()")


def upload(visitor, name: str, content: bytes, kind: str = "image/png") -> None:
    popover = visitor.key("image_classifier-own")
    if not visitor.page.locator("input[type=file]").count():
        popover.get_by_role("button").first.click()
    visitor.page.locator("input[type=file]").set_input_files({"name": name, "mimeType": kind, "buffer": content})


def choose_class(visitor, name: str) -> None:
    box = visitor.key("image_classifier:target:en").locator("input")
    box.click()
    box.fill(name)
    visitor.page.get_by_role("option").first.wait_for()
    visitor.page.keyboard.press("Enter")


def bars(visitor) -> dict[str, str]:
    """Names and percentages that are shown, in the order of the bars."""
    rows = visitor.page.locator(".share-row").all_inner_texts()
    return dict(row.split("\n") for row in rows)


def test_the_first_look_says_what_the_engine_says(visit):
    visitor = visit("/image_classifier")
    expected = run(Config())
    assert answer(visitor) == f"The network says tiger cat, {100 * expected.probabilities[282]:.1f}\u202f%"
    shown = bars(visitor)
    assert list(shown)[:4] == ["tiger cat", "Egyptian cat", "tabby", "lynx"]
    assert shown["Egyptian cat"] == f"{100 * expected.probabilities[285]:.1f}\u202f%"
    for key in ("image-classifier-method", EVIDENCE, "image_classifier-samples", "image_classifier:target:en"):
        box = visitor.key(key).bounding_box()
        assert box["y"] + box["height"] <= 800, f"{key} is below the fold"
    assert visitor.query == {}


def test_a_class_is_explained_by_name_or_by_its_bar_after_any_layer_and_the_link_shows_the_same(visit):
    visitor = visit("/image_classifier")
    before = drawn(visitor)
    visitor.page.locator(".share-row").nth(1).click()
    visitor.until(lambda: visitor.query == {"target": "285"}, "the second bar is explained")
    visitor.until(lambda: "for Egyptian cat" in meaning(visitor), "and named")
    choose_class(visitor, "lynx")
    visitor.until(lambda: "for lynx" in meaning(visitor), "the lynx is explained")
    visitor.settle()
    assert visitor.query == {"target": "287"}
    visitor.until(lambda: drawn(visitor) != before, "the picture is coloured anew")
    assert "tiger cat" in answer(visitor)  # what is explained changes nothing in what is answered
    choose_class(visitor, "its own answer")
    visitor.until(lambda: visitor.query == {}, "back to its own answer")
    visitor.until(lambda: drawn(visitor) == before, "the first picture again")

    visitor.key("image-classifier-layer").get_by_role("combobox").select_option("after stage3")
    visitor.until(lambda: drawn(visitor) != before, "another layer, another map")
    shown = drawn(visitor)
    canvas = visitor.canvas(EVIDENCE)
    size = canvas.bounding_box()
    canvas.hover(position={"x": size["width"] / 2, "y": size["width"] / 2})
    tip = visitor.key(EVIDENCE).locator(".tip")
    text = visitor.until(lambda: tip.inner_text(), "the read-out")
    assert re.search(r"Grad-CAM [\d.e−-]+ score per position", text)
    assert "tiger cat" in text

    large = drawn(visitor, "image-classifier-channel")
    visitor.key("image-classifier-maps").get_by_text("stage1", exact=True).click()
    visitor.until(lambda: "16 channels" in visitor.words, "the maps of stage1")
    visitor.canvas("image-classifier-maps-stage1").click(position={"x": 60, "y": 60})
    visitor.until(lambda: "Channel 0 after stage1" in visitor.words, "its numbers")
    visitor.until(lambda: drawn(visitor, "image-classifier-channel") != large, "and itself, large")
    looked_at = {"view.layer": "stage3", "view.maps": "stage1", "view.channel": "stage1-0"}
    visitor.until(lambda: visitor.query == looked_at, "what is looked at stands in the link")
    large = drawn(visitor, "image-classifier-channel")
    visitor.open(visitor.page.url.removeprefix(visitor.address))
    assert drawn(visitor) == shown, "the link brings the view back"
    assert drawn(visitor, "image-classifier-channel") == large


SAID = "(element) => getComputedStyle(element, '::after').content"


def sent_in_vain(visitor, tmp_path, sentence: str, button: str) -> None:
    """A file that is too large to be sent: the style sheet says so, beside its name."""
    before = answer(visitor)
    visitor.key("image_classifier-own").get_by_role("button").first.click()
    label = visitor.page.locator(".stFileUploader [data-testid=stBaseButton-secondary] p")
    assert button in (label.inner_text() + label.evaluate(SAID))
    assert visitor.page.locator(".stFileUploader").evaluate(SAID) == "none"
    huge = tmp_path / "huge.png"
    huge.write_bytes(b"\x89PNG" + bytes(17_000_000))
    visitor.page.locator("input[type=file]").set_input_files(huge)
    visitor.until(lambda: sentence in visitor.page.locator(".stFileUploader").evaluate(SAID), "the sentence")
    assert answer(visitor) == before
    assert chips(visitor) == ["huge.png"]


def chips(visitor) -> list[str]:
    """Names of the files that stand in the field."""
    found = visitor.page.locator(".stFileChip").all()
    return [chip.inner_text().split("\n")[0] for chip in found if chip.is_visible()]


def closed(visitor) -> None:
    """What was opened to choose a file in has closed."""
    visitor.until(lambda: not visitor.page.locator("[data-testid=stPopoverBody]").count(), "what was opened is closed")


def test_own_pictures_good_bad_and_too_large(visit, tmp_path):
    visitor = visit("/image_classifier?picture=sample:coffee")
    before = answer(visitor)
    upload(visitor, "cat.png", b"Only my name is a picture.")
    visitor.until(visitor.alerts, "the refusal")
    sentence = "Expected a PNG, JPEG, WebP or GIF picture, got text."
    assert [alert.splitlines()[-1] for alert in visitor.alerts()] == [sentence]
    assert answer(visitor) == before
    assert visitor.query["picture"] == "sample:coffee"
    content = encoded(photo("flower").rgb)
    upload(visitor, "flower", content)  # its name says nothing; its content does
    visitor.until(lambda: "daisy" in answer(visitor), "a good picture after the bad one")
    visitor.until(lambda: visitor.query == {"picture": decode(content).key}, "the link names it by its content")
    assert visitor.alerts() == []
    closed(visitor)

    sent_in_vain(visitor, tmp_path, "This file was not taken: it is too large", "Upload")
    upload(visitor, "cup.png", encoded(photo("coffee").rgb))
    visitor.until(lambda: "espresso" in answer(visitor), "a good picture after it")
    closed(visitor)
    visitor.key("image_classifier-own").get_by_role("button").first.click()
    assert visitor.page.locator(".stFileUploader").evaluate(SAID) == "none"
    assert chips(visitor) == []
    visitor.page.keyboard.press("Escape")
    closed(visitor)
    visitor.canvas("image_classifier-samples").click(position={"x": 40, "y": 50})
    visitor.until(lambda: visitor.query == {}, "a click on a sample")
    visitor.until(lambda: "tiger cat" in answer(visitor), "which is read")


def test_a_phone_in_chinese(visit, tmp_path):
    visitor = visit("/image_classifier", size=(390, 844), theme="dark", touch=True, locale="zh-CN")
    assert not visitor.scrolls_sideways()
    assert visitor.canvas(EVIDENCE).bounding_box()["width"] >= 300
    assert f"{chinese_names()[282]} tiger cat" in answer(visitor)
    sent_in_vain(visitor, tmp_path, "没有接收这个文件：它太大", "选择文件")


def test_occlusion_shows_its_progress_and_can_be_stopped(visit):
    visitor = visit("/image_classifier?stride=8")
    before = drawn(visitor)
    visitor.key("image-classifier-method").get_by_text("Occlusion", exact=True).click()
    bar = visitor.page.locator("[data-testid=stProgress]")
    visitor.until(lambda: re.search(r"\d+ of 529", bar.inner_text() if bar.count() else ""), "its progress")
    visitor.button("image_classifier:stop").click()
    visitor.key("image_classifier:again").wait_for()
    visitor.settle()
    assert drawn(visitor) != before
    visitor.button("image_classifier:again").click()
    visitor.key("image_classifier:stop").wait_for()


def test_what_is_old_is_dimmed_while_the_next_takes_long(visit):
    visitor = visit("/image_classifier")
    opacity = "() => Number(getComputedStyle(document.querySelector('.st-key-image_classifier-stage')).opacity)"
    state = "state => { document.querySelector('[data-testid=stApp]').dataset.testScriptState = state; }"
    assert visitor.page.evaluate(opacity) == 1
    visitor.page.evaluate(state, "running")  # as Streamlit says it
    visitor.until(lambda: visitor.page.evaluate(opacity) == 0.5, "picture and answers together")
    visitor.page.evaluate(state, "notRunning")
    visitor.until(lambda: visitor.page.evaluate(opacity) == 1, "new")

"""The image classifier's page: own pictures good and bad, the class explained, the evidence, the maps."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from engine.contracts.formula import written
from engine.data.imagenet import chinese_names
from engine.data.photos import photo
from engine.data.pictures import decode
from engine.topics.image_classifier.card import TOPIC, Config
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


def test_own_picture_is_named_and_travels_in_the_link(visit):
    visitor = visit("/image_classifier")
    content = encoded(photo("coffee").rgb)
    upload(visitor, "my cup.png", content)
    visitor.until(lambda: "espresso" in answer(visitor), "the upload is answered")
    visitor.until(lambda: visitor.query == {"picture": decode(content).key}, "the link names it by its content")
    assert visitor.alerts() == []


@pytest.mark.parametrize(
    ("locale", "sentence"),
    [
        ("en-US", "Expected a PNG, JPEG, WebP or GIF picture, got text."),
        ("zh-CN", "需要 PNG、JPEG、WebP 或 GIF 图片，收到的却是文本。"),
    ],
)
def test_a_bad_upload_gets_one_sentence_and_nothing_is_lost(visit, locale, sentence):
    visitor = visit("/image_classifier?picture=sample:coffee", locale=locale)
    before = answer(visitor)
    upload(visitor, "cat.png", b"Only my name is a picture.")
    visitor.until(visitor.alerts, "the refusal")
    assert [alert.splitlines()[-1] for alert in visitor.alerts()] == [sentence]
    assert answer(visitor) == before
    assert visitor.query["picture"] == "sample:coffee"
    upload(visitor, "flower.png", encoded(photo("flower").rgb))
    visitor.until(lambda: "daisy" in answer(visitor), "a good picture after the bad one")
    assert visitor.alerts() == []


@pytest.mark.parametrize(
    ("locale", "sentence", "button"),
    [
        ("en-US", "This file was not taken: it is too large", "Upload"),
        ("zh-CN", "没有接收这个文件：它太大", "选择文件"),
    ],
)
def test_a_file_too_large_to_be_sent_is_told_of_in_the_readers_language(visit, locale, sentence, button):
    visitor = visit("/image_classifier", locale=locale)
    before = answer(visitor)
    visitor.key("image_classifier-own").get_by_role("button").first.click()
    said = "(element) => getComputedStyle(element, '::after').content"
    label = visitor.page.locator(".stFileUploader [data-testid=stBaseButton-secondary] p")
    assert button in (label.inner_text() + label.evaluate(said))
    assert visitor.page.locator(".stFileUploader").evaluate(said) == "none"
    upload(visitor, "huge.png", b"\x89PNG" + bytes(17_000_000))
    visitor.until(lambda: sentence in visitor.page.locator(".stFileUploader").evaluate(said), "the sentence")
    assert answer(visitor) == before
    chips = visitor.page.locator(".stFileChip")
    assert [chip.inner_text().split("\n")[0] for chip in chips.all() if chip.is_visible()] == ["huge.png"]
    upload(visitor, "flower", encoded(photo("flower").rgb))  # its name says nothing; its content does
    visitor.until(lambda: answer(visitor) != before, "a good picture after it")
    visitor.until(lambda: not visitor.page.locator("[data-testid=stPopoverBody]").count(), "what was opened is closed")
    visitor.key("image_classifier-own").get_by_role("button").first.click()
    assert visitor.page.locator(".stFileUploader").evaluate(said) == "none"
    assert not [chip for chip in chips.all() if chip.is_visible()]


def test_a_link_to_a_picture_of_another_server(visit):
    visitor = visit("/image_classifier?picture=upload:0123456789abcdef")
    assert "This link's picture is not on this server" in visitor.alerts()[0]
    assert "tiger cat" in answer(visitor)
    visitor.canvas("image_classifier-samples").click(position={"x": 110, "y": 50})
    visitor.until(lambda: "espresso" in answer(visitor), "a sample instead")
    assert visitor.alerts() == []


def test_another_class_changes_the_evidence(visit):
    visitor = visit("/image_classifier")
    before = drawn(visitor)
    choose_class(visitor, "lynx")
    visitor.until(lambda: "for lynx" in meaning(visitor), "the lynx is explained")
    visitor.settle()
    assert visitor.query == {"target": "287"}
    visitor.until(lambda: drawn(visitor) != before, "the picture is coloured anew")
    assert "tiger cat" in answer(visitor)  # what is explained changes nothing in what is answered
    choose_class(visitor, "its own answer")
    visitor.until(lambda: visitor.query == {}, "back to its own answer")
    visitor.until(lambda: drawn(visitor) == before, "the first picture again")


def test_a_click_on_a_bar_explains_its_class(visit):
    visitor = visit("/image_classifier")
    visitor.page.locator(".share-row").nth(1).click()
    visitor.until(lambda: visitor.query == {"target": "285"}, "the second bar is explained")
    visitor.until(lambda: "for Egyptian cat" in meaning(visitor), "and named")


def test_grad_cam_after_another_layer_and_hover(visit):
    visitor = visit("/image_classifier")
    before = drawn(visitor)
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
    assert visitor.query == {"view.layer": "stage3"}
    friend = visit("/image_classifier?view.layer=stage3&view.method=tarot")
    assert drawn(friend) == shown, "the link brings the view back; what is no view counts as nothing"
    friend.until(lambda: friend.query == {"view.layer": "stage3"}, "and leaves the link")


def test_occlusion_runs_shows_its_progress_and_can_be_stopped(visit):
    visitor = visit("/image_classifier?window=112&stride=56")
    visitor.key("image-classifier-method").get_by_text("Occlusion", exact=True).click()
    visitor.until(lambda: "probability of tiger cat falls" in meaning(visitor), "what it shows")
    visitor.until(lambda: not visitor.page.locator("[data-testid=stProgress]").count(), "nine windows are done")
    done = drawn(visitor)

    visitor = visit("/image_classifier?stride=8")
    visitor.key("image-classifier-method").get_by_text("Occlusion", exact=True).click()
    bar = visitor.page.locator("[data-testid=stProgress]")
    visitor.until(lambda: re.search(r"\d+ of 529", bar.inner_text() if bar.count() else ""), "its progress")
    visitor.button("image_classifier:stop").click()
    visitor.key("image_classifier:again").wait_for()
    visitor.settle()
    assert drawn(visitor) != done
    visitor.button("image_classifier:again").click()
    visitor.key("image_classifier:stop").wait_for()


def test_integrated_gradients_come_part_by_part_while_all_else_stands_there(visit):
    link = "/image_classifier?picture=sample:coffee&saliency=integrated&cell=3"
    visitor = visit(link)

    def way(visitor) -> str:
        found = re.search(r"([\d.]+)\W% of the way walked", visitor.words)
        return found[1] if found else ""

    assert float(visitor.until(lambda: way(visitor), "how far the walk has come")) < 100
    assert "espresso" in answer(visitor)
    assert "Channel" in visitor.words, "the maps are there already"
    visitor.until(lambda: not visitor.page.locator("[data-testid=stProgress]").count(), "the end of the walk")
    visitor.settle()
    assert float(way(visitor)) == 100
    whole = drawn(visitor)
    friend = visit(link)
    friend.until(lambda: drawn(friend) == whole, "the next one finds what this one has made")
    assert float(way(friend)) == 100
    assert friend.page.locator("[data-testid=stProgress]").count() == 0


def test_a_class_far_from_the_answer_says_what_the_walk_leaves_and_its_numbers_wait_for_its_end(visit):
    visitor = visit("/image_classifier?picture=sample:china&saliency=integrated&target=287")
    visitor.until(lambda: "of the way walked" in visitor.words, "the walk is under way")
    visitor.page.get_by_role("tab", name="Numbers").click()
    visitor.until(lambda: "There is nothing to count yet." in visitor.words, "the numbers wait, nothing else does")
    assert visitor.page.locator("[data-testid=stProgress]").count()
    said = r"is the error of 1\d\d steps"  # as many as it may take for what comes to next to nothing
    visitor.until(lambda: re.search(said, visitor.words), "what lies between is explained", patience=120)
    visitor.until(lambda: "saliency_sum" in visitor.words, "the numbers of the whole walk")
    assert "There is nothing to count yet." not in visitor.words


def test_every_stage_shows_its_maps_and_one_of_them_large(visit):
    visitor = visit("/image_classifier")
    for layer, count in {"stem": "32", "stage5": "112", "head": "320 of 1280", "stage1": "16"}.items():
        visitor.key("image-classifier-maps").get_by_text(layer, exact=True).click()
        visitor.until(lambda text=f"{count} channels": text in visitor.words, f"the maps of {layer}")
        visitor.canvas(f"image-classifier-maps-{layer}")
    before = drawn(visitor, "image-classifier-channel")
    visitor.canvas("image-classifier-maps-stage1").click(position={"x": 60, "y": 60})
    visitor.until(lambda: "Channel 0 after stage1" in visitor.words, "its numbers")
    visitor.until(lambda: drawn(visitor, "image-classifier-channel") != before, "and itself, large")


def test_chinese_and_back_keeps_everything(visit):
    visitor = visit("/image_classifier?target=287&flip=yes")
    before = drawn(visitor)
    visitor.key("image-classifier-layer").get_by_role("combobox").select_option("after stage7")
    visitor.until(lambda: drawn(visitor) != before, "another layer")
    visitor.settle()
    chosen = drawn(visitor)
    visitor.switch_language("zh")
    visitor.until(lambda: f"{chinese_names()[282]} tiger cat" in answer(visitor), "Chinese with the English beside it")
    visitor.settle()
    assert chinese_names()[287] in meaning(visitor)
    assert visitor.query == {"target": "287", "flip": "yes", "view.layer": "stage7", "lang": "zh"}
    visitor.until(lambda: drawn(visitor) == chosen, "the layer is still the chosen one")
    visitor.switch_language("en")
    visitor.until(lambda: "for lynx" in meaning(visitor), "English again")
    visitor.settle()
    assert visitor.query == {"target": "287", "flip": "yes", "view.layer": "stage7"}
    visitor.until(lambda: drawn(visitor) == chosen, "the layer is still the chosen one")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_on_a_phone_nothing_is_wider_than_the_window(visit, theme):
    visitor = visit("/image_classifier", size=(390, 844), theme=theme, touch=True)
    assert not visitor.scrolls_sideways()
    assert visitor.canvas(EVIDENCE).bounding_box()["width"] >= 300


def test_the_numbers_tab_fills_the_formulas_in(visit):
    visitor = visit("/image_classifier?picture=sample:coffee")
    visitor.page.get_by_role("tab", name="Numbers").click()
    visitor.page.locator(".katex").first.wait_for()
    expected = run(Config(picture="sample:coffee")).probabilities[967].item()
    assert written(expected) in visitor.page.locator(".katex").first.text_content()
    visitor.until(lambda: "stage4_channel × stage4_row × stage4_column" in visitor.words, "the table of all arrays")


def test_presets_are_links(visit):
    visitor = visit("/image_classifier")
    visitor.preset("image_classifier", "Not a class")
    visitor.until(lambda: "football helmet" in answer(visitor), "the astronaut")
    visitor.until(lambda: visitor.query == {"picture": TOPIC.presets["Not a class"].picture}, "the link")

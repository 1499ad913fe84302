"""The image classifier's page without a browser: own pictures, links, languages, walks and occlusion part by part."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from engine.contracts.formula import written
from engine.data.imagenet import chinese_names
from engine.data.photos import PHOTOS, photo
from engine.data.pictures import decode
from engine.pictures.packing import unpack
from engine.topics.image_classifier.card import TOPIC, Config
from engine.topics.image_classifier.run import LAYERS, run
from tests.visitor import Visitor, user_key

EVIDENCE = "image-classifier-evidence"


@pytest.fixture
def reader(server):
    """reader("picture=sample:coffee", "zh-CN") -> a visitor on the page."""
    readers = []

    def enter(query: str = "", locale: str = "en-US"):
        readers.append(Visitor(server.address, locale=locale))
        readers[-1].open("image_classifier", query)
        return readers[-1]

    yield enter
    for one in readers:
        one.close()


def encoded(rgb: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "PNG")
    return file.getvalue()


def send(visitor, name: str, content: bytes):
    if visitor.find("image_classifier:upload") is None:
        visitor.move("image_classifier-own", True)
    return visitor.upload("image_classifier:upload", name, content)


def evidence(visitor) -> bytes:
    """What the picture of the evidence is drawn from."""
    return visitor.widget(EVIDENCE).bytes


def progress(visitor) -> list[str]:
    return [element.text for kind, element, _ in visitor.elements.values() if kind == "progress"]


def tables(visitor) -> str:
    """All tables, with bytes of their format between the texts."""
    found = (element for kind, element, _ in visitor.elements.values() if kind == "table")
    return b"".join(element.SerializeToString() for element in found).decode(errors="replace")


def hints(visitor) -> list[str]:
    return [element.body for kind, element, _ in visitor.elements.values() if kind == "alert"]


def wait_for_end(visitor) -> None:
    for _ in range(5000):
        if not progress(visitor) and not visitor.timers:
            return
        visitor.follow(0.1)
    raise AssertionError("it goes on and on")


@pytest.mark.parametrize(
    ("locale", "sentence"),
    [("en-US", "Expected a PNG, JPEG, WebP or GIF picture, got text."),
     ("zh-CN", "需要 PNG、JPEG、WebP 或 GIF 图片，收到的却是文本。")],
)  # fmt: skip
def test_a_bad_upload_gets_one_sentence_and_a_good_one_after_it_an_answer(reader, locale, sentence):
    visitor = reader("picture=sample:coffee", locale)
    query, before = visitor.query, evidence(visitor)
    send(visitor, "cat.png", b"Only my name is a picture.")
    assert visitor.alerts() == [sentence]
    assert (visitor.query, evidence(visitor)) == (query, before), "nothing is lost"
    content = encoded(photo("flower").rgb)
    assert not send(visitor, "flower", content).errors  # its name says nothing; its content does
    assert "daisy" in visitor.texts()
    assert visitor.alerts() == []
    assert visitor.find("image_classifier:upload") is None, "what was opened is closed"
    assert visitor.query.split("&")[0] == "picture=" + decode(content).key.replace(":", "%3A")


def test_a_link_to_a_picture_of_another_server(reader):
    visitor = reader("picture=upload:0123456789abcdef")
    assert "This link's picture is not on this server" in visitor.alerts()[0]
    assert "tiger cat" in visitor.texts()
    visitor.touch("image_classifier-samples", "cell", {"tile": list(PHOTOS).index("coffee"), "row": 0, "column": 0})
    assert "says <b>espresso" in visitor.texts()
    assert visitor.alerts() == []


def test_the_class_explained_is_named_and_answers_nothing_else(reader):
    visitor = reader()
    before, classes = evidence(visitor), visitor.data("image-classifier-classes")[0]
    visitor.touch("image-classifier-classes", "pick", 1)
    assert visitor.query == "target=285"
    assert "for **Egyptian cat**" in visitor.texts()
    assert evidence(visitor) != before
    assert "says <b>tiger cat" in visitor.texts()
    assert visitor.data("image-classifier-classes")[0]["shares"] == classes["shares"]


def test_what_is_no_view_counts_as_nothing_and_leaves_the_link(reader):
    shown = evidence(reader("view.layer=stage3"))
    visitor = reader("view.layer=stage3&view.method=tarot")
    assert visitor.query == "view.layer=stage3"
    assert evidence(visitor) == shown


def test_chinese_and_back_keeps_everything(reader):
    visitor = reader("target=287&flip=yes&view.layer=stage7")
    query, chosen = visitor.query, unpack(evidence(visitor))[1]
    visitor.touch("language-switch", "pick", 1)
    assert f"{chinese_names()[282]} tiger cat" in visitor.texts(), "Chinese with the English beside it"
    assert chinese_names()[287] in visitor.texts()
    assert visitor.query == query + "&lang=zh"
    visitor.touch("language-switch", "pick", 0)
    assert "for **lynx**" in visitor.texts()
    assert visitor.query == query
    for one, other in zip(chosen.values(), unpack(evidence(visitor))[1].values(), strict=True):
        assert np.array_equal(one, other)


def test_every_stage_shows_its_maps_and_one_of_them_large(reader):
    visitor = reader()
    for layer, count in {"stem": "32", "stage5": "112", "head": "320 of 1280", "stage1": "16"}.items():
        visitor.touch("image-classifier-maps", "pick", LAYERS.index(layer))
        assert f"{count} channels" in visitor.texts(), layer
        assert visitor.find(f"image-classifier-maps-{layer}"), layer
    before = visitor.widget("image-classifier-channel").bytes
    visitor.touch("image-classifier-maps-stage1", "cell", {"tile": 0, "row": 9, "column": 9})
    assert "Channel **0** after **stage1**" in visitor.texts()
    assert visitor.widget("image-classifier-channel").bytes != before


def test_the_numbers_tab_fills_the_formulas_in(reader):
    visitor = reader("picture=sample:coffee")
    visitor.open_tab("image_classifier", "Numbers")
    expected = run(Config(picture="sample:coffee")).probabilities[967].item()
    assert written(expected) in visitor.texts()
    assert "stage4_channel × stage4_row × stage4_column" in tables(visitor)


def test_presets_are_links(reader):
    visitor = reader()
    visitor.touch("image_classifier-presets", "pick", list(TOPIC.presets).index("Not a class"))
    assert "football helmet" in visitor.texts()
    assert visitor.query == "picture=" + TOPIC.presets["Not a class"].picture.replace(":", "%3A")


# ---------------------------------------------------------------- what takes long


def test_occlusion_runs_shows_its_progress_and_can_be_stopped(reader):
    visitor = reader("window=112&stride=56&view.method=occlusion")
    assert "probability of **tiger cat** falls" in visitor.texts()
    wait_for_end(visitor)
    done = evidence(visitor)
    visitor = reader("stride=8&view.method=occlusion")
    for _ in range(200):
        visitor.follow(0.1)
        if any("of 529" in text for text in progress(visitor)):
            break
    assert [text for text in progress(visitor) if "of 529" in text], "its progress"
    visitor.press("image_classifier:stop")
    assert "image_classifier:again" in map(user_key, visitor.shown)
    assert not visitor.find("image_classifier:stop")
    assert evidence(visitor) != done
    visitor.press("image_classifier:again")
    assert visitor.find("image_classifier:stop")


def way(visitor) -> float | None:
    """Per cent of the way from grey that is walked."""
    found = re.search(r"([\d.]+)\W*% \W*of the way walked", visitor.texts())
    return float(found[1]) if found else None


def test_integrated_gradients_come_part_by_part_and_only_their_numbers_wait_for_the_end(reader):
    link = "picture=sample:coffee&saliency=integrated&cell=3"
    visitor = reader(link)
    for _ in range(200):
        if way(visitor) is not None:
            break
        visitor.follow(0.1)
    assert way(visitor) < 100
    assert "espresso" in visitor.texts()
    assert "Channel" in visitor.texts(), "the maps are there already"
    early = evidence(visitor)
    visitor.open_tab("image_classifier", "Numbers")
    assert "There is nothing to count yet." in hints(visitor)
    assert progress(visitor), "the walk goes on"
    wait_for_end(visitor)
    assert way(visitor) == 100
    assert evidence(visitor) != early
    assert "There is nothing to count yet." not in hints(visitor)
    assert "saliency_sum" in tables(visitor), "the numbers of the whole walk"
    friend = reader(link)
    assert (way(friend), progress(friend)) == (100, []), "the next one finds what this one has made"
    for one, other in zip(unpack(evidence(friend))[1].values(), unpack(evidence(visitor))[1].values(), strict=True):
        assert np.array_equal(one, other)

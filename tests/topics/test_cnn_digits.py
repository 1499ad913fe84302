"""What the page of the CNN says of digits that a reader brings: photos good and bad, frames on them, links."""

import io
import re

import numpy as np
import pytest
from PIL import Image, ImageDraw
from streamlit.proto.Alert_pb2 import Alert

from engine.data.digits import decode_drawing
from engine.data.photos import photo
from engine.topics.cnn.card import Config
from engine.topics.cnn.run import run
from tests.photographed import photograph, two_digits
from tests.visitor import Visitor

NOT_TAKEN = "The digit shown is still the one before."


def encoded(image: np.ndarray | Image.Image, kind: str = "JPEG") -> bytes:
    content = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(content, kind, quality=90)
    return content.getvalue()


def send(visitor, name: str, content: bytes):
    visitor.move("cnn-own", True)
    return visitor.upload("cnn:upload", name, content)


def put_frame(visitor, frame: list[float]):
    """The frame is let go there: left, top, right, bottom as shares of the sides."""
    return visitor.keep("cnn-frame", "frame", {"revision": visitor.data("cnn-frame")[0]["revision"], "frame": frame})


def layers(visitor) -> dict[str, bytes]:
    """All that the pipeline shows of the digit, every number of it."""
    return {name: values.tobytes() for name, values in visitor.data("cnn-pipeline")[1].items()}


def read(visitor) -> int:
    """The digit that the network says it is."""
    return int(re.search(r"(?:says|回答是)\s*(?:<b>|\*\*)(\d)", visitor.texts())[1])


@pytest.fixture
def reader(server):
    """reader("zh-CN") -> a visitor with a browser in that language."""
    readers = []

    def enter(locale: str = "en-US", query: str = ""):
        readers.append(Visitor(server.address, locale=locale))
        assert not readers[-1].open("cnn", query).errors
        return readers[-1]

    yield enter
    for one in readers:
        one.close()


@pytest.mark.parametrize(
    ("locale", "found"),
    [("en-US", "2 things were found; the largest was taken"), ("zh-CN", "找到了 2 个对象，取了最大的一个")],
)
def test_of_a_photo_one_digit_is_taken_the_frame_takes_another_and_the_link_has_it(reader, locale, found):
    visitor = reader(locale)
    assert not send(visitor, "shadow.jfif", encoded(photograph("shadow", 5, 1))).errors
    assert read(visitor) == 5
    assert visitor.find("cnn:upload") is None, "what the picture was chosen in is closed"
    assert not send(visitor, "two", encoded(two_digits(4, 2, 0))).errors
    assert read(visitor) == 4
    assert found in visitor.texts()
    left, top, right, bottom = visitor.data("cnn-frame")[0]["frame"]
    assert not put_frame(visitor, [left + 0.37, top, right + 0.37, bottom]).errors
    assert read(visitor) == 2
    friend = reader(locale, visitor.query)
    assert run(Config(digit=friend.query.removeprefix("digit=").replace("%3A", ":"))).probabilities.argmax() == 2
    assert [layers(friend), read(friend)] == [layers(visitor), 2]
    put_frame(visitor, [0.0, 0.0, 0.2, 0.1])
    assert {"en-US": "No ink was found in this frame", "zh-CN": "这个框里没有找到笔迹"}[locale] in visitor.texts()
    assert read(visitor) == 2, "where there is none, the digit before stays"


def test_bad_files_get_a_sentence_and_good_ones_become_drawings(reader):
    visitor = reader()
    before = layers(visitor)
    assert send(visitor, "x.png", b"no picture").errors
    assert visitor.alerts() == ["Expected a PNG, JPEG, WebP or GIF picture, got text."]
    assert (visitor.query, layers(visitor)) == ("", before)
    image = Image.new("RGB", (200, 260), "white")
    ImageDraw.Draw(image).ellipse((50, 50, 150, 210), outline="black", width=16)
    assert not visitor.upload("cnn:upload", "zero.png", encoded(image, "PNG")).errors
    assert read(visitor) == 0
    assert visitor.alerts() == []
    key = visitor.query.removeprefix("digit=drawn%3A")
    assert decode_drawing(key).any(), "it travels in the link"
    assert "The digit was taken from this frame" in visitor.texts()


@pytest.mark.parametrize(
    ("image", "sentence"),
    [(Image.new("RGB", shape, "white"), "No ink was found in this picture") for shape in
     ((1, 1), (300, 200), (900, 20), (8, 600))]
    + [(photo("chelsea").rgb, "Expected one digit on paper, found something else")],
)  # fmt: skip
def test_a_picture_without_a_digit_says_so_and_which_digit_is_shown(reader, image, sentence):
    visitor = reader()
    assert not send(visitor, "empty.png", encoded(image)).errors
    assert sentence in visitor.texts()
    assert NOT_TAKEN in visitor.texts()
    assert read(visitor) == 3
    assert visitor.query == ""


def test_a_link_with_a_broken_drawing_says_so(reader):
    visitor = reader(query="digit=drawn%3Aabcdef")
    (warning,) = [one for kind, one, _ in visitor.elements.values() if kind == "alert"]
    assert warning.format == Alert.WARNING
    assert "no drawing of 28 × 28" in warning.body
    assert read(visitor) == 3


def test_a_chinese_page_says_what_it_reads_in_chinese_until_english_is_chosen(reader):
    visitor = reader("zh-CN")
    assert "<h1>走进 CNN</h1>" in visitor.texts()
    assert "网络的回答是" in visitor.texts()
    assert read(visitor) == 3
    visitor.touch("language-switch", "pick", 0)
    assert "The network says" in visitor.texts()

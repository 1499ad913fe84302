"""Arrays that a browser has are not sent again: every message comes out whole, whatever was sent before."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from engine.pictures.packing import pack
from pages.components.server.array_cache import (
    ASKED,
    KEPT,
    KNOWN,
    LEAST_BYTES,
    MARK,
    MOST_BYTES,
    PLAIN,
    ArrayCache,
    array_spans,
)
from tests.app_server import ROOT
from tests.server.test_message_cache import asking, conversation

MOST = 3 * LEAST_BYTES


class Browser:
    """assets/boot.js in Python."""

    def __init__(self, most_bytes: int):
        self.most_bytes, self.kept, self.count = most_bytes, {}, 0

    def whole(self, content: bytes) -> bytes:
        if not content.startswith(MARK):
            return content
        at, made = len(MARK), []
        while at < len(content):
            kind, value = struct.unpack_from("<BI", content, at)
            at += 5
            if kind == KNOWN:
                self.kept[value] = self.kept.pop(value)
                made.append(self.kept[value])
                continue
            made.append(content[at : at + value])
            at += value
            if kind == KEPT:
                self.kept[self.count] = made[-1]
                self.count += 1
                while sum(map(len, self.kept.values())) > self.most_bytes:
                    del self.kept[next(iter(self.kept))]
        return b"".join(made)


def message_of(payload: bytes, name: str = "picture") -> ForwardMsg:
    message = ForwardMsg(hash=name)
    message.delta.new_element.bidi_component.bytes = payload
    message.delta.new_element.bidi_component.id = name
    return message


def picture(picked: int, *arrays: np.ndarray) -> ForwardMsg:
    return message_of(pack({"picked": picked}, {f"t{number}": array for number, array in enumerate(arrays)}))


ARRAYS = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from([10, 500, LEAST_BYTES, 2 * LEAST_BYTES, 4 * LEAST_BYTES])).map(
        lambda pair: np.full(pair[1], pair[0], np.uint8)
    ),
    max_size=5,
)
MESSAGES = st.lists(st.builds(lambda picked, arrays: picture(picked, *arrays), st.integers(0, 99), ARRAYS), max_size=20)


@given(MESSAGES)
def test_every_message_comes_out_whole_and_both_keep_the_same(messages):
    cache, browser = ArrayCache(MOST), Browser(MOST)
    for message in messages:
        content = message.SerializeToString()
        assert browser.whole(cache.shortened(message, content)) == content
        assert [number for number, _ in cache.kept.values()] == list(browser.kept)
        assert cache.held == sum(map(len, browser.kept.values())) <= MOST


def test_what_changed_is_sent_alone():
    cache, large = ArrayCache(), np.arange(50_000, dtype=np.float32)
    first, second = picture(1, large), picture(2, large)
    assert len(cache.shortened(first, first.SerializeToString())) > large.nbytes
    assert len(cache.shortened(second, second.SerializeToString())) < 300
    third = picture(2, large, np.zeros(5000, np.float32))
    assert 20_000 < len(cache.shortened(third, third.SerializeToString())) < 20_500


def test_small_arrays_beside_each_other_are_one():
    tiles = [np.full((14, 14), number, np.float32) for number in range(64)]
    payload = pack({"alt": "maps"}, {f"t{number}": tile for number, tile in enumerate(tiles)})
    ((begin, end),) = array_spans(payload)
    assert payload[begin:end] == b"".join(tile.tobytes() for tile in tiles)
    assert list(array_spans(pack({}, {"a": np.zeros(10, np.uint8)}))) == []
    assert list(array_spans(pack({"words": 10_000 * "x"}, {}))) == []


@pytest.mark.parametrize("payload", [b"", b"x" * 5000, pack({}, {})[:3] + b"x" * 5000, b"\xff" * 9000])
def test_what_is_no_payload_of_ours_goes_as_it_is(payload):
    message = message_of(payload)
    content = message.SerializeToString()
    assert ArrayCache().shortened(message, content) == content


def test_only_who_asks_gets_parts():
    large = np.arange(50_000, dtype=np.float32)
    messages = [picture(1, large), picture(2, large)]
    plain = [message.SerializeToString() for message in messages]
    assert conversation(messages, asking()) == plain
    asked = conversation(messages, asking(), query=ASKED)
    browser = Browser(MOST_BYTES)
    assert [browser.whole(content) for content in asked] == plain
    assert len(asked[1]) < 300


def test_the_browser_has_the_same_numbers():
    boot = (ROOT / "assets" / "boot.js").read_text("utf-8")
    assert f'const ASKED = "{ASKED.decode()}";' in boot
    assert f"const MOST_BYTES = {MOST_BYTES:_};" in boot
    assert f"[PLAIN, KEPT, KNOWN] = [{PLAIN}, {KEPT}, {KNOWN}]" in boot
    assert MARK == b"\xff\x01"

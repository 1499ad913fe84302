"""Arrays that a browser still has are not sent again, whatever is said of them now: which cell is picked, which words.

A message of a picture is its values and its arrays in one piece (engine/pictures/packing.py), and a click changes the
values alone. So the arrays in it are cut out and numbered, and where one has been sent on this connection its number
goes instead. The browser's side is in assets/boot.js, which puts the message together again before Streamlit's front
end sees it. Both keep the same arrays by the same rule (the least recently sent goes first), and a connection delivers
all messages in their order, so none is named that the browser has forgotten.

A message in parts is MARK, and for each part a byte that says what it is, then
PLAIN  length (uint32), bytes              as they are
KEPT   length (uint32), bytes              an array, from now on known by the next number (0, 1, 2, …)
KNOWN  number (uint32)                     that array
"""

from __future__ import annotations

import hashlib
import struct
from collections import OrderedDict
from collections.abc import Iterator
from itertools import groupby

from engine.pictures.packing import head_of
from pages.components.server.streamlit_inside import ForwardMsg

ASKED = b"neurarium=arrays"  # in the address of the connection, by a browser that can put parts together
MARK = b"\xff\x01"  # no message of Streamlit's begins so: protobuf has no field of that kind
PLAIN, KEPT, KNOWN = 0, 1, 2
LEAST_BYTES = 4096  # of an array, or of small ones beside each other, that is worth a number
MOST_BYTES = 16_000_000  # kept by a browser; assets/boot.js has the same


class ArrayCache:
    """What the browser at the other end of one connection keeps, by what it was sent."""

    def __init__(self, most_bytes: int = MOST_BYTES):
        self.most_bytes = most_bytes
        self.kept: OrderedDict[bytes, tuple[int, int]] = OrderedDict()  # digest -> (number, bytes)
        self.held = self.count = 0

    def shortened(self, message: ForwardMsg, content: bytes) -> bytes:
        """`content`, which is `message` for the browser, in parts where it has arrays; else as it is."""
        payload = message.delta.new_element.bidi_component.bytes
        spans = list(array_spans(payload)) if len(payload) >= LEAST_BYTES else []
        start = content.find(payload) if spans else -1
        if start < 0:
            return content
        parts, at = [MARK], 0
        for begin, end in spans:
            parts += [_plain(content[at : start + begin]), self._part(payload[begin:end])]
            at = start + end
        return b"".join([*parts, _plain(content[at:])])

    def _part(self, array: bytes) -> bytes:
        digest = hashlib.blake2b(array, digest_size=16).digest()
        known = self.kept.pop(digest, None)
        if known is not None:
            self.kept[digest] = known  # the most recently sent
            return struct.pack("<BI", KNOWN, known[0])
        self.kept[digest] = self.count, len(array)
        self.count += 1
        self.held += len(array)
        while self.held > self.most_bytes:
            _, (_, size) = self.kept.popitem(last=False)
            self.held -= size
        return struct.pack("<BI", KEPT, len(array)) + array


def _plain(content: bytes) -> bytes:
    return struct.pack("<BI", PLAIN, len(content)) + content


def array_spans(payload: bytes) -> Iterator[tuple[int, int]]:
    """(first byte, end) of every large array of a payload of `pack`, and of small ones that lie beside each other."""
    try:
        head, start = head_of(payload)
        starts = sorted(start + entry["offset"] for entry in head["arrays"].values())
    except (KeyError, TypeError, ValueError, struct.error, AttributeError):  # no payload of ours
        return
    ends = [*starts[1:], len(payload)][: len(starts)]  # there may be no array at all
    for large, group in groupby(zip(starts, ends, strict=True), lambda span: span[1] - span[0] >= LEAST_BYTES):
        spans = list(group)
        for begin, end in spans if large else [(spans[0][0], spans[-1][1])]:
            if end - begin >= LEAST_BYTES:
                yield begin, end

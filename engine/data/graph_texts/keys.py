"""Own graphs as keys for a link: the text itself, compressed, or the name of one that this process has; and behind it
what the reader chose about how it is read."""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from functools import lru_cache

from engine.contracts.knob import KnobError
from engine.data.graph_texts.content import MAXIMUM_TEXT, Choices, GivenGraph
from engine.machinery.own import OWN, UPLOAD, OwnText

from .reading import AUTOMATIC, read_graph

LONGEST_KEY = 1500  # characters of a graph that travels in the link itself
LONGEST_CHOICES = 6
_KEY = re.compile(r"(z[A-Za-z0-9_-]{4,}|upload:[0-9a-f]{16})?(?:\.([a-z0-9]{1,5}))?")


def key_of(text: str, choices: Choices = AUTOMATIC) -> str:
    """A key for a graph's text: small ones travel compressed in the key itself, larger ones stay on this server."""
    content, after = text.encode(errors="replace"), f".{choices.letters}" if choices.letters else ""
    inline = "z" + base64.urlsafe_b64encode(zlib.compress(content, 9)).decode().rstrip("=")
    if len(inline) <= LONGEST_KEY - LONGEST_CHOICES:
        return inline + after
    return OWN.add(OwnText(text)) + after


def text_of(key: str) -> str:
    """The text behind a key. KnobError if it is malformed, or an upload that this server does not have."""
    check_key(key)
    key = key.partition(".")[0]
    if key.startswith(UPLOAD):
        kept = OWN.get(key, OwnText)
        if kept is None:
            raise KnobError("This link's graph is not on this server; give its edges again.")
        return kept.text
    try:
        raw = base64.urlsafe_b64decode(key[1:] + "=" * (-len(key[1:]) % 4))
        unpacked = zlib.decompressobj().decompress(raw, MAXIMUM_TEXT)  # bounded: a key may unpack to gigabytes
        return unpacked.decode()
    except (binascii.Error, zlib.error, UnicodeDecodeError):
        raise KnobError("Own graph: this link's graph cannot be read") from None


def choices_of(key: str) -> Choices:
    """How the text behind a key is to be read."""
    check_key(key)
    return Choices.of_letters(key.partition(".")[2])


@lru_cache(maxsize=8)
def graph_of(key: str) -> GivenGraph:
    """The graph behind a key. KnobError if it cannot be read."""
    return read_graph(text_of(key), choices_of(key))


def check_key(key: str) -> None:
    """KnobError unless the text looks like a graph's key, or is empty."""
    match = _KEY.fullmatch(key)
    try:
        if not match or len(key) > LONGEST_KEY or (match[2] and not match[1]):
            raise ValueError("no key")
        Choices.of_letters(match[2] or "")
    except ValueError:
        raise KnobError("Own graph: this link's graph cannot be read") from None

"""Own graphs as keys for a link: the text itself, compressed, or the name of one that this process has; and behind it
what the reader chose about how it is read."""

from __future__ import annotations

import re
from functools import lru_cache

from engine.contracts.knob import KnobError
from engine.data.graph_texts.content import MAXIMUM_TEXT, Choices, GivenGraph
from engine.data.text_keys import PATTERN, NotHereError, packed, unpacked

from .reading import AUTOMATIC, read_graph

LONGEST_KEY = 1500  # characters of a graph that travels in the link itself
LONGEST_CHOICES = 6
_KEY = re.compile(rf"({PATTERN})?(?:\.([a-z0-9]{{1,5}}))?")


def key_of(text: str, choices: Choices = AUTOMATIC) -> str:
    """A key for a graph's text: small ones travel compressed in the key itself, larger ones stay on this server."""
    after = f".{choices.letters}" if choices.letters else ""
    return packed(text, LONGEST_KEY - LONGEST_CHOICES) + after


def text_of(key: str) -> str:
    """The text behind a key. KnobError if it is malformed, or an upload that this server does not have."""
    check_key(key)
    try:
        return unpacked(key.partition(".")[0], MAXIMUM_TEXT)
    except NotHereError:
        raise KnobError("This link's graph is not on this server; give its edges again.") from None
    except ValueError:
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

"""Sentences with values in them: a reader's own words stand in them as typed, and never as Markdown or HTML.

A template is ours and may be marked up; what fills its {fields} may come from anybody.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable
from typing import Any

MOST_QUOTED = 60  # characters of a reader's words in a message
WORD_JOINER = "\u2060"  # seen by nobody, and nothing is read across it
# These begin something in Markdown, in Streamlit's additions to it, in HTML or in Plotly's labels.
_ACTIVE = re.compile(r"[\\`*_\[\]<>&$:~|^\"\n\r\t]")
_AT_THE_START = re.compile(r"\s*(?:[-+](?=\s|$)|#+(?=\s|$)|\d+(?=[.)](?:\s|$)))|\s{4,}")  # list, heading, code
# What Streamlit looks for only after all that is read: addresses that become links, `:streamlit:`, typed arrows.
_FOUND_LATE = re.compile(r"(?<=[:@])(?=[\w/])|(?<=www)(?=\.)|(?<=[-<>~])(?=[-=>])", re.IGNORECASE)


class Marked(str):
    """Text that may go into Markdown and into HTML as it is: what comes from a reader in it is harmless."""

    __slots__ = ()

    def join(self, parts: Iterable[str]) -> Marked:
        """The parts with this between them, each made harmless if it is not."""
        return Marked(str.join(self, map(harmless, parts)))


def harmless(text: str) -> Marked:
    """The text so that Markdown and HTML both show its letters and do nothing else with them.

    As character references, which in Markdown (CommonMark 0.31, 2.5) and in HTML stand for the character and never for
    what the character would begin.
    """
    if isinstance(text, Marked):
        return text
    text = _FOUND_LATE.sub(WORD_JOINER, text)
    start = _AT_THE_START.match(text)
    head = "".join(_reference(letter) for letter in start[0]) if start else ""
    return Marked(head + _ACTIVE.sub(lambda match: _reference(match[0]), text[start.end() if start else 0 :]))


def filled(template: str, values: dict[str, Any], clean: Callable[[str], str] = str) -> str:
    """`template` with its {fields} filled in; `clean` is applied to every text among the values.

    A field written {name!r} is quoted: a text as its reader typed it, see `quoted`; anything else as Python shows it.
    """
    return _Filler(clean).vformat(template, (), values)


def quoted(text: str) -> str:
    """A reader's words in quotation marks: as typed, cut where they are long, with signs for what cannot be seen."""
    cut = text if len(text) <= MOST_QUOTED else text[: MOST_QUOTED - 1] + "…"
    return f"“{visible(cut)}”"


def visible(text: str) -> str:
    """The text with a sign for every character that shows nothing: ␊ for a new line, ⟨U+200B⟩ for a space of no
    width."""
    return "".join(map(_visible, text))


def _visible(letter: str) -> str:
    code = ord(letter)
    if code < 32:
        return chr(0x2400 + code)
    if code == 127:
        return "␡"
    if letter.isprintable() or letter in "\u00a0\u202f\u3000\u200d":  # spaces of other widths, and what joins signs
        return letter
    return f"⟨U+{code:04X}⟩"


class _Filler(string.Formatter):
    def __init__(self, clean: Callable[[str], str]):
        self.clean = clean

    def convert_field(self, value: Any, conversion: str | None) -> Any:
        if conversion == "r":
            return quoted(value) if isinstance(value, str) else repr(value)
        return super().convert_field(value, conversion)

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, str):
            value = self.clean(value)
        return format(value, format_spec)


def _reference(letter: str) -> str:
    return f"&#{ord(letter)};"

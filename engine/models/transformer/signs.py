"""What BERT's tokeniser makes of every sign of Unicode, from a table of its own.

Python's `unicodedata` knows more signs with every version, and an answer must not depend on the server's Python. The
table holds what the `tokenizers` library 0.23.3 does with each of the 1,112,064 code points: general categories of
Unicode 8 (what came later is a letter), decompositions of Unicode 9, lower case of Unicode 17. Made by
`python -m tests.wordpiece_signs`, which says how.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from engine.weights import FOLDER, WeightsError

SIGNS = FOLDER / "minilm_signs.txt"
# Syllables of Hangul decompose by arithmetic (The Unicode Standard, section 3.12): lead, vowel, perhaps a tail.
HANGUL, LEAD, VOWEL, TAIL = 0xAC00, 0x1100, 0x1161, 0x11A7
VOWELS, TAILS, SYLLABLES = 21, 28, 11_172


class Signs(NamedTuple):
    """gone, blank, punctuation: borders of ranges, in turn the first code point within and the first one behind.

    gone: control characters, private use, U+FFFD, and accents. becomes: in lower case and without accents, where that
    is another text; the syllables of Hangul are not in it. order: canonical combining class of the signs that stay and
    have one: neighbours among them are sorted by it.
    """

    gone: list[int]
    blank: list[int]
    punctuation: list[int]
    becomes: dict[str, str]
    order: dict[str, int]


@cache
def signs() -> Signs:
    """The table. WeightsError if the file is missing."""
    try:
        lines = SIGNS.read_text("ascii").splitlines()
    except FileNotFoundError:
        raise WeightsError(f"no file {SIGNS.name}; make it with: python -m tests.wordpiece_signs") from None
    borders: dict[str, list[int]] = {}
    becomes: dict[str, str] = {}
    order: dict[str, int] = {}
    for line in lines:
        what, _, listed = line.partition(": ")
        kind, _, value = what.partition(" ")
        if kind == "becomes":
            text = "".join(chr(int(code, 16)) for code in value.split("+"))
            becomes |= {chr(code): text for first, last in ranges(listed) for code in range(first, last + 1)}
        elif kind == "order":
            order |= {chr(code): int(value) for first, last in ranges(listed) for code in range(first, last + 1)}
        elif kind != "#":
            borders[kind] = [border for first, last in ranges(listed) for border in (first, last + 1)]
    return Signs(borders["gone"], borders["blank"], borders["punctuation"], becomes, order)


def ranges(listed: str) -> Iterator[tuple[int, int]]:
    """First and last code point of every range: "41-5a c0" -> (65, 90), (192, 192)."""
    for part in listed.split():
        first, _, last = part.partition("-")
        yield int(first, 16), int(last or first, 16)


def among(borders: list[int], letter: str) -> bool:
    """Whether a letter lies within one of the ranges."""
    return bisect_right(borders, ord(letter)) % 2 == 1


def bare(letter: str) -> str:
    """A letter in lower case and without accents; "" for an accent and for what cannot be seen."""
    if among(signs().gone, letter):
        return ""
    syllable = ord(letter) - HANGUL
    if 0 <= syllable < SYLLABLES:
        lead, rest = divmod(syllable, VOWELS * TAILS)
        vowel, tail = divmod(rest, TAILS)
        return chr(LEAD + lead) + chr(VOWEL + vowel) + (chr(TAIL + tail) if tail else "")
    return signs().becomes.get(letter, letter)


def in_order(text: str) -> str:
    """Neighbouring signs with a combining class in the order of their classes, equal ones as they stood."""
    order, done, waiting = signs().order, [], []
    for letter in text:
        if letter in order:
            waiting.append(letter)
        else:
            done += [*sorted(waiting, key=order.get), letter]
            waiting = []
    return "".join(done + sorted(waiting, key=order.get))

"""Words for a reader, made where nobody knows the reader's language: in English, with the values that stand in them.

A page translates them when it shows them; until then, and in files, they are English texts like any other.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Sequence
from typing import Any

from engine.contracts.sentences import filled

THIN_SPACE = "\u202f"


LARGEST = 1e7  # measured numbers from here on are told with a power of ten; whole numbers, which count, never


def number(value: float, digits: int = 3) -> str:
    """A number as people read it: commas between thousands, `digits` significant digits, a true minus sign."""
    if value != value:
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if isinstance(value, int) or (abs(value) >= 10 ** (digits - 1) and abs(value) < LARGEST):
        text = f"{round(value):,}"
    elif value == 0:
        text = "0"
    elif abs(value) < 1e-3 or abs(value) >= LARGEST:
        text = re.sub(r"\.?0*e\+?(-?)0*", r"e\1", f"{value:.{digits - 1}e}")
    else:
        text = f"{value:.{digits}g}"
    return text.replace("-", "−")


def percent(share: float, digits: int = 1, language: str = "en") -> str:
    """A share as a percentage, "97.8 %" (Chinese "97.8%"); a dash for NaN."""
    return "–" if share != share else f"{100 * share:.{digits}f}{'' if language == 'zh' else THIN_SPACE}%"


@dataclasses.dataclass(frozen=True)
class Number:
    """A measured number among words, with its significant digits."""

    value: float
    digits: int = 3

    def text(self, language: str = "en") -> str:
        """The number as people of a language read it."""
        return number(self.value, self.digits)


@dataclasses.dataclass(frozen=True)
class Percent:
    """A share (0 to 1) among words, with the decimals of its percentage."""

    share: float
    digits: int = 1

    def text(self, language: str = "en") -> str:
        """The share as people of a language read it."""
        return percent(self.share, self.digits, language)


class Words(str):
    """A text that a page translates: `english` with {fields}, and the `values` that fill them; as a str, in English.

    A value is a text as its reader typed it, other Words, a Name, a Number, a Percent, or anything with a str(). Marks
    of Markdown are our own and stand in `english` alone.
    """

    __slots__ = ("english", "values")
    english: str
    values: dict[str, Any]

    def __new__(cls, english: str, /, **values: Any) -> Words:
        """KeyError for a field without a value."""
        plain_values = {name: plain(value) for name, value in values.items()}
        made = super().__new__(cls, filled(english, plain_values) if values else english)
        made.english, made.values = english, values
        return made

    def __reduce__(self) -> tuple:
        return _again, (self.english, self.values)


class Name(str):
    """A name that brings its own translations: `elsewhere` holds it by language, the str itself is the English one.

    For lists of things too long for the table of the pages, such as the classes of a data set.
    """

    __slots__ = ("elsewhere",)
    elsewhere: dict[str, str]

    def __new__(cls, english: str, /, **elsewhere: str) -> Name:
        made = super().__new__(cls, english)
        made.elsewhere = elsewhere
        return made

    def text(self, language: str = "en") -> str:
        """The name as people of a language read it."""
        return self.elsewhere.get(language, str(self))

    def __reduce__(self) -> tuple:
        return _named, (str(self), self.elsewhere)


def plain(value: Any) -> Any:
    """A value of Words in English."""
    return value.text() if isinstance(value, (Number, Percent)) else value


def listed(parts: Sequence[str], separator: str = ", ") -> str:
    """Several Words as one, between them ", " or "; "; no part: no words."""
    made = parts[0] if parts else ""
    for part in parts[1:]:
        words = {"these": made, "next": part}
        made = Words("{these}; {next}", **words) if separator == "; " else Words("{these}, {next}", **words)
    return made


def _again(english: str, values: dict[str, Any]) -> Words:
    return Words(english, **values)


def _named(english: str, elsewhere: dict[str, str]) -> Name:
    return Name(english, **elsewhere)

"""English and Chinese. The English text is the key; assets/language/zh holds the Chinese, a file for each topic and one
for the frame, and each kind of picture has its own beside it. Pages, files and the command line say everything through
here."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

from engine.contracts.sentences import Marked, filled, harmless
from engine.contracts.words import Name, Number, Percent, Words

LANGUAGES = {"en": "EN", "zh": "中文"}
TABLES = Path(__file__).parents[2] / "assets" / "language" / "zh"
PICTURES = Path(__file__).parents[1] / "pictures"


@cache
def chinese() -> dict[str, str]:
    """Of all topics and pictures together: one that says a text as another does may have it in its own file, too."""
    return {
        english: text
        for path in [*sorted(TABLES.glob("*.json")), *sorted(PICTURES.glob("*/zh.json"))]
        for english, text in json.loads(path.read_text("utf-8")).items()
    }


def told(english: str, values: dict[str, Any], language: str) -> Marked:
    """A text in a language, with `{name}` fields filled in, for Markdown and HTML. Texts without a translation stay
    English.

    Values are shown letter by letter, whoever wrote them, and so is a text that is not in our table; only what came out
    of here or of `harmless` keeps its markup. Words bring their own values, other Words among them.
    """
    if isinstance(english, Name):
        return harmless(english.text(language))
    ours = isinstance(english, Words)
    english, values = _opened(english, values, told, language)
    if not ours and english not in chinese():
        return harmless(filled(english, values) if values else english)
    text = _in(language, english)
    return Marked(filled(text, values, harmless) if values else text)


def drawn_in(english: str, values: dict[str, Any], language: str) -> str:
    """The same for what knows no markup: canvases, lists and buttons of our own, alternative texts, files."""
    if isinstance(english, Name):
        return english.text(language)
    english, values = _opened(english, values, drawn_in, language)
    text = _in(language, english)
    return filled(text, values) if values else text


def _opened(
    english: str, values: dict[str, Any], say: Callable[[str, dict[str, Any], str], str], language: str
) -> tuple[str, dict[str, Any]]:
    """(template, values as texts) of what is to be said; `say` is which of the two above says it."""
    if isinstance(english, Words):
        english, values = english.english, english.values | values
    return english, {name: _spoken(value, say, language) for name, value in values.items()}


def _spoken(value: Any, say: Callable[[str, dict[str, Any], str], str], language: str) -> Any:
    if isinstance(value, (Name, Number, Percent)):
        return value.text(language)
    return say(value, {}, language) if isinstance(value, Words) else value


def _in(language: str, english: str) -> str:
    return english if language == "en" else chinese().get(english, english)


def translated(value: Any, language: str) -> Any:
    """The same value with all Words and Names in it, however deep, in a language, for what knows no markup."""
    return value if language == "en" else _translated(value, language, {})


_PLAIN = frozenset({str, int, float, bool, type(None)})
_fields = cache(lambda kind: tuple(field.name for field in dataclasses.fields(kind) if field.init))


def _translated(value: Any, language: str, known: dict[int, Any]) -> Any:
    """known: what has been translated by now, by its id; many tiles share the names of their cells, and a film says the
    same words at every moment."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if isinstance(value, str):
        if id(value) not in known:
            known[id(value)] = drawn_in(value, {}, language) if isinstance(value, (Words, Name)) else value
        return known[id(value)]
    if isinstance(value, (list, tuple)):
        if id(value) not in known:
            parts = [_translated(part, language, known) for part in value]
            same = all(new is old for new, old in zip(parts, value, strict=True))
            known[id(value)] = value if same else kind(parts)
        return known[id(value)]
    if isinstance(value, dict):
        say = partial(_translated, language=language, known=known)
        return {say(name): say(part) for name, part in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        before = {name: getattr(value, name) for name in _fields(kind)}
        after = {name: _translated(part, language, known) for name, part in before.items()}
        changed = {name: part for name, part in after.items() if part is not before[name]}
        return dataclasses.replace(value, **changed) if changed else value
    return value

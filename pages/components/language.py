"""English and Chinese, switched in place. The English text is the key; assets/language/zh holds the Chinese."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable
from functools import cache, partial
from pathlib import Path
from typing import Any

import streamlit as st

from engine.core import words
from engine.core.sentences import Marked, filled, harmless
from engine.core.words import Name, Number, Percent, Words

LANGUAGES = {"en": "EN", "zh": "中文"}
_TABLES = Path(__file__).parents[2] / "assets" / "language" / "zh"


@cache
def _chinese() -> dict[str, str]:
    """Of all topics together: one that says a text as another does may have it in its own file, too."""
    return {
        english: chinese
        for path in sorted(_TABLES.glob("*.json"))
        for english, chinese in json.loads(path.read_text("utf-8")).items()
    }


def language() -> str:
    """The reader's language, "en" or "zh": as switched, else from the link's ?lang=, else the browser's."""
    chosen = st.session_state.get("language")
    return chosen if chosen in LANGUAGES else browser_language()


def browser_language() -> str:
    """The language the browser asks for, "zh" or else "en"."""
    return "zh" if str(st.context.locale or "").lower().startswith("zh") else "en"


def adopt_language() -> None:
    """Take the language of a link once, at the start of a session or when the link changes."""
    asked = st.query_params.get("lang")
    if asked in LANGUAGES and st.session_state.get("language_asked") != asked:
        st.session_state["language_asked"] = asked
        st.session_state["language"] = asked
    st.session_state.setdefault("language", browser_language())


def t(english: str, /, **values: Any) -> Marked:
    """The text in the reader's language, with `{name}` fields filled in, for Markdown and HTML. Texts without a
    translation stay English.

    Values are shown letter by letter, whoever wrote them, and so is a text that is not in our table; only what came out
    of `t` or `harmless` keeps its markup. For canvases and files, which show letters anyway, there is `drawn`. Words
    bring their own values, other Words among them.
    """
    return _told(english, values, language())


def _told(english: str, values: dict[str, Any], tongue: str) -> Marked:
    if isinstance(english, Name):
        return harmless(english.text(tongue))
    ours = isinstance(english, Words)
    english, values = _opened(english, values, _told, tongue)
    if not ours and english not in _chinese():
        return harmless(filled(english, values) if values else english)
    text = _in(tongue, english)
    return Marked(filled(text, values, harmless) if values else text)


def drawn(english: str, /, **values: Any) -> str:
    """The same for what knows no markup: canvases, our own lists and buttons, alternative texts, files."""
    return _drawn(english, values, language())


def drawn_all(texts: Iterable[str]) -> list[str]:
    """`drawn` of each of many texts."""
    tongue = language()
    return [_drawn(text, {}, tongue) for text in texts]


def _drawn(english: str, values: dict[str, Any], tongue: str) -> str:
    if isinstance(english, Name):
        return english.text(tongue)
    english, values = _opened(english, values, _drawn, tongue)
    text = _in(tongue, english)
    return filled(text, values) if values else text


def _opened(
    english: str, values: dict[str, Any], say: Callable[[str, dict[str, Any], str], str], tongue: str
) -> tuple[str, dict[str, Any]]:
    """(template, values as texts) of what is to be said; `say` is which of the two above says it."""
    if isinstance(english, Words):
        english, values = english.english, english.values | values
    return english, {name: _spoken(value, say, tongue) for name, value in values.items()}


def _spoken(value: Any, say: Callable[[str, dict[str, Any], str], str], tongue: str) -> Any:
    if isinstance(value, (Name, Number, Percent)):
        return value.text(tongue)
    return say(value, {}, tongue) if isinstance(value, Words) else value


def _in(tongue: str, english: str) -> str:
    return english if tongue == "en" else _chinese().get(english, english)


def in_every_language(english: str) -> tuple[str, ...]:
    """The text in all languages there are, whatever the reader's, for searching."""
    return english, _chinese().get(english, english)


def number(value: float, digits: int = 3) -> str:
    """See engine.core.words.number."""
    return words.number(value, digits)


def percent(share: float, digits: int = 1) -> str:
    """A share as a percentage as the reader's language writes it."""
    return words.percent(share, digits, language())


def in_language(value: Any) -> Any:
    """The same value with all Words and Names in it, however deep, in the reader's language, for what knows no
    markup."""
    tongue = language()
    return value if tongue == "en" else _in_language_of(value, tongue, {})


_PLAIN = frozenset({str, int, float, bool, type(None)})
_fields = cache(lambda kind: tuple(field.name for field in dataclasses.fields(kind) if field.init))


def _in_language_of(value: Any, tongue: str, known: dict[int, Any]) -> Any:
    """known: what has been translated by now, by its id; many tiles share the names of their cells, and a film says the
    same words at every moment."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if isinstance(value, str):
        if id(value) not in known:
            known[id(value)] = _drawn(value, {}, tongue) if isinstance(value, (Words, Name)) else value
        return known[id(value)]
    if isinstance(value, (list, tuple)):
        if id(value) not in known:
            parts = [_in_language_of(part, tongue, known) for part in value]
            same = all(new is old for new, old in zip(parts, value, strict=True))
            known[id(value)] = value if same else kind(parts)
        return known[id(value)]
    if isinstance(value, dict):
        say = partial(_in_language_of, tongue=tongue, known=known)
        return {say(name): say(part) for name, part in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        before = {name: getattr(value, name) for name in _fields(kind)}
        after = {name: _in_language_of(part, tongue, known) for name, part in before.items()}
        changed = {name: part for name, part in after.items() if part is not before[name]}
        return dataclasses.replace(value, **changed) if changed else value
    return value

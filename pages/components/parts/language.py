"""The reader's language, switched in place, and what is said in it: see engine/contracts/languages.py."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import streamlit as st

from engine.contracts import words
from engine.contracts.languages import LANGUAGES, chinese, drawn_in, told, translated
from engine.contracts.sentences import Marked


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
    """A text for Markdown and HTML, with `{name}` fields filled in."""
    return told(english, values, language())


def drawn(english: str, /, **values: Any) -> str:
    """The same for what knows no markup: canvases, our own lists and buttons, alternative texts, files."""
    return drawn_in(english, values, language())


def drawn_all(texts: Iterable[str]) -> list[str]:
    """`drawn` of each of many texts."""
    tongue = language()
    return [drawn_in(text, {}, tongue) for text in texts]


def gap() -> Marked:
    """What stands between two sentences: a space, in Chinese nothing."""
    return Marked("" if language() == "zh" else " ")


def in_every_language(english: str) -> tuple[str, ...]:
    """The text in all languages there are, whatever the reader's, for searching."""
    return english, chinese().get(english, english)


def number(value: float, digits: int = 3) -> str:
    """See engine.contracts.words.number."""
    return words.number(value, digits)


def percent(share: float, digits: int = 1) -> str:
    """A share as a percentage as the reader's language writes it."""
    return words.percent(share, digits, language())


def in_language(value: Any) -> Any:
    """The same value with all Words and Names in it, however deep, for what knows no markup."""
    return translated(value, language())

"""English and Chinese, switched in place. English text is the key; assets/language/zh.json holds the Chinese."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from engine.core.sentences import Marked, filled, harmless

LANGUAGES = {"en": "EN", "zh": "中文"}
THIN_SPACE = "\u202f"
_TABLE = Path(__file__).parents[2] / "assets" / "language" / "zh.json"


@cache
def _chinese() -> dict[str, str]:
    return json.loads(_TABLE.read_text("utf-8"))


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
    of `t` or `harmless` keeps its markup. For canvases and files, which show letters anyway, there is `drawn`.
    """
    if english not in _chinese():
        return harmless(filled(english, values) if values else english)
    text = _in_language(english)
    return Marked(filled(text, values, harmless) if values else text)


def drawn(english: str, /, **values: Any) -> str:
    """The same for what knows no markup: canvases, our own lists and buttons, alternative texts, files."""
    text = _in_language(english)
    return filled(text, values) if values else text


def _in_language(english: str) -> str:
    return english if language() == "en" else _chinese().get(english, english)


def in_every_language(english: str) -> tuple[str, ...]:
    """The text in all languages there are, whatever the reader's, for searching."""
    return english, _chinese().get(english, english)


def number(value: float, digits: int = 3) -> str:
    """A number as people read it: thin spaces between thousands, `digits` significant digits, a true minus sign."""
    if value != value:
        return "–"
    if isinstance(value, int) or (abs(value) >= 10 ** (digits - 1) and abs(value) < 1e15):
        text = f"{round(value):,}".replace(",", "\u202f")
    elif value == 0:
        text = "0"
    elif abs(value) < 1e-3 or abs(value) >= 1e15:
        text = f"{value:.{digits - 1}e}"
    else:
        text = f"{value:.{digits}g}"
    return text.replace("-", "−")


def percent(share: float, digits: int = 1) -> str:
    """A share as a percentage, "97.8 %" (Chinese "97.8%"); a dash for NaN."""
    return "–" if share != share else f"{100 * share:.{digits}f}{'' if language() == 'zh' else THIN_SPACE}%"

"""Choices of what to see that stay out of the link: a layer, a scale, a method."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from pages.components.language import language


def choose_view(
    slug: str,
    name: str,
    label: str,
    options: Sequence[str],
    names: Callable[[str], str],
    *,
    default: str | None = None,
    as_buttons: bool = False,
    **layout: Any,
) -> str:
    """One of `options`, as a list to open or as a row of buttons; kept for the session under <slug>:view:<name>.

    Streamlit remembers such a choice by the words shown, so a choice made in one language would be lost in the other:
    every language has a widget of its own, filled from what is kept.
    """
    state, kept = st.session_state, f"{slug}:view:{name}"
    key = f"{slug}:{name}:{language()}"
    value, spoken = state.get(kept, (default or options[0], None))
    if spoken != language() or key not in state:
        state[key] = value if value in options else options[0]
    if as_buttons:
        chosen = st.segmented_control(label, options, format_func=names, key=key, required=True, **layout)
    else:
        chosen = st.selectbox(label, options, format_func=names, key=key, **layout)
    state[kept] = (chosen, language())
    return chosen


def show_view(slug: str, name: str, value: str) -> None:
    """Choose for the reader: what `choose_view` of that name shows when it is drawn next."""
    st.session_state[f"{slug}:view:{name}"] = (value, None)

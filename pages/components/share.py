"""The Share button: copies the address, which holds the whole experiment."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import streamlit as st

from pages.components.language import language, t
from pages.components.mount import stub

CSS = """
button { all: unset; box-sizing: border-box; cursor: pointer; font-family: var(--st-font); font-size: 0.875rem;
  color: var(--st-text-color); padding: 0.4rem 0.6rem; border-radius: var(--st-base-radius); white-space: nowrap;
  display: inline-flex; align-items: center; gap: 0.45rem; min-height: 2.25rem; }
button:hover { background: var(--st-secondary-background-color); }
button:focus-visible { outline: 2px solid var(--st-primary-color); }
button span { width: 0.9rem; height: 0.5rem; border: 1.6px solid currentColor; border-radius: 0.4rem; }
"""


@cache
def _component() -> Callable[..., Any]:
    return st.components.v2.component("neurarium_share", css=CSS, js=stub("share"))


def share_button() -> None:
    """A button that copies the address of this experiment. It also tells the browser the language of the page."""
    words = {
        "language": {"en": "en", "zh": "zh-CN"}[language()],
        "label": t("Share"),
        "done": t("Link copied"),
        "failed": t("Copy the address"),
        "hint": t("Copies a link that brings all of this back, the seed included"),
    }
    _component()(data=words, key="share", width="content")

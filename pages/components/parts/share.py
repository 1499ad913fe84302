"""The Share button: copies the address, which holds the whole experiment."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import streamlit as st

from pages.components.parts.language import language, t
from pages.components.pictures.mount import stub

CSS = """
div:has(> .row) { display: flex; align-items: center; }
button.row { all: unset; box-sizing: border-box; cursor: pointer; font-family: var(--st-font); font-size: 0.875rem;
  color: var(--st-text-color); padding: 0.4rem 0.6rem; border-radius: var(--st-base-radius); white-space: nowrap;
  display: inline-flex; align-items: center; gap: 0.45rem; min-height: 2.25rem; vertical-align: middle; }
button.row:hover { background: var(--st-secondary-background-color); }
button:focus-visible { outline: 2px solid var(--st-primary-color); }
a.out { font-family: var(--st-font); font-size: 0.8rem; color: var(--st-text-color); opacity: 0.8; padding: 0.3rem 0;
  display: inline-block; }
a.out:focus-visible { outline: 2px solid var(--st-primary-color); }
button.question { font-weight: 600; min-width: 2.25rem; justify-content: center; }
button.row svg { width: 1.15rem; height: 1.15rem; fill: none; stroke: currentColor; stroke-width: 1.9; }
dialog.keys-list { font-family: var(--st-font); color: var(--st-text-color); background: var(--st-background-color);
  border: 1px solid var(--st-border-color); border-radius: 0.8rem; padding: 1rem 1.3rem 1.2rem; width: min(44rem, 92vw);
  max-height: 82vh; overflow: auto; box-sizing: border-box; box-shadow: 0 12px 40px rgb(0 0 0 / 30%); }
dialog.keys-list::backdrop { background: rgb(0 0 0 / 35%); }
dialog.keys-list .head { display: flex; justify-content: space-between; align-items: center; }
dialog.keys-list .head { flex-wrap: wrap; gap: 0.5rem; }
dialog.keys-list h2 { font-size: 1.15rem; margin: 0 auto 0 0; }
dialog.keys-list .jump { font: inherit; font-size: 0.82rem; padding: 0.3rem 0.7rem; min-height: 1.9rem; border-radius: 1rem; cursor: pointer;
  border: 1px solid var(--st-border-color); background: none; color: inherit; }
dialog.keys-list h3 { font-size: 0.9rem; margin: 1rem 0 0.3rem; }
dialog.keys-list dl { margin: 0; display: grid; gap: 0.25rem; font-size: 0.86rem; }
dialog.keys-list dl div { display: grid; grid-template-columns: 8.5rem 1fr; gap: 0.8rem; align-items: baseline; }
dialog.keys-list dd { margin: 0; }
dialog.keys-list kbd { font: inherit; font-size: 0.8rem; padding: 0.05rem 0.4rem; margin-right: 0.2rem; border-radius: 0.3rem;
  border: 1px solid var(--st-border-color); border-bottom-width: 2px; background: var(--st-secondary-background-color); white-space: nowrap; }
dialog.keys-list .close { font: inherit; font-size: 1.3rem; line-height: 1; width: 2.25rem; height: 2.25rem; border: 0;
  border-radius: var(--st-base-radius); background: none; color: inherit; cursor: pointer; }
@media (max-width: 640px) {
  button.row { padding: 0.4rem; min-width: 44px; min-height: 44px; justify-content: center; }
  button.question { display: none; } /* a list of keys, for who has some */
  button.row .words:not(.said) { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
}
@media (max-width: 640px) { dialog.keys-list dl div { grid-template-columns: 6.5rem 1fr; } }
"""  # noqa: E501 - CSS


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
        "keys": t("Keys"),
        "hint": t("Copies a link that brings all of this back, the seed included"),
    }
    _component()(data=words, key="share", width="content")


def way_out() -> None:
    """In a frame of another page: a small line that opens the whole page, as it is then, in a window of its own."""
    words = {"language": {"en": "en", "zh": "zh-CN"}[language()], "open": t("Open in Neurarium")}
    _component()(data=words, key="way-out")

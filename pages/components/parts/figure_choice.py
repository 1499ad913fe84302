"""Figures that the Compare tab shows, chosen among those of the topic; in the link as view.<name>."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from engine.contracts.knob import KnobError, Rejected
from engine.contracts.topic import Topic, catalogue
from pages.components.parts.controls import VIEW, write_link
from pages.components.parts.errors import report_rejected
from pages.components.pictures.canvas import choice


def choose_view(topic: Topic, name: str, label: str, options: Sequence[str], words: Callable[[str], str]) -> str:
    """One of `options`, as a row of buttons, the first unless the link or the reader says another.

    What a link asks for and is none of the options stands for nothing, and the reader is told.
    """
    slug = topic.slug
    kept, place = st.session_state.setdefault(f"{slug}:views", {}), f"{slug}-{name.replace('_', '-')}"
    chosen = kept.get(name, options[0])
    if chosen not in options:
        if st.session_state.get(f"{slug}:linked_views", {}).get(name) == chosen:
            reason = KnobError(
                "{label}: expected one of {choices}, got {value!r}", label=label, value=chosen[:40],
                choices=", ".join(options),
            )  # fmt: skip
            report_rejected([Rejected(VIEW + name, chosen, reason)])
        del kept[name]
        chosen = options[0]
    choice(
        [words(option) for option in options], place, label=label, chosen=options.index(chosen), as_buttons=True,
        show_label=False, on_pick=partial(_pick, slug, name, place, tuple(options)),
    )  # fmt: skip
    return chosen


def _pick(slug: str, name: str, place: str, options: tuple[str, ...]) -> None:
    """Callback: another one was chosen."""
    kept, index = st.session_state[f"{slug}:views"], (st.session_state.get(place) or {}).get("pick")
    if index is None or index >= len(options):
        return
    kept[name] = options[index]
    if index == 0:
        del kept[name]  # links stay short
    write_link(catalogue()[slug])

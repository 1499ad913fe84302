"""Choices of what to see, which recompute nothing: a layer, a scale, a method. In the link they are view.<name>."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from engine.core.knob import KnobError, Rejected
from engine.core.names import is_known
from engine.core.topic import catalogue
from pages.components.canvas import choice
from pages.components.controls import VIEW, views_of, write_link
from pages.components.errors import report_rejected


def choose_view(
    slug: str,
    name: str,
    label: str,
    options: Sequence[str],
    names: Callable[[str], str],
    *,
    default: str | None = None,
    as_buttons: bool = False,
    show_label: bool = False,
    width: Any = "stretch",
) -> str:
    """One of `options`, as a list to open or as a row of buttons; kept for the session under <slug>:views.

    What a link asks for and is none of the options stands for nothing, and the reader is told. LookupError for a name
    that the topic's card does not have among its views: a link with it would be told of as wrong.
    """
    if not is_known(name, views_of(catalogue()[slug])):
        raise LookupError(f"{name!r} is none of the views of {slug}: {', '.join(views_of(catalogue()[slug]))}")
    kept, place = st.session_state.setdefault(f"{slug}:views", {}), f"{slug}-{name.replace('_', '-')}"
    usual = st.session_state.get(f"{slug}:usual_views", {}).get(name, default)
    usual = usual if usual in options else options[0]
    chosen = kept.get(name, usual)
    if chosen not in options:
        if st.session_state.get(f"{slug}:linked_views", {}).get(name) == chosen:
            reason = KnobError(
                "{label}: expected one of {choices}, got {value!r}", label=label, value=chosen[:40],
                choices=", ".join(options),
            )  # fmt: skip
            report_rejected([Rejected(VIEW + name, chosen, reason)])
        chosen = usual
        del kept[name]

    def pick() -> None:
        index = st.session_state[place].get("pick")
        if index is not None and index < len(options):
            kept[name] = options[index]
            if options[index] == usual:
                del kept[name]  # links stay short
            write_link(catalogue()[slug])

    choice(
        [names(option) for option in options], place, label=label, chosen=options.index(chosen), on_pick=pick,
        as_buttons=as_buttons, show_label=show_label, width=width,
    )  # fmt: skip
    return chosen


def show_view(slug: str, name: str, value: str) -> None:
    """What `choose_view` of that name shows when it is drawn next, and from then on if the reader says nothing else."""
    st.session_state.setdefault(f"{slug}:usual_views", {})[name] = value
    st.session_state.get(f"{slug}:views", {}).pop(name, None)

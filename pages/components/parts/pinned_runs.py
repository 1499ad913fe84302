"""The pinned runs of a visitor: kept for the session, and in the link. Which widgets there are is in pinning.py."""

from __future__ import annotations

import streamlit as st

from engine.contracts.knob import Rejected
from engine.contracts.pins import MOST_PINS, PARAMETER, Pin, in_link, read_pins
from engine.contracts.topic import Topic, catalogue


def pinned() -> tuple[Pin, ...]:
    """The visitor's pinned runs of all topics, the oldest first."""
    return st.session_state.get("pins", ())


def is_pinned(topic: Topic) -> bool:
    """Whether a run of this page is pinned; on the first run of a session, which draws the head of the page before the
    link is taken in, whether the link says so."""
    if "pins" in st.session_state:
        return any(pin.slug == topic.slug for pin in pinned())
    return any(text.partition("~")[0] == topic.slug for text in st.query_params.get_all(PARAMETER))


def keep_pinned(pins: tuple[Pin, ...]) -> None:
    """From now on these are the visitor's pinned runs. ValueError for more than MOST_PINS."""
    if len(pins) > MOST_PINS:
        raise ValueError(f"expected at most {MOST_PINS} pinned runs, got {len(pins)}")
    st.session_state["pins"] = pins
    st.session_state.pop("pins:full", None)


def adopt_pinned(*, again: bool) -> list[Rejected]:
    """Take the pinned runs from the link once a session, or `again` after the browser's back button; what of them could
    not be used comes back."""
    if "pins" in st.session_state and not again:
        return []
    pins, rejected = read_pins(st.query_params.get_all(PARAMETER), catalogue())
    keep_pinned(tuple(pins))
    return rejected


def pinned_in_link() -> dict[str, list[str]]:
    """What a link says of them; nothing where there is none."""
    texts = [pin.text() for pin in in_link(pinned())]
    return {PARAMETER: texts} if texts else {}

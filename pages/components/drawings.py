"""A shape from a reader's hand: a pad to draw it on; it travels in the link as 28 × 28 pixels of four grey levels."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from engine.core.topic import Topic, catalogue
from engine.data.digits import SIDE, decode_drawing, encode_drawing, quantised
from pages.components.canvas import drawing_of, drawing_pad
from pages.components.controls import change
from pages.components.language import t


def choose_drawing(topic: Topic, drawing: str, *, knob: str = "drawing", height: int = 190, **also: Any) -> None:
    """A pad with a drawing on it; every stroke changes the knob, and sets the knobs `also`."""
    slug, state = topic.slug, st.session_state
    if state.get(f"{slug}:drawn") != drawing:  # it came from anywhere but the reader's hand: the pad must show it
        state[f"{slug}:drawn"], state[f"{slug}:revision"] = drawing, state.get(f"{slug}:revision", 0) + 1
    st.caption(t("Draw the shape here, then press Play."))
    drawing_pad(
        decode_drawing(drawing), f"{slug}-pad", revision=str(state[f"{slug}:revision"]), height=height,
        on_drawing=partial(_drawn, slug, knob, also),
        alt=t("Pad to draw a shape on: arrows move the pen, Space draws, Delete clears"),
    )  # fmt: skip


def _drawn(slug: str, knob: str, also: dict[str, Any]) -> None:
    """Callback: a stroke has ended."""
    drawing = drawing_of(f"{slug}-pad", (SIDE, SIDE))
    if drawing is not None:
        text = st.session_state[f"{slug}:drawn"] = encode_drawing(quantised(drawing))
        change(catalogue()[slug], **{knob: text}, **also)

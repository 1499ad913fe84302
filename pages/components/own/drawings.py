"""Something from a reader's hand: a pad to draw it on; it travels in the link as 28 × 28 pixels of four grey levels."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from engine.contracts.topic import Topic, catalogue
from engine.data.digits import SIDE, decode_drawing, encode_drawing, quantised
from pages.components.parts.controls import change
from pages.components.parts.language import t
from pages.components.pictures.canvas import drawing_of, drawing_pad

if TYPE_CHECKING:
    import numpy as np


def choose_drawing(topic: Topic, drawing: str, **also: Any) -> None:
    """A shape on a pad; every stroke changes the knob `drawing`, and sets the knobs `also`."""
    st.caption(t("Draw the shape here, then press Train."))
    alt = t("Pad to draw a shape on: arrows move the pen, Space draws, Delete clears")
    pad(topic, "drawing", drawing, decode_drawing(drawing), alt=alt, height=190, **also)


def pad(
    topic: Topic, knob: str, value: str, pixels: np.ndarray, *, alt: str, height: int, before: str = "", **also: Any
) -> None:
    """A pad that shows pixels (28, 28); what is drawn on it becomes the knob's value, behind `before`. value: the
    knob's now."""
    slug, state = topic.slug, st.session_state
    if state.get(f"{slug}:drawn") != value:  # it came from anywhere but the reader's hand: the pad must show it
        state[f"{slug}:drawn"], state[f"{slug}:revision"] = value, state.get(f"{slug}:revision", 0) + 1
    drawing_pad(
        pixels, f"{slug}-pad", revision=str(state[f"{slug}:revision"]), height=height, alt=alt,
        on_drawing=partial(_drawn, slug, knob, before, also),
    )  # fmt: skip


def _drawn(slug: str, knob: str, before: str, also: dict[str, Any]) -> None:
    """Callback: a stroke has ended."""
    drawing = drawing_of(f"{slug}-pad", (SIDE, SIDE))
    if drawing is not None:
        value = st.session_state[f"{slug}:drawn"] = before + encode_drawing(quantised(drawing))
        change(catalogue()[slug], **{knob: value}, **also)

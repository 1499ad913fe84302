"""What the page shows now, for the Download tab: noted while that tab is open, and only then."""

from __future__ import annotations

import dataclasses
from typing import Any

import streamlit as st

NOTES = "page_pictures"  # in the session: key of the element -> PagePicture; None while nobody asks
CLOCKS = "page_pictures:clocks"  # clock -> index of the frame at which the reader let go
STEP = "page_pictures:step"  # the optimiser step that the pictures speak of which have no moments of their own


@dataclasses.dataclass(frozen=True)
class PagePicture:
    """One picture on the page: its data structure, the words above it, and how it is looked at. step: of the optimiser,
    None where nothing is trained."""

    figure: Any
    title: str
    view: dict[str, Any]
    alt: str = ""
    step: int | None = None


def begin(slug: str) -> None:
    """Called when a page opens: forget the last page's pictures, and note this one's if its Download tab is open."""
    st.session_state[NOTES] = {} if st.session_state.get(f"{slug}:tab") == "download" else None
    st.session_state[CLOCKS] = {}
    st.session_state[STEP] = None


def note_step(step: int) -> None:
    """What is put on the page from now on speaks of this step of a training."""
    st.session_state[STEP] = step


def note(key: str, figure: Any, *, title: str = "", alt: str = "", frame: int | None = None, **view: Any) -> None:
    """A picture was put on the page. frame: index of the moment at which the reader let go of its bar."""
    notes = st.session_state.get(NOTES)
    if notes is None:
        return
    frames = getattr(figure, "frames", None)
    if frames is not None and frame is not None:
        st.session_state[CLOCKS][frames.clock] = frame
    view = {name: value for name, value in view.items() if value is not None}
    notes[key] = PagePicture(figure, title, view, alt or getattr(figure, "alt", ""), st.session_state.get(STEP))


def note_clock(clock: str, frame: int | None) -> None:
    """A bar without a picture of its own was let go at a moment."""
    if frame is not None and st.session_state.get(NOTES) is not None:
        st.session_state[CLOCKS][clock] = frame


def notes() -> dict[str, PagePicture]:
    """Everything noted, in the order in which it was put on the page."""
    return dict(st.session_state.get(NOTES) or {})


def view_of(picture: PagePicture) -> dict[str, Any]:
    """How to draw it: as it is looked at, at the moment that its clock shows."""
    frames = getattr(picture.figure, "frames", None)
    if frames is None:
        return picture.view
    at = st.session_state.get(CLOCKS, {}).get(frames.clock, frames.standing)
    return picture.view | {
        "frame": max((place for place, index in enumerate(frames.indices) if index <= at), default=0)
    }


def step_of(picture: PagePicture, clock: str) -> int | None:
    """The optimiser step that a picture shows; clock: that of the training's film."""
    frames = getattr(picture.figure, "frames", None)
    if frames is None or frames.clock != clock or picture.step is None:
        return picture.step
    return int(frames.steps[view_of(picture)["frame"]])

"""What the page shows now, for the Download tab: noted while that tab is open, and only then."""

from __future__ import annotations

import dataclasses
from typing import Any

import streamlit as st

NOTES = "page_pictures"  # in the session: key of the element -> PagePicture; None while nobody asks
CLOCKS = "page_pictures:clocks"  # clock -> index of the frame at which the reader let go


@dataclasses.dataclass(frozen=True)
class PagePicture:
    """One picture on the page: its data structure, the words above it, and how it is looked at."""

    figure: Any
    title: str
    view: dict[str, Any]
    alt: str = ""


def begin(slug: str) -> None:
    """Called when a page opens: forget the last page's pictures, and note this one's if its Download tab is open."""
    st.session_state[NOTES] = {} if st.session_state.get(f"{slug}:tab") == "download" else None
    st.session_state[CLOCKS] = {}


def note(key: str, figure: Any, *, title: str = "", alt: str = "", frame: int | None = None, **view: Any) -> None:
    """A picture was put on the page. frame: index of the moment at which the reader let go of its bar."""
    notes = st.session_state.get(NOTES)
    if notes is None:
        return
    frames = getattr(figure, "frames", None)
    if frames is not None and frame is not None:
        st.session_state[CLOCKS][frames.clock] = frame
    view = {name: value for name, value in view.items() if value is not None}
    notes[key] = PagePicture(figure, title, view, alt or getattr(figure, "alt", ""))


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

"""What a reader looks at: the View of a page, kept for the session and in the link as view.<name>; computes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import streamlit as st

from engine.core.knob import Knob, Rejected, from_query, knobs
from engine.core.topic import Topic
from pages.components.controls import VIEW, write_link
from pages.components.errors import report_rejected
from pages.components.topics import view_type


def current_view(topic: Topic) -> Any:
    """The View to show now, of what was taken from the link and picked since."""
    return from_query(view_type(topic), st.session_state.setdefault(f"{topic.slug}:views", {}))[0]


def change_view(topic: Topic, **fields: Any) -> None:
    """Look at something else; it stands in the link at once. KnobError for a value that does not fit."""
    kept, known = st.session_state.setdefault(f"{topic.slug}:views", {}), {k.name: k for k in knobs(view_type(topic))}
    for name, value in fields.items():
        knob: Knob = known[name]
        value = knob.accept(value)
        if value == knob.default:
            kept.pop(name, None)  # links stay short
        else:
            kept[name] = knob.to_text(value)
    write_link(topic)


def told_of(topic: Topic, field: str, reason: Any, text: str) -> None:
    """Say that a choice of a link is not there, and forget it."""
    kept = st.session_state[f"{topic.slug}:views"]
    if st.session_state.get(f"{topic.slug}:linked_views", {}).get(field) == kept.pop(field, None):
        report_rejected([Rejected(VIEW + field, text, reason)])


class Reading:
    """A View that notes which of its fields are read: what a part of the page depends on."""

    def __init__(self, view: Any):
        self._view, self._read = view, {}

    def __getattr__(self, name: str) -> Any:
        value = self._read[name] = getattr(self._view, name)
        return value

    @property
    def read(self) -> Mapping[str, Any]:
        """The fields read so far, with their values."""
        return self._read


def begin_parts(topic: Topic) -> None:
    """All parts of the page are drawn now, so none of them is behind."""
    st.session_state[f"{topic.slug}:parts"] = {}


def parts_behind(topic: Topic, part: str, view: Any) -> Iterator[str]:
    """The parts of the page that were drawn with another View, in what they read of it; not those within this part,
    which are drawn with it."""
    for name, (within, read) in st.session_state.get(f"{topic.slug}:parts", {}).items():
        if part not in (name, within) and any(getattr(view, field) != value for field, value in read.items()):
            yield name


def note_part(topic: Topic, part: str, within: str, reading: Reading) -> None:
    """A part was drawn, "" or within another; what it read of the View decides when it has to be drawn again."""
    st.session_state.setdefault(f"{topic.slug}:parts", {})[part] = (within, dict(reading.read))

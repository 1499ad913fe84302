"""What a reader looks at: the View of a page, kept for the session and in the link as view.<name>; computes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from engine.contracts.knob import Knob, Rejected, from_query, knobs
from engine.contracts.topic import Topic
from pages.components.parts.controls import VIEW, write_link
from pages.components.parts.errors import report_rejected
from pages.components.parts.topics import body_of, part_of, view_type
from pages.components.server.streamlit_inside import are_drawn_anyway


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
    """A View, or a Film, that notes which of its fields are read: what a part of the page depends on."""

    def __init__(self, of: Any, read: Mapping[str, Any] | None = None):
        self._of, self._read = of, {} if read is None else read

    def __getattr__(self, name: str) -> Any:
        value = self._read[name] = getattr(self._of, name)
        return value

    @property
    def read(self) -> Mapping[str, Any]:
        """The fields read so far, with their values."""
        return self._read


def begin_parts(topic: Topic) -> None:
    """All parts of the page are drawn now, so none of them is behind."""
    st.session_state[f"{topic.slug}:parts"] = {}


def begin_part(topic: Topic, name: str, within: tuple[str, ...], reading: Reading) -> None:
    """A part is drawn now, those within it anew; what it reads of the View decides when it has to be drawn again."""
    parts = st.session_state.setdefault(f"{topic.slug}:parts", {})
    for inner in [other for other, (_, outer) in parts.items() if name in outer]:
        del parts[inner]
    parts[name] = (reading.read, within)


def read_by(topic: Topic, part: str) -> Mapping[str, Any]:
    """What a part has read of the View, to be added to by what is drawn in it later."""
    return st.session_state.get(f"{topic.slug}:parts", {}).get(part, ({}, ()))[0]


def parts_behind(topic: Topic, view: Any) -> list[str]:
    """The parts that were drawn with another View, in what they read of it; not those within such a part."""
    parts = st.session_state.get(f"{topic.slug}:parts", {})
    behind = {
        name for name, (read, _) in parts.items() if any(getattr(view, field) != value for field, value in read.items())
    }
    return [name for name in parts if name in behind and behind.isdisjoint(parts[name][1])]


def draw_behind(topic: Topic) -> None:
    """Callback, in the end: the run that follows draws those parts of the page that show what has changed, in the order
    of the page, and them alone."""
    names = [part_of(topic, name) for name in parts_behind(topic, current_view(topic))]
    if not names:
        return
    drawn = are_drawn_anyway(names)
    if drawn is None:  # one of them has gone with what it stood in
        st.rerun(body_of(topic))
    if not drawn:  # what was touched is drawn anyway, for less
        st.rerun(names)


def note_following(topic: Topic, part: str, follows: bool) -> None:
    """Whether a part of the page, as it was drawn now, is to follow a film that goes on."""
    st.session_state.setdefault(f"{topic.slug}:following", {})[part] = follows


def is_following(topic: Topic, part: str) -> bool:
    """What was last noted of a part; True if it was never drawn."""
    return st.session_state.get(f"{topic.slug}:following", {}).get(part, True)

"""The panel beside the stage: it shows the lesson or the knobs, one touch apart."""

from __future__ import annotations

import streamlit as st

from engine.contracts.topic import Topic
from pages.components.parts.controls import LESSON, VIEW, says_something
from pages.components.parts.language import t
from pages.components.parts.taught import teaching
from pages.components.pictures.canvas import choice

FACES = {"lesson": "Lesson", "knobs": "Knobs"}
COOKIE = "neurarium_panel"  # in the browser: which of them the reader chose last


def face(topic: Topic) -> str:
    """Which face the panel shows: what the reader chose; on a page that is opened by a link with settings the knobs, by
    one to a step of the lesson the lesson. Call before the link is written."""
    state = st.session_state
    if state.get("face:visit") != state.get("visit"):
        state["face:visit"] = state.get("visit")
        chosen = state.get("face:chosen") or st.context.cookies.get(COOKIE)
        state["face:usual"] = chosen if chosen in FACES else "lesson"  # what an address that says nothing opens
        if VIEW + LESSON in st.query_params or teaching(topic).is_lesson:
            state["face"] = "lesson"
        else:
            state["face"] = "knobs" if says_something(topic) else state["face:usual"]
    if not teaching(topic).shown(topic):
        state["face"] = "lesson"
    return state["face"]


def face_switch(topic: Topic) -> None:
    """The two names at the top of the panel; the lesson's alone where a teacher shows no knob."""
    if not teaching(topic).shown(topic):
        return
    state, place, faces = st.session_state, f"{topic.slug}-face", list(FACES)

    def switch() -> None:
        picked = state[place].get("pick")
        if picked is not None and picked < len(faces):
            state["face"] = state["face:chosen"] = state["face:usual"] = faces[picked]

    choice(
        [t(name) for name in FACES.values()], place, label=t("Beside the picture"), as_buttons=True,
        chosen=faces.index(state["face"]), on_pick=switch, cookies=[f"{COOKIE}={name}" for name in faces],
    )  # fmt: skip

"""For who teaches: a link that begins and ends where they choose, and what puts the page into a course page of theirs.

It makes links and changes nothing on the page; see engine/contracts/teaching.py. What nobody has opened costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from engine.contracts.lesson import lesson_words
from engine.contracts.teaching import NAMES, Teaching, choosable
from engine.contracts.topic import Topic
from pages.components.parts.controls import LESSON, VIEW
from pages.components.parts.language import language, t
from pages.components.parts.taught import teaching
from pages.components.server.settings import settings

ALL, OF_LESSON, CHOSEN, NONE = "all", "lesson", "chosen", "none"
KNOBS = {ALL: "All knobs", OF_LESSON: "Those of the lesson's steps", CHOSEN: "These:", NONE: "No knobs"}
FRAME_HEIGHT = 780  # CSS pixels of a frame in a course page


def teacher_popover(topic: Topic) -> None:
    """The button beside Share and what it opens."""
    place = st.popover(
        t("Teach"), icon=":material/school:", type="tertiary", key="teach-popover", on_change="rerun",
        help=t("A link for a class: which steps, which knobs, whether answers stay hidden"),
    )  # fmt: skip
    if place.open:
        with place:
            st.fragment(_choices)(topic)


def _choices(topic: Topic) -> None:
    st.markdown(f"**{t('A link for a class')}**")
    asked = teaching(topic)
    first, last = _steps(topic, asked)
    show, of_lesson = _knobs(topic, asked)
    hidden = st.toggle(
        t("Answers stay hidden"), asked.hidden, key=f"{topic.slug}:teach:hidden",
        help=t("Neither explanation nor verdict is told, no prediction is marked, and the worksheet has no key."),
    )  # fmt: skip
    if hidden:
        st.caption(t("This hides, it does not lock: whoever changes the address sees everything."))
    link = link_of(topic, Teaching(first, last, show, of_lesson, hidden))
    st.code(link, language=None, wrap_lines=True)
    if hosts := settings().embed_hosts:
        st.markdown(f"**{t('In a course page or slides')}**")
        st.code(frame_of(link, t(topic.title)), language="html", wrap_lines=True)
        st.caption(
            t(
                "For pages of {hosts}. In a frame of another site no file can be sent, and browsers may keep nothing.",
                hosts=", ".join(hosts),
            )
        )


def _steps(topic: Topic, asked: Teaching) -> tuple[str, str]:
    """The names of the first and the last step; "" and "" for the whole lesson."""
    words = lesson_words(topic.slug, language()).steps
    names, titles = [step.name for step in words], {step.name: step.title for step in words}
    numbered = {name: f"{at} · {titles[name]}" for at, name in enumerate(names, 1)}
    chosen = names[asked.chosen(words)]
    first = _one(t("The lesson begins with"), names, numbered, f"{topic.slug}:teach:first", chosen[0])
    rest = names[names.index(first) :]
    last = _one(t("and ends with"), rest, numbered, f"{topic.slug}:teach:last:{first}",
                chosen[-1] if chosen[-1] in rest else rest[-1])  # fmt: skip
    return ("", "") if (first, last) == (names[0], names[-1]) else (first, last)


def _one(label: str, options: Sequence[str], words: Mapping[str, str], key: str, chosen: str) -> str:
    key = f"{key}:{language()}"  # Streamlit keeps a choice by the words it was shown with
    return st.selectbox(label, options, options.index(chosen), key=key, format_func=words.get)


def _knobs(topic: Topic, asked: Teaching) -> tuple[tuple[str, ...] | None, bool]:
    """(names of the knobs shown, None for all; whether it is those of the lesson)."""
    before = OF_LESSON if asked.of_lesson else ALL if asked.show is None else CHOSEN if asked.show else NONE
    way = _one(t("Knobs shown"), list(KNOBS), {name: t(words) for name, words in KNOBS.items()},
               f"{topic.slug}:teach:knobs", before)  # fmt: skip
    if way != CHOSEN:
        return (() if way == NONE else None), way == OF_LESSON
    labels = {knob.name: t(knob.label) for knob in choosable(topic)}
    picked = st.multiselect(
        t("These knobs"), list(labels), list(asked.show or ()), format_func=labels.get,
        key=f"{topic.slug}:teach:shown:{language()}", label_visibility="collapsed", placeholder=t("Choose knobs"),
    )  # fmt: skip
    return tuple(name for name in labels if name in picked), False


def link_of(topic: Topic, asked: Teaching) -> str:
    """The address of the page as it is now, with what a teacher asks; a lesson begins with what it finds out."""
    now: dict[str, Any] = st.session_state.get("link_sent") or st.query_params.to_dict()
    left_out = {*NAMES, VIEW + LESSON} if asked.is_lesson else {*NAMES}
    query = {name: value for name, value in now.items() if name not in left_out} | asked.query()
    address = (st.context.url or "").partition("?")[0]
    return f"{address}?{urlencode(query, doseq=True)}" if query else address


def frame_of(link: str, title: str) -> str:
    """What goes into a course page."""
    source = escape(link + ("&" if "?" in link else "?") + "embed=true")
    return (
        f'<iframe src="{source}" title="{escape(title)}" width="100%" height="{FRAME_HEIGHT}" style="border: 0" '
        'allow="fullscreen; clipboard-write"></iframe>'
    )

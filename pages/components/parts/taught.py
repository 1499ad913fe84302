"""What a teacher's link asks of a page, kept for the session: see engine/contracts/teaching.py."""

from __future__ import annotations

import dataclasses

import streamlit as st

from engine.contracts.knob import Rejected
from engine.contracts.lesson import LessonWords, Step, lesson_steps, lesson_with_terms, lesson_words
from engine.contracts.teaching import Teaching, read_teaching
from engine.contracts.topic import Topic


def teaching(topic: Topic) -> Teaching:
    """What the page's teacher asks for; the usual page where there is none."""
    return st.session_state.get(f"{topic.slug}:teaching") or Teaching()


def adopt_teaching(topic: Topic) -> list[Rejected]:
    """Take it from the link; what of that could not be used comes back."""
    made, rejected = read_teaching(topic, st.query_params.to_dict())
    st.session_state[f"{topic.slug}:teaching"] = made
    return rejected


def taught_steps(topic: Topic) -> tuple[Step, ...]:
    """The steps of the lesson from the teacher's first to their last."""
    steps = lesson_steps(topic)
    return steps[teaching(topic).chosen(steps)]


def taught_words(topic: Topic, language: str, *, marks: bool = False) -> LessonWords:
    """The words of these steps; the end answers the page's own question and comes after the last step alone. marks:
    with those of the terms of the glossary."""
    words, asked = (lesson_with_terms if marks else lesson_words)(topic.slug, language), teaching(topic)
    if not asked.is_lesson:
        return words
    steps = words.steps[asked.chosen(words.steps)]
    end = words.end if steps[-1] is words.steps[-1] and not asked.hidden else ""
    return dataclasses.replace(words, steps=steps, end=end)

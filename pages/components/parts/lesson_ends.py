"""The cards before the first step of a lesson and after its last one, as what step.js shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from engine.contracts.lesson import LessonWords, marked
from engine.contracts.topic import Topic
from pages.components.parts.language import drawn
from pages.components.parts.path import page_after
from pages.components.parts.taught import teaching


def opening_card(topic: Topic, words: LessonWords, told: Mapping[str, Any]) -> dict[str, Any]:
    """What the lesson is about. told: the steps that have been done -> whether they were predicted rightly."""
    return {
        "title": drawn("What this lesson finds out"), "at": -1, "count": len(words.steps),
        "text": marked(words.introduction), "list": _done(topic, words, told),
        "buttons": [["go", 0, drawn("Begin the lesson"), True]],
    }  # fmt: skip


def closing_card(topic: Topic, words: LessonWords, told: Mapping[str, Any]) -> dict[str, Any]:
    """What was found, how it was predicted, and what comes next; whoever teaches says that themselves."""
    right, done = sum(bool(told.get(step.name)) for step in words.steps), sum(step.name in told for step in words.steps)
    score = drawn("Predicted rightly: {right} of {all}.", right=right, all=done)
    if left := len(words.steps) - done:
        score += " " + drawn("Steps left out: {count}.", count=left)
    taught = teaching(topic).is_lesson or st.context.is_embedded
    following = None if taught else page_after(topic)
    return {
        "title": drawn(topic.question), "at": len(words.steps), "count": len(words.steps), "text": marked(words.end),
        "mark": drawn("Your teacher will tell.") if teaching(topic).hidden else score,
        "list": _done(topic, words, told),
        "next": following and {"title": drawn("Next: {title}", title=drawn(following.title)), "path": following.slug},
        "buttons": [["go", len(words.steps) - 1, drawn("Back"), False]],
    }  # fmt: skip


def _done(topic: Topic, words: LessonWords, told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The steps, which of them have been done, and which were predicted rightly where no teacher hides it."""
    return [
        {"title": step.title, "done": step.name in told,
         "right": not teaching(topic).hidden and bool(told.get(step.name))}
        for step in words.steps
    ]  # fmt: skip

"""What a reader draws in answer to a question of a lesson: in the place of the picture, and over it afterwards."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import Any

import streamlit as st

from engine.contracts.blocks import Show
from engine.contracts.topic import Topic, catalogue
from pages.components.parts.controls import LESSON
from pages.components.parts.language import in_language
from pages.components.parts.lesson import drawing_at, open_sketch, take_drawing
from pages.components.parts.topics import body_of
from pages.components.pictures.mount import put
from pages.components.pictures.show import place_of


def is_drawn_on(topic: Topic, name: str) -> bool:
    """Whether a reader now draws in the place of a picture."""
    sketch = open_sketch(topic)
    return sketch is not None and sketch.picture == name


def show_board(topic: Topic, block: Show) -> None:
    """The empty axes of a picture, to draw on."""
    board, key = in_language(open_sketch(topic).board(block.picture)), f"{place_of(topic, block.name)}-sketch"
    with st.container(key=place_of(topic, block.name)):  # the lesson scrolls to it
        put(board, key, height=block.height, group=key, noted=False, hear=partial(_drawn, topic.slug, key),
            revision=st.session_state[f"{topic.slug}:views"][LESSON])  # fmt: skip


def with_expected(topic: Topic, block: Show) -> Show:
    """A picture with what the reader drew in it, where they did."""
    sketch, drawn = drawing_at(topic)
    if drawn is None or sketch.picture != block.name:
        return block
    return dataclasses.replace(block, picture=sketch.over(block.picture, drawn))


def _drawn(slug: str, key: str) -> None:
    """Callback of the board."""
    topic = catalogue()[slug]
    drawn: Any = (st.session_state.get(key) or {}).get("drawn")
    if drawn is not None and open_sketch(topic) is not None:
        take_drawing(topic, [float(one) for one in drawn])
        st.rerun(body_of(topic))

"""The experiment as a file: a Python script or a Jupyter notebook, made when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import streamlit as st

from engine.contracts.topic import Topic
from pages.components.parts.language import language
from pages.components.parts.taught import taught_words, teaching


def script_files(
    topic: Topic, config: Callable[[], Any], formulas: Callable[[], str]
) -> tuple[Callable[[], bytes], Callable[[], bytes]]:
    """What makes this experiment one Python file, and what makes it a notebook with the lesson in it.

    config: gives the Config at the moment when a file is asked for; formulas: those with its numbers, as Markdown.
    """
    address, tongue = _address(topic.slug), language()

    def script() -> bytes:
        from engine.script import script_for

        return script_for(topic, config(), address).encode()

    def notebook() -> bytes:
        from engine.script import notebook_for

        lesson = taught_words(topic, tongue)
        if teaching(topic).hidden:  # a notebook has the answers beside the questions
            lesson = replace(lesson, steps=(), end="")
        return notebook_for(topic, config(), lesson, address, formulas()).encode()

    return script, notebook


def _address(slug: str) -> str:
    """Where this app stands, without the page."""
    return (st.context.url or "").partition("?")[0].rstrip("/").removesuffix(f"/{slug}")

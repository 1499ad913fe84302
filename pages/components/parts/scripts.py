"""The experiment as a file: a Python script or a Jupyter notebook, made when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from engine.contracts.lesson import lesson_words
from engine.contracts.topic import Topic
from pages.components.parts.language import language


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

        return notebook_for(topic, config(), lesson_words(topic.slug, tongue), address, formulas()).encode()

    return script, notebook


def _address(slug: str) -> str:
    """Where this app stands, without the page."""
    return (st.context.url or "").partition("?")[0].rstrip("/").removesuffix(f"/{slug}")

"""The experiment as a file: a Python script or a Jupyter notebook, made when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from engine.core.topic import Topic
from pages.components.language import language, t
from pages.components.lesson import FOLDER

MIME = {"py": "text/x-python", "ipynb": "application/x-ipynb+json"}


def script_buttons(topic: Topic, config: Any) -> None:
    """Two buttons that download this experiment: as one Python file, and as a notebook with the lesson in it.

    The files are made on the click, so an open tab costs nothing.
    """
    address, lesson = _address(topic.slug), FOLDER / language() / f"{topic.slug}.md"

    def script() -> str:
        from engine.script import script_for

        return script_for(topic, config, address)

    def notebook() -> str:
        from engine.script import notebook_for

        return notebook_for(topic, config, lesson.read_text("utf-8"), address)

    with st.container(horizontal=True, key=f"{topic.slug}-scripts"):
        _button(t("Python script"), script, topic.slug, "py", ":material/code:")
        _button(t("Jupyter notebook"), notebook, topic.slug, "ipynb", ":material/book_2:")
    st.caption(
        t(
            "The whole experiment in one file: model, data, run, numbers and figures, with this configuration and "
            "seed. It needs PyTorch, NumPy and Plotly, and says at its top which files of trained weights it reads."
        )
    )


def _button(label: str, make: Callable[[], str], slug: str, suffix: str, icon: str) -> None:
    st.download_button(
        label, make, f"{slug}.{suffix}", MIME[suffix], key=f"{slug}:script:{suffix}", icon=icon, on_click="ignore"
    )


def _address(slug: str) -> str:
    """Where this app stands, without the page."""
    return (st.context.url or "").partition("?")[0].rstrip("/").removesuffix(f"/{slug}")

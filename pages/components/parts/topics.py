"""The topics that have a page; the navigation, the home page and the tests go by this list."""

import importlib
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import streamlit as st

from engine.contracts.topic import Topic, catalogue, load
from pages.components.parts.language import t

SHOW = "pages.components.parts.page:show_topic"  # by its name, for pages have links to pages
PAGES = Path(__file__).parents[2]
LEAVE = "leave_to"  # in the session: the topic whose page a callback asked for


@cache
def topics_with_pages() -> tuple[Topic, ...]:
    """All topics of the catalogue whose page exists, in teaching order."""
    return tuple(topic for topic in catalogue().values() if (PAGES / f"{topic.slug}.py").exists())


@cache
def page_module(slug: str) -> ModuleType:
    """The module pages/<slug>.py."""
    return importlib.import_module(f"pages.{slug}")


def view_type(topic: Topic) -> Any:
    """The class that says what a reader of the page can look at."""
    return page_module(topic.slug).View


def body_of(topic: Topic) -> str:
    """The name of the part of a page that follows its Config: all but the title row and the tabs."""
    return f"{topic.slug}-body"


def part_of(topic: Topic, name: str) -> str:
    """The name of a part of a page that can be drawn by itself: "stage", "panel", "below", or a column of theirs."""
    return f"{topic.slug}-part-{name}"


def go_to(topic: Topic) -> None:
    """Callback: the whole app runs anew, on the page of a topic."""
    st.session_state[LEAVE] = topic
    st.rerun()


def page_to_go_to() -> Any | None:
    """The page that a callback asked for; None if none did."""
    topic = st.session_state.pop(LEAVE, None)
    return None if topic is None else page_of(topic)


def page_of(topic: Topic) -> Any:
    """The page of a topic, for the navigation and for links: whoever makes it, the same address is the same page."""

    def show() -> None:
        load(SHOW)(topic)

    return st.Page(show, title=t(topic.title), icon=topic.icon, url_path=topic.slug)

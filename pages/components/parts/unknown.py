"""An address that no page has: the home page says so in the reader's language, in the place of Streamlit's own English
dialog."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import streamlit as st

from engine.contracts.names import nearest
from engine.contracts.topic import catalogue
from pages.components.parts.language import t
from pages.components.parts.topics import page_of, topics_with_pages
from pages.components.server.streamlit_inside import ask_for_home, page_asked_for

_KEPT = "unknown_page"


def go_home_if_unknown(pages: Iterable[Any]) -> None:
    """Before the navigation: where the address asks for none of these pages, ask for the home page and note it."""
    asked = page_asked_for()
    if asked and asked not in {page.url_path for page in pages}:
        ask_for_home()
        st.session_state[_KEPT] = asked


def forget_unknown() -> None:
    """The reader has gone on to a page that there is."""
    st.session_state.pop(_KEPT, None)


def say_unknown() -> None:
    """On the home page: that there is no such page, and a link to the one that was perhaps meant."""
    asked = st.session_state.get(_KEPT)
    if asked is None:
        return
    st.warning(t("There is no page {name!r} here. This is the home page.", name=asked), icon=":material/link_off:")
    near = nearest(asked, (topic.slug for topic in topics_with_pages()))
    if near:
        topic = catalogue()[near]
        st.page_link(page_of(topic), label=t("Perhaps you meant: {title}", title=t(topic.title)), icon=topic.icon)

"""The network at the top of the home page: a short training of a real one, played in the browser and open to touch.

It is computed once for all visitors (compute.shared), and all of it is sent at once: playing it, moving through it and
reading it off the pictures asks the server for nothing. The pictures and the bar are those of the pages.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import streamlit as st

from engine.contracts.film import Film
from engine.contracts.knob import to_query
from engine.contracts.topic import Topic, catalogue
from engine.machinery.device import available_devices
from pages.components.parts.language import drawn, in_language, t
from pages.components.parts.topics import page_module, page_of
from pages.components.parts.walker import status_line as line_of
from pages.components.pictures.canvas import choice, status_line, transport
from pages.components.pictures.mount import put
from pages.components.server.compute import compute, found, shared
from pages.components.server.web import warm

CHOSEN = "home:front"  # in the session: which of the trainings
LOOK_SECONDS = 0.4  # between two looks whether the server has loaded what trains

logger = logging.getLogger("neurarium.pages")


def front_of(topics: Iterable[Topic]) -> Topic | None:
    """The topic that is at work on the home page; None where none offers itself."""
    return next((topic for topic in topics if topic.front), None)


def prepare_front() -> None:
    """Train all of it before somebody asks: at the start of the server."""
    topic = front_of(catalogue().values())
    for config in topic.front.configs.values() if topic else ():
        try:
            shared(topic, config, topic.front.moments, available_devices()[0])
        except Exception:
            logger.exception("the network of the home page: %r", config)


def show_front(topic: Topic, words: str) -> None:
    """The network, its training, and the way to its page; `words` above. A server that has just started has nothing
    that trains yet: then the place alone, until it has."""
    waits = not _is_there(topic)
    st.fragment(_front, run_every=LOOK_SECONDS if waits else None, key="front-part")(topic, words, waits)


def _chosen(topic: Topic) -> tuple[int, Any]:
    at = st.session_state.get(CHOSEN, 0)
    return at, list(topic.front.configs.values())[at]


def _is_there(topic: Topic) -> bool:
    return warm.is_set() or found(topic, _chosen(topic)[1], topic.front.moments) is not None


def _front(topic: Topic, words: str, waited: bool) -> None:
    if waited and _is_there(topic):
        st.rerun()  # its timer ends with the whole page
    with st.container(key="front"):
        with st.container(key="front-words"):
            st.html(f'<p class="question">{words}</p>')
            if waited:
                return
            at, config = _chosen(topic)
            choice(
                [drawn(name) for name in topic.front.configs], "front-data", label=drawn("Data"), chosen=at,
                on_pick=_pick, as_buttons=True,
            )  # fmt: skip
            moments = compute(topic, config, topic.front.moments)
            if moments is None:
                return
            page, film = page_module(topic.slug), _film(topic, at, moments)
            status_line("front-status", film.frames, [line_of(page.status(config, moment)) for moment in moments])
            transport("front-bar", film.frames, report=False)
            st.page_link(
                page_of(topic), label=t("Open it in “{title}”", title=t(topic.title)),
                icon=":material/arrow_forward:", query_params=to_query(config),
            )  # fmt: skip
        for block in page.front(config, film):
            put(in_language(block.picture), f"front-{block.name}", height=block.height, click=False, noted=False)


def _film(topic: Topic, at: int, moments: tuple[Any, ...]) -> Film:
    """All of a training, which plays once."""
    name = f"front {topic.slug} {at}"
    return Film(moments, range(len(moments)), moments[-1], moments[-1], name, "front", start="play")


def _pick() -> None:
    """Callback: another training was chosen."""
    picked = st.session_state["front-data"].get("pick")
    if picked is not None:
        st.session_state[CHOSEN] = picked

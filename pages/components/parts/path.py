"""The reader's own path through the pages: put together on the home page, kept in their browser as a cookie, and shared
as a link, /?path=first.second.third. What a link brings is shown at once, and asks nothing; a path of the reader's own
stays in the browser until they change the one that is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from engine.contracts.knob import KnobError, Rejected
from engine.contracts.topic import Topic
from pages.components.parts.errors import REMARK
from pages.components.parts.language import drawn
from pages.components.parts.topics import topics_with_pages
from pages.components.pictures.canvas import path_list

COOKIE = "neurarium_path"  # "mlp.cnn.attention"
PARAMETER = "path"
SHOWN, OWN, BEFORE, LINKED = "path:shown", "path:own", "path:before", "path:linked"  # in the session
MOST_CHARACTERS = 2000
MOST_NAMED = 3  # of what a link names and is not here, in the sentence about it


def read_path(text: str) -> tuple[list[str], list[str]]:
    """(slugs of pages that there are, each once; what else stands there) of a cookie or a link."""
    known, path, wrong = {topic.slug for topic in topics_with_pages()}, [], []
    for name in text[:MOST_CHARACTERS].split(".") if text else ():
        (path if name in known and name not in path else wrong).append(name)
    return path, wrong


def path_text(path: Sequence[str]) -> str:
    """As it stands in cookie and link."""
    return ".".join(path)


def page_after(topic: Topic) -> Topic | None:
    """The page that comes after a topic's: on the reader's path if it is on that, else in the order of the course.
    None after the last."""
    there = {one.slug: one for one in topics_with_pages()}
    kept = read_path(st.context.cookies.get(COOKIE, ""))[0]
    path = st.session_state.get(SHOWN, kept)
    order = path if topic.slug in path else list(there)
    following = order[order.index(topic.slug) + 1 :] if topic.slug in order else []
    return there[following[0]] if following else None


def adopt_path() -> list[Rejected]:
    """Take the path of the browser once, and of a link whenever it brings another. Returns what of it is nonsense."""
    state, asked = st.session_state, st.query_params.get(PARAMETER)
    if OWN not in state:
        state[OWN] = state[SHOWN] = read_path(st.context.cookies.get(COOKIE, ""))[0]
    if asked is None or asked == state.get(LINKED):
        return []
    state[LINKED] = asked
    path, wrong = read_path(asked)
    if path:
        state[SHOWN] = path
        state[OWN] = state[OWN] or path
    if not wrong:
        return []
    names = ", ".join(repr(name[:20]) for name in wrong[:MOST_NAMED]) + ", …" * (len(wrong) > MOST_NAMED)
    example = path_text([topic.slug for topic in topics_with_pages()][:2])
    return [Rejected(REMARK, asked[:80], KnobError(
        "Not all of the path of this link could be used ({names}): it names pages that are here, each once, such as "
        "{example}.", names=names, example=example,
    ))]  # fmt: skip


def on_path(slug: str) -> bool:
    """Whether a page is on the path that is shown."""
    return slug in st.session_state[SHOWN]


def show_path(topics: Sequence[Topic], done: Sequence[str]) -> None:
    """The path as a row of links, to be changed and shared. done: slugs of pages whose lesson was seen to its end."""
    st.fragment(_path, key="path-part")(tuple(topic.slug for topic in topics), tuple(done))


def _path(course: tuple[str, ...], done: tuple[str, ...]) -> None:
    state = st.session_state
    path, own, text = state[SHOWN], state[OWN], path_text(state[SHOWN])
    if text != st.query_params.get(PARAMETER, ""):  # the address is what Share copies
        if text:
            st.query_params[PARAMETER] = text
        else:
            del st.query_params[PARAMETER]
    state[LINKED] = text or None
    back = own if path != own else state.get(BEFORE, [])
    path_list(_data(course, path, done, back, kept=path == own), "path", on_order=_changed, known=frozenset(course))


def _data(
    course: Sequence[str], path: Sequence[str], done: Sequence[str], back: Sequence[str], *, kept: bool
) -> dict[str, Any]:
    titles = {topic.slug: drawn(topic.title) for topic in topics_with_pages()}
    words = {name: drawn(text) for name, text in WORDS.items()}
    return {"titles": titles, "course": list(course), "order": list(path), "done": list(done), "back": list(back),
            "cookie": COOKIE, "kept": kept, "words": words}  # fmt: skip


def _changed() -> None:
    """Callback: the reader has put the path together anew; what they had before can be brought back."""
    state, order = st.session_state, st.session_state["path"].get("order")
    if order is None:
        return
    state[BEFORE] = state[OWN] if state[SHOWN] != state[OWN] else state.get(BEFORE, [])
    if order == state[BEFORE]:
        state[BEFORE] = []
    state[OWN] = state[SHOWN] = list(order)


WORDS = {
    "path": "Your path",
    "empty": "Press ☆ on a page to put it here, or take the whole course.",
    "course": "In the order of the course",
    "change": "Change",
    "done": "Done",
    "copy": "Copy the link",
    "copied": "Link copied",
    "failed": "The link is in the address",
    "back": "Back to my own path",
    "next": "Next: {page}",
    "earlier": "{page}: earlier",
    "later": "{page}: later",
    "remove": "{page}: take off the path",
    "put": "{page}: on your path, place {place}",
    "removed": "{page}: no longer on your path",
}

"""The home page, made from the topics' cards."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import streamlit as st

from engine.core.knob import to_query
from engine.core.topic import GROUPS, Topic
from pages.components.errors import report_rejected
from pages.components.language import in_every_language, t
from pages.components.link import remarks_on_link
from pages.components.page import title_row
from pages.components.topics import page_of, topics_with_pages
from pages.components.unknown import say_unknown

COVERS = Path(__file__).parents[2] / "assets" / "pictures" / "cards"
MOST_SOUGHT, MOST_KEPT = 80, 2000  # characters searched for, and left in the box


def show_home() -> None:
    """Title, search, learning path, cards by group."""
    st.session_state["page"] = "home"
    topics = topics_with_pages()
    title_row("Neurarium")
    say_unknown()
    report_rejected(remarks_on_link(()))
    st.html(
        f'<p class="question">{t("A planetarium for neural networks: touch a real network and see what it does.")}</p>'
    )
    typed = st.text_input(
        t("Search"), key="home:search", placeholder=t("Search topics, methods, words …"), icon=":material/search:",
        label_visibility="collapsed", persist_state="session", on_change=_shorten,
    )  # fmt: skip
    wanted = typed if len(typed) <= MOST_SOUGHT else typed[:MOST_SOUGHT] + "…"
    found = [topic for topic in topics if matches(topic, typed[:MOST_SOUGHT])]
    if not found:
        st.info(t("Nothing is called “{text}” here. Try a shorter word.", text=wanted))
    if len(typed) > MOST_SOUGHT:
        st.caption(t("Only the first {most} characters are searched for.", most=MOST_SOUGHT))
    if not wanted:
        learning_path(topics)
    for group in GROUPS:
        in_group = [topic for topic in found if topic.group == group]
        if in_group:
            st.markdown(f"## {t(group)}")
            for start in range(0, len(in_group), 3):
                for column, topic in zip(st.columns(3, gap="medium"), in_group[start : start + 3], strict=False):
                    with column:
                        card(topic)


def _shorten() -> None:
    """Callback: nobody searches for a book; what is left of it says that it was cut."""
    text = st.session_state["home:search"]
    if len(text) > MOST_KEPT:
        st.session_state["home:search"] = text[: MOST_KEPT - 1] + "…"


def matches(topic: Topic, text: str) -> bool:
    """Whether every word of `text` occurs in the topic's card, in either language."""
    english = [topic.title, topic.question, topic.group, topic.slug, *topic.keywords, *topic.presets]
    haystack = " ".join(text for words in english for text in in_every_language(words)).lower()
    return all(word in haystack for word in text.lower().split())


def card(topic: Topic) -> None:
    """A picture the topic's own model made, title, question, and links that open a preset."""
    with st.container(border=True, key=f"card-{topic.slug}"):
        st.image(COVERS / f"{topic.slug}.jpg", width="stretch", alt="")
        st.page_link(page_of(topic), label=f"**{t(topic.title)}**", icon=topic.icon)
        st.html(f"<p>{t(topic.question)}</p>")
        with st.container(horizontal=True, gap="xsmall", key=f"card-{topic.slug}-links"):
            for name, preset in list(topic.presets.items())[:4]:
                st.page_link(page_of(topic), label=t(name), query_params=to_query(preset) or None)


def learning_path(topics: Iterable[Topic]) -> None:
    """The topics in teaching order, one after the other."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="learning-path"):
        st.markdown(f"**{t('Learning path')}**", width="content")
        for number, topic in enumerate(topics, 1):
            st.page_link(page_of(topic), label=f"{number} · {t(topic.title)}")

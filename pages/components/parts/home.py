"""The home page, made from the topics' cards."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

import streamlit as st

from engine.contracts.knob import said_in_full
from engine.contracts.lesson import lesson_words
from engine.contracts.topic import Topic
from pages.components.parts.controls import LESSON, VIEW
from pages.components.parts.covers import cover_html
from pages.components.parts.errors import report_rejected
from pages.components.parts.front import front_of, show_front
from pages.components.parts.glossary import show_terms, terms_sought
from pages.components.parts.language import LANGUAGES, drawn, in_every_language, language, t
from pages.components.parts.lesson_progress import told_in
from pages.components.parts.link import remarks_on_link
from pages.components.parts.page import title_row
from pages.components.parts.path import PARAMETER, adopt_path, on_path, show_path
from pages.components.parts.topics import page_of, topics_with_pages
from pages.components.parts.unknown import say_unknown

MOST_SOUGHT, MOST_KEPT = 80, 2000  # characters searched for, and left in the box
MOST_PLACES = 12  # lesson steps and presets that a search shows
SEARCH_WIDTH = 300  # CSS pixels
MOST_WHOLE = 12  # of what a search finds: large cards with presets, too


def show_home() -> None:
    """Title, a network at work, search and the reader's path, and the topics by group: all of them as tiles, what a
    search finds as cards."""
    st.session_state["page"] = "home"
    topics = topics_with_pages()
    title_row("Neurarium")
    say_unknown()
    report_rejected([*remarks_on_link((PARAMETER,)), *adopt_path()])
    words = t("A planetarium for neural networks: touch a real network and see what it does.")
    if (front := front_of(topics)) is not None:
        show_front(front, words)
    else:
        st.html(f'<p class="question">{words}</p>')
    done = [topic.slug for topic in topics if all(progress(topic))]
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="home-row"):
        typed = st.text_input(
            t("Search"), key="home:search", placeholder=t("Search topics, methods, words …"), icon=":material/search:",
            label_visibility="collapsed", persist_state="session", on_change=_shorten, width=SEARCH_WIDTH,
        )  # fmt: skip
        show_path(topics, done)
    wanted = typed if len(typed) <= MOST_SOUGHT else typed[:MOST_SOUGHT] + "…"
    hits = [topic for topic in topics if matches(topic, typed[:MOST_SOUGHT])]
    inside, named = places_inside(topics, typed[:MOST_SOUGHT]), terms_sought(typed[:MOST_SOUGHT])
    if not hits and not inside and not named:
        st.info(t("Nothing is called “{text}” here. Try a shorter word.", text=wanted))
    if len(typed) > MOST_SOUGHT:
        st.caption(t("Only the first {most} characters are searched for.", most=MOST_SOUGHT))
    if inside or named:
        with st.container(horizontal=True, gap="xsmall", key="home-inside-links"):
            show_terms(named)
            for topic, title, query in inside:
                st.page_link(page_of(topic), label=f"{title} · {t(topic.title)}", query_params=query or None)
    places, whole = {topic.slug: place for place, topic in enumerate(topics, 1)}, wanted and len(hits) <= MOST_WHOLE
    with st.container(key="cards" if whole else "tiles"):
        group = None
        for topic in hits:  # the first of a group has its name: all groups share one grid, which has no gaps then
            card(topic, places[topic.slug], heading=topic.group != group, whole=bool(whole))
            group = topic.group


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


def card(topic: Topic, place: int, *, heading: bool, whole: bool) -> None:
    """Title with its place in the course, a picture that the topic's own model made, question, how far the reader is
    in its lesson, and the star that puts it on their path; of a whole card links that open a preset, too."""
    with st.container(key=f"{'card' if whole else 'tile'}-{topic.slug}"):
        if heading:
            st.html(f"<h2>{t(topic.group)}</h2>")  # Streamlit's own heading is a stop for the keyboard more
        done = " ✓" if all(progress(topic)) else ""
        st.page_link(page_of(topic), label=f"{place} · {t(topic.title)}{done}")
        cover = cover_html(topic, small=not whole)
        st.html(f"{cover}{_star(topic)}<p>{t(topic.question)}</p>{_progress_line(topic)}")
        if whole:
            with st.container(horizontal=True, gap="xsmall", key=f"card-{topic.slug}-links"):
                for name, preset in list(topic.presets.items())[:4]:
                    st.page_link(page_of(topic), label=t(name), query_params=said_in_full(preset))


def _star(topic: Topic) -> str:
    """The button that puts a page on the reader's path and takes it off again, as HTML; path.js hears it."""
    name, pressed = escape(drawn("{page}: on my path", page=drawn(topic.title))), str(on_path(topic.slug)).lower()
    return (
        f'<button type="button" class="star" data-slug="{topic.slug}" aria-label="{name}" title="{name}" '
        f'aria-pressed="{pressed}"></button>'
    )


def _progress_line(topic: Topic) -> str:
    """How far the reader has come in the lesson, as HTML; nothing before the first step."""
    steps = progress(topic)
    if not any(steps):
        return ""
    words = t("Lesson: {k} of {n} steps", k=sum(steps), n=len(steps))
    return f'<p class="progress">{"✓ " if all(steps) else ""}{words}</p>'


def progress(topic: Topic) -> list[bool]:
    """Which steps of a topic's lesson the reader has seen to their end. From the words: a lesson's module is heavy."""
    told = told_in(topic.slug)
    return [step.name in told for step in lesson_words(topic.slug, "en").steps]


def places_inside(topics: Iterable[Topic], text: str) -> list[tuple[Topic, str, dict[str, Any]]]:
    """Steps of lessons and presets that a search finds: (topic, title, what the link says). All words of `text` occur
    in the title, in either language."""
    words, places = text.lower().split(), []
    for topic in topics if words else ():
        spoken = zip(*(lesson_words(topic.slug, tongue).steps for tongue in LANGUAGES), strict=True)
        for at, steps in enumerate(spoken):
            if all(word in " ".join(step.title for step in steps).lower() for word in words):
                step = lesson_words(topic.slug, language()).steps[at]
                places.append((topic, step.title, {f"{VIEW}{LESSON}": step.name}))
        for name, preset in topic.presets.items():
            if all(word in " ".join(in_every_language(name)).lower() for word in words):
                places.append((topic, t(name), said_in_full(preset)))
    return places[:MOST_PLACES]

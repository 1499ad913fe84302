"""The home page, made from the topics' cards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import streamlit as st

from engine.contracts.knob import to_query
from engine.contracts.lesson import lesson_words
from engine.contracts.topic import GROUPS, Topic
from pages.components.parts.controls import LESSON, VIEW
from pages.components.parts.covers import show_cover
from pages.components.parts.errors import report_rejected
from pages.components.parts.glossary import show_terms, terms_sought
from pages.components.parts.language import LANGUAGES, drawn, in_every_language, language, t
from pages.components.parts.lesson_progress import told_in
from pages.components.parts.link import remarks_on_link
from pages.components.parts.page import title_row
from pages.components.parts.topics import page_of, topics_with_pages
from pages.components.parts.unknown import say_unknown
from pages.components.pictures.canvas import chips

MOST_SOUGHT, MOST_KEPT = 80, 2000  # characters searched for, and left in the box
MOST_PLACES = 12  # lesson steps and presets that a search shows
MOST_CARDS = 12  # shown whole; of more topics at once the picture and the title


def show_home() -> None:
    """Title, search, learning path, the topics by group: cards, or where these would be many, small pictures."""
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
    hits = [topic for topic in topics if matches(topic, typed[:MOST_SOUGHT])]
    inside, named = places_inside(topics, typed[:MOST_SOUGHT]), terms_sought(typed[:MOST_SOUGHT])
    if not hits and not inside and not named:
        st.info(t("Nothing is called “{text}” here. Try a shorter word.", text=wanted))
    if len(typed) > MOST_SOUGHT:
        st.caption(t("Only the first {most} characters are searched for.", most=MOST_SOUGHT))
    if not wanted and len(topics) > MOST_CARDS:
        chosen = group_choice(topics)
        hits = [topic for topic in hits if chosen in (None, topic.group)]
    elif not wanted:
        learning_path(topics)
    if inside or named:
        with st.container(horizontal=True, gap="xsmall", key="home-inside-links"):
            show_terms(named)
            for topic, title, query in inside:
                st.page_link(page_of(topic), label=f"{title} · {t(topic.title)}", query_params=query or None)
    whole, places = len(hits) <= MOST_CARDS, {topic.slug: place for place, topic in enumerate(topics, 1)}
    for group in GROUPS:
        in_group = [topic for topic in hits if topic.group == group]
        if in_group:
            st.html(f"<h2>{t(group)}</h2>")  # Streamlit's own heading is a stop for the keyboard more
            with st.container(key=f"{'cards' if whole else 'tiles'}-{GROUPS.index(group)}"):
                for topic in in_group:
                    card(topic) if whole else tile(topic, places[topic.slug])


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
        show_cover(topic)
        st.page_link(page_of(topic), label=f"**{t(topic.title)}**", icon=topic.icon)
        st.html(f"<p>{t(topic.question)}</p>{_progress_line(topic)}")
        with st.container(horizontal=True, gap="xsmall", key=f"card-{topic.slug}-links"):
            for name, preset in list(topic.presets.items())[:4]:
                st.page_link(page_of(topic), label=t(name), query_params=to_query(preset) or None)


def _progress_line(topic: Topic) -> str:
    """How far the reader has come in the lesson, as HTML; nothing before the first step."""
    steps = progress(topic)
    if not any(steps):
        return ""
    words = t("Lesson: {k} of {n} steps", k=sum(steps), n=len(steps))
    return f'<p class="progress">{"✓ " if all(steps) else ""}{words}</p>'


def tile(topic: Topic, place: int) -> None:
    """The picture, and the title with the topic's place on the learning path."""
    with st.container(key=f"tile-{topic.slug}", gap="xxsmall"):
        show_cover(topic, small=True)
        st.page_link(page_of(topic), label=f"{place} · {t(topic.title)}")


def learning_path(topics: Iterable[Topic]) -> None:
    """The topics in teaching order, one after the other."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="learning-path"):
        st.markdown(f"**{t('Learning path')}**", width="content")
        for number, topic in enumerate(topics, 1):
            done = " ✓" if all(progress(topic)) else ""
            st.page_link(page_of(topic), label=f"{number} · {t(topic.title)}{done}")


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
                places.append((topic, t(name), to_query(preset)))
    return places[:MOST_PLACES]


def group_choice(topics: Sequence[Topic]) -> str | None:
    """The learning path of many topics: its groups, with the places of their topics. Returns the one chosen; None: all.

    What was chosen stays while other pages are visited.
    """
    groups: list[str | None] = [None, *(group for group in GROUPS if any(topic.group == group for topic in topics))]

    def pick() -> None:
        picked = st.session_state["home-groups"].get("pick")
        if isinstance(picked, int):
            st.session_state["home:group"] = groups[picked]

    chosen = st.session_state.get("home:group")
    names = []
    for group in groups:
        places = [place for place, topic in enumerate(topics, 1) if group in (None, topic.group)]
        first, last = places[0], places[-1]
        name = drawn("All") if group is None else drawn(group)
        names.append(f"{name} · {first}" if first == last else f"{name} · {first}–{last}")
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="learning-groups"):
        st.markdown(f"**{t('Learning path')}**", width="content")
        chips(names, "home-groups", label=drawn("Learning path"), on_pick=pick, pressed=groups.index(chosen))
    return chosen

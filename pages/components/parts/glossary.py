"""The glossary on the pages: what a card says of the terms in its words, where terms are met, and what a search
finds. The terms themselves are data, see engine/contracts/glossary.py."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from html import escape
from typing import Any

import streamlit as st

from engine.contracts.glossary import Term, marks_in, term_called, terms
from engine.contracts.knob import knobs
from engine.contracts.lesson import lesson_with_terms, marked
from engine.contracts.topic import Topic, catalogue
from pages.components.parts.controls import LESSON, VIEW
from pages.components.parts.language import LANGUAGES, browser_language, drawn, language, t
from pages.components.parts.topics import topics_with_pages

GLOSSARY, TERM = "glossary", "term"  # the page that lists them all, and what its link says
ON_CARD = re.compile(r'data-term="([^"]+)"')
MOST_FOUND = 6  # terms that a search shows


# ---------------------------------------------------------------- on a card


def terms_on_card(words: Iterable[str], slug: str) -> dict[str, Any] | None:
    """What the card says of the terms marked in its words (HTML): {"of": name as marked -> term, …}; None for none."""
    found = {name: term_called(name, language()) for name in ON_CARD.findall("".join(words))}
    if not found:
        return None
    of = {name: _on_card(term, slug) for name, term in found.items() if term is not None}
    return {"of": of, "seen": drawn("Also on:"), "all": drawn("All terms"), "close": drawn("Close")}


def _on_card(term: Term, slug: str) -> dict[str, Any]:
    others = [(topic, step) for topic, step in places_of(term.key) if topic.slug != slug]
    seen = [[drawn(topic.title), address(topic.slug, step and {f"{VIEW}{LESSON}": step})] for topic, step in others]
    return {"name": term.title, "text": meaning(term), "seen": seen, "all": address(GLOSSARY, {TERM: term.key})}


def meaning(term: Term) -> str:
    """What a term means, as HTML; other terms in it are links."""

    def link(mark: re.Match) -> str:
        href = address(GLOSSARY, {TERM: term_called(mark[1], language()).key})
        return f'<a href="{escape(href)}">{mark[2] or mark[1]}</a>'

    return marked(term.text, link)


def address(path: str, query: dict[str, str] | None) -> str:
    """A link that the browser follows by itself: it must say the language, where the reader has switched it."""
    query = {**(query or {}), **({"lang": language()} if language() != browser_language() else {})}
    return path + ("?" + "&".join(f"{name}={value}" for name, value in query.items()) if query else "")


@cache
def places_of(key: str) -> tuple[tuple[Topic, str | None], ...]:
    """Where a term is met: each topic with the first step of its lesson that marks it, None for the introduction or
    where only a knob of the page has its name."""
    found = ((topic, _terms_of(topic.slug)) for topic in topics_with_pages())
    return tuple((topic, of[key]) for topic, of in found if key in of)


@cache
def _terms_of(slug: str) -> dict[str, str | None]:
    """Key of each term that a topic's lesson marks or that is the name of a knob or a choice -> the step."""
    found: dict[str, str | None] = {}
    lesson = lesson_with_terms(slug, "en")
    parts = [(lesson.introduction, None)]
    parts += [(f"{step.text}\n{step.question}\n{step.answer}", step.name) for step in lesson.steps]
    for text, step in [*parts, (lesson.end, "end")]:
        for name in marks_in(text):
            if (term := term_called(name, "en")) is not None:
                found.setdefault(term.key, step)
    said = [knob for knob in knobs(catalogue()[slug].config) if not knob.hidden]
    labels = [str(label).lower() for knob in said for label in (knob.label, *knob.choices)]
    for term in terms("en").values():
        names = (term.name.lower(), *map(str.lower, term.others))
        if any(label.removesuffix("s") in (name, name.removesuffix("s")) for label in labels for name in names):
            found.setdefault(term.key, None)
    return found


# ---------------------------------------------------------------- in the search


def terms_sought(text: str) -> list[Term]:
    """The terms, in the reader's language, that have all words of `text` in one of their names in any language; those
    whose names begin so come first."""
    words = text.lower().split()
    if not words:
        return []
    found = []
    for term in terms(language()).values():
        names = [name.lower() for tongue in LANGUAGES for name in names_of(terms(tongue)[term.key])]
        if any(all(word in name for word in words) for name in names):
            found.append((not any(name.startswith(text.lower().strip()) for name in names), term))
    return [term for _, term in sorted(found, key=lambda item: item[0])][:MOST_FOUND]


def names_of(term: Term) -> tuple[str, ...]:
    """Everything that a term is called."""
    return (term.name, *term.others, term.english)


def show_terms(found: Iterable[Term]) -> None:
    """Links to what a search has found among the terms."""
    for term in found:
        label = f"{term.title} · {t('Glossary')}"
        st.page_link(f"{GLOSSARY}.py", label=label, icon=":material/dictionary:", query_params={TERM: term.key})

"""The page of all terms."""

from __future__ import annotations

from html import escape

import streamlit as st

from engine.contracts.glossary import Term, term_called, terms
from engine.contracts.knob import KnobError, Rejected
from engine.contracts.names import nearest
from pages.components.parts.controls import LESSON, VIEW
from pages.components.parts.errors import REMARK, report_rejected
from pages.components.parts.glossary import GLOSSARY, TERM, address, meaning, names_of, places_of
from pages.components.parts.language import LANGUAGES, language, t
from pages.components.parts.link import remarks_on_link
from pages.components.parts.page import title_row


def show_glossary() -> None:
    """All terms in the order of their English names; the one that the link asks for stands above them."""
    st.session_state["page"] = GLOSSARY
    title_row(t("Glossary"))
    asked = st.query_params.get(TERM, "")
    found = term_called(asked, language()) or next(filter(None, (term_called(asked, one) for one in LANGUAGES)), None)
    chosen = found and terms(language())[found.key]
    report_rejected([*remarks_on_link((TERM,)), *([_unknown(asked)] if asked and chosen is None else [])])
    st.html(f'<p class="question">{t("The words of the field, and where they are met here.")}</p>')
    if chosen is not None:
        st.html(f'<section class="term-chosen">{_entry(chosen, "h2")}</section>')
    st.html(f'<div class="terms">{"".join(_entry(term, "h3") for term in terms(language()).values())}</div>')


def _unknown(asked: str) -> Rejected:
    near = nearest(asked, [name for tongue in LANGUAGES for term in terms(tongue).values() for name in names_of(term)])
    shown = asked if len(asked) <= 40 else asked[:39] + "…"
    if near:
        reason = KnobError("The glossary has no term {value!r}. Perhaps you meant: {near}.", value=shown, near=near)
    else:
        reason = KnobError("The glossary has no term {value!r}; all that it has stand below.", value=shown)
    return Rejected(REMARK, "", reason)


def _entry(term: Term, head: str) -> str:
    others = [name for name in term.others if name.lower() != term.english.lower()]
    also = f'<p class="also">{t("also: {names}", names=t("; ").join(others))}</p>' if others else ""
    places = " · ".join(
        f'<a href="{escape(address(topic.slug, step and {f"{VIEW}{LESSON}": step}))}">{t(topic.title)}</a>'
        for topic, step in places_of(term.key)
    )
    seen = f'<p class="places">{t("Seen on:")} {places}</p>' if places else ""
    return f"<div><{head}>{escape(term.title)}</{head}>{also}<p>{meaning(term)}</p>{seen}</div>"

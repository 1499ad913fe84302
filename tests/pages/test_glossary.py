"""The glossary as the server sends it: the page and its links, what a search finds, and what a card takes along."""

import json
from html import unescape
from urllib.parse import parse_qsl, quote, urlsplit

import pytest

from engine.contracts.glossary import marks_in, term_called, terms
from engine.contracts.lesson import lesson_with_terms
from pages.components.parts.glossary import MOST_FOUND, places_of
from tests import strings
from tests.hostile import HOSTILE, letters_of
from tests.visitor import Visitor

TABLE = strings.table()
LOCALES = {"en-US": "en", "zh-CN": "zh"}
MOST_BYTES = 3000  # that the terms of a step may add to its card


@pytest.fixture
def enter(server):
    """enter(page, query, locale) -> a visitor of that page."""
    visitors = []

    def go(page, query="", locale="en-US", **how):
        visitors.append(Visitor(server.address, locale=locale, **how))
        assert visitors[-1].open(page, query).errors == []
        return visitors[-1]

    yield go
    for visitor in visitors:
        visitor.close()


def chosen(visitor) -> str:
    """What stands above all terms, as HTML; "" for nothing."""
    return next((text for text in visitor.texts().split("\n") if 'class="term-chosen"' in text), "")


def warnings(visitor) -> list[str]:
    return [element.body for kind, element, _ in visitor.elements.values() if kind == "alert"]


@pytest.mark.parametrize(("locale", "language"), LOCALES.items())
def test_the_page_has_every_term_and_shows_the_one_that_the_link_asks_for(enter, locale, language):
    visitor = enter("glossary", "term=softmax", locale)
    texts = visitor.texts()
    titles = [f"<h3>{term.title}</h3>" for term in terms(language).values()]
    places = [texts.index(title) for title in titles]
    assert places == sorted(places)
    assert f"<h2>{term_called('softmax', language).title}</h2>" in chosen(visitor)
    for topic, step in places_of("softmax"):
        assert f'href="{topic.slug}{f"?view.lesson={step}" if step else ""}"' in chosen(visitor)
    assert warnings(visitor) == []
    assert "[[" not in texts


@pytest.mark.parametrize("asked", ["learning_rate", "Learning Rate", "步长", "学习率", "step size"])
def test_a_term_is_found_by_key_and_by_any_of_its_names(enter, asked):
    name = terms("zh")["learning_rate"].title
    assert f"<h2>{name}</h2>" in chosen(enter("glossary", f"term={quote(asked)}", "zh-CN"))


@pytest.mark.parametrize("asked", ["sofmax", "9" * 5000, "\u202e☃", "../../etc", *HOSTILE], ids=lambda text: text[:12])
def test_an_absurd_term_gets_one_clear_sentence(enter, asked):
    visitor = enter("glossary", f"term={quote(asked)}")
    assert chosen(visitor) == ""
    (said,) = warnings(visitor)
    assert letters_of(said).startswith("The glossary has no term ")
    assert len(letters_of(said)) < 160
    assert ("softmax" in said) == (asked == "sofmax")
    assert "<h3>softmax</h3>" in visitor.texts()


def test_other_names_in_the_link_are_named(enter):
    assert "trem" in warnings(enter("glossary", "trem=softmax"))[0]


def test_a_search_lands_on_the_definition(enter):
    visitor = enter("")
    for words in ("receptive field", "感受野", "receptive"):
        visitor.move("home:search", words)
        found = {element.label: element for kind, element, _ in visitor.elements.values() if kind == "page_link"}
        link = found["receptive field · Glossary"]
        assert (link.page.rpartition("/")[2], parse_qsl(link.query_string)) == (
            "glossary",
            [("term", "receptive_field")],
        )
    assert visitor.move("home:search", "no such thing at all").errors == []
    visitor.move("home:search", "e")
    labels = [element.label for kind, element, _ in visitor.elements.values() if kind == "page_link"]
    assert sum(label.endswith(" · Glossary") for label in labels) == MOST_FOUND


@pytest.mark.parametrize(("locale", "language"), LOCALES.items())
def test_a_card_takes_along_the_terms_of_its_step_alone(enter, locale, language):
    visitor = enter("gnn", "", locale, panel="")
    lesson = lesson_with_terms("gnn", language)
    data = visitor.data("gnn-lesson")[0]
    assert list(data["terms"]["of"]) == marks_in(lesson.introduction)
    for name, term in data["terms"]["of"].items():
        assert term["name"] == term_called(name, language).title
        assert f'data-term="{name}"' in data["text"]
        assert dict(parse_qsl(urlsplit(term["all"]).query)) == {"term": term_called(name, language).key}
        assert all(not href.startswith("gnn") for _, href in term["seen"])
    assert len(json.dumps(data["terms"], ensure_ascii=False).encode()) < MOST_BYTES
    visitor.touch("gnn-lesson", "go", 4)  # it asks: what its answer marks has not come yet
    asked = visitor.data("gnn-lesson")[0]
    assert "terms" not in asked
    assert marks_in(lesson.steps[4].answer)


def test_links_out_of_a_card_keep_a_language_that_was_switched(enter):
    visitor = enter("gnn", "lang=zh", panel="")
    data = visitor.data("gnn-lesson")[0]
    links = [term["all"] for term in data["terms"]["of"].values()]
    links += [href for term in data["terms"]["of"].values() for _, href in term["seen"]]
    assert links
    assert all(dict(parse_qsl(urlsplit(unescape(link)).query))["lang"] == "zh" for link in links)

"""Worksheets: all of a lesson's questions, no answer before the key, and nothing that a file alone cannot show."""

import re
from html import unescape

import pytest

from engine.contracts.blocks import Show
from engine.contracts.lesson import lesson_words
from engine.contracts.topic import catalogue
from engine.pictures.bars.values import Bars
from engine.pictures.worksheet import MOST_PICTURES, worksheet_html

TAGS = re.compile(r"<style>.*?</style>|<[^>]+>", re.DOTALL)


def plain(html: str) -> str:
    return " ".join(unescape(TAGS.sub(" ", html)).split())


def bare(text: str) -> str:
    """The words without their marks."""
    return " ".join(re.sub(r"\*+|`", " ", text).split())


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("slug", catalogue())
def test_a_worksheet_asks_everything_and_tells_it_in_the_key_alone(slug, language):
    topic, lesson = catalogue()[slug], lesson_words(slug, language)
    page = worksheet_html(topic.title, topic.question, lesson, (), f"https://example.org/{slug}", language)
    asked, key = map(squeezed, map(plain, page.split('<div class="key">')))
    for step in lesson.steps:
        assert squeezed(bare(step.title)) in asked
        assert squeezed(bare(step.question)) in asked
        assert all(squeezed(bare(choice)) in asked for choice in step.choices.values())
        assert f"https://example.org/{slug}?view.lesson={step.name}" in asked
        assert squeezed(bare(step.usual)) not in asked
        assert squeezed(bare(step.usual)) in key
        assert f"✓{squeezed(bare(step.choices[step.right]))}" in key
    assert "✓" not in asked
    assert "{" not in key
    assert f'lang="{"zh-CN" if language == "zh" else "en"}"' in page
    assert "http" not in page.replace(f"https://example.org/{slug}", "").replace("http://www.w3.org", "")


def test_it_shows_the_first_pictures_of_the_page():
    bars = [Show(f"bars-{at}", Bars(["a", "b"], [0.2, 0.8], f"shares {at}")) for at in range(4)]
    page = worksheet_html("MLP playground", "Why?", lesson_words("mlp", "en"), bars)
    assert page.count("<svg") == MOST_PICTURES


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("slug", catalogue())
def test_where_answers_stay_hidden_there_is_no_key_and_links_keep_them_hidden(slug, language):
    topic, lesson = catalogue()[slug], lesson_words(slug, language)
    address, asked = f"https://example.org/{slug}", {"answers": "hidden", "show": "none"}
    page = worksheet_html(topic.title, topic.question, lesson, (), address, language, asked=asked, key=False)
    told = squeezed(plain(page))
    assert "✓" not in told
    for step in lesson.steps:
        assert squeezed(bare(step.question)) in told
        assert squeezed(bare(step.usual)) not in told
        assert f"{address}?answers=hidden&show=none&view.lesson={step.name}" in told

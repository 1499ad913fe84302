"""What the home page says of every topic, and in which language, as the server sends it."""

import re
from urllib.parse import parse_qsl

import pytest

from engine.contracts.knob import said_in_full
from engine.contracts.lesson import lesson_words
from engine.contracts.topic import catalogue
from tests import strings
from tests.visitor import Visitor

TOPICS = catalogue()
TABLE = strings.table()


@pytest.fixture
def home(server):
    """home(locale) -> a Visitor on the home page."""
    visitors = []

    def enter(locale="en-US"):
        visitors.append(Visitor(server.address, locale=locale))
        assert visitors[-1].open().errors == []
        return visitors[-1]

    yield enter
    for visitor in visitors:
        visitor.close()


def links(visitor):
    return [element for kind, element, _ in visitor.elements.values() if kind == "page_link"]


def on_cards(visitor) -> list[str]:
    """Titles on tiles and cards, in the order of the page."""
    found = (re.fullmatch(r"\d+ · (.+)", link.label) for link in links(visitor))
    return [match[1] for match in found if match]


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_home_has_every_topic_in_the_order_of_the_learning_path(home, locale):
    say = TABLE.get if locale == "zh-CN" else str
    numbered = (re.fullmatch(r"(\d+) · (.+)", link.label) for link in links(home(locale)))
    found = [(int(match[1]), match[2]) for match in numbered if match]
    assert found == list(enumerate((say(topic.title) for topic in TOPICS.values()), 1))


def has(topic, words: str) -> bool:
    """Whether all these words are on the card of a topic, in one of the two languages."""
    texts = [topic.title, topic.question, topic.group, *topic.keywords, *topic.presets]
    card = " ".join([topic.slug, *texts, *(TABLE.get(text, text) for text in texts)]).lower()
    return all(word in card for word in words.lower().split())


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_a_title_in_either_language_finds_the_card_with_question_and_presets(home, locale):
    visitor, say = home(locale), (TABLE.get if locale == "zh-CN" else str)
    for slug, topic in TOPICS.items():
        for words in (topic.title, TABLE[topic.title]):
            assert visitor.move("home:search", words).errors == []
            titles = on_cards(visitor)
            assert titles == [say(one.title) for one in TOPICS.values() if has(one, words)], (words, slug)
            assert say(topic.title) in titles
            assert f"<p>{say(topic.question)}</p>" in visitor.texts()
            leading = [
                (link.label, link.page.rpartition("/")[2], parse_qsl(link.query_string, True))
                for link in links(visitor)
            ]
            for name, preset in list(topic.presets.items())[:4]:
                assert (say(name), slug, [*said_in_full(preset).items()]) in leading, (slug, name)


@pytest.mark.parametrize(
    ("locale", "language"), [("en-US", "en"), ("en-GB", "en"), ("zh-CN", "zh"), ("zh-TW", "zh"), ("de-DE", "en")]
)
def test_the_language_comes_from_the_browser(home, locale, language):
    visitor = home(locale)
    question = "A planetarium for neural networks: touch a real network and see what it does."
    assert (question in visitor.texts()) == (language == "en")
    assert (TABLE[question] in visitor.texts()) == (language == "zh")


def test_search_lands_on_a_step_of_a_lesson_and_on_a_preset(home):
    visitor = home("en-US")
    step = lesson_words("gnn", "en").steps[1]
    for words in (step.title, lesson_words("gnn", "zh").steps[1].title, step.title.split()[-2]):
        assert visitor.move("home:search", words).errors == []
        wanted = (f"{step.title} · {TOPICS['gnn'].title}", f"view.lesson={step.name}")
        assert wanted in [(link.label, link.query_string) for link in links(visitor)], words
    name, preset = list(TOPICS["mlp"].presets.items())[1]
    visitor.move("home:search", name)
    found = {link.label: parse_qsl(link.query_string, True) for link in links(visitor)}
    assert found[f"{name} · {TOPICS['mlp'].title}"] == [*said_in_full(preset).items()]


def test_what_was_learnt_is_ticked(server):
    names = [step.name for step in lesson_words("gnn", "en").steps]
    for told, line in (
        (names, f"✓ Lesson: {len(names)} of {len(names)} steps"),
        (names[:2], f"Lesson: 2 of {len(names)} steps"),
    ):
        visitor = Visitor(server.address, cookies=f"neurarium_progress=gnn.{'.'.join(f'{name}-1' for name in told)}")
        visitor.open()
        assert f">{line}<" in visitor.texts()
        assert (f"{TOPICS['gnn'].title} ✓" in " ".join(link.label for link in links(visitor))) == (told == names)
        visitor.close()

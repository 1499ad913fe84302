"""The catalogue: every mistake in a card is refused with its name, and every card of ours leads where it says."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from engine.contracts.topic import GROUPS, CatalogueError, Source, Topic, catalogue, load
from engine.topics.mlp.card import TOPIC, Config

TRAINING = TOPIC.training

ROOT = Path(__file__).parents[2]
CARD = """
from engine.contracts.knob import configuration, knob
from engine.contracts.topic import Source, Topic

@configuration
class Config:
    count: int = knob(3, "Count", low=0, high=9)

TOPIC = Topic(
    slug="{slug}", title="A title", group="{group}", question="Why?", icon=":x:", config=Config, order={order},
    run="engine.contracts.topic:load", figures={{"one": "engine.contracts.topic:load"}}, presets={{"First": Config()}},
    sources=(Source("A book", "https://example.org"),), code=("engine.contracts.topic:load",),
)
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A function that makes a package of topic folders, {folder: card text or None}, and returns its name."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(**cards):
        name = f"topics_{tmp_path.name.replace('-', '_')}"
        folder = tmp_path / name
        folder.mkdir()
        (folder / "__init__.py").touch()
        (folder / "plain_module.py").write_text("raise RuntimeError('only folders are topics')")
        for slug, card in cards.items():
            (folder / slug).mkdir()
            (folder / slug / "__init__.py").touch()
            if card is not None:
                (folder / slug / "card.py").write_text(card)
        return name

    yield make
    for name in [name for name in sys.modules if name.startswith("topics_")]:
        del sys.modules[name]


def card(slug="first", group="Foundations", order=1):
    return CARD.format(slug=slug, group=group, order=order)


def test_topics_come_in_the_order_of_groups_then_places(package):
    made = catalogue(package(
        late=card("late", "Vision", 1), b=card("b", order=20), c=card("c", order=3), a=card("a", "Convolution", 1)
    ))  # fmt: skip
    assert list(made) == ["c", "b", "a", "late"]
    with pytest.raises(TypeError):
        made["c"] = None


@pytest.mark.parametrize(
    ("cards", "message"),
    [
        ({"first": card("second")}, "'first' holds a card with the slug 'second'"),
        ({"first": card(group="Cooking")}, "group 'Cooking' is none of Foundations"),
        ({"first": card("First")}, "lower case"),
        ({"first": card("first") + "\nTOPIC = None"}, "'first': card.py has no TOPIC"),
        ({"first": "x = 1"}, "'first': card.py has no TOPIC"),
        ({"first": None}, "'first': has no card.py"),
        ({"a": card("a", order=4), "b": card("b", order=4)}, "two topics share a place"),
    ],
)
def test_mistakes_in_a_card_are_refused(package, cards, message):
    with pytest.raises(CatalogueError, match=message):
        catalogue(package(**cards))


def test_a_card_that_imports_what_is_not_there_says_that(package):
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        catalogue(package(first="import no_such_module"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"slug": "a b"}, "lower case"),
        ({"title": ""}, "title and question"),
        ({"question": ""}, "title and question"),
        ({"presets": {}}, "at least one preset"),
        ({"presets": {"Other": object()}}, "preset 'Other' is a object"),
        ({"figures": {}}, "at least one figure"),
        ({"sources": ()}, "at least one source"),
        ({"code": ()}, "no code"),
        ({"run": "engine.contracts.topic.load"}, "no dotted path"),
        ({"watched": "engine core:load"}, "no dotted path"),
        ({"training": dataclasses.replace(TRAINING, first="engine core:load")}, "no dotted path"),
        ({"training": dataclasses.replace(TRAINING, steps="epochs")}, "names the knob 'epochs'"),
        ({"training": dataclasses.replace(TRAINING, weights="start")}, "names the knob 'start'"),
        ({"training": dataclasses.replace(TRAINING, seed="chance")}, "names the knob 'chance'"),
        ({"training": TRAINING, "watched": "engine.contracts.topic:load"}, "takes no watched"),
        ({"figures": {"one": "nothing"}}, "'nothing' is no dotted path"),
        ({"code": "engine.contracts.topic:load"}, "no dotted path"),  # a lone text instead of a tuple
        ({"config": dict}, "not made by @configuration"),
    ],
)
def test_a_topic_checks_itself(changes, message):
    parts = {
        "slug": "first", "title": "A title", "group": GROUPS[0], "question": "Why?", "icon": ":x:", "config": Config,
        "order": 1, "run": TOPIC.run, "figures": dict(TOPIC.figures), "presets": {"First": Config()},
        "sources": (Source("A book", "https://example.org"),), "code": TOPIC.code,
    }  # fmt: skip
    assert Topic(**parts).slug == "first"
    with pytest.raises(CatalogueError, match=message):
        Topic(**{**parts, **changes})


def test_load_returns_the_very_object():
    assert load("engine.contracts.topic:load") is load
    assert load("engine.contracts.topic:Topic.load") is Topic.load
    with pytest.raises(ModuleNotFoundError):
        load("engine.nothing:load")
    with pytest.raises(AttributeError):
        load("engine.contracts.topic:nothing")


@pytest.mark.parametrize("slug", catalogue())
def test_every_dotted_path_of_a_topic_leads_somewhere(slug):
    topic = catalogue()[slug]
    paths = [topic.run, *topic.figures.values(), *topic.code, *filter(None, [topic.watched])]
    if (training := topic.training) is not None:
        paths += [training.stream, training.first, training.result_of, training.network]
    for path in paths:
        assert callable(topic.load(path)), path


@pytest.mark.parametrize("slug", catalogue())
def test_a_topic_tells_people_enough(slug):
    topic = catalogue()[slug]
    assert topic.question.endswith("?")
    assert topic.keywords, "the search finds a topic by its keywords"
    assert len({word.lower() for word in topic.keywords}) == len(topic.keywords)
    assert len(set(map(repr, topic.presets.values()))) == len(topic.presets), "two presets are the same"
    assert all(source.link.startswith("https://") and source.title for source in topic.sources)


def test_cards_import_neither_torch_nor_plotly():
    script = (
        "import sys; from engine.contracts.topic import catalogue; assert len(catalogue()) > 0; "
        "print([name for name in ('torch', 'plotly', 'numpy', 'streamlit') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

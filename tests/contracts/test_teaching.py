"""What a teacher's link asks of a page: written and read back, and absurd values refused in one sentence each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.contracts.knob import knobs
from engine.contracts.lesson import lesson_steps
from engine.contracts.teaching import NAMES, Teaching, choosable, read_teaching
from engine.contracts.topic import catalogue

TOPICS = catalogue()


def steps_of(slug):
    return [step.name for step in lesson_steps(TOPICS[slug])]


@st.composite
def asked(draw):
    """A topic and what may be asked of it."""
    slug = draw(st.sampled_from(list(TOPICS)))
    names, there = steps_of(slug), [knob.name for knob in choosable(TOPICS[slug])]
    at = sorted(draw(st.tuples(st.integers(0, len(names) - 1), st.integers(0, len(names) - 1))))
    whole = at == [0, len(names) - 1] or draw(st.booleans())
    first, last = ("", "") if whole else (names[at[0]], names[at[1]])
    show = draw(st.none() | st.sets(st.sampled_from(there)).map(lambda some: tuple(n for n in there if n in some)))
    of_lesson = show is None and draw(st.booleans())
    return slug, Teaching(first, last, show, of_lesson, draw(st.booleans()))


@given(asked())
def test_it_comes_back_from_a_link(given_):
    slug, made = given_
    assert read_teaching(TOPICS[slug], made.query()) == (made, [])
    assert made.query().keys() <= set(NAMES)


def test_links_are_short_and_can_be_read():
    made = Teaching("line", "spiral", ("layers", "seed"), hidden=True)
    assert made.query() == {"teach": "line.spiral", "show": "layers.seed", "answers": "hidden"}
    assert Teaching("line", "line", ()).query() == {"teach": "line", "show": "none"}
    assert Teaching(of_lesson=True).query() == {"show": "lesson"}
    assert Teaching().query() == {}
    mlp = TOPICS["mlp"]
    assert read_teaching(mlp, {"teach": "spiral."})[0] == Teaching("spiral", steps_of("mlp")[-1])
    assert read_teaching(mlp, {"teach": ".line"})[0] == Teaching("line", "line")


@given(st.sampled_from(list(TOPICS)), st.dictionaries(st.sampled_from(NAMES), st.text(max_size=600)))
def test_whatever_a_link_brings_the_page_works(slug, query):
    made, rejected = read_teaching(TOPICS[slug], query)
    assert {one.name for one in rejected} <= query.keys()
    steps = lesson_steps(TOPICS[slug])
    assert steps[made.chosen(steps)]
    assert made.shown(TOPICS[slug]) <= {knob.name for knob in knobs(TOPICS[slug].config)}


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"teach": "first"}, "Steps of the lesson: expected some of line, two_neurons, "),
        ({"teach": "spiral.line"}, "expected the first before the last, got “spiral.line”"),
        ({"show": "layers.depth"}, "Knobs shown: expected some of data, noise, layers, "),
        ({"show": "points"}, "got “points”"),  # it has no widget
        ({"show": ""}, "Knobs shown: expected some of"),
        ({"answers": "no"}, "Answers: expected hidden, got “no”"),
        ({"teach": "x" * 5000}, "…"),
    ],
)
def test_absurd_values_get_one_sentence(query, said):
    made, rejected = read_teaching(TOPICS["mlp"], query)
    assert made == Teaching()
    assert len(rejected) == 1
    sentence = str(rejected[0].reason)
    assert said in sentence or said == "…"
    assert len(sentence) < 400


def test_no_knob_is_called_so():
    for topic in TOPICS.values():
        assert not {knob.name for knob in knobs(topic.config)} & {*NAMES, "embed"}

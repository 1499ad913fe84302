"""Pinned runs in a link, their names, and the knobs in which runs differ."""

import dataclasses
import random
from urllib.parse import parse_qs, quote, urlencode

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.contracts.knob import knobs, random_value, without_run
from engine.contracts.pins import (
    LONGEST_LINK,
    MOST_PINS,
    PARAMETER,
    Pin,
    differing,
    in_link,
    nearest_preset,
    other_data,
    read_pins,
)
from engine.contracts.signs import shows_nothing
from engine.contracts.topic import catalogue
from engine.topics.attention.card import Config as AttentionConfig
from engine.topics.mlp.card import Config as MlpConfig

TOPICS = catalogue()


def random_config(slug, seed):
    """Any Config of a topic, its run included."""
    chance = random.Random(seed)
    return TOPICS[slug].config(**{knob.name: random_value(knob, chance) for knob in knobs(TOPICS[slug].config)})


def through_an_address(pins):
    """What a browser gives back of a link that holds these."""
    return parse_qs(urlencode({PARAMETER: [pin.text() for pin in pins]}, doseq=True)).get(PARAMETER, [])


@given(st.lists(st.tuples(st.sampled_from(list(TOPICS)), st.integers(0, 10**6)), max_size=MOST_PINS))
def test_pinned_runs_come_back_from_a_link(drawn):
    pins = [Pin(slug, random_config(slug, seed)) for slug, seed in drawn]
    unique = list(dict.fromkeys(pins))
    assert read_pins(through_an_address(pins), TOPICS) == (unique, [])


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_of_the_reader_comes_back(text, second):
    text, second = (one.encode("utf-8", "ignore").decode() for one in (text, second))  # half a surrogate is no text
    assume(not shows_nothing(text) and not shows_nothing(second))  # no text either, and told of
    pin = Pin("attention", AttentionConfig(text=text, second=second))
    assert read_pins(through_an_address([pin]), TOPICS) == ([pin], [])


def test_the_characters_that_part_a_pinned_run_may_stand_in_a_text():
    pin = Pin("attention", AttentionConfig(text="50 %7E ~ 50 %25 & pin=mlp", queries="1_0~0_1"))
    assert pin.text() == "attention~text~50 %257E %7E 50 %2525 & pin=mlp~queries~1_0%7E0_1"
    assert read_pins([pin.text()], TOPICS) == ([pin], [])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "there is no page “”"),
        ("banana", "there is no page “banana”"),
        ("mlp~layers", "expected page~knob~value, got “mlp~layers”"),
        ("mlp~size~3", "there is no knob “size”"),
        ("mlp~" * 3000, f"expected at most {LONGEST_LINK} characters"),
        ("注" * 700, f"expected at most {LONGEST_LINK} characters"),  # nine characters each in an address
    ],
)
def test_a_run_that_cannot_be_read_is_left_out_and_said(text, sentence):
    pins, (rejected,) = read_pins([text, "mlp~steps~20"], TOPICS)
    assert pins == [Pin("mlp", MlpConfig(steps=20))]
    assert rejected.name == PARAMETER
    assert len(rejected.text) <= 80
    assert sentence in str(rejected.reason)


def test_a_value_that_does_not_fit_falls_back_as_on_a_page():
    (pin,), (rejected,) = read_pins(["mlp~layers~3-x~steps~20"], TOPICS)
    assert pin == Pin("mlp", MlpConfig(steps=20))
    assert (rejected.name, rejected.text) == ("layers", "3-x")


def test_a_fifth_run_of_a_link_is_left_out_and_said_once():
    texts = [f"mlp~steps~{steps}" for steps in range(10, 80, 10)]
    pins, rejected = read_pins(texts, TOPICS)
    assert [pin.config.steps for pin in pins] == [10, 20, 30, 40]
    assert [str(one.reason) for one in rejected] == [f"Pinned run: expected at most {MOST_PINS} of them"]
    pins, rejected = read_pins(["banana"] * 1000, TOPICS)
    assert (pins, len(rejected)) == ([], 2 * MOST_PINS)


def test_a_link_stays_short_enough_for_a_proxy():
    long = [Pin("attention", AttentionConfig(text="注" * (500 + n))) for n in range(3)]
    short = Pin("mlp", MlpConfig())
    held = in_link([long[0], long[1], long[2], short])
    assert held == [long[0], short]
    assert sum(len(quote(pin.text(), safe="~")) for pin in held) <= LONGEST_LINK
    assert read_pins(through_an_address(held), TOPICS) == (held, [])


def test_no_knob_has_the_name_of_the_parameter():
    for topic in TOPICS.values():
        assert PARAMETER not in {knob.name for knob in knobs(topic.config)}


# ---------------------------------------------------------------- what differs


@given(st.sampled_from(list(TOPICS)), st.lists(st.integers(0, 10**6), min_size=1, max_size=5))
def test_the_knobs_that_differ_are_those_whose_values_do(slug, seeds):
    configs = [random_config(slug, seed) for seed in seeds]
    expected = {}
    for knob in knobs(TOPICS[slug].config):
        idle = [knob.counts is not None and not knob.counts(config) for config in configs]
        values = [None if still else getattr(config, knob.name) for still, config in zip(idle, configs, strict=True)]
        if len(set(values)) > 1 and len({getattr(config, knob.name) for config in configs}) > 1:
            expected[knob.name] = tuple(values)
    assert {knob.name: values for knob, values in differing(configs)} == expected
    if not expected:  # what is set alike and acts in some alone is explained by another knob of the list
        assert len({_acting(config) for config in configs}) == 1


def _acting(config):
    return tuple(getattr(config, knob.name) if knob.counts is None or knob.counts(config) else None
                 for knob in knobs(type(config)))  # fmt: skip


@pytest.mark.parametrize("slug", TOPICS)
def test_one_knob_changed_is_the_one_named(slug):
    """Others that begin or cease to act by it are no differences beside it."""
    usual = TOPICS[slug].config()
    for knob in knobs(TOPICS[slug].config):
        for seed in range(4):
            changed = dataclasses.replace(usual, **{knob.name: random_value(knob, random.Random(seed))})
            assert [one.name for one, _ in differing([usual, changed])] in ([], [knob.name])


def test_what_does_nothing_makes_no_difference():
    one, other = MlpConfig(layers=(), dropout=0.1), MlpConfig(layers=(), dropout=0.5)
    assert differing([one, other]) == []
    found = {knob.name: values for knob, values in differing([one, MlpConfig(dropout=0.5)])}
    assert found["dropout"] == (None, 0.5)
    assert [knob.name for knob, _ in differing([MlpConfig(layers=()), MlpConfig()])] == ["layers"]


@pytest.mark.parametrize("slug", TOPICS)
def test_a_preset_is_called_by_its_own_name(slug):
    for name, preset in TOPICS[slug].presets.items():
        found, changed = nearest_preset(TOPICS[slug], preset)
        same = [one for one, config in TOPICS[slug].presets.items() if not differing([config, preset])]
        assert found == same[0]
        assert name in same
        assert changed == []


@given(st.sampled_from(list(TOPICS)), st.integers(0, 10**6))
def test_a_name_says_all_that_makes_a_run_another_than_its_preset(slug, seed):
    topic, config = TOPICS[slug], random_config(slug, seed)
    name, changed = nearest_preset(topic, config)
    again = dataclasses.replace(topic.presets[name], **{knob.name: value for knob, value in changed})
    assert not [knob for knob, values in differing([again, config]) if None not in values]
    fewest = min(len(differing([without_run(one), without_run(config)])) for one in topic.presets.values())
    assert len(differing([without_run(topic.presets[name]), without_run(config)])) == fewest


def test_the_steps_trained_come_last_in_a_name():
    name, changed = nearest_preset(TOPICS["mlp"], MlpConfig(learning_rate=0.1, steps=300))
    assert name == "Spiral"
    assert [(knob.name, value) for knob, value in changed] == [("learning_rate", 0.1), ("steps", 300)]


@pytest.mark.parametrize("slug", TOPICS)
def test_every_topic_says_which_knobs_are_data(slug):
    config = TOPICS[slug].config
    assert any(knob.data for knob in knobs(config))
    assert not any(knob.data and knob.run_only for knob in knobs(config)), "how far a run went is no data"


def test_runs_look_at_other_data_where_a_knob_of_data_that_counts_differs():
    mlp, gnn = MlpConfig(), TOPICS["gnn"].config
    names = {
        at: [knob.name for knob in found]
        for at, found in other_data(
            [mlp, dataclasses.replace(mlp, noise=0.4, layers=(2,)), dataclasses.replace(mlp, seed=3, steps=9)], 0
        ).items()
    }
    assert names == {1: ["noise"]}
    assert [knob.name for knob in other_data([mlp, dataclasses.replace(mlp, data="moons")], 0)[1]] == ["data"]
    assert other_data([gnn(nodes=100), gnn(nodes=500)], 0) == {}, "nodes of a block model that is not chosen"
    assert list(other_data([gnn(data="blocks", nodes=100), gnn(data="blocks", nodes=500)], 1)) == [0]
    detector = TOPICS["one_stage"].config
    assert other_data([detector(), detector(seed=9)], 0) == {}
    assert list(other_data([detector(detector="grid"), detector(detector="grid", seed=9)], 0)) == [1]

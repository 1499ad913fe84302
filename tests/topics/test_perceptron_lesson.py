"""Numbers of the lesson on neurons that are no measured values, measured again."""

from dataclasses import replace

import pytest

from engine.models.perceptron.rule import HalfPlane
from engine.topics.perceptron.card import TOPIC
from engine.topics.perceptron.run import Experiment, bound_of, points_of, run
from tests.topics.test_lesson_numbers import stands


def learned(name, **changes):
    config = replace(TOPIC.presets[name], **changes)
    return run(replace(config, steps=config.until))


def test_bounds_and_corrections_that_the_lesson_speaks_of():
    stands("perceptron", "51", "322", "R²/γ²")
    assert bound_of(TOPIC.presets["AND, learning"]) == pytest.approx(51)
    wide = learned("Wide gap")
    assert int(wide.bound) == 11
    assert wide.corrections[-1] == 3
    assert int(bound_of(TOPIC.presets["Narrow gap"])) == 322
    assert TOPIC.presets["Wide gap"].gap == 10 * TOPIC.presets["Narrow gap"].gap
    assert len(points_of(TOPIC.presets["Narrow gap"])) == 40
    for seed in range(12):
        other = learned("Narrow gap", seed=seed)
        assert other.wrong[-1] == 0
        assert other.corrections[-1] < 0.2 * other.bound, "it seldom comes near"


def test_thresholds_of_the_gates():
    points = points_of(TOPIC.presets["AND by hand"])
    assert [HalfPlane(1, 1, theta).wrong(points.inputs, points.targets) for theta in (0.5, 1.5, 2.5)] == [2, 0, 1]
    ors = points_of(replace(TOPIC.presets["AND by hand"], data="or"))
    assert HalfPlane(1, 1, 0.5).wrong(ors.inputs, ors.targets) == 0


def test_a_line_turned_round_has_its_sides_swapped():
    config = replace(TOPIC.presets["AND by hand"], w1=1.0, w2=-1.0, theta=0.5)
    one, other = run(config), run(replace(config, w1=-1.0, w2=1.0, theta=-0.5))
    on_the_line = one.plane + other.plane == 2  # there both fire
    assert ((one.plane + other.plane == 1) | on_the_line).all()
    assert on_the_line.double().mean() < 0.02


def test_shuffled_xor_passes_lines_with_three_right():
    config = replace(TOPIC.presets["XOR, learning"], order="random")
    wrong = [moment.values["wrong"] for moment in Experiment(config).train(config.until, 1)]
    assert 0 < wrong.count(1) < 0.1 * len(wrong)
    assert 0 not in wrong
    assert wrong[-1] > 1

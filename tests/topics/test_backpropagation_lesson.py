"""Numbers of the lesson on backpropagation, measured again."""

from dataclasses import replace

import pytest

from engine.contracts.topic import catalogue
from engine.topics.backpropagation.graphs import TARGETS
from engine.topics.backpropagation.run import guessing, run
from tests.topics.test_lesson_numbers import stands

PRESETS = catalogue()["backpropagation"].presets


def test_the_numbers_of_single_passes():
    stands("backpropagation", "−6", "−8", "0.9999", "+=")
    product = run(PRESETS["Product and sum"])
    assert product.value.tolist() == [2, -3, -6, 10, 4, -2, -8]
    saturated = run(PRESETS["Saturated"])
    assert saturated.value[-1].item() == pytest.approx(0.9999, abs=3e-5)


def test_a_tenth_is_right_and_a_quarter_is_the_edge():
    stands("backpropagation", "0.36", "0.25", "0.27", "12")
    config = PRESETS["Squared error"]
    right = run(replace(config, steps=1))
    assert right.loss.tolist() == pytest.approx([9, 0.36])
    assert dict(zip(run(config).inputs, run(config).backpropagated.tolist(), strict=True))["w"] == 12
    for rate, falls in ((0.24, True), (0.26, False)):
        losses = run(replace(config, learning_rate=rate, steps=10)).loss
        assert (losses[-1] < losses[0]) == falls


def test_xor_is_learned_with_tanh_and_guessing_costs_a_quarter():
    stands("backpropagation", "0.5", "100")
    config = PRESETS["Dead neurons"]
    assert guessing(config) == 0.25
    assert sum(TARGETS["xor"]) / 4 == 0.5
    dead = run(replace(config, steps=100))
    assert dead.loss[-1].item() == pytest.approx(0.25, abs=1e-6)
    alive = dict(zip(dead.inputs, dead.backpropagated.tolist(), strict=True))
    assert all(alive[name] == 0 for name in alive if name[0] in "wbu")
    assert alive["c"] != 0
    assert len(alive) == 9
    assert run(replace(config, activation="tanh", steps=100)).loss[-1] < 0.01

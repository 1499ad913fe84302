"""Numbers in the lesson on activations that no verdict measures."""

import math

import pytest

from engine.instrument.trace import count_parameters
from engine.topics.activations.run import network, run
from tests.topics.test_lesson_numbers import preset, stands


def test_a_sigmoid_network_learns_to_guess_at_once_and_a_shallow_one_a_little_more():
    stands("activations", "0.62", "ln 2 = 0.69")
    guesses = run(preset("activations", "Sigmoid alone", steps=10))
    assert guesses.loss[0, -1].item() == pytest.approx(math.log(2), abs=2e-3)
    shallow = run(preset("activations", "Sigmoid alone", depth=2, steps=300))
    assert shallow.loss[0, -1].item() == pytest.approx(0.62, abs=0.01)


def test_what_halving_thirty_times_leaves_and_what_hes_rule_makes_of_it():
    stands("activations", "0.25⁹")
    assert pytest.approx(4e-6, rel=0.06) == 0.25**9
    assert pytest.approx(1e-9, rel=0.07) == 0.5**30
    assert math.sqrt(0.5**30) == pytest.approx(1 / 32768)
    kept = run(preset("activations", "Thirty layers, He")).deviation
    assert (kept[0, -1] / kept[0, 0]).item() == pytest.approx(2 / 5, abs=0.02)
    runs = [run(preset("activations", "Thirty layers, Xavier", seed=seed)).deviation[0] for seed in range(12)]
    assert sum((one[-1] / one[0]).item() < 0.5**14.5 for one in runs) > 6, "chance usually takes a little more"


def test_a_step_too_long_kills_more_than_half_of_the_units():
    for seed in (0, 1, 2):
        before, after = (run(preset("activations", "A step too long", steps=k, seed=seed)) for k in (0, 5))
        assert before.dead[0].mean() < 0.15
        assert after.dead[0].mean() > 0.5
        assert (after.dead[1] == 0).all(), "Leaky ReLU has none"


def test_how_many_weights_are_worth_one_line():
    stands("activations", "79,000", "2 × 2")
    config = preset("activations", "Twenty layers, no activation")
    assert count_parameters(network(config)) == pytest.approx(79_000, abs=500)
    assert run(config).matrix.shape == (2, 2)

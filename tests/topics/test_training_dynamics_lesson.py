"""Numbers that stand in the lesson on training dynamics, measured again."""

import math
from dataclasses import replace

import numpy as np
import pytest

from engine.contracts.lesson import FOLDER
from engine.topics.training_dynamics.block import block
from engine.topics.training_dynamics.card import RATES, SCHEDULES, TOPIC, Config
from engine.topics.training_dynamics.grid import stream_grid
from engine.topics.training_dynamics.lesson import LEFT, LESSON, SHALLOW_ENDS, stays_below
from engine.topics.training_dynamics.race import race
from engine.topics.training_dynamics.run import run
from engine.topics.training_dynamics.schedule import stream_schedules
from engine.topics.training_dynamics.signal import signal
from engine.topics.training_dynamics.trainings import TRAINING_DIGITS
from engine.training.schedules import share_of_peak


def stands(*texts: str) -> None:
    """These stand in the lesson, in both languages."""
    for language in ("en", "zh"):
        lesson = (FOLDER / language / "training_dynamics.md").read_text("utf-8")
        for text in texts:
            assert text in lesson, f"{language}: {text}"


def test_below_two_over_the_curvature_sgd_gets_down():
    below = race(Config(rules=("sgd",), rate=0.24))
    assert abs(below.position[0, -1, 1].item()) < 1e-4
    assert 8 * 0.25 == 2
    assert (round(1 - 8 * 0.24, 2), round(1 - 8 * 0.26, 2)) == (-0.92, -1.08)
    stands("−0.92", "−1.08", "0.25", "4 y²")


def test_exactly_on_the_ridge_nobody_leaves_and_noise_helps():
    preset = TOPIC.presets["Beside a saddle"]
    made = race(replace(preset, start="-2_0"))
    assert (made.position[:, :, 1] == 0).all()
    helped = race(replace(preset, start="-2_0", noise=0.05))
    assert (helped.height[:, -1] < -0.2).all()
    assert race(preset).gradient[0, 0, 1].item() == pytest.approx(-0.01, rel=0.01)
    assert race(replace(preset, start="0_1")).height[0, 0].item() == -0.25  # the lowest there is
    assert LEFT == -0.2
    stands("−0.2", "0.25")


def test_steps_of_the_grid():
    step = next(step for step in LESSON if step.name == "rate_batch")
    config = step.config(TOPIC, answered=True)
    assert [config.epochs * TRAINING_DIGITS // batch for batch in (8, 256)] == [384, 12]
    stands("384", "12")
    *_, last = stream_grid(config)
    held_out = last.values["held_out_accuracy"][:, :, -1]
    best = held_out.argmax(1)
    assert (np.diff(best) >= 0).all()
    assert best[0] < best[-1] < len(RATES) - 1, "rate 3 is too much for every row"
    assert RATES[best[-1]] / RATES[best[0]] < 256 / 8, "less than the batch"
    assert held_out[0].max() > held_out[-1].max()


def test_a_higher_constant_rate_hardly_learns_and_those_that_fall_do():
    config = replace(TOPIC.presets["Schedules"], peak=0.3)
    *_, last = stream_schedules(config)
    held_out = last.values["held_out_accuracy"][-1]
    constant = list(SCHEDULES).index("constant")
    assert held_out[constant] < 0.3 < 0.4 < np.delete(held_out, constant).min()
    assert np.delete(last.values["loss"][-1], constant).min() > 3 * 0.085, "far higher than with 0.2"
    ends = {name: share_of_peak(name, 299, 300, config.warm_up) for name in SCHEDULES if name != "constant"}
    assert max(ends.values()) < 0.1
    stands("0.3", "300")


def test_a_drawn_accuracy_is_read_by_its_end_beside_the_shallow_network():
    step = next(step for step in LESSON if step.name == "degradation")
    for end, choice in ((58, "both"), (70, "both"), (SHALLOW_ENDS, "neither"), (98, "held_out")):
        assert step.sketch.choice(np.array([10, end])) == choice
    stands(f"{{shallow|{SHALLOW_ENDS:g}")  # measured with the verdict


def test_thirty_layers_multiply_by_about_a_twenty_fifth():
    made = signal(TOPIC.presets["Thirty layers"])
    at = {name: made.networks.index(name) for name in made.networks}
    for table, ends in ((made.deviation, (-1, 0)), (made.gradient, (0, -1))):
        factor = (table[at["small"], ends[0]] / table[at["small"], ends[1]]).item() ** (1 / 29)
        assert factor == pytest.approx(0.04, abs=0.005)
        for name, low, high in (("he", 0.2, 5), ("large", 1e10, math.inf)):
            assert low < (table[at[name], ends[0]] / table[at[name], ends[1]]).item() < high
    tanh = signal(replace(TOPIC.presets["Thirty layers"], function="tanh"))
    assert 0.1 < (tanh.gradient[at["xavier"], 0] / tanh.gradient[at["xavier"], -1]).item() < 10
    stands("0.04", "10⁻³⁸")


def test_counts_of_cells():
    made = block(TOPIC.presets["BatchNorm"])
    assert (made.count, made.given.shape[2]) == (36, 9)
    shape = replace(TOPIC.presets["LayerNorm"], norm="batch", batch=3, channels=6)
    assert [block(replace(shape, norm=name)).count for name in ("batch", "layer", "instance")] == [27, 54, 9]
    alone = block(TOPIC.presets["A batch of one"])
    assert alone.count == 1
    assert alone.output.abs().max() == 0
    stands("36", "27", "54", "9", "20")
    assert TOPIC.presets["BatchNorm"].batches == 20


def test_the_opening_is_no_run_that_a_step_asks_about():
    asked = [step.config(TOPIC, answered=answered) for step in LESSON for answered in (False, True)]
    assert TOPIC.opening not in asked
    assert all(config.surface != TOPIC.opening.surface for config in asked)


def test_arrived_means_for_good():
    made = run(replace(TOPIC.presets["Ravine"], rules=("sgd", "momentum"))).race
    heights = made.height[1]
    at = stays_below(heights, 0.01)
    assert (heights[at:] < 0.01).all()
    assert heights[at - 1] >= 0.01
    assert (heights < 0.01).nonzero()[0].item() < at, "it had been lower before"

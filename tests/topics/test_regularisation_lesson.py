"""Numbers that the lesson on regularisation has in its words, measured again."""

from dataclasses import replace

import pytest

from engine.contracts.topic import catalogue
from engine.topics.regularisation import descent, folds, pixel, task
from engine.topics.regularisation.card import Config
from tests.topics.test_lesson_numbers import stands

PRESETS = catalogue()["regularisation"].presets


def end_of(config):
    *_, last = task.Experiment(config).train(config.until, config.until)
    return last.values


def test_the_price_of_doing_nothing_and_what_l2_does_instead():
    stands("regularisation", "4,288", "800", "0.003", "0.0009", "1.5")
    nothing, l2 = end_of(PRESETS["Learn by heart"]), end_of(replace(PRESETS["Learn by heart"], method="l2"))
    assert nothing["test_loss"] == pytest.approx(1.46, abs=0.1)
    assert nothing["test_loss"] > 2 * 0.693, "more than twice what guessing costs"
    assert nothing["lowest_step"] <= 30, "within some twenty steps"
    assert sum(part.size for part in nothing["weights"] if part.ndim == 2) == 4288
    assert l2["zeros"] == 0
    assert l2["test_loss"] < 0.5
    config = PRESETS["Mostly zeros"]
    assert config.learning_rate * config.l1 == pytest.approx(0.0009)
    stopped = list(task.Experiment(PRESETS["Stop in time"]).train(800, 800))[-1]
    assert stopped.values["test_loss"] < 0.4, "early stopping would have gone back to about there"


def test_more_points_are_the_best_regulariser():
    few, many = (end_of(replace(PRESETS["Learn by heart"], points=points)) for points in (40, 200))
    assert many["test_loss"] < 0.6 * few["test_loss"]


def test_both_classifiers_are_right_for_more_than_nine_tenths():
    stands("regularisation", "90 %", "784")
    result = pixel.run(PRESETS["One bad pixel"])
    assert (result.worst[:, 0] > 0.9).all()
    assert (result.random[:, 1] > result.random[:, 0] - 0.01).all(), "one random pixel does nothing"


def test_another_seed_chooses_a_neighbour():
    assert folds.STRENGTHS[0] == 0.0001
    assert folds.STRENGTHS[-1] == 0.3
    stands("regularisation", "0.0001", "0.3")
    chosen = [int(folds.run(Config(view="folds", seed=seed)).chosen) for seed in (4, 5)]
    assert chosen[0] == 4
    assert abs(chosen[1] - chosen[0]) == 1


def test_at_the_peak_all_digits_are_hit_with_enormous_weights_and_ridge_takes_it_away():
    stands("regularisation", "100", "500")
    result = descent.run(PRESETS["Double descent"])
    peak = result.features.tolist().index(100)
    assert result.features[0] == 10
    assert result.features[-1] == 500
    assert (result.train_error[:, peak:] == 0).all()
    assert (result.train_loss[:, peak + 1 :] < 1e-6).all()
    length = result.length.mean(0)
    assert length[peak] == length.max() > 20 * length[-1]
    held = descent.run(replace(PRESETS["Double descent"], ridge="1")).test_error.mean(0)
    assert held[peak] < held[peak // 2] + 0.02, "no peak"
    assert held[peak] < 0.45

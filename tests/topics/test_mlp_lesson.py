"""Numbers of the lesson on MLPs that are not its verdicts, measured again."""

from dataclasses import replace

import pytest
import torch

from engine.topics.mlp.card import TOPIC
from engine.topics.mlp.run import first, run
from engine.topics.mlp.step import open_step
from tests.topics.test_lesson_numbers import stands


def test_the_single_point_is_taken_for_the_other_class_and_its_line_carries_a_negative_number():
    stands("mlp", "0.34", "0.911", "−0.67")
    config = TOPIC.presets["One point"]
    opened = open_step(config, first(config))
    assert opened.targets.tolist() == [0]
    assert torch.sigmoid(opened.values[-1]).item() == pytest.approx(0.34, abs=0.005)
    assert opened.weights[-1][0, 0].item() == pytest.approx(0.911, abs=5e-4)
    assert opened.values[1][0, 0].item() == pytest.approx(-0.67, abs=0.005)


def test_random_first_weights_part_the_ring_and_with_tanh_zeros_stay_zeros():
    stands("mlp", "100 %")
    config = replace(TOPIC.presets["All weights 0"], steps=300)
    assert run(replace(config, first_weights="drawn")).test_accuracy[-1] == 1
    still = replace(config, activation="tanh", steps=0)
    opened = open_step(still, first(still))
    assert not any(one.any() for one in (*opened.weight_gradients, opened.bias_gradients[0]))
    assert opened.bias_gradients[-1].any()


def test_a_leash_keeps_the_loss_low_at_a_price():
    stands("mlp", "0.25", "37")
    result = run(replace(TOPIC.presets["Overfitting"], regularisation="l2", strength=0.03, steps=600))
    assert result.test_loss[-1].item() == pytest.approx(0.25, abs=0.02)
    assert round(result.train_accuracy[-1].item() * int(result.is_train.sum())) == 37

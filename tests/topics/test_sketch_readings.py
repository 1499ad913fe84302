"""What is drawn by hand is taken for the choice that a person would call it."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from engine.contracts.lesson import lesson_steps
from engine.contracts.topic import catalogue
from engine.data.points import DOMAIN
from engine.pictures.sketch.values import HEIGHTS, SIDE

HALF = HEIGHTS // 2


def sketch(slug: str, name: str):
    return next(step.sketch for step in lesson_steps(catalogue()[slug]) if step.name == name)


def line(*heights: float) -> list[float]:
    """Straight lines through these heights, at equal distances."""
    return np.interp(np.linspace(0, 1, HEIGHTS), np.linspace(0, 1, len(heights)), heights).tolist()


RISING = SimpleNamespace(step=torch.tensor([0, 20, 600]), test_loss=torch.tensor([1.67, 0.33, 6.0]))


@pytest.mark.parametrize(
    ("drawn", "choice"),
    [
        (line(1.67, 1.67), "stays"),
        (line(1.67, 1.9), "stays"),  # a hand trembles
        (line(1.67, 1.4, 1.5), "stays"),
        ([0.0] * HALF + line(1.67, 1.72)[HALF:], "rises"),  # fell to 0, and came back
        (line(1.67, 0.3), "falls"),
        (line(1.67, 1.0), "falls"),
        (line(1.67, 0.2, 0.5), "falls"),
        ([0.1] * HEIGHTS, "falls"),  # drawn without where it begins, which the board shows
        (line(1.67, 0.3, 3.0), "rises"),
        (line(1.67, 0.3, 1.5), "rises"),
        (line(1.67, 5.0), "rises"),
        ([7.0] * HEIGHTS, "rises"),
    ],
)
def test_a_curve_of_losses(drawn, choice):
    assert sketch("mlp", "by_heart").reads(drawn, RISING) == choice


def test_what_came_can_be_drawn_on_the_axis():
    """The loss on the test points comes to 6; see test_lessons.py for what it comes to."""
    low, high = sketch("mlp", "by_heart").y
    assert low <= RISING.test_loss.min()
    assert RISING.test_loss.max() < high


LEARNING = SimpleNamespace(step=torch.tensor([0, 20, 60, 80]), held_out_accuracy=torch.tensor([0.11, 0.73, 0.9, 0.93]))


@pytest.mark.parametrize(
    ("drawn", "choice"),
    [
        ([95.0] * HEIGHTS, "ten"),
        (line(10, 95, 95, 95, 95, 95, 95, 95, 95), "ten"),  # at step 10
        (line(10, 95, 95, 95, 95), "hundred"),  # at step 20
        (line(10, 95), "hundred"),
        (line(10, 50, 85), "hundred"),  # would be there by step 100
        (line(10, 12), "long"),
        (line(10, 40), "long"),
        ([0.0] * HEIGHTS, "long"),
    ],
)
def test_a_curve_of_percentages(drawn, choice):
    assert sketch("cnn", "come_about").reads(drawn, LEARNING) == choice


def test_the_difference_of_percentages_is_in_points():
    said = sketch("cnn", "come_about").difference([50.0] * HEIGHTS, LEARNING)
    assert "percentage points from the run's on average" in said
    assert said.values["came"].share == pytest.approx(0.93)
    assert said.values["mine"].share == 0.5
    came = np.interp(np.linspace(0, 80, HEIGHTS), [0, 20, 60, 80], [11, 73, 90, 93])
    assert said.values["gap"].value == pytest.approx(np.abs(came - 50).mean(), abs=1e-4)


@pytest.mark.parametrize(
    ("share", "choice"), [(0, "other"), (0.02, "other"), (0.14, "other"), (0.38, "same"), (0.9, "same"), (1, "same")]
)
def test_a_bar_of_the_first_answer(share, choice):
    """0 % of a tiger cat may be all of another cat."""
    assert sketch("image_classifier", "grey").reads([share], None) == choice


def test_regions_of_four_sectors():
    """Class B lies where x · y < 0. Nothing and everything have half of the points, one sector three quarters."""
    spots = (np.arange(SIDE) + 0.5) / SIDE * 2 - 1
    x, y = np.meshgrid(spots, -spots)
    targets = torch.tensor((x * y < 0).astype(int)).ravel()
    inputs = torch.tensor(np.stack([x.ravel(), y.ravel()], 1) * DOMAIN)
    points = SimpleNamespace(inputs=inputs, targets=targets, is_train=torch.zeros(SIDE * SIDE, dtype=torch.bool))
    reads = sketch("mlp", "two_neurons").reads
    for drawn, choice in (
        (x < 9, "half"), (x > 9, "half"), (x > 0, "half"), ((x > 0) & (y < 0), "two_thirds"), (x * y < 0, "nearly_all"),
    ):  # fmt: skip
        assert reads(drawn.astype(float).ravel().tolist(), points) == choice

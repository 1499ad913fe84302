"""From Snapshots to a Result and back to a network: each against what NumPy or a loop by hand says."""

import numpy as np
import pytest
import torch
from torch import nn

from engine.contracts.topic import catalogue
from engine.machinery.whole_run import LOOKS
from engine.training.fit import Snapshot, TrainingDiverged
from engine.training.moments import finite, history, moments_of, restore

TRAINING = [topic for topic in catalogue().values() if topic.training]


def counting(ends=None, error=TrainingDiverged):
    """A training that yields a Snapshot at 0, then every so many steps; at step `ends` it fails after its Snapshot."""

    def train(steps, snapshot_every):
        for step in range(steps + 1):
            if step % snapshot_every == 0 or step in (steps, ends):
                yield Snapshot(step, 0.0, 0.0)
            if step == ends:
                raise error(step, float("nan"))

    return train


@pytest.mark.parametrize(
    ("steps", "seen"),
    [
        (0, [0]),
        (3, [0, 1, 2, 3]),
        (LOOKS, list(range(LOOKS + 1))),
        (2 * LOOKS + 50, [*range(0, 2 * LOOKS + 50, 2), 2 * LOOKS + 50]),
        (5 * LOOKS, list(range(0, 5 * LOOKS + 1, 5))),
    ],
)
def test_a_run_is_looked_at_at_both_ends_and_about_a_hundred_times_between(steps, seen):
    assert [moment.step for moment in moments_of(counting(), steps)] == seen


def test_a_run_that_diverges_ends_with_the_moment_that_shows_it():
    assert [moment.step for moment in moments_of(counting(ends=5), 300)] == [0, 3, 5]


def test_any_other_error_goes_on_to_the_caller():
    with pytest.raises(ZeroDivisionError):
        moments_of(counting(ends=5, error=ZeroDivisionError), 300)


def test_a_history_has_gaps_where_there_is_no_number():
    values = [0.1, float("nan"), float("inf"), float("-inf"), -2.0]
    found = history(iter(values))
    assert found.dtype == torch.float64
    np.testing.assert_array_equal(found.numpy(), [0.1, np.nan, np.nan, np.nan, -2.0])
    np.testing.assert_array_equal(history(values, infinite=True).numpy(), np.array(values))


@pytest.mark.parametrize("topic", TRAINING, ids=lambda topic: topic.slug)
def test_a_network_gets_the_weights_of_a_moment_back(topic):
    training = topic.training
    config = training.at(topic.config(), 2)
    other = torch.Generator().manual_seed(1)
    wanted = [torch.randn(p.shape, generator=other) for p in topic.load(training.network)(config).parameters()]
    model = topic.load(training.network)(config)
    restore(model, [values.numpy() for values in wanted])
    for parameter, values in zip(model.parameters(), wanted, strict=True):
        assert torch.equal(parameter.cpu(), values)
        assert parameter.requires_grad


def test_what_is_no_finite_number_is_restored_as_zero():
    model = nn.Linear(2, 2)
    weights = [np.array([[1.0, np.nan], [np.inf, -np.inf]], np.float32), np.array([np.nan, 3.0], np.float32)]
    kept = [values.copy() for values in weights]
    restore(model, weights)
    assert model.weight.tolist() == [[1.0, 0.0], [0.0, 0.0]]
    assert model.bias.tolist() == [0.0, 3.0]
    for values, before in zip(weights, kept, strict=True):  # a Snapshot is shared: nobody writes to it
        np.testing.assert_array_equal(values, before)
        assert finite(values) is not values


@pytest.mark.parametrize(
    "weights",
    [
        [np.ones((2, 2), np.float32)],
        [np.ones((2, 2), np.float32), np.ones(2, np.float32), np.ones(1, np.float32)],
        [np.ones((2, 2), np.float32), np.ones(1, np.float32)],  # one that would be spread over the bias
        [np.ones((1, 2), np.float32), np.ones(2, np.float32)],
    ],
)
def test_weights_of_another_network_are_refused_and_change_nothing(weights):
    model = nn.Linear(2, 2)
    before = [parameter.detach().clone() for parameter in model.parameters()]
    with pytest.raises(ValueError, match="expected weights of the shapes"):
        restore(model, weights)
    assert all(torch.equal(one, other) for one, other in zip(model.parameters(), before, strict=True))

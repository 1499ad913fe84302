"""Nearest neighbours agree with scikit-learn: distances, order, votes, and what is named."""

import numpy as np
import pytest
import torch
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import KNeighborsClassifier

from engine.instrument.neighbours import (
    distances,
    nearest,
    right_by_count,
    shares_of_votes,
    weights_of_votes,
    winners,
)

METRICS = {"l1": "manhattan", "l2": "euclidean", "l2_squared": "sqeuclidean", "cosine": "cosine"}


def points(count: int, features: int, seed: int) -> torch.Tensor:
    return torch.randn(count, features, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("features", [2, 4, 64])
@pytest.mark.parametrize("metric", METRICS)
def test_distances_are_those_of_scikit_learn(metric, features):
    one, other = points(20, features, 0), points(30, features, 1)
    other[:3] = one[:3]
    expected = pairwise_distances(one.double().numpy(), other.double().numpy(), metric=METRICS[metric])
    found = distances(one, other, metric)
    assert np.allclose(found.numpy(), expected, atol=1e-7)
    assert (found[range(3), range(3)] == 0).all(), "equal points are at distance 0, whatever rounding does"
    with pytest.raises(ValueError, match="expected l1, l2"):
        distances(one, other, "l3")


def test_a_point_without_a_direction_is_at_cosine_distance_1():
    zero = torch.zeros(1, 2)
    assert distances(zero, points(4, 2, 0), "cosine").tolist() == [[1.0] * 4]
    assert distances(zero, zero, "cosine").tolist() == [[1.0]]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("k", [1, 4, 15])
@pytest.mark.parametrize("metric", METRICS)
def test_what_is_named_is_what_scikit_learn_names(metric, k, weighted):
    train, asked = points(120, 2, 2), points(200, 2, 3)
    asked[:5] = train[:5]
    labels = torch.arange(120) % 3
    machine = KNeighborsClassifier(
        k, metric=METRICS[metric], weights="distance" if weighted else "uniform", algorithm="brute"
    )
    machine.fit(train.double().numpy(), labels.numpy())
    order, far = nearest(asked, train, metric, k)
    shares = shares_of_votes(labels[order], weights_of_votes(far, weighted), 3)
    assert np.allclose(shares.numpy(), machine.predict_proba(asked.double().numpy()), atol=1e-6)
    assert winners(shares).tolist() == machine.predict(asked.double().numpy()).tolist()


def test_of_equally_distant_points_the_earlier_is_asked_and_of_a_tie_the_first_class_wins():
    corners = torch.tensor([[1.0, 0], [0, 1], [-1, 0], [0, -1], [0.5, 0.5], [2, 2]])
    order, far = nearest(torch.zeros(1, 2), corners, "l1", 3)
    assert order.tolist() == [[0, 1, 2]]
    assert far.tolist() == [[1.0] * 3]
    assert nearest(torch.zeros(1, 2), corners, "l1", 99)[0].tolist() == [[0, 1, 2, 3, 4, 5]]
    assert winners(torch.tensor([[0.0, 0.5, 0.5]])).tolist() == [1]
    assert nearest(corners[:0], corners, "l2", 2)[0].shape == (0, 2)


@pytest.mark.parametrize("seed", range(4))
def test_the_root_changes_no_neighbour_but_the_weights_of_votes(seed):
    train, asked = points(80, 3, seed), points(50, 3, seed + 10)
    with_root, far = nearest(asked, train, "l2", 20)
    without, squared = nearest(asked, train, "l2_squared", 20)
    assert torch.equal(with_root, without)
    assert torch.allclose(far.square(), squared)
    assert not torch.allclose(*(weights_of_votes(d, True) / weights_of_votes(d, True).sum(1, keepdim=True)
                                for d in (far, squared)))  # fmt: skip


def test_right_by_count_is_the_vote_of_the_first_so_many():
    train, asked = points(60, 2, 5), points(40, 2, 6)
    labels, truth = torch.arange(60) % 2, torch.arange(40) % 2
    order, far = nearest(asked, train, "l2", 10)
    for weighted in (False, True):
        weights = weights_of_votes(far, weighted)
        right = right_by_count(labels[order], weights, truth, 2)
        for k in (1, 3, 10):
            shares = shares_of_votes(labels[order[:, :k]], weights[:, :k], 2)
            assert right[k - 1] == (winners(shares) == truth).double().mean()

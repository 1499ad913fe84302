"""Nearest neighbours: distances, the order they give, and the vote."""

from __future__ import annotations

import torch
from torch import Tensor

DIRECT = 16  # features up to which a difference is taken number by number, which is exact where two points are equal
CHUNK = 20_000_000  # numbers of one block of differences


def distances(one: Tensor, other: Tensor, metric: str) -> Tensor:
    """(M, D), (N, D) -> (M, N) float64.

    metric: "l1" Σ|a − b|; "l2" √Σ(a − b)²; "l2_squared" the same without the root; "cosine" 1 − a·b / (‖a‖ ‖b‖), which
    is 1 where one of them is 0. ValueError for another one.
    """
    one, other = one.double(), other.double()
    match metric:
        case "l1":
            return torch.cdist(one, other, p=1)
        case "l2":
            return squared_distances(one, other).sqrt()
        case "l2_squared":
            return squared_distances(one, other)
        case "cosine":
            # 1 − cos = ‖â − b̂‖² / 2 of the directions, which is exact where they are nearly the same.
            far = squared_distances(_directions(one), _directions(other)) / 2
            nowhere = (one == 0).all(1)[:, None] | (other == 0).all(1)[None, :]
            return far.where(~nowhere, 1.0)
    raise ValueError(f"expected l1, l2, l2_squared or cosine, got {metric!r}")


def squared_distances(one: Tensor, other: Tensor) -> Tensor:
    """(M, D), (N, D) -> (M, N): Σ(a − b)²; of many features as |a|² + |b|² − 2 a·b."""
    if one.shape[1] <= DIRECT:
        total = torch.zeros(len(one), len(other), dtype=one.dtype, device=one.device)
        for a, b in zip(one.T, other.T, strict=True):
            total += (a[:, None] - b[None, :]).square()
        return total
    total = one.square().sum(1)[:, None] + other.square().sum(1)[None, :] - 2 * one @ other.T
    scale = one.square().sum(1).max() if len(one) else 0.0
    return total.where(total > 1e-12 * scale, 0.0)  # what is left over where two points are equal


def _directions(points: Tensor) -> Tensor:
    length = points.norm(dim=1, keepdim=True)
    return points / length.where(length > 0, 1.0)


def nearest(one: Tensor, other: Tensor, metric: str, most: int) -> tuple[Tensor, Tensor]:
    """Numbers and distances (M, most) of the nearest among `other`, nearest first; among equally distant ones the
    earlier comes first. `most` beyond their number means all of them."""
    most, found = min(most, len(other)), []
    for part in one.split(max(1, CHUNK // max(1, len(other)))):
        found.append(_smallest(distances(part, other, metric), most))
    if not found:
        return torch.zeros(0, most, dtype=torch.int64), torch.zeros(0, most, dtype=torch.float64)
    return torch.cat([order for order, _ in found]), torch.cat([far for _, far in found])


def _smallest(far: Tensor, most: int) -> tuple[Tensor, Tensor]:
    """(M, N) -> numbers and values (M, most) of the smallest of each row, as a stable sort would have them."""
    if most >= far.shape[1]:
        values, order = far.sort(dim=1, stable=True)
        return order, values
    order = far.topk(most + 1, dim=1, largest=False).indices.sort(dim=1).values
    values, places = far.gather(1, order).sort(dim=1, stable=True)
    order = order.gather(1, places)
    level = (values[:, most] == values[:, most - 1]).nonzero().flatten()  # which of the last are meant is open there
    if len(level):
        values[level], order[level] = (part[:, : most + 1] for part in far[level].sort(dim=1, stable=True))
    return order[:, :most], values[:, :most]


def weights_of_votes(far: Tensor, weighted: bool) -> Tensor:
    """What each neighbour's vote counts, (M, k): 1, or one over its distance; where some lie at distance 0 they alone
    count, 1 each."""
    if not weighted:
        return torch.ones_like(far)
    at_once = far == 0
    return torch.where(at_once.any(1, keepdim=True), at_once.to(far.dtype), 1 / far.where(far > 0, 1.0))


def shares_of_votes(labels: Tensor, weights: Tensor, classes: int) -> Tensor:
    """labels (M, k) of the neighbours, weights (M, k) -> (M, K) share of the votes that each class has."""
    votes = torch.zeros(len(labels), classes, dtype=weights.dtype).scatter_add_(1, labels, weights)
    return votes / votes.sum(1, keepdim=True)


def winners(shares: Tensor) -> Tensor:
    """(M, K) -> (M,) the class with most votes; of several with equally many the first."""
    return shares.max(1).indices


def right_by_count(labels: Tensor, weights: Tensor, truth: Tensor, classes: int) -> Tensor:
    """(M, k) neighbours, nearest first -> (k,) share of the points named rightly by the first, the first two, … of
    them."""
    votes = torch.zeros(len(labels), classes, dtype=weights.dtype)
    right = torch.zeros(labels.shape[1], dtype=torch.float64)
    for at in range(labels.shape[1]):
        votes.scatter_add_(1, labels[:, at : at + 1], weights[:, at : at + 1])
        right[at] = (winners(votes) == truth).double().mean()
    return right

"""k nearest neighbours: what they say everywhere, and how right they are for every k."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.contracts.axes import axes, note, result
from engine.instrument.neighbours import nearest, right_by_count, shares_of_votes, weights_of_votes, winners
from engine.training.fit import seeded

from .card import FOLDS, MOST_NEIGHBOURS, Config
from .samples import SIDE, Samples, samples_of


@result
class Result:
    """What the k nearest training points say at every spot of the plane, and of every held-out point."""

    inputs: Tensor = axes("point feature", "the points, or the pixels of the digits")
    targets: Tensor = axes("point", "class of each point")
    is_train: Tensor = axes("point", "whether the point is one of those that are asked")
    plane: Tensor = axes("row column class", "share of the votes at each spot; nothing where the data are digits")
    shares: Tensor = axes("held_out class", "share of the votes for each held-out point")
    neighbours: Tensor = axes("held_out neighbour", "numbers of the nearest training points, nearest first")
    distance: Tensor = axes("held_out neighbour", "how far they are")
    answers: Tensor = axes("held_out", "class named for each held-out point")
    accuracy: Tensor = axes("", "share of the held-out points named rightly", gaps=True)
    train_accuracy: Tensor = axes("", "share of the training points named rightly, each its own neighbour", gaps=True)
    config: Config = note("what was asked for")


@result
class CrossValidation:
    """How right the vote is for every k, by cross-validation: each fold is asked of the others."""

    k: Tensor = axes("count", "how many neighbours are asked")
    accuracy: Tensor = axes("count fold", "share of the fold's points named rightly")
    held_out: Tensor = axes("count", "the same for the held-out points, asked of all training points")
    config: Config = note("what was asked for")


def run(config: Config) -> Result:
    """Ask the k nearest training points."""
    samples = samples_of(config)
    train, held_out = samples.train_rows, samples.held_out_rows
    plane, *_ = vote(config, samples, samples.plane())
    shares, order, far = vote(config, samples, samples.inputs[held_out])
    answers = winners(shares) if len(shares) else torch.zeros(0, dtype=torch.int64)
    of_train, *_ = vote(config, samples, samples.inputs[train])
    side = 0 if samples.side else SIDE
    return Result(
        inputs=samples.inputs,
        targets=samples.targets,
        is_train=samples.is_train,
        plane=plane.reshape(side, side, plane.shape[1]).float(),
        shares=shares,
        neighbours=order,
        distance=far,
        answers=answers,
        accuracy=(answers == samples.targets[held_out]).double().mean(),
        train_accuracy=(winners(of_train) == samples.targets[train]).double().mean() if len(train) else _none(),
        config=config,
    )


def vote(config: Config, samples: Samples, inputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """For inputs (M, D): share of the votes of each class (M, K), numbers of the neighbours among all points and their
    distances (M, k). Where there is nobody to ask, every class has as much."""
    rows, count = samples.train_rows, len(samples.classes)
    if not len(rows):
        return torch.full((len(inputs), count), 1 / count), *(torch.zeros(len(inputs), 0, dtype=kind)
                                                              for kind in (torch.int64, torch.float64))  # fmt: skip
    order, far = nearest(inputs, samples.inputs[rows], config.metric, config.k)
    order = rows[order]
    shares = shares_of_votes(samples.targets[order], weights_of_votes(far, config.weighted), count)
    return shares, order, far


def cross_validation(config: Config) -> CrossValidation:
    """The accuracy of every k up to 50 by cross-validation over 5 folds of the training points.

    With fewer points than that, up to as many as stand outside a fold.
    """
    samples = samples_of(config)
    rows, held_out, count = samples.train_rows, samples.held_out_rows, len(samples.classes)
    with seeded(config.seed + 40_000) as generator:
        fold = (torch.arange(len(rows)) % FOLDS)[torch.randperm(len(rows), generator=generator)]
    most = max(0, min(MOST_NEIGHBOURS, *(int((fold != one).sum()) for one in range(FOLDS))))
    accuracy = torch.zeros(most, FOLDS, dtype=torch.float64)
    if most and len(rows) >= FOLDS:
        for one in range(FOLDS):
            asked, others = rows[fold == one], rows[fold != one]
            accuracy[:, one] = _right(config, samples, asked, others, most, count)
    on_held_out = _right(config, samples, held_out, rows, most, count) if len(held_out) and most else accuracy.mean(1)
    return CrossValidation(torch.arange(1, most + 1), accuracy, on_held_out, config)


def _right(config: Config, samples: Samples, asked: Tensor, others: Tensor, most: int, count: int) -> Tensor:
    order, far = nearest(samples.inputs[asked], samples.inputs[others], config.metric, most)
    weights = weights_of_votes(far, config.weighted)
    if config.weighted:  # with a neighbour at distance 0 the others do not count, however many are asked
        weights = torch.where((far == 0).any(1, keepdim=True), (far == 0).double(), weights)
    return right_by_count(samples.targets[others][order], weights, samples.targets[asked], count)


def _none() -> Tensor:
    return torch.tensor(float("nan"))

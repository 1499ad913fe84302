"""Neighbours beside scikit-learn's, and a watched training beside one that nobody watches."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.bench.comparison import Comparison, Prepared, close, weights_of
from engine.instrument.neighbours import nearest
from engine.models.linear.linear import TwoClassifiers, hinge_loss
from engine.training.fit import seeded

from .card import Config
from .run import Experiment

STEPS = 200


def neighbours_of_digits() -> Prepared:
    """The 5 nearest of 1,258 digits for each of 539 others, against a plain sort of all distances."""
    with seeded(0) as generator:
        train, asked = (torch.rand(count, 64, generator=generator) for count in (1258, 539))

    def ours() -> Tensor:
        return nearest(asked, train, "l2", 5)[1]

    def sorted_() -> Tensor:
        return torch.cdist(asked.double(), train.double()).sort(dim=1).values[:, :5]

    return Prepared(ours, sorted_, lambda a, b: close(a, b, 1e-5))


def both_losses() -> Prepared:
    """Both linear classifiers on the default points, with all that the page shows every 10 steps; a bare loop."""
    config = Config(until=STEPS)

    def watched() -> Tensor:
        experiment = Experiment(config)
        for _ in experiment.train(STEPS):
            pass
        return weights_of(experiment.model)

    def bare() -> Tensor:
        experiment = Experiment(config)
        model = TwoClassifiers(experiment.inputs.shape[1], len(experiment.samples.classes))
        optimizer = torch.optim.SGD(model.parameters(), lr=config.learning_rate)
        rows = experiment.samples.train_rows
        x, y = experiment.samples.inputs[rows], experiment.samples.targets[rows]
        for _ in range(STEPS):
            optimizer.zero_grad()
            svm, softmax = model(x)
            penalty = model.svm.weight.square().sum() + model.softmax.weight.square().sum()
            loss = hinge_loss(svm, y, config.margin) + F.cross_entropy(softmax, y)
            (loss + 0.5 * config.strength * penalty).backward()
            optimizer.step()
        return weights_of(model)

    return Prepared(watched, bare, lambda a, b: close(a, b, 1e-4), STEPS)


COMPARISONS = {
    "neighbours": Comparison("5 nearest of 1,258 digits", "a sort of all distances", "search", neighbours_of_digits),
    "both_losses": Comparison("SVM and softmax, shown as they go", "bare loop of as many steps", "step", both_losses),
}

"""Receptive fields and a training beside the plainest way to them."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.bench.comparison import Comparison, Prepared, close, weights_of
from engine.instrument.receptive_field import receptive_field
from engine.models.cnn.cnn import SmallCNN
from engine.training.fit import fit, seeded

from .card import Config
from .run import Experiment


def receptive_fields() -> Prepared:
    """Where a cell of the last maps looks: from the sizes of the windows, against the gradient of a network of ones."""
    with seeded(0) as generator:
        model = SmallCNN(8, 5, generator)
    windows = model.windows()["conv2.sum"]

    def by_gradient() -> tuple[int, ...]:
        x = torch.ones(1, 1, 28, 28, requires_grad=True)
        ones = [torch.ones_like(layer.conv.weight) for layer in (model.conv1, model.conv2)]
        h = F.avg_pool2d(F.conv2d(x, ones[0], padding=2), 2)  # the mean instead of the maximum: every pixel counts
        F.conv2d(h, ones[1], padding=2)[0, 0, 3, 4].backward()
        rows, columns = x.grad[0, 0].nonzero(as_tuple=True)
        return int(rows.min()), int(columns.min()), int(rows.max()) + 1, int(columns.max()) + 1

    return Prepared(lambda: receptive_field(windows, 3, 4, 28, 28), by_gradient, lambda a, b: tuple(a) == b)


def cnn_training(steps: int = 20) -> Prepared:
    """20 steps on digits as the page trains, against a bare loop over a plain nn.Sequential with the same weights."""
    config = Config(start="fresh")

    def ours() -> Tensor:
        experiment = Experiment(config)
        with seeded(config.seed + 20_000) as generator:
            *_, _ = fit(
                experiment.model, experiment.batches(generator), F.cross_entropy, experiment.optimizer(),
                observe=lambda step: {}, steps=steps, snapshot_every=steps,
            )  # fmt: skip
        return weights_of(experiment.model)

    def bare() -> Tensor:
        experiment = Experiment(config)
        first, second = experiment.model.conv1.conv, experiment.model.conv2.conv
        model = nn.Sequential(
            first, nn.ReLU(), nn.MaxPool2d(2), second, nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            experiment.model.hidden, nn.ReLU(), experiment.model.output,
        )  # fmt: skip
        optimizer = experiment.optimizer()
        with seeded(config.seed + 20_000) as generator:
            batches = experiment.batches(generator)
            for _ in range(steps):
                images, labels = next(batches)
                optimizer.zero_grad()
                F.cross_entropy(model(images), labels).backward()
                optimizer.step()
        return weights_of(experiment.model)

    return Prepared(ours, bare, lambda a, b: close(a, b, 1e-4), steps)


COMPARISONS = {
    "receptive_field": Comparison(
        "receptive field from window sizes", "gradient of a network of ones", "cell", receptive_fields
    ),
    "cnn_training": Comparison("training of the small CNN", "bare PyTorch loop", "step", cnn_training),
}

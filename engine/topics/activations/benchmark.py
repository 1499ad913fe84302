"""Looking through a deep network beside a bare pass forward and back."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.bench.comparison import Comparison, Prepared, close

from .card import Config
from .run import Experiment


def looking() -> Prepared:
    """Norms of the gradients at 30 layers of 64 units with all else that the page shows of them, against one plain
    forward and backward pass."""
    experiment = Experiment(Config(activation="tanh", second="none", depth=30, data="normal"))
    (network,), x, y = experiment.model.each, experiment.inputs, experiment.targets

    def ours() -> Tensor:
        return experiment.statistics(0).weight_gradient

    def bare() -> Tensor:
        weights = network.weights
        gradients = torch.autograd.grad(F.cross_entropy(network(x), y), weights)
        return torch.stack([one.double().norm() for one in gradients])

    return Prepared(ours, bare, lambda a, b: close(a, b, 1e-4))


COMPARISONS = {
    "looking": Comparison("30 layers looked through", "a bare pass forward and back", "look", looking),
}

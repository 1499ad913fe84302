"""One backward pass beside finite differences, and our engine beside autograd."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.bench.comparison import Comparison, Prepared, close
from engine.models.scalar_checks import autograd_gradients, central_differences
from engine.models.scalar_engine import forward, zero_gradients

from .card import Config
from .run import Experiment

NETWORK = Config(data="network", hidden=4)
WIDTH = 1e-5


def backward_beside_differences() -> Prepared:
    """The gradients of 17 weights by a forward and a backward pass, and by 34 forward passes."""
    experiment = Experiment(NETWORK)
    leaves, order, end = list(experiment.leaves.values()), experiment.order, experiment.end

    def ours() -> Tensor:
        forward(order)
        zero_gradients(leaves)
        end.backward()
        return torch.tensor([float(leaf.grad) for leaf in leaves])

    def differences() -> Tensor:
        return torch.tensor([central_differences(end, leaf, [WIDTH])[0] for leaf in leaves])

    return Prepared(ours, differences, close)


def engine_beside_autograd() -> Prepared:
    """The same gradients by our engine and by autograd, which makes a tensor of every single number."""
    experiment = Experiment(NETWORK)
    leaves, order, end = list(experiment.leaves.values()), experiment.order, experiment.end

    def ours() -> Tensor:
        forward(order)
        zero_gradients(leaves)
        end.backward()
        return torch.tensor([float(leaf.grad) for leaf in leaves])

    return Prepared(ours, lambda: torch.tensor(autograd_gradients(end, leaves)), close)


COMPARISONS = {
    "backpropagation_differences": Comparison(
        "one backward pass, 17 weights", "finite differences", "gradient", backward_beside_differences
    ),
    "backpropagation_autograd": Comparison(
        "our scalar engine, 17 weights", "autograd on the same scalars", "gradient", engine_beside_autograd
    ),
}

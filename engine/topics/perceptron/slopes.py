"""The loss of one neuron over its weights and threshold, and its slope: through the step, and through the sigmoid."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from engine.models.perceptron.neuron import FUNCTIONS, Neurons
from engine.training.fit import seeded

PARAMETERS = ("w1", "w2", "theta")
REACH, PLACES = 3.0, 481  # of the cut through the loss on both sides, and how many losses
TRIED, ASIDE = 2000, 1e-4  # random places, and how far aside one looks


def losses(inputs: Tensor, targets: Tensor, lines: Tensor, function: str) -> Tensor:
    """Mean of (y − t)² over the points (N, 2), for lines (L, 3) of w₁, w₂, θ -> (L,) float64; 0 without points."""
    z = lines[:, :2] @ inputs.double().T - lines[:, 2:]  # (L, N)
    return (FUNCTIONS[function](z) - targets).square().sum(1) / max(1, len(targets))


def slopes(inputs: Tensor, targets: Tensor, line: tuple[float, float, float], function: str) -> tuple[float, ...]:
    """∂L/∂w₁, ∂L/∂w₂, ∂L/∂θ by autograd."""
    with torch.enable_grad():
        neuron = Neurons([line[:2]], [line[2]], function)
        loss = (neuron(inputs.double())[:, 0] - targets).square().sum() / max(1, len(targets))
        weight, threshold = torch.autograd.grad(loss, [neuron.weight, neuron.threshold])
    return (*weight[0].tolist(), threshold.item())


def quotients(inputs: Tensor, targets: Tensor, lines: Tensor, function: str, aside: float = ASIDE) -> Tensor:
    """(L, 3): (L(w + h) − L(w − h)) / 2 h along each of the three, with no derivative at all."""
    parts = []
    for k in range(3):
        shift = torch.zeros(3, dtype=torch.float64)
        shift[k] = aside
        ahead, behind = (losses(inputs, targets, lines + sign * shift, function) for sign in (1, -1))
        parts.append((ahead - behind) / (2 * aside))
    return torch.stack(parts, 1)


def flat_share(inputs: Tensor, targets: Tensor, function: str) -> float:
    """The share of random places, w₁, w₂ and θ from −3 to 3, at which all three quotients are exactly 0."""
    with seeded(0) as generator:
        lines = REACH * (2 * torch.rand(TRIED, 3, generator=generator, dtype=torch.float64) - 1)
    return (quotients(inputs, targets, lines, function) == 0).all(1).double().mean().item()


def cut(
    inputs: Tensor, targets: Tensor, line: tuple[float, float, float], along: str, function: str
) -> tuple[Tensor, Tensor]:
    """(values of one of w₁, w₂, θ, the loss there), around a line."""
    at = PARAMETERS.index(along)
    half = PLACES // 2
    values = line[at] + REACH * torch.arange(-half, half + 1, dtype=torch.float64) / half
    lines = torch.tensor(line, dtype=torch.float64).repeat(PLACES, 1)
    lines[:, at] = values
    return values, losses(inputs, targets, lines, function)


@lru_cache(maxsize=16)
def flat_shares(points) -> tuple[float, float]:
    """`flat_share` of the step and of the sigmoid for a PointSet."""
    return tuple(flat_share(points.inputs, points.targets, function) for function in ("step", "sigmoid"))

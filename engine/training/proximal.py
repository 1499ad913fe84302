"""Proximal steps: how a penalty with a corner, such as L1, is minimised so that zeros come out exactly zero.

The penalty is that of the elastic net (Zou and Hastie 2005), α (ρ Σ|w| + (1 − ρ)/2 Σw²): L1 with ρ = 1, L2 with ρ = 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

Gradient = Callable[[Tensor], Tensor]  # of the loss without its penalty, at w


def soft_threshold(values: Tensor, threshold: float | Tensor) -> Tensor:
    """sign(v) max(|v| − t, 0): what lies within the threshold becomes exactly 0, the rest moves towards 0 by it."""
    return values.sign() * (values.abs() - threshold).clamp(min=0)


def shrunk(values: Tensor, rate: float | Tensor, strength: float | Tensor, mix: float = 1.0) -> Tensor:
    """The proximal step of the penalty: argmin over w of ½‖w − v‖² + η α (ρ Σ|w| + (1 − ρ)/2 Σw²).

    values: v, any shape; rate: η; strength: α; mix: ρ, the share of L1. Soft threshold, then a division (Parikh and
    Boyd 2014, section 6.5.3).
    """
    return soft_threshold(values, rate * strength * mix) / (1 + rate * strength * (1 - mix))


def proximal_gradient(
    gradient: Gradient,
    start: Tensor,
    rate: float,
    strength: float | Tensor,
    mix: float = 1.0,
    *,
    free: int = 0,
    accelerated: bool = False,
) -> Iterator[Tensor]:
    """Endless w of every step, `start` first: a gradient step on the loss, then the proximal step of the penalty.

    ISTA; `accelerated`: FISTA (Beck and Teboulle 2009). free: so many last entries along the last axis, such as a bias,
    have no penalty. Converges for rate ≤ 1 / (largest curvature of the loss).
    """
    w = ahead = start
    momentum = 1.0
    while True:
        yield w
        moved = ahead - rate * gradient(ahead)
        kept = moved.shape[-1] - free
        new = torch.cat([shrunk(moved[..., :kept], rate, strength, mix), moved[..., kept:]], -1)
        ahead = new
        if accelerated:
            following = (1 + math.sqrt(1 + 4 * momentum**2)) / 2
            ahead, momentum = new + (momentum - 1) / following * (new - w), following
        w = new


def subgradient(values: Tensor, strength: float | Tensor, mix: float = 1.0) -> Tensor:
    """A subgradient of the penalty, α (ρ sign(w) + (1 − ρ) w), 0 at the corner. Steps along it hardly ever hit 0."""
    return strength * (mix * values.sign() + (1 - mix) * values)


def subgradient_descent(
    gradient: Gradient, start: Tensor, rate: float, strength: float, mix: float = 1.0
) -> Iterator[Tensor]:
    """Endless w of every step, `start` first: plain steps of equal length along gradient and subgradient."""
    w = start
    while True:
        yield w
        w = w - rate * (gradient(w) + subgradient(w, strength, mix))

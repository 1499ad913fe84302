"""Clipping: gradients that are too long are shortened, all by one factor."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor


@torch.no_grad()
def clip(parameters: Iterable[Tensor], longest: float) -> tuple[float, float]:
    """Multiply the gradients of all parameters by min(1, longest / ‖g‖), with ‖g‖ their norm all together (Pascanu,
    Mikolov, Bengio 2013). Returns (‖g‖, the factor). Where ‖g‖ is no finite number, the gradients become 0."""
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    norm = float(sum(gradient.double().square().sum() for gradient in gradients)) ** 0.5 if gradients else 0.0
    factor = min(1.0, longest / norm) if 0 < norm < float("inf") else float(norm == 0)
    for gradient in gradients:
        gradient.mul_(factor) if factor > 0 else gradient.zero_()
    return norm, factor

"""Random ReLU features with a linear read-out: a network whose first layer is never trained (Rahimi and Recht 2007)."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def random_relu(inputs: int, features: int, generator: torch.Generator) -> Tensor:
    """(features, inputs) float64 first weights, drawn once: normal with variance 1 / inputs."""
    return torch.randn(features, inputs, generator=generator, dtype=torch.float64) / math.sqrt(inputs)


def least_squares(features: Tensor, targets: Tensor, ridge: float = 0.0) -> Tensor:
    """The read-out w of least Σ‖φw − y‖² + λ‖w‖²; with λ = 0, of all that fit equally well the one of least length.

    features: φ (N, P), targets (N, K) -> (P, K). ridge: λ. With λ = 0 by the pseudo-inverse; else by the smaller of two
    equal systems, (φᵀφ + λ)⁻¹φᵀ = φᵀ(φφᵀ + λ)⁻¹.
    """
    if ridge == 0:
        return torch.linalg.pinv(features) @ targets
    count, width = features.shape
    identity = torch.eye(min(count, width), dtype=features.dtype, device=features.device)
    if width <= count:
        return torch.linalg.solve(features.T @ features + ridge * identity, features.T @ targets)
    return features.T @ torch.linalg.solve(features @ features.T + ridge * identity, targets)

"""Slices of a loss: two directions in the space of all parameters, and where a path lies in the plane they span.

Source: Li, Xu, Taylor, Studer and Goldstein 2018, "Visualizing the loss landscape of neural nets".
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def filter_normalised(parts: Sequence[Tensor], generator: torch.Generator) -> list[Tensor]:
    """A random direction in which every neuron's incoming weights are as long as the neuron's own are.

    parts: of each neuron group (N, K): all that comes into each of N neurons. Returns tensors of the same shapes; a
    neuron whose weights are all 0 has none to go along.
    """
    found = []
    for part in parts:
        drawn = torch.randn(part.shape, generator=generator, dtype=part.dtype)
        found.append(drawn / drawn.norm(dim=1, keepdim=True).clamp(min=1e-12) * part.norm(dim=1, keepdim=True))
    return found


def main_directions(path: Tensor) -> tuple[Tensor, float]:
    """The two directions along which a path differs most from its end, and their share of all its squared differences.

    path: (T, P) parameters at T moments, T >= 3. Returns (2, P) orthonormal rows. As in the paper, not centred.
    """
    away = (path[:-1] - path[-1]).double()
    _, singular, directions = torch.linalg.svd(away, full_matrices=False)
    share = (singular[:2].square().sum() / singular.square().sum().clamp(min=1e-300)).item()
    return directions[:2], share


def places_in(directions: Tensor, away: Tensor) -> Tensor:
    """(T, 2): the places in the plane of two directions (2, P) that lie next to the points `away` (T, P)."""
    return torch.linalg.lstsq(directions.T.double(), away.T.double()).solution.T

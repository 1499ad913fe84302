"""Two classes for one straight line: logic gates, and points with an empty strip between them, or without."""

from __future__ import annotations

import math

import torch

from engine.data.points import DOMAIN, PointSet

CORNERS = ((0, 0), (0, 1), (1, 0), (1, 1))
GATES = {"and": (0, 0, 0, 1), "or": (0, 1, 1, 1), "nand": (1, 1, 1, 0), "xor": (0, 1, 1, 0)}
_DRAWN = 60  # times as many as wanted, so that enough of each class are left


def gate(name: str) -> PointSet:
    """The four rows of the truth table of a gate: inputs (4, 2), targets (4,) 0 or 1. KeyError for another name."""
    answers = torch.tensor(GATES[name], dtype=torch.int64)
    return PointSet(torch.tensor(CORNERS, dtype=torch.float32), answers)


def parted(count: int, gap: float, generator: torch.Generator) -> PointSet:
    """`count` points of two classes, as many of each, on both sides of an empty strip of width `gap` somewhere near the
    middle of the square."""
    angle = 2 * math.pi * torch.rand(1, generator=generator).item()
    offset = torch.rand(1, generator=generator).item() - 0.5
    inputs = 0.95 * DOMAIN * (2 * torch.rand(_DRAWN * count, 2, generator=generator) - 1)
    heights = inputs @ torch.tensor([math.cos(angle), math.sin(angle)]) - offset
    half = gap / 2 + 0.01  # what rounding may take away
    low, high = (inputs[side][: count // 2 + 1] for side in (heights < -half, heights > half))
    return _alternating(low, high, count)


def overlapping(count: int, generator: torch.Generator) -> PointSet:
    """`count` points of two round clouds that reach into each other, as many of each."""
    place = torch.tensor([0.9, 0.6])
    clouds = [sign * place + torch.randn(count // 2 + 1, 2, generator=generator) for sign in (-1, 1)]
    return _alternating(*(cloud.clamp(-DOMAIN, DOMAIN) for cloud in clouds), count)


def _alternating(low: torch.Tensor, high: torch.Tensor, count: int) -> PointSet:
    """Class 0 and class 1 in turn; two decimals, so that sums can be done by hand."""
    inputs = torch.stack([low, high], dim=1).reshape(-1, 2)[:count].round(decimals=2)
    return PointSet(inputs, torch.arange(count) % 2)

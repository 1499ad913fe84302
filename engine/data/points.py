"""Labelled points in the plane: the data sets of the playground pages, and a compact text form for own points.

All sets live in the square [-3, 3] x [-3, 3].
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.data.point_codes import SIGNS, check_points

DOMAIN = 3.0
SPIRAL_TURNS = 1.5
CLASSIFICATION_SETS = ("circles", "xor", "gaussians", "spiral", "moons")
REGRESSION_SETS = ("plane", "hills")
_LEVELS = len(SIGNS) ** 2 - 1


@dataclass(frozen=True)
class PointSet:
    """inputs (N, 2) float32 in [-3, 3]; targets (N,) int64 class indices, or (N,) float32 values for regression."""

    inputs: Tensor
    targets: Tensor

    def __len__(self) -> int:
        return len(self.inputs)


def make_points(name: str, count: int, classes: int, noise: float, generator: torch.Generator) -> PointSet:
    """Draw `count` points of a named set.

    classes: 2 to 4, ignored for regression. noise: standard deviation of Gaussian noise, in the units of the plane for
    classification (added to the coordinates), in units of the target for regression. ValueError for an unknown name.
    """
    if name in REGRESSION_SETS:
        inputs = DOMAIN * (2 * torch.rand(count, 2, generator=generator) - 1)
        targets = plane(inputs) if name == "plane" else hills(inputs)
        return PointSet(inputs, targets + noise * torch.randn(count, generator=generator))
    labels = torch.arange(count) % classes
    share = torch.rand(count, generator=generator)  # position along a curve, 0..1
    match name:
        case "circles":
            # Rings of equal width and equal gaps, the innermost one a disc.
            inner = DOMAIN * labels / (classes - 0.35)
            radius = inner + 0.6 * DOMAIN / (classes - 0.35) * share.sqrt()
            inputs = _polar(radius, 2 * math.pi * torch.rand(count, generator=generator))
        case "xor":
            # 2 K equal sectors, coloured in turn; with two classes these are the four quadrants.
            sector = labels + classes * torch.randint(0, 2, (count,), generator=generator)
            angle = math.pi / classes * (sector + 0.06 + 0.88 * share)
            inputs = _polar(0.3 + 2.6 * torch.rand(count, generator=generator).sqrt(), angle)
        case "gaussians":
            angle = 2 * math.pi * labels / classes + math.pi / 4
            inputs = _polar(torch.full((count,), 1.6), angle) + 0.45 * torch.randn(count, 2, generator=generator)
        case "spiral":
            turn = 0.12 + 0.88 * share.sqrt()
            angle = 2 * math.pi * (SPIRAL_TURNS * turn + labels / classes)
            inputs = _polar(0.95 * DOMAIN * turn, angle)
        case "moons":
            # Half circles side by side, alternately open below and above.
            angle = math.pi * share
            side = 1 - 2 * (labels % 2)
            centre = labels - (classes - 1) / 2
            x, y = torch.cos(angle) + centre, side * (torch.sin(angle) - 0.3)
            inputs = 2.6 * torch.stack([x / (1 + (classes - 1) / 2), y], dim=1)
        case _:
            raise ValueError(f"expected one of {', '.join(CLASSIFICATION_SETS + REGRESSION_SETS)}, got {name!r}")
    inputs = inputs + noise * torch.randn(count, 2, generator=generator)
    return PointSet(inputs.clamp(-DOMAIN, DOMAIN).float(), labels)


def plane(inputs: Tensor) -> Tensor:
    """The tilted plane (x1 + x2) / 6, between -1 and 1. inputs (N, 2) -> (N,)."""
    return inputs.sum(1) / (2 * DOMAIN)


def hills(inputs: Tensor) -> Tensor:
    """Three hills and three hollows, as a sum of signed Gaussian bumps of width 0.8. inputs (N, 2) -> (N,)."""
    angle = torch.arange(6) * math.pi / 3
    centres = 1.8 * torch.stack([angle.cos(), angle.sin()], dim=1)  # (6, 2)
    signs = torch.tensor([1.0, -1, 1, -1, 1, -1])
    return torch.exp(-torch.cdist(inputs, centres).square() / (2 * 0.8**2)) @ signs


def split(count: int, train_share: float, generator: torch.Generator) -> Tensor:
    """(N,) bool: which points are for training. At least one on each side when there are two or more."""
    wanted = min(max(round(train_share * count), 1), max(count - 1, 1))
    mask = torch.zeros(count, dtype=torch.bool)
    mask[torch.randperm(count, generator=generator)[:wanted]] = True
    return mask


def encode_points(points: list[tuple[float, float, int]]) -> str:
    """Own points as text for a link: five characters a point (x, y on a 4096 x 4096 grid, then the class, 0 to 3).

    Points outside the plane are moved to its edge. ValueError for another class.
    """
    parts = []
    for x, y, label in points:
        for value in (x, y):
            level = round((min(max(value, -DOMAIN), DOMAIN) + DOMAIN) / (2 * DOMAIN) * _LEVELS)
            parts.append(SIGNS[level // len(SIGNS)] + SIGNS[level % len(SIGNS)])
        if not 0 <= label <= 3:
            raise ValueError(f"expected a class 0 to 3, got {label}")
        parts.append(SIGNS[label])
    return "".join(parts)


def decode_points(text: str) -> list[tuple[float, float, int]]:
    """The inverse of `encode_points`. Raises KnobError for text that does not encode points."""
    check_points(text)
    points = []
    for start in range(0, len(text), 5):
        codes = [SIGNS.index(character) for character in text[start : start + 5]]
        x, y = ((codes[i] * len(SIGNS) + codes[i + 1]) / _LEVELS * 2 * DOMAIN - DOMAIN for i in (0, 2))
        points.append((round(x, 3), round(y, 3), codes[4]))
    return points


def own_points(text: str) -> PointSet:
    """Decoded own points as a PointSet (possibly empty)."""
    points = decode_points(text)
    inputs = torch.tensor([[x, y] for x, y, _ in points], dtype=torch.float32).reshape(-1, 2)
    return PointSet(inputs, torch.tensor([label for *_, label in points], dtype=torch.int64))


def grid(size: int, device: str = "cpu") -> Tensor:
    """(size * size, 2) centres of a picture of the plane, row by row from the top left: x2 falls as the row grows."""
    ticks = (torch.arange(size, device=device) + 0.5) / size * 2 * DOMAIN - DOMAIN
    x2, x1 = torch.meshgrid(-ticks, ticks, indexing="ij")
    return torch.stack([x1.flatten(), x2.flatten()], dim=1)


def _polar(radius: Tensor, angle: Tensor) -> Tensor:
    return torch.stack([radius * torch.cos(angle), radius * torch.sin(angle)], dim=1)

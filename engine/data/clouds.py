"""Shapes in the plane to draw points from, in units of their own standard deviation, and what counts as near them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from engine.contracts.knob import KnobError
from engine.data.digits import decode_drawing

CLOUDS = ("spiral", "moons", "circles", "pinwheel", "gaussians", "drawn")
REFERENCE, FRESH = 2000, 1000  # points of the data that samples are compared with
NEAR_SHARE = 0.99  # of fresh points of the data that count as near the data
COVERAGE_REACH = 2.0  # a point of the data is covered by a sample within this many radii
_SEED = 20_240  # of the reference points: the same for everybody


@dataclass(frozen=True, eq=False)
class Cloud:
    """A shape with mean 0 and variance 1 (averaged over both coordinates), and the yardstick for samples of it.

    reference (2000, 2) and fresh (1000, 2): points of the data; no training sees these very points. radius: the
    distance within which 99 % of other fresh points have one of the reference points.
    """

    name: str
    drawing: str
    mean: Tensor
    scale: Tensor
    reference: Tensor
    fresh: Tensor
    radius: float

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """`count` new points, (count, 2) float32."""
        return (_raw(self.name, self.drawing, count, generator) - self.mean) / self.scale

    def near(self, points: Tensor) -> float:
        """Share of the points (N, 2) within `radius` of a reference point: are they like the data?"""
        return (torch.cdist(points.nan_to_num(1e3), self.reference).min(1).values <= self.radius).float().mean().item()

    def covered(self, points: Tensor) -> float:
        """Share of the fresh points with one of `points` (N, 2) within two radii: is all of the data there?

        It also depends on N: compare with `N` points of the data itself.
        """
        nearest = torch.cdist(self.fresh, points.nan_to_num(1e3)).min(1).values
        return (nearest <= COVERAGE_REACH * self.radius).float().mean().item()


@lru_cache(maxsize=32)
def cloud_of(name: str, drawing: str = "") -> Cloud:
    """The shape of that name; for "drawn" the ink of a drawing (text of engine.data.digits.encode_drawing).

    KnobError for an empty drawing, ValueError for another name.
    """
    generator = torch.Generator()
    generator.manual_seed(_SEED)
    raw = _raw(name, drawing, 2 * REFERENCE + FRESH, generator)
    mean, scale = raw.mean(0), (raw - raw.mean(0)).square().mean().sqrt()
    reference, others, fresh = ((raw - mean) / scale).split([REFERENCE, REFERENCE, FRESH])
    radius = torch.cdist(others, reference).min(1).values.quantile(NEAR_SHARE).item()
    return Cloud(name, drawing, mean, scale, reference, fresh, radius)


def _raw(name: str, drawing: str, count: int, generator: torch.Generator) -> Tensor:
    """(count, 2) points in the shape's own units."""

    def uniform() -> Tensor:
        return torch.rand(count, generator=generator)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    def choice(most: int) -> Tensor:
        return torch.randint(most, (count,), generator=generator)

    match name:
        case "spiral":
            turn = uniform().sqrt()  # so that points lie evenly along the curve
            return _polar(3 * turn, 2 * math.pi * 1.6 * turn) + 0.08 * normal(count, 2)
        case "moons":
            angle, side = math.pi * uniform(), 1.0 - 2 * choice(2)
            points = torch.stack([angle.cos() + side / 2, side * (angle.sin() - 0.25)], dim=1)
            return points + 0.03 * normal(count, 2)
        case "circles":
            return _polar(1.0 + 1.2 * choice(2), 2 * math.pi * uniform()) + 0.05 * normal(count, 2)
        case "pinwheel":  # five blades, each bent by its distance from the middle
            radius, across = 0.25 + 1.35 * uniform(), 0.05 * normal(count)
            angle = 2 * math.pi / 5 * choice(5) + 0.3 * radius.exp()
            return _polar(radius, angle) + across[:, None] * _polar(torch.ones(count), angle + math.pi / 2)
        case "gaussians":
            return _polar(torch.full((count,), 2.0), math.pi / 4 * choice(8)) + 0.12 * normal(count, 2)
        case "drawn":
            ink = torch.from_numpy(decode_drawing(drawing).astype(np.float32))
            if not ink.any():
                raise KnobError("The pad is empty: draw the shape that the points shall take")
            pixel = torch.multinomial(ink.flatten(), count, replacement=True, generator=generator)
            corner = torch.stack([pixel % ink.shape[1], -(pixel // ink.shape[1])], dim=1)
            return corner + torch.rand(count, 2, generator=generator) + 0.2 * normal(count, 2)
    raise ValueError(f"expected one of {', '.join(CLOUDS)}, got {name!r}")


def _polar(radius: Tensor, angle: Tensor) -> Tensor:
    return torch.stack([radius * torch.cos(angle), radius * torch.sin(angle)], dim=1)

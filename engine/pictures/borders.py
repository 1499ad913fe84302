"""Straight borders a x + b y = c across a plane, each with the side on which a x + b y is greater."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Colour = str | int | None  # "#RRGGBB", the number of a class, or None for the ink of the page


@dataclass(frozen=True)
class Border:
    """The line a x + b y = c.

    values: (3,) of a, b, c, or (T, 3) with the frames of its picture. arrow: drawn from the middle of the line in
    direction (a, b), to the side where a x + b y > c. shaded: that side lies under a thin wash of the colour. A line
    with a = b = 0 is nowhere and is not drawn.
    """

    values: np.ndarray
    name: str = ""
    colour: Colour = None
    dashed: bool = False
    arrow: bool = False
    shaded: bool = False

    def __post_init__(self) -> None:
        if np.shape(self.values)[-1:] != (3,) or np.ndim(self.values) > 2:
            raise ValueError(f"a border is (3,) or (T, 3) of a, b, c in a x + b y = c, got {np.shape(self.values)}")


def ends(a: float, b: float, c: float, domain: tuple[float, float, float, float]) -> list[tuple[float, float]]:
    """Where the line a x + b y = c enters and leaves a domain (x low, x high, y low, y high); [] where it does not."""
    x_low, x_high, y_low, y_high = domain
    if not np.isfinite([a, b, c]).all() or (a == 0 and b == 0):
        return []
    # The point of the line nearest to the origin, and how far one can go from it before leaving the domain.
    length = a * a + b * b
    x, y, dx, dy = a * c / length, b * c / length, -b, a
    low, high = -np.inf, np.inf
    for at, step, first, last in ((x, dx, x_low, x_high), (y, dy, y_low, y_high)):
        if step == 0:
            if not first <= at <= last:
                return []
            continue
        one, other = sorted(((first - at) / step, (last - at) / step))
        low, high = max(low, one), min(high, other)
    return [(x + t * dx, y + t * dy) for t in (low, high)] if low < high else []


def half_plane(a: float, b: float, c: float, domain: tuple[float, float, float, float]) -> list[tuple[float, float]]:
    """The corners of the part of a domain in which a x + b y > c, in order; [] where there is none."""
    x_low, x_high, y_low, y_high = domain
    corners = [(x_low, y_low), (x_high, y_low), (x_high, y_high), (x_low, y_high)]
    kept: list[tuple[float, float]] = []  # Sutherland and Hodgman 1974, one edge
    for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True):
        before, after = a * x0 + b * y0 - c, a * x1 + b * y1 - c
        if before > 0:
            kept.append((x0, y0))
        if (before > 0) != (after > 0):
            share = before / (before - after)
            kept.append((x0 + share * (x1 - x0), y0 + share * (y1 - y0)))
    return kept if len(kept) > 2 else []


def borders_meta(borders: tuple[Border, ...] | list[Border]) -> list[dict]:
    """What the browser is told of them; their values travel as arrays, see `borders_arrays`."""
    return [
        {"name": one.name, "colour": one.colour, "dashed": one.dashed, "arrow": one.arrow, "shaded": one.shaded,
         "moves": np.ndim(one.values) == 2}
        for one in borders
    ]  # fmt: skip


def borders_arrays(borders: tuple[Border, ...] | list[Border]) -> dict[str, np.ndarray]:
    """ "border0", "border1", … -> float32 values, as they are named in a payload."""
    return {f"border{k}": np.asarray(one.values, np.float32) for k, one in enumerate(borders)}

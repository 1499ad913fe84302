"""Straight borders a x + b y = c across a plane, each with the side on which a x + b y is greater."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.pictures.sheet import INK, PAPER, Sheet, arrow_head, colour_of

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


def draw_borders(
    sheet: Sheet,
    borders: Sequence[Border],
    domain: tuple[float, float, float, float],
    at: Callable[[float, float], tuple[float, float]],
    frame: int = -1,
) -> None:
    """Borders on a sheet as borders.js paints them; at: (x, y) of the domain -> its place on the sheet."""
    for border in borders:
        a, b, c = (float(one) for one in (border.values[frame] if np.ndim(border.values) == 2 else border.values))
        colour, line = INK if border.colour is None else colour_of(border.colour), ends(a, b, c, domain)
        if border.shaded and len(corners := half_plane(a, b, c, domain)) > 2:
            sheet.polygon([at(*corner) for corner in corners], colour, opacity=0.13)
        if not line:
            continue
        (sx, sy), (tx, ty) = (at(*end) for end in line)
        dash = (6, 4) if border.dashed else None
        sheet.line([(sx, sy), (tx, ty)], PAPER, 4.2, opacity=0.65)
        sheet.line([(sx, sy), (tx, ty)], colour, 1.8 if border.dashed else 2.2, dash=dash)
        if border.arrow:
            middle = (line[0][0] + line[1][0]) / 2, (line[0][1] + line[1][1]) / 2
            size = float(np.hypot(tx - sx, ty - sy)) or 1.0
            nx, ny = -(ty - sy) / size, (tx - sx) / size
            ahead = at(middle[0] + a * 1e-3, middle[1] + b * 1e-3)
            mx, my = at(*middle)
            if (ahead[0] - mx) * nx + (ahead[1] - my) * ny < 0:
                nx, ny = -nx, -ny
            path = [(mx, my), (mx + 30 * nx, my + 30 * ny)]
            sheet.line(path, colour, 2.2)
            arrow_head(sheet, path, colour, 2.2)


def borders_meta(borders: Sequence[Border]) -> list[dict]:
    """What the browser is told of them; their values travel as arrays, see `borders_arrays`."""
    return [
        {"name": one.name, "colour": one.colour, "dashed": one.dashed, "arrow": one.arrow, "shaded": one.shaded,
         "moves": np.ndim(one.values) == 2}
        for one in borders
    ]  # fmt: skip


def borders_arrays(borders: Sequence[Border]) -> dict[str, np.ndarray]:
    """ "border0", "border1", … -> float32 values, as they are named in a payload."""
    return {f"border{k}": np.asarray(one.values, np.float32) for k, one in enumerate(borders)}

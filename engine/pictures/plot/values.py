"""A plane with axes in data units, and what stands in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.contracts.film import Frames
from engine.pictures.borders import Border, Colour, borders_arrays, borders_meta

MOST_NUMBERS = 2_000_000  # of all arrays together
SMALL = 3.0  # radius up to which dots are small ones in the legend, too


@dataclass(frozen=True)
class Field:
    """A value at every place of the domain, in colours.

    values: (H, W) float32, or (T, H, W) with the frames; row 0 at the top. scale: a name of theme.SCALES. low, high:
    ends of the scale; `signed` wants low = -high. With `classes`, values are uint8 shares of classes (H, W, K), 255
    means 1.
    """

    values: np.ndarray
    name: str
    scale: str = "magnitude"
    low: float = 0.0
    high: float = 1.0
    classes: Sequence[str] = ()


@dataclass(frozen=True)
class Path:
    """A curve, a contour or the way of an optimiser.

    points: (N, 2) of x, y, or (T, N, 2) with the frames; NaN breaks it. grows: of (N, 2) with N = T, up to the frame
    that is shown, with a disc at its end. closed: the last point is joined to the first. filled: a thin wash inside.
    Paths without a name are not in the legend.
    """

    points: np.ndarray
    name: str = ""
    colour: Colour = None
    width: float = 2.0
    dashed: bool = False
    closed: bool = False
    filled: bool = False
    grows: bool = False


@dataclass(frozen=True)
class Dots:
    """Points of one kind.

    points: (N, 2), or (T, N, 2) with the frames. colours: one Colour for all, or one for each. rings: those that are
    drawn hollow. labels: one for each, read out beside its place. radius: CSS pixels.
    """

    points: np.ndarray
    name: str = ""
    colours: Colour | Sequence[Colour] = None
    rings: Sequence[bool] | None = None
    labels: Sequence[str] = ()
    radius: float = 4.5

    @property
    def small(self) -> bool:
        """Whether they are small ones in the legend, too."""
        return self.radius <= SMALL


@dataclass(frozen=True)
class Band:
    """A range of x that has a name, such as where a function is saturated; low and high may lie beyond the domain."""

    low: float
    high: float
    name: str
    colour: Colour = None


@dataclass(frozen=True)
class Handle:
    """A point that a reader drags: its event is {"key", "x", "y"}, sent where it is let go."""

    key: str
    x: float
    y: float
    name: str
    colour: Colour = None


@dataclass(frozen=True)
class PlotPicture:
    """A plane with axes in data units.

    domain: (x low, x high, y low, y high), shown whatever stands in it. square: one unit is as long across as up;
    without it the picture takes the width it gets. log_x, log_y: logarithmic axes, domain above zero; no field, no
    borders then. events: "handle" {key, x, y} where one was let go, and with `carries` "carry" {key, x, y} on its way
    there; "dot" {dots, dot}: which of `dots` and which point; "spot" {x, y} for a click anywhere else. A click comes
    only where the page says what it does.
    expected: SIDE × SIDE cells, row 0 at the top, 1 where a reader expects the second of two things; the edge of it is
    drawn. It needs a domain as wide as high. ValueError for what does not fit together.
    """

    domain: tuple[float, float, float, float]
    alt: str
    axis_labels: tuple[str, str] = ("x", "y")
    field: Field | None = None
    bands: Sequence[Band] = ()
    borders: Sequence[Border] = ()
    paths: Sequence[Path] = ()
    dots: Sequence[Dots] = ()
    handles: Sequence[Handle] = ()
    frames: Frames | None = None
    square: bool = True
    log_x: bool = False
    log_y: bool = False
    expected: Sequence[int] = ()
    carries: bool = False

    def __post_init__(self) -> None:
        x_low, x_high, y_low, y_high = self.domain
        if not (np.isfinite(self.domain).all() and x_low < x_high and y_low < y_high):
            raise ValueError(f"domain must be (x low, x high, y low, y high), got {self.domain}")
        if (self.log_x and x_low <= 0) or (self.log_y and y_low <= 0):
            raise ValueError(f"a logarithmic axis needs a domain above zero, got {self.domain}")
        if (self.log_x or self.log_y) and (self.field or self.borders):
            raise ValueError("a field and borders need linear axes")
        if len({handle.key for handle in self.handles}) != len(self.handles):
            raise ValueError("expected handles with keys of their own")
        if len(self.expected) and not (self.square and np.isclose(x_high - x_low, y_high - y_low)):
            raise ValueError("cells to be drawn over need a domain as wide as high")
        self._check_arrays()

    def _check_arrays(self) -> None:
        count = len(self.frames.indices) if self.frames else 0
        for array, still in self._arrays():
            got = np.shape(array)
            if len(got) == still + 1 and got[0] != count:
                raise ValueError(f"expected {count} frames, got an array of {got}")
            if len(got) not in (still, still + 1):
                raise ValueError(f"expected {still} axes, or {still + 1} with frames, got {got}")
        for path in self.paths:
            if path.grows and len(path.points) != count:
                raise ValueError(f"a path that grows has a point a frame: {len(path.points)} points, {count} frames")
        for dots in self.dots:
            many = np.shape(dots.points)[-2]
            for name in ("colours", "rings", "labels"):
                given = getattr(dots, name)
                if isinstance(given, Sequence) and not isinstance(given, str) and len(given) not in (0, many):
                    raise ValueError(f"{many} points, but {len(given)} {name}")
        if sum(np.size(array) for array, _ in self._arrays()) > MOST_NUMBERS:
            raise ValueError(f"expected at most {MOST_NUMBERS} numbers in a picture")

    def _arrays(self) -> list[tuple[np.ndarray, int]]:
        """Each array and how many axes it has without frames."""
        field = [(self.field.values, 3 if self.field.classes else 2)] if self.field else []
        return [
            *field,
            *[(one.points, 2) for one in (*self.paths, *self.dots)],
            *[(one.values, 1) for one in self.borders],
        ]


def plot_payload(picture: PlotPicture) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """A picture as (meta, arrays). What does not move travels once, what does is named as moving."""
    field, count = picture.field, len(picture.frames.indices) if picture.frames else 0
    meta = {
        "alt": picture.alt, "domain": [float(end) for end in picture.domain], "axisLabels": list(picture.axis_labels),
        "square": picture.square, "logX": picture.log_x, "logY": picture.log_y,
        "frames": picture.frames.meta() if picture.frames else None,
        "field": None if field is None else {
            "name": field.name, "scale": field.scale, "low": float(field.low), "high": float(field.high),
            "classes": list(field.classes), "moves": np.ndim(field.values) == (4 if field.classes else 3)},
        "bands": [[float(np.clip(b.low, *picture.domain[:2])), float(np.clip(b.high, *picture.domain[:2])), b.name,
                   b.colour] for b in picture.bands],
        "borders": borders_meta(picture.borders),
        "paths": [_path_meta(path) for path in picture.paths],
        "dots": [_dots_meta(dots) for dots in picture.dots],
        "handles": [[one.key, float(one.x), float(one.y), one.name, one.colour] for one in picture.handles],
        "carries": picture.carries, "count": count, "expected": [int(one) for one in picture.expected],
    }  # fmt: skip
    arrays = borders_arrays(picture.borders)
    arrays |= {f"path{k}": np.asarray(path.points, np.float32) for k, path in enumerate(picture.paths)}
    arrays |= {f"dots{k}": np.asarray(dots.points, np.float32) for k, dots in enumerate(picture.dots)}
    if field is not None:
        arrays["field"] = np.asarray(field.values, np.uint8 if field.classes else np.float32)
    return meta, arrays


def _path_meta(path: Path) -> dict[str, Any]:
    return {
        "name": path.name, "colour": path.colour, "width": path.width, "dashed": path.dashed, "closed": path.closed,
        "filled": path.filled, "grows": path.grows, "moves": np.ndim(path.points) == 3,
    }  # fmt: skip


def _dots_meta(dots: Dots) -> dict[str, Any]:
    return {
        "name": dots.name, "colours": dots.colours, "labels": list(dots.labels),
        "radius": dots.radius, "small": dots.small,
        "rings": None if dots.rings is None else [bool(ring) for ring in dots.rings],
        "moves": np.ndim(dots.points) == 3,
    }  # fmt: skip

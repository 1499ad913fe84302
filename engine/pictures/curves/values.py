"""A line chart that grows with its run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.contracts.film import Frames


@dataclass(frozen=True)
class Curve:
    """One line of a chart: name, colour ('#RRGGBB' or a class index), dashed for what was not trained on."""

    name: str
    colour: str | int = 0
    dashed: bool = False


@dataclass(frozen=True)
class Level:
    """A height that the lines are compared with, drawn across; always within the axis."""

    value: float
    name: str


@dataclass(frozen=True)
class CurvesPicture:
    """A small line chart that grows with its frames; the cursor stands at the moment that the clock shows.

    values: (T, L) of L lines at the frames' steps; NaN breaks a line. log: logarithmic y (values <= 0 break the line).
    expected: (x, y) of a curve that the reader drew before there was a run.
    low, high: fixed ends of the y axis, None follows the data. x_label: "step" if it is not given; units belong in the
    labels. levels: heights to compare with. whole: nothing is faint beyond the cursor, for frames that are no moments
    of a run. ValueError for values of another shape.
    """

    values: np.ndarray
    lines: Sequence[Curve]
    frames: Frames
    alt: str
    x_label: str = ""
    y_label: str = ""
    log: bool = False
    low: float | None = None
    high: float | None = None
    expected: Sequence[tuple[float, float]] = ()
    levels: Sequence[Level] = ()
    whole: bool = False

    def __post_init__(self) -> None:
        want = (len(self.frames.indices), len(self.lines))
        if np.shape(self.values) != want:
            raise ValueError(f"values must be {want} (frames, lines), got {np.shape(self.values)}")


def curves_payload(picture: CurvesPicture) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """A picture as (meta, arrays): values as float32, NaN breaks a line."""
    lines = [{"name": curve.name, "colour": curve.colour, "dashed": curve.dashed} for curve in picture.lines]
    meta = {"alt": picture.alt, "lines": lines, "xLabel": picture.x_label, "yLabel": picture.y_label,
            "expected": [[float(x), round(float(y), 4)] for x, y in picture.expected], "log": picture.log,
            "whole": picture.whole, "low": picture.low, "high": picture.high, "frames": picture.frames.meta(),
            "levels": [[level.value, level.name] for level in picture.levels]}  # fmt: skip
    return meta, {"values": np.asarray(picture.values, np.float32)}

"""Points in the plane, to look at or to edit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.contracts.film import Frames
from engine.pictures.borders import Border, borders_arrays, borders_meta


@dataclass(frozen=True)
class PointsPicture:
    """Points in a square plane, over a field of class probabilities.

    points: [x, y, class] in data units. domain: (x low, x high, y low, y high), shown whatever the points are.
    background: (H, W, K) uint8 class probabilities (255 means 1), row 0 at y high, with frames (T, H, W, K).
    train_mask: True where a point is trained on (drawn filled), False for the others (rings). ringed: what those are
    called, if not test points.
    value_range: (low, high) for points that carry a value instead of a class; then `classes` is the value's name alone
    and the background is (H, W, 1) float32 (with frames (T, H, W, 1)), both in the signed colours.
    borders: straight lines over the field, with its frames. marked: numbers of points with a ring around them, such as
    support vectors. segments: (x, y, x, y) of thin lines, such as from a spot to its neighbours.
    expected: SIDE × SIDE cells, row 0 at y high, 1 where a reader expects the second class; the edge of it is drawn.
    editable: a reader adds, moves and removes points, at most `most` ("points"); else a click chooses a spot ("spot").
    ValueError for what does not fit together.
    """

    points: Sequence[Sequence[float]]
    domain: tuple[float, float, float, float]
    classes: Sequence[str]
    alt: str
    background: np.ndarray | None = None
    frames: Frames | None = None
    train_mask: Sequence[bool] | None = None
    value_range: tuple[float, float] | None = None
    axis_labels: tuple[str, str] = ("x₁", "x₂")
    editable: bool = False
    most: int = 400
    expected: Sequence[int] = ()
    borders: Sequence[Border] = ()
    marked: Sequence[int] = ()
    segments: Sequence[tuple[float, float, float, float]] = ()
    ringed: str = ""

    def __post_init__(self) -> None:
        x_low, x_high, y_low, y_high = self.domain
        if not (x_low < x_high and y_low < y_high):
            raise ValueError(f"domain must be (x low, x high, y low, y high), got {self.domain}")
        if len(self.classes) < 1:
            raise ValueError("points need at least one class name")
        for point in self.points if self.value_range is None else ():
            if len(point) != 3 or not 0 <= int(point[2]) < len(self.classes):
                last = len(self.classes) - 1
                raise ValueError(f"a point is [x, y, class] with class 0-{last}, got {list(point)}")
        if self.train_mask is not None and len(self.train_mask) != len(self.points):
            raise ValueError(f"train_mask has {len(self.train_mask)} entries for {len(self.points)} points")
        if not all(0 <= number < len(self.points) for number in self.marked):
            raise ValueError(f"marked are numbers of the {len(self.points)} points, got {list(self.marked)[:8]}")
        for border in self.borders:
            if np.ndim(border.values) == 2 and (not self.frames or len(border.values) != len(self.frames.indices)):
                raise ValueError(f"a border that moves needs a line a frame, got {np.shape(border.values)}")
        if self.background is not None:
            self._check_background(self.background)

    def _check_background(self, background: np.ndarray) -> None:
        valued = self.value_range is not None
        dtype, depth = ("float32", "K = 1") if valued else ("uint8", "K >= 2")
        fits = background.shape[-1] == 1 if valued else background.shape[-1] >= 2
        if background.dtype.name != dtype or background.ndim != (4 if self.frames else 3) or not fits:
            form = "(T, H, W, K)" if self.frames else "(H, W, K)"
            got = f"{background.shape} {background.dtype}"
            raise ValueError(f"background must be {form} {dtype}, {depth}, got {got}")
        if self.frames and len(background) != len(self.frames.indices):
            raise ValueError(f"{len(background)} backgrounds for {len(self.frames.indices)} frame indices")


def points_payload(picture: PointsPicture) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """A picture as (meta, arrays): points rounded to 3 decimals; frames only where the background moves."""
    valued, background, frames = picture.value_range is not None, picture.background, picture.frames
    points = picture.points.tolist() if isinstance(picture.points, np.ndarray) else picture.points
    meta = {
        "alt": picture.alt,
        "points": [
            [round(float(x), 3), round(float(y), 3), round(float(k), 4) if valued else int(k)] for x, y, k in points
        ],
        "values": {"low": float(picture.value_range[0]), "high": float(picture.value_range[1])} if valued else None,
        "domain": [float(end) for end in picture.domain],
        "classes": list(picture.classes),
        "train": None if picture.train_mask is None else [bool(trained) for trained in picture.train_mask],
        "ringed": picture.ringed,
        "frames": frames.meta() if frames and (background is not None or picture.borders) else None,
        "expected": list(picture.expected),
        "editable": picture.editable,
        "most": picture.most,
        "axisLabels": list(picture.axis_labels),
        "borders": borders_meta(picture.borders),
        "marked": [int(number) for number in picture.marked],
        "segments": [[round(float(end), 3) for end in segment] for segment in picture.segments],
    }
    return meta, ({} if background is None else {"background": background}) | borders_arrays(picture.borders)

"""Matrices of pixels side by side, with marks on them.

A `Tile` is one matrix of pixels, a `PixelPicture` many of them; `Frames` (engine/contracts/film.py) says which moments
of a run their leading time axis holds. Coordinates of overlays are tile pixels: x to the right, y down, (0, 0) the
outer corner of the first pixel, so the centre of pixel (row, column) is (column + 0.5, row + 0.5).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.contracts.film import Frames
from engine.pictures import theme

Spot = tuple[int, tuple[float, float, float, float], Any]  # tile, corners, key


@dataclass(frozen=True)
class Point:
    """A disc at (x, y); `filled=False` draws a ring. colour: a class index or '#RRGGBB'. frame: index of the only frame
    to show it in, None for all."""

    x: float
    y: float
    colour: int | str = 0
    filled: bool = True
    label: str = ""
    frame: int | None = None


@dataclass(frozen=True)
class Box:
    """A rectangle (x0, y0, x1, y1) with a label; `colour` is '#RRGGBB' or a class index. key: what a click within it
    stands for; of several boxes the smallest counts."""

    xyxy: tuple[float, float, float, float]
    label: str = ""
    colour: str | int = 0
    frame: int | None = None
    key: Any = None


@dataclass(frozen=True)
class Line:
    """A polyline through ((x, y), ...); `arrow=True` puts a head at its end. width in screen pixels."""

    points: Sequence[tuple[float, float]]
    colour: str | int = 0
    width: float = 1.5
    arrow: bool = False
    frame: int | None = None


@dataclass(frozen=True)
class Text:
    """Words centred at (x, y).

    within: tile pixels that they must fit into. Where one of a tile's words does not, all of them become smaller, and
    at last stay away.
    """

    x: float
    y: float
    text: str
    colour: str | int | None = None
    frame: int | None = None
    within: float | None = None


@dataclass(frozen=True)
class Over:
    """A translucent layer (h, w), or (T, h, w) with frames, stretched over a tile: Grad-CAM over a photo."""

    pixels: np.ndarray
    scale: str = "heat"
    low: float = 0.0
    high: float = 1.0
    opacity: float = 0.65
    unit: str = ""
    name: str = ""


@dataclass(frozen=True)
class Tile:
    """One matrix of pixels.

    pixels: (H, W) float32 or uint8, coloured by `scale` from `low` to `high` (uint8 0 means low, 255 means high);
    or (H, W, 3) uint8 RGB; or, with `classes` given, (H, W, K) class probabilities, float32 or uint8 (255 means 1).
    With frames in the picture every form has a leading T axis. low/high None: the data's own range, made symmetrical
    for the signed scale (uint8: 0 and 255). cell_names: what (tile, row, column) are called in the read-out.
    smooth: interpolate instead of showing square pixels. still: in a picture with frames, these pixels have no T axis
    and stay; only the marks move.
    """

    pixels: np.ndarray
    caption: str = ""
    scale: str = "magnitude"
    low: float | None = None
    high: float | None = None
    unit: str = ""
    classes: Sequence[str] | None = None
    smooth: bool = False
    still: bool = False
    over: Over | None = None
    row_labels: Sequence[str] | None = None
    column_labels: Sequence[str] | None = None
    cell_names: tuple[str, str, str] | None = None
    points: Sequence[Point] = ()
    boxes: Sequence[Box] = ()
    lines: Sequence[Line] = ()
    texts: Sequence[Text] = ()


@dataclass(frozen=True)
class PixelPicture:
    """Tiles laid out together in one canvas, at most `columns` a row (None: as fits the width).

    alt: what the picture shows, for those who do not see it (required). legend: colour bars and class names below.
    colours: what colours of marks mean, "#RRGGBB" -> words, told in the legend. keys: what a click on each tile stands
    for. whole: tiles are chosen, not cells: the arrow keys go from tile to tile, the read-out says the tile's name.
    frames: the tiles' pixels have a leading time axis (see Frames). Checked when made: ValueError or TypeError say
    which tile is wrong and what was expected.
    """

    tiles: Sequence[Tile]
    alt: str = ""
    columns: int | None = None
    legend: bool = True
    frames: Frames | None = None
    colours: Mapping[str, str] | None = None
    keys: Sequence[Any] = ()
    whole: bool = False

    def __post_init__(self) -> None:
        if not self.tiles:
            raise ValueError("a PixelPicture needs at least one tile")
        if not self.alt.strip():
            raise ValueError("a PixelPicture needs an alt text that says what it shows")
        if self.columns is not None and self.columns < 1:
            raise ValueError(f"columns must be at least 1 or None, got {self.columns}")
        for number, tile in enumerate(self.tiles):
            _check_tile(tile, f"tile {number} ({tile.caption!r})", None if tile.still else self.frames)

    @property
    def spots(self) -> tuple[Spot, ...]:
        """Boxes that a click stands for something in."""
        return tuple(
            (at, box.xyxy, box.key) for at, tile in enumerate(self.tiles) for box in tile.boxes if box.key is not None
        )


def _check_tile(tile: Tile, name: str, frames: Frames | None) -> None:
    shape, kind = tile.pixels.shape, _kind(tile, frames)
    want = (1 if frames else 0) + (2 if kind == "scale" else 3)
    forms = "(H, W) values, (H, W, 3) uint8 RGB, or (H, W, K) probabilities with classes"
    if len(shape) != want or 0 in shape:
        raise ValueError(f"{name}: expected {forms}{' with a leading T axis' if frames else ''}, got shape {shape}")
    if tile.pixels.dtype.name not in ("uint8", "float32"):
        raise TypeError(f"{name}: expected uint8 or float32 pixels, got {tile.pixels.dtype}")
    if kind == "rgb" and (tile.pixels.dtype != np.uint8 or shape[-1] != 3):
        raise TypeError(f"{name}: RGB pixels are (H, W, 3) uint8, got {shape} {tile.pixels.dtype}")
    if kind == "classes" and (len(tile.classes) != shape[-1] or shape[-1] < 2):
        raise ValueError(f"{name}: {len(tile.classes)} class names for {shape[-1]} probabilities (at least 2)")
    if kind == "scale":
        theme.table(tile.scale)
        if tile.low is not None and tile.high is not None and not tile.low < tile.high:
            raise ValueError(f"{name}: low must be below high, got {tile.low} and {tile.high}")
    if frames and shape[0] != len(frames.indices):
        raise ValueError(f"{name}: {shape[0]} frames of pixels for {len(frames.indices)} frame indices")
    height, width = shape[1:3] if frames else shape[:2]
    for labels, length, what in ((tile.row_labels, height, "row"), (tile.column_labels, width, "column")):
        if labels is not None and len(labels) != length:
            raise ValueError(f"{name}: {len(labels)} {what} labels for {length} {what}s")
    if tile.over is not None:
        theme.table(tile.over.scale)
        if tile.over.pixels.dtype.name not in ("uint8", "float32"):
            raise TypeError(f"{name}: the layer over it must be uint8 or float32, got {tile.over.pixels.dtype}")
        if tile.over.pixels.ndim not in ((2, 3) if frames else (2,)):
            raise ValueError(f"{name}: the layer over it must be (h, w), got shape {tile.over.pixels.shape}")


def _kind(tile: Tile, frames: Frames | None) -> str:
    if tile.classes is not None:
        return "classes"
    return "rgb" if tile.pixels.ndim - bool(frames) == 3 else "scale"


def value_range(tile: Tile) -> tuple[float, float]:
    """(low, high) of a tile's colours: as given, else the data's own range, symmetrical for the signed scale."""
    if tile.pixels.dtype == np.uint8:
        low, high = 0.0, 255.0
    else:
        finite = tile.pixels[np.isfinite(tile.pixels)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        if tile.scale == "signed":
            high = max(abs(low), abs(high))
            low = -high
    low = low if tile.low is None else float(tile.low)
    high = high if tile.high is None else float(tile.high)
    return (low, high) if high > low else (low, low + 1.0)


def picture_payload(picture: PixelPicture) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """A picture as (meta, arrays) for `pack`: arrays t<k> are the tiles' pixels, o<k> the layers over them."""
    tiles, arrays = [], {}
    for number, tile in enumerate(picture.tiles):
        kind = _kind(tile, None if tile.still else picture.frames)
        arrays[f"t{number}"] = tile.pixels
        entry: dict[str, Any] = {"kind": kind, "caption": tile.caption}
        if kind == "scale":
            low, high = value_range(tile)
            entry |= {"scale": tile.scale, "low": low, "high": high, "unit": tile.unit}
        optional = {
            "classes": tile.classes and list(tile.classes),
            "smooth": tile.smooth,
            "still": tile.still and picture.frames is not None,
            "rowLabels": tile.row_labels and list(tile.row_labels),
            "columnLabels": tile.column_labels and list(tile.column_labels),
            "names": tile.cell_names and list(tile.cell_names),
            "points": [[p.x, p.y, p.colour, p.filled, p.label, p.frame] for p in tile.points],
            "boxes": [[*map(float, b.xyxy), b.label, b.colour, b.frame] for b in tile.boxes],
            "lines": [
                [[[float(x), float(y)] for x, y in line.points], line.colour, line.width, line.arrow, line.frame]
                for line in tile.lines
            ],
            "texts": [[t.x, t.y, t.text, t.colour, t.frame, t.within] for t in tile.texts],
        }
        entry |= {name: value for name, value in optional.items() if value}
        if tile.over is not None:
            over = tile.over
            arrays[f"o{number}"] = over.pixels
            entry["over"] = {"scale": over.scale, "low": over.low, "high": over.high, "opacity": over.opacity,
                             "unit": over.unit, "name": over.name, "moves": over.pixels.ndim == 3}  # fmt: skip
        tiles.append(entry)
    meta = {"alt": picture.alt, "columns": picture.columns, "legend": picture.legend, "whole": picture.whole,
            "tiles": tiles, "frames": picture.frames.meta() if picture.frames else None}  # fmt: skip
    if picture.colours:
        meta["colours"] = list(map(list, picture.colours.items()))
    return meta, arrays

"""Tiles of pixels on a sheet: enlarged by whole numbers, with marks, captions, labels and the legend."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from PIL import Image

from engine.pictures import theme
from engine.pictures.legend import Entry, class_entries, ends, legend
from engine.pictures.lettering import width_of
from engine.pictures.pixels.values import PixelPicture, Tile, value_range
from engine.pictures.sheet import GAP, PAPER, TEXT, Sheet, arrow_head, colour_of, fitted


@dataclass(frozen=True)
class Place:
    """Where a tile lies: corner of its first pixel, size, sheet units a side of one value, height of labels."""

    x: int
    y: int
    width: int
    height: int
    zoom: int
    above: int


def still(picture: PixelPicture, frame: int = -1) -> PixelPicture:
    """One moment of a picture with frames, marks of other moments left out; a picture without frames as it is.

    frame: position among its frames, the newest by default. IndexError if there is none.
    """
    if picture.frames is None:
        return picture
    at = range(len(picture.frames.indices))[frame]

    def then(marks: Sequence[Any]) -> list[Any]:
        return [replace(mark, frame=None) for mark in marks if mark.frame in (None, picture.frames.indices[at])]

    tiles = []
    for tile in picture.tiles:
        over = tile.over
        if over is not None and over.pixels.ndim == 3:
            over = replace(over, pixels=over.pixels[at])
        if kind_of(tile, not tile.still) == "scale" and (tile.low is None or tile.high is None):
            low, high = value_range(tile)  # one range for all moments, as on the canvas
            tile = replace(tile, low=low, high=high)
        marks = {name: then(getattr(tile, name)) for name in ("points", "boxes", "lines", "texts")}
        tiles.append(replace(tile, pixels=tile.pixels if tile.still else tile.pixels[at], over=over, **marks))
    return replace(picture, tiles=tiles, frames=None)


def tile_colours(tile: Tile) -> np.ndarray:
    """(H, W, 3) uint8 colours of a still tile, without marks and without the layer over it; as the canvas paints it."""
    match kind_of(tile):
        case "rgb":
            return tile.pixels
        case "classes":
            return theme.class_mixture(tile.pixels / 255 if tile.pixels.dtype == np.uint8 else tile.pixels)
    if tile.pixels.dtype == np.uint8:  # 0 means low and 255 high, whatever these are
        return theme.table(tile.scale)[tile.pixels]
    return theme.colourise(tile.pixels, tile.scale, *value_range(tile))


def kind_of(tile: Tile, leading: int = 0) -> str:
    """scale, rgb or classes: what the pixels of a tile mean. leading: axes before them."""
    if tile.classes is not None:
        return "classes"
    return "rgb" if tile.pixels.ndim - leading == 3 else "scale"


def tile_places(picture: PixelPicture, width: int = 1200) -> list[Place]:
    """Places of the tiles of a still picture, in rows of at most `columns`."""
    count = len(picture.tiles)
    columns = min(count, picture.columns or math.ceil(math.sqrt(count * 1.6)))
    left = max((_widest(tile.row_labels) for tile in picture.tiles), default=0)
    above = max((_widest(tile.column_labels) for tile in picture.tiles), default=0)
    room = min((width - GAP) // columns - GAP - left, 560)
    sizes = []
    for tile in picture.tiles:
        rows, across = tile.pixels.shape[:2]
        zoom = max(1, room // max(rows, across))
        sizes.append((across * zoom, rows * zoom, zoom))
    captioned = any(tile.caption for tile in picture.tiles)
    named = max((min(width_of(tile.caption), 150) for tile in picture.tiles), default=0)
    widest = max(*(size[0] for size in sizes), math.ceil(named) if len(picture.tiles) <= 12 else 0)
    places, y = [], GAP
    for start in range(0, count, columns):
        row = sizes[start : start + columns]
        y += (TEXT + 8 if captioned else 0) + above
        for at, (across, down, zoom) in enumerate(row):
            places.append(Place(GAP + left + at * (widest + left + GAP), y, across, down, zoom, above))
        y += max(size[1] for size in row) + GAP
    return places


def pixel_sheet(picture: PixelPicture, say: Callable[[str], str] = str, *, width: int = 1200, frame: int = -1) -> Sheet:
    """A picture, about `width` wide (wider where tiles would lose pixels). Tiles start at `tile_places`.

    frame: which moment of a picture with frames.
    """
    picture = still(picture, frame)
    places = tile_places(picture, width)
    pitch = _pitch(places)
    sheet = Sheet(0, 0, picture.alt, say)
    for tile, place in zip(picture.tiles, places, strict=True):
        paint_tile(sheet, tile, place)
        caption = fitted(say(tile.caption), max(place.width, pitch))
        sheet.words(place.x, place.y - place.above - 11, caption)
        _labels(sheet, tile, place)
    right = max(place.x + place.width for place in places) + GAP
    words = max(place.x + width_of(fitted(say(tile.caption), max(place.width, pitch)))
                for tile, place in zip(picture.tiles, places, strict=True))  # fmt: skip
    bottom = max(place.y + place.height for place in places) + GAP
    across, down = legend(sheet, legend_of(picture, say), GAP, bottom) if picture.legend else (0, 0)
    sheet.width = max(right, math.ceil(words) + GAP, math.ceil(across) + 2 * GAP if down else 0)
    sheet.height = bottom + (down + GAP if down else 0)
    return sheet


def _pitch(places: Sequence[Place]) -> int:
    """Room for a caption from one tile of a row to the next."""
    steps = [after.x - before.x for before, after in pairwise(places) if after.y == before.y]
    return (min(steps) - GAP) if steps else 560


def paint_tile(sheet: Sheet, tile: Tile, place: Place) -> None:
    """A still tile with its layer and marks at a place; marks end where it ends."""
    smooth = tile.smooth
    sheet.raster(_with_layer(tile, place), place.x, place.y, place.width, place.height, smooth)

    def at(x: float, y: float) -> tuple[float, float]:
        return place.x + x * place.zoom, place.y + y * place.zoom

    with sheet.clipped(place.x, place.y, place.width, place.height):
        for line in tile.lines:
            path, colour = [at(x, y) for x, y in line.points], colour_of(line.colour)
            sheet.line(path, colour, max(1, line.width))
            if line.arrow and len(path) > 1:
                arrow_head(sheet, path, colour, line.width)
        for box in tile.boxes:
            (x0, y0), (x1, y1) = at(*box.xyxy[:2]), at(*box.xyxy[2:])
            sheet.box(x0, y0, x1 - x0, y1 - y0, stroke=colour_of(box.colour), width=2)
            sheet.words(x0 + 3, y0 + 2, box.label, colour=colour_of(box.colour), halo=True, anchor="lt")
        radius = min(5.0, max(2.6, place.width / 85))
        for point in tile.points:
            colour = colour_of(point.colour)
            fill, edge = (colour, PAPER) if point.filled else (PAPER, colour)
            sheet.disc(*at(point.x, point.y), radius, fill, edge, width=1 if point.filled else 1.6)
        for text, size in zip(tile.texts, _sizes(tile, place), strict=True):
            if size:
                sheet.words(
                    *at(text.x, text.y), text.text, colour=colour_of(text.colour), halo=True, anchor="mm", size=size
                )


def _sizes(tile: Tile, place: Place) -> list[float]:
    """Height of each text of a tile: the same for all that must fit between others, 0 where they cannot."""
    bound = [width_of(text.text) / (text.within * place.zoom) for text in tile.texts if text.within]
    size = min(TEXT, TEXT * 0.94 / max(bound)) if bound else TEXT
    return [(size if size >= 6 else 0) if text.within else TEXT for text in tile.texts]


def _with_layer(tile: Tile, place: Place) -> np.ndarray:
    """Colours of a tile with the translucent layer over it, stretched over the tile; NaN stays clear."""
    base, over = tile_colours(tile), tile.over
    if over is None:
        return base
    values = over.pixels
    if values.dtype == np.uint8:
        index, known = values.astype(int), np.ones(values.shape, bool)
    else:
        known = np.isfinite(values)
        scaled = (np.nan_to_num(values) - over.low) / ((over.high - over.low) or 1) * 255
        index = np.floor(np.clip(scaled, 0, 255) + 0.5).astype(int)
    alpha = np.where(known, theme.opacity(over.scale)[index] * over.opacity, 0).astype(np.uint8)
    way = Image.Resampling.BICUBIC if tile.smooth else Image.Resampling.NEAREST
    size = (place.width, place.height)
    image = Image.fromarray(np.ascontiguousarray(base)).resize(size, way)
    image.paste(
        Image.fromarray(theme.table(over.scale)[index]).resize(size, way),
        None,
        Image.fromarray(alpha).resize(size, way),
    )
    return np.asarray(image)


def _labels(sheet: Sheet, tile: Tile, place: Place) -> None:
    for row, label in enumerate(tile.row_labels or ()):
        sheet.words(place.x - 5, place.y + (row + 0.5) * place.zoom, label, anchor="rm")
    for column, label in enumerate(tile.column_labels or ()):  # turned, so that long words fit above thin columns
        sheet.words(place.x + (column + 0.5) * place.zoom, place.y - 4, label, anchor="lm", turned=True)


def legend_of(picture: PixelPicture, say: Callable[[str], str] = str) -> list[Entry]:
    """Colour bars with their ends, and class names; empty where colours have no meaning."""
    bars: dict[tuple, str] = {}
    for tile in picture.tiles:
        if kind_of(tile) == "scale":
            bars[(tile.scale, *value_range(tile))] = say(tile.unit)
        if tile.over is not None:
            name = f"{say(tile.over.name)} {say(tile.over.unit)}".strip()
            bars[(tile.over.scale, tile.over.low, tile.over.high)] = name
    entries: list[Entry] = []
    if len(bars) > 3:  # every tile has a range of its own: say so once for each scale
        for scale in dict.fromkeys(scale for scale, *_ in bars):
            own = "negative to positive" if scale == "signed" else "low to high"
            entries.append((theme.table(scale), say(f"{own}, each picture its own range")))
    else:
        entries = [(theme.table(scale), f"{ends(low, high)} {unit}") for (scale, low, high), unit in bars.items()]
    classes = next((tile.classes for tile in picture.tiles if tile.classes is not None), ())
    marks = [
        (np.array([theme.hex_to_rgb(colour)], np.uint8), say(name)) for colour, name in (picture.colours or {}).items()
    ]
    return entries + class_entries(classes) + marks


def _widest(labels: Sequence[str] | None) -> int:
    return math.ceil(max((width_of(label) for label in labels), default=-8)) + 8 if labels else 0

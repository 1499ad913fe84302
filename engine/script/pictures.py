"""Pictures as Plotly figures.

What the engine's drawings are made of, as the canvas has it, but without the checks: for exported scripts."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from engine.pictures.theme import CLASS_COLOURS, class_mixture

# Low to high; signed: around zero.
COLOUR_SCALES = {
    "signed": ["#B84A00", "#F5CDB8", "#FFFFFF", "#BED4EC", "#005A9C"],
    "magnitude": ["#1B0C41", "#6A1C81", "#B63679", "#EF705D", "#FDE725"],
    "probability": ["#F7F7F7", "#BFD6EA", "#7FB0D8", "#3F83BE", "#08306B"],
    "heat": ["rgba(103,0,31,0)", "rgba(178,24,43,0.75)", "#E06A3A", "#F5B041", "#FFF7BC"],
    "grey": ["#000000", "#FFFFFF"],
}


@dataclass(frozen=True)
class Point:
    """A disc at (x, y) in pixels of the tile, or a ring; frame: the only moment that has it, None: all."""

    x: float
    y: float
    colour: int | str = 0
    filled: bool = True
    label: str = ""
    frame: int | None = None


@dataclass(frozen=True)
class Box:
    """A rectangle: left, top, right, bottom."""

    xyxy: tuple[float, float, float, float]
    label: str = ""
    colour: str | int = 0
    frame: int | None = None
    key: Any = None


@dataclass(frozen=True)
class Line:
    """A line through points (x, y)."""

    points: Sequence[tuple[float, float]]
    colour: str | int = 0
    width: float = 1.5
    arrow: bool = False
    frame: int | None = None


@dataclass(frozen=True)
class Text:
    """Words around (x, y)."""

    x: float
    y: float
    text: str
    colour: str | int | None = None
    frame: int | None = None
    within: float | None = None


@dataclass(frozen=True)
class Over:
    """A translucent layer (h, w) over a whole tile."""

    pixels: np.ndarray
    scale: str = "heat"
    low: float = 0.0
    high: float = 1.0
    opacity: float = 0.65
    unit: str = ""
    name: str = ""


@dataclass(frozen=True)
class Tile:
    """Values (H, W) in the colours of `scale`, RGB (H, W, 3) uint8, or with `classes` their probabilities (H, W, K)."""

    pixels: np.ndarray
    caption: str = ""
    scale: str = "magnitude"
    low: float | None = None
    high: float | None = None
    unit: str = ""
    classes: Sequence[str] | None = None
    smooth: bool = False
    still: bool = False
    over: Any = None
    row_labels: Sequence[str] | None = None
    column_labels: Sequence[str] | None = None
    cell_names: tuple[str, str, str] | None = None
    points: Sequence[Any] = ()
    boxes: Sequence[Any] = ()
    lines: Sequence[Any] = ()
    texts: Sequence[Any] = ()


@dataclass(frozen=True)
class Frames:
    """The moments of a picture that moves; here the last one is drawn."""

    run: str
    indices: Sequence[int]
    steps: Sequence[int]
    live: bool = False
    clock: str = ""
    start: str = "last"
    at: int | None = None
    pace: float | None = None


@dataclass(frozen=True)
class PixelPicture:
    """Tiles side by side, at most `columns` in a row; alt: what they show."""

    tiles: Sequence[Tile]
    alt: str = ""
    columns: int | None = None
    legend: bool = True
    frames: Any = None
    colours: Any = None
    keys: Sequence[Any] = ()
    whole: bool = False


def picture_figure(picture: PixelPicture) -> go.Figure:
    """The tiles of a picture as heat maps and images, with their points, boxes, lines and words."""
    tiles, last = picture.tiles, picture.frames.indices[-1] if picture.frames else None
    columns = min(picture.columns or 8, len(tiles))
    rows = -(-len(tiles) // columns)
    tallest = 0.1  # height over width of a tile
    gap = 0.4 if any(tile.row_labels for tile in tiles) else 0.15
    figure = make_subplots(
        rows, columns, subplot_titles=[tile.caption for tile in tiles], horizontal_spacing=gap / columns,
        vertical_spacing=0.25 / rows,
    )  # fmt: skip
    for number, tile in enumerate(tiles):
        place = {"row": number // columns + 1, "col": number % columns + 1}
        pixels = tile.pixels if picture.frames is None or tile.still else tile.pixels[-1]
        height, width = pixels.shape[:2]
        tallest = max(tallest, height / width)
        figure.update_xaxes(range=[0, width], showgrid=False, **_ticks(tile.column_labels), **place)
        figure.update_yaxes(range=[height, 0], showgrid=False, **_ticks(tile.row_labels), **place)
        if rows * columns == 1 or max(height, width) / min(height, width) < 4:
            axis = figure.get_subplot(**place).xaxis.plotly_name.replace("axis", "")
            figure.update_yaxes(scaleanchor=axis, constrain="domain", **place)
            figure.update_xaxes(constrain="domain", **place)
        if pixels.ndim == 3:
            rgb = pixels if tile.classes is None else class_mixture(pixels / (255 if pixels.dtype == np.uint8 else 1))
            figure.add_image(source=_png(rgb), x0=0.5, y0=0.5, **place)
        else:
            low, high = _range(pixels, tile)
            values = pixels if pixels.dtype != np.uint8 else low + pixels / 255 * (high - low)
            figure.add_heatmap(z=values, zmin=low, zmax=high, colorscale=COLOUR_SCALES[tile.scale], x0=0.5, y0=0.5,
                               showscale=picture.legend and len(tiles) == 1, **place)  # fmt: skip
        if tile.over is not None:
            over = tile.over
            dx, dy = width / over.pixels.shape[1], height / over.pixels.shape[0]
            figure.add_heatmap(
                z=over.pixels, zmin=over.low, zmax=over.high, colorscale=COLOUR_SCALES[over.scale], zsmooth="best",
                x0=dx / 2, dx=dx, y0=dy / 2, dy=dy, opacity=over.opacity, **place,
            )  # fmt: skip
        for trace in _marks(tile, last):
            figure.add_trace(trace, **place)
    figure.update_layout(title=picture.alt, showlegend=False, template="plotly_white", width=1000,
                         height=150 + int(min(tallest, 1.2) * 860 / columns * rows))  # fmt: skip
    return figure


def _png(rgb: np.ndarray) -> str:
    """(H, W, 3) uint8 as the address of a PNG picture (RFC 2083): a head, the packed rows, an end."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", rgb.shape[1], rgb.shape[0], 8, 2, 0, 0, 0)
    rows = b"".join(b"\0" + row.tobytes() for row in rgb)  # 0: no filter
    parts = [b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    return "data:image/png;base64," + base64.b64encode(b"".join(parts)).decode()


def _ticks(names: Sequence[str] | None) -> dict[str, Any]:
    """Names of rows or columns at the middles of their pixels; without names no ticks."""
    if names is None:
        return {"showticklabels": False, "ticks": ""}
    return {"tickvals": [place + 0.5 for place in range(len(names))], "ticktext": list(names)}


def _range(pixels: np.ndarray, tile: Tile) -> tuple[float, float]:
    """Ends of the colours: as given, else the lowest and highest value, symmetrical for the signed scale."""
    low, high = (0.0, 255.0) if pixels.dtype == np.uint8 else (float(np.nanmin(pixels)), float(np.nanmax(pixels)))
    if tile.scale == "signed":
        low, high = -max(abs(low), abs(high)), max(abs(low), abs(high))
    return (low if tile.low is None else tile.low), (high if tile.high is None else tile.high)


def _marks(tile: Tile, frame: int | None) -> Iterator[go.Scatter]:
    """Lines, boxes, points and words of a tile at one moment."""

    def now(marks: Sequence[Any]) -> list[Any]:
        return [mark for mark in marks if frame is None or mark.frame in (None, frame)]

    for line in now(tile.lines):
        x, y = zip(*line.points, strict=True)
        yield go.Scatter(x=x, y=y, mode="lines", line={"color": _colour(line.colour), "width": line.width})
    for box in now(tile.boxes):
        left, top, right, bottom = box.xyxy
        x, y, colour = [left, right, right, left, left], [top, top, bottom, bottom, top], _colour(box.colour)
        yield go.Scatter(x=x, y=y, mode="lines", line={"color": colour, "width": 3})
        yield go.Scatter(x=[left], y=[top], mode="text", text=f"<b>{box.label}</b>", textposition="bottom right",
                         textfont={"color": colour, "shadow": "0px 0px 4px white"})  # fmt: skip
    points, texts = now(tile.points), now(tile.texts)
    if points:
        symbols = ["circle" if point.filled else "circle-open" for point in points]
        colours = [_colour(point.colour) for point in points]
        edges = ["white" if point.filled else _colour(point.colour) for point in points]
        marker = {"color": colours, "symbol": symbols, "size": 7, "line": {"width": 1, "color": edges}}
        yield go.Scatter(x=[point.x for point in points], y=[point.y for point in points], mode="markers",
                         marker=marker, hovertext=[point.label for point in points])  # fmt: skip
    if texts:
        font = {"color": [_colour(text.colour) for text in texts], "shadow": "0px 0px 3px white"}
        yield go.Scatter(x=[text.x for text in texts], y=[text.y for text in texts], mode="text",
                         text=[text.text for text in texts], textfont=font)  # fmt: skip


def _colour(colour: str | int | None) -> str:
    """A colour as Plotly takes it, from '#RRGGBB', the number of a class, or nothing."""
    if isinstance(colour, int):
        return CLASS_COLOURS[colour % len(CLASS_COLOURS)]
    return (colour or "#1E2430")[:7]


def plotly_template(dark: bool) -> dict[str, Any]:
    """The look of a chart."""
    return {"template": "plotly_white", "colorway": list(CLASS_COLOURS), "font": {"color": "#1E2430"}}


def write_page(title: str, figures: Mapping[str, go.Figure], path: str) -> None:
    """All figures in one HTML file that needs no network."""
    parts = [f"<!doctype html><meta charset='utf-8'><title>{title}</title><h1>{title}</h1>"]
    for number, (name, figure) in enumerate(figures.items()):
        parts.append(f"<h2>{name}</h2>" + figure.to_html(full_html=False, include_plotlyjs=number == 0))
    Path(path).write_text("\n".join(parts), "utf-8")

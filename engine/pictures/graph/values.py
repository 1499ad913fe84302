"""Graphs: nodes at places, joined by edges; and a still picture of them for cards."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.contracts.film import Frames
from engine.pictures import theme
from engine.pictures.pixels.values import Line, PixelPicture, Point, Tile

MOST_EDGES_DRAWN = 3000  # in a still picture


@dataclass(frozen=True)
class GraphPicture:
    """Nodes at places in the plane, joined by edges; T moments where `frames` are given (leading axis T, marked [T]).

    positions ([T,] N, 2) float32, y upwards. values: ([T,] N, K) uint8 class probabilities (255 means 1) with K
    `classes`, or ([T,] N) float32 in the colours of `scale`. edges (E, 2) int, N at most 65,535.
    low, high: ends of the scale; None gives every moment its own range (signed: symmetrical around 0).
    known: nodes whose label was given (an outer ring). truth: true class of each node (the edge of its disc), -1 where
    nobody knows. messages: (node, coefficient) of what reaches the picked node, written on its edges; by default the
    picked node's edges are only drawn strong. marks: a line of text for each moment. plane: show axes; places belong to
    the data and cannot be dragged. legend: whether the colours are explained below it.
    """

    positions: np.ndarray
    edges: np.ndarray
    values: np.ndarray
    names: Sequence[str]
    alt: str
    classes: Sequence[str] | None = None
    scale: str = "signed"
    low: float | None = None
    high: float | None = None
    value_name: str = ""
    known: np.ndarray | None = None
    truth: np.ndarray | None = None
    messages: Sequence[tuple[int, float]] = ()
    marks: Sequence[str] = ()
    frames: Frames | None = None
    plane: bool = False
    legend: bool = True

    def __post_init__(self) -> None:
        if not self.alt.strip():
            raise ValueError("a GraphPicture needs an alt text that says what it shows")
        count, times = len(self.names), len(self.frames.indices) if self.frames else 0
        if not 0 < count < 65_536:
            raise ValueError(f"a graph has 1 to 65,535 nodes, got {count}")
        lead = (times,) if self.frames else ()
        depth = () if self.classes is None else (len(self.classes),)
        wanted = np.float32 if self.classes is None else np.uint8
        if self.positions.shape not in ((count, 2), (*lead, count, 2)) or self.positions.dtype != np.float32:
            shape, dtype = self.positions.shape, self.positions.dtype
            raise ValueError(f"positions must be {(*lead, count, 2)} or {(count, 2)} float32, got {shape} {dtype}")
        if self.values.shape != (*lead, count, *depth) or self.values.dtype != wanted:
            shape, dtype = self.values.shape, self.values.dtype
            raise ValueError(f"values must be {(*lead, count, *depth)} {wanted.__name__}, got {shape} {dtype}")
        if self.edges.ndim != 2 or self.edges.shape[1] != 2 or (len(self.edges) and not self._inside(self.edges)):
            raise ValueError(f"edges must be (E, 2) indices below {count}, got shape {self.edges.shape}")
        if self.messages and not self._inside(np.array([node for node, _ in self.messages])):
            raise ValueError(f"messages come from nodes 0 to {count - 1}")
        for what in ("known", "truth"):
            if getattr(self, what) is not None and len(getattr(self, what)) != count:
                raise ValueError(f"expected {count} entries of {what}, got {len(getattr(self, what))}")
        if self.marks and len(self.marks) != max(1, times):
            raise ValueError(f"expected one mark a moment, {max(1, times)}, got {len(self.marks)}")
        theme.table(self.scale)

    def _inside(self, nodes: np.ndarray) -> bool:
        return nodes.min() >= 0 and nodes.max() < len(self.names)


def graph_payload(picture: GraphPicture) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """A picture as (meta, arrays) for `pack`. An edge is one int32: 65,536 times one end, plus the other."""
    edges = picture.edges.astype(np.int64)
    packed = (edges[:, 0] << 16 | edges[:, 1]).astype(np.uint32).view(np.int32)
    moving = bool(picture.frames) and picture.positions.ndim == 3
    arrays = {"edges": packed, "positions": picture.positions, "values": picture.values}
    if picture.known is not None:
        arrays["known"] = np.asarray(picture.known, np.uint8)
    if picture.truth is not None:
        arrays["truth"] = np.asarray(picture.truth, np.int32)
    plain = list(picture.names) == [str(number + 1) for number in range(len(picture.names))]
    meta = {
        "alt": picture.alt, "count": len(picture.names), "names": None if plain else list(picture.names),
        "classes": None if picture.classes is None else list(picture.classes), "scale": picture.scale,
        "low": picture.low, "high": picture.high, "valueName": picture.value_name, "marks": list(picture.marks),
        "messages": [[int(node), float(value)] for node, value in picture.messages], "plane": picture.plane,
        "moving": moving, "layout": layout_of(picture), "legend": picture.legend,
        "frames": picture.frames.meta() if picture.frames else None,
    }  # fmt: skip
    return meta, arrays


def layout_of(picture: GraphPicture) -> str:
    """A name for the places of the nodes: where a reader has dragged them they stay as long as it is the same."""
    still = picture.positions if picture.positions.ndim == 2 else picture.edges
    return f"{len(picture.names)} {zlib.crc32(still.tobytes()):08x}"


def graph_still(
    picture: GraphPicture,
    frame: int = -1,
    size: tuple[int, int] = (640, 320),
    corners: tuple[np.ndarray, np.ndarray] | None = None,
) -> PixelPicture:
    """One moment of a graph with classes as a picture of pixels, marks and lines, for files.

    A disc has the colour of the most probable class; a ring, of its true class, where that is another. corners: lowest
    and highest place that the picture must have room for; those of the nodes if not given. ValueError for a graph
    without classes.
    """
    if picture.classes is None:
        raise ValueError("only graphs with classes have a still picture")
    places = picture.positions if picture.positions.ndim == 2 else picture.positions[frame]
    values = picture.values if picture.frames is None else picture.values[frame]
    low, high = (places.min(0), places.max(0)) if corners is None else corners
    zoom = float(min((np.array(size) - 40) / np.maximum(high - low, 1e-6)))
    spots = (places - (low + high) / 2) * zoom * [1, -1] + np.array(size) / 2
    spots = [(float(x), float(y)) for x, y in spots]
    lines = [Line([spots[a], spots[b]], "#DEDAD0", 1) for a, b in picture.edges[:MOST_EDGES_DRAWN]]
    points = []
    for (x, y), answer, truth in zip(
        spots, values.argmax(1), picture.truth if picture.truth is not None else values.argmax(1), strict=True
    ):
        wrong = truth >= 0 and truth != answer
        points.append(Point(x, y, int(truth if wrong else answer), not wrong))
    blank = np.full((size[1], size[0], 3), 255, np.uint8)
    return PixelPicture([Tile(blank, points=points, lines=lines)], alt=picture.alt)

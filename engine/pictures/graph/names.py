"""Where the nodes of a graph and their names stand in a picture, so that nothing is cut and nothing hides another.

graph_names.js does the same for the canvas, with the same numbers in the same order. No torch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.pictures.lettering import width_of
from engine.pictures.sheet import fitted

NAMED = 60  # nodes, up to which each shows its name
LETTERS, LINE = 11, 13  # height of a name's letters, and of its line
KNOWN_RING, PICKED_RING, BOTH_RINGS = 3.5, 3.5, 7.0  # from the edge of a disc to the middle of a ring
SHORTER = (math.inf, 88, 52)  # widths to which a name may be cut where there is no room for more
ROOM = 2  # between anything and the edge of the picture
ONE_POINT = 1e-6  # a smaller extent is float32 rounding: the nodes lie in one point


@dataclass(frozen=True)
class Extent:
    """Middle and sides of what is shown, in its own units."""

    x: float
    y: float
    width: float
    height: float


def extent_of(places: np.ndarray) -> Extent:
    """Of places (..., 2). Where all are one point it is a unit square around it, so that no axis shows rounding."""
    low, high = places.reshape(-1, 2).min(0).tolist(), places.reshape(-1, 2).max(0).tolist()
    width, height = high[0] - low[0], high[1] - low[1]
    if max(width, height) < ONE_POINT:
        width = height = 1.0
    return Extent((low[0] + high[0]) / 2, (low[1] + high[1]) / 2, width, height)


def radius_of(count: int, width: float, height: float, plane: bool) -> float:
    """Of the disc of a node."""
    share = math.sqrt(max(0.0, (width - 44) * (height - 28)) / count)
    return max(2.4, min(6 if plane else 11, share / (9 if plane else 6)))


def reach_of(radius: float, known: bool) -> float:
    """How far the rings of a picked node reach from its middle."""
    return radius + (BOTH_RINGS if known else PICKED_RING) + 1.5


def below_of(radius: float, known: bool) -> float:
    """How far from its middle a node's name begins: outside every ring that it has or may get."""
    return radius + (BOTH_RINGS if known else PICKED_RING) + 2


def stands_inside(name: str, radius: float) -> bool:
    """Whether a name is short enough for the disc itself."""
    return len(name) <= 3 and width_of(name, LETTERS) <= 2 * radius - 2


@dataclass(frozen=True)
class Frame:
    """How places become spots of a picture `width` wide and `height` high: margins at its sides, top and foot."""

    extent: Extent
    width: float
    height: float
    side: float
    top: float
    foot: float

    @property
    def zoom(self) -> float:
        """Pixels a unit, the same in both directions."""
        across, down = max(1.0, self.width - 2 * self.side), max(1.0, self.height - self.top - self.foot)
        return min(across / max(self.extent.width, 1e-9), down / max(self.extent.height, 1e-9))

    @property
    def middle(self) -> tuple[float, float]:
        """The spot of the extent's middle."""
        return self.width / 2, (self.height + self.top - self.foot) / 2

    def spots(self, places: np.ndarray) -> list[list[float]]:
        """(N, 2) places, y upwards -> spots, y downwards."""
        centred = (places - [self.extent.x, self.extent.y]) * self.zoom * [1, -1]
        return (centred + np.array(self.middle)).tolist()


def frame_of(
    places: np.ndarray,
    size: tuple[float, float],
    *,
    plane: bool,
    radius: float,
    known: bool,
    widest: float = 0.0,
) -> Frame:
    """Room for rings, for names below the lowest nodes and, where that takes not too much, beside the outermost.

    places: (..., 2) everything that is to be seen. known: whether any node has a ring. widest: of the names that stand
    outside their discs, 0 for none.
    """
    width, height = size
    reach = reach_of(radius, known) + ROOM
    if plane:
        return Frame(extent_of(places), width, height, max(34, reach), max(22, reach), max(22, reach))
    side = max(reach, min(widest / 2 + ROOM, 0.2 * width))
    foot = max(reach, below_of(radius, known) + LINE + ROOM) if widest else reach
    return Frame(extent_of(places), width, height, side, reach, foot)


@dataclass(frozen=True)
class Name:
    """A name, or what there is room for of it, around the spot (x, y)."""

    node: int
    text: str
    x: float
    y: float
    half: float


def place_names(
    names: Sequence[str],
    spots: Sequence[Sequence[float]],
    radius: float,
    known: Sequence[bool],
    size: tuple[float, float],
    first: int | None = None,
) -> list[Name]:
    """Names outside their discs: below, above, right or left, where they cover no disc and no other name; else cut;
    else left out. That of the node `first` chooses its place before all others."""
    width, height = size
    placed: list[Name] = []
    rings = [
        reach_of(radius, ring) if node == first else radius + (KNOWN_RING + 1 if ring else 1)
        for node, ring in enumerate(known)
    ]

    def free(x: float, y: float, half: float) -> bool:
        if abs(x - width / 2) > width / 2 - half - ROOM + 1e-6 or abs(y - height / 2) > (height - LINE) / 2:
            return False
        for (u, v), ring in zip(spots, rings, strict=True):
            across, down = max(0.0, abs(x - u) - half), max(0.0, abs(y - v) - LINE / 2)
            if across * across + down * down < ring * ring:
                return False
        return all(abs(x - n.x) >= half + n.half + 3 or abs(y - n.y) >= LINE for n in placed)

    for node in sorted(range(len(names)), key=lambda node: node != first):
        if stands_inside(names[node], radius):
            continue
        (x, y), whole = spots[node], width_of(names[node], LETTERS)
        away = below_of(radius, known[node])
        name = None
        for most in SHORTER:
            if name or (most < math.inf and whole <= most):
                continue
            text = fitted(names[node], min(most, width - 2 * ROOM), LETTERS)
            half = width_of(text, LETTERS) / 2
            within = max(half + ROOM, min(width - half - ROOM, x))
            for u, v in ((within, y + away + LINE / 2), (within, y - away - LINE / 2), (x + away + half, y),
                         (x - away - half, y)):  # fmt: skip
                if text and free(u, v, half):
                    name = Name(node, text, u, v, half)
                    break
        if name:
            placed.append(name)
    return placed

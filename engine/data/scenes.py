"""Scenes to detect things in: plain shapes on pieces of photographs, drawn as fast as one can ask for them.

`make_scene(seed)` uses the bundled photographs. No network shipped here was trained on them, so what it finds there it
finds on backgrounds it has never seen.
"""

from __future__ import annotations

import colorsys
import dataclasses
import math
from collections.abc import Sequence
from functools import cache

import numpy as np
from PIL import Image, ImageDraw

from engine.data.photos import PHOTOS, photo

CLASSES = ("circle", "square", "triangle", "star", "ring", "cross")
SIDE = 128  # pixels a side of a scene
SIZES = (0.16, 0.45)  # longer side of a box, as a share of the picture's
MOST_OBJECTS = 8
MOST_HIDDEN = 0.35  # share of the smaller of two boxes that the other may cover, if not said otherwise
LEAST_CONTRAST = 80  # distance of a shape's colour from the background's mean, of 442 from black to white
FINER = 8  # each pixel is drawn as 8 × 8, then averaged: smooth edges
TRIES = 20  # places tried for a shape before it is left out


def _regular(corners: int, inner: float = 1.0) -> np.ndarray:
    """Corners on the unit circle, the first on top, those between them at the radius `inner`."""
    count = corners if inner == 1 else 2 * corners
    turn = np.arange(count) * 2 * np.pi / count
    radius = np.where(np.arange(count) % 2, inner, 1.0) if inner != 1 else np.ones(count)
    return np.stack([radius * np.sin(turn), -radius * np.cos(turn)], 1)


_ARM = 0.36  # half the width of a bar of the cross
_CROSS = [(_ARM, 1), (_ARM, _ARM), (1, _ARM), (1, -_ARM), (_ARM, -_ARM), (_ARM, -1)]
OUTLINES = {
    "circle": _regular(64),
    "square": np.array([(1, 1), (1, -1), (-1, -1), (-1, 1)], float),
    "triangle": _regular(3),
    "star": _regular(5, 0.42),
    "ring": _regular(64),
    "cross": np.array([*_CROSS, *[(-x, -y) for x, y in _CROSS]], float),
}  # (corners, 2) each: x to the right, y down
HOLE = 0.55  # inner radius of the ring


@dataclasses.dataclass(frozen=True)
class Shape:
    """One thing to be found.

    label: index in CLASSES; x, y: middle of its box, and size: the longer side of its box, all in pixels; angle: turned
    clockwise by so many radians; stretch: width over height before it is turned; colour: red, green, blue, 0 to 255.
    """

    label: int
    x: float
    y: float
    size: float
    angle: float = 0.0
    stretch: float = 1.0
    colour: tuple[int, int, int] = (230, 80, 40)

    def outline(self) -> np.ndarray:
        """Corners (K, 2) in pixels."""
        stretched = OUTLINES[CLASSES[self.label]] * (self.stretch, 1)
        cosine, sine = math.cos(self.angle), math.sin(self.angle)
        turned = stretched @ np.array([(cosine, sine), (-sine, cosine)])
        low, high = turned.min(0), turned.max(0)
        return (turned - (low + high) / 2) * (self.size / (high - low).max()) + (self.x, self.y)

    def box(self) -> tuple[float, float, float, float]:
        """The smallest upright box around it, corners x1, y1, x2, y2 in pixels."""
        outline = self.outline()
        return (*outline.min(0).tolist(), *outline.max(0).tolist())


@dataclasses.dataclass(frozen=True, eq=False)
class Scene:
    """A picture and what is in it.

    pixels (H, W, 3) uint8; boxes (N, 4) float64, corners in pixels, around the whole shape even where another hides a
    part; labels (N,) int64, indices in CLASSES; shapes: the N shapes, later ones drawn over earlier ones; background
    (H, W, 3): the picture without them, so that `paint(scene.background, other_shapes)` moves things about.
    """

    pixels: np.ndarray
    boxes: np.ndarray
    labels: np.ndarray
    shapes: tuple[Shape, ...]
    background: np.ndarray

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return sum(part.nbytes for part in (self.pixels, self.boxes, self.labels, self.background))


def paint(background: np.ndarray, shapes: Sequence[Shape]) -> Scene:
    """Draw the shapes, first to last, on a background (H, W, 3) uint8. Parts outside the picture are cut off."""
    canvas = background.astype(np.float32)
    for shape in shapes:
        _draw(canvas, shape)
    pixels = (canvas + 0.5).astype(np.uint8)
    boxes = np.array([shape.box() for shape in shapes], np.float64).reshape(-1, 4)
    labels = np.array([shape.label for shape in shapes], np.int64)
    for array in (pixels, boxes, labels):
        array.flags.writeable = False
    return Scene(pixels, boxes, labels, tuple(shapes), background)


def _draw(canvas: np.ndarray, shape: Shape) -> None:
    height, width = canvas.shape[:2]
    outline = shape.outline()
    left, top = (max(math.floor(low), 0) for low in outline.min(0))
    right, bottom = (min(math.ceil(high), limit) for high, limit in zip(outline.max(0), (width, height), strict=True))
    if left >= right or top >= bottom:
        return
    fine = Image.new("L", ((right - left) * FINER, (bottom - top) * FINER))
    pen = ImageDraw.Draw(fine)
    pen.polygon(_places(outline, left, top), fill=255)
    if CLASSES[shape.label] == "ring":
        pen.polygon(_places((outline - (shape.x, shape.y)) * HOLE + (shape.x, shape.y), left, top), fill=0)
    covered = np.asarray(fine.reduce(FINER), np.float32)[..., None] / 255  # (h, w, 1)
    rows, columns = np.mgrid[top:bottom, left:right].astype(np.float32)
    light = 1 - 0.3 * ((columns - shape.x) + (rows - shape.y)) / (2 * shape.size)  # falls in from the upper left
    colour = (light[..., None] * np.array(shape.colour, np.float32)).clip(0, 255)
    part = canvas[top:bottom, left:right]
    part += covered * (colour - part)


def _places(outline: np.ndarray, left: int, top: int) -> list[tuple[float, float]]:
    """Corners on the finer drawing, whose pixels are named by their middles."""
    return [(x, y) for x, y in ((outline - (left, top)) * FINER - 0.5).tolist()]


def random_shapes(
    random: np.random.Generator,
    background: np.ndarray,
    objects: int,
    *,
    most_hidden: float = MOST_HIDDEN,
    collide: bool = False,
    cells: int = 8,
) -> tuple[Shape, ...]:
    """`objects` shapes that fit into the square background, hiding each other only a little.

    most_hidden: share of the smaller of two boxes that the other may cover; where there is no room left there are fewer
    shapes. collide: the second is small and lies on the first, with its middle in the same cell of a grid of
    cells × cells. ValueError for a number out of 0..8, or below 2 where they should collide.
    """
    if not 0 <= objects <= MOST_OBJECTS or (collide and objects < 2):
        raise ValueError(f"expected {2 if collide else 0} to {MOST_OBJECTS} objects, got {objects}")
    side = background.shape[0]
    shapes: list[Shape] = []
    boxes: list[tuple[float, float, float, float]] = []
    for place in range(objects):
        pair = collide and place < 2
        sizes = SIZES if not pair else (0.32, 0.45) if place == 0 else (0.12, 0.17)
        for _ in range(TRIES if not pair else 1):
            shape = _random_shape(random, side, sizes)
            if pair and place == 1:
                shape = _in_the_cell_of(shapes[0], shape, random, side, cells)
            box = shape.box()
            if pair or all(_hidden(box, other) <= most_hidden for other in boxes):
                under = shapes[0].colour if pair and place == 1 else _mean_colour(background, box)
                shapes.append(dataclasses.replace(shape, colour=_random_colour(random, under)))
                boxes.append(box)
                break
    return tuple(shapes)


def _random_shape(random: np.random.Generator, side: int, sizes: tuple[float, float]) -> Shape:
    label, angle = int(random.integers(len(CLASSES))), float(random.uniform(0, 2 * math.pi))
    stretch = math.exp(random.uniform(-0.3, 0.3))
    size = side * random.uniform(*sizes)
    shape = Shape(label, 0.0, 0.0, size, angle, stretch)
    left, top, right, bottom = shape.box()
    x, y = random.uniform(-left, side - right), random.uniform(-top, side - bottom)
    return dataclasses.replace(shape, x=float(x), y=float(y))


def _in_the_cell_of(first: Shape, shape: Shape, random: np.random.Generator, side: int, cells: int) -> Shape:
    """The shape with its middle in the cell where the middle of `first` lies."""
    cell = side / cells
    x, y = (cell * (math.floor(middle / cell) + random.uniform(0.1, 0.9)) for middle in (first.x, first.y))
    return dataclasses.replace(shape, x=float(x), y=float(y))


def _hidden(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """Share of the smaller box that lies in the other."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    smaller = min((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1]))
    return max(width, 0) * max(height, 0) / smaller


def _mean_colour(background: np.ndarray, box: tuple[float, ...]) -> tuple[int, ...]:
    left, top, right, bottom = (round(edge) for edge in box)
    return tuple(background[top:bottom:2, left:right:2].reshape(-1, 3).mean(0).astype(int).tolist())


def _random_colour(random: np.random.Generator, under: tuple[int, ...]) -> tuple[int, int, int]:
    """A colour of any hue that stands out from `under`: the first of ten that is far enough, else the farthest."""
    candidates = []
    for hue, saturation, value in random.uniform((0, 0.4, 0.3), (1, 1, 1), (10, 3)).tolist():
        colour = tuple(round(255 * part) for part in colorsys.hsv_to_rgb(hue, saturation, value))
        candidates.append((math.dist(colour, under), colour))
        if candidates[-1][0] >= LEAST_CONTRAST:
            return colour
    return max(candidates)[1]


def crop(random: np.random.Generator, rgb: np.ndarray, side: int = SIDE, least: float = 0.4) -> np.ndarray:
    """A random square of a photograph (H, W, 3) uint8, at least `least` of its shorter side, resized to side × side."""
    height, width = rgb.shape[:2]
    edge = random.uniform(least, 1) * min(height, width)
    left, top = random.uniform(0, width - edge), random.uniform(0, height - edge)
    piece = Image.fromarray(rgb).resize((side, side), Image.Resampling.BILINEAR, (left, top, left + edge, top + edge))
    return np.asarray(piece)


def make_scene(
    seed: int, objects: int | None = None, *, collide: bool = False, cells: int = 8, background: str | None = None
) -> Scene:
    """A scene on a piece of a bundled photograph, the same for the same arguments; in about a millisecond.

    objects: how many, 0 to 8, None: 1 to 5 by chance (where they should collide 2 to 5); background: a name of
    PHOTOS, None: any of them. collide and cells: see `random_shapes`. ValueError for another number of objects,
    KeyError for another photograph.
    """
    random = np.random.default_rng(seed)
    name = list(PHOTOS)[int(random.integers(len(PHOTOS)))]
    piece = crop(random, _small_photo(name if background is None else background))
    count = int(random.integers(2 if collide else 1, 6)) if objects is None else objects
    return paint(piece, random_shapes(random, piece, count, collide=collide, cells=cells))


@cache
def _small_photo(name: str) -> np.ndarray:
    """A bundled photograph with its shorter side at most 2 × SIDE: quick to crop, still sharp enough."""
    rgb = photo(name).rgb
    share = min(1, 2 * SIDE / min(rgb.shape[:2]))
    size = round(rgb.shape[1] * share), round(rgb.shape[0] * share)
    return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.LANCZOS))

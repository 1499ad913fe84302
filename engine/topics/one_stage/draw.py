"""One-stage detectors: NanoDet's answers as pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from engine.contracts.film import Frames
from engine.contracts.words import Words, listed
from engine.data.coco import COCO_CLASSES
from engine.models.detection.nanodet import STRIDES
from engine.pictures.bars.values import Bars
from engine.pictures.pixels.values import Box, Line, PixelPicture, Point, Text, Tile
from engine.pictures.theme import CLASS_COLOURS
from engine.topics.one_stage.detection import NAMES, Candidates, Predictions, find

from .card import Config
from .draw_scene import outline, shares_in_words
from .explain import Cell, overlaps, place_of, sides
from .picks import course
from .run import Result
from .scene import ScenePredictions

TAKEN, REMOVED, BEFORE, WAITING = "#0072B2", "#D55E00", "#009E73", "#8A93A6"  # of a box in the suppression
STATES = {
    TAKEN: Words("taken: the best score left"),
    REMOVED: Words("removed: its IoU with the one taken is too high"),
    BEFORE: Words("kept before"),
    WAITING: Words("not decided yet"),
}
EDGE_NAMES = (Words("left edge"), Words("upper edge"), Words("right edge"), Words("lower edge"))
MOST_ROWS = 40  # candidates in the picture of overlaps
MOST_SHOWN = 200  # pixels a side of the picture in the suppression: half as many bytes with every change
MOST_BARS = 5  # in the list of what was found
MOST_NUMBERS = 14  # up to so many candidates there is room for the IoU itself


def draw_detections(
    predictions: Predictions | Result, candidates: Candidates | None = None, *, cell: Cell | None = None
) -> PixelPicture:
    """The picture with the boxes that stay, each with class and score; of `cell` the box, its centre and its reach. A
    click on a box stands for the number of its cell."""
    predictions, candidates = _of_picture(predictions, candidates)
    boxes, points, lines = [], [], []
    for index in reversed(candidates.kept):  # the best drawn last, on top
        corners, colour = tuple(candidates.boxes[index].tolist()), int(candidates.labels[index]) % 6
        boxes.append(Box(corners, candidates.title(index), colour, key=int(candidates.cells[index])))
    if cell is not None:
        left, top, right, bottom = cell.box.tolist()
        boxes.append(Box((left, top, right, bottom), "", "#F0E442"))
        for x, y in ((left, cell.y), (cell.x, top), (right, cell.y), (cell.x, bottom)):
            lines.append(Line([(cell.x, cell.y), (x, y)], "#F0E442", 2.5, arrow=True))
        half = cell.stride / 2
        lines.append(Line(outline(cell.x - half, cell.y - half, cell.x + half, cell.y + half), "#FFFFFF", 1.5))
        points.append(Point(cell.x, cell.y, 6, label=f"{cell.x:g}, {cell.y:g}"))
    tile = _without_bars(predictions, boxes=boxes, points=points, lines=lines)
    return PixelPicture([tile], alt=Words("The picture with a box round everything that was found"), columns=1)


def draw_cover(result: Result) -> PixelPicture:
    """The upper half of the picture, twice as wide as high, with its boxes in thick lines."""
    predictions, candidates = _of_picture(result, None)
    half, lines, texts = len(predictions.square) // 2, [], []
    for index in reversed(candidates.kept):
        left, top, right, bottom = candidates.boxes[index].tolist()
        label = int(candidates.labels[index])
        if top < half / 2:
            lines.append(Line(outline(left, max(top, 12), right, min(bottom, half - 12)), CLASS_COLOURS[label % 6], 5))
            texts.append(Text((left + right) / 2, half - 26, candidates.title(index)))
    tile = Tile(predictions.square.numpy()[:half], smooth=True, lines=lines, texts=texts)
    return PixelPicture([tile], alt="A picture with a box round everything that was found")


def _without_bars(
    predictions: Predictions | ScenePredictions,
    caption: str = "",
    *,
    coarser: int = 1,
    boxes: Sequence[Box] = (),
    points: Sequence[Point] = (),
    lines: Sequence[Line] = (),
    **more: Any,
) -> Tile:
    """The square as a tile, without the grey bars at its sides, each pixel the mean of coarser × coarser.

    Marks are given in pixels of the square.
    """
    left, top, right, bottom = predictions.inside

    def at(x: float, y: float) -> tuple[float, float]:
        return (x - left) / coarser, (y - top) / coarser

    return Tile(
        _coarse(predictions.square.numpy()[top:bottom, left:right], coarser), caption, smooth=True,
        boxes=[
            Box((*at(*box.xyxy[:2]), *at(*box.xyxy[2:])), box.label, box.colour, box.frame, box.key) for box in boxes
        ],
        points=[replace(point, x=at(point.x, point.y)[0], y=at(point.x, point.y)[1]) for point in points],
        lines=[replace(line, points=[at(x, y) for x, y in line.points]) for line in lines], **more,
    )  # fmt: skip


def _coarse(pixels: np.ndarray, block: int) -> np.ndarray:
    """(H, W, 3) uint8 with each block × block pixels as one, their mean; at the far edges of fewer."""
    for axis in (0, 1):
        starts, length = np.arange(0, pixels.shape[axis], block), pixels.shape[axis]
        counts = np.minimum(block, length - starts).reshape(-1, 1, 1).swapaxes(0, axis)
        pixels = np.add.reduceat(pixels.astype(np.float32), starts, axis) / counts
    return np.rint(pixels).astype(np.uint8)


def _of_picture(source: Predictions | Result, candidates: Candidates | None) -> tuple[Predictions, Candidates]:
    """A Result's picture and its boxes: those of its Config, or those of the usual one where a scene was looked at."""
    if not isinstance(source, Result):
        return source, candidates
    return source.picture, find(source.picture, Config()) if source.grid else source.candidates


def draw_levels(
    predictions: Predictions | Result, candidates: Candidates | None = None, *, only: str = "all"
) -> PixelPicture:
    """The best score of every cell (or its score for one class), one map for each level; a ring where a box stays."""
    predictions, candidates = _of_picture(predictions, candidates)
    values = predictions.scores.amax(1) if only == "all" else predictions.scores[:, COCO_CLASSES.index(only)]
    places = [place_of(int(candidates.cells[index])) for index in candidates.kept]
    tiles, start = [], 0
    for level, side in enumerate(sides()):
        points = [Point(column + 0.5, row + 0.5, 1, filled=False) for on, row, column in places if on == level]
        page = values[start : start + side * side].reshape(side, side).numpy()
        caption = Words("every {stride} px", stride=STRIDES[level])
        tiles.append(Tile(page, caption, "probability", 0.0, 1.0, Words("score"), points=points))
        start += side * side
    return PixelPicture(tiles, alt=Words("The best score of every cell, on three levels"), columns=3)


def draw_scores(candidates: Candidates) -> Bars:
    """The scores of the boxes that stay, best first; a click on one stands for the number of its cell."""
    kept = candidates.kept[:MOST_BARS]
    alt = listed([candidates.title(index) for index in kept], "; ") or Words("nothing found")
    colours = [int(candidates.labels[index]) % 6 for index in kept]  # those of the boxes in the picture
    shares = [candidates.scores[index].item() for index in kept]
    cells = [int(candidates.cells[index]) for index in kept]
    return Bars([candidates.name(index) for index in kept], shares, alt, colours=colours, keys=cells)


def draw_classes(cell: Cell, *, most: int = 5) -> Bars:
    """The highest class scores of a cell."""
    best = cell.scores.topk(most)
    names, shares = [NAMES[index] for index in best.indices.tolist()], best.values.tolist()
    return Bars(names, shares, shares_in_words(names, shares))


def draw_distances(cell: Cell) -> PixelPicture:
    """The four distributions over 0 … 10 strides, a row each."""
    tile = Tile(
        cell.distributions.numpy(), "", "probability", 0.0, max(float(cell.distributions.max()), 1e-6),
        row_labels=EDGE_NAMES, column_labels=[str(bin_) for bin_ in range(cell.distributions.shape[1])],
        cell_names=("", Words("edge"), Words("strides")),
    )  # fmt: skip
    return PixelPicture([tile], alt=Words("Four distributions over distances"))


def draw_suppression(
    predictions: Predictions | ScenePredictions | Result, candidates: Candidates | None = None, at: int | None = None
) -> PixelPicture:
    """Non-maximum suppression, one frame a step: the box taken, those it removes, those kept before, those that wait.

    Beside the picture the IoU of the best candidates with each other: the row of the box taken is framed, rings (or
    the IoU itself, where there is room) mark those that it removes. The last frame shows what is left. at: the frame
    to stand at.
    """
    if isinstance(predictions, Result):
        predictions, candidates = predictions.scene if predictions.grid else predictions.picture, predictions.candidates
    steps, count = candidates.suppression.steps, min(len(candidates.boxes), MOST_ROWS)
    corners = [tuple(box) for box in candidates.boxes.tolist()]
    titles = [candidates.title(index) for index in range(len(corners))]
    boxes, rows, rings, numbers = [], [], [], []
    waiting, before = set(range(len(corners))), []
    for frame, step in enumerate(steps):
        goes = {other.box for other in step.removed}
        waiting -= goes | {step.taken}
        boxes += [Box(corners[index], "", WAITING, frame) for index in sorted(waiting, reverse=True)]
        boxes += [Box(corners[index], titles[index], BEFORE, frame) for index in before]
        boxes += [Box(corners[other.box], "", REMOVED, frame) for other in reversed(step.removed)]
        boxes.append(Box(corners[step.taken], titles[step.taken], TAKEN, frame))
        if step.taken < count:
            rows.append(Line(outline(0, step.taken, count, step.taken + 1), TAKEN, 2.5, frame=frame))
        marked = [other for other in step.removed if max(other.box, step.taken) < count]
        if count <= MOST_NUMBERS:
            numbers += [
                Text(other.box + 0.5, step.taken + 0.5, f"{other.iou:.2f}", "#FFFFFF", frame) for other in marked
            ]
        else:
            rings += [Point(other.box + 0.5, step.taken + 0.5, 5, filled=False, frame=frame) for other in marked]
        before.append(step.taken)
    boxes += [Box(corners[index], titles[index], BEFORE, len(steps)) for index in before]
    run = course(candidates)
    frames = Frames(run, range(len(steps) + 1), range(1, len(steps) + 2), clock=run, start="first", at=at)
    iou = overlaps(candidates, count).numpy() if count else np.zeros((1, 1), np.float32)
    labels = titles[:count] or ["–"]
    coarser = 2 if len(predictions.square) > 2 * MOST_SHOWN else 1
    tiles = [
        _without_bars(predictions, Words("The boxes"), coarser=coarser, still=True, boxes=boxes),
        Tile(iou, Words("IoU of the best {count} with each other; framed: the one taken", count=count), "probability",
             0.0, 1.0, unit="IoU", still=True, row_labels=labels, lines=rows, points=rings, texts=numbers,
             cell_names=("", Words("candidate"), Words("candidate"))),
    ]  # fmt: skip
    alt = Words("Non-maximum suppression, box by box")
    return PixelPicture(tiles, alt=alt, frames=frames, colours=STATES)

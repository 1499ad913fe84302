"""One-stage detectors: the grid detector on a scene, and what one of its cells says and should say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.contracts.axes import axes, note, result
from engine.contracts.embed import embedded
from engine.contracts.words import Words
from engine.data.photos import find_picture
from engine.data.scenes import CLASSES, MOST_OBJECTS, make_scene
from engine.instrument.detection import non_maximum_suppression
from engine.models.detection.grid import CELLS, SIDE, TERMS, GridView, detect, load_grid_detector, view_grid
from engine.topics.one_stage.detection import Candidates, middle

from .card import Config

SHAPES = tuple(map(Words, CLASSES))


@result
class ScenePredictions:
    """A scene, what is in it, and everything that the grid detector says about it."""

    square: Tensor = axes("pixel_row pixel_column colour", "the scene as the network sees it", unit="0 to 255")
    true_boxes: Tensor = axes("object edge", "left, top, right, bottom of the objects drawn", unit="px")
    true_labels: Tensor = axes("object", "number of the class of each object")
    view: GridView = note("what the cells say, what they should say, and the loss")
    inside: tuple[int, int, int, int] = note("left, top, right, bottom of what is worth showing of the square")
    known: bool = note("whether anybody knows what is in it: not of an own picture")


def see_scene(config: Config) -> ScenePredictions:
    """One forward pass, and the loss against what was drawn; of an own picture nobody knows what is in it.

    PictureError if the picture is not on this server.
    """
    pixels, boxes, labels = drawn(config)
    view = view_grid(load_grid_detector(), pixels, boxes, labels)
    true, inside = torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4), (0, 0, SIDE, SIDE)
    return ScenePredictions(
        torch.from_numpy(pixels), true, torch.tensor(labels), view, inside, config.scene != "picture"
    )


@embedded
def drawn(config: Config) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The scene of a Config: pixels (128, 128, 3) uint8, and what is in it: boxes (N, 4), labels (N,).

    PictureError if the picture is not on this server.
    """
    if config.scene == "picture":
        return middle(find_picture(config.picture).rgb, SIDE), np.zeros((0, 4)), np.zeros(0, np.int64)
    collide = config.scene == "same_cell"
    objects = min(max(config.objects, 2 if collide else 0), MOST_OBJECTS)
    scene = make_scene(config.seed, objects, collide=collide, cells=CELLS)
    return scene.pixels.copy(), scene.boxes, scene.labels


def find_in_scene(predictions: ScenePredictions, config: Config) -> Candidates:
    """Score threshold and non-maximum suppression: no network runs. Cells are numbered row by row."""
    detections = detect(predictions.view.prediction, config.score, config.iou, SIDE)
    candidates, cells = detections.candidates, detections.sources[:, 0] * CELLS + detections.sources[:, 1]
    suppression = detections.suppression
    if not config.class_wise:
        suppression = non_maximum_suppression(candidates.boxes, candidates.scores, config.iou)
    return Candidates(cells, candidates.labels, candidates.scores, candidates.boxes, suppression, SHAPES)


@dataclass(frozen=True, eq=False)
class GridCell:
    """One cell of the grid.

    row, column; owner: number of the object it owns, -1 for none; lost: numbers of objects whose middle lies here too;
    label: class of the object, -1; boxes (B, 4) in pixels; confidences and ious (B,); responsible: number of the box
    that answers for the object, -1; probabilities (C,); terms (5,) of the loss here, totals (5,) in the picture.
    """

    row: int
    column: int
    owner: int
    lost: tuple[int, ...]
    label: int
    boxes: Tensor
    confidences: Tensor
    ious: Tensor
    responsible: int
    probabilities: Tensor
    terms: Tensor
    totals: Tensor


def explain_grid_cell(predictions: ScenePredictions, row: int, column: int) -> GridCell:
    """What a cell says and what it should say."""
    view = predictions.view
    owner = int(view.owner[row, column])
    lost = tuple(one.lost for one in view.collisions if (one.row, one.column) == (row, column))
    return GridCell(
        row, column, owner, lost, int(predictions.true_labels[owner]) if owner >= 0 else -1, view.boxes[row, column],
        view.confidence[row, column], view.iou[row, column], int(view.responsible[row, column]),
        view.probability[row, column], view.terms[row, column], view.totals,
    )  # fmt: skip


def first_cell(predictions: ScenePredictions, candidates: Candidates) -> tuple[int, int]:
    """The cell to begin with: where objects collide, else that of the best box, else that of an object."""
    if predictions.view.collisions:
        return predictions.view.collisions[0].row, predictions.view.collisions[0].column
    if candidates.kept:
        return divmod(int(candidates.cells[candidates.kept[0]]), CELLS)
    if len(predictions.view.object_cell):
        return tuple(predictions.view.object_cell[0].tolist())
    return CELLS // 2, CELLS // 2


def picked_cell(predictions: ScenePredictions, candidates: Candidates, number: int | None) -> GridCell:
    """The cell picked, counted row by row, else the one to begin with."""
    inside = number is not None and number < CELLS * CELLS
    return explain_grid_cell(predictions, *(divmod(number, CELLS) if inside else first_cell(predictions, candidates)))


__all__ = ["CELLS", "SHAPES", "SIDE", "TERMS", "ScenePredictions", "explain_grid_cell", "find_in_scene", "see_scene"]

"""A grid detector after YOLO v1: Redmon, Divvala, Girshick and Farhadi 2016, "You Only Look Once", section 2.

The picture is divided into S × S cells. The cell in which the middle of an object lies owns it: it alone is to find it.
Every cell predicts B boxes, each with a confidence, and one set of class probabilities that its boxes share, in one
pass: a tensor S × S × (5 B + C). Here S = 8 of 16 pixels, B = 2, C = 6; in the paper 7 × 7 × (5 · 2 + 20).

What differs from the paper, because this network is small and starts from nothing instead of ImageNet: 128 × 128
pixels and 9 convolutions instead of 448 × 448 and 24 with 2 dense layers; batch normalisation; a sigmoid on the five
numbers of a box and a softmax on the classes (the paper's are linear), so that none can leave its range; Adam. The five
terms of the loss are those of eq. 3, squared errors all, with the paper's weights.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import cache

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine import weights
from engine.contracts.axes import axes, note, result
from engine.instrument.detection import (
    Detections,
    Suppression,
    corners_from_centre,
    non_maximum_suppression,
    pairwise_iou,
)
from engine.instrument.trace import Tap
from engine.machinery.device import current_device

NAME = "grid_detector"
SIDE, CELLS, BOXES, CLASSES = 128, 8, 2, 6
COORDINATE_WEIGHT, EMPTY_WEIGHT = 5.0, 0.5  # λ_coord and λ_noobj of eq. 3
TERMS = ("centre", "size", "object_confidence", "empty_confidence", "class_probability")  # rows of eq. 3, in order


class Convolution(nn.Module):
    """3 × 3 convolution, batch normalisation, leaky ReLU (slope 0.1, eq. 2). (B, I, H, W) -> (B, O, H/s, W/s)."""

    def __init__(self, inputs: int, outputs: int, stride: int, generator: torch.Generator):
        super().__init__()
        # On the meta device first: nn.Conv2d would fill itself from the process-wide generator.
        self.conv = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False, device="meta").to_empty(device="cpu")
        self.norm = nn.BatchNorm2d(outputs)
        self.out = Tap("batch channel row column")
        nn.init.kaiming_normal_(self.conv.weight, 0.1, "fan_out", "leaky_relu", generator)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(F.leaky_relu(self.norm(self.conv(x)), 0.1))


class GridDetector(nn.Module):
    """Prepared pictures (B, 3, 128, 128) -> raw predictions (B, S, S, 5 B + C); `read` says what they mean.

    Of the last axis the first 5 B are x, y, √w, √h and confidence of each box, the rest the classes, all before sigmoid
    and softmax. All random numbers come from `generator`. Works on any picture whose sides are multiples of 16.
    """

    def __init__(self, generator: torch.Generator, classes: int = CLASSES, boxes: int = BOXES):
        super().__init__()
        plan = (
            # inputs, outputs, stride       sides of the maps for 128 × 128 pixels
            (3, 16, 2),  # 64
            (16, 32, 2),  # 32
            (32, 32, 1),
            (32, 64, 2),  # 16
            (64, 64, 1),
            (64, 128, 2),  # 8
            (128, 128, 1),
            (128, 128, 1),
        )
        self.trunk = nn.Sequential(
            *(Convolution(inputs, outputs, stride, generator) for inputs, outputs, stride in plan)
        )
        self.predict = nn.Conv2d(128, 5 * boxes + classes, 1, device="meta").to_empty(device="cpu")
        self.prediction = Tap("batch row column value")
        nn.init.normal_(self.predict.weight, std=0.01, generator=generator)
        nn.init.zeros_(self.predict.bias)
        with torch.no_grad():
            self.predict.bias[4 : 5 * boxes : 5] = -3  # most cells are empty: begin with a confidence of 0.05

    def forward(self, x: Tensor) -> Tensor:
        x = self.trunk(x)  # (B, 128, S, S)
        return self.prediction(self.predict(x).permute(0, 2, 3, 1))  # (B, S, S, 5 B + C)


@dataclasses.dataclass(frozen=True, eq=False)
class Prediction:
    """What the network says, by name; leading axes (a batch) may stand before all of these.

    place (S, S, B, 4): x and y of the middle within the cell, from 0 at its left and upper edge to 1, then the square
    roots of width and height as shares of the picture; confidence (S, S, B): what the IoU with an object will be, 0
    without one; probability (S, S, C): of the classes, if there is an object.
    """

    place: Tensor
    confidence: Tensor
    probability: Tensor

    @property
    def scores(self) -> Tensor:
        """(S, S, B, C): confidence × class probability, eq. 1 of the paper."""
        return self.confidence[..., None] * self.probability[..., None, :]

    def corners(self, side: float = 1.0) -> Tensor:
        """(S, S, B, 4): boxes as corners x1, y1, x2, y2, for a picture `side` wide."""
        return corners_of(torch.cat((self.place[..., :2], self.place[..., 2:].square()), -1), side)

    def of(self, index: int) -> Prediction:
        """Of one picture of a batch."""
        return Prediction(self.place[index], self.confidence[index], self.probability[index])


def read(raw: Tensor, boxes: int = BOXES) -> Prediction:
    """Raw numbers (..., S, S, 5 B + C) -> Prediction."""
    five = raw[..., : 5 * boxes].sigmoid().unflatten(-1, (boxes, 5))
    return Prediction(five[..., :4], five[..., 4], raw[..., 5 * boxes :].softmax(-1))


def corners_of(place: Tensor, side: float = 1.0) -> Tensor:
    """x, y within the cell and width, height as shares of the picture -> corners, both (..., S, S, B, 4)."""
    cells = place.shape[-3]
    step = torch.arange(cells, dtype=place.dtype, device=place.device)
    row, column = torch.meshgrid(step, step, indexing="ij")
    cell = torch.stack((column, row), -1)[..., None, :]  # (S, S, 1, 2)
    return corners_from_centre(torch.cat(((place[..., :2] + cell) / cells, place[..., 2:]), -1)) * side


@dataclasses.dataclass(frozen=True)
class Collision:
    """Two objects whose middles lie in one cell: the one that stands first in the list is kept, the other lost."""

    row: int
    column: int
    kept: int
    lost: int


@dataclasses.dataclass(frozen=True, eq=False)
class Targets:
    """What each cell should say; leading axes (a batch) may stand before all of these.

    owner (S, S): index of the object the cell owns, -1 for none; place (S, S, 4): its middle x, y within the cell, its
    width and height as shares of the picture; label (S, S): its class. Zeros where there is no object.
    """

    owner: Tensor
    place: Tensor
    label: Tensor

    @property
    def owned(self) -> Tensor:
        """(S, S) bool: the cells that own an object."""
        return self.owner >= 0

    @property
    def wanted(self) -> Tensor:
        """(S, S, 4): x, y and the square roots of width and height, what Prediction.place should be."""
        return torch.cat((self.place[..., :2], self.place[..., 2:].sqrt()), -1)


@dataclasses.dataclass(frozen=True, eq=False)
class Assignment:
    """cells (N, 2): row and column of the cell in which each object's middle lies; targets; collisions, in order."""

    cells: Tensor
    targets: Targets
    collisions: tuple[Collision, ...]


def assign(boxes: Tensor, labels: Tensor, side: float = SIDE, cells: int = CELLS) -> Assignment:
    """Which cell owns which object. boxes (N, 4): corners in pixels of a picture `side` wide; labels (N,).

    A middle on the line between two cells belongs to the right or lower one. Of objects in one cell only the first is
    kept, as in the authors' program: a cell has one set of class probabilities, it cannot say two things.
    """
    boxes = boxes.float() / side
    middle, size = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    column_row = (middle * cells).floor().clamp(0, cells - 1)  # (N, 2)
    owner = torch.full((cells, cells), -1)
    place, label = torch.zeros(cells, cells, 4), torch.zeros(cells, cells, dtype=torch.int64)
    collisions = []
    for index, (column, row) in enumerate(column_row.long().tolist()):
        if owner[row, column] >= 0:
            collisions.append(Collision(row, column, int(owner[row, column]), index))
            continue
        owner[row, column], label[row, column] = index, labels[index]
        place[row, column] = torch.cat((middle[index] * cells - column_row[index], size[index]))
    return Assignment(column_row.flip(1).long(), Targets(owner, place, label), tuple(collisions))


def stack_targets(several: Sequence[Targets]) -> Targets:
    """The targets of a batch of pictures, each part with the axis of the pictures first."""
    return Targets(*(torch.stack([getattr(one, part) for one in several]) for part in ("owner", "place", "label")))


@dataclasses.dataclass(frozen=True, eq=False)
class LossTerms:
    """Eq. 3 row by row, each for every cell (..., S, S), the weights λ included; what they sum to is the loss.

    centre: λ_coord ((x - x̂)² + (y - ŷ)²) of the responsible box; size: λ_coord ((√w - √ŵ)² + (√h - √ĥ)²);
    object_confidence: (confidence - IoU)² of the responsible box; empty_confidence: λ_noobj confidence² of every box
    that is not responsible, in all cells; class_probability: Σ_c (p_c - p̂_c)² in the cells that own an object.
    responsible (..., S, S): which box has the highest IoU with the cell's object, the first of equals, -1 where there
    is no object; iou (..., S, S, B): of each box with it, 0 where there is none.
    """

    centre: Tensor
    size: Tensor
    object_confidence: Tensor
    empty_confidence: Tensor
    class_probability: Tensor
    responsible: Tensor
    iou: Tensor

    @property
    def per_cell(self) -> Tensor:
        """(..., S, S, 5): the five, in the order of TERMS."""
        return torch.stack([getattr(self, name) for name in TERMS], -1)

    @property
    def totals(self) -> Tensor:
        """(..., 5): each summed over all cells."""
        return self.per_cell.sum((-3, -2))

    @property
    def loss(self) -> Tensor:
        """(...): the sum of all."""
        return self.totals.sum(-1)


def loss_terms(prediction: Prediction, targets: Targets) -> LossTerms:
    """The five terms of eq. 3. The IoU is a target here, not a path for gradients, as in the paper."""
    owned = targets.owned
    with torch.no_grad():
        true = corners_of(targets.place[..., None, :])  # (..., S, S, 1, 4)
        iou = pairwise_iou(prediction.corners(), true)[..., 0] * owned[..., None]  # (..., S, S, B)
        best = iou.argmax(-1)  # (..., S, S)
        chosen = F.one_hot(best, iou.shape[-1]) * owned[..., None]  # 1_ij^obj of the paper
    wrong = (prediction.place - targets.wanted[..., None, :]).square() * chosen[..., None]  # (..., S, S, B, 4)
    kinds = F.one_hot(targets.label, prediction.probability.shape[-1])
    return LossTerms(
        centre=COORDINATE_WEIGHT * wrong[..., :2].sum((-2, -1)),
        size=COORDINATE_WEIGHT * wrong[..., 2:].sum((-2, -1)),
        object_confidence=((prediction.confidence - iou).square() * chosen).sum(-1),
        empty_confidence=EMPTY_WEIGHT * (prediction.confidence.square() * (1 - chosen)).sum(-1),
        class_probability=(prediction.probability - kinds).square().sum(-1) * owned,
        responsible=torch.where(owned, best, -1),
        iou=iou,
    )


@dataclasses.dataclass(frozen=True, eq=False)
class GridDetections:
    """What stands above the threshold, and what is left of it.

    candidates: N boxes with the best class of each, best score first; sources (N, 3): row, column and number of the box
    that said so; suppression: its indices count the candidates; kept: those that stay.
    """

    candidates: Detections
    sources: Tensor
    suppression: Suppression

    @property
    def kept(self) -> Detections:
        """The candidates that were not suppressed."""
        return self.candidates.chosen(self.suppression.kept)


def detect(prediction: Prediction, least_score: float, most_overlap: float, side: float = SIDE) -> GridDetections:
    """Boxes of one picture with a score of at least `least_score`, then non-maximum suppression within each class.

    A box counts for its best class alone. Corners are in pixels and are not cut at the edge of the picture.
    """
    score, label = prediction.scores.max(-1)  # (S, S, B)
    sources = (score >= least_score).nonzero()  # (N, 3)
    score, label, corners = (part[tuple(sources.T)] for part in (score, label, prediction.corners(side)))
    order = score.argsort(descending=True, stable=True)
    candidates = Detections(corners[order], score[order], label[order])
    suppression = non_maximum_suppression(candidates.boxes, candidates.scores, most_overlap, candidates.labels)
    return GridDetections(candidates, sources[order], suppression)


@result
class GridView:
    """Everything about one picture: what the cells say, what they should say, and the loss, cell by cell."""

    raw: Tensor = axes("row column value", "output of the network before sigmoid and softmax")
    place: Tensor = axes("row column box part", "x, y in the cell, square roots of width and height")
    confidence: Tensor = axes("row column box", "confidence of each box")
    probability: Tensor = axes("row column class", "class probabilities, shared by the boxes of a cell")
    boxes: Tensor = axes("row column box corner", "predicted boxes: x1, y1, x2, y2", unit="pixels")
    owner: Tensor = axes("row column", "index of the object a cell owns, -1 for none")
    object_cell: Tensor = axes("object axis", "row and column of the cell that should find the object")
    wanted: Tensor = axes("row column part", "what `place` should be, zeros without an object")
    label: Tensor = axes("row column", "class of the object a cell owns, -1 for none")
    responsible: Tensor = axes("row column", "number of the box with the highest IoU, -1 without an object")
    iou: Tensor = axes("row column box", "IoU of each box with the object its cell owns, 0 without one")
    terms: Tensor = axes("row column term", "the five terms of the loss in each cell, weights included")
    totals: Tensor = axes("term", "the five terms summed over the cells")
    loss: float = axes("", "the loss: its five terms summed")
    collisions: tuple[Collision, ...] = note("objects that lost their cell to another")
    prediction: Prediction = note("the same numbers as `detect` takes them")


@torch.no_grad()
def view_grid(model: GridDetector, pixels: np.ndarray, boxes: np.ndarray, labels: np.ndarray) -> GridView:
    """Run the network on one picture (H, W, 3) uint8 with its true boxes (N, 4), corners in pixels, and labels (N,)."""
    side = pixels.shape[1]
    device = next(model.parameters()).device
    raw = model(normalised(pixels[None]).to(device))[0].cpu()
    prediction = read(raw)
    assignment = assign(torch.tensor(boxes), torch.tensor(labels), side, raw.shape[0])
    targets = assignment.targets
    terms = loss_terms(prediction, targets)
    return GridView(
        raw=raw,
        place=prediction.place,
        confidence=prediction.confidence,
        probability=prediction.probability,
        boxes=prediction.corners(side),
        owner=targets.owner,
        object_cell=assignment.cells,
        wanted=targets.wanted,
        label=torch.where(targets.owned, targets.label, -1),
        responsible=terms.responsible,
        iou=terms.iou,
        terms=terms.per_cell,
        totals=terms.totals,
        loss=terms.loss.item(),
        collisions=assignment.collisions,
        prediction=prediction,
    )


def normalised(pixels: np.ndarray) -> Tensor:
    """(B, H, W, 3) uint8 -> the network's input (B, 3, H, W) float32, from -1 to 1, channels last in memory."""
    return (torch.tensor(pixels).permute(0, 3, 1, 2).float() - 127.5) / 127.5


def load_grid_detector() -> GridDetector:
    """The trained network on the current device, frozen and in eval mode; one for the whole process.

    Source: see `engine.weights.card("grid_detector")`. Raises WeightsError if the file is missing or does not fit.
    """
    return _load(current_device())


@cache
def _load(device: str) -> GridDetector:
    with torch.inference_mode(False):  # weights born in inference mode could never take part in a gradient
        model = GridDetector(torch.Generator().manual_seed(0))
        weights.fill(model, NAME)
        model.eval().requires_grad_(False)
        return model.to(device, memory_format=torch.channels_last)

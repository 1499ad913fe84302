"""One-stage detectors: where one box comes from, in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine import weights
from engine.contracts.formula import Formula, aligned, rest_of, written
from engine.contracts.words import Words, listed
from engine.instrument.detection import Comparison, box_area, pairwise_iou
from engine.models.detection import grid, nanodet
from engine.models.detection.nanodet import SIDE, STRIDES, cells, expected_distances
from engine.topics.one_stage.detection import Candidates, Predictions

MOST_LISTED = 10
LEAST_SHARE = 0.01  # of a bin that is written out by itself
EDGES = ("left", "top", "right", "bottom")


@dataclass(frozen=True, eq=False)
class Cell:
    """One cell of NanoDet and all it says.

    number: among the 3,549; level: index into STRIDES; stride: pixels; row, column: on its level; x, y: its centre in
    pixels; distributions (4, 11): over 0 … 10 strides for left, top, right, bottom; reach (4,): their means, in
    strides; edges (4,): left, top, right, bottom of the box in pixels, not cut off; box (4,): cut off at the picture's
    edges, as the network answers; scores (80,).
    """

    number: int
    level: int
    stride: int
    row: int
    column: int
    x: float
    y: float
    distributions: Tensor
    reach: Tensor
    edges: Tensor
    box: Tensor
    scores: Tensor


def sides() -> list[int]:
    """Cells along a side of each level: 52, 26, 13."""
    return [SIDE // stride for stride in STRIDES]


def place_of(number: int) -> tuple[int, int, int]:
    """(level, row, column) of a cell."""
    for level, side in enumerate(sides()):
        if number < side * side:
            return level, number // side, number % side
        number -= side * side
    raise ValueError(f"there is no cell {number} beyond the last")


def number_of(level: int, row: int, column: int) -> int:
    """The inverse of `place_of`."""
    before = sum(side * side for side in sides()[:level])
    return before + row * sides()[level] + column


def explain_cell(predictions: Predictions, number: int) -> Cell:
    """What a cell says, and its box step by step: centre ∓ mean distance × stride."""
    level, row, column = place_of(number)
    stride, logits = STRIDES[level], predictions.distances[number]
    x, y = cells().centres[number].tolist()
    reach = expected_distances(logits)
    signs = torch.tensor([-1.0, -1.0, 1.0, 1.0])
    edges = torch.tensor([x, y, x, y]) + signs * reach * stride
    return Cell(
        number, level, stride, row, column, x, y, logits.softmax(-1), reach, edges,
        predictions.boxes[number], predictions.scores[number],
    )  # fmt: skip


def picked_cell(predictions: Predictions, candidates: Candidates, number: int | None) -> Cell | None:
    """The cell picked, else that of the best box; None without a box."""
    if number is None or number >= len(predictions.scores):
        number = int(candidates.cells[candidates.kept[0]]) if candidates.kept else None
    return None if number is None else explain_cell(predictions, number)


def box_sums(cell: Cell) -> list[str]:
    """The four edges from centre, mean distance and stride, such as "176 − 5.4572 × 32 = 1.370"."""
    centre = (cell.x, cell.y, cell.x, cell.y)
    return [
        f"{middle:g} {sign} {written(reach, 5)} × {cell.stride} = {written(edge)}".replace("= -", "= −")
        for middle, sign, reach, edge in zip(centre, "−−++", cell.reach.tolist(), cell.edges.tolist(), strict=True)
    ]


def expectation_formula(cell: Cell) -> Formula:
    """The mean distance to the left edge, bin by bin, and what the bins that hardly matter come to together."""
    shares = cell.distributions[0].tolist()
    listed = [bin_ for bin_, share in enumerate(shares) if share >= LEAST_SHARE]
    parts = " + ".join(rf"{written(shares[bin_], 3)} \cdot {bin_}" for bin_ in listed)
    rest = rest_of([bin_ * share for bin_, share in enumerate(shares) if bin_ not in listed])
    return Formula(rf"d_1 = \sum_{{k=0}}^{{10}} p_k \, k = {parts}{rest} = {written(cell.reach[0].item())}")


def iou_formula(candidates: Candidates) -> Formula | None:
    """The IoU that decided first in the suppression, from the areas of the two boxes; None if none was removed."""
    removed = [(step.taken, step.removed[0]) for step in candidates.suppression.steps if step.removed]
    if not removed:
        return None
    taken, other = removed[0]
    first, second = candidates.boxes[taken], candidates.boxes[other.box]
    corners = torch.cat([torch.maximum(first[:2], second[:2]), torch.minimum(first[2:], second[2:])])
    shared, one, two = (written(box_area(box).item(), 5) for box in (corners, first, second))
    return Formula(
        r"\text{IoU} = \frac{|A \cap B|}{|A| + |B| - |A \cap B|} = "
        rf"\frac{{{shared}}}{{{one} + {two} - {shared}}} = {written(other.iou)}"
    )


def loss_formula(totals: Tensor) -> Formula:
    """The five terms of eq. 3, and what they are in this scene."""
    names = (
        r"5 \sum_{\text{resp.}} \bigl((x - \hat x)^2 + (y - \hat y)^2\bigr)",
        r"5 \sum_{\text{resp.}} \bigl((\sqrt w - \sqrt{\hat w})^2 + (\sqrt h - \sqrt{\hat h})^2\bigr)",
        r"\sum_{\text{resp.}} (C - \text{IoU})^2",
        r"\tfrac{1}{2} \sum_{\text{others}} C^2",
        r"\sum_{\text{owners}} \sum_c (p_c - \hat p_c)^2",
    )
    values = [written(value) for value in totals.tolist()]
    rows = [rf"{name} &= {value}" for name, value in zip(names, values, strict=True)]
    return aligned([*rows, rf"\text{{loss}} &= {' + '.join(values)} = {written(totals.double().sum().item())}"])


def published_score(detector: str) -> float:
    """The first score on the card of a detector's weights: its mean average precision."""
    name = {"nanodet": nanodet.NAME, "grid": grid.NAME}[detector]
    return next(iter(weights.card(name).score.values()))


def shared_cell_scores() -> tuple[float, float]:
    """Of held-out objects that share a cell with another, the shares found: of those that own it, and of the others."""
    score = weights.card(grid.NAME).score
    return tuple(score[f"found where two share a cell, of {whom}"] for whom in ("those that own it", "the others"))


def in_words(candidates: Candidates, others: Sequence[Comparison]) -> str:
    """Boxes with their IoU, "cup 0.51 (0.93), bowl 0.40 (0.71)"; at most ten."""
    texts = [
        Words("{box} ({overlap})", box=candidates.title(other.box), overlap=f"{other.iou:.2f}")
        for other in others[:MOST_LISTED]
    ]
    return listed(texts)


def overlaps(candidates: Candidates, most: int) -> Tensor:
    """(M, M) IoU of the M ≤ `most` best candidates with each other."""
    return pairwise_iou(candidates.boxes[:most], candidates.boxes[:most])

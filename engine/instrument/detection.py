"""Boxes: overlap, formats, non-maximum suppression step by step, and the score of a detector.

Boxes are float tensors (..., 4). Their format is "corners" (x1, y1, x2, y2) unless a name says otherwise: x to the
right, y down, in pixels or in any other unit, the second corner outside, so that the area is (x2 - x1)(y2 - y1).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor


def centre_from_corners(boxes: Tensor) -> Tensor:
    """(x1, y1, x2, y2) -> (centre x, centre y, width, height), both (..., 4)."""
    first, second = boxes[..., :2], boxes[..., 2:]
    return torch.cat(((first + second) / 2, second - first), -1)


def corners_from_centre(boxes: Tensor) -> Tensor:
    """(centre x, centre y, width, height) -> (x1, y1, x2, y2), both (..., 4)."""
    centre, size = boxes[..., :2], boxes[..., 2:]
    return torch.cat((centre - size / 2, centre + size / 2), -1)


def corners_from_size(boxes: Tensor) -> Tensor:
    """(x1, y1, width, height), as the COCO data set writes boxes -> (x1, y1, x2, y2), both (..., 4)."""
    return torch.cat((boxes[..., :2], boxes[..., :2] + boxes[..., 2:]), -1)


def size_from_corners(boxes: Tensor) -> Tensor:
    """(x1, y1, x2, y2) -> (x1, y1, width, height), both (..., 4)."""
    return torch.cat((boxes[..., :2], boxes[..., 2:] - boxes[..., :2]), -1)


def box_area(boxes: Tensor) -> Tensor:
    """(..., 4) -> (...): width × height; 0 for a box turned inside out."""
    width, height = (boxes[..., 2:] - boxes[..., :2]).clamp(min=0).unbind(-1)
    return width * height


def paired_iou(a: Tensor, b: Tensor) -> Tensor:
    """Intersection over union of boxes that belong together: (..., 4) and (..., 4), broadcast -> (...), in [0, 1].

    0 where both boxes are empty.
    """
    corner = torch.maximum(a[..., :2], b[..., :2]), torch.minimum(a[..., 2:], b[..., 2:])
    shared = box_area(torch.cat(torch.broadcast_tensors(*corner), -1))
    union = box_area(a) + box_area(b) - shared
    return torch.where(union > 0, shared / torch.where(union > 0, union, 1), 0)


def pairwise_iou(a: Tensor, b: Tensor) -> Tensor:
    """Intersection over union of every box with every other: (..., N, 4) and (..., M, 4) -> (..., N, M), in [0, 1]."""
    return paired_iou(a[..., :, None, :], b[..., None, :, :])


@dataclasses.dataclass(frozen=True)
class Comparison:
    """A box that was compared with the one just taken: its index and their IoU."""

    box: int
    iou: float


@dataclasses.dataclass(frozen=True)
class SuppressionStep:
    """One round: `taken` is the best box left, with `score`.

    removed: the boxes it suppressed, each with the IoU that decided, best score first. spared: the boxes of the same
    class that overlap it (IoU above 0), but not by enough to go.
    """

    taken: int
    score: float
    removed: tuple[Comparison, ...]
    spared: tuple[Comparison, ...]


@dataclasses.dataclass(frozen=True)
class Suppression:
    """kept: indices of the boxes that stay, best score first; steps: how it came to that, one for each box kept."""

    kept: tuple[int, ...]
    steps: tuple[SuppressionStep, ...]


def non_maximum_suppression(
    boxes: Tensor, scores: Tensor, threshold: float, classes: Tensor | None = None
) -> Suppression:
    """Take the box with the best score, remove those that overlap it with an IoU above `threshold`, and so on.

    boxes (N, 4) corners, scores (N,); of equal scores the lower index comes first. classes (N,) integers: only boxes of
    one class suppress each other; None: all do. ValueError for other shapes.
    """
    _expect_boxes(boxes, scores)
    if classes is not None and classes.shape != scores.shape:
        raise ValueError(f"expected one class a box, got {tuple(classes.shape)} for {len(boxes)} boxes")
    order = scores.argsort(descending=True, stable=True)
    names, values = order.tolist(), scores[order].tolist()
    # From here on places in this order, in NumPy: a hundred rounds of a dozen operations on a few numbers each.
    corners = boxes[order].detach().cpu().numpy()
    first, second = corners[:, :2], corners[:, 2:]
    area = np.prod((second - first).clip(min=0), axis=1)
    kinds = np.zeros(len(names)) if classes is None else classes[order].cpu().numpy()
    alive, steps = np.ones(len(names), dtype=bool), []
    for place in range(len(names)):
        if not alive[place]:
            continue
        later = slice(place + 1, None)  # those before were taken, and are no longer to be moved
        sides = np.minimum(second[place], second[later]) - np.maximum(first[place], first[later])
        shared = np.prod(sides.clip(min=0), axis=1)
        union = area[place] + area[later] - shared
        iou = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)  # as paired_iou
        others = alive[later] & (iou > 0) & (kinds[later] == kinds[place])
        goes = others & (iou > threshold)
        alive[later] &= ~goes
        removed, spared = (
            tuple(Comparison(names[place + 1 + other], iou[other].item()) for other in mask.nonzero()[0].tolist())
            for mask in (goes, others & ~goes)
        )
        steps.append(SuppressionStep(names[place], values[place], removed, spared))
    return Suppression(tuple(step.taken for step in steps), tuple(steps))


@dataclasses.dataclass(frozen=True, eq=False)
class Detections:
    """What a detector found in one picture: boxes (N, 4) corners, scores (N,) and labels (N,), integers."""

    boxes: Tensor
    scores: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.boxes)

    def chosen(self, which: Tensor | Sequence[int]) -> Detections:
        """Those at the indices `which`, or where the mask `which` is true."""
        which = torch.as_tensor(which, device=self.boxes.device)
        which = which if which.dtype == torch.bool else which.long()
        return Detections(self.boxes[which], self.scores[which], self.labels[which])


@dataclasses.dataclass(frozen=True, eq=False)
class Truths:
    """What there is in one picture: boxes (N, 4) corners and labels (N,), integers."""

    boxes: Tensor
    labels: Tensor


@dataclasses.dataclass(frozen=True, eq=False)
class AveragePrecision:
    """The precision–recall curve of one class, and the area under its envelope.

    average_precision: NaN where the class has no truth. truths: number of true boxes. For each of the D detections of
    all pictures, best score first: picture, box (its index among those of that picture), score, iou with the truth it
    was given or, where it got none, the best it could have had; truth: index of that truth within the picture, -1 for a
    false positive; precision and recall of all detections down to this one; envelope: the best precision at this recall
    or any higher one.
    """

    average_precision: float
    truths: int
    picture: Tensor  # (D,)
    box: Tensor  # (D,)
    score: Tensor  # (D,)
    truth: Tensor  # (D,)
    iou: Tensor  # (D,)
    precision: Tensor  # (D,)
    recall: Tensor  # (D,)
    envelope: Tensor  # (D,)

    @property
    def correct(self) -> Tensor:
        """(D,) bool: the true positives."""
        return self.truth >= 0


def match_detections(boxes: Tensor, scores: Tensor, truths: Tensor, threshold: float) -> tuple[Tensor, Tensor]:
    """One detection for each truth, greedy by score: in one picture, for one class.

    From the best score down, each detection gets the free truth that it overlaps most, if the IoU is at least
    `threshold` (the rule of COCO; in VOC 2010 a detection whose best truth is taken does not get a second choice).
    boxes (D, 4), scores (D,), truths (T, 4) -> index of the truth (D,), -1 for none, and the IoU (D,): with that truth,
    or with the best one where there is none.
    """
    _expect_boxes(boxes, scores)
    iou = pairwise_iou(boxes, truths)  # (D, T)
    given = torch.full((len(boxes),), -1, device=boxes.device)
    if not len(truths):
        return given, iou.new_zeros(len(boxes))
    overlap = iou.max(1).values
    left = iou.clone()
    for detection in scores.argsort(descending=True, stable=True).tolist():
        best = left[detection].argmax()
        if left[detection, best] >= threshold:
            given[detection], overlap[detection] = best, iou[detection, best]
            left[:, best] = -1
    return given, overlap


def average_precision(
    boxes: Sequence[Tensor], scores: Sequence[Tensor], truths: Sequence[Tensor], threshold: float = 0.5
) -> AveragePrecision:
    """Average precision of one class over all pictures: the area under the precision envelope, at all points.

    boxes (D_i, 4), scores (D_i,) and truths (T_i, 4) of each picture i, on the CPU.
    AP = Σ_k (r_k - r_{k-1}) max_{r ≥ r_k} p(r), as in VOC since 2010; COCO samples the same envelope at 101 recalls
    instead, and VOC 2007 at 11. Matching: see `match_detections`. Of equal scores, the one in the earlier picture
    counts first. ValueError for unequal numbers.
    """
    if not len(boxes) == len(scores) == len(truths):
        raise ValueError(f"expected as many pictures each, got {len(boxes)}, {len(scores)} and {len(truths)}")
    matches = [match_detections(*picture, threshold) for picture in zip(boxes, scores, truths, strict=True)]
    count = sum(len(true) for true in truths)

    def joined(parts: Sequence[Tensor], dtype: torch.dtype) -> Tensor:
        return torch.cat([torch.as_tensor(part).to(dtype) for part in parts]) if parts else torch.empty(0, dtype=dtype)

    score = joined(scores, torch.float64)
    order = score.argsort(descending=True, stable=True)
    picture = joined([torch.full((len(part),), place) for place, part in enumerate(boxes)], torch.int64)
    box = joined([torch.arange(len(part)) for part in boxes], torch.int64)
    truth = joined([given for given, _ in matches], torch.int64)[order]
    iou = joined([overlap for _, overlap in matches], torch.float64)[order]
    correct = (truth >= 0).double().cumsum(0)
    precision = correct / torch.arange(1, len(order) + 1, device=correct.device)
    recall = correct / count if count else torch.full_like(correct, math.nan)
    envelope = precision.flip(0).cummax(0).values.flip(0)
    area = torch.diff(recall, prepend=recall.new_zeros(1)) @ envelope
    return AveragePrecision(
        area.item() if count else math.nan, count,
        picture[order], box[order], score[order], truth, iou, precision, recall, envelope,
    )  # fmt: skip


@dataclasses.dataclass(frozen=True, eq=False)
class MeanAveragePrecision:
    """mean: over the classes that have at least one truth, NaN if none has; of_class: the curve of each class."""

    mean: float
    of_class: tuple[AveragePrecision, ...]


def mean_average_precision(
    detections: Sequence[Detections], true: Sequence[Truths], classes: int, threshold: float = 0.5
) -> MeanAveragePrecision:
    """mAP at one IoU threshold: the average precision of each class (labels 0 to classes - 1), and their mean.

    detections and true belong to the same pictures, in the same order. `AveragePrecision.box` and `.truth` count among
    all boxes of the picture, of whatever class. ValueError for unequal numbers.
    """
    if len(detections) != len(true):
        raise ValueError(f"expected detections for each picture, got {len(detections)} for {len(true)}")
    curves = []
    for label in range(classes):
        of_class = [one.labels == label for one in detections]
        there = [one.labels == label for one in true]
        curve = average_precision(
            [one.boxes[mask] for one, mask in zip(detections, of_class, strict=True)],
            [one.scores[mask] for one, mask in zip(detections, of_class, strict=True)],
            [one.boxes[mask] for one, mask in zip(true, there, strict=True)],
            threshold,
        )
        curves.append(_counted_among_all(curve, of_class, there))
    known = [curve.average_precision for curve in curves if curve.truths]
    return MeanAveragePrecision(sum(known) / len(known) if known else math.nan, tuple(curves))


def _counted_among_all(
    curve: AveragePrecision, of_class: Sequence[Tensor], there: Sequence[Tensor]
) -> AveragePrecision:
    """The same curve with the indices of boxes and truths among those of all classes."""
    box_indices = [mask.nonzero().flatten().tolist() for mask in of_class]
    truth_indices = [mask.nonzero().flatten().tolist() for mask in there]
    pictures = curve.picture.tolist()
    box = [box_indices[place][index] for place, index in zip(pictures, curve.box.tolist(), strict=True)]
    truth = [truth_indices[place][i] if i >= 0 else -1 for place, i in zip(pictures, curve.truth.tolist(), strict=True)]
    return dataclasses.replace(curve, box=curve.box.new_tensor(box), truth=curve.truth.new_tensor(truth))


def _expect_boxes(boxes: Tensor, scores: Tensor) -> None:
    if boxes.dim() != 2 or boxes.shape[1] != 4 or scores.shape != boxes.shape[:1]:
        raise ValueError(f"expected boxes (N, 4) and scores (N,), got {tuple(boxes.shape)} and {tuple(scores.shape)}")

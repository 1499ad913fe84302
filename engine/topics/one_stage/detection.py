"""One-stage detectors: NanoDet on a picture, and what the thresholds leave of its answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from engine.contracts.axes import axes, note, result
from engine.contracts.embed import embedded
from engine.contracts.words import Words
from engine.data.coco import COCO_CLASSES, COCO_LABELS
from engine.data.photos import find_picture
from engine.instrument.detection import Suppression, non_maximum_suppression
from engine.machinery.device import current_device
from engine.models.detection.nanodet import GREY, SIDE, decode, letterbox, load_nanodet, prepared
from engine.topics.one_stage.card import Config

NAMES = tuple(map(Words, COCO_LABELS))
MOST_CANDIDATES = 150  # boxes above the score threshold that NMS looks at, best first
COMPANY = ("sample:astronaut", "sample:coffee", "sample:camera", "sample:chelsea")  # for "four in one"


@result
class Predictions:
    """Everything NanoDet says about a picture, before any threshold. Cells: those of stride 8 first, row by row."""

    square: Tensor = axes("row column colour", "the picture as the network sees it", unit="0 to 255")
    scores: Tensor = axes("cell class", "how much each cell is each class, one sigmoid each", unit="probability")
    distances: Tensor = axes("cell edge bin", "logits over 11 distances from the cell to the edges", unit="nat")
    boxes: Tensor = axes("cell edge", "left, top, right and bottom of each cell's box", unit="px")
    inside: tuple[int, int, int, int] = note("left, top, right, bottom of what is worth showing of the square")


@dataclass(frozen=True, eq=False)
class Candidates:
    """What the thresholds leave. N candidates, best score first.

    cells (N,): which cell speaks; labels (N,); scores (N,); boxes (N, 4) corners in pixels of the square; suppression:
    which of the N stay and who removed the others; names: of the classes; dropped: how many more passed the score
    threshold.
    """

    cells: Tensor
    labels: Tensor
    scores: Tensor
    boxes: Tensor
    suppression: Suppression
    names: Sequence[str]
    dropped: int = 0

    @property
    def kept(self) -> list[int]:
        """Indices of the candidates that stay, best score first."""
        return list(self.suppression.kept)

    def name(self, index: int) -> str:
        """What a candidate is."""
        return self.names[int(self.labels[index])]

    def title(self, index: int) -> str:
        """What a candidate is, and how sure that is: "cup 0.58"."""
        return Words("{name} {score}", name=self.name(index), score=f"{self.scores[index]:.2f}")


@torch.inference_mode()
def see(config: Config) -> Predictions:
    """One forward pass. PictureError if the picture is not on this server."""
    square, inside = arranged(config)
    raw = load_nanodet()(prepared(square).to(current_device()))
    distances = raw.distances[0].cpu().contiguous()  # a part of it would keep the whole in memory
    return Predictions(torch.from_numpy(square), raw.classes[0].sigmoid().cpu(), distances, decode(distances), inside)


@embedded
def arranged(config: Config) -> tuple[np.ndarray, tuple[int, int, int, int]]:
    """The picture as the Config arranges it, (416, 416, 3) uint8, and the part without grey bars.

    Alone it is fitted in whole; of four the middle squares stand side by side. A smaller one lies in the middle.
    """
    whole = (0, 0, SIDE, SIDE)
    if config.arrange == "four":
        keys = [config.picture, *[key for key in COMPANY if key != config.picture][:3]]
        parts = [middle(find_picture(key).rgb, SIDE // 2) for key in keys]
        square, inside = np.concatenate([np.concatenate(parts[:2], 1), np.concatenate(parts[2:], 1)], 0), whole
    else:
        square, _, left, top = letterbox(find_picture(config.picture).rgb)
        inside = (left, top, SIDE - left, SIDE - top)
    if config.size == 1:
        return square, inside
    side = round(SIDE * config.size)
    page, start = np.full_like(square, GREY), (SIDE - side) // 2
    page[start : start + side, start : start + side] = middle(square, side)
    return page, whole


def middle(rgb: np.ndarray, side: int) -> np.ndarray:
    """The middle square of a picture (H, W, 3) uint8, resampled to side × side pixels."""
    height, width = rgb.shape[:2]
    edge = min(height, width)
    left, top = (width - edge) / 2, (height - edge) / 2
    box = (left, top, left + edge, top + edge)
    return np.array(Image.fromarray(rgb).resize((side, side), Image.Resampling.BILINEAR, box))


def find(predictions: Predictions, config: Config) -> Candidates:
    """Score threshold, class filter and non-maximum suppression: no network runs.

    Every cell has one voice: for its best class, or for the one class that is asked for.
    """
    if config.only == "all":
        best, labels = predictions.scores.max(1)  # cell
    else:
        label = COCO_CLASSES.index(config.only)
        best, labels = predictions.scores[:, label], torch.full((len(predictions.scores),), label)
    order = best.argsort(descending=True, stable=True)
    passing = int((best >= config.score).sum())
    cells = order[: min(passing, MOST_CANDIDATES)]
    classes = labels[cells] if config.class_wise else None
    suppression = non_maximum_suppression(predictions.boxes[cells], best[cells], config.iou, classes)
    return Candidates(
        cells, labels[cells], best[cells], predictions.boxes[cells], suppression, NAMES, passing - len(cells)
    )

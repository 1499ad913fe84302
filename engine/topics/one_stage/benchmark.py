"""Suppression with its reasons beside plain loops."""

from __future__ import annotations

import torch

from engine.bench.comparison import Comparison, Prepared
from engine.instrument.detection import non_maximum_suppression
from engine.training.fit import seeded


def suppression() -> Prepared:
    """Non-maximum suppression of 150 boxes with all its reasons, against plain loops that only say which are kept."""
    with seeded(0) as generator:
        corner, size = torch.rand(150, 2, generator=generator) * 300, torch.rand(150, 2, generator=generator) * 80 + 20
        scores = torch.rand(150, generator=generator)
    boxes = torch.cat([corner, corner + size], 1)

    def plain() -> tuple[int, ...]:
        corners, order, kept = boxes.tolist(), scores.argsort(descending=True, stable=True).tolist(), []
        for one in order:
            if all(overlap(corners[one], corners[other]) <= 0.5 for other in kept):
                kept.append(one)
        return tuple(kept)

    def overlap(a: list[float], b: list[float]) -> float:
        width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
        shared = max(width, 0) * max(height, 0)
        return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)

    return Prepared(lambda: non_maximum_suppression(boxes, scores, 0.5), plain, lambda a, b: a.kept == b)


COMPARISONS = {
    "suppression": Comparison("suppression with its reasons, 150 boxes", "plain loops in Python", "run", suppression),
}

"""Connected regions of a mask, and the widest and narrowest values around each pixel, with NumPy alone.

A mask is read as runs: stretches of true pixels in a row. What touches, corners included, is one region.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Regions:
    """The regions of a mask (H, W). of_run (R,): region of each run; rows, starts, ends (R,): where the runs lie;
    boxes (N, 4): left, top, right, bottom of each region, the last two exclusive; areas (N,): its pixels."""

    shape: tuple[int, int]
    of_run: np.ndarray
    rows: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    boxes: np.ndarray
    areas: np.ndarray

    def __len__(self) -> int:
        return len(self.areas)

    def labels(self, box: tuple[int, int, int, int] | None = None) -> np.ndarray:
        """(h, w) int32: the region of each pixel of the picture, or of a box of it; -1 for none."""
        left, top, right, bottom = box or (0, 0, self.shape[1], self.shape[0])
        kept = (self.rows >= top) & (self.rows < bottom) & (self.ends > left) & (self.starts < right)
        starts, ends = np.maximum(self.starts[kept], left) - left, np.minimum(self.ends[kept], right) - left
        lengths = ends - starts
        painted = np.full((bottom - top) * (right - left), -1, np.int32)
        first = (self.rows[kept] - top) * (right - left) + starts
        within = np.arange(lengths.sum()) - np.repeat(lengths.cumsum() - lengths, lengths)
        painted[np.repeat(first, lengths) + within] = np.repeat(self.of_run[kept], lengths)
        return painted.reshape(bottom - top, right - left)


def regions_of(mask: np.ndarray) -> Regions:
    """The connected regions of a mask (H, W) bool, in the order of their first pixels."""
    height, width = mask.shape
    stride = width + 2  # so far apart that the end of a row touches nothing of the next
    padded = np.zeros((height, stride), np.int8)
    padded[:, 1:-1] = mask
    change = np.diff(padded.ravel())
    first, after = np.flatnonzero(change == 1) + 1, np.flatnonzero(change == -1) + 1
    low = np.searchsorted(after + stride, first)  # runs of the row above from `low` on end late enough …
    high = np.searchsorted(first + stride, after, "right")  # … and those before `high` begin early enough
    counts = high - low
    below = np.repeat(np.arange(len(first)), counts)
    above = np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts) + np.repeat(low, counts)
    of_run = _joined(len(first), above, below)
    rows, starts = first // stride, first % stride - 1
    ends = starts + after - first
    count = int(of_run.max(initial=-1)) + 1
    boxes = np.zeros((count, 4), np.int64)
    boxes[:, 0], boxes[:, 1] = width, height
    np.minimum.at(boxes[:, 0], of_run, starts)
    np.minimum.at(boxes[:, 1], of_run, rows)
    np.maximum.at(boxes[:, 2], of_run, ends)
    np.maximum.at(boxes[:, 3], of_run, rows + 1)
    areas = np.bincount(of_run, ends - starts, count).astype(np.int64)
    return Regions((height, width), of_run, rows, starts, ends, boxes, areas)


def _joined(count: int, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Components of a graph of `count` nodes with edges one-other, (count,) int64: numbered from 0 in their order.

    Each round hangs the root of one end of every edge below the smaller of both roots, then shortens all ways.
    """
    root = np.arange(count)
    while len(one):
        a, b = root[one], root[other]
        apart = a != b
        one, other, a, b = one[apart], other[apart], a[apart], b[apart]
        np.minimum.at(root, np.maximum(a, b), np.minimum(a, b))
        while not np.array_equal(shorter := root[root], root):
            root = shorter
    return np.unique(root, return_inverse=True)[1] if count else root


def widest(values: np.ndarray, reach: int) -> np.ndarray:
    """The largest of the values (H, W, …) in the square of 2 reach + 1 pixels around each; the border is cut off."""
    for axis in (0, 1):
        values = _running(values, min(reach, values.shape[axis] - 1), axis)
    return values


def _running(values: np.ndarray, reach: int, axis: int) -> np.ndarray:
    """The largest within `reach` along an axis: maxima of 1, 2, 4 … values, the last two overlapping."""
    if reach < 1:
        return values
    least = 0 if values.dtype.kind == "u" else -np.inf
    edge = [(0, 0)] * values.ndim
    edge[axis] = (reach, reach)
    run = np.moveaxis(np.pad(values, edge, constant_values=least), axis, 0)
    side, have = 2 * reach + 1, 1
    while have < side:
        step = min(have, side - have)
        run = np.maximum(run[:-step], run[step:])
        have += step
    return np.moveaxis(run, 0, axis)


def filled(values: np.ndarray, reach: int) -> np.ndarray:
    """Grey closing of uint8 values (H, W, …): dark parts into which no square of 2 reach + 1 pixels fits become as
    bright as what is around them (Serra 1982)."""
    return 255 - widest(255 - widest(values, reach), reach)

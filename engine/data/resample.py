"""Pictures made smaller or larger with NumPy alone, by the arithmetic of Pillow.

Each new pixel is a weighted mean of those that it covers; the weights are rounded to 22 bits, columns are done before
rows, and values are rounded to whole numbers in between. Where Pillow does rows first, it may differ by one.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

_BITS = 22
_SUPPORT = {"box": 0.5, "bilinear": 1.0}  # pixels of the old picture that count to each side, at scale 1


def resampled(pixels: np.ndarray, size: tuple[int, int], how: str) -> np.ndarray:
    """Pictures (…, H, W) uint8 with `size` (rows, columns): "box" (mean of what is covered) or "bilinear"."""
    for axis, length in ((-1, size[1]), (-2, size[0])):
        if pixels.shape[axis] != length:
            weights = _weights(pixels.shape[axis], length, how)
            summed = np.moveaxis(pixels, axis, -1).astype(np.float64) @ weights.T  # whole numbers below 2^53: exact
            rounded = np.floor((summed + 2 ** (_BITS - 1)) / 2**_BITS).clip(0, 255).astype(np.uint8)
            pixels = np.moveaxis(rounded, -1, axis)
    return pixels


@lru_cache(maxsize=64)
def _weights(before: int, after: int, how: str) -> np.ndarray:
    """(after, before) float64: 2^22 times the share of each old pixel in each new one, rounded."""
    scale = before / after
    stretch = max(scale, 1.0)
    reach = _SUPPORT[how] * stretch
    weights = np.zeros((after, before))
    for row in range(after):
        middle = (row + 0.5) * scale
        first, last = max(int(middle - reach + 0.5), 0), min(int(middle + reach + 0.5), before)
        away = [(at - middle + 0.5) / stretch for at in range(first, last)]
        if how == "box":
            shares = [float(-0.5 < one <= 0.5) for one in away]
        else:
            shares = [max(0.0, 1.0 - abs(one)) for one in away]
        total = sum(shares)
        weights[row, first:last] = [math.floor(one / total * 2**_BITS + 0.5) for one in shares]
    return weights

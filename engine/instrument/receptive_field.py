"""Which part of the input a cell of a feature map can see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Window(NamedTuple):
    """One layer that slides a square over its input: side, stride and padding, all in cells of that input."""

    side: int
    stride: int
    padding: int


def receptive_span(windows: Sequence[Window], place: int) -> tuple[int, int]:
    """First and last position on the input that the cell `place` of the last layer sees along one axis.

    Walks back from the cell: positions first..last of a layer's output need first * stride - padding to
    last * stride - padding + side - 1 of its input. May reach outside the input, where the padding lies.
    """
    first = last = place
    for window in reversed(windows):
        first = first * window.stride - window.padding
        last = last * window.stride - window.padding + window.side - 1
    return first, last


def receptive_field(
    windows: Sequence[Window], row: int, column: int, height: int, width: int
) -> tuple[int, int, int, int]:
    """(top, left, bottom, right) of what a cell sees of an input of height × width; bottom and right stand outside.

    Cut at the border of the input: padding holds nothing. ValueError for a cell that sees nothing but padding.
    """
    (top, bottom), (left, right) = receptive_span(windows, row), receptive_span(windows, column)
    box = max(top, 0), max(left, 0), min(bottom + 1, height), min(right + 1, width)
    if box[0] >= box[2] or box[1] >= box[3]:
        raise ValueError(f"cell ({row}, {column}) sees nothing of an input of {height} × {width}")
    return box


def field_size(windows: Sequence[Window]) -> int:
    """Side of the receptive field away from the border: 1 + Σ (side - 1) × the product of all strides before."""
    first, last = receptive_span(windows, 0)
    return last - first + 1

"""Folds of cross-validation: every example is held out exactly once."""

from __future__ import annotations

import torch
from torch import Tensor


def folds(count: int, parts: int, generator: torch.Generator | None = None) -> Tensor:
    """(parts, count) bool: which examples each fold holds out.

    The first count % parts folds have one more than the others. generator: in random order; without one, in the
    order of the examples. ValueError unless there are at least two folds and an example for each.
    """
    if not 2 <= parts <= count:
        raise ValueError(f"expected 2 to {count} folds of {count} examples, got {parts}")
    order = torch.arange(count) if generator is None else torch.randperm(count, generator=generator)
    held_out = torch.zeros(parts, count, dtype=torch.bool)
    for number, rows in enumerate(order.tensor_split(parts)):
        held_out[number, rows] = True
    return held_out

"""Other ways to the gradient of a graph of scalar_engine: finite differences, and PyTorch's autograd."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from engine.models.expressions import OPERATIONS
from engine.models.scalar_engine import Value, forward


def central_difference(end: Value, value: Value, h: float) -> float:
    """(L(x + h) - L(x - h)) / 2h, where L is the number `end` and x the input `value`; the graph is left as it was.

    Wrong by h²/6 · L‴ for the terms that are left out, and by about 10⁻¹⁶ |L| / h for rounding. NaN where L is none.
    """
    return central_differences(end, value, [h])[0]


def central_differences(end: Value, value: Value, widths: Sequence[float]) -> list[float]:
    """The same for several h."""
    order, before, found = end.order(), value.data, []
    for h in widths:
        ends = []
        for moved in (before + h, before - h):
            value.data = moved
            forward(order)
            ends.append(float(end.data))
        found.append((ends[0] - ends[1]) / (2 * h))
    value.data = before
    forward(order)
    return found


def autograd_gradients(end: Value, inputs: Sequence[Value]) -> list[float]:
    """The derivatives of `end` by some inputs, by PyTorch's autograd on the same graph in float64."""
    tensors = {}
    for value in end.order():
        if value.parents:
            parts = [tensors[parent] for parent in value.parents]
            tensors[value] = sum(parts) if value.function == "sum" else OPERATIONS[value.function](*parts)
        else:
            tensors[value] = torch.tensor(float(value.data), dtype=torch.float64, requires_grad=value.wanted)
    asked = [tensors[one] for one in inputs]
    if not tensors[end].requires_grad:
        return [0.0 for _ in asked]
    found = torch.autograd.grad(tensors[end], asked, allow_unused=True)
    return [0.0 if one is None else float(one) for one in found]

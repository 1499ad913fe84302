"""Formulas that a reader typed, computed with PyTorch: values, and through autograd their derivatives."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from engine.contracts.expressions import Constant, Expression, Operation, Variable

OPERATIONS = {
    "add": torch.add, "subtract": torch.sub, "multiply": torch.mul, "divide": torch.div, "power": torch.pow,
    "negate": torch.neg, "sin": torch.sin, "cos": torch.cos, "tanh": torch.tanh, "sigmoid": torch.sigmoid,
    "relu": torch.relu, "softplus": torch.nn.functional.softplus, "exp": torch.exp, "log": torch.log,
    "sqrt": torch.sqrt, "abs": torch.abs, "erf": torch.erf, "sign": torch.sign, "max": torch.maximum,
    "min": torch.minimum, "step": lambda x: (x > 0).to(x.dtype),
}  # fmt: skip


def evaluate(expression: Expression, values: Mapping[str, Tensor]) -> Tensor:
    """The value of a formula, elementwise.

    values: name -> tensor, all of shapes that broadcast; the result has the shape they broadcast to, also where the
    formula does not use them all. NaN and infinities come through. KeyError for a variable without a value.
    """
    like = sum(torch.zeros_like(value) for value in values.values())
    return _value(expression, values, like) + torch.zeros_like(like)


def _value(expression: Expression, values: Mapping[str, Tensor], like: Tensor) -> Tensor:
    match expression:
        case Constant(value):
            return torch.full((), value, dtype=like.dtype, device=like.device)
        case Variable(name):
            return values[name]
        case Operation(name, parts):
            return OPERATIONS[name](*(_value(part, values, like) for part in parts))
    raise TypeError(f"expected a formula, got {expression!r}")

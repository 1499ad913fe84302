"""Activation functions: those of PyTorch by name, and a reader's own formula; each with its derivative by autograd.

At a kink PyTorch's convention holds: ReLU'(0) = 0, of hard tanh and hard sigmoid 0 at both corners.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.models.expressions import evaluate

Function = Callable[[Tensor], Tensor]


def step(x: Tensor) -> Tensor:
    """1 where x > 0, else 0. Its derivative is 0 wherever there is one, so that nothing can be learned through it."""
    return (x > 0).to(x.dtype) + 0.0 * x.nan_to_num()  # 0 x: autograd then says 0, and not that there is no way back


def identity(x: Tensor) -> Tensor:
    """x itself: no activation."""
    return 1.0 * x


ACTIVATIONS: dict[str, Function] = {
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "gelu": F.gelu,
    "gelu_tanh": partial(F.gelu, approximate="tanh"),
    "silu": F.silu,
    "elu": F.elu,
    "selu": F.selu,
    "softplus": F.softplus,
    "hard_tanh": F.hardtanh,
    "hard_sigmoid": F.hardsigmoid,
    "step": step,
    "identity": identity,
}


def activation(name: str, *, slope: float = 0.01, formula: Any = None) -> Function:
    """The function of a name, x (...) -> (...), elementwise.

    slope: of the negative half of "leaky_relu". formula: the reader's own, an Expression in x; then the name plays no
    part. KeyError for an unknown name.
    """
    if formula is not None:
        return partial(own, formula)
    if name == "leaky_relu":
        return partial(F.leaky_relu, negative_slope=slope)
    return ACTIVATIONS[name]


def own(formula: Any, x: Tensor) -> Tensor:
    """A formula of x at every x."""
    return evaluate(formula, {"x": x})


def with_derivative(function: Function, x: Tensor) -> tuple[Tensor, Tensor]:
    """(f(x), f'(x)), both of the shape of x, detached. f' by autograd: f works elementwise, so that the gradient of the
    sum of all f(x) is the derivative at each x. NaN and infinities come through."""
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        y = function(x)
        (slope,) = torch.autograd.grad(y.sum(), x) if y.requires_grad else (torch.zeros_like(x),)
    return y.detach(), slope

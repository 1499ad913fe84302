"""Backpropagation on single numbers, written out: every Value knows what it was made of and how it depends on that.

Read from the top: what functions there are and their local derivatives; a Value, its place in the graph and its
gradient; the forward and the backward pass. NumPy's float64 alone, so that 1/0 is infinite as in PyTorch and no error.

In the manner of Karpathy 2020 (micrograd); the method is Linnainmaa's (1970), for networks that of Rumelhart, Hinton
and Williams (1986).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

# ---------------------------------------------------------------- functions and their local derivatives


@dataclass(frozen=True)
class Function:
    """value(*inputs) -> output; slopes(output, *inputs) -> the derivative of the output by each input.

    Where a function has a kink, its slope is by convention the one that PyTorch takes: 0 for ReLU, |x| and sign at 0; a
    half for each of two equal numbers in max and min.
    """

    value: Callable[..., float]
    slopes: Callable[..., Sequence[float]]


def _sigmoid(x: float) -> float:
    return 1 / (1 + np.exp(-x))


def _softplus(x: float) -> float:
    return np.logaddexp(0.0, x)  # ln(1 + eˣ) without overflow


def _first(a: float, b: float) -> float:
    """1 where the first of two wins, a half where both are equal."""
    return 1.0 if a > b else 0.5 if a == b else 0.0


def _power_slopes(out: float, base: float, exponent: float) -> tuple[float, float]:
    by_base = 0.0 if exponent == 0 else exponent * base ** (exponent - 1)
    by_exponent = 0.0 if base == 0 and exponent >= 0 else out * np.log(base)  # of a negative base: no number
    return by_base, by_exponent


PRIMITIVES = {
    "add": Function(lambda a, b: a + b, lambda out, a, b: (1.0, 1.0)),
    "subtract": Function(lambda a, b: a - b, lambda out, a, b: (1.0, -1.0)),
    "multiply": Function(lambda a, b: a * b, lambda out, a, b: (b, a)),
    "divide": Function(lambda a, b: a / b, lambda out, a, b: (1 / b, -a / b**2)),
    "power": Function(lambda a, b: a**b, _power_slopes),
    "negate": Function(lambda a: -a, lambda out, a: (-1.0,)),
    "sum": Function(lambda *parts: sum(parts), lambda out, *parts: (1.0,) * len(parts)),
    "sin": Function(np.sin, lambda out, a: (np.cos(a),)),
    "cos": Function(np.cos, lambda out, a: (-np.sin(a),)),
    "tanh": Function(np.tanh, lambda out, a: (1 - out**2,)),
    "sigmoid": Function(_sigmoid, lambda out, a: (out * (1 - out),)),
    "relu": Function(lambda a: max(a, 0.0) if a == a else a, lambda out, a: (1.0 if a > 0 else 0.0,)),
    "softplus": Function(_softplus, lambda out, a: (_sigmoid(a),)),
    "exp": Function(np.exp, lambda out, a: (out,)),
    "log": Function(np.log, lambda out, a: (1 / a,)),
    "sqrt": Function(np.sqrt, lambda out, a: (1 / (2 * out),)),
    "abs": Function(abs, lambda out, a: (np.sign(a),)),
    "erf": Function(math.erf, lambda out, a: (2 / math.sqrt(math.pi) * np.exp(-(a**2)),)),
    "step": Function(lambda a: 1.0 if a > 0 else 0.0, lambda out, a: (0.0,)),
    "sign": Function(np.sign, lambda out, a: (0.0,)),
    "max": Function(np.maximum, lambda out, a, b: (_first(a, b), _first(b, a))),
    "min": Function(np.minimum, lambda out, a, b: (_first(b, a), _first(a, b))),
}  # fmt: skip

# ---------------------------------------------------------------- a number in a graph


class Value:
    """A number, what it was made of, and how much the end depends on it.

    data: the number. parents: the Values it was made of, () for an input. function: name of the Function that made it.
    grad: the derivative of the end by this number, once `backward` has run. wanted: whether that derivative is asked
    for; of what was made of such numbers alone none is.
    """

    def __init__(
        self, data: float, name: str = "", parents: Sequence[Value] = (), function: str = "", *, wanted: bool = True
    ):
        self.data, self.grad = np.float64(data), np.float64(0.0)
        self.name, self.parents, self.function = name, tuple(parents), function
        self.wanted = any(parent.wanted for parent in parents) if parents else wanted

    def __add__(self, other):
        return apply("add", self, other)

    def __radd__(self, other):
        return apply("add", other, self)

    def __sub__(self, other):
        return apply("subtract", self, other)

    def __rsub__(self, other):
        return apply("subtract", other, self)

    def __mul__(self, other):
        return apply("multiply", self, other)

    def __rmul__(self, other):
        return apply("multiply", other, self)

    def __truediv__(self, other):
        return apply("divide", self, other)

    def __rtruediv__(self, other):
        return apply("divide", other, self)

    def __pow__(self, other):
        return apply("power", self, other)

    def __neg__(self):
        return apply("negate", self)

    def tanh(self):
        """The hyperbolic tangent; all other functions through `apply`."""
        return apply("tanh", self)

    def slopes(self) -> tuple[float, ...]:
        """The derivative of this number by each of its parents, all else held: its local derivatives."""
        with np.errstate(all="ignore"):
            inputs = (parent.data for parent in self.parents)
            return tuple(np.float64(slope) for slope in PRIMITIVES[self.function].slopes(self.data, *inputs))

    def order(self) -> list[Value]:
        """Everything that this number depends on, each after its own parents, itself last (topological order)."""
        found, seen, waiting = [], set(), [(self, False)]
        while waiting:
            value, opened = waiting.pop()
            if opened:
                found.append(value)
            elif value not in seen:
                seen.add(value)
                waiting.append((value, True))
                waiting += [(parent, False) for parent in reversed(value.parents)]
        return found

    def backward(self) -> None:
        """Fill in `grad` everywhere. It is added to what an input already has, see `zero_gradients`."""
        for _ in self.backward_steps():
            pass

    def backward_steps(self) -> Iterator[Value]:
        """The same, one node at a time: yields each number after it has told its parents what they get.

        First comes this number itself with its gradient of 1. A node's turn comes when all that it flows into have had
        theirs, so its gradient is complete by then: contributions of several uses have been added up.
        """
        order = self.order()
        for value in order:
            if value.parents:
                value.grad = np.float64(0.0)
        self.grad = self.grad + 1.0  # the derivative of the end by itself
        yield self
        for value in reversed(order):
            if value.parents and value.wanted:
                for parent, contribution in value.contributions():
                    parent.grad = parent.grad + contribution
                yield value

    def contributions(self) -> list[tuple[Value, float]]:
        """(parent, what its gradient gets from here): the chain rule, ∂L/∂parent += ∂L/∂this · ∂this/∂parent."""
        with np.errstate(all="ignore"):
            pairs = zip(self.parents, self.slopes(), strict=True)
            return [(parent, self.grad * slope) for parent, slope in pairs if parent.wanted]

    def __repr__(self) -> str:
        return f"Value({self.name or self.function}: {self.data:g}, grad {self.grad:g})"


def apply(function: str, *inputs: Value | float) -> Value:
    """A function of Values as a Value; plain numbers among them become constants. KeyError for an unknown function."""
    parents = [one if isinstance(one, Value) else Value(one, wanted=False) for one in inputs]
    with np.errstate(all="ignore"):
        return Value(PRIMITIVES[function].value(*(one.data for one in parents)), parents=parents, function=function)


def forward(order: Sequence[Value]) -> None:
    """The forward pass again, after inputs were changed: every number from its parents. order: see `Value.order`."""
    with np.errstate(all="ignore"):
        for value in order:
            if value.parents:
                made = PRIMITIVES[value.function].value(*(parent.data for parent in value.parents))
                value.data = np.float64(made)


def zero_gradients(inputs: Sequence[Value]) -> None:
    """Forget the gradients of earlier backward passes; without this the next one is added to them."""
    for value in inputs:
        value.grad = np.float64(0.0)

"""The computations of the page as graphs of scalar_engine: an expression, and a network with its loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engine.contracts.expressions import Constant, Expression, Variable, parse
from engine.models.scalar_engine import Value, apply

from .card import VARIABLES, Config, values_of

SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
SAMPLES = ((-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0))
TARGETS = {"xor": (0.0, 1.0, 1.0, 0.0), "and": (0.0, 0.0, 0.0, 1.0), "or": (0.0, 1.0, 1.0, 1.0)}


@dataclass(frozen=True, eq=False)
class Graph:
    """A computation. end: L. inputs: the numbers that have a gradient of their own by name, those that can be set;
    leaves of data and constants are none of them."""

    end: Value
    inputs: Mapping[str, Value]

    @cached_property
    def order(self) -> list[Value]:
        """All nodes, each after its parents."""
        return self.end.order()

    @cached_property
    def edges(self) -> list[tuple[int, int]]:
        """(from, to) by the places in `order`, in the order of the parents of each node."""
        place = {value: at for at, value in enumerate(self.order)}
        return [(place[parent], at) for at, value in enumerate(self.order) for parent in value.parents]

    @cached_property
    def names(self) -> list[str]:
        """What each node is called: inputs by their names, constants by their numbers, the end L, all others as the
        network calls them, or v₁, v₂ …"""
        names, count = [], 0
        for value in self.order:
            if value is self.end and value.parents:
                names.append("L")
            elif value.name:
                names.append(value.name)
            elif not value.parents:
                names.append(f"{value.data:g}".replace("-", "−"))
            else:
                count += 1
                names.append(f"v{count}".translate(SUBSCRIPTS))
        return names


def named(name: str) -> str:
    """A name as it is displayed: "w12" -> "w₁₂"."""
    return name.translate(SUBSCRIPTS)


def expression_graph(config: Config, values: Mapping[str, float] | None = None) -> Graph:
    """The graph of an expression. values: of its variables, by default those that it begins with."""
    values = values_of(config) if values is None else values
    leaves = {name: Value(value, named(name)) for name, value in values.items()}
    end = _value(parse(config.formula, VARIABLES), leaves)
    return Graph(end, leaves)


def _value(expression: Expression, leaves: Mapping[str, Value]) -> Value:
    match expression:
        case Constant(value):
            return Value(value, {np.pi: "π", np.e: "e"}.get(value, ""), wanted=False)
        case Variable(name):
            return leaves[name]
    return apply(expression.name, *(_value(part, leaves) for part in expression.parts))


def parameter_names(hidden: int) -> list[str]:
    """w11, w12, … (to neuron, from input), b1, …, u1, …, c: in the order of the arrays of `weights`."""
    numbers = range(1, hidden + 1)
    weights = [f"w{to}{origin}" for to in numbers for origin in (1, 2)]
    return [*weights, *(f"b{to}" for to in numbers), *(f"u{to}" for to in numbers), "c"]


def parameters(weights: Sequence[np.ndarray]) -> dict[str, Value]:
    """The weights of a network as Values. weights: (H, 2), (H,), (1, H), (1,), as `nn.Linear` has them."""
    numbers = np.concatenate([np.asarray(part, np.float64).ravel() for part in weights])
    names = parameter_names(len(weights[1]))
    return {name: Value(number, named(name)) for name, number in zip(names, numbers, strict=True)}


def sample_loss(config: Config, leaves: Mapping[str, Value], sample: int) -> tuple[Value, Value]:
    """(the output z, the loss) of the network on one sample."""
    x1, x2 = (Value(x, f"x{at}".translate(SUBSCRIPTS), wanted=False) for at, x in enumerate(SAMPLES[sample], 1))
    y = Value(TARGETS[config.task][sample], "y", wanted=False)
    products = []
    for number in range(1, config.hidden + 1):
        total = apply("sum", leaves[f"w{number}1"] * x1, leaves[f"w{number}2"] * x2, leaves[f"b{number}"])
        total.name = named(f"a{number}")
        neuron = apply(config.activation, total)
        neuron.name = named(f"h{number}")
        products.append(leaves[f"u{number}"] * neuron)
    z = apply("sum", *products, leaves["c"])
    z.name = "z"
    if config.loss == "squared":
        return z, apply("power", z - y, 2.0)
    return z, apply("softplus", z) - y * z


def network_graph(config: Config, weights: Sequence[np.ndarray], sample: int) -> Graph:
    """The graph of the network's loss on one sample."""
    leaves = parameters(weights)
    return Graph(sample_loss(config, leaves, sample)[1], leaves)

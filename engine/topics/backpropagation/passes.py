"""The two passes of one computation as moments: forward node by node, then backward node by node."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from engine.contracts.words import Words, number
from engine.pictures.computation.values import PARTIAL, VALUE, WHOLE, digits_of
from engine.training.fit import Snapshot

from .card import Config
from .graphs import Graph
from .rules import RULES, recipe
from .run import Result, graph_of

MOST_SAID = 3  # parents that are written out above the picture


@dataclass(frozen=True, eq=False)
class Passes:
    """Everything about one computation after both passes, and at T moments on the way; N nodes, E edges.

    values, gradients (N,), flows (E,): at the end. partial (T, N), states (T, N), passed (T, E), work (T,), marks: see
    ComputationPicture. turned: the moment at which all values are there and no gradient is; left: gradients that inputs
    had before the backward pass, by node.
    """

    graph: Graph
    names: Sequence[str]
    values: np.ndarray
    gradients: np.ndarray
    flows: np.ndarray
    partial: np.ndarray
    states: np.ndarray
    passed: np.ndarray
    work: np.ndarray
    marks: tuple[tuple[str, ...], ...]
    turned: int
    left: dict[int, float]

    @property
    def last(self) -> int:
        """The number of the last moment."""
        return len(self.work) - 1

    def node(self, asked: int, moment: int) -> int:
        """The node to speak of: the one asked for, the last one where there are fewer; at -1 the one at work at a
        moment, L where there is none."""
        count = len(self.names)
        if asked >= 0:
            return min(asked, count - 1)
        at = int(self.work[self.moment(moment)])
        return at if at >= 0 else count - 1

    def moment(self, asked: int) -> int:
        """The moment asked for; the last for -1 and where there are fewer."""
        return self.last if asked < 0 else min(asked, self.last)

    def uses(self, node: int) -> list[int]:
        """The edges that lead from a node."""
        return [at for at, (start, _) in enumerate(self.graph.edges) if start == node]

    def parents(self, node: int) -> list[int]:
        """The edges that lead to a node."""
        return [at for at, (_, end) in enumerate(self.graph.edges) if end == node]


def passes(config: Config, snapshot: Snapshot, sample: int) -> Passes:
    """Both passes of the computation of a moment."""
    weights = snapshot.values["weights"]
    numbers = tuple(float(one) for part in weights for one in np.ravel(part))
    left = () if config.zero else tuple(snapshot.values["left"].tolist())
    kept = Config(data=config.data, formula=config.formula, values=config.values, task=config.task,
                  hidden=config.hidden, activation=config.activation, loss=config.loss)  # fmt: skip
    return _passes(
        kept, tuple(np.shape(part) for part in weights), numbers, left, sample if config.data == "network" else 0
    )


@lru_cache(maxsize=16)
def _passes(config: Config, shapes: tuple, numbers: tuple[float, ...], left: tuple[float, ...], sample: int) -> Passes:
    arrays, at = [], 0
    for shape in shapes:
        size = math.prod(shape)
        arrays.append(np.array(numbers[at : at + size]).reshape(shape))
        at += size
    graph = graph_of(config, arrays, sample)
    return both_passes(graph, dict(zip(graph.inputs, left, strict=True)) if left else {})


@np.errstate(all="ignore")  # a number that runs away is shown as it is
def both_passes(graph: Graph, left: dict[str, float]) -> Passes:
    """Run the forward and the backward pass of a graph one node at a time. left: gradients to begin with."""
    order, edges, names = graph.order, graph.edges, graph.names
    place = {value: at for at, value in enumerate(order)}
    for name, value in graph.inputs.items():
        value.grad = np.float64(left.get(name, 0.0))
    state = np.array([0 if value.parents else VALUE for value in order], np.uint8)
    before = {place[graph.inputs[name]]: gradient for name, gradient in left.items() if gradient}
    for node in before:
        state[node] |= PARTIAL
    gone, flows = np.zeros(len(edges), np.uint8), np.full(len(edges), np.nan)
    moments: list[tuple] = []

    def note(at_work: int, *mark: str) -> None:
        gradients = np.array([float(value.grad) for value in order])
        moments.append((gradients, state.copy(), gone.copy(), at_work, mark))

    note(-1, Words("Given: the inputs. Nothing is computed yet."))
    for at, value in enumerate(order):
        if value.parents:
            state[at] |= VALUE
            note(at, Words("Forward"), _forward_mark(value, names, place))
    turned = len(moments) - 1
    waiting = [sum(start == node and order[end].wanted for start, end in edges) for node in range(len(order))]
    for value in graph.end.backward_steps():
        at = place[value]
        if len(moments) - 1 == turned:
            state[at] |= WHOLE
            note(at, Words("Backward begins"), f"∂L/∂L = {_said(value.grad)}")
            if not value.parents:
                break
            continue
        for edge, (start, end) in enumerate(edges):
            if end == at and order[start].wanted:
                gone[edge] = 1
                waiting[start] -= 1
                state[start] |= PARTIAL if waiting[start] else PARTIAL | WHOLE
        for edge, (_, slope) in zip(_into(edges, at), enumerate(value.slopes()), strict=True):
            if order[edges[edge][0]].wanted:
                flows[edge] = float(value.grad * slope)
        note(
            at,
            Words("Backward through {symbol}", symbol=RULES[value.function].symbol),
            *_backward_marks(value, names, place),
        )
    gradients, states, passed, work, marks = zip(*moments, strict=True)
    return Passes(
        graph, names, np.array([float(value.data) for value in order]), gradients[-1], flows, np.stack(gradients),
        np.stack(states), np.stack(passed), np.array(work, np.int32), tuple(marks), turned, before,
    )  # fmt: skip


def passes_of(result: Result) -> Passes:
    """Both passes of the computation of a Result, of a network on its first sample."""
    return both_passes(graph_of(result.config, result.weights), {})


def _into(edges: Sequence[tuple[int, int]], node: int) -> list[int]:
    return [edge for edge, (_, end) in enumerate(edges) if end == node]


def _said(value: float) -> str:
    value = float(value)
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return number(value, digits_of(value))


def _factor(value: float) -> str:
    return f"({_said(value)})" if value < 0 else _said(value)


def _forward_mark(value, names, place) -> str:
    made = recipe(value.function, [names[place[parent]] for parent in value.parents])
    return f"{names[place[value]]} = {made} = {_said(value.data)}"


def _backward_marks(value, names, place) -> list[str]:
    """What each parent gets, with numbers."""
    name, marks = names[place[value]], []
    slopes = dict(enumerate(value.slopes()))
    for slot, parent in enumerate(value.parents):
        if parent.wanted and len(marks) < MOST_SAID:
            to = names[place[parent]]
            got = float(value.grad * slopes[slot])
            chain = f"∂L/∂{name} · ∂{name}/∂{to}" if name != "L" else f"∂L/∂{to}"
            arithmetic = f"{_said(value.grad)} · {_factor(float(slopes[slot]))} = {_said(got)}"
            marks.append(f"∂L/∂{to} += {chain} = {arithmetic}")
    return marks

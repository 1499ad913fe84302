"""Backpropagation: formulas at random places, for the check of all formulas."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from random import Random

from engine.contracts.formula import FormulaValues
from engine.contracts.probe import Change, Goal, Mistake, Probe, Touch
from engine.models.scalar_checks import autograd_gradients, central_difference
from engine.training.fit import TrainingDiverged

from . import explain
from .card import Config, read_names
from .graphs import SAMPLES
from .passes import Passes, passes
from .run import Experiment, graph_of, result_of

MOST_STEPS, PLACES = 8, 6  # of a descent, and nodes looked at
EXPRESSIONS = (
    ("tanh(a*x) + exp(-b/x)*sin(a)", "a=0.7, b=1.3, x=1.7"),
    ("max(a, b)*min(x, y) - abs(c)", "a=1, b=2, x=3, y=-1, c=-4"),
    ("log(x) + sqrt(y)*relu(z) - softplus(w)", "x=2, y=3, z=1.5, w=0.4"), ("cos(x)^2 + x^y", "x=1.4, y=2.2"),
    ("erf(x) + sign(x) + step(x)*x - -y", "x=0.3, y=-2"), ("x*x*x*x + x", "x=1.3"),
)  # fmt: skip


def formulas_at(config: Config, random: Random) -> Iterator[FormulaValues]:
    """Some nodes of a computation somewhere on its descent."""
    if config.data == "expression" and random.random() < 0.7:
        formula, values = random.choice(EXPRESSIONS)
        config = replace(config, formula=formula, values=values, fixed="", learning_rate=min(config.learning_rate, 0.1))
    config, moments = replace(config, steps=random.randint(1, MOST_STEPS)), []
    try:
        for snapshot in Experiment(config).train(config.steps, 1):
            moments.append(snapshot)
    except TrainingDiverged:
        moments = moments[:1]  # there are no numbers left to show
    sample = random.randrange(len(SAMPLES))
    made = passes(config, moments[-1], sample)
    for node in random.sample(range(len(made.names)), min(PLACES, len(made.names))):
        shown = explain.node_formula(made, config, node, True)
        yield FormulaValues(shown.latex, told(made, config, moments[-1], sample, node))
    (last, _) = explain.formulas(result_of(config, moments))
    made = passes(replace(config, zero=True), moments[-1], 0)
    yield FormulaValues(last.latex, told(made, replace(config, zero=True), moments[-1], 0, len(made.names) - 1))


def told(made: Passes, config: Config, snapshot, sample: int, node: int) -> tuple[float, ...]:
    """What the rows of a node's formula come to: its value on a graph of its own, its gradient by autograd, and where
    that would move it."""
    graph = graph_of(replace(config, steps=0), snapshot.values["weights"], sample)
    value = graph.order[node]
    values = [float(value.data)]
    if not value.wanted:
        return tuple(values)
    passed = [float(made.flows[edge]) for edge in explain.passed_edges(made, node)]
    if value is graph.end:
        return (*values, 1.0, *passed)
    gradient = autograd_gradients(graph.end, [value])[0] if not value.parents else float(made.gradients[node])
    if value.parents:  # by a finite difference, for autograd is asked of leaves alone
        _check_inner(graph, value, gradient)
    gradient += made.left.get(node, 0.0)
    if value.parents:
        gradient = float(made.gradients[node])
    values += [gradient, *passed]
    moved = [one for name, one in graph.inputs.items() if name not in read_names(config.fixed)]
    if config.data == "expression" and value in moved:
        values.append(float(value.data) - config.learning_rate * gradient)
    return tuple(values)


def _check_inner(graph, value, gradient: float) -> None:
    """The gradient of an inner node by a finite difference: the node becomes an input for that time."""
    parents, value.parents = value.parents, ()
    found = central_difference(graph.end, value, 1e-6)
    value.parents = parents
    assert math.isclose(found, gradient, rel_tol=1e-3, abs_tol=1e-4) or not math.isfinite(found), (found, gradient)


def cases(brought):
    """A descent of a reader's own formula, a network without zeroing, and a computation that runs away."""
    return {
        "own": {"formula": "tanh(w*x)^2 + softplus(x)*c", "values": "w=2, x=-1.5, c=0.3", "fixed": "c", "steps": 20},
        "network": {
            "data": "network",
            "hidden": 3,
            "zero": False,
            "learning_rate": 0.05,
            "steps": 30,
            "by_hand": "w11=0.5",
        },
        "runs away": {"steps": 50, "learning_rate": 1.0},
    }


PROBE = Probe(
    picture="graph",
    changes=(Change("a value", "graph", place="set_a", part="input", keys=("ArrowUp", "ArrowDown")),),
    touches=(
        Touch("backpropagation-graph", "pick", {"node": 2}, "view.node=2"),
        Touch("backpropagation-sample", "pick", 3, "view.sample=3", link="data=network"),
        Touch("backpropagation-below", "pick", 1, "view.below=step"),
        Touch("backpropagation-set-a", "edit", {"value": 4.5}, "values=a%3D4.5,+b%3D-3,+c%3D10,+f%3D-2"),
    ),
    mistakes=(
        Mistake("view.node=-3", "Node: expected -1 to 119, got -3"),
        Mistake("view.below=nowhere", "Look into: expected one of check, step, left"),
        Mistake("view.power=3", "h = 10 to the power of: expected -15 to 0, got 3"),
        Mistake("view.node=99"),
        Mistake("view.pass_moment=333"),
    ),
    cases=cases,
    training="data=network&hidden=4&until=2000&learning_rate=0.05",
    goal=Goal("4 of 4 samples right", 2, 4),
)  # fmt: skip

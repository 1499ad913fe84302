"""Backpropagation: every gradient checked, one step with all its numbers, and what is left where nothing is zeroed."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from engine.contracts.blocks import Block, Say, Table
from engine.contracts.words import Number, Words
from engine.models.scalar_checks import autograd_gradients, central_differences
from engine.models.scalar_engine import zero_gradients
from engine.training.fit import Snapshot

from .card import Config
from .passes import Passes, passes
from .rules import RULES
from .run import WIDTHS, Experiment, graph_of

PASSES = 3  # backward passes after one another, with and without zeroing
ABOUT_CHECK = (
    "Central difference: (L(x + h) − L(x − h)) / 2h, two forward passes for each input. Backpropagation gets all of "
    "them from one backward pass; autograd is PyTorch's, on the same graph."
)
ABOUT_ERROR = (
    "On the right the step is too wide: the curve's bend counts, the error falls as h² (of a parabola there is none, "
    "for its third derivative is 0). On the left it is too narrow: two nearly equal numbers are subtracted, and "
    "rounding, about 10⁻¹⁶ of L, is divided by h."
)
ABOUT_KINK = (
    "**{name}** stands exactly on a kink, where there is no derivative. Backpropagation takes {slope} there by "
    "convention, as PyTorch does; the finite difference takes the mean of both sides."
)
ABOUT_STEP = "Every moved number goes against its own gradient, all at once: x ← x − η ∂L/∂x with η = {rate}."
ABOUT_SAMPLES = (
    "A step goes against the mean gradient of the four samples: every weight is used by all four, so what they say "
    "adds up. The graph above shows one of them."
)
ABOUT_LEFT = (
    "Backward passes after one another, nothing else changed. The gradients of inputs stay until they are zeroed, and "
    "each pass adds to them; switch **Zero gradients** off among the knobs and train, and every step goes against "
    "the sum of all gradients so far."
)
ABOUT_UNZEROED = (
    "Backward passes after one another, begun at zero. In the training the gradients are not zeroed: the nodes of the "
    "graph show the sum of all passes so far, its arrows what this pass brings, and every step goes against the sums."
)


def checked(config: Config, snapshot: Snapshot, sample: int, power: int) -> tuple[np.ndarray, np.ndarray, list[float]]:
    """(gradients, central differences with h = 10^power, autograd's) of every input, on a graph of its own."""
    graph = graph_of(replace(config, steps=0), snapshot.values["weights"], sample)
    graph.end.backward()
    inputs = list(graph.inputs.values())
    found = [central_differences(graph.end, value, [10.0**power])[0] for value in inputs]
    return np.array([float(value.grad) for value in inputs]), np.array(found), autograd_gradients(graph.end, inputs)


NO_NUMBER = (
    "{name} is not defined for the values it is given (not a number, NaN), and neither is anything after it. Give it "
    "other values."
)
TOO_LARGE = (
    "{name} is infinite: a division by 0, a logarithm of 0, or more than a computer's numbers can hold. Nothing "
    "can be learned through it."
)


def check_table(config: Config, snapshot: Snapshot, sample: int, power: int) -> Table:
    """Every gradient three ways."""
    made = passes(config, snapshot, sample)
    gradients, differences, autograd = checked(config, snapshot, sample, power)
    rows = [
        (value.name, Number(float(value.data)), Number(gradient, 6), Number(float(difference), 6),
         Number(abs(float(difference) - gradient), 2), Number(theirs, 6))
        for value, gradient, difference, theirs in zip(
            made.graph.inputs.values(), gradients.tolist(), differences, autograd, strict=True)
    ]  # fmt: skip
    head = (
        Words("input"),
        Words("value"),
        Words("backpropagation"),
        Words("finite difference"),
        Words("difference"),
        Words("autograd"),
    )
    return Table(head, rows)


def errors_of(
    config: Config, snapshot: Snapshot, sample: int, name: str, power: int
) -> tuple[str, np.ndarray, float, float]:
    """(name as displayed, error at each of WIDTHS, h, error at h) of the finite differences of one input."""
    graph = graph_of(replace(config, steps=0), snapshot.values["weights"], sample)
    graph.end.backward()
    value, width = graph.inputs[name], 10.0**power
    found = np.array(central_differences(graph.end, value, [*WIDTHS, width]))
    with np.errstate(invalid="ignore"):  # ∞ − ∞ where L is no number beside the input's value
        errors = np.abs(found - float(value.grad))
    return value.name, errors[:-1], width, float(errors[-1])


def kinks(made: Passes) -> list[Say]:
    """What is said of every node that stands exactly on a kink."""
    found = []
    for at, value in enumerate(made.graph.order):
        data = [float(parent.data) for parent in value.parents]
        at_zero = value.function in ("relu", "abs", "sign", "step") and data[0] == 0
        if value.wanted and (at_zero or (value.function in ("max", "min") and data[0] == data[1])):
            slope = Number(float(value.slopes()[0]))
            parents = [made.names[made.graph.edges[edge][0]] for edge in made.parents(at)]
            name = f"{made.names[at]} = {RULES[value.function].text(*parents)}"
            found.append(Say(ABOUT_KINK, name=name, slope=slope))
    return found


def no_number(made: Passes) -> list[Say]:
    """What is said of the first node that has no finite value although all that it is made of has one."""
    for at, value in enumerate(made.graph.order):
        known = value.parents and all(math.isfinite(parent.data) for parent in value.parents)
        if known and not math.isfinite(value.data):
            parents = [made.names[made.graph.edges[edge][0]] for edge in made.parents(at)]
            name = f"{made.names[at]} = {RULES[value.function].text(*parents)}"
            if math.isnan(value.data):
                return [Say(NO_NUMBER, name=name, style="note")]
            return [Say(TOO_LARGE, name=name, style="note")]
    return []


# ---------------------------------------------------------------- one step, and what is left behind


def step_table(config: Config, snapshot: Snapshot, sample: int) -> list[Block]:
    """One step of descent with all its numbers, really taken."""
    experiment = Experiment(config, snapshot.values["weights"], snapshot.values["left"])
    before, now = [float(leaf.data) for leaf in experiment.leaves.values()], float(experiment.end.data)
    experiment.step()
    moved, made = set(experiment.moved), passes(config, snapshot, sample)
    place = {value.name: at for at, value in enumerate(made.graph.order)}
    network, rows = config.data == "network", []
    for leaf, was in zip(experiment.leaves.values(), before, strict=True):
        own = (Number(float(made.gradients[place[leaf.name]])),) if network else ()
        change = Number(float(leaf.data) - was) if leaf in moved else Words("kept")
        rows.append((leaf.name, Number(was, 4), *own, Number(float(leaf.grad)), change, Number(float(leaf.data), 4)))
    own_head = (Words("gradient, this sample"),) if network else ()
    head = (Words("input"), Words("value"), *own_head, Words("mean gradient") if network else Words("gradient"),
            Words("− η · gradient"), Words("next"))  # fmt: skip
    after = float(experiment.end.data)
    said = Words("L goes from **{now}** to **{after}**.", now=Number(now, 4), after=Number(after, 4))
    if network:
        said = Words("The mean loss goes from **{now}** to **{after}**.", now=Number(now, 4), after=Number(after, 4))
    about = [Say(ABOUT_STEP, rate=Number(config.learning_rate), style="small")]
    return [Say(said), Table(head, rows), *about, *([Say(ABOUT_SAMPLES, style="small")] if network else [])]


def left_table(config: Config, snapshot: Snapshot, sample: int) -> Table:
    """The gradients of the inputs after one, two and three backward passes without zeroing, and with it."""
    graph = graph_of(replace(config, steps=0), snapshot.values["weights"], sample)
    inputs, columns = list(graph.inputs.values()), []
    for _ in range(PASSES):
        graph.end.backward()
        columns.append([float(value.grad) for value in inputs])
    zero_gradients(inputs)
    graph.end.backward()
    zeroed = [float(value.grad) for value in inputs]
    rows = [
        (value.name, *(Number(column[at], 4) for column in columns), Number(zeroed[at], 4))
        for at, value in enumerate(inputs)
    ]
    passes_said = [Words("after pass {count}", count=count) for count in range(1, PASSES + 1)]
    return Table((Words("input"), *passes_said, Words("zeroed before each")), rows)

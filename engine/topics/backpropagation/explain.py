"""Backpropagation: one node's rule with live numbers, checks of every gradient, one step, and what is left behind."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from engine.contracts.blocks import Block, Press, Row, Say, Show, Table
from engine.contracts.formula import Formula, aligned, bracketed, exact, rest_of, written
from engine.contracts.words import Number, Words
from engine.models.scalar_checks import autograd_gradients, central_differences
from engine.models.scalar_engine import zero_gradients
from engine.pictures.number.values import NumberField
from engine.training.fit import Snapshot

from .card import LARGEST, Config, numbers_text, read_names, read_weights, values_of
from .graphs import SAMPLES, named, parameter_names
from .passes import Passes, passes, passes_of
from .rules import RULES, latex_of
from .run import WIDTHS, Experiment, Result, answers_right, graph_of

FIELDS = 7  # numbers to set in one row
MOST_USES = 3  # of a number that are written out
PASSES = 3  # backward passes after one another, with and without zeroing
WITH_NUMBERS = ("add", "subtract", "multiply", "divide", "negate", "sum", "sin", "cos", "tanh", "sigmoid", "relu",
                "softplus", "exp", "log", "sqrt", "abs", "max", "min")  # fmt: skip
SUM_OF_USES = r"\sum_{u} \frac{\partial L}{\partial u} \cdot \frac{\partial u}{\partial x}"
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
HINT = "Click a number in the graph for its formula; play the bar, and the formula is that of the node at work."
SEEN_AT_START = "These are the values at step 0; to set one begins anew."


def status(config: Config, moment: Snapshot) -> Say:
    """The live numbers of a run."""
    loss = Number(moment.values["loss"], 4)
    if config.data == "network":
        right = Number(answers_right(config, moment.values["outputs"]))
        told = Words("right: **{right}** of 4 samples", right=right)
        return Say(
            Words("step **{step}** · mean loss **{loss}**", step=Number(moment.step), loss=loss), told, style="status"
        )
    size = Words("length of the last gradient **{norm}**", norm=Number(moment.gradient_norm))
    return Say(Words("step **{step}** · L = **{loss}**", step=Number(moment.step), loss=loss), size, style="status")


def samples() -> dict[int, str]:
    """The four samples, to choose from."""
    return {
        at: Words("x = ({one}, {other})", one=_signed(x1), other=_signed(x2)) for at, (x1, x2) in enumerate(SAMPLES)
    }


def _signed(x: float) -> str:
    return f"{x:g}".replace("-", "−")


# ---------------------------------------------------------------- one node


def node_formula(made: Passes, config: Config, node: int, backward: bool) -> Formula:
    """What a node makes of its parents, where its gradient comes from, what it passes back, and for an input that
    descent moves its next step."""
    rows = _forward_rows(made, node)
    if backward:
        rows += [*_gradient_rows(made, node), *_passed_rows(made, node)]
    if backward and config.data == "expression":
        rows += _step_rows(made, config, node)
    return aligned(rows)


def _latex(made: Passes, node: int) -> str:
    return latex_of(made.names[node])


def _forward_rows(made: Passes, node: int) -> list[str]:
    value, name = made.graph.order[node], _latex(made, node)
    if not value.parents:
        return [rf"{name} &= {written(value.data)}"] if value.wanted else [rf"{name} &= {exact(float(value.data))}"]
    rule, parents = RULES[value.function], [made.graph.edges[edge][0] for edge in made.parents(node)]
    symbols = rule.latex(*(_latex(made, parent) for parent in parents))
    row = rf"{name} &= {symbols}"
    if value.function == "power" and not value.parents[1].wanted and not value.parents[1].parents:
        numbers = [bracketed(value.parents[0].data, 4), exact(float(value.parents[1].data))]
    elif value.function in WITH_NUMBERS:
        numbers = [bracketed(parent.data, 4) for parent in value.parents]
    else:
        numbers = []
    if numbers and all(math.isfinite(parent.data) for parent in (*value.parents, value)):
        return [row, f"&= {rule.latex(*numbers)} = {written(value.data)}"]
    return [f"{row} = {written(value.data)}"]


def _by(made: Passes, node: int) -> str:
    return rf"\frac{{\partial L}}{{\partial {_latex(made, node)}}}"


def _gradient_rows(made: Passes, node: int) -> list[str]:
    """The gradient as the sum over all that use the node."""
    value, uses = made.graph.order[node], made.uses(node)
    if not value.wanted:
        return []
    if value is made.graph.end:
        return [r"\frac{\partial L}{\partial L} &= 1"]
    uses = [edge for edge in uses if made.graph.order[made.graph.edges[edge][1]].wanted]
    symbols, numbers = [], []
    for edge in uses:
        end = made.graph.edges[edge][1]
        slot = made.parents(end).index(edge)
        user = made.graph.order[end]
        names = [_latex(made, made.graph.edges[one][0]) for one in made.parents(end)]
        slope = RULES[user.function].slopes[slot](_latex(made, end), *names)
        symbols.append(rf"{_by(made, end)} \cdot {slope}" if user is not made.graph.end else slope)
        numbers.append((float(user.grad), float(user.slopes()[slot])))
    left = made.left.get(node)
    shown, rest = numbers[:MOST_USES], numbers[MOST_USES:]
    digits = 4 if len(numbers) == 1 and left is None else 3
    terms = [rf"{bracketed(gradient, digits)} \cdot {bracketed(slope, digits)}" for gradient, slope in shown]
    if left is None:
        whole = SUM_OF_USES.replace("x", _latex(made, node)) if rest else " + ".join(symbols)
        rows, start = [rf"{_by(made, node)} &= {whole}"], "&"
    else:
        rows, start, terms = [], rf"{_by(made, node)} &", [bracketed(left), *terms]
    if math.isfinite(made.gradients[node]) and all(map(math.isfinite, (one for pair in numbers for one in pair))):
        left_out = rest_of([gradient * slope for gradient, slope in rest])
        rows.append(rf"{start}= {' + '.join(terms)}{left_out}")
        if len(terms) > 2:
            rows.append(rf"&= {written(made.gradients[node])}")
        else:
            rows[-1] += f" = {written(made.gradients[node])}"
    return rows


def _passed_rows(made: Passes, node: int) -> list[str]:
    """What a node adds to the gradients of its parents: the rule that it is there for."""
    value, rows = made.graph.order[node], []
    for edge in passed_edges(made, node):
        slot = made.parents(node).index(edge)
        names = [_latex(made, made.graph.edges[one][0]) for one in made.parents(node)]
        slope = RULES[value.function].slopes[slot](_latex(made, node), *names)
        symbols = slope if value is made.graph.end else rf"{_by(made, node)} \cdot {slope}"
        numbers = rf"{bracketed(made.gradients[node])} \cdot {bracketed(float(value.slopes()[slot]))}"
        rows.append(rf"\to {names[slot]} &:\quad {symbols} = {numbers} = {written(float(made.flows[edge]))}")
    return rows


def passed_edges(made: Passes, node: int) -> list[int]:
    """The edges along which a node hands back a number that is one: the first few."""
    edges = [edge for edge in made.parents(node) if made.graph.order[made.graph.edges[edge][0]].wanted]
    return [edge for edge in edges[:MOST_USES] if math.isfinite(made.flows[edge])]


def _step_rows(made: Passes, config: Config, node: int) -> list[str]:
    value = made.graph.order[node]
    moved = [one for name, one in made.graph.inputs.items() if name not in read_names(config.fixed)]
    if value not in moved or not math.isfinite(value.data) or not math.isfinite(made.gradients[node]):
        return []
    name, gradient, rate = _latex(made, node), float(made.gradients[node]), config.learning_rate
    numbers = rf"{written(value.data)} - {exact_rate(rate)} \cdot {bracketed(gradient, 4)}"
    return [
        rf"{name}^{{(t+1)}} &= {name} - \eta\,{_by(made, node)}",
        rf"&= {numbers} = {written(float(value.data) - rate * gradient)}",
    ]


def exact_rate(rate: float) -> str:
    """A learning rate as it was set."""
    return exact(rate) if float(f"{rate:g}") == rate else written(rate)


def about_node(made: Passes, config: Config, snapshot: Snapshot, node: int, backward: bool) -> list[Block]:
    """A node's name and formula; of an input the buttons and fields that change it."""
    value, name = made.graph.order[node], made.names[node]
    if not value.parents and not value.wanted:
        return [Say("**{name}** is given: nobody asks how L depends on it.", name=name)]
    said = Words("**{name}**: value **{value}**", name=name, value=Number(float(value.data), 4))
    if backward:
        said = Words("**{name}**: value **{value}**, gradient **{gradient}**", name=name,
                     value=Number(float(value.data), 4), gradient=Number(float(made.gradients[node]), 4))  # fmt: skip
    blocks: list[Block] = [Say(said), node_formula(made, config, node, backward)]
    if backward and node in made.left:
        blocks.append(
            Say("The first number was left by the passes before: the gradients are not zeroed.", style="small")
        )
    if backward and len(made.uses(node)) > 1:
        blocks.append(Say("It is used {count} times: what comes back from each use is added up.",
                          count=len(made.uses(node)), style="small"))  # fmt: skip
    return blocks


def hand(made: Passes, config: Config, snapshot: Snapshot, node: int) -> list[NumberField]:
    """The field that sets a weight of a network by hand, before the first step."""
    key = _key(made, node)
    if config.data != "network" or not key or snapshot.step:
        return []
    value = float(made.values[node])
    return (
        [NumberField(round(value, 4), made.names[node], -LARGEST, LARGEST, (key,), 0.1, 4)]
        if math.isfinite(value)
        else []
    )


def fixing(made: Passes, config: Config, node: int) -> list[Press]:
    """The button that keeps a variable of an expression where it is, or lets it move again."""
    key = _key(made, node)
    if config.data != "expression" or not key:
        return []
    kept = set(read_names(config.fixed))
    words = "Let descent move {name}" if key in kept else "Keep {name} fixed"
    fixed = ".".join(sorted(kept ^ {key}))
    return [
        Press("fix", Words(words, name=made.names[node]), {"fixed": fixed}, icon="lock_open" if key in kept else "lock")
    ]


def _key(made: Passes, node: int) -> str:
    value = made.graph.order[node]
    return next((name for name, one in made.graph.inputs.items() if one is value), "")


def fields(config: Config, snapshot: Snapshot) -> list[Block]:
    """A field for every variable of an expression, in rows."""
    if config.data != "expression":
        return []
    values = list(values_of(config).items())
    shown = [
        [
            Show(
                f"set-{name}",
                NumberField(value, named(name), -LARGEST, LARGEST, (name,), 0.1, _decimals(value)),
                set_value,
            )
        ]
        for name, value in values
    ]
    rows: list[Block] = [
        Row([*part, *[[] for _ in range(max(0, min(4, FIELDS) - len(part)))]])
        for part in (shown[at : at + FIELDS] for at in range(0, len(shown), FIELDS))
    ]
    return [*rows, *([Say(SEEN_AT_START, style="small")] if snapshot.step else [])]


def _decimals(value: float) -> int:
    """Decimals that a number was set with, at least one and at most four."""
    return max(1, min(4, len(f"{value:.4f}".rstrip("0").partition(".")[2])))


def set_value(event, config: Config, view) -> dict[str, str]:
    """A variable of an expression was set, or a first weight of a network."""
    key, value = event["key"], float(event["value"])
    if config.data == "network":
        there = read_weights(config.by_hand)
        names = parameter_names(config.hidden)
        return {
            "by_hand": numbers_text({name: number for name, number in (there | {key: value}).items() if name in names})
        }
    return {"values": numbers_text(values_of(config) | {key: value})}


# ---------------------------------------------------------------- checks


def checked(config: Config, snapshot: Snapshot, sample: int, power: int) -> tuple[np.ndarray, np.ndarray, list[float]]:
    """(gradients, central differences with h = 10^power, autograd's) of every input, on a graph of its own."""
    graph = graph_of(replace(config, steps=0), snapshot.values["weights"], sample)
    graph.end.backward()
    inputs = list(graph.inputs.values())
    found = [central_differences(graph.end, value, [10.0**power])[0] for value in inputs]
    return np.array([float(value.grad) for value in inputs]), np.array(found), autograd_gradients(graph.end, inputs)


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


def checked_input(made: Passes, node: int) -> str:
    """The input whose finite differences are drawn: the picked one, else the one with the largest gradient."""
    key = _key(made, node)
    if key:
        return key
    inputs = made.graph.inputs
    place = {value: at for at, value in enumerate(made.graph.order)}
    sizes = {name: abs(np.nan_to_num(made.gradients[place[value]])) for name, value in inputs.items()}
    return max(sizes, key=sizes.get)


def errors_of(
    config: Config, snapshot: Snapshot, sample: int, name: str, power: int
) -> tuple[str, np.ndarray, float, float]:
    """(name as displayed, error at each of WIDTHS, h, error at h) of the finite differences of one input."""
    graph = graph_of(replace(config, steps=0), snapshot.values["weights"], sample)
    graph.end.backward()
    value, width = graph.inputs[name], 10.0**power
    found = np.array(central_differences(graph.end, value, [*WIDTHS, width]))
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


def formulas(result: Result) -> list[Formula]:
    """The last node's formula, and that of the input with the largest gradient."""
    made = passes_of(result)
    place = {value: at for at, value in enumerate(made.graph.order)}
    largest = place[made.graph.inputs[checked_input(made, len(made.names) - 1)]]
    config = result.config
    return [node_formula(made, config, node, True) for node in dict.fromkeys((len(made.names) - 1, largest))]

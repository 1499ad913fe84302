"""Backpropagation: one node's rule with live numbers, checks of every gradient, one step, and what is left behind."""

from __future__ import annotations

import math

import numpy as np

from engine.contracts.blocks import Block, Press, Row, Say, Show
from engine.contracts.formula import Formula, aligned, as_base, bracketed, exact, rest_of, written
from engine.contracts.words import Number, Words
from engine.pictures.number.values import NumberField
from engine.training.fit import Snapshot

from .card import LARGEST, Config, numbers_text, read_names, read_weights, values_of
from .graphs import SAMPLES, named, parameter_names
from .passes import Passes, passes_of
from .rules import RULES, latex_of
from .run import Result, answers_right

FIELDS = 7  # numbers to set in one row
MOST_USES = 3  # of a number that are written out
WITH_NUMBERS = ("add", "subtract", "multiply", "divide", "negate", "sum", "sin", "cos", "tanh", "sigmoid", "relu",
                "softplus", "exp", "log", "sqrt", "abs", "max", "min")  # fmt: skip
SUM_OF_USES = r"\sum_{u} \frac{\partial L}{\partial u} \cdot \frac{\partial u}{\partial x}"
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
        numbers = [as_base(float(value.parents[0].data)), exact(float(value.parents[1].data))]
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
    key = key_of(made, node)
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
    key = key_of(made, node)
    if config.data != "expression" or not key:
        return []
    kept = set(read_names(config.fixed))
    words = "Let descent move {name}" if key in kept else "Keep {name} fixed"
    fixed = ".".join(sorted(kept ^ {key}))
    return [
        Press("fix", Words(words, name=made.names[node]), {"fixed": fixed}, icon="lock_open" if key in kept else "lock")
    ]


def key_of(made: Passes, node: int) -> str:
    """The name under which a node can be set; "" for one that cannot."""
    value = made.graph.order[node]
    return next((name for name, one in made.graph.inputs.items() if one is value), "")


def checked_input(made: Passes, node: int) -> str:
    """The input whose finite differences are drawn: the picked one, else the one with the largest gradient."""
    key = key_of(made, node)
    if key:
        return key
    inputs = made.graph.inputs
    place = {value: at for at, value in enumerate(made.graph.order)}
    sizes = {name: abs(np.nan_to_num(made.gradients[place[value]])) for name, value in inputs.items()}
    return max(sizes, key=sizes.get)


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


def formulas(result: Result) -> list[Formula]:
    """The last node's formula, and that of the input with the largest gradient."""
    made = passes_of(result)
    place = {value: at for at, value in enumerate(made.graph.order)}
    largest = place[made.graph.inputs[checked_input(made, len(made.names) - 1)]]
    config = result.config
    return [node_formula(made, config, node, True) for node in dict.fromkeys((len(made.names) - 1, largest))]

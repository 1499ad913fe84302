"""Neuron and perceptron: where each number comes from, what the rule does to a line, and how often it can."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from engine.contracts.blocks import Block, Press, Row, Say, Table
from engine.contracts.formula import TERM_DIGITS, Formula, aligned, as_base, exact, written
from engine.contracts.words import Number, Percent, Words
from engine.models.perceptron.neuron import FUNCTIONS
from engine.models.perceptron.rule import HalfPlane
from engine.training.fit import Snapshot

from .card import GATES, UNITS, Config, parse_units
from .draw import SYMBOLS, places_shared, shown_samples
from .run import (
    Presented,
    Result,
    best_line_of,
    bound_of,
    domain_of,
    look,
    margin_of,
    network,
    points_of,
    presented,
    start_of,
)
from .slopes import flat_shares, slopes

CALLS = {"sigmoid": r"\sigma", "tanh": r"\tanh", "relu": r"\operatorname{ReLU}"}
UNIT_NAMES = {"h1": "h₁", "h2": "h₂", "y": "y"}
LATEX_NAMES = {"h1": "h_1", "h2": "h_2", "y": "y"}
MOMENT = Words("Sample {step}")
BEGIN = (
    "No sample yet: this is the line that the knobs set, and **Step** presents the first. With w = 0 there is no line."
)
OUTSIDE = "The line now lies outside the picture: every place that is shown is on its side {side}."
NOWHERE = "With w = 0 there is no line now: the neuron gives {side} everywhere."
GAVE_RIGHT = "({x1}, {x2}) shall give **{target}**, gives **{answer}**: right"
GAVE_WRONG = "({x1}, {x2}) shall give **{target}**, gives **{answer}**: wrong"
RULE_RIGHT = "w + η (t − y) x and θ − η (t − y): with t = y nothing changes."
RULE_WRONG = "w ← w + η (t − y) x and θ ← θ − η (t − y), with η = {rate}."
DRAW_POINTS = "Click the plane to add points that shall give 1, or 0; then press Train."
SHARING = (
    "{points} points stand at {places} places here: a larger dot is several of them. What the hidden neurons do not "
    "tell apart, the output neuron cannot tell apart either."
)
MEANING = (
    "The neuron adds up w₁x₁ + w₂x₂ and **fires** (y = 1) where the sum reaches the threshold θ. Many books write "
    "b = −θ, here {bias}, and ask for w₁x₁ + w₂x₂ + b ≥ 0: the same line."
)
MEANING_OF_OTHERS = (
    "The neuron adds up w₁x₁ + w₂x₂, takes θ away, and gives f of what is left. The line is where 0 is left; where it "
    "is 0 or more, a point counts as **1**, whatever f makes of it. Many books write b = −θ, here {bias}: the same "
    "line."
)
NO_LINE = (
    "**No straight line parts these points**, so there is no bound: the rule goes on correcting for ever. The proof: "
    "weigh {count} of the points, turned round where they shall give 0, with suitable shares, and (x₁, x₂, −1) adds up "
    "to 0; no w and θ can make a sum of 0 positive. The best line there is has {best} of {all} on the wrong side."
)
REPEATS = (
    "**It has come round**: after this pass w and θ are exactly what they were {passes} before, and from here "
    "everything repeats."
)
POCKET = (
    "Whoever needs an answer all the same keeps the best line so far in a pocket: {best} of {all} on the wrong side."
)
THEOREM = (
    "The best neuron of all, with w₁, w₂, θ of length 1, keeps every point at least γ on its side. Each correction "
    "carries the weights at least ηγ further along it, while their squared length grows by at most η²R²: so there is "
    "room for so many and no more, in whatever order (Novikoff 1962)."
)
BEST = (
    "With w₁ = {w1}, w₂ = {w2} and θ = {theta}, which together have length 1, every point lies at least γ = {margin} "
    "on its side, and no other neuron leaves more room: a support vector machine without a bias finds it for "
    "(x₁, x₂, −1)."
)
ABOUT_SLOPES = (
    "Through the step the loss is a staircase: at {step} of 2,000 random places a small move changes nothing at all "
    "(through the sigmoid: at {sigmoid}). Its gradient is 0 and says nothing, so nothing that comes before a step "
    "could learn by it. The perceptron rule needs none: it asks only whether y = t. With a sigmoid for f, the same "
    "η (t − y) x is one step against the gradient of the cross-entropy."
)


def term(value: float) -> str:
    """A number as a factor: as it was set where that is short, else rounded; in brackets where it is negative."""
    text = exact(round(value, 3) + 0.0) if abs(value - round(value, 3)) < 1e-6 else written(value, TERM_DIGITS)
    return f"({text})" if text.startswith("-") else text


def less(value: float) -> str:
    """A number that is taken away."""
    return f"- {term(value)}"


def sum_rows(line: HalfPlane, x1: float, x2: float, names: Sequence[str] = ("x_1", "x_2")) -> list[str]:
    """z in symbols, and in numbers."""
    return [
        rf"z &= w_1 {names[0]} + w_2 {names[1]} - \theta",
        rf"&= {term(line.w1)} \cdot {term(x1)} + {term(line.w2)} \cdot {term(x2)} {less(line.theta)} = "
        rf"{written(line.sum_at(x1, x2))}",
    ]


def answer_row(z: float, function: str, name: str = "y") -> str:
    """What a neuron makes of its sum."""
    value = FUNCTIONS[function](torch.tensor(z, dtype=torch.float64)).item()
    if function == "step":
        return rf"{name} &= f(z) = {value:g}"
    return rf"{name} &= {CALLS[function]}({written(z)}) = {written(value)}"


def neuron_formula(line: HalfPlane, x1: float, x2: float, function: str) -> Formula:
    """One neuron at one place."""
    return aligned([*sum_rows(line, x1, x2), answer_row(line.sum_at(x1, x2), function)])


def unit_formula(config: Config, unit: str, x1: float, x2: float) -> Formula:
    """A neuron of two layers at one place of the plane; the output reads what the hidden ones say there."""
    line, (a, b) = HalfPlane(*parse_units(config.units)[UNITS.index(unit)]), (x1, x2)
    names = ("x_1", "x_2")
    if unit == "y":
        a, b = hidden_at(config, x1, x2)
        names = ("h_1", "h_2")
    return aligned([*sum_rows(line, a, b, names), answer_row(line.sum_at(a, b), config.function, LATEX_NAMES[unit])])


def hidden_at(config: Config, x1: float, x2: float) -> tuple[float, float]:
    """What both hidden neurons say at a place."""
    return tuple(look(network(config), torch.tensor([[x1, x2]], dtype=torch.float64))["hidden"][0].tolist())


def update_formula(config: Config, seen: Presented) -> Formula:
    """The sum, the answer, and what the rule makes of w₁, w₂ and θ."""
    before, after = seen.before, seen.after
    factor = rf"{term(config.rate)} \cdot ({seen.target} - {seen.answer})"
    return aligned([
        *sum_rows(before, seen.x1, seen.x2),
        answer_row(before.sum_at(seen.x1, seen.x2), "step"),
        rf"w_1^{{\text{{new}}}} &= {term(before.w1)} + {factor} \cdot {term(seen.x1)} = {written(after.w1)}",
        rf"w_2^{{\text{{new}}}} &= {term(before.w2)} + {factor} \cdot {term(seen.x2)} = {written(after.w2)}",
        rf"\theta^{{\text{{new}}}} &= {term(before.theta)} - {factor} = {written(after.theta)}",
    ])  # fmt: skip


def bound_formula(config: Config) -> Formula:
    """How often the rule corrects at most."""
    margin, start = margin_of(config), start_of(config).length
    symbols, numbers = r"\frac{R^2}{\gamma^2}", rf"\frac{{{as_base(margin.radius)}^2}}{{{as_base(margin.margin)}^2}}"
    if start:
        symbols += r" + \frac{2\,\lVert w_0 \rVert}{\eta\,\gamma}"
        numbers += rf" + \frac{{2 \cdot {written(start)}}}{{{term(config.rate)} \cdot {written(margin.margin)}}}"
    return Formula(rf"k \;\le\; {symbols} = {numbers} = {written(bound_of(config))}")


# ---------------------------------------------------------------- blocks of the page


def status(config: Config, moment: Snapshot) -> Say:
    """The live numbers of a run."""
    values, all_of_them = moment.values, len(points_of(config))
    told = Words("sample **{step}** · corrected **{count}** times", step=Number(moment.step),
                 count=Number(values["corrections"]))  # fmt: skip
    return Say(told, Words("wrong now **{wrong}** of {all}", wrong=values["wrong"], all=all_of_them), style="status")


def update(config: Config, moment: Snapshot) -> list[Block]:
    """The sample that was looked at, and what it did."""
    if not len(points_of(config)):
        return [Say(DRAW_POINTS, style="note")]
    seen = presented(config, moment.values)
    if seen is None:
        return [Say(BEGIN, style="note"), *truth_table(config, start_of(config), "step")]
    right = seen.target == seen.answer
    about = Say(GAVE_RIGHT if right else GAVE_WRONG, x1=Number(seen.x1), x2=Number(seen.x2), target=seen.target,
                answer=seen.answer)  # fmt: skip
    rule = Say(RULE_RIGHT, style="small") if right else Say(RULE_WRONG, rate=Number(config.rate), style="small")
    unseen = out_of_sight(config, seen.after)
    return [about, update_formula(config, seen), rule, *unseen, *truth_table(config, seen.after, "step")]


def out_of_sight(config: Config, line: HalfPlane) -> list[Say]:
    """Why no line is to be seen, where none is; a sum is linear, so the corners of the picture tell."""
    x_low, x_high, y_low, y_high = domain_of(config)
    sums = [line.sum_at(x, y) for x in (x_low, x_high) for y in (y_low, y_high)]
    if min(sums) < 0 <= max(sums):
        return []
    flat = (line.w1, line.w2) == (0, 0)
    return [Say(NOWHERE if flat else OUTSIDE, side=int(sums[0] >= 0), style="small")]


def truth_table(config: Config, line: HalfPlane, function: str) -> list[Block]:
    """The rows of a gate as the neuron answers them; of other points nothing."""
    if config.data not in GATES:
        return []
    rows = []
    for x1, x2, target in shown_samples(config):
        z = line.sum_at(x1, x2)
        y = FUNCTIONS[function](torch.tensor(z, dtype=torch.float64)).item()
        rows.append((f"{x1:g}", f"{x2:g}", Number(z), Number(y), str(target), _mark((z >= 0) == target)))
    return [Table(("x₁", "x₂", "z", "y", "t", ""), rows)]


def layers_table(config: Config, result: Result) -> list[Block]:
    """The rows of a gate with what the hidden neurons say; of other points how many are right."""
    if config.data not in GATES:
        return []
    rows = []
    for (x1, x2), hidden, y, z, target in zip(
        result.inputs.tolist(), result.hidden.tolist(), result.answers.tolist(), result.sums.tolist(),
        result.targets.tolist(), strict=True,
    ):  # fmt: skip
        rows.append((f"{x1:g}", f"{x2:g}", *map(Number, hidden), Number(y), str(target), _mark((z >= 0) == target)))
    return [Table(("x₁", "x₂", "h₁", "h₂", "y", "t", ""), rows)]


def score(result: Result) -> Say:
    """How many points are on the right side."""
    right = len(result.targets) - int(result.wrong[-1])
    return Say("Right: **{right}** of {all}", right=right, all=len(result.targets))


def sharing(result: Result) -> list[Say]:
    """That points share a place in the space of the hidden neurons, where they do."""
    points, places = places_shared(result)
    return [Say(SHARING, points=points, places=places, style="small")] if places < points else []


def at_spot(config: Config, x1: float, x2: float) -> list[Block]:
    """One neuron by hand at the place that was clicked, and what its threshold is called elsewhere."""
    line = HalfPlane(config.w1, config.w2, config.theta)
    meaning = MEANING if config.function == "step" else MEANING_OF_OTHERS
    return [
        Say("At x = ({x1}, {x2}):", x1=Number(x1), x2=Number(x2)),
        neuron_formula(line, x1, x2, config.function),
        Say(meaning, bias=Number(-config.theta + 0.0), style="small"),
    ]  # fmt: skip


def unit_at(config: Config, unit: str, x1: float, x2: float) -> list[Block]:
    """One of three neurons at the place that was clicked."""
    about = Say("**{name}** at x = ({x1}, {x2}):", name=UNIT_NAMES[unit], x1=Number(x1), x2=Number(x2))
    return [about, unit_formula(config, unit, x1, x2)]


def theorem(config: Config, values: Mapping[str, Any]) -> list[Block]:
    """How often the rule corrects at most, or why there is no such number. values: of a moment of a run."""
    count, margin = len(points_of(config)), margin_of(config)
    if not count:
        return [Say(DRAW_POINTS, style="note")]
    if not margin.separable:
        best = best_line_of(config)[0]
        said = [Say(NO_LINE, count=len(margin.holds), best=best, all=count)]
        if values.get("cycle"):
            said.append(Say(REPEATS, passes=_passes(values["cycle"])))
        return said
    found = [Say(THEOREM), bound_formula(config)]
    told = Say(
        "k: how many corrections. R = {radius}: length of the longest (x₁, x₂, −1). γ = {margin}: margin of w₁ = {w1}, "
        "w₂ = {w2}, θ = {theta}.",
        radius=Number(margin.radius), margin=Number(margin.margin), **_numbers(margin.line), style="small",
    )  # fmt: skip
    return [*found, told]


def pocket(config: Config, values: Mapping[str, Any]) -> Say:
    """The best line so far."""
    return Say(POCKET, best=values["best_wrong"], all=len(points_of(config)), style="small")


def best_neuron(config: Config) -> list[Block]:
    """The neuron of the widest margin, to be set by hand: the largest of its numbers becomes 2."""
    margin = margin_of(config)
    if not margin.separable:
        return theorem(config, {})
    told = Say(BEST, margin=Number(margin.margin), **_numbers(margin.line))
    scale = 2 / max(map(abs, margin.line))
    w1, w2, theta = (round(scale * part, 3) + 0.0 for part in margin.line)
    return [
        told,
        Press("widest", "Set the neuron with the widest margin", {"w1": w1, "w2": w2, "theta": theta}, "straighten"),
    ]


def slope_table(config: Config, line: HalfPlane) -> Table:
    """The gradient of the loss through the step and through the sigmoid, and what the rule would do meanwhile."""
    points = points_of(config)
    columns = [slopes(points.inputs, points.targets, line.parts, function) for function in ("step", "sigmoid")]
    adds = [0.0, 0.0, 0.0]
    for x1, x2, target in shown_samples(config):
        error = target - line.fires(x1, x2)
        adds = [total + config.rate * error * part for total, part in zip(adds, (x1, x2, -1.0), strict=True)]
    rows = [
        (symbol, Number(now), *map(Number, rest))
        for symbol, now, *rest in zip(SYMBOLS.values(), line.parts, *columns, adds, strict=True)
    ]
    head = ("", Words("value now"), Words("slope, step"), Words("slope, sigmoid"), Words("Σ η (t − y) x"))
    return Table(head, rows)


def about_slopes(config: Config, line: HalfPlane) -> list[Block]:
    """The slopes at a line, and what the staircase means, with how often it is flat."""
    step, sigmoid = flat_shares(points_of(config))
    told = Say(ABOUT_SLOPES, step=Percent(step), sigmoid=Percent(sigmoid), style="small")
    return [slope_table(config, line), told]


def line_now(config: Config, moment) -> HalfPlane:
    """The neuron of a moment, or the one set by hand."""
    if isinstance(moment, Snapshot):
        return HalfPlane(*moment.values["line"].tolist())
    return HalfPlane(config.w1, config.w2, config.theta)


def _numbers(line: Sequence[float]) -> dict[str, Number]:
    return dict(zip(("w1", "w2", "theta"), map(Number, line), strict=True))


def _passes(count: int) -> Words:
    return Words("one pass") if count == 1 else Words("{count} passes", count=count)


def _mark(right: bool) -> str:
    return "✓" if right else "✗"


def formulas(result: Result) -> list[Block]:
    """The bound with the numbers of the points, and the neuron at the first of them."""
    config, blocks = result.config, []
    if margin_of(config).separable:
        blocks.append(Row([[Say("How often the perceptron rule corrects at most")], [bound_formula(config)]], (1, 2.6)))
    if len(result.inputs):
        x1, x2 = result.inputs[0].double().tolist()
        if config.network == "layers":
            made = [unit_formula(config, unit, x1, x2) for unit in UNITS]
        else:
            line = HalfPlane(*result.neuron_weights[-1].tolist(), result.thresholds[-1].item())
            made = [neuron_formula(line, x1, x2, "step" if config.network == "rule" else config.function)]
        blocks.append(Row([[Say("The first point")], made], (1, 2.6)))
    return blocks

"""Activations: where a function is saturated, where one number comes from, and what a layer holds, in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch

from engine.contracts.blocks import Block, Box, Say, Table
from engine.contracts.expressions import latex, parse
from engine.contracts.formula import Formula, added, aligned, as_base, bracketed, exact, rest_of, written
from engine.contracts.words import Number, Percent, Words, listed
from engine.data.activations import EQUATIONS, NAMES, OWN
from engine.models.activations import with_derivative
from engine.training.fit import Snapshot

from .card import Config, functions_of
from .run import MEASURES, X_RANGE, Result, batch_of, course, function_of, linear_at

SATURATED, LOST = Words("saturated"), Words("no finite value")
FINE = 2001  # places at which zones and largest slopes are looked for
STEP = (X_RANGE[1] - X_RANGE[0]) / (FINE - 1)  # from one of them to the next
UNBOUNDED = 5  # slope beside a place without a value, from which on it is taken to grow without end
MOST_TERMS = 2  # of a sum that is written out
ABOUT_MATRIX = (
    "The weights of the network with **{name}**, and every activation taken out. The colours are its layers, one after "
    "the other; the line is drawn by a single matrix, all of them multiplied. Largest difference of the two over the "
    "batch: **{difference}**, where the numbers go up to {size}."
)
ABOUT_GRADIENT = (
    "Measured by one backward pass of the loss over the whole batch. A gap: the norm is exactly 0, or no finite number."
)
ABOUT_OTHERS = (
    "Slopes by automatic differentiation, where the handle stands. At a kink PyTorch chooses: ReLU′(0) = 0. GELU is "
    "the exact one, Φ the normal distribution; its tanh form is a function of its own here."
)


def name_of(config: Config, name: str) -> str:
    """What a function is called, in English; a formula as it was typed."""
    if name == OWN:
        return config.formula
    return f"{NAMES[name]} {config.slope:g}" if name == "leaky_relu" else NAMES[name]


def clear_name(config: Config, name: str) -> str:
    """The same for a page, which may have it in another language."""
    if name == OWN:
        return config.formula
    return Words("Leaky ReLU {slope}", slope=f"{config.slope:g}") if name == "leaky_relu" else Words(NAMES[name])


# ---------------------------------------------------------------- one function


def runs(marked: np.ndarray, places: np.ndarray) -> list[tuple[float, float]]:
    """Where something holds: (first, last place) of every run of neighbours; one that reaches an end of the range is
    said to go to it."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marked, [False]]).astype(int)))
    return [(float(places[a]), float(places[b - 1])) for a, b in edges.reshape(-1, 2)]


def zones_of(config: Config, name: str) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """(where |f'| is below the threshold, where there is no finite value), measured over the range that is drawn."""
    places, values, slopes = course(config, name, FINE)
    with np.errstate(invalid="ignore"):
        flat, lost = runs(np.abs(slopes) < config.threshold, places), runs(~np.isfinite(values), places)
    return [(a, b) for a, b in flat if a < b], lost  # at a single place it is a corner, such as that of |x|


def steepest(config: Config, name: str) -> tuple[float, float]:
    """(largest |f'|, where) over the range that is drawn; NaN if there is none, and for where if it is so on a whole
    stretch."""
    places, _, slopes = course(config, name, FINE)
    sizes = np.abs(slopes)
    if not np.isfinite(sizes).any():
        return math.nan, math.nan
    most = np.nanmax(sizes)
    there = places[sizes >= most * (1 - 1e-9)]
    return float(most), float(there[0]) if len(there) == 1 else math.nan


def pole_of(config: Config, name: str, lost: Sequence[tuple[float, float]]) -> float | None:
    """The end of a stretch without values at which the slope grows beyond all bounds, as far as places can tell."""
    places, _, slopes = course(config, name, FINE)
    sizes = np.abs(slopes)
    steep = places[sizes >= np.nanmax(sizes) * (1 - 1e-9)]
    if np.nanmax(sizes) < UNBOUNDED or len(steep) > 2:  # both sides of one pole
        return None
    pairs = ((float(place), end) for place in steep for zone in lost for end in zone)
    return next(((place + end) / 2 for place, end in pairs if abs(place - end) < 2.5 * STEP), None)


def about_function(config: Config, name: str) -> Words:
    """Its largest slope, where it is saturated, and where it has no value."""
    saturated, lost = zones_of(config, name)
    most, at = steepest(config, name)
    told = {"name": clear_name(config, name), "most": Number(most)}
    if math.isnan(most):
        return Words("**{name}**: no finite value {zones}", name=told["name"], zones=_ranges(lost))
    if lost and (pole := pole_of(config, name, lost)) is not None:
        words = [Words("**{name}**: near {at} as steep as you like", name=told["name"], at=_shown(pole))]
    elif math.isfinite(at):
        words = [Words("**{name}**: largest slope **{most}**, at {at}", **told, at=Number(at))]
    else:
        words = [Words("**{name}**: largest slope **{most}**", **told)]
    words.append(Words("saturated {zones}", zones=_ranges(saturated)))
    if lost:
        words.append(Words("no finite value {zones}", zones=_ranges(lost)))
    return listed(words, "; ")


def _ranges(zones: list[tuple[float, float]]) -> Words:
    low, high = X_RANGE
    found = []
    for a, b in zones[:3]:
        if a == b:
            found.append(Words("at {x}", x=_shown(a)))
        elif a <= low and b >= high:
            found.append(Words("everywhere"))
        elif a <= low:
            found.append(Words("below {x}", x=_shown(b, 1)))
        elif b >= high:
            found.append(Words("above {x}", x=_shown(a, -1)))
        else:
            found.append(Words("from {low} to {high}", low=_shown(a, -1), high=_shown(b, 1)))
    if len(zones) > 3:
        found.append(Words("and at {count} more places", count=len(zones) - 3))
    return listed(found) if found else Words("nowhere here")


def _shown(place: float, side: int = 0) -> Number:
    """The end of a zone: half way to the next place on that side, where it is no more so, to two decimals."""
    return Number(round(place + side * STEP / 2, 2) + 0.0)


def values_at(config: Config, name: str, x: float) -> tuple[float, float]:
    """(f(x), f'(x)); no slope where there is no finite value."""
    value, slope = with_derivative(function_of(config, name), torch.tensor([x], dtype=torch.float64))
    return value.item(), slope.item() if value.isfinite() else math.nan


def function_formulas(config: Config, x: float) -> list[Formula]:
    """f and f' of each function at x, with the numbers."""
    return [function_formula(config, name, x) for name in functions_of(config)]


def function_formula(config: Config, name: str, x: float) -> Formula:
    """y = f(x) as an equation, and both numbers at x; where the slope has a short form in y, by that."""
    value, slope = values_at(config, name, x)
    if name == OWN:
        equation = latex(parse(config.formula, ("x",)))
    else:
        equation = EQUATIONS[name].replace(r"a\,x", rf"{exact(config.slope)}\,x")
    y, dy = written(value), written(slope)
    rows = [f"x &= {exact(x)}", f"y &= {equation} = {y}"]
    if name == "sigmoid":
        rows.append(rf"\frac{{dy}}{{dx}} &= y\,(1 - y) = {y} \cdot (1 - {y}) = {dy}")
    elif name == "tanh":
        rows.append(rf"\frac{{dy}}{{dx}} &= 1 - y^2 = 1 - {as_base(value)}^2 = {dy}")
    else:
        rows.append(rf"\frac{{dy}}{{dx}} &= {dy}")
    return aligned(rows)


# ---------------------------------------------------------------- layers


def table_of(config: Config, moment: Snapshot, layer: int) -> Table:
    """What a layer holds and what comes back to it, in each network."""
    rows = {
        "mean": "mean output", "deviation": "spread of the outputs", "sum_deviation": "spread of the sums",
        "dead": "dead units", "saturated": "saturated sums", "sum_gradient": "gradient at the sums",
        "weight_gradient": "gradient of the weights",
    }  # fmt: skip
    names = functions_of(config)
    found = moment.values["layers"][:, :, layer]  # (F, measure)
    cells = []
    for measure, words in rows.items():
        values = [float(found[k, MEASURES.index(measure)]) for k in range(len(names))]
        shown = [Percent(value) if measure in ("dead", "saturated") else Number(value) for value in values]
        cells.append((Words(words), *shown))
    return Table((Words("layer {layer}", layer=layer + 1), *(clear_name(config, name) for name in names)), cells)


def warnings(config: Config, moment: Snapshot) -> list[Block]:
    """What a reader should know of this network: numbers that overflow, a function without a value, no gradient."""
    said: list[Block] = []
    for number, name in enumerate(functions_of(config)):
        finite = moment.values["layers"][number, MEASURES.index("finite")]
        gradient = moment.values["layers"][number, MEASURES.index("sum_gradient")]
        if (finite < 1).any():
            said.append(Say("{name}: from layer {layer} on not all numbers are finite any more.", style="note",
                            name=clear_name(config, name), layer=int((finite < 1).argmax()) + 1))  # fmt: skip
        elif (gradient == 0).all():
            said.append(Say("{name}: the gradient is exactly 0 in every hidden layer; nothing there can be learned.",
                            style="note", name=clear_name(config, name)))  # fmt: skip
    return [Box("warnings", said)] if said else []


def gradient_formulas(config: Config, moment: Snapshot) -> list[Block]:
    """How much smaller the gradient is at the first layer than at the last, and by what factor a layer."""
    made = []
    for number, name in enumerate(functions_of(config)):
        norms = moment.values["layers"][number, MEASURES.index("sum_gradient")]
        first, last = float(norms[0]), float(norms[-1])
        if config.depth > 1 and first > 0 and last > 0 and math.isfinite(first) and math.isfinite(last):
            said = Say("**{name}**: the gradient that comes back, and a layer's factor", name=clear_name(config, name))
            made += [said, gradient_formula(config.depth, first, last)]
    return made


def gradient_formula(depth: int, first: float, last: float) -> Formula:
    """That of one network."""
    share = first / last
    per = share ** (1 / (depth - 1))
    return Formula(
        rf"\frac{{\lVert \nabla_{{z_1}} L \rVert}}{{\lVert \nabla_{{z_{{{depth}}}}} L \rVert}} = "
        rf"\frac{{{written(first)}}}{{{written(last)}}} = {written(share)}, \quad "
        rf"\left({written(share)}\right)^{{1/{depth - 1}}} = {written(per)}"
    )


# ---------------------------------------------------------------- one matrix


def about_matrix(config: Config, moment: Snapshot) -> Say:
    """How far the product of all matrices is from the network without activations."""
    _, _, difference, size = linear_at(config, moment)
    return Say(ABOUT_MATRIX, name=clear_name(config, config.activation), difference=Number(difference, 2),
               size=Number(size))  # fmt: skip


def matrix_formulas(config: Config, moment: Snapshot) -> list[Formula]:
    """The product, and one answer of it for the first sample."""
    matrix, offset, _, _ = linear_at(config, moment)
    return [
        product_formula(config.depth),
        answer_formula(matrix[0].tolist(), batch_of(config)[0][0].tolist(), offset[0].item()),
    ]


def product_formula(depth: int) -> Formula:
    """All matrices as one."""
    return Formula(rf"M = W_{{\text{{out}}}} \prod_{{l={depth}}}^{{1}} W_l")


def answer_formula(row: list[float], x: list[float], offset: float) -> Formula:
    """The first logit of a sample: its largest products first, then what the others come to."""
    products = [a * b for a, b in zip(row, x, strict=True)]
    order = sorted(range(len(row)), key=lambda at: -abs(products[at]))[:MOST_TERMS]
    terms = " + ".join(rf"{bracketed(row[at], 4)} \cdot {bracketed(x[at], 4)}" for at in sorted(order))
    rest = rest_of([products[at] for at in range(len(row)) if at not in order])
    total = written(math.fsum(products) + offset)
    return aligned([rf"(M x + c)_1 &= {terms}{rest} {added(offset)}", f"&= {total}"])


# ---------------------------------------------------------------- status and files


def status(config: Config, moment: Snapshot) -> Say:
    """The live numbers of a run."""
    parts = [Words("step **{step}**", step=Number(moment.step))]
    for number, name in enumerate(functions_of(config)):
        values = moment.values
        parts.append(
            Words("{name}: right **{share}**, loss {loss}", name=clear_name(config, name),
                  share=Percent(float(values["accuracy"][number])), loss=Number(float(values["loss"][number])))
        )  # fmt: skip
    return Say(*parts, style="status")


def formulas(result: Result) -> list[Block]:
    """The functions at 1, what comes back through the layers, and one answer of the product of all matrices."""
    config = result.config
    made: list[Block] = [function_formula(config, name, 1.0) for name in result.functions]
    for norms in result.sum_gradient.tolist():
        if config.depth > 1 and norms[0] > 0 and norms[-1] > 0:
            made.append(gradient_formula(config.depth, norms[0], norms[-1]))
    return [*made, product_formula(config.depth)]


def layer_of(config: Config, asked: int) -> int:
    """The layer asked for, counted from 0; the last one where there are fewer."""
    return min(asked, config.depth - 1)


def plot_title(config: Config, layer: int) -> Words:
    """What stands above the functions."""
    return Words("f and f′ · at the foot: the sums of layer {layer}", layer=layer + 1)


def network_title(config: Config, number: int) -> Words:
    """What stands above the plane of one of the networks."""
    return Words("network with {name}", name=clear_name(config, functions_of(config)[number]))


def about(config: Config) -> list[Block]:
    """What was measured of each function."""
    return [Say(about_function(config, name)) for name in functions_of(config)]

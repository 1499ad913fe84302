"""Kernel SVM: f at one spot, as a sum over support vectors."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from engine.contracts.blocks import Amount, Say, Table
from engine.contracts.formula import TERM_DIGITS, Formula, added, aligned, bracketed, exact, rest_of, written
from engine.contracts.words import Number, Percent, Words

from .card import Config
from .kernel import Result, f_at, pairs
from .plane import class_names
from .samples import samples_of

MOST_TERMS, MOST_ROWS = 1, 6


@dataclass(frozen=True)
class KernelSum:
    """f of one pair of classes at one input: Σ α y K + b.

    order: places among the support vectors, the largest product first; alike: K to each, coefficients: α y, in that
    order; offset: b; f: the sum.
    """

    pair: tuple[int, int]
    x: Tensor
    order: list[int]
    alike: list[float]
    coefficients: list[float]
    offset: float
    f: float

    @property
    def products(self) -> list[float]:
        """α y K of each."""
        return [one * other for one, other in zip(self.alike, self.coefficients, strict=True)]


def explain_sum(config: Config, result: Result, x: Tensor, pair: int) -> KernelSum:
    """f of a pair of classes, counted as `pairs` does, at an input (D,)."""
    samples = samples_of(config)
    alike, f = f_at(result, samples, x)
    coefficients = result.coefficients[pair]
    used = coefficients.nonzero().flatten().tolist()
    used.sort(key=lambda at: -abs(float(alike[at] * coefficients[at])))
    return KernelSum(
        pairs(len(samples.classes))[pair], x, used, [float(alike[at]) for at in used],
        [float(coefficients[at]) for at in used], float(result.offset[pair]), float(f[pair]),
    )  # fmt: skip


def at_spot(config: Config, result: Result, spot: tuple[float, float], pair: int) -> KernelSum:
    """The same at a spot of the plane."""
    return explain_sum(config, result, samples_of(config).lifted(torch.tensor([spot]))[0], pair)


def sum_formulas(config: Config, result: Result, made: KernelSum) -> list[Formula]:
    """The likeness of the strongest support vector, and the sum."""
    if not made.order:
        return [Formula(rf"f(x) = b = {written(made.offset)}")]
    products = made.products
    shown = " + ".join(
        rf"{bracketed(c)} \cdot {bracketed(a)}"
        for c, a in zip(made.coefficients[:MOST_TERMS], made.alike[:MOST_TERMS], strict=True)
    )
    rest = rest_of(products[MOST_TERMS:], TERM_DIGITS + 1)
    return [
        aligned([
            _likeness(config, result, made),
            rf"f(x) &= \sum_i \alpha_i y_i K(x_i, x) + b = {written(made.f)}",
            rf"&= {shown}{rest} {added(made.offset)}",
        ])
    ]  # fmt: skip


def _likeness(config: Config, result: Result, made: KernelSum) -> str:
    """K of the strongest support vector, as a row."""
    vector = samples_of(config).inputs[int(result.support[made.order[0]])].double()
    x, value = made.x.double(), made.alike[0]
    if config.kernel == "rbf":
        square = float((vector - x).square().sum())
        return (
            r"K(x_1, x) &= e^{-\gamma \lVert x_1 - x \rVert^2} = "
            rf"e^{{-{exact(config.gamma)} \cdot {written(square, 6)}}} = {written(value)}"
        )
    product = float(vector @ x)
    if config.kernel == "linear":
        return rf"K(x_1, x) &= x_1 \cdot x = {written(value)}"
    return (
        rf"K(x_1, x) &= (\gamma\, x_1 \cdot x + 1)^{{{config.degree}}} = {written(value)}\\[4pt]"
        rf"&= ({exact(config.gamma)} \cdot {bracketed(product, 6)} + 1)^{{{config.degree}}}"
    )


def sum_table(config: Config, result: Result, made: KernelSum) -> Table:
    """The support vectors that say most at the spot: class, α y, K and their product; then the rest, b and f."""
    samples = samples_of(config)
    names, products = class_names(config, samples), made.products
    most = max(map(abs, products), default=0.0) or 1.0
    rows = [
        (names[int(samples.targets[int(result.support[place])])], Number(made.coefficients[at]), Number(made.alike[at]),
         Amount(products[at], products[at] / most))
        for at, place in enumerate(made.order[:MOST_ROWS])
    ]  # fmt: skip
    if left := products[MOST_ROWS:]:
        rows.append((Words("and {count} more", count=len(left)), "", "", Number(sum(left))))
    rows.append(("b", "", "", Number(made.offset)))
    return Table((Words("support vector of"), "α y", Words("K, likeness"), Words("product")), rows,
                 ("f", "", "", Number(made.f, 4)))  # fmt: skip


def about(config: Config, result: Result, made: KernelSum) -> Say:
    """How many support vectors there are, and what f says at the spot."""
    samples = samples_of(config)
    names, count = class_names(config, samples), len(samples.train_rows)
    first, second = made.pair
    winner = names[first if made.f > 0 else second]
    return Say(
        "**{support}** of {count} training points are support vectors; held-out points right: **{share}**. Here f = "
        "**{f}**: **{winner}** rather than {loser}.",
        support=Number(len(result.support)), count=Number(count), share=Percent(float(result.accuracy)),
        f=Number(made.f), winner=winner, loser=names[second if made.f > 0 else first],
    )  # fmt: skip


def whole(result: Result) -> list[tuple[str, Formula]]:
    """(what it is, Σ α y of the first pair, which the solver brings to 0)."""
    if not len(result.support):
        return []
    values = [float(one) for one in result.coefficients[0] if float(one)]
    values.sort(key=lambda value: -abs(value))
    if not values:
        return []
    positive, negative = sum(v for v in values if v > 0), -sum(v for v in values if v < 0)
    formula = Formula(
        rf"\sum_{{y_i = 1}} \alpha_i = {written(positive)},\qquad \sum_{{y_i = -1}} \alpha_i = {written(negative)}"
    )
    return [("First pair of classes: the α of both sides are as large together", formula)]

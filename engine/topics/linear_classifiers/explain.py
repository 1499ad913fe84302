"""SVM and softmax: the losses of one point term by term, with the numbers in the formulas, and of the whole set."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from engine.contracts.blocks import Amount, Block, Row, Say, Table
from engine.contracts.film import Film
from engine.contracts.formula import TERM_DIGITS, Formula, added, aligned, bracketed, exact, rest_of, written
from engine.contracts.words import Number, Percent, Words
from engine.models.linear.linear import hinge_gradient, hinge_loss, hinge_terms, softmax_gradient
from engine.pictures.number.values import NumberField
from engine.training.fit import Snapshot

from . import explain_kernel, explain_neighbours, kernel, neighbours
from .card import LARGEST_EDIT, MODELS, Config, parse_carried
from .plane import class_names
from .run import Result
from .samples import Samples, samples_of

MOST_TERMS, MOST_POWERS = 3, 2  # of a long sum that are written out
SUMS = (
    "The training of the SVM lowers the hinge loss plus λ/2 Σw²: **{svm}** for its own W, **{softmax}** for that of "
    "softmax."
)
NOT_ARRIVED = "So the SVM has not arrived yet: at its lowest place no other W has a lower sum. Let it train on."
STOPPED_EARLY = (
    "So the SVM has not arrived yet: at its lowest place no other W has a lower sum. Raise **Stop at step** and let it "
    "train on."
)
COMMA = r",\ "
FULL_DIGITS = 5  # of the numbers of a sum that is written out in full
LARGEST_POWER, SMALLEST_SUM = 500.0, 1e-7  # of e in a formula; below it ln(1 + s) is s
_IN_TEXT = {letter: rf"\{letter}" for letter in "{}$%#&_"} | {
    ":": ":{}", "\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
}  # fmt: skip


@dataclass(frozen=True)
class PointTerms:
    """What both classifiers say of one point, and what each loss makes of it.

    number: of the point; target: its class. scores: name of the classifier -> (K,) float64. terms: (K,) of the hinge
    loss. probabilities: (K,). hinge, cross_entropy: the losses. by_scores: name -> (K,) the loss's derivative by the
    scores.
    """

    number: int
    target: int
    x: Tensor
    scores: dict[str, Tensor]
    terms: Tensor
    hinge: float
    probabilities: Tensor
    cross_entropy: float
    by_scores: dict[str, Tensor]


def rows_at(moment: Snapshot, model: str) -> tuple[Tensor, Tensor]:
    """(weight rows (K, D), biases (K,)) of one classifier at a moment, float64."""
    at = 2 * MODELS.index(model)
    parts = (np.nan_to_num(moment.values["weights"][at + part], posinf=0.0, neginf=0.0) for part in (0, 1))
    return tuple(torch.from_numpy(part).double() for part in parts)


def explain_point(config: Config, moment: Snapshot, number: int) -> PointTerms:
    """Both losses of one point at a moment. IndexError for a point that is not there."""
    samples = samples_of(config)
    x, y = samples.inputs[number].double(), samples.targets[number : number + 1]
    scores = {}
    for model in MODELS:
        rows, biases = rows_at(moment, model)
        scores[model] = rows @ x + biases
    svm, softmax = scores["svm"][None], scores["softmax"][None]
    terms = hinge_terms(svm, y, config.margin)[0]
    return PointTerms(
        number, int(y), x, scores, terms, float(terms.sum()), softmax.softmax(1)[0],
        cross_entropy_of(softmax[0], int(y)),
        {"svm": hinge_gradient(svm, y, config.margin)[0], "softmax": softmax_gradient(softmax, y)[0]},
    )  # fmt: skip


def cross_entropy_of(scores: Tensor, target: int) -> float:
    """ln(1 + Σ e^(s_j − s_y)), which keeps its digits where it is nearly 0. scores (K,) float64."""
    others = torch.cat([scores[:target], scores[target + 1 :]]).detach() - scores[target].detach()
    return float(F.softplus(others.logsumexp(0), threshold=1e9)) if float(others.max()) < 700 else float(others.max())


def nearest_point(config: Config, spot: tuple[float, float]) -> int | None:
    """Number of the point nearest to a spot of the plane; None where there is none."""
    places = samples_of(config).places
    if not len(places):
        return None
    return int((places - torch.tensor(spot)).square().sum(1).argmin())


def held_out_digit(samples: Samples, number: int) -> int:
    """Number, among all, of a held-out digit; beyond the last the last."""
    rows = samples.held_out_rows
    return int(rows[min(number, len(rows) - 1)])


# ---------------------------------------------------------------- formulas


def text(name: str) -> str:
    """A class's name inside \\text{}: letters that mean something to LaTeX stand for themselves."""
    return rf"\text{{{''.join(_IN_TEXT.get(letter, letter) for letter in str(name))}}}"


def score_formulas(config: Config, made: PointTerms, moment: Snapshot, model: str, names: Sequence[str]) -> Formula:
    """The score of the point's own class, with b apart and as the weight of an extra input that is always 1."""
    rows, biases = rows_at(moment, model)
    row, bias, score = rows[made.target], float(biases[made.target]), float(made.scores[model][made.target])
    products = (row * made.x).tolist()
    strongest = sorted(sorted(range(len(products)), key=lambda at: -abs(products[at]))[:MOST_TERMS])
    digits = TERM_DIGITS if len(products) > len(strongest) else FULL_DIGITS  # a sum in full can be done again
    first = " + ".join(
        rf"{bracketed(float(row[at]), digits)} \cdot {bracketed(float(made.x[at]), digits)}" for at in strongest
    )
    first += rest_of([product for at, product in enumerate(products) if at not in strongest], TERM_DIGITS)
    name = f"s_{{{text(names[made.target])}}}"
    return aligned([
        rf"{name} &= w \cdot x + b = {first} {added(bias, digits)} = {written(score)}",
        rf"(w, b) \cdot (x, 1) &= {first} + {bracketed(bias, digits)} \cdot 1 = {written(score)}",
    ])  # fmt: skip


def hinge_formulas(config: Config, made: PointTerms, names: Sequence[str]) -> Formula:
    """Every term of the hinge loss of a point, the dearest first, and their sum."""
    own, terms, others = float(made.scores["svm"][made.target]), made.terms.tolist(), _others(made, "svm")
    shown = others[:MOST_TERMS]
    rows = [r"& L = \sum_{j \ne y} \max(0,\ s_j - s_y + \Delta)"]
    for at in shown:
        lead = rf"\max(0,\ {written(float(made.scores['svm'][at]))} - {bracketed(own, 4)} + {exact(config.margin)})"
        rows.append(rf"& {text(names[at])}:\ {lead} = {written(terms[at])}")
    total = " + ".join(written(terms[at]) for at in shown)
    rows.append(rf"& L = {total}{rest_of([terms[at] for at in others[len(shown) :]])} = {written(made.hinge)}")
    return aligned(rows)


def softmax_formulas(made: PointTerms, names: Sequence[str]) -> Formula:
    """The cross-entropy of a point, by the same differences of scores that the hinge loss has."""
    own, others = made.scores["softmax"][made.target], _others(made, "softmax")
    leads = [float(made.scores["softmax"][at] - own) for at in others]
    probability = rf"p_{{{text(names[made.target])}}}"
    share = rf"{probability} &= \frac{{e^{{s_y}}}}{{\sum_j e^{{s_j}}}}"
    loss = rf"L &= -\ln {probability} = \ln\left(1 + \sum_{{j \ne y}} e^{{s_j - s_y}}\right)"
    if max(leads) > LARGEST_POWER:
        return aligned([share, loss])
    shown = leads[:MOST_POWERS]
    powers = [math.exp(lead) for lead in leads]
    total = " + ".join(rf"e^{{{_power(lead)}}}" for lead in shown) + rest_of(powers[len(shown) :])
    if sum(powers) < SMALLEST_SUM:
        return aligned([share, loss, rf"&\approx {total} = {written(made.cross_entropy)}"])
    return aligned([
        share, rf"&= \frac{{1}}{{1 + {total}}} = {written(float(made.probabilities[made.target]))}",
        loss, rf"&= \ln\left(1 + {total}\right) = {written(made.cross_entropy)}",
    ])  # fmt: skip


def _power(lead: float) -> str:
    """A difference of scores as a power of e: so many decimals that the power keeps its digits."""
    return f"{lead:.4f}" if abs(lead) > 0.1 else written(lead)


def _others(made: PointTerms, model: str) -> list[int]:
    """The classes but the point's own, those that cost most first."""
    return sorted(
        (at for at in range(len(made.terms)) if at != made.target), key=lambda at: -float(made.scores[model][at])
    )


def gradient_formula(made: PointTerms, model: str, row: int, names: Sequence[str], shown: Sequence[int]) -> Formula:
    """The gradient of a point's loss by one weight row: a factor times the point itself."""
    factor, x = float(made.by_scores[model][row]), [float(made.x[at]) for at in shown]
    count = str(round(factor)) if model == "svm" else written(factor)
    number = f"({count})" if count.startswith("-") else count
    return aligned([
        rf"\nabla_{{w}} L &= \frac{{\partial L}}{{\partial s_{{{text(names[row])}}}}}\, x",
        rf"&= {number} \cdot {_vector(x)}",
        rf"&= {_vector([factor * one for one in x])}",
    ])  # fmt: skip


def _vector(values: Sequence[float]) -> str:
    return f"({COMMA.join(written(value) for value in values)})"


# ---------------------------------------------------------------- tables and numbers


def terms_table(config: Config, made: PointTerms, model: str, names: Sequence[str]) -> Table:
    """Every class: its score, and its term of the hinge loss or its probability."""
    scores = made.scores[model]
    if model == "svm":
        head, values, most = Words("hinge term"), made.terms.tolist(), max(made.hinge, 1e-9)
    else:
        head, values, most = Words("probability"), made.probabilities.tolist(), 1.0
    order = range(len(names)) if len(names) <= 4 else [made.target, *_others(made, model)[:4]]
    rows = [
        (names[at] if at != made.target else Words("{name} (its own)", name=names[at]), Number(float(scores[at])),
         Amount(values[at], values[at] / most) if at != made.target or model == "softmax" else "–")
        for at in order
    ]  # fmt: skip
    if len(order) < len(names):
        left = [at for at in range(len(names)) if at not in order]
        rows.append((Words("and {count} more", count=len(left)), "", Number(sum(values[at] for at in left))))
    loss = made.hinge if model == "svm" else made.cross_entropy
    last = Words("sum") if model == "svm" else Words("−ln p")
    return Table((Words("class"), Words("score s"), head), rows, (last, "", Number(loss, 4)))


def both_losses(config: Config, film: Film, carried: str = "") -> list[Block]:
    """The weights of both classifiers, each measured by both losses over the points that are learned from, and by the
    hinge loss with the penalty, which the training of the SVM lowers. carried: a row in the reader's hand, which counts
    where it is held."""
    held = parse_carried(carried)
    samples, rows, sums = samples_of(config), [], []
    train = samples.train_rows
    for model, name in zip(MODELS, (Words("W of the SVM"), Words("W of softmax")), strict=True):
        weights, biases = rows_at(film.now, model)
        if held and held[0] == model and held[1] < len(weights):
            weights[held[1], list(samples.shown)] = torch.tensor(held[2:], dtype=torch.float64)
        scores, targets = samples.inputs[train].double() @ weights.T + biases, samples.targets[train]
        right = (scores.argmax(1) == targets).double().mean()
        hinge = float(hinge_loss(scores, targets, config.margin))
        sums.append(hinge + 0.5 * config.strength * float(weights.square().sum()))
        rows.append((name, Number(float(weights.norm())), Number(hinge),
                     Number(float(F.cross_entropy(scores, targets))), Percent(float(right))))  # fmt: skip
    head = Words("train set"), Words("length ‖W‖"), Words("hinge loss"), Words("cross-entropy"), Words("right")
    svm, softmax = sums
    told = [Say(SUMS, svm=Number(svm, 3), softmax=Number(softmax, 3), style="small")]
    early = STOPPED_EARLY if film.newest.step >= config.until else NOT_ARRIVED
    return [Table(head, rows), *told, *([Say(early, style="small")] if svm > softmax else [])]


def zero_terms(config: Config, moment: Snapshot) -> tuple[int, int, int]:
    """(training points whose hinge loss is exactly 0, whose cross-entropy is, all training points)."""
    samples = samples_of(config)
    train = samples.train_rows
    losses = []
    for model in MODELS:
        weights, biases = rows_at(moment, model)
        scores, targets = samples.inputs[train].double() @ weights.T + biases, samples.targets[train]
        losses.append(hinge_terms(scores, targets, config.margin).sum(1) if model == "svm"
                      else F.cross_entropy(scores, targets, reduction="none"))  # fmt: skip
    return int((losses[0] == 0).sum()), int((losses[1] == 0).sum()), len(train)


def arrows(made: PointTerms, model: str, samples: Samples) -> np.ndarray:
    """(K, 2) against the gradient of a point's loss on every weight row, in the two features that are shown."""
    return -np.outer(made.by_scores[model].numpy(), made.x[list(samples.shown)].numpy())


def gradient_table(config: Config, made: PointTerms, model: str, names: Sequence[str]) -> Table:
    """By how much of the point each weight row is changed."""
    factors = made.by_scores[model].tolist()
    most = max(map(abs, factors)) or 1.0
    rows = [(name, Amount(-factor, -factor / most)) for name, factor in zip(names, factors, strict=True)]
    return Table((Words("weight row"), Words("a step adds η x times")), rows)


def bias_field(config: Config, film: Film, model: str, row: int) -> NumberField | None:
    """The bias of one class, to set by hand; None while the run goes on and for a moment that is past."""
    if film.live or film.now is not film.newest:
        return None
    _, biases = rows_at(film.now, model)
    name, most = class_names(config, samples_of(config))[row], float(LARGEST_EDIT)
    return NumberField(float(biases[row]), Words("Bias of {name}, set by hand", name=name), -most, most,
                       (f"{model}.{row}.b",))  # fmt: skip


# ---------------------------------------------------------------- the Numbers tab


def whole_loss(config: Config, result: Result) -> list[tuple[str, Formula]]:
    """(what it is, both losses over all training points with their penalties)."""
    found, count = [], int(result.is_train.sum())
    for model, mean, weights in (
        ("svm", r"\sum_{j \ne y_n} \max(0,\ s_{nj} - s_{n y_n} + \Delta)", result.svm_weights),
        ("softmax", r"\left(-\ln p_{n y_n}\right)", result.softmax_weights),
    ):
        loss = float((result.svm_loss if model == "svm" else result.softmax_loss)[-1])
        squares = float(weights.double().square().sum())
        if not math.isfinite(loss) or not count:
            continue
        total = loss + 0.5 * config.strength * squares
        found.append((
            "SVM: mean hinge loss and penalty" if model == "svm" else "Softmax: mean cross-entropy and penalty",
            aligned([
                rf"L &= \frac{{1}}{{{count}}} \sum_n {mean} + \frac{{\lambda}}{{2}} \sum w^2",
                rf"&= {written(loss)} + \frac{{{exact(config.strength)}}}{{2}} \cdot {written(squares)} = "
                rf"{written(total)}",
            ]),
        ))  # fmt: skip
    return found


def formulas(result: Result | neighbours.Result | kernel.Result) -> list[Row]:
    """The losses, the vote or the support vectors with the numbers of a Result."""
    if isinstance(result, neighbours.Result):
        pairs = explain_neighbours.whole(result)
    elif isinstance(result, kernel.Result):
        pairs = explain_kernel.whole(result)
    else:
        pairs = whole_loss(result.config, result)
    return [Row([[Say(what)], [formula]], (1, 2.6), "center") for what, formula in pairs]

"""Regularisation: the arithmetic of every view with its live numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from engine.contracts.blocks import Row, Say
from engine.contracts.formula import Formula, aligned, bracketed, exact, written
from engine.contracts.words import Words
from engine.training.fit import Snapshot
from engine.training.moments import restore

from . import folds, geometry, masks, pixel, task
from .card import Config
from .run import AnyResult
from .task import Experiment

VECTOR = ((1.0, 0.0, 0.0, 0.0), (0.25, 0.25, 0.25, 0.25))  # weights of the small example


@dataclass(frozen=True)
class OneWeight:
    """A weight of the network, the slope of the loss along it without any penalty, and where they stand."""

    layer: int
    place: tuple[int, int]
    value: float
    slope: float


def one_weight(config: Config, moment: Snapshot) -> OneWeight | None:
    """With L1 the smallest weight that is not yet 0, else the largest; None where there is no number to speak of."""
    experiment = Experiment(replace(config, method="none", weights=""))
    restore(experiment.model, moment.values["weights"])
    experiment.model.eval()
    inputs, labels = experiment.train_points
    with torch.enable_grad():
        loss = task.loss_of(experiment.model(inputs), labels)
        slopes = torch.autograd.grad(loss, experiment.priced)
    sizes = [weight.detach().abs() for weight in experiment.priced]
    if config.method in ("l1", "elastic"):
        sizes = [torch.where(size > 0, -size, -torch.inf) for size in sizes]
    layer = max(range(len(sizes)), key=lambda number: float(sizes[number].max()))
    if not torch.isfinite(sizes[layer].max()) or not torch.isfinite(loss):
        return None
    place = divmod(int(sizes[layer].argmax()), sizes[layer].shape[1])
    value = float(experiment.priced[layer].detach()[place])
    return OneWeight(layer, place, value, float(slopes[layer][place]))


def step_formula(config: Config, one: OneWeight) -> Formula:
    """What the next step makes of that weight, by the rule of `Experiment.train`."""
    rate, value, slope = exact(config.learning_rate), one.value, one.slope
    penalties = []
    if config.method in ("l2", "elastic"):
        penalties.append((r"\alpha_2 w", rf"{exact(config.l2)} \cdot {bracketed(value)}", config.l2 * value))
    by_slope = config.method in ("l1", "elastic") and config.threshold == "subgradient"
    if by_slope:
        sign = (value > 0) - (value < 0)
        words = rf"{exact(config.l1)} \cdot {sign if sign >= 0 else f'({sign})'}"
        penalties.append((r"\alpha_1 \operatorname{sign}(w)", words, config.l1 * sign))
    symbols = "g" + "".join(f" + {one_name}" for one_name, _, _ in penalties)
    numbers = bracketed(slope) + "".join(f" + {number}" for _, number, _ in penalties)
    if penalties:
        symbols, numbers = rf"\left({symbols}\right)", rf"\left({numbers}\right)"
    moved = value - config.learning_rate * (slope + sum(part for _, _, part in penalties))
    thresholded = config.method in ("l1", "elastic") and not by_slope
    name = "v" if thresholded else r"\hat w"
    rows = [
        rf"{name} &= w - \eta\,{symbols}",
        rf"&= {written(value, 3)} - {rate} \cdot {numbers} = {written(moved)}",
    ]
    if thresholded:
        after = (1 if moved > 0 else -1) * max(abs(moved) - config.learning_rate * config.l1, 0.0)
        rows += [
            r"\hat w &= \operatorname{sign}(v)\,\max(|v| - \eta\alpha_1,\ 0)",
            rf"&= \operatorname{{sign}}({written(moved, 3)})\,\max({written(abs(moved), 4)} - {rate} \cdot "
            rf"{exact(config.l1)},\ 0) = {written(after)}",
        ]
    return aligned(rows)


def slopes_formula(result: geometry.Result) -> Formula:
    """The slopes of the loss at the solution of L1: a weight stays 0 while its slope is no steeper than α."""
    (x, y), (a, b), r = result.solution[0].tolist(), result.optimum.tolist(), result.config.tilt
    rows = []
    for name, own, best, other, other_best in (("1", x, a, y, b), ("2", y, b, x, a)):
        slope = own - best + r * (other - other_best)
        rows.append(
            rf"g_{name} &= (w_{name} - m_{name}) + r\,(w_{3 - int(name)} - m_{3 - int(name)}) = "
            rf"({written(own, 3)} - {bracketed_exact(best)}) + {bracketed_exact(r)} \cdot ({written(other, 3)} - "
            rf"{bracketed_exact(other_best)}) = {written(slope)}"
        )
    return aligned(rows)


def threshold_formula(result: geometry.Result) -> Formula:
    """The first step of the walk by the soft threshold, for w₂."""
    start, after = result.thresholded[0].tolist(), result.thresholded[1, 1].item()
    a, b = result.optimum.tolist()
    rate, alpha, r = result.rate.item(), result.config.alpha, result.config.tilt
    moved = start[1] - rate * (start[1] - b + r * (start[0] - a))
    return aligned([
        rf"v_2 &= w_2 - \eta\,g_2 = {exact(start[1])} - {written(rate)} \cdot \left(({exact(start[1])} - "
        rf"{bracketed_exact(b)}) + {bracketed_exact(r)} \cdot ({exact(start[0])} - {bracketed_exact(a)})\right) = "
        rf"{written(moved)}",
        rf"\hat w_2 &= \operatorname{{sign}}({written(moved, 3)})\,\max({written(abs(moved))} - {written(rate)} \cdot "
        rf"{exact(alpha)},\ 0) = {written(after)}",
    ])  # fmt: skip


def bracketed_exact(value: float) -> str:
    """A number that was set, in brackets where it is negative."""
    return f"({exact(value)})" if value < 0 else exact(value)


def small_formula(which: int, bad: int) -> Formula:
    """Four inputs of 1 with one of them turned to 0: the score by weights in one place, or spread out."""
    weights = VECTOR[which]
    inputs = [0 if at == bad else 1 for at in range(4)]
    terms = " + ".join(rf"{exact(weight)} \cdot {one}" for weight, one in zip(weights, inputs, strict=True))
    score = sum(weight * one for weight, one in zip(weights, inputs, strict=True))
    squares = " + ".join(rf"{exact(weight)}^2" for weight in weights)
    length = sum(weight**2 for weight in weights) ** 0.5
    return aligned([rf"w \cdot x &= {terms} = {exact(score)}",
                    rf"\lVert w\rVert_2 &= \sqrt{{{squares}}} = {exact(length)}"])  # fmt: skip


def pixel_formula(result: pixel.Result, digit: int, bad: int, classifier: int) -> Formula:
    """What one bad pixel does to the score of a classifier."""
    before = result.images[digit].flatten()[bad].item()
    after = pixel.spoiled(result, digit, (bad,))[bad].item()
    weight = result.weights[classifier].flatten()[bad].item()
    change = weight * (after - before)
    return Formula(
        rf"\Delta s = w_i\,(\hat x_i - x_i) = {bracketed(weight)} \cdot ({exact(after)} - {written(before, 3)}) = "
        rf"{written(change)}"
    )


def mask_formula(result: masks.Result, point: int, neuron: int) -> Formula:
    """One neuron of the first hidden layer at a test point: kept under a mask, on average, and in use."""
    value, kept = neuron_value(result, point, neuron), int((result.masks[:, 0, neuron] > 0).sum())
    rate, count = exact(result.config.dropout), len(result.masks)
    scaled = value / (1 - result.config.dropout)
    return aligned([
        rf"\tilde h &= \frac{{h}}{{1 - p}} = \frac{{{written(value)}}}{{1 - {rate}}} = "
        rf"{written(scaled)}",
        rf"\bar h &= \frac{{{kept}}}{{{count}}} \cdot {written(scaled)} = "
        rf"{written(kept / count * scaled)}",
        rf"h &= {written(value)}",
    ])  # fmt: skip


def neuron_value(result: masks.Result, point: int, neuron: int) -> float:
    """The value of a neuron of the first hidden layer at a test point, before any mask."""
    layers = masks.layers_of(result.parameters)
    return float(torch.relu(layers.weights[0][neuron] @ result.inputs[point] + layers.biases[0][neuron]))


def liveliest(result: masks.Result, point: int) -> int:
    """The neuron of the first hidden layer with the largest value there."""
    return max(range(masks.UNITS), key=lambda neuron: neuron_value(result, point, neuron))


def fold_formula(result: folds.Result, alpha: int) -> Formula:
    """The mean over the folds for one strength."""
    losses = result.loss[:, alpha].tolist()
    terms = " + ".join(written(one, 3) for one in losses)
    return Formula(rf"\frac{{1}}{{{len(losses)}}}\left({terms}\right) = {written(float(result.mean[alpha]))}")


NEXT_STEP = Words("The next step of one weight: the smallest that is not yet 0 (L1), else the largest")
SLOPES = Words(
    "Slopes g of the loss at the solution of L1 (m: its lowest place, r: correlation): where a weight is 0, at most α"
)
FIRST = Words("The first step by the soft threshold, for w₂")
WORST = Words("What the worst pixel of the first digit does to its score with L1, and the same pixel with L2")
NEURON = Words("A neuron of the first hidden layer at a test point: h̃ kept by a mask, h̄ the mean over 1,000, h in use")
FOLDS = Words("Mean over the folds for the chosen strength")


def formulas(result: AnyResult) -> list[Row]:
    """The formulas of the view that was computed."""
    pairs: list[tuple[Words, list[Formula]]] = []
    if isinstance(result, task.Result) and result.config.method != "dropout":
        values = [one.detach().cpu().numpy() for one in task.network(result.config, result).parameters()]
        one = one_weight(result.config, Snapshot(int(result.step[-1]), 0.0, 0.0, {"weights": values}))
        pairs = [(NEXT_STEP, [step_formula(result.config, one)])] if one else []
    elif isinstance(result, geometry.Result):
        pairs = [(SLOPES, [slopes_formula(result)]), (FIRST, [threshold_formula(result)])]
    elif isinstance(result, pixel.Result):
        worst = pixel.worst_pixels(result, 0, 0, 1)[0]
        pairs = [(WORST, [pixel_formula(result, 0, worst, which) for which in (0, 1)])]
    elif isinstance(result, masks.Result):
        pairs = [(NEURON, [mask_formula(result, 0, liveliest(result, 0))])]
    elif isinstance(result, folds.Result):
        pairs = [(FOLDS, [fold_formula(result, int(result.chosen))])]
    return [Row([[Say(what)], made], (1, 2.6), "center") for what, made in pairs]

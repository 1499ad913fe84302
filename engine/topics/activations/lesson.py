"""What the steps of the lesson on activations set up, and how the answer is read off the run."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.contracts.lesson import Step, Verdict, closest
from engine.contracts.words import Number, Percent
from engine.pictures.sketch.sketches import CurveSketch

from .explain import steepest, zones_of
from .run import Result

UNTIL = 300


def where_flat(result: Result) -> Verdict:
    """From which x on the slope stays below the threshold, and how large it is at most."""
    zones, _ = zones_of(result.config, result.functions[0])
    begin, (most, _) = zones[-1][0], steepest(result.config, result.functions[0])
    return Verdict(closest(begin, one=1, three=3, ten=10), {"begin": Number(begin), "most": Number(most)})


def through_ten(result: Result) -> Verdict:
    """How much smaller the gradient is at the first layer than at the last, for both functions."""
    shares = result.sum_gradient[:, 0] / result.sum_gradient[:, -1]
    choice = closest(math.log10(shares[0]), tenth=-1, thousandth=-2.5, less=-4.6)
    values = {
        "share": Number(shares[0].item(), 2), "other": Number(shares[1].item(), 2),
        "first": Number(result.sum_gradient[0, 0].item(), 2), "last": Number(result.sum_gradient[0, -1].item(), 2),
    }  # fmt: skip
    return Verdict(choice, values)


def learns(result: Result) -> Verdict:
    """What the loss of the first network comes to, and what both name rightly."""
    losses = result.loss[:, -1].tolist()
    values = {
        "loss": Number(losses[0]), "other": Number(losses[1], 1), "right": Percent(result.accuracy[1, -1].item(), 0)
    }  # fmt: skip
    return Verdict(where_it_ends(result.loss[0].tolist()), values)


def where_it_ends(losses: Sequence[float]) -> str:
    """A curve of losses as a choice, by its end."""
    return closest(losses[-1], gone=0.0, half=0.35, stays=0.69)


def loss_of_first(result: Result) -> tuple[list[float], list[float]]:
    """The loss of the first network over the steps."""
    return result.step.tolist(), result.loss[0].tolist()


def spread_kept(result: Result) -> Verdict:
    """What is left at the last layer of the spread that the first one puts out."""
    relu, tanh = result.deviation[:, -1] / result.deviation[:, 0]
    values = {"share": Number(relu.item(), 2), "other": Number(tanh.item(), 2)}
    return Verdict(closest(math.log10(relu), same=0, tenth=-1, nothing=-4.5), values)


def come_back(result: Result) -> Verdict:
    """Whether training brings the dead units back, and what it does where the slope is never 0."""
    begin, end = result.loss[0, 0].item(), result.loss[0, -1].item()
    choice = closest(end / begin, all=0.0, some=0.6, none=1.0)
    values = {
        "first": Percent(result.dead[0, 0].item(), 0), "last": Percent(result.dead[0, -1].item(), 0),
        "loss": Number(end), "other": Percent(result.accuracy[1, -1].item(), 0),
    }  # fmt: skip
    return Verdict(choice, values)


def what_learns(result: Result) -> Verdict:
    """Which layers have learned: the gradients of the hidden ones, and whether the loss has fallen all the same."""
    hidden, begin, end = result.weight_gradient[0].max().item(), result.loss[0, 0].item(), result.loss[0, -1].item()
    choice = "all" if hidden > 0 else "output" if end < 0.95 * begin else "none"
    return Verdict(choice, {"right": Percent(result.accuracy[0, -1].item(), 0)})


def bends(result: Result) -> Verdict:
    """What share of the spiral is named rightly, and how far the product of all matrices is from the network."""
    right = result.accuracy[0, -1].item()
    return Verdict(closest(right, line=0.66, most=0.85, all=1.0), {"right": Percent(right, 0)})


LESSON = (
    Step("flat", "Sigmoid alone", where_flat, ask={"look": "training", "x": 0.0}, show={"x": 3.0, "look": "function"},
         veil=("function",), focus="function"),
    Step("ten", "Sigmoid and ReLU", through_ten, ask={"look": "function"}, show={"look": "layers"},
         focus="chart", knobs=("depth", "activation")),
    Step(
        "stays", "Sigmoid and ReLU", learns, until=UNTIL, ask={"look": "training"}, pace="fast", focus="curves",
        knobs=("depth",),
        sketch=CurveSketch("curves", UNTIL, (0.0, 1.4), loss_of_first, where_it_ends),
    ),
    Step("thirty", "Thirty layers, Xavier", spread_kept, ask={"look": "function"},
         veil=("histograms", "other-histograms"),
         show={"look": "layers", "measure": "deviation", "layer": 29}, focus="histograms", knobs=("initialisation",)),
    Step("dead", "Born dead", come_back, until=100, ask={"look": "training"}, pace="fast", focus="curves",
         veil=("warnings",),
         knobs=("bias", "slope")),
    Step("stairs", "Steps in place of slopes", what_learns, until=200, ask={"look": "training"}, pace="fast",
         focus="curves", veil=("warnings",)),
    Step("line", "Twenty layers, no activation", bends, until=100, ask={"look": "training"}, pace="fast",
         show={"look": "matrix"}, focus="one-matrix", knobs=("activation", "depth")),
    Step("own", "A sine", bends, until=100, ask={"look": "training"}, pace="fast", focus="plane0",
         knobs=("formula", "depth")),
)  # fmt: skip

"""What the steps of the lesson on regularisation set up, and how the answer is read off the run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.contracts.lesson import Step, Verdict, closest
from engine.contracts.words import Number, Percent
from engine.pictures.sketch.sketches import CurveSketch

from . import descent, folds, geometry, masks, pixel, task


def loss_of_others(result: task.Result) -> Verdict:
    """What the test loss does of a network that nothing holds back."""
    begin, least, end = result.test_loss[0].item(), result.test_loss.min().item(), result.test_loss[-1].item()
    values = {"begin": Number(begin, 2), "least": Number(least, 2), "end": Number(end, 2),
              "right": Percent(result.test_accuracy[-1].item(), 0)}  # fmt: skip
    return Verdict(where_it_ends(result.test_loss.tolist()), values)


def where_it_ends(losses: Sequence[float]) -> str:
    """A curve of losses as a choice: by where it ends, and by whether it came back up from a deep valley."""
    begin, least, end = losses[0], min(losses), losses[-1]
    if end > 1.25 * begin or (end > 0.5 * begin and least < 0.6 * end):
        return "rises"
    return "falls" if end < 0.75 * begin else "stays"


def test_losses(result: task.Result) -> tuple[list[float], list[float]]:
    """(steps, loss on the test points)."""
    return result.step.tolist(), result.test_loss.tolist()


def how_many_zeros(result: task.Result) -> Verdict:
    """The share of the weights that are exactly 0."""
    zeros, total = int(result.zeros[-1]), len(result.weights)
    choice = closest(zeros / total, none=0.0, half=0.5, nearly_all=0.95)
    small = int((result.weights.abs() < 0.001).sum())
    values = {"zeros": Number(zeros), "total": Number(total), "small": Number(small),
              "loss": Number(result.test_loss[-1].item(), 2)}  # fmt: skip
    return Verdict(choice, values)


def where_on_the_diamond(result: geometry.Result) -> Verdict:
    """Whether the solution of L1 lies on a corner of the diamond, on an edge, or in the middle."""
    zeros = int((result.solution[0] == 0).sum())
    values = {"first": Number(float(result.solution[0, 0]), 2), "circle": Number(float(result.solution[1, 1]), 2)}
    return Verdict({0: "edge", 1: "corner", 2: "middle"}[zeros], values)


def which_breaks(result: pixel.Result) -> Verdict:
    """Which of the two classifiers loses more by one bad pixel in every digit."""
    fall = (result.worst[:, 0] - result.worst[:, 1]).tolist()
    choice = "l1" if fall[0] > 2 * fall[1] else "l2" if fall[1] > 2 * fall[0] else "same"
    values = {
        "before1": Percent(float(result.worst[0, 0])), "after1": Percent(float(result.worst[0, 1]), 0),
        "before2": Percent(float(result.worst[1, 0]), 0), "after2": Percent(float(result.worst[1, 1]), 0),
        "count": Number(int(result.nonzero[0])), "random": Percent(float(result.random[0, 1])),
    }  # fmt: skip
    return Verdict(choice, values)


def mean_of_masks(result: masks.Result) -> Verdict:
    """How near the mean over the masks comes to the whole network."""
    near = float((result.mean - result.whole).abs().mean())
    alone = float(result.spread.mean())
    choice = "exactly" if near < 1e-4 else "near" if near < 0.5 * alone else "far"
    values = {"near": Number(near, 2), "alone": Number(alone, 2),
              "unscaled": Number(float((result.unscaled - result.whole).abs().mean()), 2),
              "right": Percent(float(result.whole_accuracy), 0),
              "mean_right": Percent(float(result.mean_accuracy), 0)}  # fmt: skip
    return Verdict(choice, values)


def chosen_strength(result: folds.Result) -> Verdict:
    """Whether the folds choose hardly any penalty, one in between, or the strongest."""
    at, last = int(result.chosen), len(result.strength) - 1
    values = {"alpha": Number(float(result.strength[at])), "test": Number(float(result.test[at]), 2),
              "least": Number(float(result.test.min()), 2), "spread": Number(float(result.spread[at]), 2)}  # fmt: skip
    return Verdict("none" if at == 0 else "strongest" if at == last else "between", values)


def after_the_peak(result: descent.Result) -> Verdict:
    """What the test error does once there are more features than training digits."""
    error, at = 100 * result.test_error.mean(0).numpy(), result.features.tolist().index(result.config.examples)
    named = int(result.features[(result.train_error.mean(0) == 0).nonzero()[0]])
    values = {"valley": Percent(float(error[:at].min()) / 100, 0), "peak": Percent(float(error[at]) / 100, 0),
              "end": Percent(float(error[-1]) / 100, 0), "named": Number(named)}  # fmt: skip
    return Verdict(how_it_goes_on(np.interp(np.linspace(10, 500, 33), result.features.numpy(), error)), values)


def how_it_goes_on(error: Sequence[float]) -> str:
    """A curve of errors in per cent over the number of features, as a choice: by its peak and where it ends."""
    peak, end = max(error[2:]), error[-1]
    if end < 0.75 * peak and peak > min(error[: int(np.argmax(error[2:])) + 3]) + 8:
        return "twice"
    return "falls" if end < 0.75 * error[0] else "rises"


def test_errors(result: descent.Result) -> tuple[list[float], list[float]]:
    """(features, test error in per cent)."""
    return result.features.tolist(), (100 * result.test_error.mean(0)).tolist()


HIDDEN = ("corner0", "corner1", "coefficients0", "coefficients1", "below")
LESSON = (
    Step(
        "by_heart", "Learn by heart", loss_of_others, until=800, focus="losses", knobs=("points",),
        sketch=CurveSketch("losses", 800, (0, 2), test_losses, where_it_ends, line=1),
    ),
    Step("zeros", "Mostly zeros", how_many_zeros, until=800, focus="weights", knobs=("method", "l1")),
    Step("subgradient", "Hardly ever zero", how_many_zeros, until=800, focus="weights", knobs=("threshold",)),
    Step("corner", "Diamond and circle", where_on_the_diamond, veil=HIDDEN, focus="corner0", knobs=("alpha", "mix")),
    Step(
        "bad_pixel", "One bad pixel", which_breaks, veil=("bad-curves", "below"), focus="bad-curves", knobs=("pair",),
    ),
    Step(
        "masks", "Masks", mean_of_masks, veil=("planes", "mean", "measured", "below"), focus="mean",
        knobs=("dropout",),
    ),
    Step(
        "folds", "Five folds", chosen_strength, veil=("folds", "fold-planes", "chosen", "below"), focus="folds",
        knobs=("folds", "seed"),
    ),
    Step(
        "descent", "Double descent", after_the_peak, veil=("descent", "length", "errors"), focus="descent",
        knobs=("ridge",),
        sketch=CurveSketch("descent", 500, (0, 100), test_errors, how_it_goes_on, line=1, percent=True,
                           since=10),
    ),
)  # fmt: skip

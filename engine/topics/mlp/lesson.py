"""What the steps of the lesson on MLPs set up, and how the answer is read off the run."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from engine.contracts.lesson import Step, Verdict, closest
from engine.contracts.words import Number, Percent
from engine.data.points import DOMAIN
from engine.pictures.sketch.sketches import CurveSketch, RegionSketch
from engine.pictures.sketch.values import SIDE

from .run import Result
from .step import open_step

NEARLY_ALL = 0.98


def left_wrong(result: Result) -> Verdict:
    """Which share of the test points stays on the wrong side."""
    right = result.test_accuracy[-1].item()
    return Verdict(closest(1 - right, none=0, seventh=1 / 7, half=0.5), {"share": Percent(right, 0)})


def rightly_parted(result: Result) -> Verdict:
    """Which share of the test points in four sectors is named rightly."""
    share = result.test_accuracy[-1].item()
    return Verdict(how_many_right(share), {"share": Percent(share, 0)})


def how_many_right(share: float) -> str:
    """A share of points on their right side, as a choice."""
    return closest(share, half=0.5, two_thirds=2 / 3, nearly_all=0.95)


def second_class(result: Result) -> np.ndarray:
    """The class of each of SIDE × SIDE cells of the plane, row 0 at the top."""
    plane = result.plane.numpy().argmax(-1)
    at = ((np.arange(SIDE) + 0.5) / SIDE * len(plane)).astype(int)
    return plane[np.ix_(at, at)]


def test_points(result: Result) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(x, y, class) of the points that are not trained on, -1 to 1 across the plane."""
    held_out = ~result.is_train.numpy()
    x, y = (result.inputs.numpy()[held_out] / DOMAIN).T
    return x, y, result.targets.numpy()[held_out]


def after_how_many(result: Result) -> Verdict:
    """The first moment at which nearly all test points are right; a run that never comes there takes longer than any
    choice says."""
    right = [math.isfinite(one) and one >= NEARLY_ALL for one in result.test_accuracy.tolist()]
    at = result.step[right.index(True)].item() if any(right) else math.inf
    choice = "long" if at == math.inf else closest(math.log(max(1, at)), five=math.log(5), fifty=math.log(50),
                                                   long=math.log(500))  # fmt: skip
    return Verdict(choice, {"at": Number(at)})


def told_apart(result: Result) -> Verdict:
    """Whether the disc and the ring are told apart."""
    share = result.test_accuracy[-1].item()
    return Verdict(closest(share, half=0.5, mostly=0.8, all=1.0), {"share": Percent(share, 0)})


def loss_of_others(result: Result) -> Verdict:
    """Whether the loss on the test points falls, rises after it fell, or stays."""
    begin, least, end = result.test_loss[0].item(), result.test_loss.min().item(), result.test_loss[-1].item()
    return Verdict(
        where_it_ends(result.test_loss.tolist()),
        {"begin": Number(begin), "least": Number(least, 2), "end": Number(end, 1)},
    )


def where_it_ends(losses: Sequence[float]) -> str:
    """A curve of losses as a choice: by where it ends, to a quarter, and by whether it came back up from a deep valley;
    a hand is not steady enough for less."""
    begin, least, end = losses[0], min(losses), losses[-1]
    if end > 1.25 * begin or (end > 0.5 * begin and least < 0.5 * end):
        return "rises"
    return "falls" if end < 0.75 * begin else "stays"


def losses_of_others(result: Result) -> tuple[list[float], list[float]]:
    """(steps, loss on the test points)."""
    return result.step.tolist(), result.test_loss.tolist()


def moved_which_way(result: Result) -> Verdict:
    """What the next step does to the weight of the first hidden neuron in the output."""
    opened = open_step(result.config, result.snapshot)
    before, after = (one[-1][0, 0].item() for one in (opened.weights, opened.after_weights))
    choice = "stays" if after == before else "up" if after > before else "down"
    numbers = {"before": Number(before), "after": Number(after), "delta": Number(opened.deltas[-1][0, 0].item(), 2),
               "gradient": Number(opened.weight_gradients[-1][0, 0].item(), 2)}  # fmt: skip
    return Verdict(choice, numbers)


def how_they_differ(result: Result) -> Verdict:
    """Whether the hidden neurons came to different weights, to the same, or to none."""
    weights = result.snapshot.values["weights"][0]
    most, apart = float(np.abs(weights).max()), float(np.ptp(weights, axis=0).max())
    choice = "blank" if most < 0.01 else "alike" if apart < 0.01 * most else "differ"
    return Verdict(choice, {"share": Percent(result.test_accuracy[-1].item()), "apart": Number(apart)})


def too_far(result: Result) -> Verdict:
    """What comes of the first ten steps with a rate that is too high."""
    if result.diverged_at is not None:
        return Verdict("no_number", {"step": Number(result.diverged_at)})
    fell = result.train_loss[-1].item() < 0.5 * result.train_loss[0].item()
    return Verdict("faster" if fell else "nothing", {"step": Number(result.step[-1].item())})


LESSON = (
    Step("line", "Straight line", left_wrong, until=200, focus="points"),
    Step(
        "two_neurons", "Two neurons on XOR", rightly_parted, until=400, focus="points", knobs=("seed",),
        sketch=RegionSketch("points", second_class, test_points, how_many_right),
    ),
    Step("spiral", "Spiral", after_how_many, until=100, pace="slow", focus="network"),
    Step("squares", "Squared features", told_apart, until=100, pace="slow", focus="points"),
    Step(
        "one_step", "One point", moved_which_way, ask={"picked": "2-0-0", "x1": 1.0, "x2": 1.5},
        show={"below": "step", "stage": 4}, veil=("below",), focus="network",
    ),
    Step("alike", "All weights 0", how_they_differ, until=300, focus="network", knobs=("first_weights", "activation")),
    Step(
        "by_heart", "Overfitting", loss_of_others, until=600, focus="curves",
        knobs=("train_share", "regularisation", "strength"),
        sketch=CurveSketch("curves", 600, (0, 7), losses_of_others, where_it_ends, line=1),
    ),
    Step("too_fast", "Rate too high", too_far, until=10, pace="slow", focus="curves",
         knobs=("learning_rate", "optimizer")),
)  # fmt: skip

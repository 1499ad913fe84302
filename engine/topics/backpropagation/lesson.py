"""What the steps of the lesson on backpropagation set up, and how the answer is read off the run."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.contracts.lesson import Step, Verdict, closest
from engine.contracts.words import Number
from engine.pictures.sketch.sketches import CurveSketch

from .run import Result

FORWARD = {"backward": False}
BOTH = {"backward": True}
HIDDEN = ("below",)
LATER = 5  # steps of the descent that goes too far


def _gradients(result: Result) -> dict[str, float]:
    return dict(zip(result.inputs, result.backpropagated.tolist(), strict=True))


def steepest(result: Result) -> Verdict:
    """The input with the largest gradient."""
    found = _gradients(result)
    choice = max(found, key=lambda name: abs(found[name]))
    return Verdict(choice, {name: Number(value) for name, value in found.items()})


def used_twice(result: Result) -> Verdict:
    """The gradient of a number that is used three times."""
    gradient = _gradients(result)["x"]
    return Verdict(closest(gradient, three=3, six=6, seven=7), {"gradient": Number(gradient)})


def behind_zero(result: Result) -> Verdict:
    """The gradient of a number whose sum is multiplied by zero."""
    found = _gradients(result)
    choice = closest(found["a"], zero=0, one=1, seven=7)
    return Verdict(choice, {"a": Number(found["a"]), "c": Number(found["c"])})


def saturated(result: Result) -> Verdict:
    """The gradient of a weight in front of a saturated sigmoid."""
    gradient = _gradients(result)["w"]
    choice = closest(math.log(abs(gradient)), two=math.log(2), quarter=math.log(0.25), tiny=math.log(0.0002))
    return Verdict(choice, {"gradient": Number(gradient, 2), "out": Number(result.value[-1].item(), 4)})


def where_it_ends(losses: Sequence[float]) -> str:
    """A curve of losses as a choice, to a quarter."""
    begin, end = losses[0], losses[-1]
    return "rises" if end > 1.25 * begin else "falls" if end < 0.75 * begin else "stays"


def losses(result: Result) -> tuple[list[float], list[float]]:
    """(steps, L)."""
    return result.step.tolist(), result.loss.tolist()


def too_far(result: Result) -> Verdict:
    """What L does when every step is too long."""
    found = result.loss.tolist()
    return Verdict(where_it_ends(found), {"begin": Number(found[0]), "end": Number(found[-1])})


def not_zeroed(result: Result) -> Verdict:
    """Whether the descent comes to rest where every step goes against the sum of all gradients so far."""
    found = result.loss.tolist()
    late = found[len(found) // 2 :]
    choice = "swings" if max(late) > 0.3 * found[0] else "rests"
    return Verdict(
        choice if max(found) < 10 * found[0] else "runs", {"least": Number(min(found), 1), "late": Number(max(late), 2)}
    )


def narrower(result: Result) -> Verdict:
    """Which of two h comes nearer to the gradients: by the largest error of all inputs."""
    powers = [round(math.log10(width), 3) for width in result.width.tolist()]
    narrow, wide = (result.error[powers.index(power)].max().item() for power in (-10, -5))
    choice = "wide" if narrow > 3 * wide else "narrow" if wide > 3 * narrow else "same"
    return Verdict(choice, {"times": Number(100 if narrow > 100 * wide else round(narrow / wide))})


def dead(result: Result) -> Verdict:
    """What a network whose hidden neurons are all switched off comes to."""
    loss = result.loss[-1].item()
    return Verdict(closest(loss, learns=0, half=0.125, nothing=0.25), {"loss": Number(loss, 2)})


LESSON = (
    Step("largest", "Product and sum", steepest, ask=FORWARD, show=BOTH, veil=HIDDEN, focus="graph"),
    Step("twice", "Used twice", used_twice, ask=FORWARD, show=BOTH, veil=HIDDEN, focus="graph", knobs=("formula",)),
    Step("zero", "Times zero", behind_zero, ask=FORWARD, show=BOTH, veil=HIDDEN, focus="graph", knobs=("values",)),
    Step("saturated", "Saturated", saturated, ask=FORWARD, show=BOTH, veil=HIDDEN, focus="graph", knobs=("values",)),
    Step(
        "too_long", "Squared error", too_far, ask={"learning_rate": 0.27}, until=LATER, pace="slow", focus="curves",
        veil=HIDDEN, knobs=("learning_rate",), show={"below": "step"},
        sketch=CurveSketch("curves", LATER, (0, 45), losses, where_it_ends),
    ),
    Step(
        "not_zeroed", "Squared error", not_zeroed, ask={"zero": False}, until=20, pace="slow", focus="curves",
        veil=HIDDEN, show={"below": "left"}, knobs=("zero",),
    ),
    Step(
        "narrower", "One neuron", narrower, ask={"below": "check"}, show={"power": -10}, veil=HIDDEN,
        focus="errors", path="engine.topics.backpropagation.run:run",
    ),
    Step("dead", "Dead neurons", dead, until=100, focus="graph", veil=HIDDEN, knobs=("activation", "seed")),
)  # fmt: skip

"""What the steps of the lesson on neurons set up, and how the answer is read off the run."""

from __future__ import annotations

import numpy as np
import torch

from engine.contracts.lesson import Step, Verdict, closest
from engine.contracts.words import Number, Percent
from engine.models.perceptron.rule import HalfPlane
from engine.pictures.sketch.plot_regions import PlotRegionSketch
from engine.pictures.sketch.sketches import CurveSketch
from engine.pictures.sketch.values import SIDE

from .card import OR_NAND_AND, Config
from .draw import CLASSES
from .run import Result, points_of
from .slopes import flat_shares, losses

THRESHOLDS = {"half": 0.5, "one_and_half": 1.5, "two_and_half": 2.5}
OUTPUTS = {"or": HalfPlane(1, 1, 0.5), "and": HalfPlane(1, 1, 1.5), "nand": HalfPlane(-1, -1, -1.5)}
SILENT_OUTPUT = OR_NAND_AND.rpartition("~")[0] + "~0_0_1"
ASIDE = 0.01
SAMPLES = 80  # of XOR that are presented


def threshold_of_and(result: Result) -> Verdict:
    """Which of three thresholds has all four rows right, with the weights as they are."""
    weights = result.neuron_weights[0].tolist()
    wrong = {
        name: HalfPlane(*weights, theta).wrong(result.inputs, result.targets) for name, theta in THRESHOLDS.items()
    }
    right = {name: Number(len(result.targets) - count) for name, count in wrong.items()}
    return Verdict(min(wrong, key=wrong.get), {"low": right["half"], "high": right["two_and_half"]})


def silent_side(result: Result) -> Verdict:
    """Where the neuron stays at 0."""
    return Verdict(side_of(silent_cells(result)), {"share": Percent(float((result.plane == 0).double().mean()), 0)})


def silent_cells(result: Result) -> np.ndarray:
    """1 in each of SIDE × SIDE cells of the plane in which y is 0, row 0 at the top."""
    plane = result.plane.numpy()
    at = ((np.arange(SIDE) + 0.5) / SIDE * len(plane)).astype(int)
    return (plane[np.ix_(at, at)] == 0).astype(int)


def side_of(cells: np.ndarray) -> str:
    """The corner of the plane in which most is painted, as a choice; a band along the diagonal is neither."""
    half = SIDE // 2
    above, below = float(cells[:half, :half].mean()), float(cells[half:, half:].mean())
    if abs(above - below) < 0.5:
        return "along"
    return "upper_left" if above > below else "lower_right"


def corrections_needed(result: Result) -> Verdict:
    """How often the rule corrected until a whole pass was right."""
    count, bound = int(result.corrections[-1]), float(result.bound)
    choice = closest(np.log(max(1, count)), four=np.log(4), dozen=np.log(12), bound=np.log(bound))
    return Verdict(
        choice, {"count": Number(count), "samples": Number(int(result.step[-1])), "bound": Number(int(bound))}
    )


def beside_the_bound(result: Result) -> Verdict:
    """The same where the gap is narrow: as many as before, some more, or as many as the bound allows."""
    count, bound = int(result.corrections[-1]), float(result.bound)
    choice = closest(np.log(max(1, count)), same=np.log(3), dozen=np.log(12), bound=np.log(bound))
    return Verdict(
        choice, {"count": Number(count), "bound": Number(int(bound)), "margin": Number(float(result.margin), 2)}
    )


def never_done(result: Result) -> Verdict:
    """Whether the corrections come to an end."""
    right, best = len(result.targets) - int(result.wrong[-1]), len(result.targets) - int(result.attainable)
    return Verdict(
        how_it_goes_on(result.corrections.tolist()),
        {"count": Number(int(result.corrections[-1])), "right": Number(right), "best": Number(best)},
    )


def how_it_goes_on(heights) -> str:
    """A curve that only rises, as a choice: by how much of its rise lies in the last third."""
    rise = heights[-1] - heights[0]
    last = heights[-1] - heights[2 * len(heights) // 3]
    if rise <= 0 or last < 0.05 * rise:
        return "ends"
    return "slows" if last < 0.2 * rise else "goes_on"


def corrections_of(result: Result) -> tuple[list[float], list[float]]:
    """(samples presented, corrections so far)."""
    return result.step.tolist(), result.corrections.tolist()


def output_needed(result: Result) -> Verdict:
    """What the output has to make of h₁ and h₂."""
    wrong = {name: line.wrong(result.hidden, result.targets) for name, line in OUTPUTS.items()}
    places = len({tuple(row) for row in result.hidden.tolist()})
    return Verdict(min(wrong, key=wrong.get), {"places": Number(places)})


def moved(config: Config) -> dict[str, float]:
    """The loss where the neuron stands and a little aside, through the step and through the sigmoid."""
    points = points_of(config)
    lines = torch.tensor([[config.w1, config.w2, config.theta + aside] for aside in (0, ASIDE)], dtype=torch.float64)
    seen = {
        function: losses(points.inputs, points.targets, lines, function).tolist() for function in ("step", "sigmoid")
    }
    return {"step": seen["step"][1] - seen["step"][0], "sigmoid": seen["sigmoid"][1] - seen["sigmoid"][0],
            "loss": seen["step"][0], "flat": flat_shares(points)[0]}  # fmt: skip


def what_moves(seen: dict[str, float]) -> Verdict:
    """What a hundredth more of the threshold does to the loss through the step."""
    choice = "nothing" if seen["step"] == 0 else closest(seen["step"], little=-ASIDE / 4, quarter=-0.25)
    return Verdict(choice, {"loss": Number(seen["loss"]), "sigmoid": Number(-seen["sigmoid"], 2),
                            "flat": Percent(seen["flat"], 1)})  # fmt: skip


LESSON = (
    Step(
        "and_by_hand", "AND by hand", threshold_of_and, show={"theta": 1.5}, veil=("theorem",), focus="plane",
        knobs=("theta",),
    ),
    Step(
        "which_side", "AND by hand", silent_side, ask={"w1": 1.0, "w2": -1.0}, veil=("numbers", "theorem"),
        focus="plane", knobs=("w1", "w2", "theta"),
        sketch=PlotRegionSketch("plane", CLASSES, silent_cells, side_of),
    ),
    Step(
        "learns_and", "AND, learning", corrections_needed, until=40, pace="slow", focus="plane",
        knobs=("data", "order"),
    ),
    Step("narrow_gap", "Narrow gap", beside_the_bound, until=200, focus="corrections", knobs=("gap", "seed")),
    Step(
        "xor", "XOR, learning", never_done, until=SAMPLES, pace="slow", veil=("mistakes", "theorem"),
        focus="corrections", knobs=("order",),
        sketch=CurveSketch("corrections", SAMPLES, (0, SAMPLES), corrections_of, how_it_goes_on),
    ),
    Step(
        "two_lines", "XOR in two layers", output_needed, ask={"units": SILENT_OUTPUT}, show={"units": OR_NAND_AND},
        focus="hidden",
    ),
    Step(
        "stairs", "AND by hand", what_moves, ask={"below": "slope"}, veil=("stairs", "slopes"), focus="stairs",
        path="engine.topics.perceptron.lesson:moved",
    ),
)  # fmt: skip

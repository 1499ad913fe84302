"""What the steps of the lesson on training dynamics set up, and how the answer is read off the run."""

from __future__ import annotations

import math

import numpy as np
from torch import Tensor

from engine.contracts.lesson import Step, Verdict, closest
from engine.contracts.words import Number, Percent
from engine.pictures.sketch.sketches import CurveSketch
from engine.training.fit import Snapshot

from .card import BATCHES, RATES, SCHEDULES
from .run import Result
from .signal import CURES, TRAIN_STEPS

ARRIVED = 0.01  # height above the lowest that counts as there
SHALLOW_ENDS = 87.0  # per cent of its own digits after TRAIN_STEPS, as the words say
LEFT = -0.2  # height at the saddle of who has left it; the minima lie at -0.25
LAST, GENTLE = 5, {"warm_cosine", "one_cycle"}  # looks; schedules that begin with a small rate
OF_BATCH, OF_SAMPLE, OF_MAP = 27, 54, 9  # numbers that are averaged in a batch of 3 × 6 × 3 × 3


def stays_below(heights: Tensor, level: float) -> int:
    """The first step (0: the start) from which all heights (step,) are below a level; their count for never."""
    above = [at for at, height in enumerate(heights.tolist()) if not height < level]
    return above[-1] + 1 if above else 0


def who_arrives(result: Result) -> Verdict:
    """Which of SGD and momentum is at the bottom first, for good."""
    race = result.race
    steps = {rule: stays_below(race.height[at], ARRIVED) for at, rule in enumerate(race.rules)}
    never = race.height.shape[1]
    choice = "neither" if min(steps.values()) == never else min(steps, key=steps.get)
    values = {
        "momentum": Number(steps["momentum"]),
        "height": Number(race.height[race.rules.index("sgd"), -1].item(), 2),
    }
    return Verdict(choice, values)


def too_far(result: Result) -> Verdict:
    """What becomes of SGD with a rate above 2 / curvature."""
    heights = result.race.height[0]
    last = heights[-1].item()
    height = last if math.isfinite(last) else math.inf
    choice = "away" if height > 100 * heights[0].item() else "faster" if height < ARRIVED else "stays"
    return Verdict(choice, {"first": Number(heights[0].item(), 2), "last": Number(last, 2)})


def leaves_last(result: Result) -> Verdict:
    """Who is the last to have left the saddle."""
    race = result.race
    steps = {
        rule: next((k for k, height in enumerate(race.height[at].tolist()) if height < LEFT), race.height.shape[1])
        for at, rule in enumerate(race.rules)
    }
    return Verdict(max(steps, key=steps.get), {rule: Number(step) for rule, step in steps.items()})


def best_of_row(last: Snapshot) -> Verdict:
    """Whether rate 1 is the best one for the largest batches. A network that broke off has none right."""
    held_out = np.nan_to_num(last.values["held_out_accuracy"][:, :, -1])
    row, rate = held_out[BATCHES.index(256)], RATES.index(1.0)
    choice = "best" if row.argmax() == rate else "worse" if row[rate] > 0.3 else "ruined"
    return Verdict(choice, {
        "large": Percent(row[rate], 0), "small": Percent(held_out[BATCHES.index(8), rate], 0),
        "slow": Percent(row[RATES.index(0.01)], 0), "other": Percent(held_out[BATCHES.index(8)].max(), 0),
    })  # fmt: skip


def who_comes_down(last: Snapshot) -> Verdict:
    """Which schedules end far below the constant rate, which is taken at the median of its last looks, for it is
    restless: all others, those that begin gently alone, or none, where it ends lowest."""
    loss, held_out = np.nan_to_num(last.values["loss"], nan=np.inf), last.values["held_out_accuracy"]
    constant = list(SCHEDULES).index("constant")
    low = float(np.median(loss[-LAST:, constant]))
    others = np.delete(loss[-1], constant)
    lower = {name for name, end in zip(SCHEDULES, loss[-1], strict=True) if end < low / 3}
    choice = "gentle" if lower == GENTLE else "constant" if low < others.min() else "falling"
    return Verdict(choice, {
        "lowest": Number(others.min(), 2), "highest": Number(others.max(), 2), "constant": Number(low, 2),
        "held": Percent(np.delete(held_out[-1], constant).min(), 0),
        "held_constant": Percent(float(np.median(held_out[-LAST:, constant])), 0),
    })  # fmt: skip


def comes_back(result: Result) -> Verdict:
    """How much of the gradient comes back through thirty layers of small weights."""
    ratio, first = _ratio(result, "small")
    choice = closest(math.log10(max(ratio, 1e-300)), same=0.0, hundredth=-2.0, nothing=-40.0)
    return Verdict(choice, {"first": Number(first, 2), "ratio": Number(ratio, 2)})


def comes_back_now(result: Result) -> Verdict:
    """The same with residual connections; and with clipping."""
    ratio, first = _ratio(result, "residual")
    clipped, _ = _ratio(result, "clip")
    choice = closest(math.log10(max(ratio, 1e-300)), nothing=-40.0, hundredth=-2.0, same=0.0)
    return Verdict(choice, {"first": Number(first, 2), "ratio": Number(ratio, 2), "clipped": Number(clipped, 2)})


def _ratio(result: Result, network: str) -> tuple[float, float]:
    """(the gradient at layer 1 as a multiple of that at the last layer, the gradient at layer 1)."""
    row = result.signal.gradient[result.signal.networks.index(network)].tolist()
    return row[0] / row[-1], row[0]


def worse_on_what(last: Snapshot) -> Verdict:
    """Where the deep plain network is worse than the shallow one: on held-out digits alone, or on its own too."""
    seen, unseen = (last.values[f"{name}_accuracy"][-1] for name in ("training", "held_out"))
    deep, residual, shallow = 0, list(CURES).index("residual"), len(CURES)
    ahead = seen[deep] - seen[shallow]
    choice = "both" if ahead < -0.05 else "held_out" if ahead > 0.05 and unseen[deep] < unseen[shallow] else "neither"
    return Verdict(choice, {
        "deep": Percent(seen[deep], 0), "shallow": Percent(seen[shallow], 0), "residual": Percent(seen[residual], 0),
        "unseen": Percent(unseen[deep], 0),
    })  # fmt: skip


def accuracies(last: Snapshot) -> tuple[list[int], list[float]]:
    """(step, what the deep plain network gets right of its training digits, in per cent)."""
    return last.values["step"].tolist(), (100 * last.values["training_accuracy"][:, 0]).tolist()


def where_it_ends(heights: np.ndarray) -> str:
    """A drawn curve of them as a choice: by its end, beside that of the shallow network."""
    return closest(heights[-1], both=SHALLOW_ENDS - 10, neither=SHALLOW_ENDS, held_out=SHALLOW_ENDS + 10)


def averaged_in_eval(result: Result) -> Verdict:
    """Over how many numbers of this batch BatchNorm averages in eval mode."""
    count = result.block.count
    choice = {0: "none", result.block.given.shape[2]: "sample"}.get(count, "all")
    return Verdict(choice, {"stored": Number(result.block.running_mean[-1, 0].item(), 2)})


def averaged_by_layer_norm(result: Result) -> Verdict:
    """Over how many numbers LayerNorm averages."""
    count = result.block.count
    apart = (result.block.channel_mean.amax(1) - result.block.channel_mean.amin(1)).tolist()
    choice = closest(count, channel=OF_BATCH, sample=OF_SAMPLE, map=OF_MAP)
    return Verdict(choice, {"count": Number(count), "apart": Number(apart[2], 2)})


PAIR = ("sgd", "momentum")
LESSON = (
    Step(
        "ravine", "Ravine", who_arrives, ask={"rules": PAIR, "step": 0}, show={"step": -1},
        veil=("plane", "fall", "race-bar"), focus="plane", knobs=("rules", "rate"),
    ),
    Step(
        "too_far", "Too large a step", too_far, ask={"rules": ("sgd",), "rate": 0.24, "rule": "sgd", "coordinate": 1},
        show={"rate": 0.26}, focus="plane", knobs=("rate",),
    ),
    Step(
        "saddle", "Beside a saddle", leaves_last, ask={"step": 0, "rule": "sgd", "coordinate": 1}, show={"step": -1},
        veil=("plane", "fall", "race-bar"), focus="plane", knobs=("rules", "noise"),
    ),
    Step(
        "rate_batch", "Rate × batch", best_of_row, ask={"epochs": 3, "pair": "0-5"}, show={"pair": "5-5"},
        veil=("heat", "best"), focus="heat", knobs=("trainer", "epochs"),
        path="engine.topics.training_dynamics.grid:stream_grid",
    ),
    Step(
        "schedule", "Schedules", who_comes_down, ask={"peak": 0.2}, veil=("schedules-loss", "schedules-held_out"),
        focus="schedules-loss", knobs=("peak", "trainer"),
        path="engine.topics.training_dynamics.schedule:stream_schedules",
    ),
    Step(
        "thirty", "Thirty layers", comes_back, ask={"initialisation": "small"}, veil=("gradient", "ends"),
        focus="gradient", knobs=("function", "initialisation", "depth"),
    ),
    Step("residual", "Small weights", comes_back_now, veil=("gradient", "ends"), focus="gradient",
         knobs=("initialisation", "depth")),
    Step(
        "degradation", "Deep and plain", worse_on_what, ask={"train": True}, veil=("cures-training", "cures-held_out"),
        focus="cures-training", path="engine.topics.training_dynamics.signal:stream_cures",
        knobs=("depth", "initialisation"),
        sketch=CurveSketch("cures-training", TRAIN_STEPS, (0, 100), accuracies, where_it_ends, percent=True),
    ),
    Step(
        "eval", "BatchNorm", averaged_in_eval, show={"mode": "eval"}, veil=("kinds", "averaged"), focus="block",
        knobs=("norm", "mode", "batch"),
    ),
    Step(
        "layer_norm", "LayerNorm", averaged_by_layer_norm, ask={"norm": "batch", "batch": 3, "channels": 6},
        show={"norm": "layer"}, veil=("kinds",), focus="block", knobs=("norm", "batch", "channels"),
    ),
)  # fmt: skip

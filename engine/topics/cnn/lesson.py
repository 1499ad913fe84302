"""What the steps of the lesson on a convolutional network set up, and how the answer is read off."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from engine.contracts.lesson import Step, Verdict, closest
from engine.contracts.words import Number, Percent
from engine.pictures.sketch.sketches import CurveSketch

from .card import Config
from .explain import Cell, explain_cell, full_score
from .run import Result, first, look, new_model

MIDDLE = ("conv2.pool", 11, 3, 3)  # a cell in the middle of the last maps
WELL, NEARLY_WELL = 0.9, 0.8
SOON = 80  # steps
UNTRAINED = Config(start="fresh")
MUTE = math.log(10)  # the loss of one who gives every digit a tenth


def middle_cell(config: Config) -> Cell:
    """A cell of the last maps that sees no padding."""
    return explain_cell(config, look(config, [first(config)]), *MIDDLE)


def weights_of_kernels(result: Result) -> Verdict:
    """How many numbers the kernels of the first convolution have, beside what is made with them."""
    weights, made, of_each = result.conv1_kernels.numel(), result.conv1_sum.numel(), result.conv1_kernels[0].numel()
    choice = closest(math.log(weights), kernels=math.log(200), cells=math.log(6272), products=math.log(156_800))
    return Verdict(choice, {"weights": Number(weights), "products": Number(made * of_each)})


def side_of_field(cell: Cell) -> Verdict:
    """How many pixels a side a cell sees."""
    top, _, bottom, _ = cell.field
    return Verdict(closest(bottom - top, ten=10, sixteen=16, all=28), {"side": Number(bottom - top)})


def what_random_maps_show(result: Result) -> Verdict:
    """Whether the digit is to be seen in the maps of random kernels: how far they go with its ink."""
    share = Percent(result.held_out_accuracy[-1].item(), 0)
    if not result.conv1_sum.any():
        return Verdict("nothing", {"share": share})
    return Verdict(closest(likeness(result.conv1_sum, result.pixels), noise=0, digit=1), {"share": share})


def likeness(maps: Tensor, pixels: Tensor) -> float:
    """The largest magnitude of the correlation of one of the maps (C, H, W) with the pixels (H, W)."""
    rows = torch.cat([pixels.flatten()[None], maps.flatten(1)]).double()
    return torch.corrcoef(rows)[0, 1:].nan_to_num().abs().max().item()


def when_well(steps: Sequence[float], shares: Sequence[float]) -> str:
    """The first step at which nine of ten held-out digits are named rightly, as a choice."""
    at = next((step for step, share in zip(steps, shares, strict=True) if share >= WELL), None)
    choices = {"ten": math.log(10), "hundred": math.log(80), "long": math.log(2000)}
    return "long" if at is None else closest(math.log(max(1, at)), **choices)


def percentages(result: Result) -> tuple[list[float], list[float]]:
    """(steps, percentage of the held-out digits that are named rightly)."""
    return result.step.tolist(), (100 * result.held_out_accuracy).tolist()


def as_a_time(heights: np.ndarray) -> str:
    """A drawn curve of percentages as a choice: whether nine of ten are within 10 steps, give or take a hand's width;
    else whether they are there, or nearly, where the axis ends, which is before step 100."""
    steps, reached = np.linspace(0, SOON, len(heights)), heights >= 100 * WELL
    if reached.any():
        return "ten" if steps[reached.argmax()] <= 15 else "hundred"
    return "hundred" if heights[-1] >= 100 * NEARLY_WELL else "long"


def soon_right(result: Result) -> Verdict:
    """When nine of ten held-out digits are named rightly, how many at the end, and how far the kernels have moved, of
    their length."""
    shares, steps = result.held_out_accuracy.tolist(), result.step.tolist()
    before = new_model(UNTRAINED).conv1.conv.weight.detach()[:, 0]
    moved = ((result.conv1_kernels - before).norm() / before.norm()).item()
    values = {
        "share": Percent(shares[-1], 0),
        "all": Percent(full_score(UNTRAINED, result.weights), 0),
        "moved": Percent(moved, 0),
    }
    return Verdict(when_well(steps, shares), values)


def loss_at_a_high_rate(result: Result) -> Verdict:
    """What the loss has come to."""
    loss = result.held_out_loss[-1].item()
    choice = closest(loss, faster=0.2, mute=MUTE) if math.isfinite(loss) else "no_number"
    return Verdict(choice, {"loss": Number(loss)})


def what_dead_maps_show(result: Result) -> Verdict:
    """What the second convolution hands on."""
    handed_on, neurons = int((result.conv2_relu > 0).sum()), int((result.hidden_relu > 0).sum())
    choice = "digit" if likeness(result.conv2_pool, _as_small(result.pixels)) > 0.5 else "noise"
    values = {"cells": Number(handed_on), "neurons": Number(neurons)}
    return Verdict(choice if handed_on else "nothing", values)


def _as_small(pixels: Tensor) -> Tensor:
    return torch.nn.functional.avg_pool2d(pixels[None], 4)[0]


def how_sure(result: Result) -> Verdict:
    """The probability of the answer, and which it is."""
    share, digit = result.probabilities.max(0)
    choice = closest(share.item(), wavers=0.4, rather=0.75, certain=1.0)
    return Verdict(choice, {"share": Percent(share.item()), "digit": str(digit.item())})


LESSON = (
    Step(
        "one_number", "A three", weights_of_kernels, ask={"covered": "kernels"}, show={"covered": ""},
        focus="pipeline",
    ),
    Step(
        "field", "A three", side_of_field, show={"cell": "conv2-pool-11-3-3"}, focus="field",
        path="engine.topics.cnn.lesson:middle_cell",
    ),
    Step(
        "random", "Before training", what_random_maps_show, ask={"covered": "maps"}, show={"covered": ""},
        veil=("map",), focus="pipeline",
    ),
    Step(
        "come_about", "Before training", soon_right, until=SOON, pace="slow", focus="pipeline",
        sketch=CurveSketch("accuracy", SOON, (0, 100), percentages, as_a_time, percent=True),
    ),
    Step(
        "too_fast", "Rate too high", loss_at_a_high_rate, until=100, pace="slow", ask={"covered": "deep"},
        focus="curves",
    ),
    Step(
        "dead", "Rate too high", what_dead_maps_show, ask={"steps": 100, "covered": "second"},
        show={"covered": "", "cell": "conv2-relu-0-7-7"}, focus="pipeline",
    ),
    Step(
        "sure", "Sure and wrong", how_sure, ask={"covered": "answer"}, show={"covered": "", "cell": "logits-2"},
        veil=("status",), focus="pipeline",
    ),
)  # fmt: skip

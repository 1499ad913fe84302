"""Training dynamics: update rules, normalisation, spread of a signal and schedules with their live numbers."""

from __future__ import annotations

import math

import numpy as np

from engine.contracts.blocks import Block, Box, Say, Table
from engine.contracts.formula import Formula, aligned, bracketed, exact, written
from engine.contracts.words import Number, Words, listed
from engine.models.deep_network import deviation
from engine.models.normalisation import NORMALISATIONS
from engine.training.fit import Snapshot
from engine.training.schedules import DROP, DROPS, ONE_CYCLE_END, ONE_CYCLE_RISE, ONE_CYCLE_START

from .block import EPSILON, refused
from .block import Block as Normalised
from .card import BATCHES, NORMS, SCHEDULES, Config
from .grid import grid_rates
from .rules import one_step
from .run import Result
from .schedule import Rates
from .signal import CURES, Signal
from .trainings import INPUTS, TRAINING_DIGITS

SHORT = {"zeros": "zeros", "small": "too small", "xavier": "Xavier", "he": "He", "large": "too large"}
ABOUT_NORMS = {
    "batch": "BatchNorm: for each channel, over all samples and places of this batch.",
    "eval": "BatchNorm in eval mode: nothing of this batch is averaged; the stored statistics are taken.",
    "layer": "LayerNorm: for each sample, over all its channels and places. The other samples play no part.",
    "group": "GroupNorm: for each sample and each group of channels, over all places.",
    "instance": "InstanceNorm: for each sample and channel, over its places alone.",
    "none": "Nothing is averaged: only γ and β are left.",
}
REFUSED = "PyTorch's own module refuses this: “Expected more than 1 value per channel”."
REFUSALS = {
    "batch": REFUSED, "group": REFUSED,
    "instance": "PyTorch's own module refuses this: “Expected more than 1 spatial element”.",
}  # fmt: skip
ABOUT_LAYER_NORM = (
    "One reason why plain LayerNorm is unusual in CNNs: each channel is one detector, with a mean of its own. "
    "LayerNorm averages over detectors and places together and leaves these differences standing (the table); "
    "PyTorch's nn.LayerNorm over C × H × W also ties the network to one size of picture. "
    "ConvNeXt averages over channels at each place instead."
)
ABOUT_CURES = (
    "Clipping only shortens: it multiplies the gradients of all layers by one factor, where their norm ‖g‖ is above c. "
    "So it can cure what explodes, and never what vanishes. Normalisation brings every layer's sums back to spread 1; "
    "a residual connection lets signal and gradient pass beside the layer. A cure is for what is ill: where the "
    "gradient arrives as it left, as with ReLU and He's first weights, batch normalisation and adding the input in "
    "every layer make it grow."
)
ABOUT_SIGNAL = (
    "One batch of 64 digits before any training. First the signal on its way forward; then the gradient on its way "
    "back, from the last layer to the first. A straight line on these axes is a factor in every layer."
)
ABOUT_PAIRS = (
    "By what factor the gradient changes on its way from the last layer to the first. White: it arrives as it left; "
    "orange: it vanishes; blue: it explodes. 0: nothing comes back. Click a cell to set it."
)


# ---------------------------------------------------------------- the signal through depth


def spread(config: Config, signal: Signal, network: int, layer: int) -> Formula:
    """What the sums of a layer (0 first) should spread to, from what the layer is given and how large its weights
    are. Of the first weights alone: with a cure the sums are normalised."""
    inputs = _inputs(config, layer)
    variance = deviation(signal.networks[network], inputs, config.width) ** 2
    given = signal.mean_square[network, layer].item()
    value = math.sqrt(inputs * variance * given)
    return Formula(
        rf"\sqrt{{n\, \sigma_w^2\, \overline{{h^2}}}} = \sqrt{{{inputs} \cdot {written(variance, 3)} \cdot "
        rf"{written(given)}}} = {written(value)}"
    )


def _inputs(config: Config, layer: int) -> int:
    return INPUTS if layer == 0 else config.width


def shortened(config: Config, signal: Signal) -> Formula:
    """What clipping multiplies all gradients by."""
    at = signal.networks.index("clip")
    whole, factor = signal.whole[at].item(), signal.factor[at].item()
    symbols = r"\min\left(1, \frac{c}{\lVert g \rVert}\right)"
    if not math.isfinite(whole) or whole == 0:
        return Formula(symbols)
    return Formula(rf"{symbols} = \min\left(1, \frac{{{exact(config.longest)}}}{{{written(whole)}}}\right)"
                   rf" = {written(factor)}")  # fmt: skip


def about_spread(config: Config, signal: Signal, asked: int) -> list[Block]:
    """How far the sums of a layer (1 first) spread with the first weights that are set: as a formula, and measured."""
    network, layer = signal.networks.index(config.initialisation), min(asked, config.depth) - 1
    if not math.isfinite(signal.mean_square[network, layer].item()):
        return [Say("In layer {layer} the numbers are too large for float64.", layer=Number(layer + 1))]
    return [
        Say(
            "**{name}**, layer {layer}: n inputs with weights of variance σ² make sums that spread by",
            name=Words(SHORT[signal.networks[network]]), layer=Number(layer + 1),
        ),
        spread(config, signal, network, layer),
        Say("measured: **{value}**", value=Number(signal.sum_deviation[network, layer].item(), 4)),
    ]  # fmt: skip


def gradients(signal: Signal) -> Table:
    """What comes back to the first layer, beside the last."""
    rows = []
    names = CURES if "plain" in signal.networks else SHORT
    for at, name in enumerate(signal.networks):
        first, last = signal.gradient[at, 0].item(), signal.gradient[at, -1].item()
        ratio = first / last if last and math.isfinite(first) and math.isfinite(last) else math.nan
        rows.append([names[name], Number(last), Number(first), Number(ratio)])
    return Table(["network", "at the last layer", "at layer 1", "factor"], rows)


# ---------------------------------------------------------------- normalisation


def about_norm(config: Config) -> Say:
    """What is averaged, in words."""
    stored = config.norm == "batch" and config.mode == "eval"
    return Say(ABOUT_NORMS["eval" if stored else config.norm], style="small")


def cell_of(config: Config, text: str) -> tuple[int, int, int]:
    """(sample, channel, place) of "1-0-4", no farther than there is."""
    parts = [int(part) for part in text.split("-")] if text else [0, 0, 0]
    most = config.batch, config.channels, config.side**2
    return tuple(min(part, size - 1) for part, size in zip(parts, most, strict=True))


def normalised(config: Config, block: Normalised, cell: tuple[int, int, int]) -> Formula:
    """From the number given to γ x̂ + β, at one cell."""
    sample, channel, _ = cell
    x, mean = block.given[cell].item(), block.mean[sample, channel].item()
    variance, standard, output = (
        block.variance[sample, channel].item(), block.standard[cell].item(), block.output[cell].item()
    )  # fmt: skip
    ending = [
        rf"y &= \gamma\, \hat x + \beta = {exact(config.gamma)} \cdot {bracketed(standard, 4)} + {_set(config.beta)}",
        rf"&= {written(output)}",
    ]
    if config.norm == "none":
        return aligned([rf"\hat x &= x = {written(x)}", *ending])
    rows = []
    if block.count:
        group = block.given[block.group == block.group[cell]]
        total, squares = group.sum().item(), (group - mean).square().sum().item()
        rows = [
            rf"\mu &= \frac{{1}}{{{block.count}}} \sum x = \frac{{{written(total, 6)}}}{{{block.count}}} = "
            rf"{written(mean)}",
            rf"\sigma^2 &= \frac{{1}}{{{block.count}}} \sum (x - \mu)^2 = \frac{{{written(squares, 6)}}}"
            rf"{{{block.count}}} = {written(variance)}",
        ]
    else:
        rows = [rf"\mu &= \mu_{{\text{{run}}}} = {written(mean)}, \quad "
                rf"\sigma^2 = \sigma^2_{{\text{{run}}}} = {written(variance)}"]  # fmt: skip
    rows += [
        rf"\hat x &= \frac{{x - \mu}}{{\sqrt{{\sigma^2 + \epsilon}}}} = \frac{{{written(x, 6)} - {bracketed(mean, 6)}}}"
        rf"{{\sqrt{{{written(variance, 6)} + {exact(EPSILON)}}}}}",
        rf"&= {written(standard)}",
    ]
    return aligned([*rows, *ending])


def _set(value: float) -> str:
    text = exact(value)
    return f"({text})" if text.startswith("-") else text


def remembered(config: Config, block: Normalised, channel: int) -> Formula:
    """How the newest training batch moved the running statistics of a channel."""
    share = exact(config.running_momentum)
    rows = []
    for letter, running, newest in (
        (r"\mu", block.running_mean, block.batch_mean), (r"\sigma^2", block.running_variance, block.batch_variance),
    ):  # fmt: skip
        old, new, now = running[-2, channel].item(), newest[-1, channel].item(), running[-1, channel].item()
        rows.append(
            rf"{letter}_{{\text{{run}}}} &= (1 - {share}) \cdot {bracketed(old, 4)} + {share} \cdot "
            rf"{bracketed(new, 4)} = {written(now)}"
        )
    return aligned(rows)


def about_cell(config: Config, block: Normalised, cell: tuple[int, int, int]) -> list[Block]:
    """The picked cell in words and numbers; and what PyTorch would say where it refuses."""
    sample, channel, _ = cell
    words = Words("Sample {sample}, channel {channel}", sample=sample + 1, channel=channel + 1)
    if block.count:
        head = Say("**{cell}**: mean and variance of {count} numbers.", cell=words, count=Number(block.count))
        if block.count == 1:
            head = Say("**{cell}**: mean and variance of one number.", cell=words)
    elif config.norm == "batch":
        head = Say("**{cell}**: with the statistics stored in {count} training batches.", cell=words,
                   count=Number(config.batches))  # fmt: skip
    else:
        head = Say("**{cell}**", cell=words)
    made = [head, normalised(config, block, cell)]
    if block.count == 1:
        made.append(
            Say(
                "One number alone: μ is the number itself and σ² = 0. Whatever the sample said, only β is left.",
                style="note",
            )
        )
    if refused(config):
        made.append(Say(REFUSALS[config.norm], style="note"))
    return made


def compared(config: Config, block: Normalised) -> Table:
    """What each normalisation averages over, and what it leaves of the differences between channels."""
    axes = {"batch": "B, H, W", "layer": "C, H, W", "group": "C of a group, H, W", "instance": "H, W"}
    sizes = {
        "batch": config.batch * config.side**2, "layer": config.channels * config.side**2,
        "group": config.channels // block.groups * config.side**2, "instance": config.side**2,
    }  # fmt: skip
    spreads = (block.channel_mean.amax(1) - block.channel_mean.amin(1)).tolist()
    rows = [["none", "–", "–", "–", Number(spreads[0], 2)]]
    for at, name in enumerate(NORMALISATIONS):
        others = "in training" if name == "batch" else "no"
        rows.append([NORMS[name], axes[name], Number(sizes[name]), others, Number(round(spreads[at + 1], 6) + 0.0, 2)])
    return Table(["", "averaged over", "numbers", "other samples matter", "channel means apart"], rows)


# ---------------------------------------------------------------- learning rate and batch size


def about_network(config: Config, snapshot: Snapshot | None, cell: tuple[int, int]) -> list[Block]:
    """The picked network of the grid in words, and which rate is best for every batch size that is tried out."""
    rates, batch = grid_rates(config), BATCHES[cell[0]]
    steps = config.epochs * TRAINING_DIGITS // batch
    head = Say("**Batch {batch}, rate {rate}**: {steps} steps in {epochs} epochs.", batch=Number(batch),
               rate=Number(rates[cell[1]]), steps=Number(steps), epochs=Number(config.epochs))  # fmt: skip
    if snapshot is None:
        return [head]
    known = np.nan_to_num(snapshot.values["held_out_accuracy"][:, :, -1], nan=-1.0)
    first = len(BATCHES) - snapshot.step // len(rates)  # of the rows that are tried out; the last one is the first
    best = [
        Words("{batch}: {rate}", batch=size, rate=Number(rates[int(row.argmax())], 1))
        for size, row in zip(BATCHES[first:], known[first:], strict=True)
    ]
    return [head, *([Box("best", [Say("Best rate by batch size: {best}.", best=listed(best))])] if best else [])]


# ---------------------------------------------------------------- schedules


def rate_at(config: Config, rates: Rates, schedule: str, step: int) -> Formula:
    """The learning rate of a step (0 first) under a schedule."""
    steps, peak = config.train_steps, exact(config.peak)
    value = written(rates.rate[rates.schedules.index(schedule), step].item())
    match schedule:
        case "constant":
            return Formula(rf"\eta = \eta_{{\max}} = {value}")
        case "step":
            return Formula(rf"\eta = \eta_{{\max}} \cdot {exact(DROP)}^{{{step * DROPS // steps}}} = {peak} \cdot "
                           rf"{exact(DROP)}^{{{step * DROPS // steps}}} = {value}")  # fmt: skip
        case "warm_cosine" if step < config.warm_up:
            return Formula(rf"\eta = \eta_{{\max}} \cdot \frac{{k + 1}}{{W + 1}} = {peak} \cdot "
                           rf"\frac{{{step + 1}}}{{{config.warm_up + 1}}} = {value}")  # fmt: skip
        case "cosine" | "warm_cosine":
            before = config.warm_up if schedule == "warm_cosine" else 0
            return _cosine(peak, "0", step - before, steps - before, value)
    rise = round(ONE_CYCLE_RISE * steps - 1, 6)
    low, last = config.peak * ONE_CYCLE_START, config.peak * ONE_CYCLE_START * ONE_CYCLE_END
    if step <= rise:
        return _cosine(exact(low), peak, step, rise, value)
    return _cosine(peak, exact(last), step - rise, steps - 1 - rise, value)


def _cosine(start: str, end: str, done: float, of: float, value: str) -> Formula:
    """From start to end along half a wave."""
    return Formula(
        rf"\eta = {end} + ({start} - {end}) \cdot \frac{{1 + \cos\left(\pi \cdot \frac{{{exact(done)}}}{{{exact(of)}}}"
        rf"\right)}}{{2}} = {value}"
    )


def about_rate(config: Config, rates: Rates, schedule: str, step: int) -> list[Block]:
    """The rate of a step in words and numbers."""
    at = min(step, config.train_steps - 1)
    return [
        Say("**{name}**, step {step} of {steps}:", name=Words(SCHEDULES[schedule]), step=Number(at + 1),
            steps=Number(config.train_steps)),
        rate_at(config, rates, schedule, at),
    ]  # fmt: skip


# ---------------------------------------------------------------- all, for the Numbers tab and files


def formulas(result: Result) -> list[Block]:
    """The formulas of what is looked at, at the places that stand first."""
    config = result.config
    match config.look:
        case "race":
            return [block for rule in result.race.rules for block in one_step(config, result.race, rule, -1, 0)]
        case "signal":
            if config.signal == "cures":
                return [shortened(config, result.signal), gradients(result.signal)]
            return [*about_spread(config, result.signal, config.depth), gradients(result.signal)]
        case "norm":
            more = [remembered(config, result.block, 0)] if config.norm == "batch" and config.batches else []
            return [*about_cell(config, result.block, (0, 0, 0)), *more, compared(config, result.block)]
    return [block for name in SCHEDULES for block in about_rate(config, result.schedules, name, 0)]

"""Training dynamics: formulas at random places, for the check of all formulas."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from random import Random

from engine.contracts.formula import FormulaValues
from engine.contracts.probe import Change, Mistake, Probe, Touch

from . import explain, rules
from .block import block
from .card import SCHEDULES, Config
from .race import race, settings_of
from .schedule import rates
from .signal import signal

PLACES = 4


def formulas_at(config: Config, random: Random) -> Iterator[FormulaValues]:
    """Steps of optimisers, cells of a batch, layers of a network, steps of schedules."""
    yield from _of_steps(config, random)
    yield from _of_cells(config, random)
    yield from _of_layers(replace(config, depth=min(config.depth, 8)), random)
    made = rates(config)
    for name in SCHEDULES:
        step = random.randrange(config.train_steps)
        value = made.rate[made.schedules.index(name), step].item()
        yield FormulaValues(explain.rate_at(config, made, name, step).latex, (value,), {r"\pi": math.pi})


def _of_steps(config: Config, random: Random) -> Iterator[FormulaValues]:
    made = race(replace(config, race_steps=min(config.race_steps, 40)))
    for at, name in enumerate(made.rules):
        moment, coordinate = random.randrange(made.height.shape[1] - 1), random.randrange(2)
        shown = rules.update(config, made, at, moment, coordinate)
        if shown is None:
            continue
        place = at, moment, coordinate
        after = at, moment + 1, coordinate
        values = [made.gradient[place].item()]
        settings, count = settings_of(config, name), moment + 1
        first, second = made.first[after].item(), made.second[after].item()
        match name:
            case "momentum" | "nesterov":
                values += [first]
            case "adagrad" | "rmsprop":
                values += [second]
            case "adam" | "adamw":
                values += [first, second, first / (1 - settings.beta_1**count), second / (1 - settings.beta_2**count)]
        yield FormulaValues(shown.latex, (*values, made.position[after].item()))


def _of_cells(config: Config, random: Random) -> Iterator[FormulaValues]:
    made = block(config)
    for _ in range(PLACES):
        cell = tuple(random.randrange(size) for size in made.given.shape)
        mean, variance = made.mean[cell[:2]].item(), made.variance[cell[:2]].item()
        values = (mean, variance, made.standard[cell].item(), made.output[cell].item())
        if config.norm == "none":
            values = values[2:]
        yield FormulaValues(explain.normalised(config, made, cell).latex, values)
    if config.batches:
        channel = random.randrange(config.channels)
        told = made.running_mean[-1, channel].item(), made.running_variance[-1, channel].item()
        yield FormulaValues(explain.remembered(config, made, channel).latex, told)


def _of_layers(config: Config, random: Random) -> Iterator[FormulaValues]:
    made = signal(replace(config, signal="starts"))
    for network in range(len(made.networks)):
        layer = random.randrange(config.depth)
        given = made.mean_square[network, layer].item()
        if math.isfinite(given):
            inputs = 49 if layer == 0 else config.width
            variance = explain.deviation(made.networks[network], inputs, config.width) ** 2
            value = math.sqrt(inputs * variance * given)
            yield FormulaValues(explain.spread(config, made, network, layer).latex, (value,))
    made = signal(replace(config, signal="cures"))
    at = made.networks.index("clip")
    known = math.isfinite(made.whole[at].item()) and made.whole[at].item() > 0
    yield FormulaValues(explain.shortened(config, made).latex, (made.factor[at].item(),) if known else ())


def cases(brought):
    """An own formula, and looks that no preset has."""
    return {
        "own": {"surface": "own", "formula": "sin(x)*cos(y) + x^2/9", "start": "-2_1", "noise": 0.1, "race_steps": 40},
        "clipped": {"look": "signal", "signal": "cures", "initialisation": "large", "function": "gelu", "depth": 12},
        "groups": {"look": "norm", "norm": "group", "channels": 6, "groups": 3, "mode": "eval", "gamma": -1.5},
    }


PROBE = Probe(
    picture="plane",
    changes=(
        Change("learning rate slider", "plane", knob="rate"),
        Change("batch size slider", "block", knob="batch", link="look=norm"),
    ),
    touches=(
        Touch("training-dynamics-plane", "handle", {"key": "start", "x": -2.0, "y": 1.0}, "start=-2_1"),
        Touch("training-dynamics-block", "pick", {"sample": 1, "channel": 2, "position": 4}, "view.cell=1-2-4",
              "look=norm"),
        Touch("training-dynamics-rule", "pick", 3, "view.rule=adam"),
        Touch("training-dynamics-look", "pick", 2, "look=norm"),
    ),
    mistakes=(
        Mistake("view.cell=one", "Cell: expected sample-channel-place such as 1-0-4"),
        Mistake("view.pair=9", "Pair: expected row-column such as 2-3"),
        Mistake("start=here", "Start: expected two numbers such as -2_1.5"),
        Mistake("view.cell=9-9-99&look=norm"),
    ),
    cases=cases,
)  # fmt: skip

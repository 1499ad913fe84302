"""Training dynamics: everything of one Config that takes no long training."""

from __future__ import annotations

from engine.contracts.axes import note, result

from .block import Block, block
from .card import Config
from .race import Race, race
from .schedule import Rates, rates
from .signal import Signal, signal


@result
class Result:
    """A race, a signal through depth, a normalised block, schedules."""

    race: Race = note("optimisers on a surface")
    signal: Signal = note("activations and gradients of deep networks, layer by layer")
    block: Block = note("a normalised batch")
    schedules: Rates = note("learning rates over the steps")
    config: Config = note("what was asked for")


def run(config: Config) -> Result:
    """All four, whichever is looked at."""
    return Result(race(config), signal(config), block(config), rates(config), config)

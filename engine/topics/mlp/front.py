"""MLP playground: a short training as the home page plays it."""

from __future__ import annotations

from engine.training.fit import Snapshot

from .card import Config
from .experiment import Experiment

SIDE = 32  # pixels of the plane a side: a quarter of the bytes of the page's, in a picture half as wide
MOMENTS = 30  # two and a half seconds at the speed of the bar


def moments(config: Config) -> tuple[Snapshot, ...]:
    """The whole training of `config`, looked at MOMENTS times after its first moment."""
    return tuple(Experiment(config, SIDE).train(config.steps, max(1, config.steps // MOMENTS)))

"""Training dynamics: learning rates over the steps of a run, and networks trained with them."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from engine.contracts.axes import axes, note, result
from engine.training.fit import Snapshot
from engine.training.optimisers import Settings
from engine.training.schedules import share_of_peak

from .card import SCHEDULES, Config
from .trainings import Recipe, together

BATCH, LOOKS = 32, 20


@result
class Rates:
    """The learning rate of every step under each schedule."""

    rate: Tensor = axes("rate_schedule step", "learning rate of a step")
    schedules: tuple[str, ...] = note("names of the schedules")


def rates(config: Config) -> Rates:
    """All schedules of a Config."""
    steps = config.train_steps
    table = [[config.peak * share_of_peak(name, k, steps, config.warm_up) for k in range(steps)] for name in SCHEDULES]
    return Rates(torch.tensor(table, dtype=torch.float64), tuple(SCHEDULES))


def stream_schedules(config: Config) -> Iterator[Snapshot]:
    """Train one network with each schedule, all from the same first weights; see `together`."""
    recipes = [
        Recipe(config.trainer, Settings(config.peak), BATCH, config.seed, rates=row.tolist().__getitem__)
        for row in rates(config).rate
    ]
    yield from together(recipes, config.train_steps, config.train_steps // LOOKS)

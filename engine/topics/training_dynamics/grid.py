"""Training dynamics: one network for every pair of learning rate and batch size; and one for every optimiser."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np

from engine.training.fit import Snapshot
from engine.training.optimisers import Settings

from .card import ADAPTIVE, ADAPTIVE_RATES, BATCHES, RATES, Config
from .trainings import QUANTITIES, TRAINING_DIGITS, Recipe, looks, together

RACE_STEPS, RACE_LOOKS, RACE_BATCH = 240, 24, 32


def grid_rates(config: Config) -> tuple[float, ...]:
    """The learning rates that are tried."""
    return ADAPTIVE_RATES if config.trainer in ADAPTIVE else RATES


def stream_grid(config: Config) -> Iterator[Snapshot]:
    """Train a network for every batch size and rate, through the same number of epochs and so with fewer steps where
    the batches are larger.

    values: for each of QUANTITIES (batch, rate, epoch + 1), NaN where nothing was trained yet, or where the loss was
    no number any more; batch (batch,), rate (rate,); done: networks trained.
    """
    rates = grid_rates(config)
    shape = (len(BATCHES), len(rates), config.epochs + 1)
    values = {name: np.full(shape, math.nan) for name in QUANTITIES}
    total, done = shape[0] * shape[1], 0

    def so_far() -> Snapshot:
        copied = {name: table.copy() for name, table in values.items()}
        copied |= {"batch": np.array(BATCHES), "rate": np.array(rates), "done": np.array(done)}
        return Snapshot(done, math.nan, math.nan, copied, total)

    yield so_far()
    for row, column in itertools.product(reversed(range(shape[0])), range(shape[1])):  # the quick ones first
        every = TRAINING_DIGITS // BATCHES[row]  # steps of an epoch
        recipe = Recipe(config.trainer, Settings(rates[column]), BATCHES[row], config.seed)
        seen = list(itertools.islice(looks(recipe, every * config.epochs, every), config.epochs + 1))
        for at, name in enumerate(QUANTITIES):
            values[name][row, column] = [moment[at] for moment in seen]
        done += 1
        yield so_far()


def stream_rules(config: Config) -> Iterator[Snapshot]:
    """Train one network with every optimiser that takes part in the race; see `together`."""
    recipes = [
        Recipe(rule, settings, RACE_BATCH, config.seed)
        for rule, settings in ((rule, network_settings(config, rule)) for rule in config.rules)
    ]
    yield from together(recipes, RACE_STEPS, RACE_STEPS // RACE_LOOKS)


def network_settings(config: Config, rule: str) -> Settings:
    """Of the race, but adaptive rules step a tenth as far: weights are smaller than the ways of a surface."""
    rate = config.adaptive_rate / 10 if rule in ADAPTIVE else config.rate
    return Settings(rate, config.momentum, config.forgets, 0.9, config.beta_2, 1e-8, config.decay)

"""Graph neural networks: the same network at many depths, each really trained."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from engine.instrument.smoothing import mean_cosine_distance
from engine.training.fit import Snapshot, TrainingDiverged

from .card import Config
from .run import Experiment

DEPTHS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16)
SEEDS = 3  # networks trained at each depth, from other first weights


def of_all_depths(config: Config) -> Config:
    """What a run through all depths depends on."""
    return replace(config, steps=0, depth=2)


def stream_depths(config: Config) -> Iterator[Snapshot]:
    """Train the network of `config` at every depth of DEPTHS, SEEDS times, to its last step.

    values: the depths (depth,), accuracy (depth, seed) on the nodes whose label was not given, and the mean cosine
    distance (depth, seed) in the layer that the last one reads; NaN where nothing was trained yet.
    """
    accuracy = np.full((len(DEPTHS), SEEDS), np.nan)
    distance = accuracy.copy()
    total = accuracy.size

    def so_far(done: int) -> Snapshot:
        values = {"depth": np.array(DEPTHS), "accuracy": accuracy.copy(), "distance": distance.copy()}
        return Snapshot(done, math.nan, math.nan, values, total)

    for done, (seed, at) in enumerate(itertools.product(range(SEEDS), range(len(DEPTHS)))):
        yield so_far(done)
        one = replace(config, depth=DEPTHS[at], steps=0, weights="")
        experiment = Experiment(one, draw=seed)
        try:
            *_, last = experiment.train(config.until, config.until)
        except TrainingDiverged:
            continue
        accuracy[at, seed] = last.values["other_accuracy"]
        distance[at, seed] = mean_cosine_distance(experiment.hidden(experiment.look()))
    yield so_far(total)

"""Training dynamics: what a deep network makes of a signal forward, and of a gradient backward."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from engine.contracts.axes import axes, note, result
from engine.instrument.trace import record
from engine.training.clipping import clip
from engine.training.fit import Snapshot
from engine.training.optimisers import Settings

from .card import FUNCTIONS, INITIALISATIONS, Config
from .trainings import Recipe, small_digits, together

BATCH = 64  # digits that go through at once
CURES = {
    "plain": "as it is",
    "clip": "clipping",
    "batch": "BatchNorm",
    "layer": "LayerNorm",
    "residual": "residual",
    "both": "residual + BatchNorm",
}
SHALLOW = 3  # layers of the plain network that the deep ones are compared with
TRAIN_STEPS, TRAIN_LOOKS = 120, 12


@result
class Signal:
    """One batch forward and its gradients backward, before any training."""

    deviation: Tensor = axes("network layer", "how far the outputs of a layer spread (standard deviation)", gaps=True)
    gradient: Tensor = axes("network layer", "norm of the loss's gradient by what the activation is given", gaps=True)
    weight_gradient: Tensor = axes("network layer", "norm of the loss's gradient by the weights", gaps=True)
    mean_square: Tensor = axes("network layer", "mean square of what a layer is given", gaps=True)
    sum_deviation: Tensor = axes("network layer", "standard deviation of what the activation is given", gaps=True)
    whole: Tensor = axes("network", "norm of all gradients together, before clipping", gaps=True)
    factor: Tensor = axes("network", "what clipping multiplies them by; 1 where nothing is clipped")
    networks: tuple[str, ...] = note("what tells the networks from one another")


def recipe_of(config: Config) -> Recipe:
    """The network as it is set, without any cure."""
    return Recipe(
        "sgd", Settings(config.deep_rate), BATCH, config.seed, config.depth, config.width, config.function,
        config.initialisation,
    )  # fmt: skip


def recipes_of(config: Config) -> Mapping[str, Recipe]:
    """name -> the networks that are compared: all first weights, or the one network with each cure."""
    plain = recipe_of(config)
    if config.signal == "starts":
        return {name: replace(plain, initialisation=name) for name in INITIALISATIONS}
    return {
        "plain": plain,
        "clip": replace(plain, longest=config.longest),
        "batch": replace(plain, normalisation="batch"),
        "layer": replace(plain, normalisation="layer"),
        "residual": replace(plain, residual=True),
        "both": replace(plain, residual=True, normalisation="batch"),
    }


def signal(config: Config) -> Signal:
    """Statistics of all networks that are compared."""
    rows, recipes = [], recipes_of(config)
    for recipe in recipes.values():
        rows.append(measured(recipe))
    columns = [torch.stack([row[at] for row in rows]) for at in range(7)]
    return Signal(*columns, tuple(recipes))


def measured(recipe: Recipe) -> tuple[Tensor, ...]:
    """What a Signal holds of one network, in the order of its fields: one pass forward in training mode and one back,
    in float64, where numbers do not run out so soon."""
    digits, model = small_digits(), recipe.network().double().train()
    inputs, targets = digits.inputs[:BATCH].double(), digits.targets[:BATCH]
    with torch.enable_grad(), record(model, gradients=True) as trace:
        F.cross_entropy(model(inputs), targets).backward()
    whole, factor = clip(model.parameters(), recipe.longest)
    layers = range(recipe.depth)
    sums = [trace[f"layers.{at}.sum"] for at in layers]
    outputs = [trace[f"layers.{at}.output"].detach() for at in layers]
    columns = (
        [one.std(correction=0) for one in outputs],
        [factor * one.grad.norm() for one in sums],
        [model.layers[at].linear.weight.grad.norm() for at in layers],
        [one.square().mean() for one in (inputs, *outputs[:-1])],
        [one.detach().std(correction=0) for one in sums],
    )
    rows = [torch.stack(column) for column in columns]
    rows = [row.where(row.isfinite(), torch.full_like(row, math.nan)) for row in rows]
    known = whole if math.isfinite(whole) else math.nan
    return *rows, *(torch.tensor(value, dtype=torch.float64) for value in (known, factor))


def all_pairs(config: Config) -> np.ndarray:
    """(activation, first weights, 2) float64: by what factor the standard deviation of the outputs changes from the
    first layer to the last, and the gradient (by what the activation is given) from the last to the first; NaN where
    one is zero or too large for a number."""
    plain, rows = recipe_of(config), []
    for function in FUNCTIONS:
        row = []
        for name in INITIALISATIONS:
            deviation, gradient, *_ = measured(replace(plain, function=function, initialisation=name))
            row.append([float(deviation[-1] / deviation[0]), float(gradient[0] / gradient[-1])])
        rows.append(row)
    ratios = np.array(rows)
    return np.where(np.isfinite(ratios) & (ratios > 0), ratios, np.nan)


def stream_cures(config: Config) -> Iterator[Snapshot]:
    """Train the network with each cure, and a plain one of SHALLOW layers; see `together`. The last run is that."""
    recipes = recipes_of(replace(config, signal="cures"))
    shallow = replace(recipes["plain"], depth=min(SHALLOW, config.depth))
    yield from together([*recipes.values(), shallow], TRAIN_STEPS, TRAIN_STEPS // TRAIN_LOOKS)

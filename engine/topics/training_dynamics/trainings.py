"""Training dynamics: small networks that are really trained on digits, several at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from engine.data.digits import CLASSES, HELD_OUT_OF_EACH, SIDE, load_digits
from engine.models.activations import activation
from engine.models.deep_network import DeepNetwork
from engine.training.clipping import clip
from engine.training.fit import Snapshot, batches_of, breathe, seeded
from engine.training.optimisers import Optimiser, Settings

TRAINING_DIGITS = 1024
TESTED_OF_EACH = 50  # held-out digits of each class
BLOCK = 4  # pixels a side that become one
INPUTS = (SIDE // BLOCK) ** 2


@dataclass(frozen=True)
class Digits:
    """inputs (N, 49): grey of the digit's 7 × 7 blocks, each with mean 0 and standard deviation 1 over the training
    digits; targets (N,): the digit."""

    inputs: Tensor
    targets: Tensor
    held_out_inputs: Tensor
    held_out_targets: Tensor


@cache
def small_digits() -> Digits:
    """TRAINING_DIGITS to train on, and TESTED_OF_EACH held out of each class."""
    digits = load_digits()
    tested = np.arange(len(digits.held_out_labels)) % HELD_OUT_OF_EACH < TESTED_OF_EACH
    known, unknown = (
        F.avg_pool2d(torch.tensor(images).float().unsqueeze(1) / 255, BLOCK).flatten(1)
        for images in (digits.train_images[:TRAINING_DIGITS], digits.held_out_images[tested])
    )
    middle, spread = known.mean(0), known.std(0, correction=0) + 0.05
    return Digits(
        (known - middle) / spread, torch.tensor(digits.train_labels[:TRAINING_DIGITS]),
        (unknown - middle) / spread, torch.tensor(digits.held_out_labels[tested]),
    )  # fmt: skip


@dataclass(frozen=True)
class Recipe:
    """A network and how it is trained. rates: step (0 first) -> the learning rate of it. longest: where the norm of all
    gradients is clipped; infinite for nowhere. Equal Recipes give equal runs."""

    rule: str
    settings: Settings
    batch: int
    seed: int
    depth: int = 2
    width: int = 32
    function: str = "relu"
    initialisation: str = "he"
    normalisation: str = ""
    residual: bool = False
    longest: float = math.inf
    rates: Callable[[int], float] | None = None

    def network(self) -> DeepNetwork:
        """Before its first step."""
        with seeded(self.seed + 10_000) as generator:
            return DeepNetwork(
                INPUTS, self.width, self.depth, CLASSES, activation(self.function), self.initialisation, generator,
                normalisation=self.normalisation, residual=self.residual,
            )  # fmt: skip


NOTHING = (math.nan, math.nan, math.nan, math.nan)
QUANTITIES = ("loss", "training_accuracy", "held_out_loss", "held_out_accuracy")


def looks(recipe: Recipe, steps: int, every: int) -> Iterator[tuple[float, float, float, float]]:
    """Train, and yield (loss, accuracy) on the training digits and (loss, accuracy) on the held-out ones: before the
    first step, then after every `every` steps. Once the loss is no number, NaN."""
    digits, model = small_digits(), recipe.network()
    optimiser = Optimiser(model.parameters(), recipe.rule, recipe.settings)
    with seeded(recipe.seed) as generator:
        batches = batches_of(digits.inputs, digits.targets, recipe.batch, generator)
        yield seen(model, digits)
        for step in range(steps):
            inputs, targets = next(batches)
            model.train()
            loss = F.cross_entropy(model(inputs), targets)
            if not math.isfinite(loss.item()):
                break
            optimiser.zero_grad()
            loss.backward()
            if recipe.longest < math.inf:
                clip(model.parameters(), recipe.longest)
            if recipe.rates is not None:
                optimiser.settings = replace(recipe.settings, rate=recipe.rates(step))
            optimiser.step()
            breathe(step)
            if (step + 1) % every == 0:
                yield seen(model, digits)
    while True:
        yield NOTHING


@torch.no_grad()
def seen(model: DeepNetwork, digits: Digits) -> tuple[float, float, float, float]:
    """See `looks`; in eval mode."""
    model.eval()
    numbers = []
    for inputs, targets in (
        (digits.inputs, digits.targets), (digits.held_out_inputs, digits.held_out_targets),
    ):  # fmt: skip
        logits = model(inputs)
        loss = F.cross_entropy(logits, targets).item()
        if not math.isfinite(loss):
            return NOTHING
        numbers += [loss, (logits.argmax(1) == targets).float().mean().item()]
    return tuple(numbers)


def together(recipes: Sequence[Recipe], steps: int, every: int) -> Iterator[Snapshot]:
    """Train several networks side by side, so that their curves grow together.

    values: step (moment,), and for each of QUANTITIES (moment, run); NaN once a run's loss is no number.
    """
    running = [looks(recipe, steps, every) for recipe in recipes]
    rows: list[list[tuple[float, ...]]] = []
    for moment in range(steps // every + 1):
        rows.append([next(one) for one in running])
        table = np.array(rows)  # (moment, run, quantity)
        values = {name: table[:, :, at] for at, name in enumerate(QUANTITIES)}
        values["step"] = np.arange(moment + 1) * every
        yield Snapshot(moment * every, math.nan, math.nan, values, steps)

"""Newton's method: the experiment."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.contracts.axes import axes, result

from .card import Config

STEPS = 12


@result
class Result:
    """The guesses of Newton's method for a square root."""

    guess: Tensor = axes("moment", "the guesses, one after the other")
    error: Tensor = axes("moment", "how far each is from the root")


def run(config: Config) -> Result:
    """x ← (x + a / x) / 2, twelve times."""
    guesses = [config.start]
    for _ in range(STEPS):
        guesses.append((guesses[-1] + config.number / guesses[-1]) / 2)
    guess = torch.tensor(guesses, dtype=torch.float64)
    return Result(guess=guess, error=(guess - config.number**0.5).abs())

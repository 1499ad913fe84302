"""Newton's method: its formula at random places, for the check of all formulas."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from engine.contracts.formula import FormulaValues

from .card import Config
from .explain import step_formula
from .run import STEPS, run


def formulas_at(config: Config, random: Random) -> Iterator[FormulaValues]:
    """Five steps somewhere on the way."""
    made = run(config)
    for step in random.sample(range(STEPS), 5):
        yield FormulaValues(step_formula(config, made, step).latex, (made.guess[step + 1].item(),))

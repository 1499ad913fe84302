"""Newton's method: where a guess comes from."""

from __future__ import annotations

from engine.contracts.formula import Formula, exact, written

from .card import Config
from .run import Result


def step_formula(config: Config, result: Result, step: int) -> Formula:
    """The guess after `step`, from the one before."""
    before, after = result.guess[step].item(), result.guess[step + 1].item()
    return Formula(rf"\frac{{{written(before)} + {exact(config.number)} / {written(before)}}}{{2}} = {written(after)}")

"""Image classifier: formulas with the numbers of a look, for the check of all formulas."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from engine.core.formula import Shown

from . import explain
from .card import Config
from .run import LAYERS, run


def formulas_at(config: Config, random: Random) -> Iterator[Shown]:
    """The softmax, Grad-CAM after a layer, and what integrated gradients add up to."""
    result = run(config)
    yield Shown(explain.softmax_formula(result).latex, (result.probabilities[result.explained].item(),))
    for layer in ("head", random.choice(LAYERS)):
        maps, weights = getattr(result, layer), getattr(result, f"{layer}_weights")
        largest = (weights[:, None, None] * maps).sum(0).relu().max().item()
        yield Shown(explain.grad_cam_formula(result, layer).latex, (largest,))
    formula = explain.completeness_formula(result)
    if formula is not None:
        yield Shown(formula.latex, (result.saliency_sum, result.saliency_goal))

"""Regularisation: two weights, their loss, and where a penalty puts the solution."""

from __future__ import annotations

import math
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from engine.contracts.axes import axes, note, result
from engine.training.proximal import proximal_gradient, subgradient_descent

from .card import MOST_STRENGTH, Config

STRENGTHS = 101  # from 0 to MOST_STRENGTH
SOLVING = 600  # steps, after which double precision holds nothing better: the error falls by 1 - 1/κ, κ ≤ 19, in each
WALK = 40  # steps shown
START = (-1.2, 1.6)
CORNERS = 181  # of a drawn outline


@result
class Result:
    """The way of the solution as the penalty grows, for L1 and for a mixture, and two ways to walk to that of L1.

    The loss is L(w) = ½ (w − w*)ᵀ A (w − w*) with A = [[1, r], [r, 1]]: least squares with two inputs of size 1 whose
    correlation is r. The penalty is α (ρ Σ|w| + (1 − ρ)/2 Σw²).
    """

    config: Config = note("what was asked for")
    optimum: Tensor = axes("coordinate", "w*, where the loss alone is lowest")
    curvature: Tensor = axes("coordinate other", "A, how the loss bends")
    strength: Tensor = axes("alpha", "α")
    path: Tensor = axes("penalty alpha coordinate", "the solution for each α: with L1, and with the mixture ρ")
    solution: Tensor = axes("penalty coordinate", "the same for the α that is set")
    thresholded: Tensor = axes("moment coordinate", "steps to the solution of L1 by the soft threshold")
    stepped: Tensor = axes("moment coordinate", "steps of the same length along the subgradient")
    rate: Tensor = axes("", "η of these steps")


def vanishing(result: Result) -> int:
    """The weight that is 0 in the solution of L1: 0 for w₁, 1 for w₂, and also where both are, or none."""
    return 0 if result.solution[0, 0] == 0 and result.solution[0, 1] != 0 else 1


def mixes(config: Config) -> tuple[float, float]:
    """ρ of the two penalties shown."""
    return 1.0, config.mix


def solve(optimum: Tensor, curvature: Tensor, strength: Tensor, mix: float) -> Tensor:
    """(..., 2) the w of least ½ (w − w*)ᵀ A (w − w*) + penalty, for strengths (..., 1), by proximal steps."""
    start = torch.zeros(*strength.shape[:-1], len(optimum), dtype=optimum.dtype)
    rate = 1 / torch.linalg.matrix_norm(curvature, 2).item()
    steps = proximal_gradient(lambda w: (w - optimum) @ curvature, start, rate, strength, mix)
    return next(islice(steps, SOLVING, None))


def run(config: Config) -> Result:
    """Solve for every α, and walk to one of the solutions in two ways."""
    optimum = torch.tensor([config.optimum_x, config.optimum_y], dtype=torch.float64)
    curvature = torch.tensor([[1.0, config.tilt], [config.tilt, 1.0]], dtype=torch.float64)
    strength = torch.linspace(0, MOST_STRENGTH, STRENGTHS, dtype=torch.float64)
    asked = torch.tensor([config.alpha], dtype=torch.float64)
    start, rate = torch.tensor(START, dtype=torch.float64), 0.5 / (1 + abs(config.tilt))

    def gradient(w: Tensor) -> Tensor:
        return (w - optimum) @ curvature

    walks = (
        proximal_gradient(gradient, start, rate, config.alpha),
        subgradient_descent(gradient, start, rate, config.alpha),
    )
    thresholded, stepped = (torch.stack([*islice(walk, WALK + 1)]) for walk in walks)
    return Result(
        config=config,
        optimum=optimum,
        curvature=curvature,
        strength=strength,
        path=torch.stack([solve(optimum, curvature, strength[:, None], mix) for mix in mixes(config)]),
        solution=torch.stack([solve(optimum, curvature, asked, mix) for mix in mixes(config)]),
        thresholded=thresholded,
        stepped=stepped,
        rate=torch.tensor(rate, dtype=torch.float64),
    )


def loss(result: Result, w: Tensor) -> Tensor:
    """The loss alone at w (..., 2)."""
    away = w - result.optimum
    return 0.5 * ((away @ result.curvature) * away).sum(-1)


def price(w: Tensor, mix: float) -> Tensor:
    """The penalty at w (..., 2), for α = 1."""
    return mix * w.abs().sum(-1) + (1 - mix) / 2 * w.square().sum(-1)


def ellipse(result: Result, height: float) -> np.ndarray:
    """(N, 2) where the loss has a height: w* + √(2L) A^(−½) (cos, sin)."""
    values, vectors = torch.linalg.eigh(result.curvature)
    angle = torch.linspace(0, 2 * math.pi, CORNERS, dtype=torch.float64)
    circle = torch.stack([angle.cos(), angle.sin()], 1) * math.sqrt(2 * max(height, 0))
    return (result.optimum + circle / values.sqrt() @ vectors.T).numpy()


def outline(budget: float, mix: float) -> np.ndarray:
    """(N, 2) where the penalty is as large as a budget: a diamond, a circle, or what lies between them.

    In a direction u with ‖u‖ = 1 it is at t u with t ρ Σ|u| + t² (1 − ρ)/2 = budget.
    """
    angle = np.linspace(0, 2 * math.pi, CORNERS)
    direction = np.stack([np.cos(angle), np.sin(angle)], 1)
    first, second = mix * np.abs(direction).sum(1), (1 - mix) / 2
    if second == 0:
        reach = budget / first
    else:
        reach = 2 * budget / (first + np.sqrt(first**2 + 4 * second * budget))
    return direction * np.nan_to_num(reach)[:, None]

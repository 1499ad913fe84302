"""Training dynamics: optimisers on a surface."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from engine.contracts.axes import axes, note, result
from engine.contracts.expressions import Expression, parse
from engine.data.surfaces import SURFACES
from engine.models.expressions import evaluate
from engine.training.fit import seeded
from engine.training.optimisers import Settings, nothing_yet, take_step

from .card import ADAPTIVE, Config, domain_of, start_of

ACROSS, UP = 161, 121  # places of the surface's picture
FAR = 1e6  # from zero: whoever is farther has left
LARGEST = 1e30  # of a height


@result
class Race:
    """Every step of every optimiser on one surface."""

    position: Tensor = axes("optimiser moment coordinate", "x and y before the first step and after each", gaps=True)
    height: Tensor = axes("optimiser moment", "the surface's height there", gaps=True)
    gradient: Tensor = axes("optimiser moment coordinate", "the gradient there, with its noise", gaps=True)
    first: Tensor = axes("optimiser moment coordinate", "the velocity, or Adam's mean gradient, so far", gaps=True)
    second: Tensor = axes("optimiser moment coordinate", "the sum or mean of squared gradients so far", gaps=True)
    surface: Tensor = axes("row column", "height of the surface, the highest y first", gaps=True)
    rules: tuple[str, ...] = note("names of the optimisers")


def settings_of(config: Config, rule: str) -> Settings:
    """What a rule is set to."""
    rate = config.adaptive_rate if rule in ADAPTIVE else config.rate
    return Settings(rate, config.momentum, config.forgets, 0.9, config.beta_2, 1e-8, config.decay)


def formula_of(config: Config) -> Expression:
    """The surface as a formula of x and y."""
    return parse(config.formula if config.surface == "own" else SURFACES[config.surface].formula, ("x", "y"))


def heights(formula: Expression, places: Tensor) -> Tensor:
    """(..., 2) places -> (...) heights."""
    return evaluate(formula, {"x": places[..., 0], "y": places[..., 1]})


def slopes(formula: Expression, places: Tensor) -> tuple[Tensor, Tensor]:
    """(N, 2) places -> heights (N,) and gradients (N, 2), by autograd."""
    with torch.enable_grad():
        places = places.detach().requires_grad_()
        height = heights(formula, places)
        if not height.requires_grad:  # a formula in which no variable stands is level everywhere
            return height, torch.zeros_like(places)
        (gradient,) = torch.autograd.grad(height.sum(), places)
    return height.detach(), gradient


def race(config: Config) -> Race:
    """All optimisers, step by step from one place, in float64. Who leaves for good, or comes to where there is no
    height, is nowhere from then on (NaN)."""
    formula, rules = formula_of(config), config.rules
    positions = torch.tensor([start_of(config)] * len(rules), dtype=torch.float64)
    memories = [nothing_yet(positions[0]) for _ in rules]
    moments = []
    with seeded(config.seed) as generator:
        for _ in range(config.race_steps + 1):
            height, gradient = slopes(formula, positions)
            gradient = gradient + config.noise * torch.randn(2, generator=generator, dtype=torch.float64)
            kept = [(memory.first, memory.second) for memory in memories]
            first, second = (torch.stack([pair[which] for pair in kept]) for which in (0, 1))
            moments.append((positions, height, gradient, first, second))
            made = [
                take_step(rule, positions[at], gradient[at], memories[at], settings_of(config, rule))
                for at, rule in enumerate(rules)
            ]
            memories = [one.memory for one in made]
            positions = torch.stack([one.position for one in made])
            there = (height.abs() < LARGEST) & gradient.isfinite().all(1)  # False also where it is NaN
            gone = ~(there & positions.isfinite().all(1) & (positions.abs().amax(1) < FAR))
            positions = positions.masked_fill(gone[:, None], math.nan)
    stacked = (torch.stack([moment[part] for moment in moments], 1) for part in range(5))
    return Race(*map(_known, stacked), _known(surface_of(config)), rules)


def surface_of(config: Config) -> Tensor:
    """(UP, ACROSS) heights of the surface over its domain, float64, the highest y first."""
    x_low, x_high, y_low, y_high = domain_of(config)
    x = torch.linspace(x_low, x_high, ACROSS, dtype=torch.float64)
    y = torch.linspace(y_high, y_low, UP, dtype=torch.float64)
    places = torch.stack([x.expand(UP, -1), y[:, None].expand(-1, ACROSS)], -1)
    return heights(formula_of(config), places)


def _known(values: Tensor) -> Tensor:
    """What is no number of a size that can be drawn is NaN."""
    return values.where(values.abs() < LARGEST, torch.full_like(values, math.nan))

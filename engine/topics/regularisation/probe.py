"""Regularisation: formulas at random places, for the check of all formulas."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from random import Random

import torch
from torch.nn import functional as F

from engine.contracts.formula import FormulaValues
from engine.contracts.probe import Change, Goal, Mistake, Probe, Touch
from engine.data.own_weights import read_weights, write_weights
from engine.machinery.own import OWN

from . import explain, folds, geometry, masks, pixel, task
from .card import Config, only
from .task import Experiment

MOST_STEPS, PLACES = 8, 3  # of a training, and places looked at


def formulas_at(config: Config, random: Random) -> Iterator[FormulaValues]:
    """The arithmetic of the view of a Config, and always that of two weights, which costs nothing."""
    elsewhere = {name: round(random.uniform(-2, 2), 2) for name in ("optimum_x", "optimum_y")}
    yield from _corner(replace(config, view="geometry"))
    yield from _corner(replace(config, view="geometry", tilt=-0.45, **elsewhere))
    if config.view == "pixel":
        yield from _pixels(config, random)
    elif config.view == "masks":
        yield from _masks(config, random)
    elif config.view == "folds":
        yield from _folds(config, random)
    else:
        yield from _step(replace(config, view="task", weights=""), random)


def _step(config: Config, random: Random) -> Iterator[FormulaValues]:
    """The next step of one weight, beside what the training really makes of it."""
    if config.method == "dropout":
        config = replace(config, method="none")  # the step of a random mask is not shown
    steps = random.randint(0, MOST_STEPS)
    experiment = Experiment(replace(config, method="none") if config.method == "early" else config)
    moments = list(experiment.train(steps + 1, 1))
    if not all(math.isfinite(moment.loss) for moment in moments[1:]) or len(moments) < steps + 2:
        return
    one = explain.one_weight(config, moments[steps])
    if one is None:
        return
    after = float(moments[steps + 1].values["weights"][2 * one.layer][one.place])
    told = (after,)
    if config.method in ("l1", "elastic") and config.threshold == "proximal":
        l2 = config.l2 if config.method == "elastic" else 0.0
        weight = torch.tensor([one.value], dtype=torch.float64, requires_grad=True)
        (weight * one.slope + l2 / 2 * weight**2).sum().backward()
        moved = float(weight.detach() - config.learning_rate * weight.grad)
        told = (moved, float(F.softshrink(torch.tensor(moved), config.learning_rate * config.l1)))
    yield FormulaValues(explain.step_formula(config, one).latex, told)


def _corner(config: Config) -> Iterator[FormulaValues]:
    """Slopes of the loss by autograd, and the first step of the walk."""
    result = geometry.run(only(config))
    w = result.solution[0].clone().requires_grad_()
    away = w - result.optimum
    (0.5 * away @ result.curvature @ away).backward()
    yield FormulaValues(explain.slopes_formula(result).latex, tuple(w.grad.tolist()))
    start = result.thresholded[0].clone().requires_grad_()
    away = start - result.optimum
    (0.5 * away @ result.curvature @ away).backward()
    moved = (start - result.rate * start.grad)[1].item()
    after = result.thresholded[1, 1].item()
    yield FormulaValues(explain.threshold_formula(result).latex, (moved, after))


def _pixels(config: Config, random: Random) -> Iterator[FormulaValues]:
    """What a bad pixel does, from the scores of whole pictures; and the small example."""
    result = pixel.run(only(config))
    for which in (0, 1):
        for bad in (-1, random.randrange(4)):
            weights = torch.tensor(explain.VECTOR[which], dtype=torch.float64)
            inputs = torch.ones(4, dtype=torch.float64)
            if bad >= 0:
                inputs[bad] = 0
            told = (float(weights @ inputs), float(weights.norm()))
            yield FormulaValues(explain.small_formula(which, bad).latex, told)
        for _ in range(PLACES):
            digit = random.randrange(len(result.sign))
            bad = random.choice(pixel.worst_pixels(result, digit, which, 5))
            before, after = (
                pixel.scores_of(result, pixel.spoiled(result, digit, pixels)) for pixels in ((), (bad,))
            )  # fmt: skip
            told = (float(after[which] - before[which]),)
            yield FormulaValues(explain.pixel_formula(result, digit, bad, which).latex, told)


def _masks(config: Config, random: Random) -> Iterator[FormulaValues]:
    """A neuron under masks, from forward passes."""
    result = masks.run(only(config))
    for _ in range(PLACES):
        point = random.randrange(len(result.inputs))
        neuron = explain.liveliest(result, point)
        layers = masks.layers_of(result.parameters)
        _, seen = masks.forward(layers, result.inputs[point : point + 1], torch.ones(1, 2, masks.UNITS))
        value = seen[0][0, 0, neuron].item()
        factors = result.masks[:, 0, neuron].double()
        kept = float(factors.max()) * value if float(factors.max()) else value / (1 - config.dropout)
        latex = explain.mask_formula(result, point, neuron).latex
        yield FormulaValues(latex, (kept, float(factors.mean()) * value, value))


def _folds(config: Config, random: Random) -> Iterator[FormulaValues]:
    """The mean over the folds."""
    result = folds.run(only(replace(config, folds=min(config.folds, 3))))
    for _ in range(PLACES):
        alpha = random.randrange(len(result.strength))
        yield FormulaValues(explain.fold_formula(result, alpha).latex, (float(result.loss[:, alpha].double().mean()),))


def cases(brought):
    """Trainings, a reader's own weights, and views with other knobs."""
    state = {
        name: 0.5 * value for name, value in task.network(Config(seed=7)).state_dict().items()
    }  # that no seed gives
    weights = OWN.add(read_weights(write_weights(state, "regularisation", {}, None)))
    return {
        "trained": {"method": "elastic", "steps": 30},
        "dropped": {"method": "dropout", "steps": 20, "points": 60},
        "own weights": {"weights": weights, "steps": 3},
        "stopped": {"method": "early", "patience": 10, "steps": 60},
        "mixture": {"view": "geometry", "mix": 0.5, "tilt": -0.6, "optimum_y": 1.5},
    }


PROBE = Probe(
    picture="plane",
    changes=(Change("strength slider", "corner0", knob="alpha", link="view=geometry"),),
    touches=(
        Touch("regularisation-view", "pick", 1, "view=geometry"),
        Touch("regularisation-corner0", "handle", {"key": "optimum", "x": -1.0, "y": 1.5}, "optimum_x=-1",
              "view=geometry"),
        Touch("regularisation-coefficients1", "handle", {"key": "alpha", "x": 1.21, "y": 0.0}, "alpha=1.2",
              "view=geometry"),
        Touch("regularisation-pixels", "cell", {"tile": 1, "row": 10, "column": 12}, "view.bad=292", "view=pixel"),
        Touch("regularisation-small", "pick", 2, "view.small=1", "view=pixel"),
        Touch("regularisation-folds", "dot", {"dots": 0, "dot": 2}, "view.alpha_shown=2", "view=folds"),
    ),
    mistakes=(
        Mistake("view.bad=9000", "Bad pixels: expected numbers from 0 to 783"),
        Mistake("view.small=9", "Bad input: expected -1 to 3, got 9"),
        Mistake("view=nowhere", "Look at: expected one of task, geometry"),
        Mistake("view=pixel&view.digit=399"),
        Mistake("view.nod=3", "does not know"),
    ),
    cases=cases,
    training="until=5000",
    goal=Goal("86 % of the test points", 2, 84),
)  # fmt: skip

"""Activations: formulas at random places, for the check of all formulas; what the general tests need to know."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from random import Random

import torch

from engine.contracts.formula import FormulaValues
from engine.contracts.probe import Change, Mistake, Probe, Touch
from engine.data.activations import SELU_ALPHA, SELU_SCALE
from engine.training.fit import TrainingDiverged

from . import explain
from .card import Config, functions_of
from .run import MEASURES, Experiment, batch_of, without_activations

MOST_STEPS, PLACES = 4, 3  # of a training, and places of a function


def formulas_at(config: Config, random: Random) -> Iterator[FormulaValues]:
    """The functions at some places, the gradients of a moment, and an answer of the one matrix."""
    config = replace(config, samples=64, width=min(config.width, 32), depth=min(config.depth, 12))
    for name in functions_of(config):
        for _ in range(PLACES):
            yield from _at(config, name, round(random.uniform(-4, 4), 2))
    config = replace(config, steps=random.randint(0, MOST_STEPS))
    try:
        moment = list(Experiment(config).train(config.steps, max(1, config.steps)))[-1]
    except TrainingDiverged:
        return  # there are no numbers left to show
    explain.gradient_formulas(config, moment)
    for norms in moment.values["layers"][:, MEASURES.index("sum_gradient")].tolist():
        if config.depth > 1 and all(math.isfinite(one) and one > 0 for one in (norms[0], norms[-1])):
            share = norms[0] / norms[-1]
            latex = explain.gradient_formula(config.depth, norms[0], norms[-1]).latex
            yield FormulaValues(latex, (share, share ** (1 / (config.depth - 1))))
    product, answer = explain.matrix_formulas(config, moment)
    yield FormulaValues(product.latex)
    with torch.no_grad():
        said = without_activations(config, moment.values["weights"])(batch_of(config)[0][:1].double())
    yield FormulaValues(answer.latex, (said[0, 0].item(),))


def _at(config: Config, name: str, x: float) -> Iterator[FormulaValues]:
    latex = explain.function_formula(config, name, x).latex
    value, slope = explain.values_at(config, name, x)
    if math.isfinite(value) and math.isfinite(slope):
        where = {"x": x, "y": value, r"\lambda": SELU_SCALE, r"\alpha": SELU_ALPHA, r"\pi": math.pi}
        yield FormulaValues(latex, (x, value, slope), where)


def cases(brought):
    """Trainings, an own formula, one without a value at some sums, digits, and numbers that overflow."""
    return {
        "trained": {"steps": 20, "depth": 4, "width": 16, "samples": 64},
        "own formula": {"activation": "own", "formula": "x sigmoid(2x)", "second": "gelu", "depth": 3, "steps": 4},
        "no value": {"activation": "own", "formula": "log(x)", "depth": 3, "width": 8},
        "digits": {"data": "digits", "depth": 3, "steps": 3, "optimizer": "adam", "learning_rate": 0.01},
        "overflow": {"activation": "identity", "second": "none", "initialisation": "large", "depth": 50, "width": 100},
    }


PROBE = Probe(
    picture="function",
    changes=(Change("depth slider", "chart", knob="depth"),),
    touches=(
        Touch("activations-histograms", "pick", 4, "view.layer=4"),
        Touch("activations-other-histograms", "pick", 6, "view.layer=6"),
        Touch("activations-chart", "dot", {"dots": 0, "dot": 3}, "view.layer=3"),
        Touch("activations-function", "handle", {"key": "x", "x": -2.0, "y": 0.5}, "view.x=-2"),
        Touch("activations-function", "spot", {"x": 3.25, "y": 0.5}, "view.x=3.25"),
    ),
    mistakes=(
        Mistake("view.layer=-3", "Layer: expected 0 to 49, got -3"),
        Mistake("view.x=9", "x: expected -5 to 5, got 9"),
        Mistake("view.look=nowhere", "Look at: expected one of layers, training, function, matrix"),
        Mistake("formula=x%2B", "Formula: it ends too early"),
        Mistake("view.layer=49"),
    ),
    cases=cases,
)

"""Neuron and perceptron: formulas at random places, for the check of all formulas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

import torch

from engine.contracts.formula import FormulaValues
from engine.contracts.probe import Change, Mistake, Probe, Touch
from engine.data.own_weights import read_weights, write_weights
from engine.data.points import encode_points
from engine.instrument.trace import record
from engine.machinery.own import OWN

from . import explain
from .card import UNITS, Config
from .run import Experiment, bound_of, margin_of, network, points_of, presented, start_of

BY_HAND = "network=hand&w1=1&w2=1&theta=0.5"
MOST_STEPS, PLACES = 60, 3  # samples presented, and places looked at
OWN_POINTS = encode_points([(-1.0, 1.0, 0), (1.0, -1.0, 1), (-1.2, 0.8, 0), (1.1, -0.7, 1), (0.2, 0.1, 1), (0, 2, 0)])


def formulas_at(config: Config, random: Random) -> Iterator[FormulaValues]:
    """The neuron at some places, the neurons of two layers, corrections of a run, and the bound."""
    for _ in range(PLACES):
        spot = round(random.uniform(-2, 2), 2), round(random.uniform(-2, 2), 2)
        if config.network == "layers":
            unit = random.choice(UNITS)
            yield FormulaValues(explain.unit_formula(config, unit, *spot).latex, _inside(config, spot, unit))
        else:
            line = start_of(config)
            function = "step" if config.network == "rule" else config.function
            model = network(replace(config, network="hand", function=function))
            latex = explain.neuron_formula(line, *spot, function).latex
            yield FormulaValues(latex, _flow(model, spot, "sum", "output"))
    if config.network == "rule" and len(points_of(config)):
        yield from _corrections(config, random)
    if margin_of(config).separable:
        yield FormulaValues(explain.bound_formula(config).latex, (bound_of(config),))


def _corrections(config: Config, random: Random) -> Iterator[FormulaValues]:
    """Samples of a run, with the weights before and after them as the run has them."""
    moments = list(Experiment(config).train(random.randint(4, MOST_STEPS), 1))
    for moment in random.sample(moments[1:], min(PLACES, len(moments) - 1)):
        seen = presented(config, moment.values)
        model = network(replace(config, network="hand", function="step"))
        with torch.no_grad():
            model.weight[0] = torch.from_numpy(moment.values["before"][:2])
            model.threshold[0] = float(moment.values["before"][2])
        told = *_flow(model, (seen.x1, seen.x2), "sum", "output"), *moment.values["line"].tolist()
        yield FormulaValues(explain.update_formula(config, seen).latex, told)


def _flow(model, spot: tuple[float, float], *names: str) -> tuple[float, ...]:
    """What flows through taps of a network at a place, one neuron each."""
    with record(model) as trace, torch.no_grad():
        model(torch.tensor([spot], dtype=torch.float64))
    return tuple(trace[name][0, 0].item() for name in names)


def _inside(config: Config, spot: tuple[float, float], unit: str) -> tuple[float, ...]:
    with record(model := network(config)) as trace, torch.no_grad():
        model(torch.tensor([spot], dtype=torch.float64))
    layer, at = ("output", 0) if unit == "y" else ("hidden", UNITS.index(unit))
    return trace[f"{layer}.sum"][0, at].item(), trace[f"{layer}.output"][0, at].item()


def cases(brought):
    """A run on drawn points, a reader's own points and weights, and two layers with other numbers."""
    weights = OWN.add(read_weights(write_weights(network(Config(w1=0.3, w2=-0.7, theta=0.2)).state_dict(), "perceptron",
                                                 {}, None)))  # fmt: skip
    return {
        "learned": {"data": "parted", "gap": 0.3, "seed": 3, "steps": 60, "order": "random"},
        "own": {"data": "own", "points": OWN_POINTS, "steps": 12},
        "own weights": {"data": "or", "weights": weights, "steps": 6},
        "soft layers": {"network": "layers", "function": "tanh", "data": "xor", "units": "2_2_1~-2_-1.5_-3~1_1_0.5"},
    }


PROBE = Probe(
    picture="plane",
    changes=(Change("threshold slider", "plane", knob="theta", link=BY_HAND),),
    touches=(
        Touch("perceptron-below", "pick", 1, "view.below=slope"),
        Touch("perceptron-plane", "spot", {"x": 0.5, "y": 1.25}, "view.x2=1.25", BY_HAND),
        Touch("perceptron-plane", "dot", {"dots": 0, "dot": 3}, "view.x2=1", BY_HAND),
        Touch("perceptron-unit", "pick", 0, "view.unit=h1", "network=layers&data=xor"),
        Touch("perceptron-along", "pick", 0, "view.along=w1", "view.below=slope"),
    ),
    mistakes=(
        Mistake("view.below=nowhere", "Look at: expected one of theorem, slope"),
        Mistake("view.x1=7", "x₁: expected -3 to 3, got 7"),
        Mistake("units=1_2", "Neurons: expected three times w₁_w₂_θ"),
        Mistake("view.along=w9", "Along: expected one of w1, w2, theta"),
    ),
    cases=cases,
)

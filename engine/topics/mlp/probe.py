"""MLP playground: formulas at random places, for the check of all formulas."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from random import Random

import torch

from engine.contracts.formula import FormulaValues
from engine.contracts.probe import Change, Goal, Mistake, Probe, Touch
from engine.data.own_weights import read_weights, write_weights
from engine.data.points import encode_points
from engine.instrument.trace import record
from engine.machinery.own import OWN
from engine.training.fit import TrainingDiverged

from . import explain
from .card import Config
from .experiment import Experiment
from .formulas import live_formulas
from .run import network, result_of

MOST_STEPS, PLACES = 8, 4  # of a training, and neurons looked at
WHOLE = 400  # a batch of all points that are trained on


def formulas_at(config: Config, random: Random) -> Iterator[FormulaValues]:
    """Some neurons at a spot, the numbers of the moment, and one step of the training replayed by its rule."""
    config = replace(config, samples=min(config.samples, WHOLE), batch_size=WHOLE, dropout=0.0)
    config = replace(config, steps=random.randint(1, MOST_STEPS))
    experiment, moments, gradients = Experiment(config), [], []
    try:
        for snapshot in experiment.train(config.steps, 1):
            moments.append(snapshot)
            gradients.append([layer.linear.weight.grad for layer in experiment.model.layers])
    except TrainingDiverged:
        return  # there are no numbers left to show
    spot = random.uniform(-3, 3), random.uniform(-3, 3)
    for _ in range(PLACES):
        yield from _neuron(config, experiment, moments[-1], random, spot)
    result = result_of(config, moments)
    if not len(experiment.train_rows):
        ((_, formula),) = live_formulas(config, result)
        yield FormulaValues(formula.latex, (len(result.parameters),))
        return
    told = [len(result.parameters), result.train_loss[-1].item()]
    if not experiment.regression:
        told.append(result.train_accuracy[-1].item())
    experiment.model.zero_grad()
    rows = experiment.train_rows
    experiment.loss(experiment.model(experiment.features[rows]), experiment.device_targets[rows]).backward()
    told.append(math.sqrt(sum(p.grad.square().sum().item() for p in experiment.model.parameters())))
    formulas = live_formulas(config, result)
    for (_, formula), value in zip(formulas[:-1], told, strict=True):
        yield FormulaValues(formula.latex, (value,))
    yield _step(config, formulas[-1][1].latex, moments, gradients, random)


def _neuron(config, experiment, snapshot, random: Random, spot: tuple[float, float]) -> Iterator[FormulaValues]:
    with record(experiment.model.eval()) as trace, torch.no_grad():
        experiment.model(experiment.lift(torch.tensor([spot])).to(experiment.features.device))
    layer = random.randint(1, len(config.layers) + 1)
    name = f"hidden.{layer - 1}" if layer <= len(config.layers) else "output"
    values = trace[f"{name}.output"][0].tolist()
    index = random.randrange(len(values))
    made = explain.explain_neuron(config, snapshot, layer, index, spot)
    where = {"x_1": spot[0], "x_2": spot[1]}
    if layer > 1:
        before = trace[f"hidden.{layer - 2}.output"][0].tolist()
        where = {f"h_{{{layer - 1},{at + 1}}}": value for at, value in enumerate(before)}
    sums = [trace[f"{name}.sum"][0, index].item()] if config.batch_norm and name != "output" else []
    yield FormulaValues(made.symbols.latex, (*sums, values[index]), where | ({"z": sums[0]} if sums else {}))
    told = [*sums, values[index]]
    if r"\sigma(z)" in made.numbers.latex:
        where["z"] = values[index]
        told.append(experiment.answer(trace["output.output"])[0, 0].item())
    yield FormulaValues(made.numbers.latex, tuple(told), where)


def _step(config: Config, latex: str, moments, gradients, random: Random) -> FormulaValues:
    """The last step of the training at one weight, from what the optimiser was given in every step so far."""
    layer = random.randrange(len(config.layers) + 1)
    shape = moments[0].values["weights"][layer].shape
    place = random.randrange(shape[0]), random.randrange(shape[1])
    given = [float(every[layer][place]) for every in gradients[1:]]
    before, after = (moments[at].values["weights"][layer][place].item() for at in (-2, -1))
    weight = torch.tensor([moments[0].values["weights"][layer][place].item()], requires_grad=True)
    rule, threshold = _optimizer(config, weight), config.learning_rate * config.strength
    states, m, v = [], 0.0, 0.0
    for g in given:
        states.append((m, v))
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g if config.optimizer == "adam" else 0.9 * v + g
        weight.grad = torch.tensor([g])
        rule.step()
        moved = weight.item()
        if config.regularisation == "l1":
            with torch.no_grad():
                weight.copy_(torch.nn.functional.softshrink(weight, threshold))
    decay = config.strength if config.regularisation == "l2" else 0.0
    where = {
        "w": before, "g": given[-1], r"\nabla L_B": given[-1] - decay * before, "m": states[-1][0], "v": states[-1][1],
        r"\eta": config.learning_rate, r"\alpha": config.strength, "t": config.steps,
    }  # fmt: skip
    told = [given[-1], *{"sgd": (), "momentum": (v,), "adam": (m, v)}[config.optimizer]]
    if config.regularisation == "l1":
        told.append(moved)
    told += [after, config.learning_rate, *([config.strength] if config.regularisation != "none" else []), config.steps]
    return FormulaValues(latex, tuple(told), where)


def _optimizer(config: Config, weight: torch.Tensor) -> torch.optim.Optimizer:
    """PyTorch's own for one weight."""
    if config.optimizer == "adam":
        return torch.optim.Adam([weight], lr=config.learning_rate)
    return torch.optim.SGD([weight], lr=config.learning_rate, momentum=0.9 * (config.optimizer == "momentum"))


def cases(brought):
    """Trainings, a reader's own points and weights, and one that diverges."""
    points = encode_points([(-1.0, 1.0, 0), (1.0, -1.0, 1), (-1.2, 0.8, 0), (1.1, -0.7, 1), (0.2, 0.1, 2), (0, 2, 2)])
    state = {name: 2 * value for name, value in network(Config(seed=7)).state_dict().items()}  # that no seed gives
    weights = OWN.add(read_weights(write_weights(state, "mlp", {}, None)))
    return {
        "trained": {"steps": 60, "regularisation": "l1", "dropout": 0.2, "batch_size": 16},
        "own": {"data": "own", "points": points, "steps": 5, "edits": "0:0.1.0=2.5;3:1.0.b=-1"},
        "own weights": {"weights": weights, "steps": 3},
        "diverged": {"data": "hills", "optimizer": "sgd", "learning_rate": 5.0, "steps": 50},
    }


PROBE = Probe(
    picture="points",
    changes=(Change("noise slider", "points", knob="noise"),),
    touches=(
        Touch("mlp-network", "pick", {"kind": "neuron", "layer": 2, "index": 3}, "view.picked=2-3"),
        Touch("mlp-network", "pick", {"kind": "edge", "layer": 1, "to": 4, "from": 0}, "view.picked=1-4-0"),
        Touch("mlp-points", "spot", {"x": -1.25, "y": 2.5}, "view.x1=-1.25", "view.picked=2-3"),
    ),
    mistakes=(
        Mistake("view.picked=2-x", "Neuron or weight: expected layer-neuron such as 2-0"),
        Mistake("view.x1=7", "x₁: expected -3 to 3, got 7"),
        Mistake("view.picked=9-63-63"),
    ),
    cases=cases,
    training="layers=32-32-32&until=20000",
    goal=Goal("98 % test accuracy", 2, 98),
)

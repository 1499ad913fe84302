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
from engine.data.table_keys import key_of
from engine.instrument.trace import record
from engine.machinery.own import OWN
from engine.training.fit import TrainingDiverged

from . import explain
from .card import Config
from .experiment import AVERAGES, Experiment, restore_moment
from .formulas import live_formulas
from .run import network, result_of
from .step import OpenedStep, open_step
from .step_formulas import delta_formula, gradient_formula, loss_formula, update_formula

TABLE = "a, b, c\n" + "".join(f"{k}, {k * k % 11}, {'rs'[k % 2]}\n" for k in range(24))
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
    yield from _opened(config, moments, random)


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


def _opened(config: Config, moments, random: Random) -> Iterator[FormulaValues]:
    """Formulas of the last step, opened, beside PyTorch's own gradients and what the run came to."""
    before, after = moments[-2:]
    opened = open_step(config, before)
    if opened is None:
        return
    experiment = Experiment(config)
    restore_moment(experiment.model, before.values)
    rows, sums, given = experiment.train_rows, [], []
    value = experiment.features[rows]
    for layer in experiment.model.train().layers:
        given.append(value)
        sums.append(layer.linear(value))
        value = layer.activation(sums[-1] if layer.norm is None else layer.norm(sums[-1]))
    targets = experiment.device_targets[rows]
    loss = experiment.loss(value, targets)
    deltas = [len(rows) * one for one in torch.autograd.grad(loss, sums, retain_graph=True)]
    linears = [layer.linear for layer in experiment.model.layers]
    grads = torch.autograd.grad(loss, [part for one in linears for part in (one.weight, one.bias)])
    exact_targets = targets.double() if experiment.regression else targets
    losses = experiment.loss(value.detach().double(), exact_targets, "none")
    for _ in range(PLACES):
        sample, layer = random.randrange(len(rows)), random.randint(1, len(linears))
        index = random.randrange(linears[layer - 1].out_features)
        column = random.randint(-1, linears[layer - 1].in_features - 1)
        told = [losses[sample].item(), losses.mean().item()]
        if experiment.regression:
            told.insert(0, (value[sample, 0] - targets[sample]).item())
        yield FormulaValues(loss_formula(opened, sample).latex, tuple(told))
        delta = deltas[layer - 1][sample, index].item()
        if (formula := delta_formula(opened, sample, layer, index)) is not None:
            yield FormulaValues(formula.latex, (delta,))
        place = (index,) if column < 0 else (index, column)
        gradient = grads[2 * (layer - 1) + (column < 0)][place].item()
        carried = 1.0 if column < 0 else given[layer - 1][sample, column].item()
        yield FormulaValues(gradient_formula(opened, sample, layer, index, column).latex, (delta * carried, gradient))
        yield _update(config, opened, after, (layer, index, column), gradient)


def _update(config: Config, opened: OpenedStep, after, place: tuple[int, int, int], gradient: float) -> FormulaValues:
    """The update of one weight or bias: what the run kept and came to."""
    layer, index, column = place
    names = AVERAGES[config.optimizer]
    parameters = [name for name, _ in network(config).named_parameters()]
    prefix = f"hidden.{layer - 1}" if layer <= len(config.layers) else "output"
    at = parameters.index(f"{prefix}.linear.{'bias' if column < 0 else 'weight'}")
    cell = (index,) if column < 0 else (index, column)
    kept = [after.values["averages"][at * len(names) + k][cell].item() for k in range(len(names))]
    weights = after.values["biases" if column < 0 else "weights"][layer - 1]
    before = (opened.biases if column < 0 else opened.weights)[layer - 1][cell].item()
    decays = config.regularisation == "l2" and column >= 0
    told = [gradient + config.strength * before * decays, *kept]
    if config.regularisation == "l1" and column >= 0:
        move = told[-1]
        if config.optimizer == "adam":
            m, v = (one / (1 - beta**opened.number) for one, beta in zip(kept, (0.9, 0.999), strict=True))
            move = m / (math.sqrt(v) + 1e-8)
        told.append(before - config.learning_rate * move)
    return FormulaValues(update_formula(opened, layer, index, column).latex, (*told, weights[cell].item()))


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
        "every part": {
            "steps": 12,
            "batch_norm": True,
            "activations": "relu sigmoid",
            "first_weights": "equal",
            "dropout": 0.1,
            "layers": (5, 4, 3),
            "batch_size": 32,
            "optimizer": "momentum",
            "regularisation": "l2",
        },
        "own table": {"data": "table", "table": key_of(TABLE), "layers": (4,), "steps": 4},
        "own values": {"data": "table", "table": key_of(TABLE.replace("r\n", "3\n").replace("s\n", "4\n")), "steps": 4},
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

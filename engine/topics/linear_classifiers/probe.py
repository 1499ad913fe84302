"""kNN, SVM, softmax: formulas at random places, for the check of all formulas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

import torch
from torch.nn import functional as F

from engine.contracts.formula import FormulaValues
from engine.contracts.probe import Change, Mistake, Probe, Touch
from engine.data.own_weights import read_weights, write_weights
from engine.data.points import encode_points
from engine.data.table_keys import key_of
from engine.machinery.own import OWN
from engine.models.linear.linear import hinge_loss
from engine.training.fit import TrainingDiverged

from . import explain, explain_kernel, explain_neighbours, kernel, neighbours
from .card import MODELS, Config, by_kernel, by_neighbours
from .plane import class_names
from .run import Experiment, network, result_of
from .samples import samples_of

MOST_STEPS, PLACES, FEW_IMAGES = 8, 3, 200


def formulas_at(config: Config, random: Random) -> Iterator[FormulaValues]:
    """Some points or spots: their losses, their neighbours, or their f; and the whole set."""
    config = replace(config, images=FEW_IMAGES, steps=random.randint(0, MOST_STEPS))
    if not len(samples_of(config)):
        return
    if by_neighbours(config):
        yield from _asked(config, random)
    elif by_kernel(config):
        yield from _bent(config, random)
    else:
        yield from _linear(config, random)


def _linear(config: Config, random: Random) -> Iterator[FormulaValues]:
    samples, experiment, moments = samples_of(config), Experiment(config), []
    try:
        moments += experiment.train(config.steps, max(1, config.steps))
    except TrainingDiverged:
        return
    names, last = class_names(config, samples), moments[-1]
    model = network(config, result_of(config, moments)).double()
    for _ in range(PLACES):
        at = random.randrange(len(samples))
        made = explain.explain_point(config, last, at)
        x, y = samples.inputs[at : at + 1].double(), samples.targets[at : at + 1]
        for name in MODELS:
            part = getattr(model, name)
            scores = part(x)
            own = scores[0, y].item()
            shown = explain.score_formulas(config, made, last, name, names)
            yield FormulaValues(shown.latex, (own, own))
            if name == "svm":
                loss = hinge_loss(scores, y, config.margin)
                leads = scores[0] - own + config.margin
                others = sorted((k for k in range(len(names)) if k != y.item()), key=lambda k: -scores[0, k].item())
                terms = [max(0.0, leads[k].item()) for k in others[: explain.MOST_TERMS]]
                yield FormulaValues(explain.hinge_formulas(config, made, names).latex, (*terms, loss.item()))
            else:
                loss = F.cross_entropy(scores, y)
                yield _softmax(made, names, scores.softmax(1)[0, y].item(), explain.cross_entropy_of(scores[0], int(y)))
            row = random.randrange(len(names))
            gradient = torch.autograd.grad(loss, part.weight)[0][row, list(samples.shown)]
            if samples.side == 0:
                formula = explain.gradient_formula(made, name, row, names, samples.shown)
                yield FormulaValues(formula.latex, (tuple(gradient.tolist()),))
    train = samples.train_rows
    squares = [0.5 * config.strength * getattr(model, name).weight.square().sum().item() for name in MODELS]
    both = [getattr(model, name)(samples.inputs[train].double()) for name in MODELS]
    means = hinge_loss(both[0], samples.targets[train], config.margin), F.cross_entropy(both[1], samples.targets[train])
    wholes = explain.whole_loss(config, result_of(config, moments))
    for (_, formula), mean, square in zip(wholes, means, squares, strict=True):
        yield FormulaValues(formula.latex, (mean.item() + square,))


def _softmax(made, names, probability: float, loss: float) -> FormulaValues:
    formula = explain.softmax_formulas(made, names)
    told = [value for value, mark in ((probability, r"\frac{1}{1 + "), (loss, "L &")) if mark in formula.latex]
    if formula.latex.count(r"\\[4pt]") == 0:
        told = []
    return FormulaValues(formula.latex, tuple(told))


def _asked(config: Config, random: Random) -> Iterator[FormulaValues]:
    samples = samples_of(config)
    for _ in range(2 * PLACES):
        if samples.side:
            x = samples.inputs[random.choice(samples.held_out_rows.tolist())]
        else:
            x = samples.lifted(torch.tensor([[random.uniform(-3, 3), random.uniform(-3, 3)]]))[0]
        made = explain_neighbours.explain_spot(config, x)
        if not len(made.order):
            return
        a, b = x.double(), samples.inputs[int(made.order[0])].double()
        far = {
            "l1": (a - b).abs().sum(), "l2": (a - b).norm(), "l2_squared": (a - b).square().sum(),
            "cosine": 1 - F.cosine_similarity(a, b, 0),
        }[config.metric]  # fmt: skip
        if formula := explain_neighbours.distance_formula(config, made):
            yield FormulaValues(formula.latex, (far.item(),))
        formula = explain_neighbours.vote_formula(config, made)
        yield FormulaValues(formula.latex, (made.shares.max().item(),))
    found = neighbours.run(config)
    for _, formula in explain_neighbours.whole(found):
        yield FormulaValues(formula.latex, (found.accuracy.item(),))


def _bent(config: Config, random: Random) -> Iterator[FormulaValues]:
    samples, found = samples_of(config), kernel.run(config)
    for _ in range(PLACES):
        if samples.side:
            x = samples.inputs[random.choice(samples.held_out_rows.tolist())]
        else:
            x = samples.lifted(torch.tensor([[random.uniform(-3, 3), random.uniform(-3, 3)]]))[0]
        pair = random.randrange(len(found.offset))
        made = explain_kernel.explain_sum(config, found, x, pair)
        for formula in explain_kernel.sum_formulas(config, found, made):
            told: tuple[float, ...] = ()
            if "K(x_1, x)" in formula.latex:
                vector = samples.inputs[int(found.support[made.order[0]])]
                told = (kernel.kernel_of(config, vector.double()[None], x.double()[None]).item(), made.f)
            elif "written" not in formula.latex and "b =" in formula.latex:
                told = (made.f,)
            yield FormulaValues(formula.latex, told)
    for _, formula in explain_kernel.whole(found):
        values = found.coefficients[0]
        yield FormulaValues(formula.latex, (values[values > 0].sum().item(), -values[values < 0].sum().item()))


OWN_TABLE = "x;y;kind\n1,5;2;[a](//b)\n2,5;2,25;[a](//b)\n4;0,5;$c_d$\n4,5;0,25;$c_d$\n3;1;红\n3,1;1,2;红\n"


def cases(brought):
    """A training with weights set by hand, own points, an own table, own weights, and both other methods."""
    points = encode_points([(-1.0, 1.0, 0), (1.0, -1.0, 1), (-1.2, 0.8, 0), (1.1, -0.7, 1), (0.2, 0.1, 2), (0, 2, 2)])
    state = {name: value + 0.5 for name, value in network(Config()).state_dict().items()}
    weights = OWN.add(read_weights(write_weights(state, "linear_classifiers", {}, None)))
    return {
        "by hand": {"steps": 12, "edits": "0:svm.0.1=0.5;6:softmax.2.b=-1", "batch_size": 20},
        "own": {"data": "own", "points": points, "steps": 5},
        "table": {"data": "table", "table": key_of(OWN_TABLE), "steps": 5},
        "own weights": {"weights": weights, "steps": 3},
        "all lengths": {"data": "iris", "all_features": True, "method": "kernel", "kernel": "poly"},
        "cosine": {"data": "table", "table": key_of(OWN_TABLE), "method": "neighbours", "metric": "cosine", "k": 3},
    }


PROBE = Probe(
    picture="svm",
    changes=(
        Change("noise slider", "svm", knob="noise"),
        Change("k slider", "plane", knob="k", link="method=neighbours"),
    ),
    touches=(
        Touch("linear-classifiers-svm", "spot", {"x": -1.25, "y": 2.5}, "view.x1=-1.25"),
        Touch("linear-classifiers-look", "pick", 1, "view.look=rows"),
        Touch(
            "linear-classifiers-rows",
            "carry",
            {"key": "0", "x": 0.25, "y": -0.5},
            "view.carried=svm.0%3D0.25_-0.5",
            "view.look=rows",
        ),
    ),
    mistakes=(
        Mistake("view.x1=7", "x₁: expected -3 to 3, got 7"),
        Mistake("view.carried=svm.1", "Row in the hand: expected model.class=x_y, got “svm.1”"),
        Mistake("view.look=nowhere", "Look into: expected one of point, rows, set"),
        Mistake("method=kernel&view.pair=20", "f of which pair: expected one of 0, 1, 2, got"),
    ),
    cases=cases,
    training="until=5000",
)

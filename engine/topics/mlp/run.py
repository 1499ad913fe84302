"""MLP playground: a run and its Result."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor, nn

from engine.contracts.axes import axes, note, result
from engine.models.mlp.mlp import MultiLayerPerceptron
from engine.training.fit import Snapshot
from engine.training.moments import history, moments_of

from .card import Config
from .experiment import BOUNDARY_SIZE, Experiment, points_of, restore_moment


@result
class Result:
    """A network after `steps` steps, its data, its picture of the plane and the history of its training."""

    inputs: Tensor = axes("point coordinate", "the points")
    targets: Tensor = axes("point", "class of each point, or the value to fit")
    is_train: Tensor = axes("point", "whether the point is trained on")
    plane: Tensor = axes("row column output", "what the network says at each spot: class probabilities, or the value")
    step: Tensor = axes("moment", "optimiser step of each moment looked at", unit="step")
    train_loss: Tensor = axes("moment", "mean loss over the training points", unit="nat or squared error", gaps=True)
    test_loss: Tensor = axes("moment", "mean loss over the test points", unit="nat or squared error", gaps=True)
    train_accuracy: Tensor = axes("moment", "share of training points named rightly (regression: R²)", gaps=True)
    test_accuracy: Tensor = axes("moment", "share of test points named rightly (regression: R²)", gaps=True)
    gradient_norm: Tensor = axes(
        "moment", "Euclidean norm of the gradient that the last step took: of its batch, penalty included", gaps=True
    )
    confusion: Tensor = axes("truth answer", "test points of each class by the class answered", unit="points")
    hidden: Tensor = axes("point neuron", "each point as the output layer sees it: the last hidden layer's values")
    border: Tensor = axes("neuron", "weights of the first output: the border is where border · hidden + offset = 0")
    offset: Tensor = axes("", "bias of the first output")
    parameters: Tensor = axes("parameter", "all that is learned, layer by layer: weights, biases, γ and β")
    running: Tensor = axes("statistic", "of batch normalisation, layer by layer: running means, running variances")
    snapshot: Snapshot = note("the last moment, with every neuron's map")
    config: Config = note("what was asked for")
    diverged_at: int | None = note("the step at which the loss stopped being a number, if it did")


def network(config: Config, result: Result | None = None) -> MultiLayerPerceptron:
    """The network of a Config with the weights of a Result; without one, before its first step."""
    model = Experiment(replace(config, edits="")).model
    if result is not None:
        fill(model, result)
    return model


def fill(model: MultiLayerPerceptron, result: Result) -> None:
    """Copy all that the network of a Result has learned into a model of its form."""
    nn.utils.vector_to_parameters(result.parameters.to(next(model.parameters()).device), model.parameters())
    at = 0
    for buffer in model.buffers():
        buffer.copy_(result.running[at : at + len(buffer)])
        at += len(buffer)


def stream(config: Config) -> Iterator[Snapshot]:
    """Train the network of `config` and yield what it looks like; takes `.send(steps)` like every stream."""
    return Experiment(config).train(max(config.until, config.steps))


def first(config: Config) -> Snapshot:
    """The network of `config` before its first step."""
    return next(Experiment(config).train(0))


def run(config: Config) -> Result:
    """Train to `config.steps` and return everything about the network there."""
    return result_of(config, moments_of(Experiment(config).train, config.steps))


def data_of(config: Config) -> tuple[list[list[float]], list[bool]]:
    """The points as [x1, x2, class or value], and which of them are trained on."""
    points, is_train = points_of(config)
    rows = torch.cat([points.inputs, points.targets[:, None].to(torch.float32)], dim=1)
    return rows.tolist(), is_train.tolist()


@torch.no_grad()
def result_of(config: Config, moments: Sequence[Snapshot]) -> Result:
    """The Result of a run from its snapshots; the last one holds the weights."""
    experiment, last = Experiment(replace(config, edits="")), moments[-1]
    restore_moment(experiment.model, last.values)
    experiment.model.eval()
    plane = experiment.answer(experiment.model(experiment.plane_features)).reshape(BOUNDARY_SIZE, BOUNDARY_SIZE, -1)
    hidden, last_layer = experiment.model.hidden(experiment.features), experiment.model.output.linear
    size = 1 if experiment.regression else experiment.classes
    confusion = torch.zeros(size, size, dtype=torch.int64)
    if not experiment.regression and len(experiment.test_rows):
        rows = experiment.test_rows
        answers = experiment.answer(experiment.model.output(hidden[rows])).argmax(1)
        pairs = experiment.device_targets[rows] * size + answers
        confusion = torch.bincount(pairs, minlength=size * size).reshape(size, size).cpu()

    looked_at = partial(history, infinite=True)
    return Result(
        inputs=experiment.inputs,
        targets=experiment.targets,
        is_train=experiment.is_train,
        plane=torch.nan_to_num(plane).cpu(),
        step=torch.tensor([moment.step for moment in moments]),
        train_loss=looked_at(moment.values["train_loss"] for moment in moments),
        test_loss=looked_at(moment.values["test_loss"] for moment in moments),
        train_accuracy=looked_at(moment.values["train_accuracy"] for moment in moments),
        test_accuracy=looked_at(moment.values["test_accuracy"] for moment in moments),
        gradient_norm=looked_at(moment.gradient_norm for moment in moments),
        confusion=confusion,
        hidden=torch.nan_to_num(hidden).cpu(),
        border=last_layer.weight[0].detach().cpu(),
        offset=last_layer.bias[0].detach().cpu(),
        parameters=torch.cat([parameter.flatten().cpu() for parameter in experiment.model.parameters()]),
        running=torch.cat([torch.zeros(0), *(buffer.cpu() for buffer in experiment.model.buffers())]),
        snapshot=last,
        config=config,
        diverged_at=last.step if last.step and not math.isfinite(last.loss) else None,
    )

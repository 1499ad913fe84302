"""Backpropagation: the experiment."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from engine.contracts.axes import axes, note, result
from engine.models.mlp.mlp import MultiLayerPerceptron
from engine.models.scalar_checks import autograd_gradients, central_differences
from engine.models.scalar_engine import Value, apply, forward, zero_gradients
from engine.training.fit import Snapshot, TrainingDiverged, breathe, seeded
from engine.training.moments import history, moments_of
from engine.training.own_weights import start_from

from .card import Config, read_names, read_weights, values_of
from .graphs import SAMPLES, TARGETS, Graph, expression_graph, network_graph, parameters, sample_loss

WIDTHS = tuple(10.0 ** (power / 4) for power in range(-60, 1))  # h from 1e-15 to 1
USUAL_WIDTH = 1e-5


class DescentDiverged(TrainingDiverged):
    """L is no number any more. Of an expression that may be no fault of the rate: it may have no lowest value."""

    template = (
        "At step {step} L stopped being a number: the learning rate is too high, or this computation has no lowest "
        "value and runs away for ever."
    )


@result
class Result:
    """A computation after `steps` steps: every number, every gradient, and how they were checked."""

    value: Tensor = axes("node", "value of every node, in the order of computation", gaps=True)
    gradient: Tensor = axes("node", "derivative of L by every node; 0 where none is asked for", gaps=True)
    finite: Tensor = axes("input", "central difference with h = 1e-5 for every input", gaps=True)
    backpropagated: Tensor = axes("input", "the gradient of every input by backpropagation", gaps=True)
    autograd: Tensor = axes("input", "the same by PyTorch's autograd", gaps=True)
    width: Tensor = axes("width", "h of finite differences")
    error: Tensor = axes("width input", "distance of the central difference from the gradient, for every h", gaps=True)
    step: Tensor = axes("moment", "steps of descent at each moment looked at", unit="step")
    loss: Tensor = axes("moment", "L at each moment; of a network its mean over the samples", gaps=True)
    parameters: Tensor = axes("moment parameter", "the numbers that descent moves, and those kept fixed", gaps=True)
    gradient_norm: Tensor = axes("moment", "Euclidean norm of the gradient that the last step took", gaps=True)
    nodes: tuple[str, ...] = note("what the nodes are called")
    inputs: tuple[str, ...] = note("what the inputs are called")
    config: Config = note("what was asked for")
    weights: tuple[np.ndarray, ...] = note("the numbers that descent moves, at the end")
    diverged_at: int | None = note("the step at which L stopped being a number, if it did")


class Inputs(nn.Module):
    """The variables of an expression as parameters, so that they can be taken away and brought back as weights."""

    def __init__(self, values: Mapping[str, float]):
        super().__init__()
        for name, value in values.items():
            self.register_parameter(name, nn.Parameter(torch.tensor([value], dtype=torch.float64)))


def network(config: Config, result: Result | None = None) -> nn.Module:
    """The network of a Config, or the variables of its expression, with the numbers of a Result; without one, before
    the first step."""
    if config.data == "expression":
        model: nn.Module = Inputs(values_of(config))
    else:
        with seeded(config.seed) as generator:
            model = MultiLayerPerceptron(2, (config.hidden,), 1, config.activation, generator)
    start_from(model, config)
    if result is not None:
        with torch.no_grad():
            for parameter, values in zip(model.parameters(), result.weights, strict=True):
                parameter.copy_(torch.from_numpy(np.nan_to_num(values)))
    return model


def first_weights(config: Config) -> tuple[np.ndarray, ...]:
    """What descent begins with, in float64: one array for each variable, or for each parameter of the network."""
    found = tuple(one.detach().double().numpy().copy() for one in network(config).parameters())
    if config.data == "network":
        leaves = parameters(found)
        for name, value in read_weights(config.by_hand).items():
            if name in leaves:
                leaves[name].data = np.float64(value)
        found = shaped_like(found, [leaf.data for leaf in leaves.values()])
    return found


def shaped_like(arrays: Sequence[np.ndarray], numbers: Sequence[float]) -> tuple[np.ndarray, ...]:
    """The numbers, one after the other, in arrays of these shapes."""
    flat, at, made = np.array(numbers, np.float64), 0, []
    for array in arrays:
        made.append(flat[at : at + array.size].reshape(array.shape).copy())
        at += array.size
    return tuple(made)


def graph_of(config: Config, weights: Sequence[np.ndarray], sample: int = 0) -> Graph:
    """The computation of a moment; of a network, on one of its samples."""
    if config.data == "network":
        return network_graph(config, weights, sample)
    numbers = np.concatenate([np.ravel(part) for part in weights])
    return expression_graph(config, dict(zip(values_of(config), numbers, strict=True)))


class Experiment:
    """What descent makes smaller, and by which numbers; equal Configs make equal Experiments.

    end: L, of a network the mean over its four samples, in which every weight is used four times. leaves: by name;
    moved: those that descent moves. arrays: what it begins with, if not with the first weights; left: the gradients
    that are there already.
    """

    def __init__(self, config: Config, arrays: Sequence[np.ndarray] | None = None, left: Sequence[float] = ()):
        self.config, self.arrays = config, first_weights(config) if arrays is None else tuple(arrays)
        self.outputs: list[Value] = []
        if config.data == "network":
            self.leaves, losses = parameters(self.arrays), []
            for sample in range(len(SAMPLES)):
                z, loss = sample_loss(config, self.leaves, sample)
                self.outputs.append(z)
                losses.append(loss)
            self.end = apply("sum", *losses) / len(SAMPLES)
        else:
            graph = graph_of(config, self.arrays)
            self.leaves, self.end = dict(graph.inputs), graph.end
        kept = read_names(config.fixed) if config.data == "expression" else ()
        self.moved = [leaf for name, leaf in self.leaves.items() if name not in kept]
        self.order = self.end.order()
        for leaf, gradient in zip(self.leaves.values(), left, strict=False):
            leaf.grad = np.float64(gradient)

    def observe(self) -> Mapping[str, Any]:
        """All that the page shows of one moment, as small NumPy arrays."""
        leaves = list(self.leaves.values())
        return {
            "weights": shaped_like(self.arrays, [leaf.data for leaf in leaves]),
            "left": np.array([leaf.grad for leaf in leaves]),  # gradients that are there before the next backward pass
            "loss": float(self.end.data),
            "outputs": np.array([float(z.data) for z in self.outputs]),
        }

    def step(self) -> float:
        """One step: gradients backward, then every moved number against its own. Returns the gradient's norm."""
        if self.config.zero:
            zero_gradients(list(self.leaves.values()))
        self.end.backward()
        with np.errstate(all="ignore"):
            for leaf in self.moved:
                leaf.data = leaf.data - self.config.learning_rate * leaf.grad
            norm = float(np.linalg.norm([leaf.grad for leaf in self.moved])) if self.moved else 0.0
        forward(self.order)
        return norm

    def train(self, steps: int, snapshot_every: int = 1) -> Iterator[Snapshot]:
        """As `fit` does it: takes `.send(steps)`. Raises DescentDiverged after the Snapshot that shows it."""
        wanted = yield Snapshot(0, math.nan, math.nan, self.observe(), steps)
        due = wanted or snapshot_every
        for step in range(1, steps + 1):
            before = float(self.end.data)
            norm = self.step()
            is_number = math.isfinite(float(self.end.data))
            if step >= due or step == steps or not is_number:
                wanted = yield Snapshot(step, before, norm, self.observe(), steps)
                if not is_number:
                    raise DescentDiverged(step, float(self.end.data))
                due = step + (wanted or snapshot_every)
            breathe(step)


def stream(config: Config) -> Iterator[Snapshot]:
    """Descend from where `config` begins and yield what it looks like; takes `.send(steps)` like every stream."""
    return Experiment(config).train(max(config.until, config.steps))


def first(config: Config) -> Snapshot:
    """The computation of `config` before its first step."""
    return next(Experiment(config).train(0))


def run(config: Config) -> Result:
    """Descend to `config.steps` and return everything about the computation there."""
    return result_of(config, moments_of(Experiment(config).train, config.steps))


def answers_right(config: Config, outputs: np.ndarray) -> int:
    """How many of the samples the network is right about: z on the side of the middle where y is."""
    middle = 0.5 if config.loss == "squared" else 0.0
    return int(((outputs > middle) == (np.array(TARGETS[config.task]) > 0.5)).sum())


def guessing(config: Config) -> float:
    """The mean loss of who always gives the same best answer: the mean, or its share as a probability."""
    share = float(np.mean(TARGETS[config.task]))
    if config.loss == "squared":
        return share * (1 - share)
    return -share * math.log(share) - (1 - share) * math.log(1 - share)


def result_of(config: Config, moments: Sequence[Snapshot]) -> Result:
    """The Result of a run from its snapshots; the last one holds the numbers."""
    weights = moments[-1].values["weights"]
    graph = graph_of(replace(config, steps=0), weights)
    graph.end.backward()
    inputs = list(graph.inputs.values())
    gradients = torch.tensor([float(value.grad) for value in inputs], dtype=torch.float64)
    found = [central_differences(graph.end, value, [USUAL_WIDTH, *WIDTHS]) for value in inputs]
    differences = torch.tensor(found, dtype=torch.float64).reshape(len(inputs), 1 + len(WIDTHS))
    diverged = not math.isfinite(moments[-1].values["loss"])
    return Result(
        value=torch.tensor([float(value.data) for value in graph.order], dtype=torch.float64),
        gradient=torch.tensor([float(value.grad) for value in graph.order], dtype=torch.float64),
        finite=differences[:, 0],
        backpropagated=gradients,
        autograd=torch.tensor(autograd_gradients(graph.end, inputs), dtype=torch.float64),
        width=torch.tensor(WIDTHS, dtype=torch.float64),
        error=(differences[:, 1:] - gradients[:, None]).abs().T.contiguous(),
        step=torch.tensor([moment.step for moment in moments]),
        loss=history((moment.values["loss"] for moment in moments), infinite=True),
        parameters=torch.tensor(
            np.stack([np.concatenate([part.ravel() for part in moment.values["weights"]]) for moment in moments])
        ),
        gradient_norm=history((moment.gradient_norm for moment in moments), infinite=True),
        nodes=tuple(graph.names),
        inputs=tuple(value.name for value in inputs),
        config=config,
        weights=weights,
        diverged_at=moments[-1].step if diverged and moments[-1].step else None,
    )

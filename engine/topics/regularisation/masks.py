"""Regularisation: a small network trained with dropout, and what each of many masks makes of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from engine.contracts.axes import axes, note, result
from engine.data.points import grid
from engine.models.mlp.mlp import MultiLayerPerceptron
from engine.training.fit import seeded

from .card import Config
from .task import PLANE, Experiment, Points, loss_of, plane_of, points_of, right

UNITS = 12  # neurons of each of the two hidden layers
STEPS = 800
MASKS, FEW = 1000, 100  # for the points, and for the whole plane


@result
class Result:
    """A network trained with dropout, and 1,000 masks drawn for it: what each answers for the test points.

    A mask has 0 for a neuron that is left out and 1/(1 − p) for one that stays (inverted dropout).
    """

    config: Config = note("what was asked for")
    inputs: Tensor = axes("point coordinate", "the test points")
    labels: Tensor = axes("point", "class of each")
    masks: Tensor = axes("mask layer neuron", "factor of each neuron's value: 0, or 1/(1 − p)")
    whole: Tensor = axes("point", "share of class A according to the whole network, as it is used")
    mean: Tensor = axes("point", "mean of this share over all masks")
    spread: Tensor = axes("point", "standard deviation of this share over the masks")
    unscaled: Tensor = axes("point", "mean over the masks where what stays is not divided by 1 − p")
    accuracy: Tensor = axes("mask", "share of the test points that each masked network names rightly")
    whole_accuracy: Tensor = axes("", "the same for the whole network")
    mean_accuracy: Tensor = axes("", "the same for the mean over the masks")
    loss: Tensor = axes("kind", "test loss of the whole network, of the mean, and of one mask on average", unit="nat")
    parameters: Tensor = axes("parameter", "all weights and biases of the network, layer by layer")
    planes: Tensor = axes("kind row column class", "the plane according to the whole network, the mean, the first mask")


@dataclass(frozen=True, eq=False)
class Layers:
    """The three layers of the network by their numbers: weights (O, I) and biases (O,)."""

    weights: tuple[Tensor, Tensor, Tensor]
    biases: tuple[Tensor, Tensor, Tensor]


class _Small(Experiment):
    """The task with a network small enough to be drawn."""

    def __init__(self, config: Config):
        super().__init__(config)
        with seeded(config.seed + 10_000) as generator:
            self.model = MultiLayerPerceptron(2, (UNITS, UNITS), 1, "relu", generator, config.dropout)
        self.model.to(self.grid_points.device).eval()
        self.lowest, self.lowest_step = self.loss_on(self.test), 0


def layers_of(parameters: Tensor) -> Layers:
    """The layers out of all numbers of the network, in the order of its parameters."""
    sizes, parts, at = (2, UNITS, UNITS, 1), [], 0
    for inputs, outputs in pairwise(sizes):
        parts.append(parameters[at : at + inputs * outputs].reshape(outputs, inputs))
        parts.append(parameters[at + inputs * outputs : at + inputs * outputs + outputs])
        at += inputs * outputs + outputs
    return Layers(tuple(parts[::2]), tuple(parts[1::2]))


def forward(layers: Layers, inputs: Tensor, masks: Tensor) -> tuple[Tensor, list[Tensor]]:
    """Logits (M, N) and the values (M, N, UNITS) of each hidden layer before its mask.

    inputs (N, 2); masks (M, 2, UNITS) of factors; ones for the whole network.
    """
    values, seen = inputs.expand(len(masks), -1, -1), []
    for number in range(2):
        seen.append(torch.relu(values @ layers.weights[number].T + layers.biases[number]))
        values = seen[-1] * masks[:, number, None]
    return (values @ layers.weights[2].T + layers.biases[2])[..., 0], seen


def draw_masks(count: int, rate: float, seed: int) -> Tensor:
    """(count, 2, UNITS) factors: 0 with probability `rate`, else 1/(1 − rate)."""
    with seeded(seed + 40_000) as generator:
        kept = torch.rand(count, 2, UNITS, generator=generator) >= rate
    return kept / (1 - rate)


def run(config: Config) -> Result:
    """Train with dropout, then answer once with the whole network and once with every mask."""
    small = _Small(replace(config, method="dropout", width=8))
    *_, last = small.train(STEPS, STEPS)
    points: Points = points_of(config)
    parameters = torch.cat([torch.from_numpy(one).nan_to_num().flatten() for one in last.values["weights"]])
    layers, masks, whole = (
        layers_of(parameters),
        draw_masks(MASKS, config.dropout, config.seed),
        torch.ones(1, 2, UNITS),
    )
    inputs, labels = points.test
    logits = forward(layers, inputs, masks)[0]
    alone = forward(layers, inputs, whole)[0][0]
    shares = torch.sigmoid(logits)
    mean = shares.mean(0)
    spots = grid(PLANE)
    everywhere = torch.sigmoid(forward(layers, spots, masks[:FEW])[0]).mean(0)
    planes = [
        plane_of(forward(layers, spots, whole)[0][0][:, None]), plane_of(torch.logit(everywhere, 1e-6)[:, None]),
        plane_of(forward(layers, spots, masks[:1])[0][0][:, None]),
    ]  # fmt: skip
    return Result(
        config=config,
        inputs=inputs,
        labels=labels,
        masks=masks,
        whole=torch.sigmoid(alone),
        mean=mean,
        spread=shares.std(0),
        unscaled=torch.sigmoid(forward(layers, inputs, masks * (1 - config.dropout))[0]).mean(0),
        accuracy=((logits < 0).long() == labels).double().mean(1),
        whole_accuracy=torch.tensor(right(alone[:, None], labels)),
        mean_accuracy=((mean < 0.5).long() == labels).double().mean(),
        loss=torch.stack([
            loss_of(alone[:, None], labels), loss_of(torch.logit(mean, 1e-6)[:, None], labels),
            torch.stack([loss_of(one[:, None], labels) for one in logits[:100]]).mean(),
        ]),
        parameters=parameters,
        planes=torch.stack([torch.from_numpy(plane) for plane in planes]),
    )  # fmt: skip


def maps_of(result: Result, factors: Tensor, side: int = 20) -> np.ndarray:
    """(N, side, side) the value of every neuron over the plane under a mask (1, 2, UNITS): inputs, hidden, output."""
    spots, layers = grid(side), layers_of(result.parameters)
    logits, seen = forward(layers, spots, factors)
    columns = [spots, seen[0][0] * factors[0, 0], seen[1][0] * factors[0, 1], logits[0][:, None]]
    return torch.cat(columns, 1).T.reshape(-1, side, side).numpy()


def plane_under(result: Result, number: int) -> np.ndarray:
    """(PLANE, PLANE, 2) uint8 the plane according to the network under one of its masks."""
    logits = forward(layers_of(result.parameters), grid(PLANE), result.masks[number : number + 1])[0]
    return plane_of(logits[0][:, None])

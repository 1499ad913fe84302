"""Regularisation: one task with too few points for its network, trained with what holds it back."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.contracts.axes import axes, note, result
from engine.data.points import grid, make_points
from engine.machinery.device import current_device
from engine.models.mlp.mlp import MultiLayerPerceptron
from engine.training.fit import Snapshot, fit, seeded
from engine.training.moments import finite, history, moments_of
from engine.training.own_weights import start_from
from engine.training.patience import Patience, until_patience_ends
from engine.training.proximal import soft_threshold

from .card import METHODS, Config, of_training

TEST = 200  # points that only test
PLANE = 64  # pixels a side of the picture of the plane
WIDEST = 2.0  # of the weights that have a place in the histogram; larger ones count at its ends
BINS = 80  # of the histogram, over (-WIDEST, WIDEST)


@dataclass(frozen=True, eq=False)
class Points:
    """Three sets of points in the plane: inputs (N, 2) float32 and classes (N,) int64 of each."""

    train: tuple[Tensor, Tensor]
    validation: tuple[Tensor, Tensor]
    test: tuple[Tensor, Tensor]


def points_of(config: Config) -> Points:
    """The points of a Config. More training points are added to those that there were; the test points stay."""
    with seeded(config.seed) as generator:
        drawn = make_points(config.data, TEST + 400, 2, config.noise, generator)
        order = torch.randperm(len(drawn), generator=generator)
    inputs, labels = drawn.inputs[order], drawn.targets[order]
    ends = (slice(TEST + 200, TEST + 200 + config.points), slice(TEST, TEST + config.points), slice(TEST))
    return Points(*((inputs[part], labels[part]) for part in ends))


def loss_of(output: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy in nats. output (B, 1): the logit of class A (0)."""
    return F.binary_cross_entropy_with_logits(output[:, 0], (labels == 0).to(output.dtype))


def right(output: Tensor, labels: Tensor) -> float:
    """Share of the points that are named rightly."""
    return ((output[:, 0] < 0).long() == labels).double().mean().item()


def plane_of(output: Tensor) -> np.ndarray:
    """Logits (side², 1) over the plane -> (side, side, 2) uint8 shares of both classes."""
    share = torch.sigmoid(output[:, 0]).nan_to_num()
    side = math.isqrt(len(share))
    return (torch.stack([share, 1 - share], 1).reshape(side, side, 2) * 255).round().byte().cpu().numpy()


class Experiment:
    """Points, network and steps of one Config, freshly made; equal Configs make equal Experiments."""

    def __init__(self, config: Config):
        self.config, device = config, current_device()
        points = points_of(config)
        self.train_points, self.validation, self.test = (
            tuple(part.to(device) for part in one) for one in (points.train, points.validation, points.test)
        )
        with seeded(config.seed + 10_000) as generator:
            rate = config.dropout if config.method == "dropout" else 0.0
            self.model = MultiLayerPerceptron(2, (config.width, config.width), 1, "relu", generator, rate)
        start_from(self.model, config)
        self.model.to(device).eval()
        self.grid_points = grid(PLANE).to(device)
        self.lowest, self.lowest_step = self.loss_on(self.test), 0  # of the test loss so far

    @property
    def priced(self) -> list[Tensor]:
        """The weights that a penalty is on: all but biases, which only shift a border and do not bend it."""
        return [layer.linear.weight for layer in self.model.layers]

    def penalty(self) -> Tensor:
        """α₂/2 Σw², and α₁ Σ|w| where it is not done by the soft threshold. Autograd gives |w| at 0 the slope 0."""
        config, total = self.config, torch.zeros(())
        if config.method in ("l2", "elastic"):
            total = total + config.l2 / 2 * sum(weight.square().sum() for weight in self.priced)
        if config.method in ("l1", "elastic") and config.threshold == "subgradient":
            total = total + config.l1 * sum(weight.abs().sum() for weight in self.priced)
        return total

    @torch.no_grad()
    def after_step(self, step: int) -> None:
        """The proximal step of L1, w ← sign(w) max(|w| − ηα₁, 0), which gives exact zeros; a look at the test loss."""
        config = self.config
        if config.method in ("l1", "elastic") and config.threshold == "proximal":
            for weight in self.priced:
                weight.copy_(soft_threshold(weight, config.learning_rate * config.l1))
        self.model.eval()
        if (loss := self.loss_on(self.test)) < self.lowest:
            self.lowest, self.lowest_step = loss, step

    @torch.no_grad()
    def observe(self, step: int) -> Mapping[str, Any]:
        """All that the page shows of one moment; dropout is off."""
        self.model.eval()
        weights = torch.cat([weight.flatten() for weight in self.priced])
        counts = torch.histc(weights.nan_to_num().clamp(-WIDEST, WIDEST), BINS, -WIDEST, WIDEST)
        values: dict[str, Any] = {
            "plane": plane_of(self.model(self.grid_points)),
            "weights": [parameter.detach().cpu().numpy().copy() for parameter in self.model.parameters()],
            "histogram": counts.cpu().numpy().astype(np.float32),
            "zeros": int((weights == 0).sum()),
            "size": weights.abs().mean().item(),
            "lowest": self.lowest,
            "lowest_step": self.lowest_step,
        }
        for name, (inputs, labels) in (
            ("train", self.train_points), ("validation", self.validation), ("test", self.test),
        ):  # fmt: skip
            output = self.model(inputs)
            values[f"{name}_loss"], values[f"{name}_accuracy"] = loss_of(output, labels).item(), right(output, labels)
        return values

    @torch.no_grad()
    def loss_on(self, points: tuple[Tensor, Tensor]) -> float:
        """The loss on some points, dropout switched off if the model is in eval mode."""
        return loss_of(self.model(points[0]), points[1]).item()

    def batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """All training points in every step."""
        while True:
            yield self.train_points

    def train(self, steps: int, snapshot_every: int = 10) -> Iterator[Snapshot]:
        """Plain gradient descent on all training points; the same as ISTA where L1 is done by the soft threshold."""
        early = self.config.method == "early"
        optimizer = torch.optim.SGD(self.model.parameters(), lr=self.config.learning_rate)
        training = fit(
            self.model, self.batches(), loss_of, optimizer, observe=(lambda step: {}) if early else self.observe,
            steps=steps, snapshot_every=1 if early else snapshot_every, penalty=self.penalty,
            after_step=self.after_step,
        )  # fmt: skip
        if not early:
            yield from training
            return
        patience = Patience(self.config.patience)
        yield from until_patience_ends(
            training, patience, lambda: self.loss_on(self.validation), self.model,
            lambda snapshot: replace(snapshot, values=self.observe(snapshot.step)), snapshot_every,
        )  # fmt: skip


@result
class Result:
    """A network after `steps` steps, its points, its picture of the plane, and the history of its training."""

    config: Config = note("what was asked for")
    inputs: Tensor = axes("point coordinate", "the points: those trained on, then those that only test")
    labels: Tensor = axes("point", "class of each point")
    is_train: Tensor = axes("point", "whether the point is trained on")
    plane: Tensor = axes("row column class", "share of each class at each spot, in 1/255")
    step: Tensor = axes("moment", "optimiser step of each moment looked at", unit="step")
    train_loss: Tensor = axes("moment", "mean cross-entropy over the training points", unit="nat", gaps=True)
    validation_loss: Tensor = axes("moment", "the same over the validation points", unit="nat", gaps=True)
    test_loss: Tensor = axes("moment", "the same over the test points", unit="nat", gaps=True)
    train_accuracy: Tensor = axes("moment", "share of the training points named rightly", gaps=True)
    test_accuracy: Tensor = axes("moment", "share of the test points named rightly", gaps=True)
    zeros: Tensor = axes("moment", "weights that are exactly 0", unit="weights")
    size: Tensor = axes("moment", "mean size |w| of the weights", gaps=True)
    parameters: Tensor = axes("parameter", "all weights and biases, layer by layer")
    weights: Tensor = axes("weight", "the weights alone")
    diverged_at: int | None = note("the step at which the loss stopped being a number, if it did")


def network(config: Config, result: Result | None = None) -> MultiLayerPerceptron:
    """The network of a Config with the weights of a Result; without one, before its first step."""
    model = Experiment(config).model
    if result is not None:
        nn.utils.vector_to_parameters(result.parameters.to(next(model.parameters()).device), model.parameters())
    return model


def stream(config: Config) -> Iterator[Snapshot]:
    """Train the network of `config` and yield what it looks like; takes `.send(steps)` like every stream."""
    return Experiment(config).train(max(config.until, config.steps))


def first(config: Config) -> Snapshot:
    """The network of `config` before its first step."""
    return next(Experiment(config).train(0))


def run(config: Config) -> Result:
    """Train to `config.steps` and return everything about the network there."""
    return result_of(config, moments_of(Experiment(config).train, config.steps))


def result_of(config: Config, moments: Sequence[Snapshot]) -> Result:
    """The Result of a run from its snapshots; the last one holds the weights."""
    last, points = moments[-1], points_of(config)
    looked_at = partial(history, infinite=True)
    columns = {
        name: looked_at(moment.values[name] for moment in moments)
        for name in ("train_loss", "validation_loss", "test_loss", "train_accuracy", "test_accuracy", "size")
    }
    parts = [torch.from_numpy(finite(one)) for one in last.values["weights"]]
    return Result(
        config=config,
        inputs=torch.cat([points.train[0], points.test[0]]),
        labels=torch.cat([points.train[1], points.test[1]]),
        is_train=torch.arange(config.points + TEST) < config.points,
        plane=torch.from_numpy(last.values["plane"].copy()),
        step=torch.tensor([moment.step for moment in moments]),
        zeros=torch.tensor([moment.values["zeros"] for moment in moments]),
        parameters=torch.cat([one.flatten() for one in parts]),
        weights=torch.cat([one.flatten() for one in parts if one.dim() == 2]),
        diverged_at=last.step if last.step and not math.isfinite(last.loss) else None,
        **columns,
    )


def stream_all(config: Config) -> Iterator[Snapshot]:
    """Train the same network on the same points with each of METHODS in turn, to its last step.

    values: plane (method, side, side, 2) and numbers (method, 5): losses and accuracies on training and test points,
    exact zeros, NaN where nothing was trained yet; steps (method,) that were trained.
    """
    planes = np.full((len(METHODS), PLANE, PLANE, 2), 127, np.uint8)
    numbers, steps = np.full((len(METHODS), 5), np.nan), np.zeros(len(METHODS), np.int64)

    def so_far(done: int) -> Snapshot:
        values = {"plane": planes.copy(), "numbers": numbers.copy(), "steps": steps.copy()}
        return Snapshot(done, math.nan, math.nan, values, len(METHODS))

    for at, method in enumerate(METHODS):
        yield so_far(at)
        one = replace(of_training(config), method=method, weights="")
        last = moments_of(lambda steps, every, one=one: Experiment(one).train(steps, steps), one.until)[-1]
        planes[at], steps[at] = last.values["plane"], last.step
        names = ("train_loss", "test_loss", "train_accuracy", "test_accuracy", "zeros")
        numbers[at] = [last.values[name] for name in names]
    yield so_far(len(METHODS))

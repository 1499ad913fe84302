"""MLP playground: the experiment."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.contracts.axes import axes, note, result
from engine.contracts.knob import KnobError
from engine.data.points import REGRESSION_SETS, PointSet, grid, make_points, own_points, split
from engine.instrument.trace import record
from engine.machinery.device import current_device
from engine.models.mlp.mlp import MultiLayerPerceptron
from engine.pictures.network.values import quantise_maps
from engine.training.fit import Snapshot, batches_of, fit, seeded
from engine.training.moments import history, moments_of, restore
from engine.training.own_weights import start_from
from engine.training.proximal import soft_threshold

from .card import Config, parse_edits

BOUNDARY_SIZE = 64  # pixels a side of the picture of the plane
MAP_BYTES = 40_000  # all neuron maps of one snapshot together
FEATURE_FUNCTIONS = {
    "x1": lambda x: x[:, 0],
    "x2": lambda x: x[:, 1],
    "x1_squared": lambda x: x[:, 0] ** 2,
    "x2_squared": lambda x: x[:, 1] ** 2,
    "x1_x2": lambda x: x[:, 0] * x[:, 1],
    "sin_x1": lambda x: torch.sin(2 * x[:, 0]),
    "sin_x2": lambda x: torch.sin(2 * x[:, 1]),
}


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
    parameters: Tensor = axes("parameter", "all weights and biases, layer by layer")
    snapshot: Snapshot = note("the last moment, with every neuron's map")
    config: Config = note("what was asked for")
    diverged_at: int | None = note("the step at which the loss stopped being a number, if it did")


def points_of(config: Config) -> tuple[PointSet, Tensor]:
    """The points of a Config, and (N,) bool: which of them are trained on."""
    with seeded(config.seed) as generator:
        if config.data == "own":
            points = own_points(config.points)
        else:
            points = make_points(config.data, config.samples, config.classes, config.noise, generator)
        return points, split(len(points), config.train_share, generator)


@dataclass
class Experiment:
    """Data, model and optimiser of one Config, freshly made; equal Configs make equal Experiments.

    side: pixels a side of the picture of the plane; it changes nothing of the training.
    """

    config: Config
    side: int = BOUNDARY_SIZE

    def __post_init__(self) -> None:
        config, device = self.config, current_device()
        self.regression = config.data in REGRESSION_SETS
        points, self.is_train = points_of(config)
        self.inputs, self.targets = points.inputs, points.targets
        largest = int(self.targets.max()) + 1 if len(points) and not self.regression else 1
        self.classes = 1 if self.regression else max(config.classes, largest)
        self.outputs = 1 if self.regression or self.classes == 2 else self.classes
        with seeded(config.seed + 10_000) as generator:  # apart from the data's, so that a new network keeps the points
            self.model = MultiLayerPerceptron(
                len(config.features), config.layers, self.outputs, config.activation, generator, config.dropout
            )
        start_from(self.model, config)
        self.model.to(device)
        self.features = self.lift(self.inputs).to(device)
        self.device_targets = self.targets.to(device)
        self.train_rows = self.is_train.nonzero().flatten().to(device)
        self.test_rows = (~self.is_train).nonzero().flatten().to(device)
        self.plane_features = self.lift(grid(self.side)).to(device)
        self.edits = parse_edits(config.edits)
        for _, layer, to, origin, _ in self.edits:
            shape = self.model.layers[layer].linear.weight.shape if layer < len(self.model.layers) else (0, 0)
            if to >= shape[0] or origin >= shape[1]:
                raise KnobError(
                    "Weights set by hand: this network has no weight {value}", value=f"{layer}.{to}.{origin}"
                )

    def lift(self, x: Tensor) -> Tensor:
        """(N, 2) coordinates -> (N, I) chosen features."""
        return torch.stack([FEATURE_FUNCTIONS[name](x) for name in self.config.features], dim=1)

    @cached_property
    def map_stride(self) -> int:
        """Pixels of the plane skipped between the pixels of a neuron's map, so that a snapshot stays small."""
        neurons = sum(self.config.layers) + len(self.config.features) + self.outputs
        most = math.sqrt(MAP_BYTES / neurons)
        return next(stride for stride in (2, 4, 8) if most >= self.side / stride or stride == 8)

    def optimizer(self) -> torch.optim.Optimizer:
        config, parameters = self.config, list(self.model.parameters())
        match config.optimizer:
            case "adam":
                return torch.optim.Adam(parameters, lr=config.learning_rate)
            case "momentum":
                return torch.optim.SGD(parameters, lr=config.learning_rate, momentum=0.9)
        return torch.optim.SGD(parameters, lr=config.learning_rate)

    def loss(self, output: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
        """Squared error for regression, else cross-entropy in nats. output (B, O), target (B,)."""
        if self.regression:
            return F.mse_loss(output[:, 0], target, reduction=reduction)
        if self.outputs == 1:
            return F.binary_cross_entropy_with_logits(output[:, 0], (target == 0).float(), reduction=reduction)
        return F.cross_entropy(output, target, reduction=reduction)

    def answer(self, output: Tensor) -> Tensor:
        """Network output (B, O) -> class probabilities (B, K), or values (B, 1) for regression."""
        if self.regression:
            return output
        if self.outputs == 1:
            first = torch.sigmoid(output)  # one output: its sign says A (positive, blue) or B (negative, orange)
            return torch.cat([first, 1 - first], dim=1)
        return output.softmax(1)

    def score(self, output: Tensor, target: Tensor) -> float:
        """Accuracy, or R² = 1 - residual / total sum of squares for regression; NaN for no points."""
        if len(target) == 0:
            return math.nan
        if self.regression:
            total = (target - target.mean()).square().sum()
            return (1 - (output[:, 0] - target).square().sum() / total).item() if total > 0 else math.nan
        return (self.answer(output).argmax(1) == target).float().mean().item()

    def l2_penalty(self) -> Tensor:
        """α/2 Σ w² over all weights, biases left out."""
        return 0.5 * self.config.strength * sum(layer.linear.weight.square().sum() for layer in self.model.layers)

    @torch.no_grad()
    def after_step(self, step: int) -> None:
        """Proximal step of L1, w ← sign(w) max(|w| − ηα, 0), which gives exact zeros; then weights set by hand."""
        if self.config.regularisation == "l1":
            threshold = self.config.learning_rate * self.config.strength
            for layer in self.model.layers:
                layer.linear.weight.copy_(soft_threshold(layer.linear.weight, threshold))
        self.apply_edits(step)

    @torch.no_grad()
    def apply_edits(self, step: int) -> None:
        for when, layer, to, origin, value in self.edits:
            if when == step:
                linear = self.model.layers[layer].linear
                if origin < 0:
                    linear.bias[to] = value
                else:
                    linear.weight[to, origin] = value

    @torch.no_grad()
    def observe(self, step: int) -> Mapping[str, Any]:
        """All that the page shows of one moment, as small NumPy arrays."""
        self.model.eval()
        output = self.model(self.features)
        losses = self.loss(output, self.device_targets, "none") if len(output) else output[:, 0]
        with record(self.model) as trace:
            plane = self.answer(self.model(self.plane_features))
        stride = self.map_stride
        names = ["input", *(f"hidden.{i}.output" for i in range(len(self.config.layers))), "output.output"]
        maps = torch.cat([trace[name] for name in names], dim=1)  # (S², N)
        maps = maps.T.reshape(-1, self.side, self.side)[:, stride // 2 :: stride, stride // 2 :: stride]
        pixels, ranges = quantise_maps(maps.cpu().numpy()[None])
        picture = plane.reshape(self.side, self.side, -1).cpu().numpy()
        values = {
            "plane": picture if self.regression else np.round(np.nan_to_num(picture) * 255).astype(np.uint8),
            "maps": pixels[0],  # (N, s, s)
            "ranges": ranges[0],  # (N,)
            "weights": [layer.linear.weight.cpu().numpy().copy() for layer in self.model.layers],
            "biases": [layer.linear.bias.cpu().numpy().copy() for layer in self.model.layers],
        }
        for part, rows in (("train", self.train_rows), ("test", self.test_rows)):
            values[f"{part}_loss"] = losses[rows].mean().item() if len(rows) else math.nan
            values[f"{part}_accuracy"] = self.score(output[rows], self.device_targets[rows])
        return values

    def train(self, steps: int, snapshot_every: int = 10) -> Iterator[Snapshot]:
        config = self.config
        if len(self.inputs) == 0:
            yield Snapshot(0, math.nan, math.nan, self.observe(0), steps)
            return
        self.apply_edits(0)
        with seeded(config.seed + 20_000) as generator:
            yield from fit(
                self.model,
                batches_of(
                    self.features[self.train_rows], self.device_targets[self.train_rows], config.batch_size, generator
                ),
                self.loss,
                self.optimizer(),
                observe=self.observe,
                steps=steps,
                snapshot_every=snapshot_every,
                penalty=self.l2_penalty if config.regularisation == "l2" else None,
                after_step=self.after_step,
            )


def network(config: Config, result: Result | None = None) -> MultiLayerPerceptron:
    """The network of a Config with the weights of a Result; without one, before its first step."""
    model = Experiment(replace(config, edits="")).model
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


def data_of(config: Config) -> tuple[list[list[float]], list[bool]]:
    """The points as [x1, x2, class or value], and which of them are trained on."""
    points, is_train = points_of(config)
    rows = torch.cat([points.inputs, points.targets[:, None].to(torch.float32)], dim=1)
    return rows.tolist(), is_train.tolist()


@torch.no_grad()
def result_of(config: Config, moments: Sequence[Snapshot]) -> Result:
    """The Result of a run from its snapshots; the last one holds the weights."""
    experiment, last = Experiment(replace(config, edits="")), moments[-1]
    layers = zip(last.values["weights"], last.values["biases"], strict=True)
    # A weight that overflowed counts as the largest number there is, and one that is none as 0.
    restore(experiment.model, [np.nan_to_num(part) for layer in layers for part in layer])
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
        snapshot=last,
        config=config,
        diverged_at=last.step if last.step and not math.isfinite(last.loss) else None,
    )

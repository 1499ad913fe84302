"""MLP playground: the experiment: data, network, optimiser, and what is seen of every moment."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from engine.contracts.embed import embedded
from engine.contracts.knob import KnobError
from engine.data.points import PointSet, grid, make_points, own_points, split
from engine.data.table_keys import table_of
from engine.instrument.trace import record
from engine.machinery.device import current_device
from engine.models.mlp.batch_norm import BatchNorm
from engine.models.mlp.mlp import MultiLayerPerceptron
from engine.pictures.network.values import quantise_maps
from engine.training.fit import Snapshot, batches_of, fit, seeded
from engine.training.moments import restore
from engine.training.own_weights import start_from
from engine.training.proximal import soft_threshold

from .card import Config
from .texts import activations_of, parse_edits

BOUNDARY_SIZE = 64  # pixels a side of the picture of the plane
MAP_BYTES = 40_000  # all neuron maps of one snapshot together
AVERAGES = {"sgd": (), "momentum": ("momentum_buffer",), "adam": ("exp_avg", "exp_avg_sq")}  # as PyTorch calls them
FEATURE_FUNCTIONS = {
    "x1": lambda x: x[:, 0],
    "x2": lambda x: x[:, 1],
    "x1_squared": lambda x: x[:, 0] ** 2,
    "x2_squared": lambda x: x[:, 1] ** 2,
    "x1_x2": lambda x: x[:, 0] * x[:, 1],
    "sin_x1": lambda x: torch.sin(2 * x[:, 0]),
    "sin_x2": lambda x: torch.sin(2 * x[:, 1]),
}


@embedded
def given(config: Config) -> tuple[np.ndarray, tuple[str, ...]]:
    """(N, 3) float64 of the reader's own table, brought into the plane: x1, x2, class or value; and the names of the
    classes, () for values. Nothing for other data."""
    if config.data != "table" or not config.table:
        return np.zeros((0, 3)), ()
    table = table_of(config.table)
    return np.array(table.in_plane()), table.classes


def points_of(config: Config) -> tuple[PointSet, Tensor]:
    """The points of a Config, and (N,) bool: which of them are trained on."""
    rows, classes = given(config)
    with seeded(config.seed) as generator:
        if config.data == "own":
            points = own_points(config.points)
        elif config.data == "table":
            rows = torch.from_numpy(rows).float()
            points = PointSet(rows[:, :2].contiguous(), rows[:, 2].long() if classes or not len(rows) else rows[:, 2])
        else:
            points = make_points(config.data, config.samples, config.classes, config.noise, generator)
        return points, split(len(points), config.train_share, generator)


@torch.no_grad()
def restore_moment(model: MultiLayerPerceptron, values: Mapping[str, Any]) -> None:
    """Copy weights, biases and batch normalisation of a moment's `values` into the model, on the device where it is.

    What overflowed counts as the largest number there is, and what is none as 0.
    """
    parts, norms = [], values["norms"]
    for number, pair in enumerate(zip(values["weights"], values["biases"], strict=True)):
        parts += [*pair, *(norms[number][:2] if number < len(norms) else ())]
    restore(model, [np.nan_to_num(part) for part in parts])
    for layer, (_, _, mean, variance) in zip(model.hidden, norms, strict=False):
        layer.norm.running_mean.copy_(torch.from_numpy(np.nan_to_num(mean)))
        layer.norm.running_variance.copy_(torch.from_numpy(np.nan_to_num(variance)))


@dataclass
class Experiment:
    """Data, model and optimiser of one Config, freshly made; equal Configs make equal Experiments.

    side: pixels a side of the picture of the plane; it changes nothing of the training.
    """

    config: Config
    side: int = BOUNDARY_SIZE

    def __post_init__(self) -> None:
        config, device = self.config, current_device()
        points, self.is_train = points_of(config)
        self.regression = points.targets.is_floating_point()
        self.inputs, self.targets = points.inputs, points.targets
        largest = int(self.targets.max()) + 1 if len(points) and not self.regression else 1
        least = 2 if config.data == "table" else config.classes
        self.classes = 1 if self.regression else max(least, largest)
        self.outputs = 1 if self.regression or self.classes == 2 else self.classes
        with seeded(config.seed + 10_000) as generator:  # apart from the data's, so that a new network keeps the points
            self.model = MultiLayerPerceptron(
                len(config.features), config.layers, self.outputs, activations_of(config), generator, config.dropout,
                config.batch_norm, config.first_weights,
            )  # fmt: skip
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

    @property
    def norms(self) -> list[BatchNorm]:
        """The batch normalisation of every hidden layer; none without it."""
        return [layer.norm for layer in self.model.hidden if layer.norm is not None]

    @property
    def dropout_state(self) -> Tensor:
        """Where the generator of the dropout masks stands; nothing where none are drawn."""
        if not (self.config.dropout and self.config.layers):
            return torch.zeros(0, dtype=torch.uint8)
        return self.model.hidden[0].dropout.generator.get_state()

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
    def observe(self, step: int, optimizer: torch.optim.Optimizer) -> Mapping[str, Any]:
        """All that the page shows of one moment, as small NumPy arrays, and what the next step begins with."""
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
            "norms": [
                torch.stack([norm.gain, norm.shift, norm.running_mean, norm.running_variance]).cpu().numpy()
                for norm in self.norms
            ],  # (4, neurons) a hidden layer
            "averages": [
                optimizer.state[parameter][name].cpu().numpy().copy()
                for parameter in self.model.parameters() for name in AVERAGES[self.config.optimizer]
                if parameter in optimizer.state
            ],  # of gradients, parameter by parameter
            "dropout": self.dropout_state.numpy(),
        }  # fmt: skip
        for part, rows in (("train", self.train_rows), ("test", self.test_rows)):
            values[f"{part}_loss"] = losses[rows].mean().item() if len(rows) else math.nan
            values[f"{part}_accuracy"] = self.score(output[rows], self.device_targets[rows])
        return values

    def train(self, steps: int, snapshot_every: int = 10) -> Iterator[Snapshot]:
        config = self.config
        if len(self.inputs) == 0:
            yield Snapshot(0, math.nan, math.nan, self.observe(0, self.optimizer()), steps)
            return
        self.apply_edits(0)
        optimizer = self.optimizer()
        with seeded(config.seed + 20_000) as generator:
            yield from fit(
                self.model,
                batches_of(
                    self.features[self.train_rows], self.device_targets[self.train_rows], config.batch_size, generator
                ),
                self.loss,
                optimizer,
                observe=partial(self.observe, optimizer=optimizer),
                steps=steps,
                snapshot_every=snapshot_every,
                penalty=self.l2_penalty if config.regularisation == "l2" else None,
                after_step=self.after_step,
            )

"""kNN, SVM, softmax: the experiment; the two linear classifiers are trained here."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.contracts.axes import axes, note, result
from engine.contracts.knob import KnobError
from engine.machinery.device import current_device
from engine.models.linear.linear import TwoClassifiers, hinge_loss
from engine.training.fit import Snapshot, batches_of, fit, seeded
from engine.training.moments import history, moments_of, restore
from engine.training.own_weights import start_from

from . import kernel, neighbours
from .card import MODELS, Config, by_kernel, by_neighbours, parse_edits
from .samples import SIDE, samples_of

FAINTEST = 0.15  # how decided a spot looks that the SVM names without any margin


@result
class Result:
    """Both linear classifiers after `steps` steps, what they say of the plane, and how they were trained."""

    inputs: Tensor = axes("point feature", "the points, or the pixels of the digits")
    targets: Tensor = axes("point", "class of each point")
    is_train: Tensor = axes("point", "whether the point is learned from")
    svm_weights: Tensor = axes("class feature", "weight rows of the SVM")
    svm_biases: Tensor = axes("class", "biases of the SVM")
    softmax_weights: Tensor = axes("class feature", "weight rows of the softmax classifier")
    softmax_biases: Tensor = axes("class", "biases of the softmax classifier")
    svm_scores: Tensor = axes("point class", "scores of the SVM")
    softmax_scores: Tensor = axes("point class", "scores of the softmax classifier", unit="nat")
    svm_plane: Tensor = axes("row column class", "scores of the SVM at each spot; nothing where the data are digits")
    softmax_plane: Tensor = axes("row column class", "probabilities at each spot; nothing where the data are digits")
    step: Tensor = axes("moment", "optimiser step of each moment looked at", unit="step")
    svm_loss: Tensor = axes("moment", "mean hinge loss of the SVM over the training points", gaps=True)
    svm_held_out_loss: Tensor = axes("moment", "the same over the held-out points", gaps=True)
    softmax_loss: Tensor = axes("moment", "mean cross-entropy over the training points", unit="nat", gaps=True)
    softmax_held_out_loss: Tensor = axes("moment", "the same over the held-out points", unit="nat", gaps=True)
    svm_accuracy: Tensor = axes("moment", "share of the held-out points that the SVM names rightly", gaps=True)
    softmax_accuracy: Tensor = axes("moment", "the same of the softmax classifier", gaps=True)
    snapshot: Snapshot = note("the last moment")
    config: Config = note("what was asked for")
    diverged_at: int | None = note("the step at which the loss stopped being a number, if it did")


class Experiment:
    """Data and both classifiers of one Config, freshly made; equal Configs make equal Experiments."""

    def __init__(self, config: Config):
        self.config, device = config, current_device()
        self.samples = samples = samples_of(config)
        self.model = TwoClassifiers(samples.inputs.shape[1], len(samples.classes))
        start_from(self.model, config)
        self.model.to(device)
        self.inputs, self.targets = samples.inputs.to(device), samples.targets.to(device)
        self.train_rows, self.held_out_rows = samples.train_rows.to(device), samples.held_out_rows.to(device)
        self.plane = samples.plane().to(device)
        self.edits = parse_edits(config.edits)
        rows, columns = self.model.svm.weight.shape
        for _, model, row, column, _ in self.edits:
            if row >= rows or column >= columns:
                place = f"{model}.{row}.{'b' if column < 0 else column}"
                raise KnobError("Weights set by hand: these classifiers have no weight {value}", value=place)

    def loss(self, scores: tuple[Tensor, Tensor], targets: Tensor) -> Tensor:
        """Hinge loss of the SVM plus cross-entropy of the softmax classifier; they share no weight."""
        return hinge_loss(scores[0], targets, self.config.margin) + F.cross_entropy(scores[1], targets)

    def l2_penalty(self) -> Tensor:
        """λ/2 Σ w² over the weights of both, biases left out."""
        rows = self.model.svm.weight.square().sum() + self.model.softmax.weight.square().sum()
        return 0.5 * self.config.strength * rows

    @torch.no_grad()
    def apply_edits(self, step: int) -> None:
        """Weights set by hand after this step."""
        for when, name, row, column, value in self.edits:
            if when == step:
                part = self.model.svm if name == MODELS[0] else self.model.softmax
                if column < 0:
                    part.bias[row] = value
                else:
                    part.weight[row, column] = value

    @torch.no_grad()
    def observe(self, step: int) -> Mapping[str, Any]:
        """All that the page shows of one moment, as small NumPy arrays."""
        scores, config = self.model(self.inputs), self.config
        values: dict[str, Any] = {"weights": [one.cpu().numpy().copy() for one in self.model.parameters()]}
        losses = (lambda s, t: hinge_loss(s, t, config.margin), F.cross_entropy)
        for name, of_points, loss in zip(MODELS, scores, losses, strict=True):
            for part, rows in (("", self.train_rows), ("_held_out", self.held_out_rows)):
                there = len(rows) > 0
                values[f"{name}{part}_loss"] = loss(of_points[rows], self.targets[rows]).item() if there else math.nan
                right = of_points[rows].argmax(1) == self.targets[rows]
                values[f"{name}{part}_accuracy"] = right.float().mean().item() if there else math.nan
        if self.samples.side:
            for name, row in zip(MODELS, (self.model.svm.weight, self.model.softmax.weight), strict=True):
                values[f"{name}_rows"] = pictured(row).cpu().numpy().reshape(-1, self.samples.side, self.samples.side)
        else:
            svm, softmax = self.model(self.plane)
            shares = decided(svm, config.margin), softmax.softmax(1)
            for name, share in zip(MODELS, shares, strict=True):
                bytes_ = torch.nan_to_num(share).mul(255).round().to(torch.uint8)
                values[f"{name}_plane"] = bytes_.cpu().numpy().reshape(SIDE, SIDE, -1)
        return values

    def train(self, steps: int, snapshot_every: int = 10) -> Iterator[Snapshot]:
        """Steps of gradient descent on both losses."""
        config = self.config
        if not len(self.train_rows):
            yield Snapshot(0, math.nan, math.nan, self.observe(0), steps)
            return
        self.apply_edits(0)
        with seeded(config.seed + 20_000) as generator:
            inputs, targets = self.inputs[self.train_rows], self.targets[self.train_rows]
            yield from fit(
                self.model, batches_of(inputs, targets, config.batch_size, generator), self.loss,
                torch.optim.SGD(self.model.parameters(), lr=config.learning_rate), observe=self.observe, steps=steps,
                snapshot_every=snapshot_every, penalty=self.l2_penalty, after_step=self.apply_edits,
            )  # fmt: skip


def decided(scores: Tensor, margin: float) -> Tensor:
    """Scores (M, K) as shares of classes that look the surer the larger the lead of the best score over the second is,
    up to the margin Δ: there the hinge loss of that class is 0."""
    count = scores.shape[1]
    best, order = scores.topk(2, dim=1)
    lead = ((best[:, 0] - best[:, 1]) / margin)[:, None]
    lead = lead.clamp(FAINTEST, 1).where(lead > 0, 0.0)
    shares = ((1 - lead) / count).repeat(1, count)
    return shares.scatter_add(1, order[:, :1], lead)


def pictured(rows: Tensor) -> Tensor:
    """Weight rows (K, D) as bytes, each from minus to plus its own largest number: 127.5 is 0."""
    reach = rows.abs().amax(1, keepdim=True)
    return (rows / reach.where(reach > 0, 1.0) * 127.5 + 127.5).round().to(torch.uint8)


def network(config: Config, result: Result | None = None) -> nn.Module:
    """Both classifiers with the weights of a Result; without one, before their first step."""
    model = Experiment(replace(config, edits="")).model
    if result is not None:
        parts = (result.svm_weights, result.svm_biases, result.softmax_weights, result.softmax_biases)
        restore(model, [part.numpy() for part in parts])
    return model


def stream(config: Config) -> Iterator[Snapshot]:
    """Train both classifiers and yield what they look like; takes `.send(steps)` like every stream."""
    return Experiment(config).train(max(config.until, config.steps))


def first(config: Config) -> Snapshot:
    """Both classifiers before their first step."""
    return next(Experiment(config).train(0))


def run(config: Config) -> Result:
    """Train to `config.steps`; ask the neighbours or solve the kernel SVM where that is the method."""
    if by_neighbours(config):
        return neighbours.run(config)
    if by_kernel(config):
        return kernel.run(config)
    return result_of(config, moments_of(Experiment(config).train, config.steps))


@torch.no_grad()
def result_of(config: Config, moments: Sequence[Snapshot]) -> Result:
    """The Result of a run from its snapshots; the last one holds the weights."""
    experiment, last = Experiment(replace(config, edits="")), moments[-1]
    restore(experiment.model, last.values["weights"])
    svm, softmax = experiment.model(experiment.inputs)
    svm_plane, softmax_plane = experiment.model(experiment.plane)
    side = 0 if experiment.samples.side else SIDE
    parts = [one.cpu() for one in experiment.model.parameters()]

    def seen(name: str) -> Tensor:
        return history((moment.values[name] for moment in moments), infinite=True)

    return Result(
        inputs=experiment.samples.inputs,
        targets=experiment.samples.targets,
        is_train=experiment.samples.is_train,
        svm_weights=parts[0].detach().clone(),
        svm_biases=parts[1].detach().clone(),
        softmax_weights=parts[2].detach().clone(),
        softmax_biases=parts[3].detach().clone(),
        svm_scores=svm.cpu(),
        softmax_scores=softmax.cpu(),
        svm_plane=svm_plane.reshape(side, side, svm.shape[1]).cpu(),
        softmax_plane=softmax_plane.softmax(1).reshape(side, side, svm.shape[1]).cpu(),
        step=torch.tensor([moment.step for moment in moments]),
        svm_loss=seen("svm_loss"),
        svm_held_out_loss=seen("svm_held_out_loss"),
        softmax_loss=seen("softmax_loss"),
        softmax_held_out_loss=seen("softmax_held_out_loss"),
        svm_accuracy=seen("svm_held_out_accuracy"),
        softmax_accuracy=seen("softmax_held_out_accuracy"),
        snapshot=last,
        config=config,
        diverged_at=last.step if last.step and not math.isfinite(last.loss) else None,
    )

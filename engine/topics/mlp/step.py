"""MLP playground: one training step opened: forward, loss, backward, update, with every number on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.training.fit import Snapshot, batches_of, seeded

from .card import Config
from .experiment import AVERAGES, Experiment, restore_moment

BATCHES_SEED = 20_000  # as Experiment.train deals the batches


@dataclass(frozen=True, eq=False)
class OpenedStep:
    """The optimiser step that follows on a moment.

    number: of the step, from 1. rows: (B,) numbers of the points in its batch. values: of each layer, the inputs first,
    (B, N) what the next one is given, dropout included. sums: (B, N) of each layer behind the inputs: Σ w h + b.
    deltas: (B, N) of each: ∂ℓ/∂sum, where the loss L is the mean of the ℓ of the batch. slopes: (B, N) of each hidden
    layer: by how much its values grow with its sums; None with batch normalisation, which joins the samples of a batch.
    losses: (B,) float64 in nats or squared error. weights, biases, weight_gradients, bias_gradients: of each layer,
    gradients of L before any penalty. after_weights, after_biases: once the step is done. averages: "exp_avg weight" ->
    of each layer, what the optimiser has kept of the gradients before; after_averages: behind the step.
    """

    config: Config
    number: int
    rows: Tensor
    targets: Tensor
    values: Sequence[Tensor]
    sums: Sequence[Tensor]
    deltas: Sequence[Tensor]
    slopes: Sequence[Tensor] | None
    losses: Tensor
    weights: Sequence[Tensor]
    biases: Sequence[Tensor]
    weight_gradients: Sequence[Tensor]
    bias_gradients: Sequence[Tensor]
    after_weights: Sequence[Tensor]
    after_biases: Sequence[Tensor]
    averages: Mapping[str, Sequence[Tensor]]
    after_averages: Mapping[str, Sequence[Tensor]]
    regression: bool

    @property
    def loss(self) -> float:
        """Of the batch, without a penalty."""
        return self.losses.mean().item()


def open_step(config: Config, moment: Snapshot) -> OpenedStep | None:
    """The step that the run takes from a moment on: its batch, its dropout masks, its optimiser as it stands there.

    None without points, and where a weight is no number any more.
    """
    experiment = Experiment(replace(config, edits=""))
    values = moment.values
    if not len(experiment.train_rows) or not all(torch.isfinite(torch.from_numpy(w)).all() for w in values["weights"]):
        return None
    model, optimizer = experiment.model.cpu(), experiment.optimizer()
    restore_moment(model, values)
    restore_optimizer(optimizer, config, moment)
    if len(values["dropout"]):
        model.hidden[0].dropout.generator.set_state(torch.from_numpy(values["dropout"].copy()))
    rows = batch_rows(config, experiment.train_rows.cpu(), moment.step)
    features, targets = experiment.features.cpu()[rows], experiment.targets[rows]
    linears = [layer.linear for layer in model.layers]
    before = [[part.detach().clone() for part in (linear.weight, linear.bias)] for linear in linears]
    kept = averages_of(optimizer, config, linears)

    model.train()
    flowing, sums = [features], []
    for layer in model.layers:
        z = layer.linear(flowing[-1])
        sums.append(z)
        flowing.append(layer.dropout(layer.activation(z if layer.norm is None else layer.norm(z))))
    loss = experiment.loss(flowing[-1], targets)
    deltas = [len(rows) * one for one in torch.autograd.grad(loss, sums, retain_graph=True)]
    slopes = None
    if not config.batch_norm:
        slopes = [
            torch.autograd.grad(value.sum(), z, retain_graph=True)[0]
            for value, z in zip(flowing[1:-1], sums[:-1], strict=True)
        ]
    total = loss + experiment.l2_penalty() if config.regularisation == "l2" else loss
    pure = torch.autograd.grad(loss, [part for linear in linears for part in (linear.weight, linear.bias)],
                               retain_graph=True)  # fmt: skip
    total.backward()
    optimizer.step()
    experiment.after_step(moment.step + 1)
    return OpenedStep(
        config, moment.step + 1, rows, targets, [one.detach() for one in flowing], [one.detach() for one in sums],
        deltas, slopes, losses_of(experiment, flowing[-1].detach(), targets),
        [one for one, _ in before], [one for _, one in before], pure[::2], pure[1::2],
        [linear.weight.detach() for linear in linears], [linear.bias.detach() for linear in linears],
        kept, averages_of(optimizer, config, linears), experiment.regression,
    )  # fmt: skip


def batch_rows(config: Config, train_rows: Tensor, step: int) -> Tensor:
    """(B,) numbers of the points in the batch that follows after `step` steps."""
    with seeded(config.seed + BATCHES_SEED) as generator:
        batches = batches_of(train_rows, train_rows, config.batch_size, generator)
        return next(islice(batches, 0 if config.batch_size >= len(train_rows) else step, None))[0]


def restore_optimizer(optimizer: torch.optim.Optimizer, config: Config, moment: Snapshot) -> None:
    """What the optimiser has kept of the gradients up to a moment; nothing before the first step."""
    names, kept = AVERAGES[config.optimizer], moment.values["averages"]
    for at, parameter in enumerate(optimizer.param_groups[0]["params"]):
        if not kept:
            return
        state: dict[str, Any] = {
            name: torch.from_numpy(kept[len(names) * at + k].copy()) for k, name in enumerate(names)
        }
        if config.optimizer == "adam":
            state["step"] = torch.tensor(float(moment.step))
        optimizer.state[parameter] = state


def averages_of(
    optimizer: torch.optim.Optimizer, config: Config, linears: Sequence[torch.nn.Linear]
) -> dict[str, list[Tensor]]:
    """What an optimiser keeps of the gradients of each layer: weights, then biases; 0 before its first step."""
    return {
        f"{name} {part}": [
            optimizer.state[parameter][name].clone() if parameter in optimizer.state else torch.zeros_like(parameter)
            for parameter in (getattr(linear, part) for linear in linears)
        ]
        for name in AVERAGES[config.optimizer] for part in ("weight", "bias")
    }  # fmt: skip


def losses_of(experiment: Experiment, outputs: Tensor, targets: Tensor) -> Tensor:
    """(B,) float64: the loss of each sample, to the last digit also where it is tiny."""
    outputs = outputs.double()
    if experiment.regression:
        return F.mse_loss(outputs[:, 0], targets.double(), reduction="none")
    if experiment.outputs == 1:
        return F.binary_cross_entropy_with_logits(outputs[:, 0], (targets == 0).double(), reduction="none")
    return F.cross_entropy(outputs, targets, reduction="none")


def nearest(opened: OpenedStep, inputs: Tensor, spot: tuple[float, float]) -> int:
    """The place in the batch of the point next to a spot. inputs (N, 2): all points."""
    return int((inputs[opened.rows] - torch.tensor(spot)).square().sum(1).argmin())

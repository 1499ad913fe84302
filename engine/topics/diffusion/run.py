"""Diffusion: the training in the plane, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.contracts.axes import axes, note, result
from engine.machinery.device import current_device
from engine.models.diffusion.denoiser import PointDenoiser
from engine.models.diffusion.samplers import walk
from engine.models.diffusion.schedule import make_schedule, q_sample
from engine.training.average import Average
from engine.training.fit import Snapshot, fit, seeded
from engine.training.moments import finite, history, moments_of

from . import digits
from .card import Config, of_points
from .predictor import cloud_for, new_denoiser, predictor
from .walks import backward

GLIMPSE, GLIMPSE_STEPS = 300, 8  # points and steps of the walk that every snapshot takes: as dear as two training steps
HELD_OUT = 300  # points, each with one time and one noise, that the loss is watched on
DECAY = 0.99  # of the average of the weights
SLOWEST = 0.02  # of the learning rate, at the end


@result
class Result:
    """A trained noise predictor, the way of 500 points from noise to data, and how near they came."""

    config: Config = note("what was asked for")
    time: Tensor = axes("moment", "times that the way back visits, T first and 0 last", unit="step of the chain")
    alpha_bar: Tensor = axes("moment", "ᾱ at these times: share of the variance that is data")
    x: Tensor = axes("moment point coordinate", "the points at these times", unit="standard deviation of the data")
    x_0: Tensor = axes(
        "moment point coordinate", "x̂₀: the data that the network expects", unit="standard deviation of the data"
    )
    data: Tensor = axes("data_point coordinate", "points of the data", unit="standard deviation of the data")
    near: Tensor = axes("", "share of the samples near the data")
    covered: Tensor = axes("", "share of the data with a sample near")
    data_near: Tensor = axes("", "share of fresh data near the data")
    data_covered: Tensor = axes("", "share of the data with one of as many fresh points of the data near")
    radius: Tensor = axes("", "how near is near", unit="standard deviation of the data")
    step: Tensor = axes("look", "optimiser step of each look at the training", unit="step")
    train_loss: Tensor = axes("look", "mean squared error of ε̂ over the batch just trained on", gaps=True)
    held_out_loss: Tensor = axes("look", "the same over 300 held-out points", gaps=True)
    parameters: Tensor = axes("parameter", "all weights and biases that the samples come from")


class _Told(nn.Module):
    """The denoiser as `fit` calls a model: with one argument, the noisy points and their times."""

    def __init__(self, denoiser: PointDenoiser):
        super().__init__()
        self.denoiser = denoiser

    def forward(self, inputs: tuple[Tensor, Tensor]) -> Tensor:
        return self.denoiser(*inputs)


class Experiment:
    """Data, schedule, model and optimiser of one Config, freshly made; equal Configs make equal Experiments."""

    def __init__(self, config: Config):
        self.config, self.device = config, current_device()
        self.cloud, self.schedule = cloud_for(config), make_schedule(config.schedule, config.chain)
        self.told = _Told(new_denoiser(config)).to(self.device)
        self.average = Average(self.told.denoiser, DECAY)
        with seeded(config.seed + 20_000) as generator:
            self.held_out = self.noisy(HELD_OUT, generator)
            self.start = torch.randn(GLIMPSE, 2, generator=generator).to(self.device)

    def noisy(self, count: int, generator: torch.Generator) -> tuple[tuple[Tensor, Tensor], Tensor]:
        """((x_t, time), ε): new points of the data at random times, lines 2 to 4 of algorithm 1 of Ho et al. 2020."""
        x_0 = self.cloud.sample(count, generator)
        t = torch.randint(1, self.schedule.steps + 1, (count,), generator=generator)
        noise = torch.randn(count, 2, generator=generator)
        x_t = q_sample(x_0, noise, self.schedule.alpha_bar(t)[:, None])
        return (x_t.to(self.device), (t / self.schedule.steps).to(self.device)), noise.to(self.device)

    def batches(self, generator: torch.Generator) -> Iterator[tuple[tuple[Tensor, Tensor], Tensor]]:
        """Endless new batches: no point is seen twice."""
        while True:
            yield self.noisy(self.config.batch_size, generator)

    @torch.no_grad()
    def observe(self, step: int) -> Mapping[str, Any]:
        """The weights that the samples come from, the loss on held-out points, and a glimpse of the samples."""
        inputs, noise = self.held_out
        denoiser = self.average.model if self.config.average else self.told.denoiser
        with seeded(0) as generator:
            predict = predictor(denoiser, self.schedule)
            *_, last = walk(predict, self.start, self.schedule, GLIMPSE_STEPS, generator)
        samples = last.previous.cpu()
        return {
            "weights": [parameter.detach().cpu().numpy().copy() for parameter in denoiser.parameters()],
            "held_out_loss": F.mse_loss(self.told(inputs), noise).item(),
            "samples": samples.numpy(),
            "near": self.cloud.near(samples),
            "covered": self.cloud.covered(samples),
        }

    def train(self, steps: int, snapshot_every: int = 10) -> Iterator[Snapshot]:
        """Algorithm 1 of Ho et al. 2020: gradient steps on ‖ε - ε̂(x_t, t)‖²."""
        optimizer = torch.optim.Adam(self.told.parameters(), lr=self.config.learning_rate)
        with seeded(self.config.seed + 30_000) as generator:

            def after_step(step: int) -> None:
                self.average.update(self.told.denoiser)
                share = min(
                    1.0, max(SLOWEST, 2 * (1 - step / self.config.until))
                )  # of the rate, falls from half way on
                optimizer.param_groups[0]["lr"] = self.config.learning_rate * share

            yield from fit(
                self.told, self.batches(generator), F.mse_loss, optimizer, observe=self.observe, steps=steps,
                snapshot_every=snapshot_every, after_step=after_step,
            )  # fmt: skip


def network(config: Config, result: Result | None = None) -> PointDenoiser:
    """The network of a Config with the weights that a Result's samples come from; without one, before its first step.

    For points: digits come from a shipped network.
    """
    model = new_denoiser(config)
    if result is not None:
        nn.utils.vector_to_parameters(result.parameters, model.parameters())
    return model


def stream(config: Config) -> Iterator[Snapshot]:
    """Train on points; takes `.send(steps)` like every stream. Or walk from noise to digits, one snapshot a step."""
    if not of_points(config):
        return digits.stream(config)
    return Experiment(config).train(max(config.until, config.steps))


def first(config: Config) -> Snapshot:
    """The network before its first step."""
    return next(Experiment(config).train(0))


def run(config: Config) -> Result | digits.Result:
    """Train to `config.steps` and walk back from there; or the walk to digits."""
    if not of_points(config):
        return digits.run(config)
    return result_of(config, moments_of(Experiment(config).train, config.steps))


def result_of(config: Config, moments: Sequence[Snapshot]) -> Result:
    """The Result of a run from its snapshots; the last one holds the weights."""
    last, cloud = moments[-1], cloud_for(config)
    back = backward(config, last)

    return Result(
        config=config,
        time=torch.tensor(back.times),
        alpha_bar=torch.from_numpy(back.alpha_bars),
        x=torch.from_numpy(back.x),
        x_0=torch.from_numpy(back.x_0),
        data=cloud.reference.clone(),
        near=torch.tensor(back.near),
        covered=torch.tensor(back.covered),
        data_near=torch.tensor(back.data_near),
        data_covered=torch.tensor(back.data_covered),
        radius=torch.tensor(cloud.radius),
        step=torch.tensor([moment.step for moment in moments]),
        train_loss=history(moment.loss for moment in moments),
        held_out_loss=history(moment.values["held_out_loss"] for moment in moments),
        parameters=torch.cat([torch.from_numpy(finite(values)).flatten() for values in last.values["weights"]]),
    )

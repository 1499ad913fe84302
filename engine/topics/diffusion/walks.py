"""Diffusion in the plane: 500 points on their way into noise and back, kept at the moments that are shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from engine.data.clouds import cloud_of
from engine.machinery.device import current_device
from engine.models.diffusion.samplers import walk, walk_times
from engine.models.diffusion.schedule import make_schedule, predict_x_0
from engine.training.fit import Snapshot, seeded

from .card import Config, before_sampling
from .predictor import cloud_for, denoiser_of, predictor

COUNT = 500  # samples shown

MOST_FRAMES = 60  # moments kept of a walk, beside its last: more would not be seen, and would have to be sent
LATTICE = 15  # arrows a side
REACH = 3.2  # standard deviations shown to each side
FAR = 1e6


@dataclass(frozen=True, eq=False)
class Walk:
    """The points at M moments; the last is the end of the walk, where nothing is predicted any more.

    times (M): t of each moment; alpha_bars (M,). x, noise, x_0 (M, N, 2) float32: x_t, ε̂, x̂_0 (at t = 0: x itself and
    ε̂ = 0). Of the step that leads on from each moment but the last: to (M - 1): its time s; mean (M - 1, N, 2), sigma
    (M - 1,), previous (M - 1, N, 2): x_s = mean + sigma z. Forward walks have no such steps. near, covered: of the
    points at t = 0, data_near and data_covered: of as many fresh points of the data.
    """

    backward: bool
    times: list[int]
    alpha_bars: np.ndarray
    x: np.ndarray
    noise: np.ndarray
    x_0: np.ndarray
    near: float
    covered: float
    data_near: float
    data_covered: float
    to: tuple[int, ...] = ()
    mean: np.ndarray | None = None
    sigma: tuple[float, ...] = ()
    previous: np.ndarray | None = None


def direction_of(chosen: str, newest: Snapshot) -> str:
    """The direction that a View's choice means: "usual" is what there is to see, samples of a network that was trained,
    before that the data."""
    return chosen if chosen != "usual" else "backward" if newest.step else "forward"


def steps_back(config: Config) -> int:
    """How many steps the way back takes: never more than there are times."""
    return min(config.walk_steps, config.chain)


def backward(config: Config, snapshot: Snapshot) -> Walk:
    """From noise to data with the network of a snapshot; depends on no global seed, and not on how far the Config says
    that the training goes. Kept for the last few asked for."""
    return _backward(replace(config, steps=0), snapshot)


@lru_cache(maxsize=16)
@torch.no_grad()
def _backward(config: Config, snapshot: Snapshot) -> Walk:
    schedule, device = make_schedule(config.schedule, config.chain), current_device()
    predict = predictor(denoiser_of(config, snapshot.values["weights"]), schedule)
    count = steps_back(config)
    kept = set(np.linspace(0, count - 1, min(count, MOST_FRAMES)).round().astype(int).tolist())
    with seeded(config.sample_seed) as generator:
        start = torch.randn(COUNT, 2, generator=generator).to(device)
        steps = []
        for number, step in enumerate(
            walk(predict, start, schedule, count, generator, sampler=config.sampler, eta=config.eta)
        ):
            if number in kept:
                steps.append(step)
    end = step.previous
    times = [one.time for one in steps] + [0]
    return Walk(
        True, times, schedule.alpha_bar(torch.tensor(times)).numpy(),
        _stack([one.x_t for one in steps] + [end]),
        _stack([one.noise for one in steps] + [torch.zeros_like(end)]),
        _stack([one.x_0 for one in steps] + [end]),
        *_score(config, end.cpu()),
        to=tuple(one.to for one in steps), mean=_stack([one.mean for one in steps]),
        sigma=tuple(one.sigma for one in steps), previous=_stack([one.previous for one in steps]),
    )  # fmt: skip


def forward(config: Config, snapshot: Snapshot) -> Walk:
    """From data to noise: x_t = √(1 - β_t) x_{t-1} + √β_t z, eq. 2 of Ho et al. 2020, all T steps; and at the moments
    kept what the network of the snapshot makes of the points. Kept for the last few asked for."""
    return _forward(replace(before_sampling(config), sample_seed=config.sample_seed), snapshot)


@lru_cache(maxsize=8)
@torch.no_grad()
def _forward(config: Config, snapshot: Snapshot) -> Walk:
    schedule, device = make_schedule(config.schedule, config.chain), current_device()
    predict = predictor(denoiser_of(config, snapshot.values["weights"]), schedule)
    times = sorted(set(walk_times(schedule.steps, min(schedule.steps, MOST_FRAMES))))
    with seeded(config.sample_seed) as generator:
        x = cloud_for(config).sample(COUNT, generator)
        clouds, wanted = [x], set(times)
        for t, beta in enumerate(schedule.betas.tolist(), 1):
            x = (1 - beta) ** 0.5 * x + beta**0.5 * torch.randn(COUNT, 2, generator=generator)
            if t in wanted:
                clouds.append(x)
    bars = schedule.alpha_bar(torch.tensor(times))
    noise = [torch.zeros(COUNT, 2)]
    noise += [predict(at.to(device), t).cpu() for t, at in zip(times[1:], clouds[1:], strict=True)]
    x_0 = [predict_x_0(at, guess, bar) for at, guess, bar in zip(clouds, noise, bars, strict=True)]
    score = _score(config, clouds[0])
    return Walk(False, times, bars.numpy(), _stack(clouds), _stack(noise), _stack(x_0), *score)


def arrows(config: Config, snapshot: Snapshot, times: tuple[int, ...]) -> np.ndarray:
    """(M, G, 2) float32: -ε̂ on a lattice of G places at each time, the way the network would move a point there.

    It is the score, the slope of the log density of x_t, times √(1 - ᾱ_t) (section 3.2 of Ho et al. 2020). At time 0,
    which the network does not know, that of time 1. Kept for the last few asked for.
    """
    return _arrows(before_sampling(config), snapshot, times)


@lru_cache(maxsize=4)
@torch.no_grad()
def _arrows(config: Config, snapshot: Snapshot, times: tuple[int, ...]) -> np.ndarray:
    schedule = make_schedule(config.schedule, config.chain)
    predict = predictor(denoiser_of(config, snapshot.values["weights"]), schedule)
    places = torch.from_numpy(lattice()).to(current_device())
    return _stack([-predict(places, max(1, t)) for t in times])


def lattice() -> np.ndarray:
    """(G, 2) float32: the places of the arrows."""
    ticks = (np.arange(LATTICE, dtype=np.float32) + 0.5) / LATTICE * 2 * REACH - REACH
    x, y = np.meshgrid(ticks, ticks)
    return np.stack([x.ravel(), y.ravel()], 1)


def _stack(parts: list[Tensor]) -> np.ndarray:
    """On the CPU, as float32. What a diverged network makes of points may be no number: it goes to 0 or far out."""
    return torch.stack([part.cpu().float() for part in parts]).nan_to_num(0.0, FAR, -FAR).clamp(-FAR, FAR).numpy()


def _score(config: Config, samples: Tensor) -> tuple[float, float, float, float]:
    """near and covered of samples, and of as many fresh points of the data."""
    cloud = cloud_for(config)
    return cloud.near(samples), cloud.covered(samples), *_score_of_data(cloud.name, cloud.drawing)


@lru_cache(maxsize=32)
def _score_of_data(name: str, drawing: str) -> tuple[float, float]:
    cloud = cloud_of(name, drawing)
    with seeded(77) as generator:
        real = cloud.sample(COUNT, generator)
    return cloud.near(real), cloud.covered(real)

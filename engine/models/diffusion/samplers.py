"""From noise back to data: one step of DDPM (Ho et al. 2020) and of DDIM (Song, Meng, Ermon 2021), and the whole walk.

A step leads from time t to an earlier time s. On the way through all T times s = t - 1; a shorter walk takes only some
of the times, and β then stands for the noise added between s and t: β = 1 - ᾱ_t / ᾱ_s.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from engine.models.diffusion.schedule import Schedule, noise_of, predict_x_0

SAMPLERS = ("ddim", "ddpm", "ddpm_large")
NoisePredictor = Callable[[Tensor, int], Tensor]  # (x_t, t) -> ε̂ of the shape of x_t


@dataclass(frozen=True, eq=False)
class Step:
    """One step from x_t to x_s. time, to: t and s. noise: ε̂. x_0: x̂_0. mean, sigma: x_s = mean + sigma · z."""

    time: int
    to: int
    x_t: Tensor
    noise: Tensor
    x_0: Tensor
    mean: Tensor
    sigma: float
    previous: Tensor


def walk_times(total: int, steps: int) -> list[int]:
    """T > … > 0: the times that a walk of `steps` steps visits, in equal strides. ValueError unless 1 <= steps <= T."""
    if not 1 <= steps <= total:
        raise ValueError(f"expected 1 to {total} steps, got {steps}")
    return [round(total * (steps - k) / steps) for k in range(steps + 1)]


def x_0_and_noise(x_t: Tensor, noise: Tensor, bar_t: float, clip: float | None) -> tuple[Tensor, Tensor]:
    """x̂_0 kept within ±clip, and the noise that agrees with it (unchanged where nothing was clipped)."""
    x_0 = predict_x_0(x_t, noise, bar_t)
    if clip is None:
        return x_0, noise
    x_0 = x_0.clamp(-clip, clip)
    return x_0, noise_of(x_t, x_0, bar_t)


def posterior_variance(bar_t: float, bar_s: float) -> float:
    """β̃ = (1 - ᾱ_s) / (1 - ᾱ_t) · β, eq. 7 of Ho et al. 2020: variance of x_s where x_t and x_0 are both known."""
    return (1 - bar_s) / (1 - bar_t) * (1 - bar_t / bar_s)


def ddpm_step(
    x_t: Tensor, noise: Tensor, bar_t: float, bar_s: float, z: Tensor, *, large: bool = False, clip: float | None = None
) -> tuple[Tensor, Tensor, Tensor, float, Tensor]:
    """(ε̂, x̂_0, mean, sigma, x_s) of a step of DDPM.

    The mean is that of q(x_s | x_t, x̂_0), eq. 7; put x̂_0 in and it is eq. 11, (x_t - β/√(1 - ᾱ_t) ε̂) / √α. The
    variance is β̃ or, `large`, β: the two choices of section 3.2. The last step, to s = 0, adds no noise (algorithm 2).
    """
    x_0, noise = x_0_and_noise(x_t, noise, bar_t, clip)
    alpha = bar_t / bar_s
    beta = 1 - alpha
    mean = math.sqrt(bar_s) * beta / (1 - bar_t) * x_0 + math.sqrt(alpha) * (1 - bar_s) / (1 - bar_t) * x_t  # eq. 7
    variance = beta if large else posterior_variance(bar_t, bar_s)
    sigma = math.sqrt(variance) if bar_s < 1 else 0.0
    return noise, x_0, mean, sigma, mean + sigma * z


def ddim_step(
    x_t: Tensor, noise: Tensor, bar_t: float, bar_s: float, z: Tensor, *, eta: float = 0.0, clip: float | None = None
) -> tuple[Tensor, Tensor, Tensor, float, Tensor]:
    """(ε̂, x̂_0, mean, sigma, x_s) of a step of DDIM, eq. 12 with the σ of eq. 16 of Song et al. 2021.

    eta: 0 adds no noise, the same start then always leads to the same end; 1 is DDPM with the variance β̃.
    """
    x_0, noise = x_0_and_noise(x_t, noise, bar_t, clip)
    sigma = eta * math.sqrt(max(0.0, posterior_variance(bar_t, bar_s)))  # eq. 16
    mean = math.sqrt(bar_s) * x_0 + math.sqrt(max(0.0, 1 - bar_s - sigma**2)) * noise  # eq. 12
    return noise, x_0, mean, sigma, mean + sigma * z


@torch.no_grad()
def walk(
    predict: NoisePredictor,
    x: Tensor,
    schedule: Schedule,
    steps: int,
    generator: torch.Generator,
    *,
    sampler: str = "ddim",
    eta: float = 0.0,
    clip: float | None = None,
    keep: Callable[[Tensor, int], Tensor] | None = None,
) -> Iterator[Step]:
    """Walk from noise x at time T to data in `steps` steps and yield each of them.

    sampler: ddim (with eta), ddpm (σ² = β̃) or ddpm_large (σ² = β). The noise z of every step comes from `generator`,
    on the CPU, also where sigma is 0: so eta and sampler change nothing but themselves. keep(x_t, t) puts
    what is known of the data into every x_t, noised to its time (in-painting). ValueError for another sampler.
    """
    if sampler not in SAMPLERS:
        raise ValueError(f"expected one of {', '.join(SAMPLERS)}, got {sampler!r}")
    times = walk_times(schedule.steps, steps)
    if keep is not None:
        x = keep(x, times[0])
    for t, s in pairwise(times):
        bar_t, bar_s = float(schedule.alpha_bar(t)), float(schedule.alpha_bar(s))
        z = torch.randn(x.shape, generator=generator).to(x.device)
        if sampler == "ddim":
            step = ddim_step(x, predict(x, t), bar_t, bar_s, z, eta=eta, clip=clip)
        else:
            step = ddpm_step(x, predict(x, t), bar_t, bar_s, z, large=sampler == "ddpm_large", clip=clip)
        noise, x_0, mean, sigma, previous = step
        if keep is not None:
            previous = keep(previous, s)
        yield Step(t, s, x, noise, x_0, mean, sigma, previous)
        x = previous

"""How fast the data drowns in noise: β, α and ᾱ of denoising diffusion (Ho, Jain, Abbeel 2020), and what follows.

Time t runs from 1 (nearly data) to T (nearly noise); tensors of a schedule have T entries, entry t - 1 belongs to t.
ᾱ_0 = 1 is the data itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

SCHEDULES = ("linear", "cosine", "quadratic")
REFERENCE_STEPS = 1000  # the published schedules are for this T; with fewer steps each one must do more
LOWEST_BETA, HIGHEST_BETA = 0.0001, 0.02  # β_1 and β_T of Ho et al. 2020
COSINE_OFFSET = 0.008  # s of Nichol and Dhariwal 2021: the first steps shall not be too small
COSINE_END = 0.001  # ᾱ_T of the cosine schedule


@dataclass(frozen=True, eq=False)
class Schedule:
    """betas (T,): variance added by each step; alphas_cumprod (T,): ᾱ_t, the share of the data's variance left at t."""

    name: str
    betas: Tensor
    alphas_cumprod: Tensor

    @property
    def steps(self) -> int:
        return len(self.betas)

    def alpha_bar(self, t: Tensor | int) -> Tensor:
        """ᾱ at times t (any shape, 0 to T), with ᾱ_0 = 1."""
        padded = torch.cat([torch.ones(1, device=self.alphas_cumprod.device), self.alphas_cumprod])
        return padded[torch.as_tensor(t)]

    def signal_to_noise(self) -> Tensor:
        """ᾱ_t / (1 - ᾱ_t), (T,): variance of the data's part of x_t over that of the noise's part."""
        return self.alphas_cumprod / (1 - self.alphas_cumprod)


def make_schedule(name: str, steps: int) -> Schedule:
    """A named schedule of T = `steps`. ValueError for an unknown name.

    linear: β from 0.0001 to 0.02 in 1000 steps as in Ho et al. 2020, quadratic: √β in equal steps between the same
    ends. With another T, ᾱ_t is theirs at the time 1000 t / T (between two times log ᾱ is interpolated), so that ᾱ_T is
    the same for every T: 4.04e-5 and 7.33e-4. cosine: ᾱ_t = f(t) / f(0), f(t) = cos²((t/T·r + s) / (1 + s) · π/2),
    eq. 17 of Nichol and Dhariwal 2021. They clip β at its end, where ᾱ would be 0;
    here t/T is scaled by an r just below 1 instead, so that ᾱ_T = 0.001 whatever T is: at ᾱ = 0 the noise in x_t says
    nothing about x_0.
    """
    if name == "cosine":
        middle = COSINE_OFFSET / (1 + COSINE_OFFSET) * math.pi / 2
        last = math.acos(math.sqrt(COSINE_END) * math.cos(middle))  # the angle at t = T
        angles = torch.linspace(middle, last, steps + 1, dtype=torch.float64)
        bar = torch.cos(angles).square() / math.cos(middle) ** 2
    elif name in SCHEDULES:
        power = {"linear": 1.0, "quadratic": 0.5}[name]
        published = torch.linspace(LOWEST_BETA**power, HIGHEST_BETA**power, REFERENCE_STEPS, dtype=torch.float64)
        logs = F.pad((1 - published ** (1 / power)).log().cumsum(0), (1, 0))  # of ᾱ at 0 … 1000
        times = torch.linspace(0, REFERENCE_STEPS, steps + 1, dtype=torch.float64)
        before = times.floor().long().clamp(max=REFERENCE_STEPS - 1)
        bar = torch.lerp(logs[before], logs[before + 1], times - before).exp()
    else:
        raise ValueError(f"expected one of {', '.join(SCHEDULES)}, got {name!r}")
    return Schedule(name, (1 - bar[1:] / bar[:-1]).float(), bar[1:].float())


def q_sample(x_0: Tensor, noise: Tensor, alpha_bar: Tensor | float) -> Tensor:
    """x_t = √ᾱ_t x_0 + √(1 - ᾱ_t) ε, eq. 4 of Ho et al. 2020: any moment of the forward process in one step.

    alpha_bar: a number, or a tensor that broadcasts against x_0 and noise.
    """
    alpha_bar = torch.as_tensor(alpha_bar, dtype=x_0.dtype, device=x_0.device)
    return alpha_bar.sqrt() * x_0 + (1 - alpha_bar).sqrt() * noise


def predict_x_0(x_t: Tensor, noise: Tensor, alpha_bar: Tensor | float) -> Tensor:
    """x̂_0 = (x_t - √(1 - ᾱ_t) ε) / √ᾱ_t: eq. 4 solved for x_0 (below eq. 15 of Ho et al. 2020)."""
    alpha_bar = torch.as_tensor(alpha_bar, dtype=x_t.dtype, device=x_t.device)
    return (x_t - (1 - alpha_bar).sqrt() * noise) / alpha_bar.sqrt()


def noise_of(x_t: Tensor, x_0: Tensor, alpha_bar: Tensor | float) -> Tensor:
    """ε = (x_t - √ᾱ_t x_0) / √(1 - ᾱ_t): eq. 4 solved for the noise."""
    alpha_bar = torch.as_tensor(alpha_bar, dtype=x_t.dtype, device=x_t.device)
    return (x_t - alpha_bar.sqrt() * x_0) / (1 - alpha_bar).sqrt()


def sinusoids(t: Tensor, size: int) -> Tensor:
    """Times (B,) -> (B, size): sines and cosines of geometrically spaced frequencies, Vaswani et al. 2017, as in DDPM.

    t: in units of 1/1000 of the chain, so that the same network reads every T.
    """
    half = size // 2
    frequencies = torch.exp(-math.log(10_000) * torch.arange(half, device=t.device) / half)  # (size/2,)
    angles = t.float()[:, None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], dim=1)

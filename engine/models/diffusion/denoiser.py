"""The network that predicts the noise in a point of the plane."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.models.diffusion.schedule import sinusoids

TIME_FEATURES = 32
FREQUENCIES = 32  # of the Fourier features; each gives a sine and a cosine
FREQUENCY_SCALE = 0.5  # their standard deviation, in turns per standard deviation of the data


class PointDenoiser(nn.Module):
    """x_t (B, 2), time (B,) as a share 0 to 1 of the chain -> ε̂ (B, 2): a residual MLP told the time.

    hidden: neurons of each of the `layers` hidden layers. fourier: the network reads, beside x itself, sines and
    cosines of random projections of x (Tancik et al. 2020); from plain coordinates it learns fine structure only
    slowly. All random numbers come from `generator`.
    """

    def __init__(self, hidden: int, layers: int, fourier: bool, generator: torch.Generator):
        super().__init__()
        count = FREQUENCIES if fourier else 0
        self.register_buffer("frequencies", FREQUENCY_SCALE * torch.randn(2, count, generator=generator))
        with torch.device("meta"):  # the layers would fill themselves from the process-wide generator
            self.input = nn.Linear(2 + 2 * count + TIME_FEATURES, hidden)
            self.blocks = nn.ModuleList(nn.Linear(hidden, hidden) for _ in range(layers - 1))
            self.output = nn.Linear(hidden, 2)
        for linear in (self.input, *self.blocks, self.output):
            linear.to_empty(device="cpu")
            nn.init.kaiming_normal_(linear.weight, nonlinearity="linear", generator=generator)
            nn.init.zeros_(linear.bias)
        nn.init.zeros_(self.output.weight)

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        angles = 2 * math.pi * x @ self.frequencies  # (B, 32)
        read = torch.cat([x, angles.sin(), angles.cos(), sinusoids(1000 * time, TIME_FEATURES)], dim=1)
        h = F.silu(self.input(read))  # (B, H)
        for block in self.blocks:
            h = h + F.silu(block(h))
        return self.output(h)  # (B, 2)

"""Batch normalisation of the neurons of a layer (Ioffe and Szegedy 2015)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

EPSILON = 1e-5
MOMENTUM = 0.1  # share of a batch in the running statistics


class BatchNorm(nn.Module):
    """γ (z − μ) / √(σ² + ε) + β for each neuron. z (B, N) -> (B, N).

    While training μ and σ² are mean and variance over the batch, and running averages of both are kept (of the variance
    the unbiased one, as PyTorch does); when the network is used, these stand in their place. A batch of one has no
    variance: it comes out as β, and leaves the running variance as it is.
    """

    def __init__(self, neurons: int):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(neurons))  # γ
        self.shift = nn.Parameter(torch.zeros(neurons))  # β
        self.register_buffer("running_mean", torch.zeros(neurons))
        self.register_buffer("running_variance", torch.ones(neurons))

    def forward(self, z: Tensor) -> Tensor:
        mean, variance = self.running_mean, self.running_variance  # (N,)
        if self.training:
            mean, variance = z.mean(0), z.var(0, correction=0)
            self._keep(mean.detach(), variance.detach(), len(z))
        return self.gain * (z - mean) / torch.sqrt(variance + EPSILON) + self.shift

    @torch.no_grad()
    def _keep(self, mean: Tensor, variance: Tensor, count: int) -> None:
        self.running_mean.lerp_(mean, MOMENTUM)
        if count > 1:
            self.running_variance.lerp_(variance * count / (count - 1), MOMENTUM)

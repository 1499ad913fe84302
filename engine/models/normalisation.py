"""Four normalisations written out; they differ in nothing but the axes over which mean and variance are taken."""

from __future__ import annotations

import torch
from torch import Tensor, nn

NORMALISATIONS = ("batch", "layer", "group", "instance")


def groups_of(name: str, channels: int, groups: int) -> int:
    """Into how many groups of equal size a sample's channels fall: of "layer" 1, of "instance" all. ValueError where
    they do not go into `groups`."""
    parts = {"layer": 1, "instance": channels, "group": groups}[name]
    if channels % parts:
        raise ValueError(f"expected a number of groups that divides {channels} channels, got {parts}")
    return parts


def moments(x: Tensor, name: str, groups: int = 1) -> tuple[Tensor, Tensor, int]:
    """(mean, variance, how many numbers each is taken over) of what is averaged together.

    x: (B, C, ...). "batch": over samples and places, for each channel; "layer": over channels and places, for each
    sample; "group": the same for each group of channels; "instance": over places, for each sample and channel. mean and
    variance: float like x, of a shape that broadcasts against x. The variance divides by the count, not by one less.
    """
    if name == "batch":
        axes = (0, *range(2, x.dim()))
        mean, variance = x.mean(axes, keepdim=True), x.var(axes, correction=0, keepdim=True)
        return mean, variance, x.numel() // x.shape[1]
    parts = groups_of(name, x.shape[1], groups)
    grouped = x.reshape(x.shape[0], parts, -1)  # (B, G, C / G × places)
    size = grouped.shape[2]
    shape = (x.shape[0], x.shape[1], *[1] * (x.dim() - 2))
    mean, variance = (
        one.repeat_interleave(x.shape[1] // parts, 1).reshape(shape)
        for one in (grouped.mean(2), grouped.var(2, correction=0))
    )
    return mean, variance, size


class Normalisation(nn.Module):
    """y = γ (x − μ) / √(σ² + ε) + β, with one γ and one β for each channel. x (B, C, ...) -> the same shape.

    name: see `moments`; groups: of "group". "batch" keeps running statistics: training, it takes those of the batch and
    moves the running ones by `momentum`; in eval mode it takes the running ones. The others do the same in both modes.
    Over one number alone there is no variance: μ = x, σ² = 0, y = β; PyTorch's own modules refuse that in training.
    """

    def __init__(self, name: str, channels: int, groups: int = 1, epsilon: float = 1e-5, momentum: float = 0.1):
        super().__init__()
        self.name, self.groups, self.epsilon, self.momentum = name, groups, epsilon, momentum
        self.gamma = nn.Parameter(torch.ones(channels))
        self.beta = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_variance", torch.ones(channels))

    def statistics(self, x: Tensor) -> tuple[Tensor, Tensor, int]:
        """(μ, σ², how many numbers) that this mode takes; see `moments`."""
        if self.name == "batch" and not self.training:
            shape = (1, -1, *[1] * (x.dim() - 2))
            return self.running_mean.view(shape), self.running_variance.view(shape), 0
        return moments(x, self.name, self.groups)

    def forward(self, x: Tensor) -> Tensor:
        mean, variance, count = self.statistics(x)
        if self.name == "batch" and self.training:
            self._remember(mean.detach().flatten(), variance.detach().flatten(), count)
        shape = (1, -1, *[1] * (x.dim() - 2))
        standard = (x - mean) / (variance + self.epsilon).sqrt()
        return self.gamma.view(shape) * standard + self.beta.view(shape)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor, count: int) -> None:
        """The running variance takes count / (count − 1) times that of the batch: it estimates that of all data."""
        unbiased = variance * count / max(1, count - 1)
        self.running_mean.lerp_(mean, self.momentum)
        self.running_variance.lerp_(unbiased, self.momentum)

"""Training dynamics: normalisation of a block of samples, channels and places."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from engine.contracts.axes import axes, note, result
from engine.data.digits import load_digits
from engine.models.normalisation import NORMALISATIONS, Normalisation, groups_of, moments
from engine.training.fit import seeded

from .card import Config

EPSILON = 1e-5
KERNEL = 3  # pixels a side


@result
class Block:
    """What a convolution makes of a batch of digits, normalised, and the running statistics of the batches before."""

    given: Tensor = axes("sample channel pixel", "what is normalised: a convolution of digits, averaged over places")
    mean: Tensor = axes("sample channel", "the mean μ that is subtracted")
    variance: Tensor = axes("sample channel", "the variance σ² that is divided by")
    standard: Tensor = axes("sample channel pixel", "x̂ = (x − μ) / √(σ² + ε)")
    output: Tensor = axes("sample channel pixel", "γ x̂ + β")
    group: Tensor = axes("sample channel pixel", "number of the group of cells that are averaged together; −1: none")
    batch_mean: Tensor = axes("moment channel", "mean of each training batch; before the first 0")
    batch_variance: Tensor = axes("moment channel", "variance of each training batch, unbiased; before the first 1")
    running_mean: Tensor = axes("moment channel", "running mean after each training batch")
    running_variance: Tensor = axes("moment channel", "running variance after each training batch")
    channel_mean: Tensor = axes("normalisation channel", "mean of each channel after each normalisation, γ = 1, β = 0")
    groups: int = note("groups of channels")
    count: int = note("numbers over which each mean is taken; 0 for stored ones")


def groups_in(config: Config) -> int:
    """The groups of GroupNorm: as asked for, or the next smaller number that divides the channels."""
    return next(groups for groups in range(config.groups, 0, -1) if config.channels % groups == 0)


def activations(config: Config, number: int) -> Tensor:
    """(B, C, H, W) float64: batch `number` of the training digits through one convolution with random first weights
    (He) and biases, averaged down to H × W places."""
    images = _pixels()
    places = (number * config.batch + torch.arange(config.batch)) % len(images)
    with seeded(config.seed + 20_000) as generator:
        kernels = torch.randn(8, 1, KERNEL, KERNEL, generator=generator, dtype=torch.float64) * math.sqrt(2) / KERNEL
        biases = torch.randn(8, generator=generator, dtype=torch.float64)
    maps = F.conv2d(images[places], kernels[: config.channels], biases[: config.channels])
    return F.adaptive_avg_pool2d(maps, config.side)


@lru_cache(maxsize=1)
def _pixels() -> Tensor:
    return torch.tensor(np.asarray(load_digits().train_images[:1000]), dtype=torch.float64).unsqueeze(1) / 255


def module_of(config: Config) -> Normalisation:
    """Our written-out module, with γ and β the same for all channels, before it has seen a batch."""
    made = Normalisation(
        config.norm, config.channels, groups_in(config), EPSILON, config.running_momentum
    ).double()  # fmt: skip
    with torch.no_grad():
        made.gamma.fill_(config.gamma)
        made.beta.fill_(config.beta)
    return made


@torch.no_grad()
def block(config: Config) -> Block:
    """Normalise the batch that comes after `config.batches` training batches."""
    batch_means = [torch.zeros(config.channels, dtype=torch.float64)]
    batch_variances = [torch.ones(config.channels, dtype=torch.float64)]
    running_means, running_variances = batch_means.copy(), batch_variances.copy()
    keeper = Normalisation("batch", config.channels, 1, EPSILON, config.running_momentum).double()
    for number in range(config.batches):
        x = activations(config, number)
        mean, variance, count = moments(x, "batch")
        keeper(x)
        batch_means.append(mean.flatten())
        batch_variances.append(variance.flatten() * count / max(1, count - 1))
        running_means.append(keeper.running_mean.clone())
        running_variances.append(keeper.running_variance.clone())
    x = activations(config, config.batches)
    flat = (config.batch, config.channels, config.side**2)
    if config.norm == "none":
        mean, variance, count, standard = torch.zeros(1), torch.ones(1), 0, x
        output = config.gamma * x + config.beta
    else:
        module = module_of(config).train(config.mode == "train")
        module.running_mean.copy_(keeper.running_mean)
        module.running_variance.copy_(keeper.running_variance)
        mean, variance, count = module.statistics(x)
        standard = (x - mean) / (variance + EPSILON).sqrt()
        output = module(x)
    shape = (config.batch, config.channels, 1, 1)
    return Block(
        x.reshape(flat),
        mean.double().expand(shape).reshape(flat[:2]).clone(),
        variance.double().expand(shape).reshape(flat[:2]).clone(),
        standard.reshape(flat),
        output.reshape(flat),
        groups(config),
        *(torch.stack(rows) for rows in (batch_means, batch_variances, running_means, running_variances)),
        channel_means(config, x),
        groups_in(config),
        count,
    )


def channel_means(config: Config, x: Tensor) -> Tensor:
    """(1 + normalisation, channel): the mean of every channel as it is given, then after each of NORMALISATIONS."""
    made = [x.mean((0, 2, 3))]
    for name in NORMALISATIONS:
        mean, variance, _ = moments(x, name, groups_in(config))
        made.append(((x - mean) / (variance + EPSILON).sqrt()).mean((0, 2, 3)))
    return torch.stack(made)


def groups(config: Config) -> Tensor:
    """(sample, channel, place) int64: the number of the group of each cell; -1 where no cell of the batch is averaged
    with another."""
    sample = torch.arange(config.batch)[:, None, None]
    channel = torch.arange(config.channels)[None, :, None]
    shape = (config.batch, config.channels, config.side**2)
    if config.norm == "none" or (config.norm == "batch" and config.mode == "eval"):
        return torch.full(shape, -1)
    if config.norm == "batch":
        return channel.expand(shape).clone()
    parts = groups_of(config.norm, config.channels, groups_in(config))
    return (sample * parts + channel // (config.channels // parts)).expand(shape).clone()


def refused(config: Config) -> bool:
    """Whether PyTorch's own module refuses this block with "Expected more than 1 …"."""
    numbers = config.batch * config.side**2
    match config.norm:
        case "batch":
            return config.mode == "train" and numbers == 1
        case "instance":
            return config.side == 1
        case "group":
            return numbers * config.channels // groups_in(config) == 1
    return False

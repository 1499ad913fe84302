"""What excites a channel: inputs of a data set, and an input made to."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from engine.instrument.trace import record


@torch.no_grad()
def strongest(
    model: nn.Module, inputs: Tensor, tap: str, count: int, *, batch_size: int = 500
) -> tuple[Tensor, Tensor]:
    """The inputs that excite each channel of a tap (batch, channel, row, column) most, by the largest value in its map.

    inputs (N, ...). Returns (indices, values), each (channels, count), strongest first.
    """
    peaks = []
    for part in inputs.split(batch_size):
        with record(model, tap) as trace:
            model(part)
        peaks.append(trace[tap].amax((2, 3)))
    values, indices = torch.cat(peaks).topk(count, dim=0)  # count, channels
    return indices.T, values.T


def gradient_ascent(
    model: nn.Module, start: Tensor, tap: str, channel: int, *, steps: int = 60, rate: float = 0.1, decay: float = 0.002
) -> tuple[Tensor, list[float]]:
    """An input made so that the mean of one channel's map is large (Erhan et al. 2009), its pixels kept within 0 to 1.

    Each step moves x (1, C, H, W) by `rate` along the gradient divided by its largest magnitude, after x was multiplied
    by 1 - `decay`, so that pixels without a say fade. Returns (the input, the mean before each step and at the end).
    """
    x, means = start.clone(), []
    for number in range(steps + 1):
        x.requires_grad_()
        with torch.enable_grad(), record(model, tap, gradients=True) as trace:
            model(x)
            mean = trace[tap][0, channel].mean()
            (gradient,) = torch.autograd.grad(mean, x)
        means.append(mean.item())
        x = x.detach()
        if number < steps:
            x = ((1 - decay) * x + rate * gradient / gradient.abs().max().clamp(min=1e-12)).clamp(0, 1)
    return x, means

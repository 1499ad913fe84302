"""What a batch becomes in every layer of a network, and what comes back: histograms, sizes, dead and saturated units,
norms of gradients; all measured in one forward and one backward pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.instrument.trace import record


@dataclass(frozen=True)
class LayerStatistics:
    """L layers; all float64 on the CPU, NaN where something is no number (a norm of a gradient that overflowed).

    sums, outputs (L, B + 2): the share of a layer's numbers in each of B equal bins; before them the share below the
    range, after them the share above; NaN is in none. mean, deviation (L,): of the outputs;
    sum_deviation (L,): of the sums. dead (L,): share of units whose slope is 0 for every sample, so that nothing is
    learned through them; for ReLU the same as an output of 0 for every sample. saturated (L,): share of all sums at
    which the slope is below the threshold, in size. finite (L,): share of sums that are finite numbers. sum_gradient,
    weight_gradient (L,): Euclidean norms of ∂loss/∂sums and ∂loss/∂W.
    """

    sums: Tensor
    outputs: Tensor
    mean: Tensor
    deviation: Tensor
    sum_deviation: Tensor
    dead: Tensor
    saturated: Tensor
    finite: Tensor
    sum_gradient: Tensor
    weight_gradient: Tensor


def layer_statistics(
    model: nn.Module,
    layers: Sequence[str],
    loss: Callable[[], Tensor],
    slope: Callable[[Tensor], Tensor],
    *,
    threshold: float,
    sum_range: tuple[float, float],
    output_range: tuple[float, float],
    bins: int,
) -> LayerStatistics:
    """Measure the layers with these names, all of one width; each has taps "sum" and "output", and a `linear`.

    loss: runs the model and returns its loss. slope: the derivative of the layers' activation at given sums. threshold:
    below which |slope| counts as saturated. sum_range, output_range: from where to where the histograms reach. The
    gradients that the parameters hold stay as they are.
    """
    with torch.enable_grad(), record(model, gradients=True) as trace:
        value = loss()
    sums = [trace[f"{name}.sum"] for name in layers]
    weights = [model.get_submodule(name).linear.weight for name in layers]
    gradients = torch.autograd.grad(value, [*sums, *weights], allow_unused=True)
    norms = [0.0 if one is None else torch.linalg.vector_norm(one.double()).item() for one in gradients]
    z = torch.stack([one.detach() for one in sums])  # (L, batch, unit)
    h = torch.stack([trace[f"{name}.output"].detach() for name in layers])
    slopes = slope(z)
    return LayerStatistics(
        sums=shares(z.flatten(1), *sum_range, bins).cpu(),
        outputs=shares(h.flatten(1), *output_range, bins).cpu(),
        mean=_numbers(h.double().mean((1, 2))),
        deviation=_numbers(h.double().std((1, 2), correction=0)),
        sum_deviation=_numbers(z.double().std((1, 2), correction=0)),
        dead=_numbers((slopes == 0).all(1).double().mean(1)),
        saturated=_numbers((slopes.abs() < threshold).double().mean((1, 2))),
        finite=_numbers(z.isfinite().double().mean((1, 2))),
        sum_gradient=_numbers(torch.tensor(norms[: len(layers)], dtype=torch.float64)),
        weight_gradient=_numbers(torch.tensor(norms[len(layers) :], dtype=torch.float64)),
    )


def shares(values: Tensor, low: float, high: float, bins: int) -> Tensor:
    """(L, N) -> (L, bins + 2) float64: of each row the share below low, in each of the equal bins, and above high.

    A value on an edge counts to the bin above it, one at high to the last bin. NaN is in none; infinities are above and
    below.
    """
    rows, count = values.shape
    place = ((values - low) * (bins / (high - low))).floor_()
    place.masked_fill_((values <= high) & (place >= bins), bins - 1)  # at high, or rounded up to it
    place = place.clamp_(-1, bins).nan_to_num_(nan=bins + 1).long() + 1  # NaN in a bin of its own, which is dropped
    place += (torch.arange(rows, device=values.device) * (bins + 3))[:, None]
    counts = torch.bincount(place.flatten(), minlength=rows * (bins + 3)).view(rows, bins + 3)
    return counts[:, :-1].double() / max(1, count)


def _numbers(values: Tensor) -> Tensor:
    """On the CPU, NaN for what is no finite number."""
    values = values.cpu()
    return values.where(values.isfinite(), torch.full_like(values, torch.nan))

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
    """Measure the layers with these names, each of which has taps "sum" and "output" (batch, unit) and a `linear`.

    loss: runs the model and returns its loss. slope: the derivative of the layers' activation at given sums. threshold:
    below which |slope| counts as saturated. sum_range, output_range: from where to where the histograms reach. The
    gradients that the parameters hold stay as they are.
    """
    with torch.enable_grad(), record(model, gradients=True) as trace:
        value = loss()
    sums = [trace[f"{name}.sum"] for name in layers]
    weights = [model.get_submodule(name).linear.weight for name in layers]
    gradients = torch.autograd.grad(value, [*sums, *weights], allow_unused=True)
    norms = [0.0 if one is None else one.detach().double().norm().item() for one in gradients]
    columns: dict[str, list] = {name: [] for name in LayerStatistics.__dataclass_fields__}
    for number, name in enumerate(layers):
        z, h = sums[number].detach().double(), trace[f"{name}.output"].detach().double()
        slopes = slope(sums[number].detach()).double()
        columns["sums"].append(shares(z, *sum_range, bins))
        columns["outputs"].append(shares(h, *output_range, bins))
        columns["mean"].append(h.mean())
        columns["deviation"].append(h.std(correction=0))
        columns["sum_deviation"].append(z.std(correction=0))
        columns["dead"].append((slopes == 0).all(0).double().mean())
        columns["saturated"].append((slopes.abs() < threshold).double().mean())
        columns["finite"].append(z.isfinite().double().mean())
        columns["sum_gradient"].append(norms[number])
        columns["weight_gradient"].append(norms[number + len(layers)])
    return LayerStatistics(**{name: _column(values) for name, values in columns.items()})


def shares(values: Tensor, low: float, high: float, bins: int) -> Tensor:
    """(bins + 2,) float64: the share of the values below low, in each of the equal bins, and above high. A value on an
    edge counts to the bin above it, one at high to the last bin. NaN is in none; infinities are above and below.
    """
    values = values.double().flatten()
    place = ((values - low) / (high - low) * bins).floor()
    place = place.where(values != high, torch.full_like(place, bins - 1)).clamp(-1, bins)
    place = place[~place.isnan()].long() + 1
    return torch.bincount(place, minlength=bins + 2).double() / max(1, values.numel())


def _column(values: list) -> Tensor:
    made = torch.stack([torch.as_tensor(value, dtype=torch.float64).cpu() for value in values])
    return made if made.dim() == 2 else made.where(made.isfinite(), torch.full_like(made, torch.nan))

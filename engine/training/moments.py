"""From the Snapshots of a training run to a Result, and from one Snapshot back to its network."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from engine.machinery.whole_run import LOOKS

from .fit import Snapshot, TrainingDiverged


def moments_of(train: Callable[[int, int], Iterator[Snapshot]], steps: int) -> list[Snapshot]:
    """The Snapshots of a run of `steps` optimiser steps, about LOOKS of them, the one before the first step included.

    train(steps, snapshot_every) -> Iterator[Snapshot], as `fit` makes them. A run that diverges ends with the Snapshot
    that shows it; every other error goes on to the caller.
    """
    moments = []
    try:
        for snapshot in train(steps, max(1, steps // LOOKS)):
            moments.append(snapshot)
    except TrainingDiverged:
        pass  # the last snapshot shows it
    return moments


def history(values: Iterable[float], *, infinite: bool = False) -> Tensor:
    """One number of each moment -> (moment,) float64, with NaN for what is not finite.

    infinite: infinities stay, where a quantity can truly overflow, such as a squared error.
    """
    known = (lambda value: not math.isnan(value)) if infinite else math.isfinite
    return torch.tensor([value if known(value) else math.nan for value in values], dtype=torch.float64)


def finite(values: np.ndarray) -> np.ndarray:
    """A copy of some weights in which what is no finite number (the run diverged) is 0."""
    return np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)


@torch.no_grad()
def restore(model: nn.Module, weights: Sequence[np.ndarray]) -> None:
    """Copy the weights of a moment, in the order of `model.parameters()`, into the model, on the device where it is.

    What is no finite number becomes 0. ValueError, and the model as it was, unless there is one array for each
    parameter, of its shape.
    """
    parameters = list(model.parameters())
    shapes, weight_shapes = [tuple(one.shape) for one in parameters], [tuple(values.shape) for values in weights]
    if weight_shapes != shapes:
        raise ValueError(f"expected weights of the shapes {shapes}, got {weight_shapes}")
    for parameter, values in zip(parameters, weights, strict=True):
        parameter.copy_(torch.from_numpy(finite(values)))

"""A network that starts from a visitor's own weights instead of random ones."""

from __future__ import annotations

import torch
from torch import nn

from engine.data.own_weights import check_fit, find_weights


def start_from(model: nn.Module, key: str) -> None:
    """Copy the weights that were uploaded under `key` into `model`; an empty key leaves it as it is.

    WeightsFileError if this process does not have them, or if they are of another network.
    """
    if not key:
        return
    tensors = find_weights(key).tensors
    check_fit(tensors, shapes_of(model))
    model.load_state_dict({name: torch.from_numpy(values.copy()) for name, values in tensors.items()})


def shapes_of(model: nn.Module) -> dict[str, tuple[int, ...]]:
    """Names and shapes of everything that a file of a model's weights must hold."""
    return {name: tuple(value.shape) for name, value in model.state_dict().items()}

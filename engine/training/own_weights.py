"""A network that starts from a visitor's own weights instead of random ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from engine.contracts.embed import embedded
from engine.contracts.topic import topic_of
from engine.data.own_weights import check_fit, find_weights


@embedded
def own_tensors(config: Any) -> tuple[tuple[str, np.ndarray], ...]:
    """(name, numbers) of the visitor's own weights that a Config names, see `Training.weights`; () for none.

    WeightsFileError if this process does not have them.
    """
    key = topic_of(config).training.own_weights(config)
    return tuple(find_weights(key).tensors.items()) if key else ()


def start_from(model: nn.Module, config: Any) -> None:
    """Copy the visitor's own weights into `model`; without any it stays as it is.

    WeightsFileError if this process does not have them, or if they are of another network.
    """
    tensors = dict(own_tensors(config))
    if tensors:
        check_fit(tensors, shapes_of(model))
        model.load_state_dict({name: torch.from_numpy(values.copy()) for name, values in tensors.items()})


def shapes_of(model: nn.Module) -> dict[str, tuple[int, ...]]:
    """Names and shapes of everything that a file of a model's weights must hold."""
    return {name: tuple(value.shape) for name, value in model.state_dict().items()}

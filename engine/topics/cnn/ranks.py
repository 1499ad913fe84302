"""Inside a CNN: in which order the maps of a layer stand."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from engine.contracts.words import Words
from engine.machinery.device import current_device
from engine.models.cnn.cnn import SmallCNN

from .run import Result

MEASURES = {
    "strength": Words("mean after the ReLU"),
    "share": Words("switched off, the answer's logit falls by"),
    "number": "",
}


@dataclass(frozen=True, eq=False)
class Ranks:
    """by: what the maps are in the order of; orders: block -> its maps, the first first; values: block -> (C,) what the
    order follows."""

    by: str
    orders: dict[str, tuple[int, ...]]
    values: dict[str, Tensor]

    @property
    def measure(self) -> str:
        """What the values are."""
        return MEASURES[self.by]


def strengths(result: Result) -> dict[str, Tensor]:
    """Block -> the mean of each map after the ReLU, of a neuron its value: 0 for one that is silent."""
    return {
        "conv1": result.conv1_relu.mean((1, 2)),
        "conv2": result.conv2_relu.mean((1, 2)),
        "hidden": result.hidden_relu,
    }


@torch.no_grad()
def falls(model: SmallCNN, result: Result) -> dict[str, Tensor]:
    """Block -> how far the logit of the answer falls when one map, or neuron, is 0: one forward pass for each, all of a
    block at once. Negative: it rises."""
    device, best = current_device(), int(result.probabilities.argmax())
    first, second = result.conv1_pool.to(device), result.conv2_pool.to(device)

    def answer(maps: Tensor) -> Tensor:  # (B, 2 C, 7, 7) -> (B,)
        return model.output(model.hidden(maps.flatten(1)).relu())[:, best]

    whole = answer(second[None])
    hidden = model.output.weight[best] * result.hidden_relu.to(device)  # what a sum loses without one of its terms
    made = {
        "conv1": whole - answer(model.conv2(_each_silent(first))),
        "conv2": whole - answer(_each_silent(second)),
        "hidden": hidden,
    }
    return {block: values.cpu() for block, values in made.items()}


def _each_silent(maps: Tensor) -> Tensor:
    """(C, H, W) -> (C, C, H, W): in copy k the map k is 0."""
    keep = 1 - torch.eye(len(maps), device=maps.device)
    return maps[None] * keep[:, :, None, None]


def ranked(result: Result, by: str, model: SmallCNN | None = None) -> Ranks:
    """The maps of a layer in an order: of "strength", of the "share" that they have in the answer (which needs the
    model), or of their "number". Equal ones stand as they are counted."""
    values = falls(model, result) if by == "share" else strengths(result)
    orders = {}
    for block, value in values.items():
        place = range(len(value)) if by == "number" else torch.argsort(value, descending=True, stable=True).tolist()
        orders[block] = tuple(place)
    return Ranks(by, orders, {} if by == "number" else values)

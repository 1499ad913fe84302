"""A running average of a model's weights: steadier than the weights of any one step."""

from __future__ import annotations

import copy

import torch
from torch import nn


class Average:
    """Exponential moving average of all parameters, as used to sample from diffusion models (Ho et al. 2020, app. B).

    model: the averaged copy, always in eval mode. decay: how much of the old average stays at each step; smaller at the
    start, (1 + n) / (10 + n), so that the random first weights are soon forgotten.
    """

    def __init__(self, model: nn.Module, decay: float):
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self.decay, self.updates = decay, 0

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Take the present weights of `model` in. To be called after every optimiser step."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        for kept, now in zip(self.model.parameters(), model.parameters(), strict=True):
            kept.lerp_(now, 1 - decay)

"""A step of a sampler beside its forward pass."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.bench.comparison import Comparison, Prepared, close
from engine.models.diffusion.samplers import walk
from engine.models.diffusion.schedule import make_schedule
from engine.training.fit import seeded

from .card import Config
from .predictor import new_denoiser, predictor


def sampling_step() -> Prepared:
    """One step of DDIM for 1000 points, against the forward pass of the network that it contains."""
    config = Config()
    schedule = make_schedule(config.schedule, config.chain)
    predict = predictor(new_denoiser(config), schedule)
    with seeded(0) as generator:
        x = torch.randn(1000, 2, generator=generator)

    def ours() -> Tensor:
        with seeded(1) as generator:
            return next(walk(predict, x, schedule, 20, generator)).noise

    @torch.no_grad()
    def forward() -> Tensor:
        return predict(x, schedule.steps)

    return Prepared(ours, forward, close)


COMPARISONS = {
    "sampling_step": Comparison("DDIM step, 1000 points", "one forward pass of its network", "step", sampling_step),
}

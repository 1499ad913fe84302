"""Diffusion: the network that predicts the noise in points of the plane, and the shape that they shall take."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from engine.data.clouds import Cloud, cloud_of
from engine.machinery.device import current_device
from engine.models.diffusion.denoiser import PointDenoiser
from engine.models.diffusion.schedule import Schedule
from engine.training.fit import seeded
from engine.training.moments import restore
from engine.training.own_weights import start_from

from .card import Config

LAYERS = 3  # hidden layers


def cloud_for(config: Config) -> Cloud:
    """The shape that the points of a Config shall take. KnobError for an empty drawing."""
    return cloud_of(config.data, config.drawing if config.data == "drawn" else "")


def new_denoiser(config: Config) -> PointDenoiser:
    """The network of a Config before its first step, on the CPU."""
    with seeded(config.seed + 10_000) as generator:
        model = PointDenoiser(config.hidden, LAYERS, config.fourier, generator).eval()
    start_from(model, config)
    return model


def denoiser_of(config: Config, weights: Sequence[np.ndarray]) -> PointDenoiser:
    """The network of a Config with the weights of one moment, on the current device. Values that are no longer numbers
    (the run diverged) become 0."""
    model = new_denoiser(config).requires_grad_(False)
    restore(model, weights)
    return model.to(current_device())


def predictor(denoiser: PointDenoiser, schedule: Schedule) -> Callable[[Tensor, int], Tensor]:
    """(x_t, t) -> ε̂, with t a step of the chain, as `walk` asks for it."""

    def predict(x: Tensor, t: int) -> Tensor:
        return denoiser(x, torch.full((len(x),), t / schedule.steps, device=x.device))

    return predict

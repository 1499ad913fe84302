"""Regularisation: the experiment that each view stands for."""

from __future__ import annotations

from . import descent, folds, geometry, masks, pixel, task
from .card import Config
from .descent import run_descent
from .folds import run_folds
from .geometry import run_geometry
from .masks import run_masks
from .pixel import run_pixel
from .task import run_task

AnyResult = task.Result | geometry.Result | pixel.Result | masks.Result | folds.Result | descent.Result


def run(
    config: Config,
) -> task.Result | geometry.Result | pixel.Result | masks.Result | folds.Result | descent.Result:
    """What the view of a Config shows: a training, or one of its parts alone."""
    if config.view == "geometry":
        return run_geometry(config)
    if config.view == "pixel":
        return run_pixel(config)
    if config.view == "masks":
        return run_masks(config)
    if config.view == "folds":
        return run_folds(config)
    if config.view == "descent":
        return run_descent(config)
    return run_task(config)

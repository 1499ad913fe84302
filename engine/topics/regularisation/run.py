"""Regularisation: the experiment that each view stands for."""

from __future__ import annotations

from . import descent, folds, geometry, masks, pixel, task
from .card import Config

AnyResult = task.Result | geometry.Result | pixel.Result | masks.Result | folds.Result | descent.Result


def run(
    config: Config,
) -> task.Result | geometry.Result | pixel.Result | masks.Result | folds.Result | descent.Result:
    """What the view of a Config shows: a training, or one of its parts alone."""
    if config.view == "geometry":
        return geometry.run(config)
    if config.view == "pixel":
        return pixel.run(config)
    if config.view == "masks":
        return masks.run(config)
    if config.view == "folds":
        return folds.run(config)
    if config.view == "descent":
        return descent.run(config)
    return task.run(config)

"""Newton's method: arrays to pictures."""

from __future__ import annotations

import numpy as np

from engine.contracts.film import still_frames
from engine.contracts.words import Words
from engine.pictures.curves.values import Curve, CurvesPicture

from .run import Result


def draw_guesses(result: Result):
    """The guesses, one after the other."""
    from engine.pictures.chart.figure import lines

    steps = list(range(len(result.guess)))
    return lines({"guess": (steps, result.guess.tolist())}, x_title="step", y_title="x")


def guesses(result: Result) -> CurvesPicture:
    """The same, as a picture that moves."""
    values = result.guess.numpy()[:, None].astype(np.float32)
    return CurvesPicture(values, [Curve(Words("guess"))], still_frames(values, start="last"), Words("The guesses"))

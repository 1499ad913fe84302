"""Newton's method: arrays to pictures."""

from __future__ import annotations

import numpy as np

from engine.core.film import still_frames
from engine.core.words import Words
from engine.plots.diagrams import Curve, CurvesPicture

from .run import Result


def draw_guesses(result: Result):
    """The guesses, one after the other."""
    from engine.plots.figures import lines

    steps = list(range(len(result.guess)))
    return lines({"guess": (steps, result.guess.tolist())}, x_title="step", y_title="x")


def guesses(result: Result) -> CurvesPicture:
    """The same, as a picture that moves."""
    values = result.guess.numpy()[:, None].astype(np.float32)
    return CurvesPicture(values, [Curve(Words("guess"))], still_frames(values, start="last"), Words("The guesses"))

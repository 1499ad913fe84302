"""Lines of equal height of a field, found by contourpy."""

from __future__ import annotations

from collections.abc import Sequence

import contourpy
import numpy as np

from engine.pictures.borders import Colour
from engine.pictures.plot.values import Path


def contours(
    heights: np.ndarray,
    levels: Sequence[float],
    domain: tuple[float, float, float, float],
    *,
    colour: Colour = None,
    width: float = 1.0,
) -> list[Path]:
    """The lines on which a field has each of these heights, one nameless Path a level; levels it never has give none.

    heights: (H, W), row 0 at the top, its corners at the corners of the domain. Places that have no finite value are
    left out.
    """
    rows, columns = heights.shape
    x, y = np.linspace(*domain[:2], columns), np.linspace(*domain[2:], rows)
    heights = np.ma.masked_invalid(np.asarray(heights, np.float64)[::-1])
    maker = contourpy.contour_generator(x, y, heights, name="serial")
    paths = []
    for level in levels:
        lines = [np.vstack([line, [[np.nan, np.nan]]]) for line in maker.lines(float(level))]
        if lines:
            paths.append(Path(np.concatenate(lines).astype(np.float32), colour=colour, width=width))
    return paths

"""Points in space, to turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class PointsInSpace:
    """Named groups of points (N, 3) in space, to turn with the mouse, and a plane {u: normal · u + offset = 0} or None.

    The plane is drawn where it passes through the box of the points; one that misses the box is left out.
    """

    groups: Mapping[str, np.ndarray]
    axis_titles: tuple[str, str, str]
    alt: str
    plane: tuple[np.ndarray, float] | None = None

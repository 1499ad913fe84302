"""A line chart that does not move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Chart:
    """A line chart that does not move, with axes to read exactly and to zoom; Plotly draws it, see figures.chart.

    curves: name -> (x values, y values). log, log_x: logarithmic axes. Titles carry the units.
    """

    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]]
    x_title: str
    y_title: str
    alt: str
    log: bool = False
    log_x: bool = False

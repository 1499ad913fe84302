"""Named curves as a Plotly figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from engine.pictures.chart.values import Chart
from engine.pictures.theme import CLASS_COLOURS, plotly_template


def lines(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    x_title: str,
    y_title: str,
    log: bool = False,
    dark: bool = False,
) -> go.Figure:
    """Named curves (x values, y values) in the class colours; NaN breaks a curve. Titles carry the units."""
    figure = go.Figure()
    for index, (name, (x, y)) in enumerate(curves.items()):
        line = {"color": CLASS_COLOURS[index % len(CLASS_COLOURS)], "dash": "solid" if index == 0 else "dash"}
        figure.add_scatter(x=list(x), y=list(y), name=name, mode="lines", line=line)
    figure.update_layout(plotly_template(dark))
    figure.update_xaxes(title=x_title)
    figure.update_yaxes(title=y_title, type="log" if log else "linear")
    return figure


def chart(values: Chart, *, dark: bool = False) -> go.Figure:
    """A Chart as a Plotly figure."""
    figure = lines(values.curves, x_title=values.x_title, y_title=values.y_title, log=values.log, dark=dark)
    if values.log_x:
        figure.update_xaxes(type="log")
    return figure

"""Arrays -> Plotly figures in the one colour language of theme.py. No torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from engine.plots.diagrams import Bars, Chart, PointsInSpace
from engine.plots.theme import CLASS_COLOURS, plotly_template

ROW_HEIGHT = 44  # pixels of one bar with its name above


def bars(figure_of: Bars, *, longest: int = 40, dark: bool = False) -> go.Figure:
    """Bars as a Plotly figure, for files; pages use the canvas component. Names longer than `longest` are cut."""
    names, shares, marked, ticks = figure_of.names, figure_of.shares, figure_of.marked, figure_of.ticks
    hover, count = figure_of.hover or names, len(names)
    layout = plotly_template(dark)
    rows = list(range(count))
    colours = [CLASS_COLOURS[1] if index == marked else CLASS_COLOURS[0] for index in rows]
    track = "rgba(128,128,128,0.16)"
    figure = go.Figure()
    figure.add_bar(y=rows, x=[1.0] * count, orientation="h", marker_color=track, width=0.22, hoverinfo="skip")
    figure.add_bar(
        y=rows, x=list(shares), orientation="h", marker_color=colours, width=0.22, customdata=list(hover),
        hovertemplate="%{customdata}<br><b>%{x:.2%}</b><extra></extra>",
    )  # fmt: skip
    if ticks is not None:
        figure.add_scatter(
            y=rows, x=list(ticks), mode="markers", customdata=list(hover),
            marker={"symbol": "line-ns", "size": 14, "line": {"width": 2, "color": layout["font"]["color"]}},
            hovertemplate=f"%{{customdata}}<br>{figure_of.ticks_name}: <b>%{{x:.2%}}</b><extra></extra>",
        )  # fmt: skip
    for row, (name, share) in enumerate(zip(names, shares, strict=True)):
        short = name if len(name) <= longest else name[: longest - 1] + "…"
        text = f"<b>{short}</b>" if row == marked else short
        common = {"y": row - 0.36, "xref": "x", "showarrow": False, "yanchor": "middle"}
        figure.add_annotation(x=0, text=text, xanchor="left", xshift=-3, **common)
        figure.add_annotation(x=1, text=f"{share:.1%}", xanchor="right", xshift=3, **common)
    figure.update_layout(layout)
    figure.update_layout(
        barmode="overlay", showlegend=False, height=ROW_HEIGHT * count + 12, margin={"l": 4, "r": 4, "t": 4, "b": 4},
    )  # fmt: skip
    figure.update_xaxes(range=[0, 1], visible=False, fixedrange=True)
    figure.update_yaxes(range=[count - 0.75, -0.65], visible=False, fixedrange=True)
    return figure


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


def space(shown: PointsInSpace, *, dark: bool = False) -> go.Figure:
    """Points in space as a Plotly figure, in the class colours."""
    figure, groups, plane = go.Figure(), shown.groups, shown.plane
    for index, (name, points) in enumerate(groups.items()):
        figure.add_scatter3d(
            x=points[:, 0], y=points[:, 1], z=points[:, 2], name=name, mode="markers",
            marker={"size": 3, "color": CLASS_COLOURS[index % len(CLASS_COLOURS)]},
        )  # fmt: skip
    if plane is not None and groups:
        everything = np.concatenate(list(groups.values()))
        low, high = everything.min(0), everything.max(0)
        flat = high - low < 1e-6  # fewer than three dimensions: give the plane some depth to be seen
        low, high = np.where(flat, low - 0.5, low), np.where(flat, high + 0.5, high)
        normal, offset = plane
        axis = int(np.abs(normal * (high - low)).argmax())  # solve for the coordinate along which the plane is flattest
        if abs(normal[axis]) > 1e-9:
            others = [i for i in range(3) if i != axis]
            first, second = np.meshgrid(*(np.linspace(low[i], high[i], 24) for i in others))
            solved = -(normal[others[0]] * first + normal[others[1]] * second + offset) / normal[axis]
            solved[(solved < low[axis]) | (solved > high[axis])] = np.nan
            if np.isfinite(solved).any():
                surface = {"xyz"[others[0]]: first, "xyz"[others[1]]: second, "xyz"[axis]: solved}
                figure.add_surface(
                    **surface, showscale=False, opacity=0.45, colorscale=[[0, "#888"], [1, "#888"]], name=""
                )
    figure.update_layout(plotly_template(dark))
    titles = dict(zip(("xaxis", "yaxis", "zaxis"), ({"title": title} for title in shown.axis_titles), strict=True))
    camera = {"eye": {"x": 1.5, "y": 1.5, "z": 0.9}}
    figure.update_layout(
        scene={**titles, "aspectmode": "cube", "camera": camera}, height=460, margin={"l": 0, "r": 0, "t": 0, "b": 0}
    )
    return figure


def chart(shown: Chart, *, dark: bool = False) -> go.Figure:
    """A Chart as a Plotly figure."""
    figure = lines(shown.curves, x_title=shown.x_title, y_title=shown.y_title, log=shown.log, dark=dark)
    if shown.log_x:
        figure.update_xaxes(type="log")
    return figure

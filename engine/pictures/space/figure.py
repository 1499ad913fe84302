"""Points in space as a Plotly figure."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.pictures.space.values import PointsInSpace
from engine.pictures.theme import CLASS_COLOURS, plotly_template


def space(values: PointsInSpace, *, dark: bool = False) -> go.Figure:
    """Points in space as a Plotly figure, in the class colours."""
    figure, groups, plane = go.Figure(), values.groups, values.plane
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
    titles = dict(zip(("xaxis", "yaxis", "zaxis"), ({"title": title} for title in values.axis_titles), strict=True))
    camera = {"eye": {"x": 1.65, "y": 1.65, "z": 0.95}, "center": {"x": 0, "y": 0, "z": -0.15}}  # room for the titles
    figure.update_layout(
        scene={**titles, "aspectmode": "cube", "camera": camera}, height=460, margin={"l": 0, "r": 0, "t": 0, "b": 0}
    )
    return figure

"""A plane with axes as a Plotly figure, for files: there it can be zoomed and read."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.pictures.borders import ends
from engine.pictures.plot.values import Path, PlotPicture
from engine.pictures.theme import CLASS_COLOURS, plotly_template, table


def plot(picture: PlotPicture, *, dark: bool = False) -> go.Figure:
    """The plane as it stands at its last moment."""
    figure, layout = go.Figure(), plotly_template(dark)
    ink = layout["font"]["color"]
    x_low, x_high, y_low, y_high = picture.domain

    def colour(one: str | int | None) -> str:
        return CLASS_COLOURS[one % len(CLASS_COLOURS)] if isinstance(one, int) else one or ink

    if picture.field is not None:
        _add_field(figure, picture)
    for band in picture.bands:
        figure.add_vrect(max(band.low, x_low), min(band.high, x_high), fillcolor=colour(band.colour), opacity=0.16,
                         line_width=0, annotation_text=band.name, annotation_position="top left")  # fmt: skip
    for border in picture.borders:
        a, b, c = (float(one) for one in (border.values[-1] if np.ndim(border.values) == 2 else border.values))
        line = ends(a, b, c, picture.domain)
        figure.add_scatter(
            x=[x for x, _ in line], y=[y for _, y in line], mode="lines", name=border.name,
            showlegend=bool(border.name),
            line={"color": colour(border.colour), "width": 2, "dash": "dash" if border.dashed else "solid"},
        )  # fmt: skip
    for path in picture.paths:
        _add_path(figure, path, colour(path.colour))
    for dots in picture.dots:
        points = dots.points[-1] if np.ndim(dots.points) == 3 else dots.points
        given = dots.colours if isinstance(dots.colours, (list, tuple)) else [dots.colours] * len(points)
        figure.add_scatter(
            x=points[:, 0], y=points[:, 1], mode="markers", name=dots.name, showlegend=bool(dots.name),
            text=list(dots.labels) or None,
            marker={"color": [colour(one) for one in given], "size": 2 * dots.radius,
                    "line": {"color": ink, "width": 1},
                    "symbol": ["circle-open" if ring else "circle" for ring in dots.rings] if dots.rings else "circle"},
        )  # fmt: skip
    if picture.handles:
        figure.add_scatter(
            x=[handle.x for handle in picture.handles], y=[handle.y for handle in picture.handles], mode="markers+text",
            text=[handle.name for handle in picture.handles], textposition="top right", showlegend=False,
            marker={"color": [colour(handle.colour) for handle in picture.handles], "size": 14, "symbol": "circle-dot"},
        )  # fmt: skip
    figure.update_layout(layout)
    for axis, log, low, high, name in (
        ("xaxis", picture.log_x, x_low, x_high, picture.axis_labels[0]),
        ("yaxis", picture.log_y, y_low, y_high, picture.axis_labels[1]),
    ):
        limits = [float(np.log10(low)), float(np.log10(high))] if log else [low, high]
        figure.update_layout({axis: {"title": {"text": name}, "range": limits, "type": "log" if log else "linear"}})
    if picture.square:
        figure.update_yaxes(scaleanchor="x", constrain="domain")
        figure.update_xaxes(constrain="domain")
    return figure


def _add_field(figure: go.Figure, picture: PlotPicture) -> None:
    """Values in their colours; of classes one wash of colour for each."""
    field = picture.field
    values = np.asarray(field.values)
    values = values[-1] if values.ndim == (4 if field.classes else 3) else values
    x_low, x_high, y_low, y_high = picture.domain
    rows, columns = values.shape[:2]
    x = x_low + (np.arange(columns) + 0.5) / columns * (x_high - x_low)
    y = y_high - (np.arange(rows) + 0.5) / rows * (y_high - y_low)
    for number, name in enumerate(field.classes):
        red, green, blue = (int(CLASS_COLOURS[number % len(CLASS_COLOURS)][at : at + 2], 16) for at in (1, 3, 5))
        wash = [[0, f"rgba({red},{green},{blue},0)"], [1, f"rgba({red},{green},{blue},0.6)"]]
        figure.add_heatmap(
            x=x, y=y, z=values[..., number] / 255, zmin=0, zmax=1, colorscale=wash, showscale=False, name=name
        )
    if not field.classes:
        scale = [[at / 255, "rgb({},{},{})".format(*table(field.scale)[at])] for at in range(0, 256, 15)]
        figure.add_heatmap(x=x, y=y, z=values, zmin=field.low, zmax=field.high, colorscale=scale, zsmooth="best",
                           colorbar={"title": {"text": field.name}}, name=field.name)  # fmt: skip


def _add_path(figure: go.Figure, path: Path, colour: str) -> None:
    points = path.points[-1] if np.ndim(path.points) == 3 else path.points
    points = np.concatenate([points, points[:1]]) if path.closed else points
    figure.add_scatter(
        x=points[:, 0], y=points[:, 1], mode="lines", name=path.name, showlegend=bool(path.name), connectgaps=False,
        fill="toself" if path.filled else None, hoverinfo=None if path.name else "skip",
        line={"color": colour, "width": path.width, "dash": "dash" if path.dashed else "solid"},
    )  # fmt: skip
    if path.grows:
        figure.add_scatter(x=points[-1:, 0], y=points[-1:, 1], mode="markers", marker={"color": colour, "size": 10},
                           hoverinfo="skip", showlegend=False)  # fmt: skip

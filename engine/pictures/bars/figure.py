"""Bars as a Plotly figure, for files: there they stay alive."""

from __future__ import annotations

import plotly.graph_objects as go

from engine.pictures.bars.values import Bars
from engine.pictures.theme import CLASS_COLOURS, plotly_template

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

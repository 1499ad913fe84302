"""A computation as a Plotly figure, for files: there it stays alive."""

from __future__ import annotations

import plotly.graph_objects as go

from engine.contracts.words import number
from engine.pictures.computation.values import ComputationPicture
from engine.pictures.theme import plotly_template

VALUES, GRADIENTS, EDGE = "#005A9C", "#B84A00", "#8A909C"
ROW, LAYER = 70, 130  # pixels


def computation(picture: ComputationPicture, *, dark: bool = False) -> go.Figure:
    """The computation after its last moment: value and gradient in every node, what went back beside every edge."""
    layout, figure, theme = picture.layout, go.Figure(), plotly_template(dark)
    values, gradients = ("#63B4FF", "#FFA45C") if dark else (VALUES, GRADIENTS)
    places = [(x, -y) for x, y in layout.places]
    for at, (start, end) in enumerate(picture.edges.tolist()):
        way = [places[start], *((x, -y) for x, y in layout.routes[at]), places[end]]
        figure.add_scatter(
            x=[x for x, _ in way], y=[y for _, y in way], mode="lines", hoverinfo="skip", showlegend=False,
            line={"color": EDGE, "width": 1.5, "shape": "spline"},
        )  # fmt: skip
        flow = float(picture.flows[at])
        if flow == flow:
            (x0, y0), (x1, y1) = way[-2], way[-1]
            figure.add_annotation(
                x=(x0 + x1) / 2,
                y=(y0 + y1) / 2,
                text=number(flow),
                showarrow=False,
                font={"color": gradients, "size": 11},
            )
    texts, hover, last = [], [], picture.gradients[-1]
    for node, name in enumerate(picture.names):
        title = f"{picture.symbols[node]} {name}".strip()
        back = (
            ""
            if picture.roles[node] == "fixed"
            else f"<br><span style='color:{gradients}'>{number(float(last[node]))}</span>"
        )
        value = number(float(picture.values[node]))
        texts.append(f"<b>{title}</b><br><span style='color:{values}'>{value}</span>{back}")
        hover.append(f"{name} = {picture.recipes[node]}" if picture.recipes[node] else name)
    figure.add_scatter(
        x=[x for x, _ in places], y=[y for _, y in places], mode="markers+text", text=texts, hovertext=hover,
        hoverinfo="text", showlegend=False, textfont={"size": 11},
        marker={"symbol": "square", "size": 52, "color": "rgba(128,128,128,0.14)", "line": {"width": 1, "color": EDGE}},
    )  # fmt: skip
    figure.update_layout(theme)
    figure.update_layout(height=int(60 + ROW * layout.rows), width=int(120 + LAYER * layout.layers))
    figure.update_xaxes(visible=False, range=[-0.5, layout.layers - 0.5])
    figure.update_yaxes(visible=False, range=[-layout.rows + 0.3, 0.7])
    return figure

"""A block of numbers as a Plotly figure, for files: sample by sample, a column a channel, a row a place."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.pictures.block.values import BlockPicture
from engine.pictures.theme import CLASS_COLOURS, plotly_template


def block(picture: BlockPicture, *, dark: bool = False) -> go.Figure:
    """All numbers of the block; marked are those that belong together with the first."""
    samples, channels, places = np.shape(picture.values)
    figure, groups = go.Figure(), np.asarray(picture.groups)
    together = groups == groups[0, 0, 0]
    if groups[0, 0, 0] < 0:
        together = np.zeros_like(together)
        together[0, 0, 0] = True
    columns = [f"{sample + 1}.{channel + 1}" for sample in range(samples) for channel in range(channels)]
    rows = [f"{place // picture.columns + 1}, {place % picture.columns + 1}" for place in range(places)]
    values = np.asarray(picture.values, np.float32).reshape(samples * channels, places).T
    figure.add_heatmap(x=columns, y=rows, z=values, colorscale="Greys", xgap=1, ygap=1,
                       hovertemplate="%{x}, %{y}: %{z}<extra></extra>")  # fmt: skip
    at = np.argwhere(together.reshape(samples * channels, places))
    figure.add_scatter(
        x=[columns[column] for column, _ in at], y=[rows[row] for _, row in at], mode="markers", name=picture.together,
        showlegend=True, hoverinfo="skip", marker={"color": CLASS_COLOURS[1], "size": 9, "symbol": "square"},
    )  # fmt: skip
    figure.update_layout(plotly_template(dark))
    figure.update_xaxes(title={"text": "sample.channel"}, type="category")
    figure.update_yaxes(title={"text": "row, column"}, type="category", autorange="reversed")
    return figure

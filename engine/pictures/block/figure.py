"""A block as a Plotly figure, for files: there the numbers of its cells can be read."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.pictures.block.values import BlockPicture, layout
from engine.pictures.theme import CLASS_COLOURS, plotly_template

WIDTH, HEIGHT = 640.0, 330.0


def block(picture: BlockPicture, *, dark: bool = False) -> go.Figure:
    """The slabs as they stand side by side; what is averaged with the first cell has one colour."""
    groups, look = np.asarray(picture.groups), plotly_template(dark)
    (x0, y0), pitch, thick, (across, up), down = layout(groups.shape, WIDTH, HEIGHT)
    first = groups[0, 0, 0]
    sides: dict[bool, tuple[list, list]] = {False: ([], []), True: ([], [])}
    places, told = ([], []), []
    for sample, channel, place in np.ndindex(groups.shape):
        x, y = x0 + sample * pitch + thick + channel * across, y0 - channel * up + place * down
        xs, ys = sides[bool(first >= 0 and groups[sample, channel, place] == first)]
        xs += [x, x + across, x + across, x, x, None]
        ys += [y, y - up, y - up + down, y + down, y, None]
        places[0].append(x + across / 2)
        places[1].append(y - up / 2 + down / 2)
        told.append(f"sample {sample + 1}, channel {channel + 1}, place {place + 1}<br>"
                    f"{picture.values[sample, channel, place]:.4g}")  # fmt: skip
    figure = go.Figure()
    for together, (xs, ys) in sides.items():
        if xs:
            figure.add_scatter(
                x=xs, y=ys, fill="toself", mode="lines", hoverinfo="skip",
                name=picture.together if together else "others", showlegend=together and bool(picture.together),
                fillcolor=CLASS_COLOURS[0] if together else "rgba(150,150,150,0.35)",
                line={"color": look["font"]["color"], "width": 0.7},
            )  # fmt: skip
    figure.add_scatter(
        x=places[0], y=places[1], mode="markers", marker={"opacity": 0}, text=told, hoverinfo="text", showlegend=False
    )
    figure.update_layout(look)
    figure.update_layout(title={"text": "samples B →, channels C ↗, places H·W ↓", "font": {"size": 13}})
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False, autorange="reversed")
    return figure

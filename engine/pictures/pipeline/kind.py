"""How the parts of this kind belong together."""

from __future__ import annotations

from typing import Any

from engine.pictures.kinds import Fits, Kind
from engine.pictures.pipeline.values import PipelinePicture


def fits(picture: PipelinePicture) -> Fits:
    """There is such a cell, and it can be opened."""
    shapes = [layer.maps.shape if layer.key and not layer.covered else (0, 0, 0) for layer in picture.layers]

    def check(_: str, at: Any) -> bool:
        channels, rows, columns = shapes[at["tile"]]
        inside = 0 <= at["channel"] < channels and 0 <= at["row"] < rows and 0 <= at["column"] < columns
        return at["tile"] >= 0 and inside

    return check


KIND = Kind(
    PipelinePicture,
    PipelinePicture.payload,
    events=("cell",),
    fits=fits,
    words={
        "number": "number {k}",
        "below": "below 0 · 0 · above 0",
        "upward": "0 · largest of its layer",
        "given": "line: what a map gives to the opened number",
    },
    keys={
        "choosePlace": "to the next map, or to the next layer",
        "openMap": "open the map, at the same place",
    },
    sheet="engine.pictures.pipeline.sheet:pipeline_sheet",
)

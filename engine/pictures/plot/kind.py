"""How the parts of this kind belong together."""

from __future__ import annotations

from typing import Any

from engine.pictures.kinds import Fits, Kind
from engine.pictures.plot.values import PlotPicture, plot_payload


def fits(picture: PlotPicture) -> Fits:
    """Places are within the domain, handles and dots are there."""
    x_low, x_high, y_low, y_high = picture.domain
    keys = frozenset(handle.key for handle in picture.handles)
    counts = [dots.points.shape[-2] for dots in picture.dots]

    def check(event: str, at: Any) -> bool:
        if event == "dot":
            return 0 <= at["dots"] < len(counts) and 0 <= at["dot"] < counts[at["dots"]]
        inside = x_low <= at["x"] <= x_high and y_low <= at["y"] <= y_high
        return inside and (event == "spot" or at["key"] in keys)

    return check


KIND = Kind(
    PlotPicture,
    plot_payload,
    events=("handle", "carry", "dot", "spot"),
    fits=fits,
    keys={
        "place": "move the cursor over the plane",
        "nextMark": "to the next point or handle (Shift + N: the one before)",
        "chooseMark": "choose what is under the cursor",
        "carryMark": "take up the nearest handle, move it with the arrows, put it down with M or Enter",
    },
    sheet="engine.pictures.plot.sheet:plot_sheet",
    figure="engine.pictures.plot.figure:plot",
)

"""How the parts of this kind belong together."""

from __future__ import annotations

from typing import Any

from engine.pictures.kinds import Fits, Kind
from engine.pictures.points.values import PointsPicture, points_payload


def fits(picture: PointsPicture) -> Fits:
    """Points and spots are within the plane, and of its classes."""
    x_low, x_high, y_low, y_high = picture.domain
    count, most, valued = len(picture.classes), picture.most, picture.value_range is not None

    def check(event: str, at: Any) -> bool:
        if event == "spot":
            return x_low <= at["x"] <= x_high and y_low <= at["y"] <= y_high
        return len(at["points"]) <= most and all(
            x_low <= x <= x_high and y_low <= y <= y_high and (valued or 0 <= label < count)
            for x, y, label in at["points"]
        )

    return check


KIND = Kind(
    PointsPicture,
    points_payload,
    events=("points", "spot"),
    fits=fits,
    words={
        "points": "{count} of {most} points",
        "value": "value",
        "train": "train",
        "test": "test",
        "full": "No more than {most} points",
        "removing": "right click or long press removes one",
    },
    keys={
        "place": "move the cursor over the plane",
        "nextPoint": "to the next point (Shift + N: the one before)",
        "addPoint": "add a point",
        "chooseSpot": "compute at this place",
        "carryPoint": "take up the nearest point, move it with the arrows, put it down with M or Enter",
        "removePoint": "delete the nearest point",
        "pointClass": "class of new points",
    },
    sends="points",
    sheet="engine.pictures.points.sheet:points_sheet",
)

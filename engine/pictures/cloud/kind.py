"""How the parts of this kind belong together."""

from __future__ import annotations

from typing import Any

from engine.pictures.cloud.values import Cloud, cloud_payload
from engine.pictures.kinds import Fits, Kind


def fits(picture: Cloud) -> Fits:
    """The point and the frame are there."""
    count, frames = len(picture.classes), frozenset(picture.frames.indices)

    def check(_: str, at: Any) -> bool:
        return 0 <= at["point"] < count and at["frame"] in frames

    return check


KIND = Kind(
    Cloud,
    cloud_payload,
    events=("pick",),
    fits=fits,
    words={"point": "point"},
    keys={
        "point": "from point to point",
    },
    sheet="engine.pictures.cloud.sheet:cloud_sheet",
)

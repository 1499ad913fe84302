"""How the parts of this kind belong together."""

from __future__ import annotations

from typing import Any

from engine.pictures.computation.values import ComputationPicture, computation_payload
from engine.pictures.kinds import Fits, Kind


def fits(picture: ComputationPicture) -> Fits:
    """The node is there."""
    count = len(picture.names)

    def check(_: str, at: Any) -> bool:
        return 0 <= at["node"] < count

    return check


KIND = Kind(
    ComputationPicture,
    computation_payload,
    events=("pick",),
    fits=fits,
    words={
        "valueOf": "value",
        "gradientOf": "gradient",
        "notYet": "not yet",
        "soFar": "so far",
        "notAsked": "given: no gradient is asked for",
        "addedUp": "{parts}, added up",
        "valueMark": "value, forward",
        "gradientMark": "gradient of {end}, backward",
        "workMark": "at work",
        "fixedMark": "given",
    },
    keys={
        "node": "to the nearest node in that direction",
        "nextNode": "to the next node in order (Shift + N: the one before)",
    },
    sheet="engine.pictures.computation.sheet:computation_sheet",
    figure="engine.pictures.computation.figure:computation",
)

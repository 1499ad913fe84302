"""How the parts of this kind belong together."""

from __future__ import annotations

import math
from typing import Any

from engine.pictures.kinds import Fits, Kind
from engine.pictures.number.values import NumberField


def fits(picture: NumberField) -> Fits:
    """A number within the field's ends."""
    low, high = picture.low, picture.high

    def check(_: str, at: Any) -> bool:
        return math.isfinite(at["value"]) and low <= at["value"] <= high

    return check


KIND = Kind(
    NumberField,
    NumberField.payload,
    events=("edit",),
    fits=fits,
    keys={"stepNumber": "one step more or less"},
)

"""How the parts of this kind belong together."""

from __future__ import annotations

from typing import Any

from engine.pictures.kinds import Fits, Kind
from engine.pictures.matrices.values import Matrices


def fits(picture: Matrices) -> Fits:
    """The cell is there."""
    shapes = [values.shape for values in picture.values.values()]

    def check(_: str, at: Any) -> bool:
        rows, columns = shapes[at["matrix"]]
        return at["matrix"] >= 0 and 0 <= at["row"] < rows and 0 <= at["column"] < columns

    return check


KIND = Kind(
    Matrices,
    Matrices.payload,
    events=("edit",),
    fits=fits,
    keys={
        "stepNumber": "one step more or less",
        "nextNumber": "to the next number",
    },
    sheet="engine.pictures.matrices.sheet:matrices_sheet",
)

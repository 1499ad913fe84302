"""How the parts of this kind belong together."""

from __future__ import annotations

from typing import Any

from engine.pictures.kinds import Fits, Kind
from engine.pictures.mosaic.values import Mosaic


def fits(picture: Mosaic) -> Fits:
    """The matrix is there."""
    rows, columns = len(picture.rows), len(picture.columns)

    def check(_: str, at: Any) -> bool:
        return 0 <= at["row"] < rows and 0 <= at["column"] < columns

    return check


KIND = Kind(
    Mosaic,
    Mosaic.payload,
    events=("pick",),
    fits=fits,
    words={"scale": "0 to the largest weight of each head", "off": "switched off"},
    keys={
        "choosePicture": "choose the next picture in that direction",
    },
    sheet="engine.pictures.mosaic.sheet:mosaic_sheet",
)

"""How the parts of this kind belong together."""

from __future__ import annotations

from typing import Any

from engine.pictures.kinds import Fits, Kind
from engine.pictures.pixels.values import PixelPicture, picture_payload


def fits(picture: PixelPicture) -> Fits:
    """A cell is within its tile."""
    sizes = [tile.pixels.shape[0 if tile.still or not picture.frames else 1 :][:2] for tile in picture.tiles]
    whole = picture.whole

    def check(_: str, at: Any) -> bool:
        rows, columns = sizes[at["tile"]]
        return at["tile"] >= 0 and (whole or (0 <= at["row"] < rows and 0 <= at["column"] < columns))

    return check


KIND = Kind(
    PixelPicture,
    picture_payload,
    events=("cell",),
    fits=fits,
    words={
        "row": "row",
        "column": "column",
        "layer": "layer over it",
        "highest": "highest",
        "ownRange": "low to high, each picture its own range",
        "ownSigned": "negative to positive, each picture its own range",
    },
    keys={
        "cell": "from cell to cell, the value is read out",
        "picture": "from picture to picture",
        "nextPicture": "the same place in the next picture (Page ↑: the one before)",
    },
    titled=True,
    sheet="engine.pictures.pixels.sheet:pixel_sheet",
)

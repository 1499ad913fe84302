"""How the parts of this kind belong together."""

from __future__ import annotations

from typing import Any

from engine.pictures.kinds import Fits, Kind
from engine.pictures.links.values import Links


def fits(picture: Links) -> Fits:
    """Both tokens are there."""
    count = len(picture.tokens)

    def check(_: str, at: Any) -> bool:
        return 0 <= at["query"] < count and 0 <= at["key"] < count

    return check


KIND = Kind(
    Links,
    Links.payload,
    events=("pick",),
    fits=fits,
    words={"width": "width of a line: attention"},
    keys={
        "token": "from token to token",
        "otherSide": "to the other column",
    },
    titled=True,
    sheet="engine.pictures.links.sheet:links_sheet",
)

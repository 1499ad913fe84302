"""How the parts of this kind belong together."""

from __future__ import annotations

from engine.pictures.bars.values import Bars
from engine.pictures.kinds import Kind, one_of

KIND = Kind(
    Bars,
    Bars.payload,
    events=("pick",),
    words={"expected": "what you expected"},
    fits=lambda picture: one_of(len(picture.names)),
    sheet="engine.pictures.bars.sheet:bars_sheet",
    figure="engine.pictures.bars.figure:bars",
)

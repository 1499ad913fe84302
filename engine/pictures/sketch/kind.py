"""How the parts of this kind belong together."""

from __future__ import annotations

from engine.pictures.kinds import Kind
from engine.pictures.sketch.values import Board, fits

KIND = Kind(
    Board,
    Board.payload,
    events=("drawn",),
    fits=fits,
    words={
        "run": "Run it",
        "hintCurve": "Draw the curve from left to right.",
        "hintBars": "Drag the bar to where you expect it.",
        "hintRegion": "Paint where you expect “{name}”.",
        "paint": "Paint “{name}”",
    },
    keys={
        "along": "to the next place",
        "height": "raise or lower the curve there",
        "share": "make the bar longer or shorter",
        "paintCell": "paint this cell, or clear it",
    },
)

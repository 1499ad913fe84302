"""Colour bars and swatches below what is on a sheet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.pictures import theme
from engine.pictures.lettering import width_of
from engine.pictures.sheet import TEXT, Sheet, colour_of

GAP, BAR = 12, (200, 12)  # between tiles; width and height of a colour bar


ROW = TEXT + 9  # height of a line of the legend


Entry = tuple[np.ndarray, str]  # (colours (N, 3), what they mean); one colour is a swatch, more are a bar


def ends(low: float, high: float) -> str:
    """The ends of a colour bar."""
    return f"{low:.4g} – {high:.4g}".replace("-", "−")


def class_entries(names: Sequence[str]) -> list[Entry]:
    """A swatch for each class."""
    return [(np.array([theme.hex_to_rgb(colour_of(number))], np.uint8), name) for number, name in enumerate(names)]


def legend(sheet: Sheet, entries: Sequence[Entry], x: float, y: float) -> tuple[float, float]:
    """Paint the entries below each other, swatches side by side; returns the width and height used."""
    left, widest, top, beside = x, 0.0, y, False
    for colours, text in entries:
        width = BAR[0] if len(colours) > 1 else BAR[1]
        wide = width + 8 + width_of(text.strip())
        if beside and (len(colours) > 1 or left + wide > x + 560):
            left, top = x, top + ROW
        across = BAR[0] if len(colours) > 1 else BAR[1]
        sheet.raster(colours[None], left, top + (ROW - BAR[1]) / 2, across, BAR[1])
        sheet.box(left, top + (ROW - BAR[1]) / 2, across, BAR[1], stroke="#C8C4BA")
        sheet.words(left + width + 8, top + ROW / 2, text.strip())
        widest = max(widest, left + wide - x)
        beside = len(colours) == 1
        left, top = (left + wide + 18, top) if beside else (x, top + ROW)
    return widest, top - y + (ROW if beside else 0)

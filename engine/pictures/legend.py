"""Colour bars and swatches below what is on a sheet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.pictures import theme
from engine.pictures.lettering import width_of
from engine.pictures.sheet import PAPER, TEXT, Sheet, colour_of

GAP, BAR = 12, (200, 12)  # between tiles; width and height of a colour bar


ROW = TEXT + 9  # height of a line of the legend


# (colours (N, 3), what they mean, and how it looks, one of MARKS); one colour is a swatch, more are a bar
Entry = tuple[np.ndarray, str] | tuple[np.ndarray, str, str]
MARKS = ("disc", "small", "ring", "line", "dashed", "area")  # a square without one


def ends(low: float, high: float) -> str:
    """The ends of a colour bar."""
    return f"{low:.4g} – {high:.4g}".replace("-", "−")


def class_entries(names: Sequence[str]) -> list[Entry]:
    """A swatch for each class."""
    return [(np.array([theme.hex_to_rgb(colour_of(number))], np.uint8), name) for number, name in enumerate(names)]


def legend(sheet: Sheet, entries: Sequence[Entry], x: float, y: float) -> tuple[float, float]:
    """Paint the entries below each other, swatches side by side; returns the width and height used."""
    left, widest, top, beside = x, 0.0, y, False
    for colours, text, *mark in entries:
        width = BAR[0] if len(colours) > 1 else BAR[1]
        wide = width + 8 + width_of(text.strip())
        if beside and (len(colours) > 1 or left + wide > x + 560):
            left, top = x, top + ROW
        across = BAR[0] if len(colours) > 1 else BAR[1]
        if mark:
            _mark(sheet, mark[0], "#{:02X}{:02X}{:02X}".format(*colours[0]), left + across / 2, top + ROW / 2)
        else:
            sheet.raster(colours[None], left, top + (ROW - BAR[1]) / 2, across, BAR[1])
            sheet.box(left, top + (ROW - BAR[1]) / 2, across, BAR[1], stroke="#C8C4BA")
        sheet.words(left + width + 8, top + ROW / 2, text.strip())
        widest = max(widest, left + wide - x)
        beside = len(colours) == 1
        left, top = (left + wide + 18, top) if beside else (x, top + ROW)
    return widest, top - y + (ROW if beside else 0)


def _mark(sheet: Sheet, mark: str, colour: str, x: float, y: float) -> None:
    """One of MARKS, with its middle at (x, y)."""
    if mark in ("disc", "small", "ring"):
        radius = 3 if mark == "small" else BAR[1] / 2 - 1
        sheet.disc(x, y, radius, PAPER if mark == "ring" else colour, colour, width=1.6)
    elif mark == "area":
        sheet.box(x - 5, y - 5, 10, 10, colour, opacity=0.35)
    else:
        sheet.line([(x - 7, y), (x + 7, y)], colour, 2.2, dash=(6, 4) if mark == "dashed" else None)

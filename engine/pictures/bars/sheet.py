"""Bars on a sheet."""

from __future__ import annotations

from collections.abc import Callable

from engine.pictures.bars.values import Bars
from engine.pictures.legend import class_entries, legend
from engine.pictures.sheet import GAP, INK, Sheet, colour_of, fitted


def bars_sheet(bars: Bars, say: Callable[[str], str] = str) -> Sheet:
    """Horizontal bars of shares, name and percentage above each."""
    row, width = 44, 520.0
    sheet = Sheet(width + 2 * GAP, GAP + row * len(bars.names), bars.alt, say)
    for number, (name, share) in enumerate(zip(bars.names, bars.shares, strict=True)):
        y, marked = GAP + number * row, number == bars.marked
        sheet.words(GAP, y + 10, fitted(name, width - 70, bold=marked), bold=marked)
        sheet.words(GAP + width, y + 10, f"{share:.1%}", anchor="rm", bold=marked)
        sheet.box(GAP, y + 21, width, 9, "#E9E7E1")
        sheet.box(GAP, y + 21, width * share, 9, colour_of(1 if marked else 0))
        if bars.ticks is not None:
            x = GAP + width * bars.ticks[number]
            sheet.line([(x, y + 18), (x, y + 33)], INK, 2)
    entries = class_entries(["", bars.marked_name])[1:] if bars.marked is not None and bars.marked_name else []
    _, down = legend(sheet, entries, GAP, sheet.height)
    sheet.height += down
    if bars.ticks is not None:
        sheet.line([(GAP + 6, sheet.height + 4), (GAP + 6, sheet.height + 18)], INK, 2)
        sheet.words(GAP + 20, sheet.height + 11, bars.ticks_name)
        sheet.height += 22
    sheet.height += GAP
    return sheet

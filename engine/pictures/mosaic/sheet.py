"""Many small matrices on a sheet."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.pictures import theme
from engine.pictures.legend import ROW, legend
from engine.pictures.lettering import width_of
from engine.pictures.mosaic.values import Mosaic
from engine.pictures.sheet import GAP, INK, Sheet, colour_of, fitted


def mosaic_sheet(mosaic: Mosaic, say: Callable[[str], str] = str) -> Sheet:
    """Many small matrices, each in colours from 0 to its own largest value, with the names of rows and columns."""
    patterns = np.asarray(mosaic.patterns, np.float32)
    rows, columns, side = patterns.shape[:3]
    zoom = max(1, 100 // side)
    pitch, left, top = side * zoom + 8, GAP + max(map(width_of, mosaic.rows)) + 8, GAP + ROW
    sheet = Sheet(left + columns * pitch + GAP, top + rows * pitch + ROW + GAP, mosaic.alt, say)
    for column, name in enumerate(mosaic.columns):
        sheet.words(left + column * pitch + side * zoom / 2, GAP + ROW / 2, fitted(name, pitch - 4), anchor="mm")
    for row, name in enumerate(mosaic.rows):
        sheet.words(left - 8, top + row * pitch + side * zoom / 2, name, anchor="rm")
        for column in range(columns):
            x, y, values = left + column * pitch, top + row * pitch, patterns[row, column]
            colours = theme.colourise(values, "probability", 0, max(float(values.max()), 1e-12))
            if (row, column) in mosaic.off:
                colours = (255 - 0.3 * (255.0 - colours)).astype(np.uint8)
            sheet.raster(colours, x, y, side * zoom, side * zoom)
            sheet.box(x, y, side * zoom, side * zoom, stroke="#C8C4BA")
            if (row, column) in mosaic.off:
                sheet.line([(x, y), (x + side * zoom, y + side * zoom)], INK, 1.5)
            if (row, column) == mosaic.selected:
                sheet.box(x - 3, y - 3, side * zoom + 6, side * zoom + 6, stroke=colour_of(1), width=3)
    entry = (theme.table("probability"), say("low to high, each picture its own range"))
    across, _ = legend(sheet, [entry], GAP, top + rows * pitch)
    sheet.width = max(sheet.width, across + 2 * GAP)
    return sheet

"""Matrices of numbers on a sheet."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.pictures import theme
from engine.pictures.lettering import width_of
from engine.pictures.matrices.values import Matrices
from engine.pictures.sheet import GAP, Sheet


def matrices_sheet(matrices: Matrices, say: Callable[[str], str] = str) -> Sheet:
    """The matrices as tables side by side, negative numbers on orange and positive ones on blue."""
    left = max(map(width_of, matrices.rows)) + 12
    cell, top, x = 58, 34 + (20 if matrices.columns else 0), float(GAP)
    sheet = Sheet(0, top + len(matrices.rows) * 28 + GAP, matrices.alt, say)
    for name, values in matrices.values.items():
        most = max(float(np.abs(values).max()), 1e-12)
        title = f"{name} {matrices.notes.get(name, '')}".strip()
        sheet.words(x, 16, title, bold=True)
        for column, head in enumerate(matrices.columns):
            sheet.words(x + left + (column + 0.5) * cell - 1, top - 10, head, anchor="mm")
        for row, token in enumerate(matrices.rows):
            sheet.words(x + left - 8, top + row * 28 + 14, token, anchor="rm")
            for column, value in enumerate(values[row].tolist()):
                colour = "#{:02X}{:02X}{:02X}".format(*theme.colourise(np.array(value), "signed", -2 * most, 2 * most))
                sheet.box(x + left + column * cell, top + row * 28, cell - 2, 26, colour)
                sheet.words(x + left + (column + 0.5) * cell - 1, top + row * 28 + 13, f"{value:.4g}", anchor="mm")
        x += max(left + values.shape[1] * cell, width_of(title, bold=True)) + 2 * GAP
    sheet.width = x
    return sheet

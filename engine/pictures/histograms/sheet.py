"""Distributions side by side on a sheet."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.pictures.histograms.values import HistogramsPicture
from engine.pictures.lettering import width_of
from engine.pictures.line_chart import HEIGHT, WIDTH, tick_label, ticks
from engine.pictures.sheet import FAINT, INK, RULE, Sheet, colour_of, mixed


def histograms_sheet(
    picture: HistogramsPicture, say: Callable[[str], str] = str, *, picked: int | None = None, frame: int = -1
) -> Sheet:
    """One moment of the distributions: bars as wide as the root of their share, what lies beyond at the ends."""
    shares = np.nan_to_num(np.asarray(picture.shares, float))
    shares = shares[frame] if picture.frames is not None else shares
    sheet, low, high, count = Sheet(WIDTH, HEIGHT, picture.alt, say), picture.low, picture.high, len(picture.names)
    marks = [value for value in ticks(low, high, 5) if low <= value <= high]
    left, right = 22 + max(width_of(tick_label(value), 12) for value in marks), WIDTH - 12
    top, bottom, end = 34.0, HEIGHT - 58.0, 9.0  # end: height of what lies beyond
    step, bins = (right - left) / count, shares.shape[1] - 2

    def y(value: float) -> float:
        return bottom - (value - low) / (high - low) * (bottom - top)

    sheet.words(8, 12, say(picture.axis), colour=FAINT)
    for value in marks:
        sheet.line([(left, y(value)), (right, y(value))], RULE, 1)
        sheet.words(left - 7, y(value), tick_label(value), anchor="rm", size=12, colour=FAINT)
    every = max(1, round((max(map(width_of, picture.names)) + 8) / step + 0.499))
    for column in range(count):
        x, row = left + column * step, shares[column]
        if column == picked:
            sheet.box(x, top - end - 3, step, bottom - top + 2 * end + 6, mixed(INK, 0.08), stroke=INK)
        if column % every == 0:
            sheet.words(x + step / 2, bottom + end + 14, picture.names[column], anchor="mm", size=12, colour=FAINT)
        most = row.max()
        for at in range(bins + 2) if most > 0 else ():
            wide = (row[at] / most) ** 0.5 * (step - min(3, step / 4))
            if wide < 0.15:
                continue
            over = y(low + (high - low) * at / bins) if 0 < at <= bins else bottom + 2 if at == 0 else top - 2 - end
            tall = (bottom - top) / bins if 0 < at <= bins else end
            sheet.box(x + (step - wide) / 2, over, wide, tall, colour_of(picture.colour))
    sheet.words((left + right) / 2, HEIGHT - 16, say(picture.column), anchor="mm", colour=FAINT)
    return sheet

"""Points in the plane on a sheet."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.pictures import theme
from engine.pictures.borders import draw_borders
from engine.pictures.legend import class_entries, ends, legend
from engine.pictures.lettering import width_of
from engine.pictures.line_chart import tick_label, ticks
from engine.pictures.points.values import PointsPicture
from engine.pictures.sheet import FAINT, GAP, INK, PAPER, RULE, Sheet, colour_of


def points_sheet(picture: PointsPicture, say: Callable[[str], str] = str, *, frame: int = -1) -> Sheet:
    """Points in the plane over what the network says there: filled where trained on, rings where tested."""
    side, left, top = 520.0, 46.0, float(GAP)
    x_low, x_high, y_low, y_high = picture.domain
    sheet = Sheet(left + side + GAP, 0, picture.alt, say)
    sheet.box(left, top, side, side, "#F6F4EF")
    values, reach, marked = picture.value_range, 0.0, set(picture.marked)
    if picture.background is not None:
        plane = picture.background[frame] if picture.frames else picture.background
        if values is None:
            colours = theme.class_mixture(plane / 255)
        else:
            reach = max(abs(values[0]), abs(values[1]))
            colours = theme.colourise(plane[..., 0], "signed", -reach, reach)
        sheet.raster(colours, left, top, side, side, smooth=True)
    sheet.box(left, top, side, side, stroke=RULE)
    for value in ticks(x_low, x_high, 6):
        x = left + (value - x_low) / (x_high - x_low) * side
        sheet.words(x, top + side + 13, tick_label(value), anchor="mm", size=12, colour=FAINT)
    for value in ticks(y_low, y_high, 6):
        y = top + (y_high - value) / (y_high - y_low) * side
        sheet.words(left - 7, y, tick_label(value), anchor="rm", size=12, colour=FAINT)
    sheet.words(left + side / 2, top + side + 32, picture.axis_labels[0], anchor="mm", colour=FAINT)
    sheet.words(8, top + side * 0.42, picture.axis_labels[1], colour=FAINT)

    def at(x: float, y: float) -> tuple[float, float]:
        return left + (x - x_low) / (x_high - x_low) * side, top + (y_high - y) / (y_high - y_low) * side

    with sheet.clipped(left, top, side, side):
        draw_borders(sheet, picture.borders, picture.domain, at, frame)
        for x0, y0, x1, y1 in picture.segments:
            sheet.line([at(x0, y0), at(x1, y1)], INK, 1.2)
        for number, (x, y, value) in enumerate(picture.points):
            if values is None:
                colour = colour_of(int(value))
            else:
                rgb = theme.colourise(np.array(value), "signed", values[0], values[1])
                colour = "#{:02X}{:02X}{:02X}".format(*rgb)
            spot = at(x, y)
            if number in marked:
                sheet.disc(*spot, 9, None, INK, width=2)
            filled = picture.train_mask is None or picture.train_mask[number]
            edge = PAPER if values is None else "#475067"
            sheet.disc(*spot, 4.6, colour if filled else PAPER, edge if filled else colour, width=1 if filled else 1.8)
    bottom = top + side + 48
    if values is None:
        entries = class_entries(picture.classes)
    else:
        low, high = (-reach, reach) if reach else values
        entries = [(theme.table("signed"), f"{ends(low, high)} {picture.classes[0]}")]
    across, down = legend(sheet, entries, left, bottom)
    if picture.train_mask is not None:
        x, y = left + across + 24, bottom + 11
        if x + 160 > left + side:
            x, y, down = left, y + down, down + 22
        for filled, word in ((True, say("train")), (False, say(picture.ringed or "test"))):
            sheet.disc(x + 5, y, 4.6, FAINT if filled else PAPER, PAPER if filled else FAINT, width=1.8)
            sheet.words(x + 15, y, word)
            x += 34 + width_of(word)
    sheet.height = bottom + down + GAP
    return sheet

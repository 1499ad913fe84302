"""A plane with axes on a sheet."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from engine.pictures import theme
from engine.pictures.borders import draw_borders
from engine.pictures.legend import Entry, class_entries, ends, legend
from engine.pictures.lettering import width_of
from engine.pictures.line_chart import log_ticks, tick_label, ticks
from engine.pictures.plot.values import Path, PlotPicture
from engine.pictures.sheet import FAINT, GAP, INK, PAPER, RULE, Sheet, colour_of

ACROSS, UP = 560.0, 360.0


def plot_sheet(picture: PlotPicture, say: Callable[[str], str] = str, *, frame: int = -1) -> Sheet:
    """The plane as it stands at a frame."""
    x_low, x_high, y_low, y_high = picture.domain
    across, up = ACROSS, UP
    if picture.square:
        unit = min(ACROSS / (x_high - x_low), 520.0 / (y_high - y_low))
        across, up = float(round(unit * (x_high - x_low))), float(round(unit * (y_high - y_low)))
    left, top = 62.0, float(GAP)
    sheet = Sheet(left + max(across, 300.0) + GAP, 0, picture.alt, say)
    sheet.box(left, top, across, up, "#F6F4EF")
    entries: list[Entry] = []
    if picture.field is not None:
        field = picture.field
        values = field.values[frame] if np.ndim(field.values) == (4 if field.classes else 3) else field.values
        if field.classes:
            colours, entries = theme.class_mixture(values / 255), class_entries(field.classes)
        else:
            colours = theme.colourise(values, field.scale, field.low, field.high)
            entries = [(theme.table(field.scale), f"{ends(field.low, field.high)} {say(field.name)}")]
        sheet.raster(colours, left, top, across, up, smooth=True)

    def share(value: float, low: float, high: float, log: bool) -> float:
        if log:
            return math.log(value / low) / math.log(high / low) if value > 0 else -1e3
        return (value - low) / (high - low)

    def at(x: float, y: float) -> tuple[float, float]:
        return (left + share(x, x_low, x_high, picture.log_x) * across,
                top + (1 - share(y, y_low, y_high, picture.log_y)) * up)  # fmt: skip

    with sheet.clipped(left, top, across, up):
        for band in picture.bands:
            low, high = (at(min(max(x, x_low), x_high), y_low)[0] for x in (band.low, band.high))
            if high > low:
                sheet.box(low, top, high - low, up, colour_of(band.colour), opacity=0.16)
                if width_of(say(band.name), 12) < high - low - 6:
                    sheet.words((low + high) / 2, top + 12, band.name, anchor="mm", size=12, colour=FAINT)
    _axes(sheet, picture, (left, top, across, up), at)
    with sheet.clipped(left, top, across, up):
        draw_borders(sheet, picture.borders, picture.domain, at, frame)
        for path in picture.paths:
            _path(sheet, path, _shown(path, frame), at, picture.field is not None)
        for dots in picture.dots:
            points = dots.points[frame] if np.ndim(dots.points) == 3 else dots.points
            for number, (x, y) in enumerate(points):
                one = dots.colours[number] if isinstance(dots.colours, Sequence) and not isinstance(dots.colours, str) \
                    else dots.colours  # fmt: skip
                colour, hollow = colour_of(one), bool(dots.rings is not None and dots.rings[number])
                sheet.disc(*at(x, y), dots.radius, PAPER if hollow else colour, colour if hollow else PAPER, width=1.6)
        for handle in picture.handles:
            spot, colour = at(handle.x, handle.y), colour_of(handle.colour)
            sheet.disc(*spot, 8, PAPER, colour, width=3)
            sheet.disc(*spot, 2.5, colour)
            right = spot[0] + 16 + width_of(say(handle.name)) < left + across
            sheet.words(
                spot[0] + (14 if right else -14), spot[1] - 10, handle.name, anchor="lm" if right else "rm", halo=True
            )
    entries += [_entry(one.colour, say(one.name), "dashed" if one.dashed else "line")
                for one in picture.borders if one.name]  # fmt: skip
    entries += [_entry(one.colour, say(one.name), "area" if one.filled else "dashed" if one.dashed else "line")
                for one in picture.paths if one.name]  # fmt: skip
    entries += [_entry(dots.colours if isinstance(dots.colours, (str, int)) else None, say(dots.name),
                       "ring" if dots.rings and all(dots.rings) else "small" if dots.small else "disc")
                for dots in picture.dots if dots.name]  # fmt: skip
    bottom = top + up + 48
    down = legend(sheet, entries, left, bottom)[1] if entries else 0
    sheet.height = bottom + down + GAP
    return sheet


def _entry(colour: str | int | None, name: str, mark: str) -> Entry:
    return np.array([theme.hex_to_rgb(colour_of(colour))], np.uint8), name, mark


def _shown(path: Path, frame: int) -> np.ndarray:
    """The points of a path at a frame."""
    if path.grows:
        return path.points[: (frame % len(path.points)) + 1]
    return path.points[frame] if np.ndim(path.points) == 3 else path.points


def _path(sheet: Sheet, path: Path, points: np.ndarray, at: Callable, seam: bool) -> None:
    colour, dash = INK if path.colour is None else colour_of(path.colour), (6, 4) if path.dashed else None
    whole = np.isfinite(points).all(1)
    parts = np.split(points, np.flatnonzero(~whole))
    for part in parts:
        spots = [at(float(x), float(y)) for x, y in part[np.isfinite(part).all(1)]]
        if path.filled and len(spots) > 2:
            sheet.polygon(spots, colour, opacity=0.15)
        spots = [*spots, spots[0]] if path.closed and spots else spots
        if seam:
            sheet.line(spots, PAPER, path.width + (2 if path.width > 1.5 else 1.2), opacity=0.65)
        sheet.line(spots, colour, path.width, dash=dash)
    if path.grows and whole.any():
        x, y = points[whole][-1]
        sheet.disc(*at(float(x), float(y)), 5, colour, PAPER)


def _axes(sheet: Sheet, picture: PlotPicture, box: tuple[float, float, float, float], at: Callable) -> None:
    left, top, across, up = box
    x_low, x_high, y_low, y_high = picture.domain
    taken = -math.inf
    for value in log_ticks(x_low, x_high) if picture.log_x else ticks(x_low, x_high, 7):
        x, half = at(value, y_high)[0], width_of(tick_label(value), 12) / 2
        sheet.line([(x, top), (x, top + up)], RULE, 1, opacity=0.6)
        if x - half > taken:
            sheet.words(x, top + up + 13, tick_label(value), anchor="mm", size=12, colour=FAINT)
            taken = x + half + 6
    for value in log_ticks(y_low, y_high) if picture.log_y else ticks(y_low, y_high, 6):
        y = at(x_low, value)[1]
        sheet.line([(left, y), (left + across, y)], RULE, 1, opacity=0.6)
        sheet.words(left - 7, y, tick_label(value), anchor="rm", size=12, colour=FAINT)
    if not picture.log_x and x_low < 0 < x_high:
        sheet.line([at(0, y_low), at(0, y_high)], FAINT, 1, opacity=0.6)
    if not picture.log_y and y_low < 0 < y_high:
        sheet.line([at(x_low, 0), at(x_high, 0)], FAINT, 1, opacity=0.6)
    sheet.box(left, top, across, up, stroke=RULE)
    sheet.words(left + across / 2, top + up + 32, picture.axis_labels[0], anchor="mm", colour=FAINT)
    sheet.words(10, top + up / 2, picture.axis_labels[1], anchor="mm", colour=FAINT, turned=True)

"""Curves over a common x axis, on a sheet."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.pictures.lettering import width_of
from engine.pictures.sheet import FAINT, PAPER, RULE, Sheet

WIDTH, HEIGHT = 760.0, 420.0


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers (1, 2 or 5 times a power of ten apart) from low to high, about so many."""
    if not high > low:
        return [low]
    raw = (high - low) / max(1, about)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= raw * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(k * step, 12) for k in range(first, last + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 times the powers of ten between low and high; only the powers, or some of them, where that would be
    many."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    many, every = len(powers) > 4, max(1, math.ceil(len(powers) / 12))
    values = [m * 10.0**p for p in powers if p % every == 0 for m in ((1,) if many else (1, 2, 5))]
    values = [value for value in values if low <= value <= high]
    return values or [low, high]


def tick_label(value: float) -> str:
    """A number beside an axis."""
    return "0" if value == 0 else f"{value:.4g}".replace("-", "−").replace("e+0", "e").replace("e−0", "e−")


@dataclass(frozen=True)
class Line2:
    """A curve of a chart: x, y, name, colour, dash; markers: spots instead of a line."""

    x: Sequence[float]
    y: Sequence[float]
    name: str
    colour: str
    dashed: bool = False
    markers: bool = False


def chart_sheet(
    lines: Sequence[Line2],
    alt: str,
    say: Callable[[str], str] = str,
    *,
    x_title: str = "",
    y_title: str = "",
    log: bool = False,
    limits: tuple[float | None, float | None] = (None, None),
    cursor: float | None = None,
    falling: bool = False,
    levels: Sequence[tuple[float, str]] = (),
) -> Sheet:
    """Curves over a common x axis, with names and units. NaN breaks a curve. cursor: x of a vertical hair. falling: the
    largest x is at the left, as time runs from noise to data. levels: heights to compare with, and their names."""
    sheet = Sheet(WIDTH, HEIGHT, alt, say)
    x_all = [float(v) for line in lines for v in line.x if math.isfinite(v)]
    y_all = [float(v) for line in lines for v in line.y if math.isfinite(v) and (not log or v > 0)]
    y_all += [value for value, _ in levels]
    x_low, x_high = (min(x_all), max(x_all)) if x_all else (0.0, 1.0)
    low, high = (min(y_all), max(y_all)) if y_all else ((0.1, 1.0) if log else (0.0, 1.0))
    if log:
        low, high = low / 1.15, high * 1.15
    else:
        low = 0.0 if 0 < low < 0.5 * high else low
        air = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
        low, high = (0.0 if low == 0 else low - air), high + air
    low, high = limits[0] if limits[0] is not None else low, limits[1] if limits[1] is not None else high
    x_high, high = x_high if x_high > x_low else x_low + 1, high if high > low else low + 1
    left, top = 12.0, _line_legend(sheet, lines, 24 if y_title else 6)
    marks = log_ticks(low, high) if log else ticks(low, high, 6)
    left += max(width_of(tick_label(value), 12) for value in marks) + 10
    right, bottom = WIDTH - 16, HEIGHT - 46
    scale = math.log if log else float

    def at(x: float, y: float) -> tuple[float, float]:
        share = (scale(y) - scale(low)) / (scale(high) - scale(low))
        along = (x - x_low) / (x_high - x_low)
        return left + (1 - along if falling else along) * (right - left), bottom - share * (bottom - top)

    for value in marks:
        y = at(x_low, value)[1]
        sheet.line([(left, y), (right, y)], RULE, 1)
        sheet.words(left - 7, y, tick_label(value), anchor="rm", size=12, colour=FAINT)
    for value in ticks(x_low, x_high, 8):
        sheet.words(at(value, high)[0], bottom + 14, tick_label(value), anchor="mm", size=12, colour=FAINT)
    sheet.words((left + right) / 2, bottom + 34, say(x_title), anchor="mm", colour=FAINT)
    sheet.words(8, 13, say(y_title), colour=FAINT)
    for value, name in levels:
        y = at(x_low, value)[1]
        sheet.line([(left, y), (right, y)], FAINT, 1, dash=(2, 4))
        sheet.words(right, y - 9, name, anchor="rm", size=12)
    with sheet.clipped(left - 2, top - 4, right - left + 6, bottom - top + 8):
        if cursor is not None:
            x = at(cursor, high)[0]
            sheet.line([(x, top), (x, bottom)], FAINT, 1)
        for line in lines:
            for part in _parts(line, log):
                path = [at(x, y) for x, y in part]
                if line.markers or len(path) == 1:
                    for spot in path:
                        sheet.disc(*spot, 3, line.colour, PAPER)
                else:
                    sheet.line(path, line.colour, 2, dash=(6, 4) if line.dashed else None)
    return sheet


def _parts(line: Line2, log: bool) -> list[list[tuple[float, float]]]:
    """The pieces of a curve between its gaps."""
    parts: list[list[tuple[float, float]]] = [[]]
    for x, y in zip(line.x, line.y, strict=True):
        if math.isfinite(x) and math.isfinite(y) and (not log or y > 0):
            parts[-1].append((float(x), float(y)))
        elif parts[-1]:
            parts.append([])
    return [part for part in parts if part]


def _line_legend(sheet: Sheet, lines: Sequence[Line2], top: float) -> float:
    """Names of the curves with their lines; returns where the plot may begin."""
    x, y = 8.0, top + 9
    for line in lines:
        if not line.name:
            continue
        text = sheet.say(line.name)
        wide = 40 + width_of(text)
        if x > 8 and x + wide > WIDTH:
            x, y = 8.0, y + 19
        if line.markers:
            sheet.disc(x + 13, y, 4, line.colour)
        else:
            sheet.line([(x, y), (x + 26, y)], line.colour, 2.5, dash=(6, 4) if line.dashed else None)
        sheet.words(x + 32, y, text)
        x += wide + 14
    return y + 18

"""Charts on a sheet: curves, bars, points in the plane, and clouds of points that move. No torch."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.plots import theme
from engine.plots.cloud import Cloud
from engine.plots.diagrams import Bars, CurvesPicture, PointsPicture
from engine.plots.lettering import width_of
from engine.plots.sheet import FAINT, INK, PAPER, RULE, Sheet, fitted
from engine.plots.sheet_pixels import GAP, arrow_head, class_entries, colour_of, ends, legend

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
    """1, 2 and 5 times the powers of ten between low and high; only the powers where that would be many."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    many = len(powers) > 4
    found = [m * 10.0**p for p in powers for m in ((1,) if many else (1, 2, 5)) if low <= m * 10.0**p <= high]
    return found or [low, high]


def shown(value: float) -> str:
    """A number beside an axis."""
    return "0" if abs(value) < 1e-12 else f"{value:.4g}".replace("-", "−").replace("e+0", "e").replace("e−0", "e−")


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
) -> Sheet:
    """Curves over a common x axis, with names and units. NaN breaks a curve. cursor: x of a vertical hair. falling: the
    largest x is at the left, as time runs from noise to data."""
    sheet = Sheet(WIDTH, HEIGHT, alt, say)
    x_all = [float(v) for line in lines for v in line.x if math.isfinite(v)]
    y_all = [float(v) for line in lines for v in line.y if math.isfinite(v) and (not log or v > 0)]
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
    left += max(width_of(shown(value), 12) for value in marks) + 10
    right, bottom = WIDTH - 16, HEIGHT - 46
    scale = math.log if log else float

    def at(x: float, y: float) -> tuple[float, float]:
        share = (scale(y) - scale(low)) / (scale(high) - scale(low))
        along = (x - x_low) / (x_high - x_low)
        return left + (1 - along if falling else along) * (right - left), bottom - share * (bottom - top)

    for value in marks:
        y = at(x_low, value)[1]
        sheet.line([(left, y), (right, y)], RULE, 1)
        sheet.words(left - 7, y, shown(value), anchor="rm", size=12, colour=FAINT)
    for value in ticks(x_low, x_high, 8):
        sheet.words(at(value, high)[0], bottom + 14, shown(value), anchor="mm", size=12, colour=FAINT)
    sheet.words((left + right) / 2, bottom + 34, say(x_title), anchor="mm", colour=FAINT)
    sheet.words(8, 13, say(y_title), colour=FAINT)
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


def curves_sheet(picture: CurvesPicture, say: Callable[[str], str] = str, *, frame: int = -1) -> Sheet:
    """The line chart of a run; the hair stands at the moment chosen."""
    steps = picture.frames.steps
    lines = [
        Line2(steps, picture.values[:, number].tolist(), curve.name, colour_of(curve.colour), curve.dashed)
        for number, curve in enumerate(picture.lines)
    ]
    return chart_sheet(
        lines, picture.alt, say, x_title=picture.x_label, y_title=picture.y_label, log=picture.log,
        limits=(picture.low, picture.high), cursor=steps[frame] if len(steps) > 1 else None,
        falling=steps[0] > steps[-1],
    )  # fmt: skip


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


def points_sheet(picture: PointsPicture, say: Callable[[str], str] = str, *, frame: int = -1) -> Sheet:
    """Points in the plane over what the network says there: filled where trained on, rings where tested."""
    side, left, top = 520.0, 46.0, float(GAP)
    x_low, x_high, y_low, y_high = picture.domain
    sheet = Sheet(left + side + GAP, 0, picture.alt, say)
    sheet.box(left, top, side, side, "#F6F4EF")
    values, reach = picture.value_range, 0.0
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
        sheet.words(x, top + side + 13, shown(value), anchor="mm", size=12, colour=FAINT)
    for value in ticks(y_low, y_high, 6):
        y = top + (y_high - value) / (y_high - y_low) * side
        sheet.words(left - 7, y, shown(value), anchor="rm", size=12, colour=FAINT)
    sheet.words(left + side / 2, top + side + 32, picture.axis_labels[0], anchor="mm", colour=FAINT)
    sheet.words(8, top + side * 0.42, picture.axis_labels[1], colour=FAINT)
    with sheet.clipped(left, top, side, side):
        for number, (x, y, value) in enumerate(picture.points):
            if values is None:
                colour = colour_of(int(value))
            else:
                rgb = theme.colourise(np.array(value), "signed", values[0], values[1])
                colour = "#{:02X}{:02X}{:02X}".format(*rgb)
            spot = left + (x - x_low) / (x_high - x_low) * side, top + (y_high - y) / (y_high - y_low) * side
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
        for filled, word in ((True, say("train")), (False, say("test"))):
            sheet.disc(x + 5, y, 4.6, FAINT if filled else PAPER, PAPER if filled else FAINT, width=1.8)
            sheet.words(x + 15, y, word)
            x += 34 + width_of(word)
    sheet.height = bottom + down + GAP
    return sheet


def cloud_sheet(cloud: Cloud, say: Callable[[str], str] = str, *, picked: int | None = None, frame: int = -1) -> Sheet:
    """One moment of moving points in their planes, with the data behind, the arrows, and the ways of some points."""
    count = len(cloud.planes)
    side, left, top = 460.0 if count < 3 else 340.0, 46.0, 34.0
    sheet = Sheet(left + count * (side + GAP) + GAP, 0, cloud.alt, say)
    now, step = range(len(cloud.frames.steps))[frame], cloud.frames.steps[frame]
    reach = cloud.reach
    for number, plane in enumerate(cloud.planes):
        corner = left + number * (side + GAP)

        def at(spot: Sequence[float], corner: float = corner) -> tuple[float, float]:
            return corner + (spot[0] / reach + 1) / 2 * side, top + (1 - spot[1] / reach) / 2 * side

        sheet.box(corner, top, side, side, "#F6F4EF", stroke=RULE)
        sheet.words(corner, 17, fitted(plane.title.replace("{step}", shown(step)), side, bold=True), bold=True)
        for value in ticks(-reach, reach, 4):
            sheet.words(at((value, 0))[0], top + side + 13, shown(value), anchor="mm", size=12, colour=FAINT)
            if number == 0:
                sheet.words(left - 7, at((0, value))[1], shown(value), anchor="rm", size=12, colour=FAINT)
        sheet.words(corner + side / 2, top + side + 30, cloud.axis_labels[0], anchor="mm", colour=FAINT)
        if number == 0:
            sheet.words(6, top + side * 0.4, cloud.axis_labels[1], colour=FAINT)
        with sheet.clipped(corner, top, side, side):
            for spot in cloud.data.tolist() if cloud.data is not None else ():
                sheet.disc(*at(spot), 1.1, "#A9AFBA")
            if number == 0 and cloud.arrows is not None:
                _arrows(sheet, cloud, now, at, side)
            for point in cloud.traced if number == 0 else ():
                _way(sheet, cloud, plane.positions, point, now, at, 1)
            for spot, kind in zip(plane.positions[now].tolist(), cloud.classes.tolist(), strict=True):
                if max(map(abs, spot)) <= 1.1 * reach:
                    sheet.disc(*at(spot), 2.6, colour_of(int(kind)))
            if picked is not None and picked < len(cloud.classes):
                _way(sheet, cloud, plane.positions, picked, now, at, 1.8)
                sheet.disc(*at(plane.positions[now][picked]), 6, None, INK, width=2)
    sheet.height = top + side + 44
    entries = class_entries(cloud.names)
    if cloud.data is not None and cloud.data_name:
        entries.append((np.array([[169, 175, 186]], np.uint8), cloud.data_name))
    across, down = legend(sheet, entries, left, sheet.height)
    words = " · ".join(filter(None, [cloud.traced_name if cloud.traced else "", cloud.arrows_name, cloud.note]))
    if words:
        sheet.words(left, sheet.height + down + 11, words, colour=FAINT)
        across, down = max(across, width_of(words)), down + 22
    sheet.width, sheet.height = max(sheet.width, left + across + GAP), sheet.height + down + GAP
    return sheet


def _way(sheet: Sheet, cloud: Cloud, positions: np.ndarray, point: int, now: int, at: Any, width: float) -> None:
    colour = colour_of(int(cloud.classes[point]))
    path = [at(spot) for spot in positions[:, point].tolist()]
    sheet.line(path[: now + 1], colour, width)
    sheet.line(path[now:], colour, width, opacity=0.3)


def _arrows(sheet: Sheet, cloud: Cloud, now: int, at: Any, side: float) -> None:
    cell = side / math.sqrt(len(cloud.lattice))
    for spot, (dx, dy) in zip(cloud.lattice.tolist(), np.nan_to_num(cloud.arrows[now]).tolist(), strict=True):
        length = max(1.0, math.hypot(dx, dy))
        dx, dy = dx / length * cell * 0.85, -dy / length * cell * 0.85
        x, y = at(spot)
        path = [(x - dx / 2, y - dy / 2), (x + dx / 2, y + dy / 2)]
        sheet.line(path, "#8A909C", 1)
        if math.hypot(dx, dy) >= 2:
            arrow_head(sheet, path, "#8A909C", 0.5)

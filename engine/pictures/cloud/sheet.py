"""A cloud of moving points on a sheet."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.pictures.cloud.values import Cloud
from engine.pictures.legend import class_entries, legend
from engine.pictures.lettering import width_of
from engine.pictures.line_chart import tick_label, ticks
from engine.pictures.sheet import FAINT, GAP, INK, RULE, Sheet, arrow_head, colour_of, fitted


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
        sheet.words(corner, 17, fitted(plane.title.replace("{step}", tick_label(step)), side, bold=True), bold=True)
        for value in ticks(-reach, reach, 4):
            sheet.words(at((value, 0))[0], top + side + 13, tick_label(value), anchor="mm", size=12, colour=FAINT)
            if number == 0:
                sheet.words(left - 7, at((0, value))[1], tick_label(value), anchor="rm", size=12, colour=FAINT)
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

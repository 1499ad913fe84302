"""Plotly figures on a sheet, without Plotly's own renderer: flat ones and those in space. No torch."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.pictures.line_chart import Line2, chart_sheet, tick_label, ticks
from engine.pictures.sheet import FAINT, GAP, PAPER, RULE, Sheet, colour_of, mixed
from engine.pictures.theme import CLASS_COLOURS

SIDE = 520.0  # of the drawing of a space


def plotly_sheet(figure: Any, alt: str, say: Callable[[str], str] = str) -> Sheet:
    """A Plotly figure of lines and markers, or of points and surfaces in space.

    TypeError naming the kind of trace that there is no way to paint yet.
    """
    kinds = {trace.type for trace in figure.data}
    if (kinds and kinds <= {"scatter3d", "surface"}) or (not kinds and figure.layout.scene.xaxis.title.text):
        return _space(figure, alt, say)
    if not kinds <= {"scatter"}:
        raise TypeError(f"a sheet can show scatter, scatter3d and surface traces, not {', '.join(sorted(kinds))}")
    lines = []
    for number, trace in enumerate(figure.data):
        markers = "lines" not in (trace.mode or "lines")
        colour = (trace.marker.color if markers else trace.line.color) or CLASS_COLOURS[number % len(CLASS_COLOURS)]
        dashed = trace.line.dash not in (None, "solid")
        lines.append(Line2(_numbers(trace.x), _numbers(trace.y), trace.name or "", colour, dashed, markers))
    y_axis = figure.layout.yaxis
    limits = y_axis.range or (None, None)
    if y_axis.type == "log" and y_axis.range:
        limits = tuple(10.0**end for end in limits)
    return chart_sheet(
        lines, alt, say, x_title=figure.layout.xaxis.title.text or "", y_title=y_axis.title.text or "",
        log=y_axis.type == "log", limits=limits,
    )  # fmt: skip


def _numbers(values: Sequence[Any]) -> list[float]:
    return [math.nan if value is None else float(value) for value in values]


def _space(figure: Any, alt: str, say: Callable[[str], str]) -> Sheet:
    """Points and surfaces in a cube, seen from the figure's own camera without perspective."""
    sheet = Sheet(SIDE + 2 * GAP, SIDE + 2 * GAP, alt, say)
    clouds = [np.stack([_array(trace[axis]).ravel() for axis in "xyz"], 1) for trace in figure.data]
    everything = np.concatenate(clouds) if clouds else np.zeros((0, 3))
    everything = everything[np.isfinite(everything).all(1)]
    low, high = (everything.min(0), everything.max(0)) if len(everything) else (np.zeros(3), np.ones(3))
    low, high = low - 0.04 * (high - low), high + 0.04 * (high - low)
    flat = high - low < 1e-9
    low, high = np.where(flat, low - 0.5, low), np.where(flat, high + 0.5, high)
    camera = figure.layout.scene.camera.eye
    eye = np.array([camera.x or 1.25, camera.y or 1.25, camera.z or 1.25], float)
    ahead = -eye / np.linalg.norm(eye)
    right = np.cross(ahead, [0, 0, 1])
    right /= np.linalg.norm(right)
    up = np.cross(right, ahead)

    def at(spot: Any) -> tuple[float, float]:
        cube = (np.asarray(spot, float) - low) / (high - low) - 0.5
        return sheet.width / 2 + cube @ right * SIDE * 0.58, SIDE / 2 + 6 - cube @ up * SIDE * 0.58

    def depth(spot: Any) -> float:
        return float(((np.asarray(spot, float) - low) / (high - low) - 0.5) @ ahead)

    _cube(sheet, figure, low, high, at, depth)
    parts: list[tuple[float, Callable[[], None]]] = []  # (depth, paint); what is far away is painted first
    names = []
    for number, (trace, spots) in enumerate(zip(figure.data, clouds, strict=True)):
        if trace.type == "surface":
            grid = spots.reshape(*_array(trace.x).shape, 3)
            for row, column in np.ndindex(grid.shape[0] - 1, grid.shape[1] - 1):
                cell = grid[[row, row, row + 1, row + 1], [column, column + 1, column + 1, column]]
                if np.isfinite(cell).all():
                    path = [at(spot) for spot in cell]
                    parts.append((depth(cell.mean(0)), lambda path=path: sheet.polygon(path, "#A3A7AF", opacity=0.4)))
            continue
        colour = trace.marker.color or colour_of(number)
        names.append((trace.name or "", colour))
        for spot in spots[np.isfinite(spots).all(1)]:
            far = depth(spot)
            ink = mixed(colour, 1 - 0.35 * min(1.0, max(0.0, far + 0.5)))  # what is far is paler
            parts.append((far, lambda spot=spot, ink=ink: sheet.disc(*at(spot), 3.4, ink, PAPER, width=0.6)))
    for _, paint in sorted(parts, key=lambda part: -part[0]):
        paint()
    x = float(GAP)
    for name, colour in names:
        sheet.disc(x + 6, sheet.height - 12, 5, colour)
        sheet.words(x + 18, sheet.height - 12, say(name))
        x += 60 + 8 * len(name)
    return sheet


def _cube(sheet: Sheet, figure: Any, low: np.ndarray, high: np.ndarray, at: Any, depth: Any) -> None:
    """Edges of the cube, and numbers and title along the lower edge of each axis that lies nearest to the eye."""
    corners = np.array([[i >> 2 & 1, i >> 1 & 1, i & 1] for i in range(8)])
    places = low + corners * (high - low)
    middle = np.array(at((low + high) / 2))
    for axis, name in enumerate("xyz"):
        edges = [(k, k | 4 >> axis) for k in range(8) if not k & 4 >> axis]
        for a, b in edges:
            sheet.line([at(places[a]), at(places[b])], RULE, 1)
        if axis < 2:
            edge = max((e for e in edges if not corners[e[0]][2]), key=lambda e: -depth(places[list(e)].mean(0)))
        else:
            edge = min(edges, key=lambda e: at(places[e[0]])[0])
        a, b = places[edge[0]], places[edge[1]]
        out = np.array(at((a + b) / 2)) - middle
        out /= max(float(np.linalg.norm(out)), 1e-9)
        sheet.line([at(a), at(b)], FAINT, 1)
        for value in ticks(low[axis], high[axis], 4):
            spot = a.copy()
            spot[axis] = value
            x, y = np.array(at(spot)) + 14 * out
            sheet.words(x, y, tick_label(value), size=11, anchor="mm", colour=FAINT)
        title = figure.layout.scene[f"{name}axis"].title.text or ""
        x, y = np.array(at((a + b) / 2)) + (46 if axis < 2 else 40) * out
        sheet.words(x, y, sheet.say(title), size=12, anchor="mm", colour=FAINT, turned=axis == 2)


def _array(values: Any) -> np.ndarray:
    return np.array(values, float)

"""Computations on a sheet. No torch."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from engine.contracts.words import number
from engine.pictures import theme
from engine.pictures.computation.values import PARTIAL, VALUE, WHOLE, ComputationPicture, digits_of
from engine.pictures.legend import legend
from engine.pictures.lettering import width_of
from engine.pictures.sheet import FAINT, GAP, INK, Sheet, bent, fitted, mixed

ROW, LAYER, BOX = 58, 118, (72, 46)
LETTERS = 12.0
VALUES, GRADIENTS, WORK = ("#{:02X}{:02X}{:02X}".format(*theme.table("signed")[at]) for at in (255, 0, 250))
APART = 15  # between two edges that join the same nodes


def computation_sheet(
    picture: ComputationPicture, say: Callable[[str], str] = str, *, picked: int | None = None, frame: int = -1
) -> Sheet:
    """One moment of a computation: boxes with name, value and gradient, edges with what has gone back along them."""
    layout, (wide, high) = picture.layout, BOX
    mark = [words for words in picture.marks[frame] if words]
    top = GAP + 18 * len(mark)
    width = max(
        GAP * 2 + (layout.layers - 1) * LAYER + wide, 420.0, *(2 * GAP + width_of(words, bold=True) for words in mark)
    )
    height = top + layout.rows * ROW
    sheet = Sheet(width, height, picture.alt, say)
    for line, words in enumerate(mark):
        sheet.words(GAP, GAP + 18 * line, words, bold=True)
    left = (width - (layout.layers - 1) * LAYER) / 2

    def at(place: tuple[float, float]) -> tuple[float, float]:
        return left + place[0] * LAYER, top + (place[1] + 0.5) * ROW

    spots = [at(place) for place in layout.places]
    taken = [(x, y, wide / 2, high / 2) for x, y in spots]
    states, gradients, passed = (array[frame] for array in (picture.states, picture.gradients, picture.passed))
    edges = [(int(start), int(end)) for start, end in picture.edges]
    most = max([abs(float(flow)) for flow in picture.flows if math.isfinite(flow)] + [1e-300])
    written = []
    for number_, (start, end) in enumerate(edges):
        twins = [other for other, pair in enumerate(edges) if pair == (start, end)]
        shift = (twins.index(number_) - (len(twins) - 1) / 2) * APART
        (x0, y0), (x1, y1) = spots[start], spots[end]
        knots = [(x0 + wide / 2, y0), *(at(place) for place in layout.routes[number_]), (x1 - wide / 2, y1)]
        knots = [(x, y + shift) for x, y in knots]
        path = [spot for a, b in pairwise(knots) for spot in bent(a, b)]
        sheet.line(path, mixed(FAINT, 0.75 if states[start] & VALUE else 0.35), 1.1)
        if not passed[number_]:
            continue
        flow = float(picture.flows[number_])
        share = min(1.0, abs(flow) / most) if math.isfinite(flow) else 1.0
        sheet.line(path, mixed(GRADIENTS, 0.6), 1 + 3 * share, dash=(2, 4) if flow == 0 else None)
        written.append((path, flow))
    for node, (x, y) in enumerate(spots):
        _box(
            sheet,
            picture,
            node,
            x,
            y,
            int(states[node]),
            float(gradients[node]),
            node == picture.work[frame],
            node == picked,
        )
    for path, flow in written:
        words = short(flow)
        half = width_of(words, LETTERS) / 2 + 2
        for share in (0.5, 0.35, 0.65, 0.25, 0.75):
            x, y = _along(path, share)
            if all(abs(x - u) >= half + w or abs(y - v) >= 7 + h for u, v, w, h in taken):
                taken.append((x, y, half, 7))
                sheet.words(x, y, words, size=LETTERS, anchor="mm", colour=GRADIENTS, bold=True, halo=True)
                break
    entries = [
        (np.array([theme.hex_to_rgb(colour)], np.uint8), words)
        for colour, words in (
            (VALUES, say("value, forward")),
            (GRADIENTS, say("gradient of {end}, backward").format(end=picture.end)),
        )
    ]
    across, down = legend(sheet, entries, GAP, height + 4)
    sheet.width, sheet.height = max(width, across + 2 * GAP), height + 4 + down + GAP
    return sheet


def _along(path: list[tuple[float, float]], share: float) -> tuple[float, float]:
    """The place so far along a polyline, by its corners: a level edge has two alone."""
    at = min(int(share * (len(path) - 1)), len(path) - 2)
    rest = share * (len(path) - 1) - at
    (x0, y0), (x1, y1) = path[at], path[at + 1]
    return x0 + rest * (x1 - x0), y0 + rest * (y1 - y0)


def short(value: float) -> str:
    """A number as the canvas writes it."""
    return number(value, digits_of(value))


def _box(
    sheet: Sheet, picture: ComputationPicture, node: int, x: float, y: float, state: int, gradient: float,
    at_work: bool, picked: bool,
) -> None:  # fmt: skip
    (wide, high), role = BOX, picture.roles[node]
    edge, thick = (WORK, 3.0) if at_work else (INK, 2.4) if picked else (INK, 1.8) if role == "end" else (FAINT, 1.0)
    fill = "#F1EFE9" if role == "input" else "#FFFFFF"
    sheet.box(x - wide / 2, y - high / 2, wide, high, fill, stroke=edge, width=thick,
              dash=(4, 3) if role == "fixed" else None)  # fmt: skip
    symbol, name = picture.symbols[node], picture.names[node]
    words = f"{symbol}  {name}" if symbol else name
    size = next((size for size in (LETTERS, 10.0) if width_of(words, size, bold=True) <= wide - 4), 9.0)
    sheet.words(x, y - 14, fitted(words, wide - 4, size, bold=True), size=size, anchor="mm", bold=True)
    if state & VALUE:
        sheet.words(x, y, short(float(picture.values[node])), size=LETTERS, anchor="mm", colour=VALUES)
    if state & (PARTIAL | WHOLE) and role != "fixed":
        more = "" if state & WHOLE else " …"
        sheet.words(x, y + 14, short(gradient) + more, size=LETTERS, anchor="mm", colour=GRADIENTS)

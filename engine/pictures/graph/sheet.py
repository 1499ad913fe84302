"""Graphs on a sheet. No torch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.pictures import theme
from engine.pictures.graph.names import (
    BOTH_RINGS,
    KNOWN_RING,
    LETTERS,
    LINE,
    NAMED,
    PICKED_RING,
    Frame,
    Name,
    frame_of,
    place_names,
    radius_of,
    stands_inside,
)
from engine.pictures.graph.values import GraphPicture
from engine.pictures.legend import ROW, class_entries, ends, legend
from engine.pictures.lettering import width_of
from engine.pictures.line_chart import tick_label, ticks
from engine.pictures.sheet import FAINT, GAP, INK, PAPER, RULE, Sheet, colour_of, mixed

MOST_EDGES = 2500  # the first
MOST_WORDS, WRITABLE = 14, 300  # coefficients written on edges; nodes up to which there is room for them


def graph_sheet(
    picture: GraphPicture, say: Callable[[str], str] = str, *, picked: int | None = None, frame: int = -1
) -> Sheet:
    """One moment of a graph: discs in the colour of the answer, their edge in that of the truth, known ones ringed."""
    places = picture.positions if picture.positions.ndim == 2 else picture.positions[frame]
    values = picture.values if picture.frames is None else picture.values[frame]
    size = width, height = 760.0, 460.0 if picture.plane else 400.0
    count, sheet = len(places), Sheet(width, height, picture.alt, say)
    radius = radius_of(count, width, height, picture.plane)
    ringed = picture.known is not None and picture.truth is not None
    known = [ringed and bool(picture.known[node]) and picture.truth[node] >= 0 for node in range(count)]
    named = count <= NAMED and radius >= 7 and not picture.plane
    outside = [width_of(name, LETTERS) for name in picture.names if not stands_inside(name, radius)] if named else []
    # Of a plane all moments are looked at, so that its scale stays the same, as on the canvas.
    view = frame_of(picture.positions, size, plane=picture.plane, radius=radius, known=any(known),
                           widest=max(outside, default=0.0))  # fmt: skip
    spots = view.spots(places)
    drawn = picture.edges[:MOST_EDGES]
    ink = mixed(FAINT, max(0.14, min(0.5, 260 / max(1, len(drawn)))) * (0.5 if picture.plane else 1))
    if picture.plane:
        _axes(sheet, view)
    for a, b in drawn.tolist():
        sheet.line([spots[a], spots[b]], ink, 1)
    reaching: dict[int, float | None] = {}
    if picked is not None and picked < count:
        reaching = {node: value for node, value in picture.messages if node != picked}
        if not reaching:
            reaching = {int(a + b - picked): None for a, b in picture.edges.tolist() if picked in (a, b)}
        strongest = max([value or 0 for value in reaching.values()] + [1e-12])
        for node, value in reaching.items():
            wide = 2 if value is None else 1 + 3 * value / strongest
            sheet.line([spots[picked], spots[node]], "#2F6FED", wide)
    colours, entries = _node_colours(picture, values, say)
    for node, (x, y) in enumerate(spots):
        told = picture.truth is not None and picture.truth[node] >= 0
        edge = colour_of(int(picture.truth[node])) if told else "#8A909C"
        sheet.disc(x, y, radius, colours[node], edge, width=min(2, radius / 2.5) if told else 0.75)
        if known[node]:
            sheet.disc(x, y, radius + KNOWN_RING, None, edge, width=2)
        if node == picked:
            sheet.disc(x, y, radius + (BOTH_RINGS if known[node] else PICKED_RING), None, INK, width=2.5)
        if named and stands_inside(picture.names[node], radius):
            _inside(sheet, picture.names[node], x, y, colours[node])
    names = place_names(picture.names, spots, radius, known, size, picked) if named else []
    for name in names:
        sheet.words(name.x, name.y, name.text, size=LETTERS, anchor="mm", halo=True)
    if not picture.plane and count <= WRITABLE:
        _coefficients(sheet, reaching, spots, picked, radius, names)
    mark = picture.marks[max(-len(picture.marks), frame)] if picture.marks else ""
    sheet.words(6, 12, mark, bold=True, halo=True)
    words = say("disc: the answer, rim: the truth")
    if picture.known is not None:
        words = say("disc: the answer, rim: the truth, outer ring: label given")
    across, down = legend(sheet, entries, GAP, height + 4)
    if picture.truth is not None:
        sheet.words(GAP, height + 4 + down + ROW / 2, words, colour=FAINT)
        down, across = down + ROW, max(across, width_of(words))
    sheet.width, sheet.height = max(width, across + 2 * GAP), height + down + GAP
    return sheet


def _coefficients(
    sheet: Sheet, reaching: dict[int, float | None], spots: list, picked: int | None, radius: float, names: list[Name]
) -> None:
    """What reaches the picked node, on its edges where that covers neither a node, a name nor another number."""
    taken = [(x, y, radius, radius) for x, y in spots] + [(name.x, name.y, name.half, LINE / 2) for name in names]
    for node, value in list(reaching.items())[:MOST_WORDS]:
        if value is None:
            continue
        words, x, y = f"{value:.2g}", spots[node][0] - spots[picked][0], spots[node][1] - spots[picked][1]
        half = 3.5 * len(words)
        for far in (0.6, 0.5, 0.7, 0.4, 0.8):
            u, v = spots[picked][0] + far * x, spots[picked][1] + far * y
            if all(abs(u - a) >= half + w or abs(v - b) >= 7 + h for a, b, w, h in taken):
                taken.append((u, v, half, 7))
                sheet.words(u, v, words, size=11, anchor="mm", halo=True)
                break


def _node_colours(picture: GraphPicture, values: np.ndarray, say: Callable[[str], str]) -> tuple[list[str], list]:
    if picture.classes is not None:
        rgb = theme.class_mixture(values / 255)
        entries = class_entries(picture.classes)
    else:
        low, high = picture.low, picture.high
        if low is None or high is None:
            low, high = float(values.min()), float(values.max())
            if picture.scale == "signed":
                high = max(abs(low), abs(high))
                low = -high
        rgb = theme.colourise(values, picture.scale, low, high if high > low else low + 1)
        entries = [(theme.table(picture.scale), f"{ends(low, high)} {picture.value_name}")]
    return ["#{:02X}{:02X}{:02X}".format(*colour) for colour in rgb.tolist()], entries


def _inside(sheet: Sheet, name: str, x: float, y: float, fill: str) -> None:
    """A short name on its disc."""
    red, green, blue = theme.hex_to_rgb(fill)
    bright = 0.299 * red + 0.587 * green + 0.114 * blue > 150
    sheet.words(x, y, name, size=LETTERS, anchor="mm", colour=INK if bright else PAPER)


def _axes(sheet: Sheet, frame: Frame) -> None:
    """The frame of a plane with its numbers; both directions have one scale."""
    width, height, (x, y), extent = frame.width, frame.height, frame.middle, frame.extent
    across, down = width / 2 / frame.zoom, height / 2 / frame.zoom
    sheet.box(0.5, 0.5, width - 1, height - 1, stroke=RULE)
    for value in ticks(extent.x - 0.85 * across, extent.x + 0.9 * across, 4):
        at = x + (value - extent.x) * frame.zoom
        sheet.line([(at, 0), (at, height)], mixed(RULE, 0.6), 1)
        sheet.words(at, height - 3, tick_label(value), size=10, anchor="mb", colour=FAINT)
    for value in ticks(extent.y - 0.8 * down, extent.y + 0.9 * down, 4):
        at = y - (value - extent.y) * frame.zoom
        sheet.line([(0, at), (width, at)], mixed(RULE, 0.6), 1)
        sheet.words(4, at - 7, tick_label(value), size=10, anchor="lm", colour=FAINT)

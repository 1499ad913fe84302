"""All layers of a network on a sheet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import groupby
from typing import Any

from engine.pictures import theme
from engine.pictures.legend import ROW, legend
from engine.pictures.lettering import width_of
from engine.pictures.pipeline.values import Layer, PipelinePicture
from engine.pictures.sheet import FAINT, GAP, INK, PAPER, Sheet, bent, colour_of, fitted, mixed

TALL, TOP, ROWS = 440.0, 46.0, 8
SIDES = {"kernels": 34.0, "neurons": 24.0, "bars": 110.0}
Spot = tuple[float, float, float, float]  # x, y, width, height


def pipeline_sheet(
    picture: PipelinePicture, say: Callable[[str], str] = str, *, picked: Mapping[str, Any] | None = None
) -> Sheet:
    """The layers side by side as on the page, the opened map framed, and lines from what its number is made of."""
    columns, x = [], float(GAP)
    for layer in picture.layers:
        places, wide = _places(layer, x)
        columns.append(places)
        x += wide + 16
    sheet = Sheet(x - 16 + GAP, TOP + TALL + 2 * ROW + GAP, picture.alt, say)
    _heads(sheet, picture, columns)
    for link in picture.links:
        if any(picture.layers[number].covered for number, _ in (link.start, link.end)):
            continue
        a, b = columns[link.start[0]][link.start[1]], columns[link.end[0]][link.end[1]]
        ends = (a[0] + a[2], a[1] + a[3] / 2), (b[0], b[1] + b[3] / 2)
        size = abs(link.share)
        sheet.line(bent(*ends), mixed(colour_of(5 if link.share < 0 else 0), 0.25 + 0.7 * size), 0.6 + 4 * size)
    for layer, places in zip(picture.layers, columns, strict=True):
        for channel, spot in places.items():
            _one(sheet, layer, channel, spot, channel == picture.marked)
    for window in picture.windows:
        for channel, spot in columns[window.layer].items():
            if window.channel in (None, channel) and not picture.layers[window.layer].covered:
                _frame(sheet, picture.layers[window.layer], spot, window.top, window.left, window.bottom, window.right)
    if picked and picked["channel"] in columns[picked["tile"]]:
        bx, by, bw, bh = columns[picked["tile"]][picked["channel"]]
        sheet.box(bx - 2, by - 2, bw + 4, bh + 4, stroke=colour_of(1), width=3)
    entries = [(theme.table("signed"), say("below 0 · 0 · above 0")),
               (theme.table("magnitude"), say("0 · largest of its layer"))]  # fmt: skip
    across, _ = legend(sheet, entries, GAP, TOP + TALL + 6)
    sheet.width = max(sheet.width, across + 2 * GAP)
    return sheet


def _places(layer: Layer, x: float) -> tuple[dict[int, Spot], float]:
    """channel -> where it stands, and the width that the layer takes."""
    count, flat = len(layer.maps), layer.form in ("neurons", "bars")
    rows = count if count <= ROWS or layer.form == "bars" or (flat and count <= 16) else 16 if flat else ROWS
    columns, step = -(-count // rows), TALL / max(rows, ROWS)
    side = min(SIDES.get(layer.form, 54.0 if columns == 1 else 40.0), TALL if flat else step - 3)
    if layer.form == "neurons" and count <= 16:
        side = 46.0
    wide = max(columns * (side + 3) - 3, width_of(layer.title, 12))
    left, high = x + (wide - columns * (side + 3) + 3) / 2, step - 3 if flat else side
    top = TOP + ((TALL - side) / 2 if count == 1 else 0)
    spots = {channel: (left + k % columns * (side + 3), top + k // columns * step, side, high)
             for k, channel in enumerate(layer.places)}  # fmt: skip
    return spots, wide


def _heads(sheet: Sheet, picture: PipelinePicture, columns: list[dict[int, Spot]]) -> None:
    ends = [(min(s[0] for s in places.values()), max(s[0] + s[2] for s in places.values())) for places in columns]
    for group, members in groupby(range(len(columns)), key=lambda number: picture.layers[number].group):
        all_of = list(members)
        left, right = ends[all_of[0]][0], ends[all_of[-1]][1]
        sheet.words(left, GAP + 2, fitted(group, right - left + 16, bold=True), bold=True)
    for layer, (left, right) in zip(picture.layers, ends, strict=True):
        sheet.words((left + right) / 2, TOP - 14, layer.title, anchor="mm", size=12, colour=FAINT)


def _one(sheet: Sheet, layer: Layer, channel: int, spot: Spot, marked: bool) -> None:
    x, y, wide, high = spot
    values = layer.maps[channel]
    if layer.covered:
        sheet.box(x, y, wide, high, fill="#EEEBE4", stroke="#C8C4BA")
        return
    if layer.form == "bars":
        share = min(1.0, max(0.0, float(values[0, 0])))
        sheet.words(x, y + high / 2, str(channel), bold=marked)
        sheet.box(x + 14, y + high / 2 - 6, wide - 66, 12, fill="#E4E0D7")
        sheet.box(x + 14, y + high / 2 - 6, max(0.5, (wide - 66) * share), 12, fill=colour_of(1 if marked else 0))
        sheet.words(x + wide, y + high / 2, f"{100 * share:.1f} %", anchor="rm", size=12, bold=marked)
        return
    colours = theme.colourise(values, layer.scale, layer.low, layer.high)
    sheet.raster(colours, x, y, wide, high)
    sheet.box(x, y, wide, high, stroke="#C8C4BA")
    if layer.form == "neurons":
        text = str(channel) if len(layer.maps) > 16 else f"{float(values[0, 0]):.1f}".replace("-", "−")
        dark = theme.luminance("#" + "".join(f"{part:02X}" for part in colours[0, 0])) < 0.179
        sheet.words(x + wide / 2, y + high / 2, text, anchor="mm", size=10, colour=PAPER if dark else INK)
    elif layer.form == "maps" and len(layer.maps) > 1:
        sheet.words(x + 2, y + 7, str(channel), size=10, bold=True, halo=True)


def _frame(sheet: Sheet, layer: Layer, spot: Spot, top: int, left: int, bottom: int, right: int) -> None:
    x, y, wide, high = spot
    down, across = high / layer.maps.shape[1], wide / layer.maps.shape[2]
    sheet.box(x + left * across, y + top * down, (right - left) * across, (bottom - top) * down,
              stroke=colour_of(1), width=1.5)  # fmt: skip

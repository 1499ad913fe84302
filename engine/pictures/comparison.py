"""Figures of several runs on one scale, their curves in one chart, their numbers with differences. No torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.contracts.axes import Quantity
from engine.pictures.network.values import NetworkDiagram
from engine.pictures.pixels.values import Over, PixelPicture, Tile, value_range

if TYPE_CHECKING:
    import plotly.graph_objects as go

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
SYMBOLS = ("circle", "circle-open")  # of a curve that is no longer than a point
MARGIN = 0.04  # of an axis, beyond the data at both ends


# ---------------------------------------------------------------- figures


def on_one_scale(figures: Sequence[Any]) -> list[Any]:
    """The same figure of several runs, so that equal colours and equal places mean equal values in all of them.

    Pixels get the same colour ranges (moments of a picture with frames: the last one), charts the same axes; bars of
    shares have one scale anyway. Figures of different kinds come back as they are.
    """
    from engine.pictures.pixels.sheet import still

    figures = [network_picture(one) if isinstance(one, NetworkDiagram) else one for one in figures]
    if all(isinstance(one, PixelPicture) for one in figures):
        return one_colour_range([still(one) for one in figures])
    if all(is_chart(one) for one in figures):
        return one_pair_of_axes(figures)
    return figures


def network_picture(diagram: NetworkDiagram) -> PixelPicture:
    """Every neuron's map of the last moment as a tile named "layer: neuron", in the order of the layers."""
    names = [f"{layer.name}: {neuron}" for layer in diagram.layers for neuron in layer.neurons]
    tiles = []
    for name, pixels, reach in zip(names, diagram.maps[-1], diagram.ranges[-1], strict=True):
        values = ((pixels.astype(np.float32) - 127.5) / 127.5 * reach).astype(np.float32)
        tiles.append(Tile(values, name, "signed"))
    return PixelPicture(tiles, alt=diagram.alt, columns=max(len(layer.neurons) for layer in diagram.layers[:8]))


def one_colour_range(pictures: Sequence[PixelPicture]) -> list[PixelPicture]:
    """Still pictures with common colour ranges.

    Where all pictures have tiles of the same names, each name has its range, from the lowest to the highest of all
    pictures; else tiles of one scale and unit have one range throughout. The layers over tiles likewise.
    """
    named = [Counter(tile.caption for tile in picture.tiles) for picture in pictures]
    by_name = all(names == named[0] for names in named) and max(named[0].values()) == 1

    def key(tile: Tile, scale: str, unit: str) -> tuple[str, ...]:
        return (tile.caption if by_name else "", scale, unit)

    ranges: dict[tuple[str, ...], tuple[float, float]] = {}
    for picture in pictures:
        for tile in picture.tiles:
            ends = [(key(tile, tile.scale, tile.unit), _ends(tile))] if _has_range(tile) else []
            if tile.over is not None:
                ends.append((("over", *key(tile, tile.over.scale, tile.over.unit)), (tile.over.low, tile.over.high)))
            for name, (low, high) in ends:
                before = ranges.get(name, (low, high))
                ranges[name] = (min(before[0], low), max(before[1], high))
    ranges = {name: (low, high if high > low else low + 1.0) for name, (low, high) in ranges.items()}

    def ranged(tile: Tile) -> Tile:
        if _has_range(tile):
            low, high = ranges[key(tile, tile.scale, tile.unit)]
            tile = replace(tile, pixels=_values(tile.pixels, value_range(tile), (low, high)), low=low, high=high)
        if tile.over is not None:
            over: Over = tile.over
            low, high = ranges["over", *key(tile, over.scale, over.unit)]
            values = _values(over.pixels, (over.low, over.high), (low, high))
            tile = replace(tile, over=replace(over, pixels=values, low=low, high=high))
        return tile

    return [replace(picture, tiles=[ranged(tile) for tile in picture.tiles]) for picture in pictures]


def _has_range(tile: Tile) -> bool:
    return tile.classes is None and tile.pixels.ndim == 2


def _ends(tile: Tile) -> tuple[float, float]:
    """Lowest and highest value of a tile's colours; equal where it has but one value and no range was asked for."""
    values = tile.pixels[np.isfinite(tile.pixels)]
    alone = tile.low is None and tile.high is None and tile.pixels.dtype != np.uint8 and values.size
    if alone and values.min() == values.max() and (tile.scale != "signed" or values[0] == 0):
        return float(values[0]), float(values[0])
    return value_range(tile)


def _values(pixels: np.ndarray, own: tuple[float, float], common: tuple[float, float]) -> np.ndarray:
    """Bytes mean a share of their own range; in another range they must become the values they stand for."""
    if pixels.dtype != np.uint8 or own == common:
        return pixels
    return (own[0] + pixels.astype(np.float32) / 255 * (own[1] - own[0])).astype(np.float32)


def is_chart(figure: Any) -> bool:
    """Whether it is a Plotly figure."""
    return hasattr(figure, "to_plotly_json")


def is_curves(figure: Any) -> bool:
    """Whether it is a chart of nothing but lines, which may lie over those of another run."""
    return is_chart(figure) and bool(figure.data) and all(
        trace.type == "scatter" and trace.mode == "lines" for trace in figure.data
    )  # fmt: skip


def one_pair_of_axes(figures: Sequence[go.Figure]) -> list[go.Figure]:
    """Charts with common axes, as wide and as high as all their data; in space too."""
    import plotly.graph_objects as go

    coordinates: dict[str, list[np.ndarray]] = {}
    for figure in figures:
        for trace in figure.data:
            for axis in "xyz":
                values = getattr(trace, axis, None) if hasattr(trace, axis) else None
                if values is not None and len(values):
                    coordinates.setdefault(axis, []).append(np.asarray(values, np.float64).ravel())
    ranges = {}
    for axis, parts in coordinates.items():
        values = np.concatenate(parts)
        log = axis != "z" and any(figure.layout[f"{axis}axis"].type == "log" for figure in figures)
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.log10(values) if log else values
        values = values[np.isfinite(values)]
        if values.size:
            low, high = float(values.min()), float(values.max())
            margin = (high - low or 1.0) * MARGIN
            ranges[axis] = [low - margin, high + margin]
    common = []
    for figure in figures:
        figure = go.Figure(figure)
        if "z" in coordinates:
            figure.update_layout(scene={f"{axis}axis": {"range": ends} for axis, ends in ranges.items()})
        else:
            figure.update_layout({f"{axis}axis": {"range": ends} for axis, ends in ranges.items()})
        common.append(figure)
    return common


def curves_together(
    figures: Sequence[go.Figure], names: Sequence[str], colours: Sequence[str], words: Callable[[str], str] = str
) -> go.Figure:
    """The curves of several runs in one chart with one legend: the colour says whose, the dashes say which curve.

    names and colours: of the runs; words: what a curve or an axis is called for the reader.
    """
    import plotly.graph_objects as go

    together = go.Figure(layout=figures[0].layout)
    order = list(dict.fromkeys(trace.name for figure in figures for trace in figure.data))
    for figure, run, colour in zip(figures, names, colours, strict=True):
        for trace in figure.data:
            line = {"color": colour, "dash": DASHES[order.index(trace.name) % len(DASHES)], "width": 2}
            mode = "lines" if len(trace.x) > 1 else "markers"  # a line of one point would not be seen
            together.add_scatter(
                x=trace.x, y=trace.y, mode=mode, name=f"{run} · {words(trace.name)}", line=line, legendgroup=run,
                marker={"color": colour, "size": 8, "symbol": SYMBOLS[order.index(trace.name) % len(SYMBOLS)]},
            )  # fmt: skip
    if all(len(trace.x) == 1 and trace.x[0] == 0 for trace in together.data):  # not the steps around 0, but from 0
        together.update_xaxes(range=[-0.02, 1])
    for axis in (together.layout.xaxis, together.layout.yaxis):
        axis.title.text = words(axis.title.text or "")
    return together


# ---------------------------------------------------------------- numbers


@dataclass(frozen=True)
class Row:
    """One quantity of several runs against the reference, the run that the others are compared with.

    kind: "number"; "last", of a series over the training its newest value; or "array". values: one a run, None where
    a run has no such number or none at all; of an array its (lowest, highest). differences: reference minus run; of an
    array the largest difference without sign, or (whole numbers, yes and no) how many entries differ; None where there
    is nothing to compare. entries: of an array, how many there are. places: where the largest difference is, as
    ((axis, index), …). shapes: of an array, of every run.
    """

    name: str
    kind: str
    unit: str
    meaning: str
    values: tuple[Any, ...]
    differences: tuple[float | None, ...]
    counted: bool = False
    entries: int = 1
    places: tuple[tuple[tuple[str, int], ...], ...] = ()
    shapes: tuple[tuple[int, ...] | None, ...] = ()


def compare_numbers(results: Sequence[Any], reference: int) -> list[Row]:
    """Every quantity of the Results side by side: single numbers first, then ends of series, then arrays.

    What stands in a part that a Result calls `aside` (another model than the one looked at) is left out.
    """
    tables = [{quantity.name: quantity for quantity in _looked_at(result)} for result in results]
    times = {quantity.axes for table in tables for quantity in table.values() if _is_time(quantity)}
    rows = []
    for name, quantity in tables[reference].items():
        same = [_like(table.get(name), quantity) for table in tables]
        if _is_time(quantity):
            continue
        if not quantity.axes or quantity.axes in times:
            rows.append(_number_row(quantity, same, reference))
        else:
            rows.append(_array_row(quantity, same, reference))
    return sorted(rows, key=lambda row: ("number", "last", "array").index(row.kind))


def last_step(result: Any) -> int | None:
    """The training step that a Result shows; None where nothing was trained."""
    times = [quantity for quantity in result.quantities() if _is_time(quantity) and quantity.shape[0]]
    return int(times[0].values[-1]) if times else None


def _looked_at(result: Any) -> list[Quantity]:
    aside = getattr(result, "aside", ())
    return [one for one in result.quantities() if one.name.partition(".")[0] not in aside]


def _is_time(quantity: Quantity) -> bool:
    """Whether it is the steps at which a training was looked at."""
    return quantity.name == "step" and quantity.unit == "step" and len(quantity.axes) == 1


def _like(quantity: Quantity | None, wanted: Quantity) -> Quantity | None:
    return quantity if quantity is not None and (quantity.axes, quantity.unit) == (wanted.axes, wanted.unit) else None


def _number_row(quantity: Quantity, same: Sequence[Quantity | None], reference: int) -> Row:
    def value(one: Quantity | None) -> Any:
        if one is None:
            return None
        flat = np.asarray(one.values).ravel()
        return flat[-1].item() if flat.size else None

    values = tuple(map(value, same))
    kind = "last" if quantity.axes else "number"

    def difference(other: Any) -> float | None:
        if values[reference] is None or other is None:
            return None
        return values[reference] - other  # of yes and no: 1, 0 or -1

    differences = tuple(map(difference, values))
    return Row(quantity.name, kind, quantity.unit, quantity.meaning, values, differences)


def _array_row(quantity: Quantity, same: Sequence[Quantity | None], reference: int) -> Row:
    base = np.asarray(quantity.values)
    counted = base.dtype.kind in "biu"
    values, differences, places = [], [], []
    for one in same:
        array = None if one is None else np.asarray(one.values)
        numbers = array[np.isfinite(array)] if array is not None else np.empty(0)
        values.append((numbers.min().item(), numbers.max().item()) if numbers.size else None)
        if array is None or array.shape != base.shape or not base.size:
            differences.append(None)
            places.append(())
            continue
        apart = np.abs(base.astype(np.float64) - array.astype(np.float64))
        apart[np.isnan(base) & np.isnan(array)] = 0.0  # both have a gap here
        if counted:
            differences.append(float((apart > 0).sum()))
            places.append(())
            continue
        known = np.where(np.isnan(apart), -1.0, apart)
        at = np.unravel_index(known.argmax(), known.shape)
        differences.append(float(known[at]) if known[at] >= 0 else None)
        places.append(tuple(zip(quantity.axes, map(int, at), strict=True)) if known[at] > 0 else ())
    return Row(
        quantity.name, "array", quantity.unit, quantity.meaning, tuple(values), tuple(differences), counted, base.size,
        tuple(places), tuple(None if one is None else one.shape for one in same),
    )  # fmt: skip

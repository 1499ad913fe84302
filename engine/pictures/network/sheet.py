"""Networks of neuron maps on a sheet."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from engine.contracts.words import number as number_of
from engine.pictures import theme
from engine.pictures.legend import legend
from engine.pictures.lettering import width_of
from engine.pictures.network.values import NetworkDiagram
from engine.pictures.sheet import FAINT, GAP, Sheet, bent, fitted, mixed

MOST_EDGES = 2500  # the strongest


HEAD = 44  # names and sizes of the layers


def network_sheet(diagram: NetworkDiagram, say: Callable[[str], str] = str, *, frame: int = -1) -> Sheet:
    """Layers as columns of neuron maps, weights as lines between them: strength by width, sign by colour."""
    sizes = [len(layer.neurons) for layer in diagram.layers]
    most = 12  # neurons below each other; more stand in several columns
    across = [math.ceil(size / most) for size in sizes]
    side = max(30, min(56, 900 // (sum(across) + 2 * len(sizes))))
    step, between = side + 10, max(90, 2 * side)
    rows = max(math.ceil(size / wide) for size, wide in zip(sizes, across, strict=True))
    height = rows * step - 10
    sheet = Sheet(0, HEAD + GAP + height + GAP, diagram.alt, say)
    spots: list[list[tuple[float, float]]] = []  # corner of every neuron's map, layer by layer
    x = float(GAP)
    for layer, size, wide in zip(diagram.layers, sizes, across, strict=True):
        deep = math.ceil(size / wide)
        top = HEAD + (height - (deep * step - 10)) / 2
        spots.append([(x + (n // deep) * step, top + (n % deep) * step) for n in range(size)])
        middle = x + (wide * step - 10) / 2
        room = wide * step + between - 20
        shift = max(width_of(fitted(layer.name, room, bold=True), bold=True) / 2 + GAP - middle, 0)
        sheet.words(middle + shift, 14, fitted(layer.name, room, bold=True), anchor="mm", bold=True)
        sheet.words(middle + shift, 31, str(size - len(layer.off)), anchor="mm", colour=FAINT, size=12)
        x += wide * step - 10 + between
    sheet.width = max(x - between + GAP + 20, 320)
    edge_count = _network_edges(sheet, diagram, spots, side, frame)
    _network_maps(sheet, diagram, spots, side, frame)
    text = say("weights and values: negative to positive, strength by width")
    total = sum(array[0].size for array in diagram.weights)
    if edge_count < total and total > MOST_EDGES:
        text += " · " + say("the {count} strongest of {total} weights").format(count=MOST_EDGES, total=total)
    wide, down = legend(sheet, [(theme.table("signed"), text)], GAP, sheet.height)
    sheet.width, sheet.height = max(sheet.width, wide + 2 * GAP), sheet.height + down + GAP
    return sheet


def _network_edges(sheet: Sheet, diagram: NetworkDiagram, spots: list, side: float, frame: int) -> int:
    """The lines, weak ones first; returns how many there are."""
    edges = []
    for layer, arrays in enumerate(diagram.weights):
        weights = arrays[frame]
        weights = np.nan_to_num(weights)  # NaN: there is no line
        most = max(float(np.abs(weights).max()), 1e-12)
        off = diagram.layers[layer].off
        for to, origin in np.ndindex(weights.shape):
            strength = abs(float(weights[to, origin])) / most
            if origin not in off and strength > 0.004:
                edges.append((strength, float(weights[to, origin]) > 0, layer, to, origin))
    edges = sorted(edges)[-MOST_EDGES:]
    crowd = 1 / max(1.0, math.sqrt(len(edges) / 60))  # many edges are drawn more quietly
    table = theme.table("signed")
    for strength, positive, layer, to, origin in edges:
        colour = "#{:02X}{:02X}{:02X}".format(*table[241 if positive else 14])
        colour = mixed(colour, (0.1 + 0.75 * strength) * max(0.5, math.sqrt(crowd)))
        (x0, y0), (x1, y1) = spots[layer][origin], spots[layer + 1][to]
        path = bent((x0 + side, y0 + side / 2), (x1, y1 + side / 2))
        sheet.line(path, colour, (0.5 + 3.6 * strength) * max(0.55, crowd))
    return len(edges)


def _network_maps(sheet: Sheet, diagram: NetworkDiagram, spots: list, side: float, frame: int) -> None:
    table, number = theme.table("signed"), 0
    biases = [np.nan_to_num(array[frame]) for array in diagram.biases]
    most = max([float(np.abs(array).max()) for array in biases if array.size] + [1e-12])
    for level, (layer, corners) in enumerate(zip(diagram.layers, spots, strict=True)):
        for index, (x, y) in enumerate(corners):
            colours = table[diagram.maps[frame][number]]
            if index in layer.off:
                colours = (255 - 0.22 * (255.0 - colours)).astype(np.uint8)
            sheet.raster(colours, x, y, side, side, smooth=True)
            sheet.box(x, y, side, side, stroke="#9AA1AE", dash=(3, 3) if index in layer.off else None)
            if level == 0:
                sheet.words(x + 2, y + 1, layer.neurons[index], size=10, anchor="lt", halo=True)
            elif biases and not np.isnan(diagram.biases[level - 1][frame][index]):
                bias = float(biases[level - 1][index]) / most
                colour = "#{:02X}{:02X}{:02X}".format(*table[round(127.5 + 127.4 * bias)])
                sheet.disc(x, y + side, max(2.5, side / 13), colour, "#475067")
            if diagram.values is not None and not np.isnan(value := diagram.values[frame][number]):
                sheet.words(x + side / 2, y + side / 2, number_of(float(value), 2), size=10, anchor="mm", halo=True)
            number += 1

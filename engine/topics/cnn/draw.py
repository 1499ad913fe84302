"""Inside a CNN: arrays to pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.contracts.film import Film
from engine.contracts.words import Percent, Words
from engine.data.digits import CLASSES
from engine.pictures.curves.values import Curve, CurvesPicture, Level
from engine.pictures.pixels.values import Box, PixelPicture, Tile

from .explain import Cell, Channel
from .run import LAYERS, Result

CHANCE = float(np.log(CLASSES))  # the loss of one who gives every digit a tenth
CELL_NAMES = (Words("channel"), Words("row"), Words("column"))
TITLES = {
    "conv1.sum": "First convolution: sums of products",
    "conv1.relu": "after the ReLU: below 0 becomes 0",
    "conv1.pool": "after max pooling: the largest of every 2 × 2",
    "conv2.sum": "Second convolution: sums of products over all channels",
    "conv2.relu": "after the second ReLU",
    "conv2.pool": "after the second max pooling",
    "hidden.sum": "Hidden layer, weighted sums",
    "hidden.relu": "Hidden layer, after the ReLU",
    "logits": "Logits",
}


def curves(film: Film) -> CurvesPicture:
    """Loss of the batch, and held-out loss, over the steps: on a logarithmic axis, where a first leap hides nothing."""
    values = _finite([[one.loss, one.values["held_out_loss"]] for one in film.moments])
    lines = [Curve(Words("batch loss"), 0), Curve(Words("held-out loss"), 1, dashed=True)]
    return CurvesPicture(
        values, lines, film.frames, Words("Losses over the steps"), y_label=Words("loss (nat), logarithmic"), log=True,
        levels=(Level(CHANCE, Words("guessing: ln {count}", count=CLASSES)),),
    )  # fmt: skip


def accuracy(film: Film) -> CurvesPicture:
    """The percentage of 200 held-out digits that are named rightly, over the steps."""
    values = _finite([[100 * one.values["held_out_accuracy"]] for one in film.moments])
    return CurvesPicture(
        values, [Curve(Words("held-out digits right"), 2)], film.frames,
        Words("Percentage of 200 held-out digits named rightly"), y_label="%", low=0.0, high=100.0,
        levels=(Level(100 / CLASSES, Words("guessing: {share}", share=Percent(1 / CLASSES, 0))),),
    )  # fmt: skip


def _finite(rows: Sequence[Sequence[float]]) -> np.ndarray:
    values = np.array(rows, np.float32)
    values[~np.isfinite(values)] = np.nan
    return values


def draw_maps(result: Result, layer: str = "all") -> PixelPicture:
    """All maps of a layer in one scale: sums around zero, the rest from 0. "all": the input and every map after a ReLU.

    ValueError for another layer.
    """
    if layer == "all":
        tiles = [_input_tile(result, Words("input"))]
        for name in ("conv1.relu", "conv2.relu"):
            tiles += _tiles(result, name)
        return PixelPicture(tiles, alt=Words("The digit and every feature map after a ReLU"), legend=False)
    if layer not in LAYERS:
        raise ValueError(f"expected all or one of {', '.join(LAYERS)}, got {layer!r}")
    return PixelPicture(_tiles(result, layer), alt=Words(TITLES[layer]))


def _tiles(result: Result, layer: str) -> list[Tile]:
    maps = getattr(result, layer.replace(".", "_")).numpy()
    colours = "signed" if layer.endswith("sum") else "magnitude"
    high = max(float(np.abs(maps).max()), 1e-6)
    low = -high if colours == "signed" else 0.0
    return [Tile(one, f"{number}", colours, low, high, cell_names=CELL_NAMES) for number, one in enumerate(maps)]


def _input_tile(result: Result, name: str, boxes: Sequence[Box] = ()) -> Tile:
    return Tile(result.pixels.numpy(), name, "grey", 0.0, 1.0, boxes=boxes, cell_names=("", *CELL_NAMES[1:]))


def draw_mosaic(result: Result) -> PixelPicture:
    """The first eight maps after the first ReLU side by side in one piece, each from 0 to its own highest value."""
    maps = result.conv1_relu.numpy()[:8]
    maps = maps / np.maximum(maps.max((1, 2), keepdims=True), 1e-6)
    columns = -(-len(maps) // 2)
    page = np.zeros((2 * 28, columns * 28), np.float32)
    for number, one in enumerate(maps):
        top, left = 28 * (number // columns), 28 * (number % columns)
        page[top : top + 28, left : left + 28] = one
    tile = Tile(page, "maps after the first ReLU", "magnitude", 0.0, 1.0)
    return PixelPicture([tile], alt="The first maps after a ReLU, side by side")


def draw_field(result: Result, cell: Cell) -> PixelPicture:
    """The digit as the network sees it, with the receptive field of a cell of a map framed on it."""
    top, left, bottom, right = cell.field
    boxes = [Box((left, top, right, bottom), colour=1)] if cell.in_maps else []
    alt = Words("The digit, the receptive field framed")
    return PixelPicture([_input_tile(result, "", boxes)], alt=alt, legend=False)


def draw_products(cell: Cell) -> PixelPicture:
    """A cell's weights (w), what it reads (x) and their products (x·w), one column of pictures for each input channel.

    For a ReLU or a pooling only what it reads.
    """
    groups = [("x", _square(cell.inputs))]
    if cell.weights is not None:
        groups = [("w", _square(cell.weights)), *groups, ("x·w", _square(cell.products))]
    tiles = []
    for name, values in groups:
        high = max(float(np.abs(values).max()), 1e-6)
        for number, one in enumerate(values):
            caption = name if len(values) == 1 else f"{name} {number}"
            tiles.append(Tile(one, caption, "signed", -high, high, cell_names=CELL_NAMES))
    columns = len(groups) if len(groups[0][1]) == 1 else min(8, len(groups[0][1]))
    alt = Words("What the cell reads, its weights, the products")
    return PixelPicture(tiles, alt=alt, columns=columns, legend=False)


def _square(values: np.ndarray) -> np.ndarray:
    """(C, 1, 1) with many channels -> (1, rows, 8): single numbers side by side instead of one picture each."""
    values = np.asarray(values, np.float32)
    return values.reshape(1, -1, 8) if values.shape[1:] == (1, 1) and len(values) % 8 == 0 else values


def draw_kernels(result: Result, layer: str = "conv1", channel: int = -1) -> PixelPicture:
    """The kernels of a convolution in one scale around zero: of one channel, or (-1) of all.

    A kernel of the second convolution is a stack, one square for each channel that it reads; they stand in a row.
    """
    first = layer == "conv1"
    kernels = result.conv1_kernels[:, None] if first else result.conv2_kernels
    high = max(float(kernels.abs().max()), 1e-6)
    values, tiles = kernels.numpy(), []
    for number in range(len(values)) if channel < 0 else [channel]:
        for source, one in enumerate(values[number]):
            caption = f"{number}" if first else f"{source} → {number}"
            tiles.append(Tile(one, caption, "signed", -high, high, cell_names=CELL_NAMES))
    alt = Words("Kernels of the first convolution") if first else Words("Kernels of the second convolution")
    return PixelPicture(tiles, alt=alt, columns=None if first else values.shape[1])


def draw_map(result: Result, cell: Cell) -> PixelPicture:
    """The map of a cell, large; its cells can be clicked one by one."""
    tile = _tiles(result, cell.layer)[cell.channel]
    return PixelPicture([tile], alt=Words("The opened map"), keys=(f"{cell.layer.replace('.', '-')}-{cell.channel}",))


def in_map(cell: Cell) -> dict[str, int]:
    """Where `draw_map` marks the cell."""
    return {"tile": 0, "row": cell.row, "column": cell.column}


def draw_evidence(result: Result, falls: np.ndarray) -> PixelPicture:
    """Where covering the digit makes the answer less probable, or (negative) more."""
    high = max(float(np.nanmax(np.abs(falls))), 1e-6)
    tile = Tile(falls.astype(np.float32), Words("fall of probability"), "signed", -high, high)
    return PixelPicture([tile], alt=Words("Occlusion"))


def draw_channel(channel: Channel) -> PixelPicture:
    """The training digits that excite a channel most, then the input made to."""
    tiles = [
        Tile(image, Words("digit {digit}", digit=label), "grey", cell_names=None)
        for image, label in zip(channel.images, channel.labels, strict=True)
    ]
    made = np.rint(channel.made * 255).astype(np.uint8)
    alt = Words("Digits that excite the channel, and an input made to")
    return PixelPicture([*tiles, Tile(made, Words("made"), "grey")], alt=alt, legend=False)


def draw_curves(result: Result):
    """Loss on the batches and on 200 held-out digits, over the steps."""
    from engine.pictures.chart.figure import lines

    steps = result.step.tolist()
    return lines(
        {"batch loss": (steps, result.train_loss.tolist()), "held-out loss": (steps, result.held_out_loss.tolist())},
        x_title="step", y_title="loss (nat), logarithmic", log=True,
    )  # fmt: skip


def draw_accuracy(result: Result):
    """Percentage of 200 held-out digits that are named rightly, over the steps."""
    from engine.pictures.chart.figure import lines

    shares = (100 * result.held_out_accuracy).tolist()
    return lines({"held-out digits right": (result.step.tolist(), shares)}, x_title="step", y_title="%")

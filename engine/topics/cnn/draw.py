"""Inside a CNN: arrays to pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.contracts.film import Film
from engine.contracts.words import Words
from engine.data.digits import CLASSES
from engine.pictures.bars.values import Bars
from engine.pictures.curves.values import Curve, CurvesPicture
from engine.pictures.pixels.values import Box, PixelPicture, Tile

from .explain import Cell, Channel
from .run import LAYERS, Result

DENSE_COLUMNS = 16
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
HEIGHTS = {
    "conv1.sum": 125,
    "conv1.relu": 125,
    "conv1.pool": 90,
    "conv2.sum": 205,
    "conv2.relu": 205,
    "conv2.pool": 150,
}


def answers(result: Result) -> Bars:
    """The probability of each digit, that of the answer marked."""
    shares = result.probabilities.clamp(0, 1).tolist()
    best = int(result.probabilities.argmax())
    return Bars([str(digit) for digit in range(CLASSES)], shares, Words("The probability of each digit"), marked=best,
                compact=True)  # fmt: skip


def curves(film: Film) -> CurvesPicture:
    """Loss of the batch, held-out loss, and the share of the held-out digits that are wrong, over the steps."""
    rows = [[one.loss, one.values["held_out_loss"], 1 - one.values["held_out_accuracy"]] for one in film.moments]
    values = np.array(rows, np.float32)
    values[~np.isfinite(values)] = np.nan
    lines = [Curve(Words("batch loss"), 0), Curve(Words("held-out loss"), 1, dashed=True),
             Curve(Words("held-out errors (share)"), 2, dashed=True)]  # fmt: skip
    alt = Words("Losses, and the share of 200 held-out digits named wrongly")
    return CurvesPicture(values, lines, film.frames, alt, low=0.0)


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
    """What a cell reads (x), its weights (w) and their products (x·w), one column of pictures for each input channel.

    For a ReLU or a pooling only what it reads.
    """
    groups = [("x", _square(cell.inputs))]
    if cell.weights is not None:
        groups += [("w", _square(cell.weights)), ("x·w", _square(cell.products))]
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


def draw_dense(result: Result) -> PixelPicture:
    """The hidden layer before and after its ReLU, 16 neurons a row."""
    before = result.hidden_sum.numpy().reshape(-1, DENSE_COLUMNS)
    after = result.hidden_relu.numpy().reshape(-1, DENSE_COLUMNS)
    high = max(float(np.abs(before).max()), 1e-6)
    names = ("", *CELL_NAMES[1:])
    tiles = [Tile(before, Words("weighted sums"), "signed", -high, high, cell_names=names),
             Tile(after, Words("after the ReLU"), "magnitude", 0.0, high, cell_names=names)]  # fmt: skip
    return PixelPicture(tiles, alt=Words("Hidden layer"), columns=2, keys=("hidden-sum", "hidden-relu"))


def draw_outputs(result: Result) -> PixelPicture:
    """Logits and softmax, one cell a digit."""
    labels = [str(digit) for digit in range(CLASSES)]
    high = max(float(result.logits.abs().max()), 1e-6)
    tiles = [
        Tile(result.logits.numpy()[None], Words("logits"), "signed", -high, high, column_labels=labels),
        Tile(result.probabilities.numpy()[None], Words("softmax"), "probability", 0.0, 1.0, column_labels=labels),
    ]
    return PixelPicture(tiles, alt=Words("Logits and softmax"), columns=2, keys=("logits", "softmax"))


def neuron_at(row: int, column: int) -> int:
    """The neuron that a cell of `draw_dense` or of `draw_outputs` stands for."""
    return row * DENSE_COLUMNS + column


def mark(cell: Cell, layer: str) -> dict[str, int] | None:
    """Where the picture of a layer marks a cell: the maps of one layer, "hidden" or "outputs"; None where it is not."""
    if cell.in_maps:
        return {"tile": cell.channel, "row": cell.row, "column": cell.column} if cell.layer == layer else None
    if layer != ("outputs" if cell.layer == "logits" else "hidden"):
        return None
    row, column = divmod(cell.channel, DENSE_COLUMNS)
    return {"tile": int(cell.layer == "hidden.relu"), "row": row, "column": column}


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
    """Loss on the batches and on 200 held-out digits, and the share of these named wrongly, over the steps."""
    from engine.pictures.chart.figure import lines

    steps = result.step.tolist()
    return lines(
        {
            "batch loss": (steps, result.train_loss.tolist()),
            "held-out loss": (steps, result.held_out_loss.tolist()),
            "held-out errors": (steps, (1 - result.held_out_accuracy).tolist()),
        },
        x_title="step", y_title="loss (nat), share of errors",
    )  # fmt: skip

"""Inside a CNN: arrays to pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.data.digits import CLASSES
from engine.plots.diagrams import Curve
from engine.plots.pixels import Box, Frames, PixelPicture, Tile
from engine.training.fit import Snapshot

from .explain import Cell, Channel
from .run import LAYERS, Result

__all__ = ["CLASSES", "LAYERS"]  # what the page needs of the run, through its topic
DENSE_COLUMNS = 16
Words = tuple[str, str, str]  # what channel, row and column are called


def draw_maps(
    result: Result,
    layer: str = "all",
    *,
    words: Words = ("channel", "row", "column"),
    input_name: str = "input",
    alt: str = "",
) -> PixelPicture:
    """All maps of a layer in one scale: sums around zero, the rest from 0. "all": the input and every map after a ReLU.

    ValueError for another layer.
    """
    if layer == "all":
        shown = [_input_tile(result, input_name)]
        for name in ("conv1.relu", "conv2.relu"):
            shown += _tiles(result, name, words)
        return PixelPicture(shown, alt=alt or "The digit and every feature map after a ReLU", legend=False)
    if layer not in LAYERS:
        raise ValueError(f"expected all or one of {', '.join(LAYERS)}, got {layer!r}")
    return PixelPicture(_tiles(result, layer, words), alt=alt or f"Feature maps: {layer}")


def _tiles(result: Result, layer: str, words: Words) -> list[Tile]:
    maps = getattr(result, layer.replace(".", "_")).numpy()
    colours = "signed" if layer.endswith("sum") else "magnitude"
    high = max(float(np.abs(maps).max()), 1e-6)
    low = -high if colours == "signed" else 0.0
    return [Tile(one, f"{number}", colours, low, high, cell_names=words) for number, one in enumerate(maps)]


def _input_tile(result: Result, name: str, boxes: Sequence[Box] = (), words: Words | None = None) -> Tile:
    return Tile(result.pixels.numpy(), name, "grey", 0.0, 1.0, boxes=boxes, cell_names=words)


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


def draw_input(
    result: Result,
    cell: Cell | None = None,
    *,
    name: str = "",
    field_name: str = "",
    words: Words | None = None,
    alt: str,
) -> PixelPicture:
    """The digit as the network sees it, with the receptive field of a cell framed on it."""
    boxes = []
    if cell is not None:
        top, left, bottom, right = cell.field
        boxes.append(Box((left, top, right, bottom), field_name, colour=1))
    return PixelPicture([_input_tile(result, name, boxes, words)], alt=alt, legend=False)


def draw_products(cell: Cell, *, words: Words = ("channel", "row", "column"), alt: str) -> PixelPicture:
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
            tiles.append(Tile(one, caption, "signed", -high, high, cell_names=words))
    columns = len(groups) if len(groups[0][1]) == 1 else min(8, len(groups[0][1]))
    return PixelPicture(tiles, alt=alt, columns=columns, legend=False)


def _square(values: np.ndarray) -> np.ndarray:
    """(C, 1, 1) with many channels -> (1, rows, 8): single numbers side by side instead of one picture each."""
    values = np.asarray(values, np.float32)
    return values.reshape(1, -1, 8) if values.shape[1:] == (1, 1) and len(values) % 8 == 0 else values


def draw_kernels(
    result: Result, layer: str = "conv1", channel: int = -1, *, words: Words | None = None, alt: str = ""
) -> PixelPicture:
    """The kernels of a convolution in one scale around zero: of one channel, or (-1) of all.

    A kernel of the second convolution is a stack, one square for each channel that it reads; they stand in a row.
    """
    kernels = result.conv1_kernels[:, None] if layer == "conv1" else result.conv2_kernels
    high = max(float(kernels.abs().max()), 1e-6)
    values, tiles = kernels.numpy(), []
    for number in range(len(values)) if channel < 0 else [channel]:
        for source, one in enumerate(values[number]):
            caption = f"{number}" if layer == "conv1" else f"{source} → {number}"
            tiles.append(Tile(one, caption, "signed", -high, high, cell_names=words))
    columns = None if layer == "conv1" else values.shape[1]
    return PixelPicture(tiles, alt=alt or f"Kernels of {layer}", columns=columns)


def draw_dense(result: Result, *, names: Words, words: Words, alt: str) -> PixelPicture:
    """The hidden layer before and after its ReLU, 16 neurons a row. names: of the two pictures, the last unused."""
    before = result.hidden_sum.numpy().reshape(-1, DENSE_COLUMNS)
    after = result.hidden_relu.numpy().reshape(-1, DENSE_COLUMNS)
    high = max(float(np.abs(before).max()), 1e-6)
    tiles = [Tile(before, names[0], "signed", -high, high, cell_names=words),
             Tile(after, names[1], "magnitude", 0.0, high, cell_names=words)]  # fmt: skip
    return PixelPicture(tiles, alt=alt, columns=2)


def draw_outputs(result: Result, *, names: tuple[str, str], alt: str) -> PixelPicture:
    """Logits and softmax, one cell a digit."""
    labels = [str(digit) for digit in range(CLASSES)]
    high = max(float(result.logits.abs().max()), 1e-6)
    tiles = [
        Tile(result.logits.numpy()[None], names[0], "signed", -high, high, column_labels=labels),
        Tile(result.probabilities.numpy()[None], names[1], "probability", 0.0, 1.0, column_labels=labels),
    ]
    return PixelPicture(tiles, alt=alt, columns=2)


def draw_evidence(result: Result, falls: np.ndarray, *, name: str, alt: str) -> PixelPicture:
    """Where covering the digit makes the answer less probable, or (negative) more."""
    high = max(float(np.nanmax(np.abs(falls))), 1e-6)
    tile = Tile(falls.astype(np.float32), name, "signed", -high, high)
    return PixelPicture([tile], alt=alt)


def draw_channel(seen: Channel, *, names: tuple[str, str], alt: str) -> PixelPicture:
    """The training digits that excite a channel most, then the input made to. names: of a digit, of the input made."""
    tiles = [
        Tile(image, f"{names[0]} {label}", "grey", cell_names=None)
        for image, label in zip(seen.images, seen.labels, strict=True)
    ]
    made = np.rint(seen.made * 255).astype(np.uint8)
    return PixelPicture([*tiles, Tile(made, names[1], "grey")], alt=alt, legend=False)


def frames_of(moments: Sequence[tuple[int, Snapshot]], run: str, live: bool) -> Frames:
    """The moments of a run that are sent together."""
    return Frames(run, [at for at, _ in moments], [moment.step for _, moment in moments], live=live, clock="cnn")


def curve_values(moments: Sequence[tuple[int, Snapshot]]) -> np.ndarray:
    """(T, 3): loss of the batch, held-out loss, share of the held-out digits that are wrong."""
    rows = [[moment.loss, moment.seen["held_out_loss"], 1 - moment.seen["held_out_accuracy"]] for _, moment in moments]
    values = np.array(rows, np.float32)
    values[~np.isfinite(values)] = np.nan
    return values


def curve_lines(names: tuple[str, str, str]) -> list[Curve]:
    """The three lines of `curve_values`, under the names given."""
    return [Curve(names[0], 0), Curve(names[1], 1, dashed=True), Curve(names[2], 2, dashed=True)]


def draw_curves(result: Result):
    """Loss on the batches and on 200 held-out digits, and the share of these named wrongly, over the steps."""
    from engine.plots.figures import lines

    steps = result.step.tolist()
    return lines(
        {
            "batch loss": (steps, result.train_loss.tolist()),
            "held-out loss": (steps, result.held_out_loss.tolist()),
            "held-out errors": (steps, (1 - result.held_out_accuracy).tolist()),
        },
        x_title="step", y_title="loss (nat), share of errors",
    )  # fmt: skip

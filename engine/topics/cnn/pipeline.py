"""Inside a CNN: the whole network in one picture, from the input to the answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from torch import Tensor

from engine.contracts.words import Words
from engine.pictures.pipeline.values import Layer, Link, PipelinePicture, Window

from .explain import Cell
from .ranks import Ranks, ranked
from .run import Result

TITLES = {"sum": Words("sums"), "relu": "ReLU", "pool": Words("pooled")}
GROUPS = {"conv1": Words("First convolution"), "conv2": Words("Second convolution"), "hidden": Words("Hidden layer")}
BEFORE = {"conv1.relu": "conv1.sum", "conv1.pool": "conv1.relu", "conv2.sum": "conv1.pool", "conv2.relu": "conv2.sum",
          "conv2.pool": "conv2.relu", "hidden.sum": "conv2.pool", "hidden.relu": "hidden.sum",
          "logits": "hidden.relu"}  # fmt: skip
# What a lesson covers while it asks: name -> how the names of the layers begin.
COVERS = {
    "": (), "kernels": ("before", "kernels"), "maps": ("conv",), "second": ("conv2", "hidden", "logits", "softmax"),
    "deep": ("conv2", "hidden"), "answer": ("logits", "softmax"),
}  # fmt: skip


def draw_pipeline(
    result: Result,
    cell: Cell | None = None,
    ranks: Ranks | None = None,
    before: np.ndarray | None = None,
    covered: str = "",
    note: str = "",
) -> PipelinePicture:
    """Input, kernels, sums, ReLU and pooling of both convolutions, hidden layer, logits and softmax, in one row.

    cell: what is opened, with lines from what its number is made of. ranks: the order of the maps; without them that of
    their strength. before: (C, k, k) the first kernels before any step, beside those of now. covered: a name in COVERS,
    for what a lesson asks about. note: what the order is, for the legend.
    """
    ranks = ranks or ranked(result, "strength")
    layers = {"input": Layer(result.pixels[None].numpy(), Words("input"), scale="grey")}
    high = float(result.conv1_kernels.abs().max()) or 1.0
    if before is not None:
        high = max(high, float(np.abs(before).max()))
        layers["before"] = _kernels(before, Words("start"), high, ranks)
    now = Words("kernels") if before is None else Words("now")
    layers["kernels"] = _kernels(result.conv1_kernels.numpy(), now, high, ranks)
    for block in ("conv1", "conv2"):
        for part in TITLES:
            layers[f"{block}.{part}"] = _maps(getattr(result, f"{block}_{part}"), block, part, ranks)
    for part in ("sum", "relu"):
        layers[f"hidden.{part}"] = _maps(getattr(result, f"hidden_{part}")[:, None, None], "hidden", part, ranks)
    most = max(float(result.logits.abs().max()), 1e-6)
    answer = Words("Answer")
    layers["logits"] = Layer(_flat(result.logits), Words("logits"), answer, "neurons", "signed", -most, most, "logits")
    layers["softmax"] = Layer(_flat(result.probabilities), "softmax", answer, "bars", "probability", key="softmax")
    names = list(layers)
    opens = names.index("conv1.sum")  # a kernel opens the map that it makes
    shown = [
        replace(layer, opens=opens if layer.form == "kernels" else None, covered=name.startswith(COVERS[covered]))
        for name, layer in layers.items()
    ]
    return PipelinePicture(
        shown, Words("Every layer of the network, from the digit to the answer"), ranks.measure, note,
        _links(cell, names), _windows(cell, names), int(result.probabilities.argmax()),
    )  # fmt: skip


def _flat(values: Tensor) -> np.ndarray:
    return values[:, None, None].numpy()


def _kernels(kernels: np.ndarray, title: str, high: float, ranks: Ranks) -> Layer:
    return Layer(np.asarray(kernels, np.float32), title, GROUPS["conv1"], "kernels", "signed", -high, high,
                 order=ranks.orders["conv1"], strength=ranks.values.get("conv1"))  # fmt: skip


def _maps(values: Tensor, block: str, part: str, ranks: Ranks) -> Layer:
    maps = values.numpy()
    high = max(float(np.abs(maps).max()), 1e-6)
    signed, form = part == "sum", "neurons" if block == "hidden" else "maps"
    return Layer(maps, TITLES[part], GROUPS[block], form, "signed" if signed else "magnitude", -high if signed else 0.0,
                 high, f"{block}-{part}", None, ranks.orders[block], ranks.values.get(block))  # fmt: skip


def place(picture: PipelinePicture, cell: Cell) -> dict[str, int]:
    """Where a cell stands in the picture."""
    tile = picture.keys.index(cell.layer.replace(".", "-"))
    return {"tile": tile, "channel": cell.channel, "row": cell.row, "column": cell.column}


def given(cell: Cell) -> np.ndarray:
    """(C,) what each map that a cell reads gives to its number; of a largest value all is given by one map."""
    if cell.weights is None:
        return np.array([cell.value], np.float64)
    return cell.products.sum((1, 2), dtype=np.float64)


def _links(cell: Cell | None, names: list[str]) -> list[Link]:
    if cell is None:
        return []
    source, shares = BEFORE.get(cell.layer, "input"), given(cell)
    most = max(float(np.abs(shares).max()), 1e-12)
    start, end = names.index(source), (names.index(cell.layer), cell.channel)
    if cell.weights is None:
        return [Link((start, cell.channel), end, float(np.sign(shares[0])))]
    return [Link((start, channel), end, share / most) for channel, share in enumerate(shares.tolist()) if share]


def _windows(cell: Cell | None, names: list[str]) -> list[Window]:
    """The receptive field on the input, and what the cell reads of the layer before."""
    if cell is None or not cell.in_maps:
        return []
    frames = [Window(names.index("input"), None, *cell.field)]
    source = BEFORE.get(cell.layer)
    if source is None:
        return frames
    side = 28 if source.startswith("conv1") and not source.endswith("pool") else 14
    channel = None if cell.layer.endswith("sum") else cell.channel
    high, wide = cell.inputs.shape[1:]
    top, left = {"sum": (cell.row - high // 2, cell.column - wide // 2), "relu": (cell.row, cell.column),
                 "pool": (2 * cell.row, 2 * cell.column)}[cell.layer[6:]]  # fmt: skip
    ends = min(side, top + high), min(side, left + wide)
    return [*frames, Window(names.index(source), channel, max(0, top), max(0, left), *ends)]

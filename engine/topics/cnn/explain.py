"""Inside a CNN: what a digit is in the network, where one number of a map comes from, what a channel looks for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F

from engine.contracts.film import Film
from engine.contracts.formula import Formula, added, aligned, bracketed, rest_of, written
from engine.contracts.knob import without_run
from engine.data.digits import load_digits
from engine.instrument.attribution import drop_per_pixel, occlusion
from engine.instrument.exciting import gradient_ascent, strongest
from engine.instrument.receptive_field import receptive_field
from engine.machinery.device import current_device
from engine.models.cnn.cnn import SmallCNN
from engine.training.fit import Snapshot

from .card import FIRST_CELL, Config, cell_named
from .ranks import Ranks, ranked
from .run import DENSE, LAYERS, Result, accuracy, input_digit, inputs_of, look, model_of, new_model, training_digits

SIDE = 28
WINDOW, STRIDE = 5, 2  # of the occlusion, in pixels
MOST = 8  # training digits shown for a channel


def inside(config: Config, film: Film) -> Result:
    """The digit of `config` in the network of the moment to speak of; one forward pass for all parts of the page."""
    return film.once(_look, without_run(config))  # how far the run went is the film's to say


def _look(moment: Snapshot, config: Config) -> Result:
    return look(config, [moment], _network(config, moment.values["weights"]))


def ranks(config: Config, film: Film, by: str) -> Ranks:
    """The order of the maps at the moment to speak of; while a run goes on they stay where they are."""
    result, by = inside(config, film), "number" if film.live else by
    return ranked(result, by, _network(config, result.weights) if by == "share" else None)


def at_first(config: Config, film: Film) -> np.ndarray | None:
    """(C, k, k) the kernels of the first convolution before any step of the run; None where there was none yet."""
    if not film.newest.step:
        return None
    return _first_kernels(replace(_plain(config), seed=config.seed, weights=config.weights))


@lru_cache(maxsize=16)
def _first_kernels(config: Config) -> np.ndarray:
    return new_model(config).conv1.conv.weight[:, 0].detach().numpy()


@dataclass(frozen=True, eq=False)
class Cell:
    """One number of the network and everything it was made of.

    layer, channel, row, column: which one; value: as the network computed it. field: (top, left, bottom, right) of its
    receptive field on the input, bottom and right outside. inputs (C, h, w): the values it reads, with zeros where it
    reaches over the border. Where it is a sum: weights of the same shape, bias, and total = Σ inputs · weights + bias;
    else (ReLU, pooling) weights is None and the value is the largest of the inputs and, for the ReLU, of 0.
    """

    layer: str
    channel: int
    row: int
    column: int
    value: float
    field: tuple[int, int, int, int]
    inputs: np.ndarray
    weights: np.ndarray | None = None
    bias: float = 0.0

    @property
    def in_maps(self) -> bool:
        """Whether it is a cell of a feature map; else a neuron."""
        return self.layer in LAYERS

    @property
    def products(self) -> np.ndarray:
        """inputs · weights, (C, h, w). ValueError for a cell that is no sum."""
        if self.weights is None:
            raise ValueError(f"{self.layer} takes a largest value, it sums nothing")
        return self.inputs * self.weights

    @property
    def total(self) -> float:
        """The value computed again from the parts, in double precision."""
        if self.weights is None:
            return float(max(self.inputs.max(), 0.0) if self.layer.endswith("relu") else self.inputs.max())
        return float(self.products.sum(dtype=np.float64)) + self.bias


def explain_cell(config: Config, result: Result, layer: str, channel: int, row: int = 0, column: int = 0) -> Cell:
    """Where the value at (channel, row, column) of a layer comes from. For hidden and logits, channel is the neuron.

    ValueError for a place that the network does not have.
    """
    model = _network(config, result.weights)
    if layer not in (*LAYERS, *DENSE):
        raise ValueError(f"expected one of {', '.join((*LAYERS, *DENSE))}, got {layer!r}")
    values = getattr(result, layer.replace(".", "_"))
    place = (channel, row, column) if layer in LAYERS else (channel,)
    if any(not 0 <= at < length for at, length in zip(place, values.shape, strict=True)):
        raise ValueError(f"{layer} has no cell {place}")
    made = {"layer": layer, "channel": channel, "row": row, "column": column, "value": values[place].item()}
    if layer in DENSE:
        made["field"] = (0, 0, SIDE, SIDE)
        if layer == "hidden.relu":
            return Cell(**made, inputs=result.hidden_sum[channel].reshape(1, 1, 1).numpy())
        linear = model.hidden if layer == "hidden.sum" else model.output
        inputs = result.conv2_pool if layer == "hidden.sum" else result.hidden_relu[:, None, None]
        weights = linear.weight[channel].detach().cpu().reshape(inputs.shape)
        return Cell(**made, inputs=inputs.numpy(), weights=weights.numpy(), bias=linear.bias[channel].item())
    made["field"] = receptive_field(model.windows()[layer], row, column, SIDE, SIDE)
    name, part = layer.split(".")
    if part == "relu":
        return Cell(**made, inputs=getattr(result, f"{name}_sum")[channel, row, column].reshape(1, 1, 1).numpy())
    if part == "pool":
        window = getattr(result, f"{name}_relu")[channel, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
        return Cell(**made, inputs=window[None].numpy())
    conv = getattr(model, name).conv
    kernel = conv.kernel_size[0]
    before = result.pixels[None] if name == "conv1" else result.conv1_pool
    patch = F.pad(before, (kernel // 2,) * 4)[:, row : row + kernel, column : column + kernel]
    return Cell(**made, inputs=patch.numpy(), weights=conv.weight[channel].detach().cpu().numpy(),
                bias=conv.bias[channel].item())  # fmt: skip


def cell_at(config: Config, result: Result, text: str) -> Cell:
    """The cell that a link names, see card.cell_named; where the network has no such cell, one of the first map."""
    layer, place = cell_named(text)
    shape = getattr(result, layer.replace(".", "_")).shape
    if any(at >= length for at, length in zip(place, shape, strict=True)):
        layer, place = cell_named(FIRST_CELL)
    return explain_cell(config, result, layer, *place)


def strongest_term(cell: Cell) -> tuple[int, int, int]:
    """(channel, row, column) within the patch of the product with the largest magnitude."""
    return tuple(int(at) for at in np.unravel_index(np.abs(cell.products).argmax(), cell.inputs.shape))


def cell_formulas(cell: Cell) -> Formula:
    """The cell's arithmetic with its numbers: the largest product and the rest of the sum, then the bias. Each result
    begins a row, so that it is seen in a narrow place too."""
    if cell.weights is None:
        parts = ([0.0] if cell.layer.endswith("relu") else []) + cell.inputs.ravel().tolist()
        listed = r",\ ".join(map(written, parts))
        return aligned([rf"&\max({listed})", f"&= {written(cell.value)}"])
    place = strongest_term(cell)
    products = np.delete(cell.products.astype(np.float64), np.ravel_multi_index(place, cell.inputs.shape))
    strongest = rf"{bracketed(float(cell.weights[place]))} \cdot {bracketed(float(cell.inputs[place]))}"
    summed = cell.total - cell.bias
    return aligned([
        rf"w \cdot x &= {strongest}{rest_of(products)}",
        f"&= {written(summed, 5)}",
        rf"w \cdot x + b &= {written(summed, 5)} {added(cell.bias, 5)}",
        f"&= {written(cell.total, 5)}",
    ])  # fmt: skip


def softmax_formula(result: Result, digit: int = -1) -> Formula:
    """The softmax of `digit`, or (-1) of the answer, with its numbers."""
    k = int(result.probabilities.argmax()) if digit < 0 else digit
    others = (result.logits.double() - result.logits[k]).exp()
    others = others[torch.arange(len(others)) != k].sum().item()  # of the rest, against this one
    return aligned([
        rf"p_{{{k}}} &= \frac{{e^{{z_{{{k}}}}}}}{{\sum_j e^{{z_j}}}} = "
        rf"\frac{{1}}{{1 + \sum_{{j \ne {k}}} e^{{z_j - z_{{{k}}}}}}}",
        rf"&= \frac{{1}}{{1 + {written(others)}}} = {written(result.probabilities[k].item(), 6)}",
    ])  # fmt: skip


def evidence(config: Config, result: Result) -> np.ndarray:
    """(28, 28): how far the probability of the answer falls when a 5 × 5 window of paper covers a pixel (mean of all
    windows that do); Zeiler and Fergus 2014."""
    model = _network(config, result.weights)
    x = inputs_of(input_digit(config)[None]).to(current_device())
    best = int(result.probabilities.argmax())
    for covered in occlusion(lambda p: model(p).softmax(1), x, best, WINDOW, STRIDE, 0.0, batch_size=200):
        last = covered
    return drop_per_pixel(last, WINDOW, SIDE, SIDE).numpy()


@dataclass(frozen=True, eq=False)
class Channel:
    """What a channel looks for.

    images (n, 28, 28) uint8: the training digits that excite it most; peaks (n,): the largest value in its map for
    each; made (28, 28) float32: an input made by gradient ascent to excite it, and the mean of its map before and
    after.
    """

    images: np.ndarray
    labels: tuple[int, ...]
    peaks: tuple[float, ...]
    made: np.ndarray
    before: float
    after: float


def explain_channel(config: Config, result: Result, layer: str, channel: int) -> Channel:
    """The training digits that excite a channel of a layer most, and an input made to. About 2 s the first time."""
    tap = layer.partition(".")[0] + ".sum"  # before the ReLU: after it a silent channel has no slope to climb
    indices, values = _strongest(_plain(config), _Weights(result.weights), tap)
    digits, model = load_digits(), model_of(config, result.weights)
    chosen = indices[channel]
    start = torch.full((1, 1, SIDE, SIDE), 0.2, device=current_device())
    made, means = gradient_ascent(model, start, tap, channel)
    return Channel(
        digits.train_images[chosen], tuple(int(label) for label in digits.train_labels[chosen]),
        tuple(float(value) for value in values[channel]), made[0, 0].cpu().numpy(), means[0], means[-1],
    )  # fmt: skip


def full_score(config: Config, weights: tuple[np.ndarray, ...]) -> float:
    """Share of all 2,000 held-out digits that the network with these weights names rightly; kept for the last few."""
    return _full_score(_plain(config), _Weights(weights))


@lru_cache(maxsize=32)
def _full_score(config: Config, weights: _Weights) -> float:
    digits = load_digits()
    return accuracy(model_of(config, weights.arrays), digits.held_out_images, digits.held_out_labels)


class _Weights:
    """Weights as a key of a cache: equal where the numbers are."""

    def __init__(self, arrays: tuple[np.ndarray, ...]):
        self.arrays = arrays
        self.number = hash(tuple(array.tobytes() for array in arrays))

    def __hash__(self) -> int:
        return self.number

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Weights) and all(map(np.array_equal, self.arrays, other.arrays))


def _plain(config: Config) -> Config:
    """Only what shapes the network."""
    return Config(start=config.start, channels=config.channels, kernel=config.kernel)


def _network(config: Config, weights: tuple[np.ndarray, ...]) -> SmallCNN:
    """The network with these weights, for many clicks and visitors ask for the same; nobody changes it."""
    return _kept_network(_plain(config), _Weights(weights), current_device())


@lru_cache(maxsize=16)
def _kept_network(config: Config, weights: _Weights, device: str) -> SmallCNN:
    return model_of(config, weights.arrays)


@lru_cache(maxsize=8)
def _strongest(config: Config, weights: _Weights, tap: str) -> tuple[np.ndarray, np.ndarray]:
    model = model_of(config, weights.arrays)
    indices, values = strongest(model, training_digits()[0].to(current_device()), tap, MOST)
    return indices.cpu().numpy(), values.cpu().numpy()


def formulas(result: Result) -> list[Formula]:
    """The softmax with its numbers."""
    return [softmax_formula(result)]

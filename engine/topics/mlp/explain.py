"""MLP playground: one neuron's formula with the live numbers in it, and what a click on the network means."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from engine.contracts.blocks import Box, Choose, Click, Row, Say, Show
from engine.contracts.film import Film
from engine.contracts.formula import TERM_DIGITS, Formula, added, aligned, bracketed, rest_of, written
from engine.contracts.words import Number, Percent, Words
from engine.data.points import DOMAIN, encode_points
from engine.models.mlp.batch_norm import EPSILON
from engine.models.mlp.mlp import ACTIVATIONS
from engine.pictures.number.values import NumberField
from engine.training.fit import Snapshot

from .card import FEATURES, Config, fits_values, table_in
from .draw import class_names
from .experiment import FEATURE_FUNCTIONS
from .texts import LARGEST_EDIT, activations_of, other_activations

FUNCTION_NAMES = {
    "tanh": r"\tanh",
    "relu": r"\operatorname{ReLU}",
    "leaky_relu": r"\operatorname{LeakyReLU}",
    "sigmoid": r"\sigma",
    "gelu": r"\operatorname{GELU}",
    "silu": r"\operatorname{SiLU}",
    "identity": "",
}
LATEX_FEATURES = {
    "x1": "x_1",
    "x2": "x_2",
    "x1_squared": "x_1^2",
    "x2_squared": "x_2^2",
    "x1_x2": "x_1x_2",
    "sin_x1": r"\sin(2x_1)",
    "sin_x2": r"\sin(2x_2)",
}
MOST_TERMS = 4
DRAW_POINTS = "Click the plane to add points; choose their class below it."
CLICK = (
    "Click a neuron for its formula, a line for its weight, an input to switch it on or off; click the plane to choose "
    "where to compute."
)
CLICK_OWN = "Click a neuron for its formula, a line for its weight, an input to switch it on or off."
GIVE_TABLE = "Give a table beside the knobs: two columns of numbers, and a class or a value."
Picked = Mapping[str, Any]  # a neuron or a line of the network, as the component `network` reports and marks it


@dataclass(frozen=True)
class NeuronFormula:
    """What one neuron does at one spot.

    symbols: the formula; numbers: the same with the values of the spot; inputs, weights: what is multiplied
    (I,), bias, total: Σ w·x + b, value: after batch normalisation and activation. layer counts from 1 (first hidden);
    index from 0.
    """

    symbols: Formula
    numbers: Formula
    inputs: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float
    total: float
    value: float


def explain_neuron(
    config: Config, snapshot: Snapshot, layer: int, index: int, spot: tuple[float, float]
) -> NeuronFormula:
    """The weighted sum and the activation of one neuron at `spot` (x1, x2), from the weights of `snapshot`.

    Raises ValueError for a neuron the network does not have.
    """
    weights, biases = snapshot.values["weights"], snapshot.values["biases"]
    if not (1 <= layer <= len(weights) and 0 <= index < len(biases[layer - 1])):
        raise ValueError(f"no neuron {index} in layer {layer}")
    values = _values_before(config, snapshot, layer, spot)
    row, bias = torch.from_numpy(weights[layer - 1][index]), float(biases[layer - 1][index])
    total = float(row @ values) + bias
    is_output = layer == len(weights)
    norm = None if is_output or not config.batch_norm else snapshot.values["norms"][layer - 1][:, index].tolist()
    inside = total if norm is None else _normalised(total, *norm)
    activation = "identity" if is_output else activations_of(config)[layer - 1]
    value = float(ACTIVATIONS[activation](torch.tensor(inside)))

    sums = _sums(config, layer, row, values, bias)
    name = "z" if is_output else f"h_{{{layer},{index + 1}}}"
    call = FUNCTION_NAMES[activation]
    wrap = (lambda text: rf"{call}\left({text}\right)") if call else (lambda text: text)
    if norm is None:
        between = f"{wrap(written(total))} = " if call else ""
        meaning = _probability(config, len(biases[-1]), value) if is_output else []
        symbols = Formula(f"{name} = {wrap(sums[0])}")
        numbers = aligned([f"{name} &= {wrap(sums[1])}", f"&= {between}{written(value)}", *meaning])
    else:
        gain, shift, mean, variance = norm
        spread = rf"\sqrt{{{written(variance)} + 10^{{-5}}}}"
        before, after = written(gain), added(shift)
        centred = [f"{one} {added(-mean)}" for one in ("z", written(total))]
        in_symbols, in_numbers = (rf"{before} \cdot \frac{{{one}}}{{{spread}}} {after}" for one in centred)
        symbols = aligned([f"z &= {sums[0]}", f"{name} &= {wrap(in_symbols)}"])
        numbers = aligned([
            f"z &= {sums[1]} = {written(total)}", f"{name} &= {wrap(in_numbers)}", f"&= {written(value)}"
        ])  # fmt: skip
    return NeuronFormula(
        symbols, numbers, tuple(float(v) for v in values), tuple(float(w) for w in row), bias, total, value
    )


def _values_before(config: Config, snapshot: Snapshot, layer: int, spot: tuple[float, float]) -> torch.Tensor:
    """What a layer is given at a spot: the features, or the values of the layer before."""
    x = torch.tensor([spot], dtype=torch.float32)
    values = torch.stack([FEATURE_FUNCTIONS[name](x) for name in config.features], dim=1)[0]
    weights, biases, norms = (snapshot.values[name] for name in ("weights", "biases", "norms"))
    for number, activation in enumerate(activations_of(config)[: layer - 1]):
        values = torch.from_numpy(weights[number]) @ values + torch.from_numpy(biases[number])
        if norms:
            values = _normalised(values, *torch.from_numpy(norms[number]))
        values = ACTIVATIONS[activation](values)
    return values


def _normalised(total, gain, shift, mean, variance):
    return gain * (total - mean) / (variance + EPSILON) ** 0.5 + shift


def _sums(config: Config, layer: int, row: torch.Tensor, values: torch.Tensor, bias: float) -> tuple[str, str]:
    """A weighted sum as LaTeX, with the names of what is weighted and with its values: the strongest terms, a rest."""
    if layer == 1:
        names = [LATEX_FEATURES[name] for name in config.features]
    else:
        names = [f"h_{{{layer - 1},{i + 1}}}" for i in range(len(row))]
    products = [float(row[i] * values[i]) for i in range(len(row))]
    terms = sorted(sorted(range(len(row)), key=lambda i: -abs(products[i]))[:MOST_TERMS])
    more = rest_of([products[i] for i in range(len(row)) if i not in terms], TERM_DIGITS)
    more += " " + added(bias, TERM_DIGITS)
    weights = [_signed(float(row[i]), first=i == terms[0]) for i in terms]
    symbols = "".join(rf"{weight}\,{names[i]}" for weight, i in zip(weights, terms, strict=True))
    numbers = "".join(
        rf"{weight} \cdot {bracketed(float(values[i]))}" for weight, i in zip(weights, terms, strict=True)
    )
    return symbols + more, numbers + more


def _probability(config: Config, outputs: int, logit: float) -> list[str]:
    """What the only output of a two-class network means, as a row; no row for other networks."""
    if fits_values(config) or outputs > 1:
        return []
    share = float(torch.sigmoid(torch.tensor(logit)))
    name = "p_1" if config.data == "table" else r"p(\text{A})"
    return [rf"{name} &= \sigma(z) = \sigma({written(logit)}) = {written(share)}"]


def status(config: Config, moment: Snapshot) -> Say:
    """The live numbers of a run: step, and how many points are named rightly (or R²)."""
    values, of_values = moment.values, fits_values(config)
    number = Number if of_values else Percent
    scores = Words(
        "{score}: train **{train}** · test **{test}**", score="R²" if of_values else Words("accuracy"),
        train=number(values["train_accuracy"]), test=number(values["test_accuracy"]),
    )  # fmt: skip
    return Say(Words("step **{step}**", step=Number(moment.step)), scores, style="status")


def name_of(picked: Picked) -> str:
    """A neuron or a line as it stands in a link, see card.check_picked."""
    parts = ("layer", "index") if picked["kind"] == "neuron" else ("layer", "to", "from")
    return "-".join(str(picked[part]) for part in parts)


def picked_in(moment: Snapshot, asked: str) -> Picked | None:
    """The neuron or the line that a link asks for; None if the network has no such neuron."""
    layer, index, *origin = [int(number) for number in asked.split("-")] if asked else [0, 0]
    biases = moment.values["biases"]
    if not (1 <= layer <= len(biases) and index < len(biases[layer - 1])):
        return None
    if origin:
        return {"kind": "edge", "layer": layer, "to": index, "from": origin[0]}
    return {"kind": "neuron", "layer": layer, "index": index}


def spot_of(config: Config, view: Any) -> tuple[float, float] | None:
    """The spot to compute at as the plane's own axes have it; None where points are drawn."""
    if config.data == "own":
        return None
    table, spot = table_in(config), (view.x1, view.x2)
    if table is None:
        return spot
    return tuple(axis.from_plane(one) for axis, one in zip(table.axes, spot, strict=True))


def on_plane(event: Mapping[str, Any], config: Config) -> Mapping[str, Any]:
    """Own points were drawn, moved or removed; of other data, another spot was chosen."""
    if event["event"] == "points":
        return {"points": encode_points(event["points"])}
    spot, table = (event["x"], event["y"]), table_in(config)
    if table is not None:
        spot = [axis.to_plane(one) for axis, one in zip(table.axes, spot, strict=True)]
    x1, x2 = (min(max(one, -DOMAIN), DOMAIN) for one in spot)
    return {"x1": x1, "x2": x2}


def inspect(config: Config, view: Any, film: Film, picked: Picked | None, click: Click) -> list[Any]:
    """The picked neuron's formula with live numbers, its weight or bias to set by hand (click), and the activation of
    its layer."""
    if config.data == "own" and not config.points:
        return [Say(DRAW_POINTS, style="note")]
    if config.data == "table" and not config.table:
        return [Say(GIVE_TABLE, style="note")]
    if picked is None:
        return [Say(CLICK_OWN if config.data == "own" else CLICK, style="small")]
    spot, (layer, index) = (view.x1, view.x2), neuron_of(picked)
    made = explain_neuron(config, film.now, layer, index, spot)
    field = field_of(config, film, picked, made)
    hand = [Show("hand", field, click)] if field else []
    said = [about_neuron(config, film.now, picked, spot, made.value)]
    if layer <= len(config.layers):
        said = [Row([said, [Choose("activations", other_activations(config, layer))]], (1.6, 1), "center")]
    return [Box("formula", [*said, made.symbols, made.numbers, *hand])]


def neuron_of(picked: Picked) -> tuple[int, int]:
    """(layer, index) of a neuron, or of the one in which a line ends."""
    return picked["layer"], picked["index" if picked["kind"] == "neuron" else "to"]


def about_neuron(config: Config, moment: Snapshot, picked: Picked, spot: tuple[float, float], value: float) -> Say:
    """Whose formula it is, its value there, where, and when."""
    x, y, step = Number(spot[0]), Number(spot[1]), Number(moment.step)
    name = neuron_name(config, *neuron_of(picked), len(moment.values["biases"][-1]))
    words = "**{name}** is **{value}** at x₁ = {x}, x₂ = {y}, step {step}"
    return Say(words, name=name, value=Number(value, 4), x=x, y=y, step=step)


def field_of(config: Config, film: Film, picked: Picked, made: NeuronFormula) -> NumberField | None:
    """The picked weight, or the neuron's bias, to set by hand; what it stands for is its place in `Config.edits`.

    None while the run goes on and for a moment that is past; for a line from an input that is off or a neuron that is
    no more; and for what is no number.
    """
    (layer, index), origin = neuron_of(picked), picked.get("from")
    column = column_of(config, layer, origin)
    if film.live or film.now is not film.newest or column is None or column >= len(made.weights):
        return None
    value = made.bias if column < 0 else made.weights[column]
    label = Words("Bias, set by hand")
    if column >= 0:
        label = Words("Weight from {name}, set by hand", name=neuron_name(config, layer - 1, origin))
    place = f"{film.now.step}:{layer - 1}.{index}.{'b' if column < 0 else column}"
    most = float(LARGEST_EDIT)
    return NumberField(value, label, -most, most, (place,)) if math.isfinite(value) else None


def touched(config: Config, event: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields of the Config that a click on the network changes: a layer resized, or an input switched on or off.

    The last input cannot be switched off, and a layer has 1 to 64 neurons.
    """
    if event["event"] == "toggle":
        chosen = set(config.features) ^ {list(FEATURES)[event["index"]]}
        return {"features": tuple(chosen)} if chosen else {}
    at, sizes = event["layer"] - 1, list(config.layers)
    if at >= len(sizes):
        return {}
    sizes[at] = min(max(sizes[at] + event["delta"], 1), 64)
    return {"layers": tuple(sizes)}


def column_of(config: Config, layer: int, origin: int | None) -> int | None:
    """Column of the weight matrix that leads from neuron `origin` of the layer before; -1 for the bias (origin None).

    The diagram shows all inputs, the matrix only those switched on: None for one that is off.
    """
    if origin is None:
        return -1
    if layer > 1:
        return origin
    name = list(FEATURES)[origin] if origin < len(FEATURES) else ""
    return config.features.index(name) if name in config.features else None


def neuron_name(config: Config, layer: int, index: int, outputs: int = 1) -> str:
    """Name of a neuron for people: x₁, h2,3 or ŷ; of several outputs that of its class."""
    if layer == 0:
        return list(FEATURES.values())[index]
    if layer <= len(config.layers):
        return f"h{layer},{index + 1}"
    return "ŷ" if outputs == 1 else class_names(config, outputs)[index]


def _signed(value: float, first: bool = False) -> str:
    return written(value, TERM_DIGITS) if first else " " + added(value, TERM_DIGITS)

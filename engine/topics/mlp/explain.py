"""MLP playground: one neuron's formula with the live numbers in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import torch

from engine.models.mlp.mlp import ACTIVATIONS
from engine.training.fit import Snapshot

from .card import FEATURES, REGRESSION, Config
from .run import FEATURE_FUNCTIONS, Experiment, Result

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
    "sin_x1": r"\sin 2x_1",
    "sin_x2": r"\sin 2x_2",
}
MOST_TERMS = 4


@dataclass(frozen=True)
class NeuronFormula:
    """What one neuron does at one spot.

    symbols: the formula in LaTeX; numbers: the same with the values of the spot; inputs, weights: what is multiplied
    (I,), bias, total: Σ w·x + b, value: after the activation. layer counts from 1 (first hidden); index from 0.
    """

    symbols: str
    numbers: str
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
    weights, biases = snapshot.seen["weights"], snapshot.seen["biases"]
    if not (1 <= layer <= len(weights) and 0 <= index < len(biases[layer - 1])):
        raise ValueError(f"no neuron {index} in layer {layer}")
    x = torch.tensor([spot], dtype=torch.float32)
    values = torch.stack([FEATURE_FUNCTIONS[name](x) for name in config.features], dim=1)[0]
    function = ACTIVATIONS[config.activation]
    for number in range(layer - 1):
        values = function(torch.from_numpy(weights[number]) @ values + torch.from_numpy(biases[number]))
    row, bias = torch.from_numpy(weights[layer - 1][index]), float(biases[layer - 1][index])
    total = float(row @ values) + bias
    is_output = layer == len(weights)
    value = total if is_output else float(function(torch.tensor(total)))

    if layer == 1:
        names = [LATEX_FEATURES[name] for name in config.features]
    else:
        names = [f"h_{{{layer - 1},{i + 1}}}" for i in range(len(row))]
    strongest = sorted(range(len(row)), key=lambda i: -abs(float(row[i] * values[i])))[:MOST_TERMS]
    shown = sorted(strongest)
    more = r" + \dots" if len(row) > len(shown) else ""
    symbols = "".join(f"{_signed(float(row[i]), first=i == shown[0])}\\,{names[i]}" for i in shown)
    numbers = "".join(
        f"{_signed(float(row[i]), first=i == shown[0])}\\cdot{_bracketed(float(values[i]))}" for i in shown
    )
    name = "z" if is_output else f"h_{{{layer},{index + 1}}}"
    call = "" if is_output else FUNCTION_NAMES[config.activation]
    wrap = (lambda inside: rf"{call}\left({inside}\right)") if call else (lambda inside: inside)
    return NeuronFormula(
        symbols=f"{name} = {wrap(symbols + more + _signed(bias))}",
        numbers=f"{name} = {wrap(numbers + more + _signed(bias))} = "
        + (f"{wrap(_plain(total))} = " if call else "")
        + _plain(value)
        + (_probability(config, len(biases[-1]), value) if is_output else ""),
        inputs=tuple(float(v) for v in values),
        weights=tuple(float(w) for w in row),
        bias=bias,
        total=total,
        value=value,
    )


def _probability(config: Config, outputs: int, logit: float) -> str:
    """What the only output of a two-class network means."""
    if config.data in REGRESSION or outputs > 1:
        return ""
    share = float(torch.sigmoid(torch.tensor(logit)))
    return rf",\qquad p(\text{{A}}) = \sigma(z) = {share:.3f}"


def column_of(config: Config, layer: int, origin: int | None) -> int | None:
    """Column of the weight matrix that leads from neuron `origin` of the layer before; -1 for the bias (origin None).

    The diagram shows all inputs, the matrix only those switched on: None for one that is off.
    """
    if origin is None:
        return -1
    if layer > 1:
        return origin
    name = list(FEATURES)[origin]
    return config.features.index(name) if name in config.features else None


def neuron_name(config: Config, layer: int, index: int) -> str:
    """Name of a neuron for people: x₁, h2,3 or ŷ."""
    if layer == 0:
        return list(FEATURES.values())[index]
    return f"h{layer},{index + 1}" if layer <= len(config.layers) else "ŷ"


def _plain(value: float) -> str:
    return f"{value:.3f}"


def _signed(value: float, first: bool = False) -> str:
    sign = "-" if value < 0 else "" if first else "+"
    return f"{sign}{abs(value):.2f}"


def _bracketed(value: float) -> str:
    return f"({value:.2f})" if value < 0 else f"{value:.2f}"


def live_formulas(config: Config, result: Result) -> list[tuple[str, str]]:
    """(what it is, LaTeX with the numbers of this moment) for the Numbers tab."""
    experiment = Experiment(replace(config, edits=""))
    sizes = [len(config.features), *config.layers, experiment.outputs]
    terms = " + ".join(rf"({i}\cdot{o}+{o})" for i, o in pairwise(sizes))
    step, loss = int(result.step[-1]), float(result.train_loss[-1])
    trained = int(result.is_train.sum())
    formulas = [("Weights and biases, layer by layer", rf"{terms} = {len(result.parameters)}")]
    if experiment.regression:
        formulas.append(
            ("Loss on the training points: mean squared error",
             rf"L = \frac{{1}}{{{trained}}}\sum_n (\hat y_n - y_n)^2 = {loss:.4f}")
        )  # fmt: skip
    else:
        right = round(float(result.train_accuracy[-1]) * trained) if trained else 0
        share = f"{right / trained:.3f}" if trained else "-"
        formulas += [
            ("Loss on the training points: mean cross-entropy",
             rf"L = -\frac{{1}}{{{trained}}}\sum_n \log p(y_n\,|\,x_n) = {loss:.4f}\ \text{{nat}}"),
            ("Accuracy on the training points", rf"\frac{{{right}}}{{{trained}}} = {share}"),
        ]  # fmt: skip
    norm = float(result.gradient_norm[-1])
    shown_norm = rf"\qquad \lVert\nabla L\rVert = {norm:.4g}" if norm == norm else ""
    rule = {
        "sgd": r"w \leftarrow w - \eta\,\nabla L",
        "momentum": r"v \leftarrow 0.9\,v + \nabla L,\quad w \leftarrow w - \eta\,v",
        "adam": r"w \leftarrow w - \eta\,\hat m / (\sqrt{\hat v} + \epsilon)",
    }[config.optimizer]
    formulas.append(
        ("What one step does", rf"{rule}, \qquad \eta = {config.learning_rate:g}, \quad t = {step}{shown_norm}")
    )
    return formulas

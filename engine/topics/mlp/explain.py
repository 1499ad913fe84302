"""MLP playground: one neuron's formula with the live numbers in it, and what a click on the network means."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import torch

from engine.contracts.blocks import Row, Say
from engine.contracts.film import Film
from engine.contracts.formula import TERM_DIGITS, Formula, added, aligned, bracketed, exact, rest_of, written
from engine.contracts.words import Number, Percent, Words
from engine.models.mlp.mlp import ACTIVATIONS
from engine.pictures.number.values import NumberField
from engine.training.fit import Snapshot

from .card import FEATURES, LARGEST_EDIT, REGRESSION, Config
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
    "sin_x1": r"\sin(2x_1)",
    "sin_x2": r"\sin(2x_2)",
}
MOST_TERMS = 4
DRAW_POINTS = "Click the plane to add points; choose their class below it."
CLICK = (
    "Click a neuron for its formula, a line for its weight, an input to switch it on or off; click the plane to choose "
    "where to compute."
)
ABOUT_HIDDEN_SPACE = (
    "Every point where the output layer sees it, in the three directions in which the points differ most. The grey "
    "plane is the border (other directions at their mean): flat here, bent in the picture above."
)
Picked = Mapping[str, Any]  # a neuron or a line of the network, as the component `network` reports and marks it


@dataclass(frozen=True)
class NeuronFormula:
    """What one neuron does at one spot.

    symbols: the formula; numbers: the same with the values of the spot; inputs, weights: what is multiplied
    (I,), bias, total: Σ w·x + b, value: after the activation. layer counts from 1 (first hidden); index from 0.
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
    terms = sorted(strongest)
    products = [float(row[i] * values[i]) for i in range(len(row))]
    more = rest_of([products[i] for i in range(len(row)) if i not in terms], TERM_DIGITS)
    more += " " + added(bias, TERM_DIGITS)
    weights = [_signed(float(row[i]), first=i == terms[0]) for i in terms]
    symbols = "".join(rf"{weight}\,{names[i]}" for weight, i in zip(weights, terms, strict=True))
    numbers = "".join(
        rf"{weight} \cdot {bracketed(float(values[i]))}" for weight, i in zip(weights, terms, strict=True)
    )
    name = "z" if is_output else f"h_{{{layer},{index + 1}}}"
    call = "" if is_output else FUNCTION_NAMES[config.activation]
    wrap = (lambda inside: rf"{call}\left({inside}\right)") if call else (lambda inside: inside)
    between = f"{wrap(written(total))} = " if call else ""
    meaning = _probability(config, len(biases[-1]), value) if is_output else []
    return NeuronFormula(
        symbols=Formula(f"{name} = {wrap(symbols + more)}"),
        numbers=aligned([f"{name} &= {wrap(numbers + more)}", f"&= {between}{written(value)}", *meaning]),
        inputs=tuple(float(v) for v in values),
        weights=tuple(float(w) for w in row),
        bias=bias,
        total=total,
        value=value,
    )


def _probability(config: Config, outputs: int, logit: float) -> list[str]:
    """What the only output of a two-class network means, as a row; no row for other networks."""
    if config.data in REGRESSION or outputs > 1:
        return []
    share = float(torch.sigmoid(torch.tensor(logit)))
    return [rf"p(\text{{A}}) &= \sigma(z) = \sigma({written(logit)}) = {written(share)}"]


def status(config: Config, moment: Snapshot) -> Say:
    """The live numbers of a run: step, and how many points are named rightly (or R²)."""
    fits_values, values = config.data in REGRESSION, moment.values
    number = Number if fits_values else Percent
    scores = Words(
        "{score}: train **{train}** · test **{test}**", score="R²" if fits_values else Words("accuracy"),
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


def neuron_of(picked: Picked) -> tuple[int, int]:
    """(layer, index) of a neuron, or of the one in which a line ends."""
    return picked["layer"], picked["index" if picked["kind"] == "neuron" else "to"]


def about_neuron(config: Config, moment: Snapshot, picked: Picked, spot: tuple[float, float], value: float) -> Say:
    """Whose formula it is, its value there, where, and when."""
    x, y, step = Number(spot[0]), Number(spot[1]), Number(moment.step)
    name = neuron_name(config, *neuron_of(picked))
    words = "Neuron **{name}** is **{value}** at x₁ = {x}, x₂ = {y}, step {step}"
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


def neuron_name(config: Config, layer: int, index: int) -> str:
    """Name of a neuron for people: x₁, h2,3 or ŷ."""
    if layer == 0:
        return list(FEATURES.values())[index]
    return f"h{layer},{index + 1}" if layer <= len(config.layers) else "ŷ"


def _signed(value: float, first: bool = False) -> str:
    return written(value, TERM_DIGITS) if first else " " + added(value, TERM_DIGITS)


def live_formulas(config: Config, result: Result) -> list[tuple[str, Formula]]:
    """(what it is, the formula with the numbers of this moment) for the Numbers tab."""
    experiment = _experiment_of(config, result)
    sizes = [len(config.features), *config.layers, experiment.outputs]
    terms = " + ".join(rf"({i} \cdot {o} + {o})" for i, o in pairwise(sizes))
    loss, trained = float(result.train_loss[-1]), int(result.is_train.sum())
    formulas = [("Weights and biases, layer by layer", Formula(rf"{terms} = {len(result.parameters)}"))]
    if not trained:
        return formulas
    if experiment.regression:
        formulas.append(
            ("Loss on the training points: mean squared error",
             Formula(rf"L = \frac{{1}}{{{trained}}}\sum_n (\hat y_n - y_n)^2 = {written(loss)}"))
        )  # fmt: skip
    else:
        right = round(float(result.train_accuracy[-1]) * trained)
        formulas += [
            ("Loss on the training points: mean cross-entropy",
             Formula(rf"L = -\frac{{1}}{{{trained}}}\sum_n \log p(y_n\,|\,x_n) = {written(loss)}\ \text{{nat}}")),
            ("Accuracy on the training points",
             Formula(rf"\frac{{{right}}}{{{trained}}} = {written(right / trained)}")),
        ]  # fmt: skip
    if math.isfinite(norm := length_of_gradient(experiment)):
        formulas.append(("Length of the gradient of this loss", Formula(rf"\lVert\nabla L\rVert = {written(norm)}")))
    formulas.append(
        ("What one step does to a weight w; L_B: the loss of the step's batch. Biases: the same without α.",
         update_rule(config, max(1, int(result.step[-1]))))  # before the first: of the first
    )  # fmt: skip
    return formulas


def _experiment_of(config: Config, result: Result) -> Experiment:
    """The experiment with the weights of a Result, ready to be used and not trained on."""
    experiment = Experiment(replace(config, edits=""))
    parameters = list(experiment.model.parameters())
    torch.nn.utils.vector_to_parameters(result.parameters.to(parameters[0].device), parameters)
    experiment.model.eval()
    return experiment


def length_of_gradient(experiment: Experiment) -> float:
    """‖∇L‖ of the loss L over all training points, without any penalty, by all weights and biases."""
    rows = experiment.train_rows
    with torch.enable_grad():
        loss = experiment.loss(experiment.model(experiment.features[rows]), experiment.device_targets[rows])
        gradients = torch.autograd.grad(loss, list(experiment.model.parameters()))
    return math.sqrt(sum(gradient.double().square().sum().item() for gradient in gradients))


def update_rule(config: Config, step: int) -> Formula:
    """What step t does to one weight, in the order in which it is done; η, α and t with their numbers.

    Adam: Kingma and Ba 2015, algorithm 1. L1: the soft threshold, as `Experiment.after_step` does it.
    """
    penalty = r" + \alpha\,w" if config.regularisation == "l2" else ""
    rows = [rf"g &= \nabla L_B{penalty}"]
    rows += {
        "sgd": [r"w &\leftarrow w - \eta\,g"],
        "momentum": [r"v &\leftarrow 0{.}9\,v + g", r"w &\leftarrow w - \eta\,v"],
        "adam": [
            r"m &\leftarrow 0{.}9\,m + 0{.}1\,g", r"v &\leftarrow 0{.}999\,v + 0{.}001\,g^2",
            r"w &\leftarrow w - \eta\,\frac{m / (1 - 0{.}9^t)}{\sqrt{v / (1 - 0{.}999^t)} + 10^{-8}}",
        ],
    }[config.optimizer]  # fmt: skip
    if config.regularisation == "l1":
        rows.append(r"w &\leftarrow \operatorname{sign}(w)\,\max(|w| - \eta\,\alpha,\ 0)")
    strength = rf",\qquad \alpha = {exact(config.strength)}" if config.regularisation != "none" else ""
    rows.append(rf"\eta &= {exact(config.learning_rate)}{strength},\qquad t = {step}")
    return aligned(rows)


def formulas(result: Result) -> list[Row]:
    """Loss, accuracy and update rule with the numbers of this moment."""
    pairs = live_formulas(result.config, result)
    return [Row([[Say(what)], [formula]], (1, 2.6), "center") for what, formula in pairs]

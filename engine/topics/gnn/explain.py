"""Graph neural networks: where one number comes from, and how a signal spreads."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.instrument.trace import Trace
from engine.training.fit import Snapshot

from .card import Config
from .run import Experiment, at_moment, smoothing

SIGNAL_STEPS = 12
_IN_TEXT = {letter: rf"\{letter}" for letter in "{}$%#&_"} | {
    ":": ":{}",  # Streamlit takes :material/name: for an icon even in a formula
    "\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
}  # fmt: skip


@dataclass(frozen=True)
class Message:
    """What a node takes of one neighbour (or itself): coefficient · value = product, and d̃ of that neighbour."""

    node: int
    coefficient: float
    value: float
    product: float
    degree: int


@dataclass(frozen=True)
class NodeSum:
    """One number of one layer at one node. messages: by size of the product, the largest first.

    total is their sum as the network computed it, before the activation; shortcut what is added after it (None where
    nothing is); output what goes on. degree: d̃ of the node.
    """

    layer: int
    channel: int
    channels: int
    node: int
    degree: int
    messages: tuple[Message, ...]
    total: float
    shortcut: float | None
    output: float


@dataclass(frozen=True)
class Inside:
    """An experiment with the weights of one moment, and everything that flows through its network there."""

    experiment: Experiment
    trace: Trace

    def tap(self, layer: int, what: str) -> Tensor:
        """What flowed through a tap of a layer, on the CPU, without what is no number."""
        return torch.nan_to_num(self.trace[f"layers.{layer}.{what}"]).cpu()

    def coefficients(self, layer: int) -> tuple[Tensor, Tensor, Tensor]:
        """(to, source, coefficient) of every message of a layer, each (M,)."""
        model = self.experiment.model
        if self.experiment.config.coefficients == "gat":
            return model.to_nodes.cpu(), model.from_nodes.cpu(), self.tap(layer, "coefficients")
        matrix = model.matrix.cpu()
        return *matrix.indices(), matrix.values()


def inside(config: Config, snapshot: Snapshot) -> Inside:
    """The inside of the network of a moment: one forward pass."""
    return Inside(*at_moment(config, snapshot))


def explain_node(seen: Inside, node: int, layer: int, channel: int) -> NodeSum:
    """Every product that makes up channel `channel` of `node` in layer `layer` (0 first).

    Channels beyond the layer's last are its last. IndexError for a node or a layer that is not there.
    """
    experiment = seen.experiment
    if not 0 <= node < len(experiment.graph) or not 0 <= layer < experiment.config.depth:
        raise IndexError(f"no node {node} or no layer {layer}")
    projected = seen.tap(layer, "projected")
    channel = min(channel, projected.shape[1] - 1)
    degrees = experiment.graph.degrees + 1
    messages = []
    for neighbour, coefficient in reaching(seen, node, layer):
        value = projected[neighbour, channel].item()
        messages.append(Message(neighbour, coefficient, value, coefficient * value, int(degrees[neighbour])))
    messages.sort(key=lambda message: -abs(message.product))
    before = experiment.features.cpu() if layer == 0 else seen.tap(layer - 1, "output")
    return NodeSum(
        layer, channel, projected.shape[1], node, int(degrees[node]), tuple(messages),
        seen.tap(layer, "summed")[node, channel].item(),
        before[node, channel].item() if experiment.model.layers[layer].shortcut else None,
        seen.tap(layer, "output")[node, channel].item(),
    )  # fmt: skip


def reaching(seen: Inside, node: int, layer: int) -> list[tuple[int, float]]:
    """(neighbour, coefficient) of everything that reaches a node in a layer, the node itself too, the largest first."""
    to, source, values = seen.coefficients(layer)
    chosen = to == node
    pairs = list(zip(source[chosen].tolist(), values[chosen].tolist(), strict=True))
    return sorted(pairs, key=lambda pair: -pair[1])


def signal(seen: Inside, node: int, steps: int = SIGNAL_STEPS) -> np.ndarray:
    """(steps + 1, N) float32: a 1 at one node, then what it has become after every step of propagation.

    Every step takes the coefficients of the first layer; with those of the GCN this is Âᵏ e.
    """
    to, source, values = seen.coefficients(0)
    flowing = torch.zeros(len(seen.experiment.graph))
    flowing[node] = 1.0
    moments = [flowing]
    for _ in range(steps):
        flowing = torch.zeros_like(flowing).index_add_(0, to, values * flowing[source])
        moments.append(flowing)
    return torch.stack(moments).numpy()


def stages(seen: Inside, channel: int) -> list[tuple[str, int, np.ndarray]]:
    """(what, layer, (N,) float32) for one channel on its way through the network: HW, ÂHW and the output of every
    layer. Channels beyond a layer's last are its last."""
    found = []
    for layer in range(seen.experiment.config.depth):
        for what in ("projected", "summed", "output"):
            values = seen.tap(layer, what)
            found.append((what, layer, values[:, min(channel, values.shape[1] - 1)].float().numpy()))
    return found


def smoothing_of(seen: Inside) -> tuple[list[float], list[float]]:
    """(mean cosine distance, Dirichlet energy) of the features and every layer."""
    return smoothing(seen.experiment, seen.trace)


def node_formulas(config: Config, made: NodeSum, name: str) -> list[str]:
    """The layer's equation, the strongest message's coefficient, and the sum with its numbers, as LaTeX."""
    below = "X" if made.layer == 0 else f"H^{{({made.layer})}}"
    number = made.layer + 1
    matrix = {"gcn": r"\hat A", "mean": r"\tilde D^{-1}\tilde A", "sum": r"\tilde A", "none": "I", "gat": r"\alpha"}[
        config.coefficients
    ]
    sigma = {"relu": r"\mathrm{ReLU}", "tanh": r"\tanh", "identity": ""}[config.activation]
    inner = rf"{matrix}\, {below}\, W^{{({number})}}"
    whole = inner if number == config.depth or not sigma else rf"{sigma}\left({inner}\right)"
    if made.shortcut is not None:
        whole += f" + {below}"
    first = made.messages[0]
    coefficient = {
        "gcn": rf"\frac{{1}}{{\sqrt{{{made.degree} \cdot {first.degree}}}}}",
        "mean": rf"\frac{{1}}{{{made.degree}}}", "sum": "1", "none": "1", "gat": f"{first.coefficient:.4f}",
    }[config.coefficients]  # fmt: skip
    shown = made.messages[:2]
    terms = " + ".join(rf"{message.coefficient:.3f} \cdot {_bracketed(message.value)}" for message in shown)
    rest = r" + \cdots" if len(made.messages) > len(shown) else ""
    left = "Z" if number == config.depth else f"H^{{({number})}}"
    return [
        rf"{left} = {whole}",
        rf"\text{{{_text(name)}}}:\quad {coefficient} \cdot {_bracketed(first.value)} = {first.product:.4f}",
        rf"{terms}{rest} = {made.total:.4f}",
    ]


def update_formula(config: Config, known_count: int, loss: float) -> str:
    """The loss of the last step with its number, as LaTeX."""
    value = f"{loss:.4f}" if math.isfinite(loss) else r"\text{–}"
    return (
        rf"L = -\frac{{1}}{{{known_count}}} \sum_{{i \in \text{{known}}}} \ln p_{{i, y_i}} = {value},\qquad "
        rf"p_i = \mathrm{{softmax}}(z_i)"
    )


def _bracketed(value: float) -> str:
    return f"({value:.3f})" if value < 0 else f"{value:.3f}"


def _text(name: str) -> str:
    """A reader's name inside \\text{}: letters that mean something to LaTeX stand for themselves."""
    return "".join(_IN_TEXT.get(letter, letter) for letter in name)

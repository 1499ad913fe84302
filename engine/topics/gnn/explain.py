"""Graph neural networks: where one number comes from, and how a signal spreads."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

from engine.models.graph.gcn import propagation_matrix
from engine.training.fit import Snapshot

from .card import Config
from .run import at_moment, graph_of, smoothing

SIGNAL_STEPS = 12


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


@torch.no_grad()
def explain_node(config: Config, snapshot: Snapshot, node: int, layer: int, channel: int) -> NodeSum:
    """Every product that makes up channel `channel` of `node` in layer `layer` (0 first) at a moment.

    Channels beyond the layer's last are its last. IndexError for a node or a layer that is not there.
    """
    experiment, trace = at_moment(config, snapshot)
    if not 0 <= node < len(experiment.graph) or not 0 <= layer < config.depth:
        raise IndexError(f"no node {node} or no layer {layer}")
    module = experiment.model.layers[layer]
    projected = torch.nan_to_num(trace[f"layers.{layer}.projected"]).cpu()
    channel = min(channel, projected.shape[1] - 1)
    matrix = experiment.model.matrix.cpu()
    (to, source), coefficients = matrix.indices(), matrix.values()
    chosen = to == node
    degrees = experiment.graph.degrees + 1
    messages = []
    for neighbour, coefficient in zip(source[chosen].tolist(), coefficients[chosen].tolist(), strict=True):
        value = projected[neighbour, channel].item()
        messages.append(Message(neighbour, coefficient, value, coefficient * value, int(degrees[neighbour])))
    messages.sort(key=lambda message: -abs(message.product))
    before = experiment.features if layer == 0 else trace[f"layers.{layer - 1}.output"]
    return NodeSum(
        layer, channel, projected.shape[1], node, int(degrees[node]), tuple(messages),
        trace[f"layers.{layer}.summed"][node, channel].item(),
        before[node, channel].item() if module.shortcut else None,
        trace[f"layers.{layer}.output"][node, channel].item(),
    )  # fmt: skip


def coefficients_of(config: Config, node: int) -> list[tuple[int, float]]:
    """(neighbour, coefficient) of everything that reaches a node in one step, the largest first."""
    matrix = _matrix(config)
    (to, source), values = matrix.indices(), matrix.values()
    chosen = to == node
    pairs = list(zip(source[chosen].tolist(), values[chosen].tolist(), strict=True))
    return sorted(pairs, key=lambda pair: -pair[1])


def signal(config: Config, node: int, steps: int = SIGNAL_STEPS) -> np.ndarray:
    """(steps + 1, N) float32: a 1 at one node, then after every step of propagation: Âᵏ e."""
    matrix = _matrix(config)
    flowing = torch.zeros(matrix.shape[0], 1)
    flowing[node] = 1.0
    moments = [flowing]
    for _ in range(steps):
        flowing = torch.sparse.mm(matrix, flowing)
        moments.append(flowing)
    return torch.cat(moments, 1).T.numpy()


@torch.no_grad()
def stages(config: Config, snapshot: Snapshot, channel: int) -> list[tuple[str, int, np.ndarray]]:
    """(what, layer, (N,) float32) for one channel on its way through the network: HW, ÂHW and the output of every
    layer. Channels beyond a layer's last are its last."""
    _, trace = at_moment(config, snapshot)
    found = []
    for layer in range(config.depth):
        for what in ("projected", "summed", "output"):
            values = torch.nan_to_num(trace[f"layers.{layer}.{what}"]).cpu()
            found.append((what, layer, values[:, min(channel, values.shape[1] - 1)].float().numpy()))
    return found


def smoothing_of(config: Config, snapshot: Snapshot) -> tuple[list[float], list[float]]:
    """(mean cosine distance, Dirichlet energy) of the features and every layer at a moment."""
    return smoothing(*at_moment(config, snapshot))


def node_formulas(config: Config, made: NodeSum, name: str) -> list[str]:
    """The layer's equation, the strongest message's coefficient, and the sum with its numbers, as LaTeX."""
    below = "X" if made.layer == 0 else f"H^{{({made.layer})}}"
    number = made.layer + 1
    matrix = {"gcn": r"\hat A", "mean": r"\tilde D^{-1}\tilde A", "sum": r"\tilde A", "none": "I"}[config.coefficients]
    sigma = {"relu": r"\mathrm{ReLU}", "tanh": r"\tanh", "identity": ""}[config.activation]
    inner = rf"{matrix}\, {below}\, W^{{({number})}}"
    whole = inner if number == config.depth or not sigma else rf"{sigma}\left({inner}\right)"
    if made.shortcut is not None:
        whole += f" + {below}"
    first = made.messages[0]
    coefficient = {
        "gcn": rf"\frac{{1}}{{\sqrt{{{made.degree} \cdot {first.degree}}}}}",
        "mean": rf"\frac{{1}}{{{made.degree}}}", "sum": "1", "none": "1",
    }[config.coefficients]  # fmt: skip
    shown = made.messages[:3]
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


def _matrix(config: Config) -> torch.Tensor:
    graph = graph_of(config)
    return propagation_matrix(graph.edges, len(graph), config.coefficients)


def _bracketed(value: float) -> str:
    return f"({value:.3f})" if value < 0 else f"{value:.3f}"


def _text(name: str) -> str:
    """A reader's name inside \\text{}: without the letters that mean something to LaTeX."""
    return "".join(letter for letter in name if letter not in "\\{}$%#&_^~")

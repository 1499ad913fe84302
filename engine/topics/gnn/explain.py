"""Graph neural networks: where one number comes from, and how a signal spreads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from engine.contracts.blocks import Amount, Block, Press, Say, Table
from engine.contracts.formula import Formula, added, aligned, bracketed, rest_of, written
from engine.contracts.words import Number, Percent, Words
from engine.training.fit import Snapshot

from .card import MOST_BY_HAND, Config, by_hand
from .run import Inside, Result, graph_of, inside, smoothing

__all__ = ["inside"]  # what the page needs of the run, through what explains it

SIGNAL_STEPS = 12
_IN_TEXT = {letter: rf"\{letter}" for letter in "{}$%#&_"} | {
    ":": ":{}",  # Streamlit takes :material/name: for an icon even in a formula
    "\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
}  # fmt: skip
MOST_MESSAGES = 9  # rows of a table; what the others add is one row more
STAGES = {
    "projected": "layer {layer}: times the weights",
    "summed": "layer {layer}: summed over neighbours",
    "output": "layer {layer}: after the activation",
}
ABOUT_SIGNAL_ALONE = (
    "A 1 stands at node **{name}**, 0 everywhere else. Neighbours is set to none: nothing is summed along "
    "the edges, the 1 stays where it is, and however many layers there are, no node hears of another."
)
ABOUT_SIGNAL = (
    "A 1 stands at node **{name}**, 0 everywhere else. Every step multiplies by the propagation matrix: "
    "each node becomes a weighted sum of itself and its neighbours. After k steps exactly those nodes are "
    "reached that lie at most k edges away. That is what k layers can see."
)
ABOUT_NETWORK = (
    "One channel of every layer: first each node's numbers are multiplied by the weights, node by node; "
    "then neighbours are summed along the edges; then the activation acts. Only the second of these lets "
    "nodes hear of each other. Last come the logits."
)
ABOUT_DEPTHS = "Depths 1 to 16, three first weights each, {steps} steps; the means appear as they come."
ABOUT_SMOOTHING = (
    "Distance: mean of 1 − cos over all pairs of nodes (Chen et al. 2020); 0: all nodes say the same, if not "
    "equally loud. Energy: squared differences of h/√d̃ across edges, over the squared size of h (Cai and Wang "
    "2020); 0: connected nodes say the same, each as loud as √d̃, which is where Â leaves everything as it is."
)
FUNCTIONS = {"relu": r"\operatorname{ReLU}", "tanh": r"\tanh", "identity": ""}


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


def explain_node(activations: Inside, node: int, layer: int, channel: int) -> NodeSum:
    """Every product that makes up channel `channel` of `node` in layer `layer` (0 first).

    Channels beyond the layer's last are its last. IndexError for a node or a layer that is not there.
    """
    graph = activations.graph
    if not 0 <= node < len(graph) or not 0 <= layer < activations.config.depth:
        raise IndexError(f"no node {node} or no layer {layer}")
    projected = activations.tap(layer, "projected")
    channel = min(channel, projected.shape[1] - 1)
    degrees = graph.degrees + 1
    messages = []
    for neighbour, coefficient in reaching(activations, node, layer):
        value = projected[neighbour, channel].item()
        messages.append(Message(neighbour, coefficient, value, coefficient * value, int(degrees[neighbour])))
    messages.sort(key=lambda message: -abs(message.product))
    before = graph.features if layer == 0 else activations.tap(layer - 1, "output")
    return NodeSum(
        layer, channel, projected.shape[1], node, int(degrees[node]), tuple(messages),
        activations.tap(layer, "summed")[node, channel].item(),
        before[node, channel].item() if activations.shortcuts[layer] else None,
        activations.tap(layer, "output")[node, channel].item(),
    )  # fmt: skip


def reaching(activations: Inside, node: int, layer: int) -> list[tuple[int, float]]:
    """(neighbour, coefficient) of everything that reaches a node in a layer, the node itself too, the largest first."""
    to, source, values = activations.coefficients(layer)
    chosen = to == node
    pairs = list(zip(source[chosen].tolist(), values[chosen].tolist(), strict=True))
    return sorted(pairs, key=lambda pair: -pair[1])


def signal(activations: Inside, node: int, steps: int = SIGNAL_STEPS) -> np.ndarray:
    """(steps + 1, N) float32: a 1 at one node, then what it has become after every step of propagation.

    Every step takes the coefficients of the first layer; with those of the GCN this is Âᵏ e.
    """
    to, source, values = activations.coefficients(0)
    flowing = torch.zeros(len(activations.graph))
    flowing[node] = 1.0
    moments = [flowing]
    for _ in range(steps):
        flowing = torch.zeros_like(flowing).index_add_(0, to, values * flowing[source])
        moments.append(flowing)
    return torch.stack(moments).numpy()


def stages(activations: Inside, channel: int) -> list[tuple[str, int, np.ndarray]]:
    """(what, layer, (N,) float32) for one channel on its way through the network: HW, ÂHW and the output of every
    layer. Channels beyond a layer's last are its last."""
    steps = []
    for layer in range(activations.config.depth):
        for what in ("projected", "summed", "output"):
            values = activations.tap(layer, what)
            steps.append((what, layer, values[:, min(channel, values.shape[1] - 1)].float().numpy()))
    return steps


@dataclass(frozen=True)
class Flow:
    """(T, N) numbers on the nodes, moment after moment, what to call each moment, and what it is about."""

    values: np.ndarray
    marks: tuple[str, ...]
    alt: str
    about: str


def signal_flow(activations: Inside, node: int) -> Flow:
    """A 1 at one node as it spreads, see `signal`."""
    values = signal(activations, node)
    marks = (
        Words("k = {k}: nodes reached {count}, highest {high}", k=k, count=int((moment != 0).sum()),
              high=Number(float(moment.max())))
        for k, moment in enumerate(values)
    )  # fmt: skip
    alone = activations.config.coefficients == "none"
    about = Words(ABOUT_SIGNAL_ALONE if alone else ABOUT_SIGNAL, name=activations.name(node))
    return Flow(values, tuple(marks), Words("How far a 1 at the picked node has spread"), about)


def network_flow(activations: Inside, channel: int) -> Flow:
    """One channel on its way through the network, see `stages`."""
    steps = stages(activations, channel)
    marks = tuple(Words(STAGES[what], layer=layer + 1) for what, layer, _ in steps)
    values = np.stack([values for _, _, values in steps])
    return Flow(values, marks, Words("One channel on its way through the network"), Words(ABOUT_NETWORK))


def smoothing_of(activations: Inside) -> tuple[list[float], list[float]]:
    """(mean cosine distance, Dirichlet energy) of the features and every layer."""
    return smoothing(activations)


def node_formulas(config: Config, made: NodeSum, name: str) -> list[Formula]:
    """The layer's equation, the strongest message with its coefficient, and the sum and what becomes of it."""
    below = "X" if made.layer == 0 else f"H^{{({made.layer})}}"
    number = made.layer + 1
    matrix = {"gcn": r"\hat A", "mean": r"\tilde D^{-1}\tilde A", "sum": r"\tilde A", "none": "I", "gat": r"\alpha"}[
        config.coefficients
    ]
    inner = rf"{matrix}\, {below}\, W^{{({number})}}"
    function = "" if number == config.depth else FUNCTIONS[config.activation]
    whole = rf"{function}\left({inner}\right)" if function else inner
    if made.shortcut is not None:
        whole += f" + {below}"
    first = made.messages[0]
    coefficient = {
        "gcn": rf"\frac{{1}}{{\sqrt{{{made.degree} \cdot {first.degree}}}}}",
        "mean": rf"\frac{{1}}{{{made.degree}}}", "sum": "1", "none": "1", "gat": written(first.coefficient),
    }[config.coefficients]  # fmt: skip
    messages, left = made.messages[:2], made.messages[2:]
    terms = " + ".join(rf"{written(one.coefficient, 3)} \cdot {bracketed(one.value)}" for one in messages)
    rows = [
        rf"\text{{{_text(name)}}}:\quad {coefficient} \cdot {bracketed(first.value, 4)} &= {written(first.product)}",
        rf"{terms}{rest_of([one.product for one in left])} &= {written(made.total)}",
    ]
    if function or made.shortcut is not None:
        end = rf"{function}({written(made.total)})" if function else written(made.total)
        if made.shortcut is not None:
            end += " " + added(made.shortcut)
        rows.append(rf"{end} &= {written(made.output)}")
    return [Formula(f"{'Z' if number == config.depth else f'H^{{({number})}}'} = {whole}"), aligned(rows)]


def update_formula(known_count: int, loss: float) -> Formula:
    """The loss of the last step with its number."""
    return Formula(
        rf"L = -\frac{{1}}{{{known_count}}} \sum_{{i \in \text{{known}}}} \ln p_{{i, y_i}} = {written(loss)},\qquad "
        rf"p_i = \operatorname{{softmax}}(z_i)"
    )


def about_plane(config: Config, moment: Snapshot) -> str:
    """What the plane shows, and how much of it."""
    layer = Words("Last hidden layer") if config.depth > 1 else Words("Logits")
    return Words("{layer} · shown: {share} of its variance", layer=layer, share=Percent(moment.values["share"], 0))


def class_names(config: Config) -> list[str]:
    """The classes as the reader knows them."""
    if config.data == "karate":
        return [Words("Mr. Hi"), Words("John A")]
    return list(graph_of(config).classes)


def channel_names(config: Config, made: NodeSum) -> list[str]:
    """The channels of a layer: numbers, and in the last layer the classes."""
    if made.layer == config.depth - 1:
        return class_names(config)
    return [str(number + 1) for number in range(made.channels)]


def message_table(activations: Inside, made: NodeSum) -> Table:
    """Coefficient, value and product of everything that reaches a node, the largest product first, and their sum."""
    most = max(abs(message.product) for message in made.messages) or 1.0
    rows: list[tuple] = [
        (
            Words("itself") if message.node == made.node else activations.name(message.node),
            Number(message.coefficient), Number(message.value), Amount(message.product, message.product / most),
        )
        for message in made.messages[:MOST_MESSAGES]
    ]  # fmt: skip
    if rest := made.messages[MOST_MESSAGES:]:
        added_up = Number(sum(message.product for message in rest))
        rows.append((Words("and {count} more", count=len(rest)), "", "", added_up))
    head = (Words("reached by"), Words("coefficient"), Words("value (HW)"), Words("product"))
    return Table(head, rows, (Words("sum"), "", "", Number(made.total, 4)))


def label_button(activations: Inside, node: int) -> Block:
    """Give a node's label to the network, or take it away."""
    config = activations.config
    label = int(activations.graph.labels[node])
    if label < 0:
        return Say("Nobody knows this node's class.", style="small")
    data, nodes = by_hand(config.labels)
    chosen = set(nodes if data == config.data else ()) ^ {node}
    words = "Take away its label, {name}" if activations.known[node] else "Tell the network its label, {name}"
    labels = ".".join([config.data, *map(str, sorted(chosen))]) if chosen else ""
    return Press("label", Words(words, name=class_names(config)[label]), {"labels": labels}, icon="label",
                 enabled=len(chosen) <= MOST_BY_HAND)  # fmt: skip


def _text(name: str) -> str:
    """A reader's name inside \\text{}: letters that mean something to LaTeX stand for themselves."""
    return "".join(_IN_TEXT.get(letter, letter) for letter in name)


def formulas(result: Result) -> list[Formula]:
    """The loss with the numbers of this moment."""
    return [update_formula(int(result.known.sum()), float(result.loss[-1]))]

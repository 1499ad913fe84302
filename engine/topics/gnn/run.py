"""Graph neural networks: the experiment."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from engine.contracts.axes import axes, note, result
from engine.contracts.embed import embedded
from engine.data.graph_texts.example import EXAMPLE
from engine.data.graph_texts.keys import graph_of as given_graph
from engine.data.graph_texts.reading import read_graph
from engine.data.graphs import Graph, block_model, karate_club, own_graph
from engine.instrument.smoothing import dirichlet_energy, mean_cosine_distance
from engine.instrument.trace import Trace, record
from engine.machinery.device import current_device
from engine.models.graph.gat import GAT
from engine.models.graph.gcn import GCN, propagation_matrix
from engine.training.fit import Snapshot, fit, seeded
from engine.training.moments import history, moments_of, restore
from engine.training.own_weights import start_from

from .card import Config, by_hand

UNKNOWN = -100  # the target that cross_entropy leaves out
ROUNDING = 1e-6  # of the largest number: what sums in float32 may be off by


@result
class Result:
    """A network after `steps` steps on its graph, its answers and the history of its training."""

    edges: Tensor = axes("edge end", "the two nodes of each edge")
    labels: Tensor = axes("node", "class of each node; -1 where nobody knows")
    known: Tensor = axes("node", "whether the network was told the label")
    features: Tensor = axes("node feature", "what the network is given about each node")
    probabilities: Tensor = axes("node class", "the network's answer", unit="probability")
    hidden: Tensor = axes("node channel", "last hidden layer: each node as the last layer sees it")
    embedding: Tensor = axes("node direction", "the same in the two directions in which the nodes differ most")
    share: Tensor = axes("", "share of the hidden layer's variance that these two directions hold")
    cosine_distance: Tensor = axes("stage", "mean cosine distance of all pairs of nodes: features, then every layer")
    energy: Tensor = axes("stage", "Dirichlet energy over squared size: features, then every layer")
    step: Tensor = axes("moment", "optimiser step of each moment looked at", unit="step")
    loss: Tensor = axes("moment", "mean loss over the nodes whose label was given", unit="nat", gaps=True)
    known_accuracy: Tensor = axes("moment", "share named rightly of the nodes whose label was given", gaps=True)
    other_accuracy: Tensor = axes("moment", "share named rightly of the nodes whose label was not given", gaps=True)
    weights: tuple[np.ndarray, ...] = note("all weights, layer by layer")
    positions: np.ndarray = note("where the nodes are drawn")
    graph: Graph = note("the graph")


def graph_of(config: Config) -> Graph:
    """The graph of a Config, the same object for all Configs that mean the same graph."""
    match config.data:
        case "blocks":
            return _blocks(config.nodes, config.classes, config.degree, config.within, config.noise, config.seed)
        case "own":
            return _own(config.graph)
    return karate_club(config.data == "communities")


@lru_cache(maxsize=8)
def _blocks(nodes: int, classes: int, degree: float, within: float, noise: float, seed: int) -> Graph:
    with seeded(seed) as generator:
        return block_model(nodes, classes, degree, within, noise, generator)


@lru_cache(maxsize=8)
def _own(graph: str) -> Graph:
    return own_graph(*given(Config(data="own", graph=graph)))


@embedded
def given(config: Config) -> tuple[tuple[str, ...], np.ndarray, np.ndarray, tuple[str, ...]]:
    """The reader's graph: names of the nodes, edges (E, 2), classes (N,) of the nodes, -1 for none, names of the
    classes. An example where there is none yet. KnobError if it is not on this server or cannot be read."""
    graph = given_graph(config.graph) if config.graph else read_graph(EXAMPLE)
    return graph.names, np.array(graph.edges, np.int64), np.array(graph.labels, np.int64), graph.classes


def known_nodes(config: Config, graph: Graph) -> Tensor:
    """(N,) bool: the nodes whose label the network is told.

    Of each class the best connected, in the block model random ones; then those that the reader gave or took away.
    """
    with seeded(config.seed + 30_000) as generator:
        order = torch.randperm(len(graph), generator=generator)
    if config.data != "blocks":
        order = graph.degrees.argsort(descending=True, stable=True)
    known = torch.zeros(len(graph), dtype=torch.bool)
    for label in range(len(graph.classes)):
        known[order[graph.labels[order] == label][: config.known]] = True
    data, nodes = by_hand(config.labels)
    for node in nodes:
        if data == config.data and node < len(graph) and graph.labels[node] >= 0:
            known[node] = ~known[node]
    return known


class Experiment:
    """Graph and model of one Config, freshly made; equal Configs make equal Experiments.

    draw: number of the draw of the first weights; others than 0 are for repetitions.
    """

    def __init__(self, config: Config, draw: int = 0):
        self.config, device = config, current_device()
        self.graph = graph = graph_of(config)
        self.known = known_nodes(config, graph)
        self.others = ~self.known & (graph.labels >= 0)  # the nodes whose answer is scored
        self.features = graph.features.to(device)
        self.targets = graph.labels.where(self.known, UNKNOWN).to(device)
        sizes = [graph.features.shape[1], *[config.width] * (config.depth - 1), len(graph.classes)]
        with seeded(config.seed + 10_000 + 7919 * draw) as generator:
            rest = sizes, config.activation, config.shortcut, generator
            if config.coefficients == "gat":
                self.model = GAT(graph.edges.to(device), len(graph), *rest)
            else:
                matrix = propagation_matrix(graph.edges, len(graph), config.coefficients)
                self.model = GCN(matrix.to(device), *rest)
        start_from(self.model, config)
        self.model.to(device)

    def loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Cross-entropy in nats, the mean over the nodes whose label was given; 0 if there is none."""
        return F.cross_entropy(logits, targets, ignore_index=UNKNOWN, reduction="sum") / max(1, int(self.known.sum()))

    def accuracy(self, logits: Tensor, nodes: Tensor) -> float:
        """Share of these nodes that are named rightly; NaN for none."""
        if not nodes.any():
            return math.nan
        return (logits.cpu().argmax(1) == self.graph.labels)[nodes].float().mean().item()

    @torch.no_grad()
    def observe(self, step: int) -> Mapping[str, Any]:
        """All that the page shows of one moment, as small NumPy arrays."""
        trace = self.look()
        logits = trace[f"layers.{self.config.depth - 1}.output"]
        places, share = plane_of(self.hidden(trace), self.graph.positions)
        return {
            "probabilities": np.round(_finite(logits.softmax(1)).cpu().numpy() * 255).astype(np.uint8),
            "embedding": places.float().numpy(),
            "share": share,
            "weights": tuple(part.detach().cpu().numpy().copy() for part in self.model.parameters()),
            "loss": self.loss(logits, self.targets).item(),
            "known_accuracy": self.accuracy(logits, self.known),
            "other_accuracy": self.accuracy(logits, self.others),
        }

    @torch.no_grad()
    def look(self) -> Trace:
        """One forward pass with everything that flows through the taps."""
        with record(self.model) as trace:
            self.model(self.features)
        return trace

    def hidden(self, trace: Trace) -> Tensor:
        """(N, C): what the last layer reads; of a network with one layer, what it answers."""
        return hidden_of(trace, self.config.depth)

    def train(self, steps: int, snapshot_every: int = 5) -> Iterator[Snapshot]:
        optimizer = torch.optim.Adam(
            self.model.parameters(), lr=self.config.learning_rate, weight_decay=self.config.weight_decay
        )
        yield from fit(
            self.model, itertools.repeat((self.features, self.targets)), self.loss, optimizer, observe=self.observe,
            steps=steps, snapshot_every=snapshot_every,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Inside:
    """Everything that flows through the network at one moment, on the CPU.

    All who ask for a moment share it, so nothing in it is ever written to.

    known (N,) bool. trace: what flowed through each tap. to, source (M,): the ends of every message; coefficients (M,),
    where they are the same in every layer. shortcuts: of each layer, whether it adds its input to its output.
    """

    config: Config
    graph: Graph
    known: Tensor
    trace: Mapping[str, Tensor]
    to: Tensor
    source: Tensor
    same_coefficients: Tensor | None
    shortcuts: tuple[bool, ...]

    def tap(self, layer: int, what: str) -> Tensor:
        """What flowed through a tap of a layer, without what is no number."""
        return torch.nan_to_num(self.trace[f"layers.{layer}.{what}"])

    def node(self, asked: int) -> int:
        """The node asked for; the last one where there are fewer."""
        return min(asked, len(self.graph) - 1)

    def name(self, node: int) -> str:
        """What a node is called."""
        return self.graph.names[node]

    def coefficients(self, layer: int) -> tuple[Tensor, Tensor, Tensor]:
        """(to, source, coefficient) of every message of a layer, each (M,)."""
        same = self.same_coefficients
        return self.to, self.source, self.tap(layer, "coefficients") if same is None else same


def inside(config: Config, snapshot: Snapshot) -> Inside:
    """The inside of the network of a moment: one forward pass, kept for whoever asks for the same moment next.

    It does not depend on how far the Config says that the training goes.
    """
    return _inside(replace(config, steps=0), snapshot)


@lru_cache(maxsize=2)  # one holds up to 24 MB: a GAT of 16 layers of 64 channels on 2,000 nodes
def _inside(config: Config, snapshot: Snapshot) -> Inside:
    experiment = Experiment(config)
    model, graph = experiment.model, experiment.graph
    restore(model, snapshot.values["weights"])
    trace = {name: values.cpu() for name, values in experiment.look().items()}
    shortcuts = tuple(layer.shortcut for layer in model.layers)
    if config.coefficients == "gat":
        messages = model.to_nodes.cpu(), model.from_nodes.cpu(), None
    else:
        matrix = model.matrix.cpu()
        messages = *matrix.indices(), matrix.values()
    return Inside(config, graph, experiment.known, trace, *messages, shortcuts)


def hidden_of(trace: Mapping[str, Tensor], depth: int) -> Tensor:
    """(N, C): what the last layer reads; of a network with one layer, what it answers."""
    return _finite(trace[f"layers.{max(0, depth - 2)}.output"]).cpu()


def plane_of(hidden: Tensor, positions: Tensor) -> tuple[Tensor, float]:
    """(N, C) -> ((N, 2), share): the two principal components, turned so that nodes lie as they do in the drawing.

    A turn or a mirror image changes no distance (Schönemann 1966). So the picture depends on this moment alone and yet
    moves smoothly. share: of the variance that the two components hold; 1 where there is none. Nodes that differ by no
    more than float32 rounds are in one place.
    """
    centred = hidden.double() - hidden.double().mean(0)
    if centred.abs().max() <= ROUNDING * hidden.abs().max():
        return torch.zeros(len(hidden), 2, dtype=torch.double), 1.0
    variances, directions = torch.linalg.eigh(centred.T @ centred)
    places = centred @ directions[:, -2:].flip(1)
    if places.shape[1] == 1:
        places = F.pad(places, (0, 1))
    drawn = positions.double() - positions.double().mean(0)
    left, _, right = torch.linalg.svd(places.T @ drawn)
    total = variances.clamp(min=0).sum().item()
    share = variances[-2:].clamp(min=0).sum().item() / total if total > 0 else 1.0
    return places @ left @ right, share


def network(config: Config, result: Result | None = None) -> GCN | GAT:
    """The network of a Config with the weights of a Result; without one, before its first step."""
    model = Experiment(config).model
    if result is not None:
        restore(model, result.weights)
    return model


def stream(config: Config) -> Iterator[Snapshot]:
    """Train the network of `config` and yield what it looks like; takes `.send(steps)` like every stream."""
    return Experiment(config).train(max(config.until, config.steps))


def first(config: Config) -> Snapshot:
    """The network of `config` before its first step."""
    return next(Experiment(config).train(0))


def run(config: Config) -> Result:
    """Train to `config.steps` and return everything about the network there."""
    return result_of(config, moments_of(Experiment(config).train, config.steps))


def result_of(config: Config, moments: Sequence[Snapshot]) -> Result:
    """The Result of a run from its snapshots; the last one holds the weights."""
    activations = inside(config, moments[-1])
    graph, hidden = activations.graph, hidden_of(activations.trace, config.depth)
    places, share = plane_of(hidden, graph.positions)
    distances, energies = smoothing(activations)
    logits = _finite(activations.trace[f"layers.{config.depth - 1}.output"])

    return Result(
        edges=graph.edges,
        labels=graph.labels,
        known=activations.known,
        features=graph.features,
        probabilities=logits.softmax(1),
        hidden=hidden,
        embedding=places.float(),
        share=torch.tensor(share),
        cosine_distance=torch.tensor(distances),
        energy=torch.tensor(energies),
        step=torch.tensor([moment.step for moment in moments]),
        loss=history(moment.values["loss"] for moment in moments),
        known_accuracy=history(moment.values["known_accuracy"] for moment in moments),
        other_accuracy=history(moment.values["other_accuracy"] for moment in moments),
        weights=moments[-1].values["weights"],
        positions=graph.positions.numpy(),
        graph=graph,
    )


def smoothing(activations: Inside) -> tuple[list[float], list[float]]:
    """(mean cosine distance, Dirichlet energy) of the features and of every layer's output."""
    stages = [
        activations.graph.features,
        *(activations.trace[f"layers.{k}.output"] for k in range(activations.config.depth)),
    ]
    stages = [_finite(stage) for stage in stages]
    edges = activations.graph.edges
    return [mean_cosine_distance(h) for h in stages], [dirichlet_energy(h, edges) for h in stages]


def _finite(values: Tensor) -> Tensor:
    return torch.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)

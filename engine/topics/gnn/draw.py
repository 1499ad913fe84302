"""Graph neural networks: arrays to pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from engine.contracts.film import Film, still_frames
from engine.contracts.words import Percent, Words
from engine.data.graphs import Graph
from engine.pictures.curves.values import Curve, CurvesPicture, Level
from engine.pictures.graph.values import GraphPicture, graph_still
from engine.pictures.pixels.values import PixelPicture
from engine.training.fit import Snapshot

from .card import Config
from .explain import Flow, class_names
from .run import Result, graph_of, known_nodes

MOST_MOVING_EDGES = 1500  # between points of a plane; more than these would hide the points
Messages = Sequence[tuple[int, float]]  # what reaches the picked node, see `explain.reaching`


def graph(config: Config, film: Film, messages: Messages = ()) -> GraphPicture:
    """What the network says of every node at each moment, on the graph."""
    alt = Words("The graph: every node in the colour of the network's answer")
    data = graph_of(config)
    return _answers(config, film, data.positions.numpy(), data.edges.numpy(), messages, alt)


def plane(config: Config, film: Film, messages: Messages = ()) -> GraphPicture:
    """The same where the last hidden layer puts the nodes."""
    alt = Words("The same nodes where the last hidden layer puts them")
    edges = graph_of(config).edges.numpy()
    edges = edges if len(edges) <= MOST_MOVING_EDGES else edges[:0]
    return _answers(config, film, film.stack("embedding").astype(np.float32), edges, messages, alt, plane=True)


def _answers(config, film, places, edges, messages, alt, plane=False) -> GraphPicture:
    data = graph_of(config)
    return GraphPicture(
        places, edges, film.stack("probabilities"), data.names, alt, classes=class_names(config),
        known=known_nodes(config, data).numpy(), truth=data.labels.numpy(), messages=messages, frames=film.frames,
        plane=plane, legend=not plane,
    )  # fmt: skip


def flow(config: Config, flowing: Flow, step: int = 0) -> GraphPicture:
    """Numbers on the graph, each moment in its own range; step: the one to stand at, -1 for the last."""
    data, last = graph_of(config), len(flowing.values) - 1
    frames = replace(still_frames(flowing.values), at=last if step == -1 else min(step, last))
    return GraphPicture(
        data.positions.numpy(), data.edges.numpy(), flowing.values, data.names, flowing.alt,
        value_name=Words("value"), marks=flowing.marks, frames=frames,
    )  # fmt: skip


def curves(config: Config, film: Film) -> dict[str, CurvesPicture]:
    """The loss, and both accuracies, over the steps, beside what guessing would give."""
    count = len(class_names(config))
    loss = np.array([[moment.values["loss"]] for moment in film.moments], np.float32)
    right = np.array([[m.values["known_accuracy"], m.values["other_accuracy"]] for m in film.moments], np.float32)
    lines = [Curve(Words("told"), 2), Curve(Words("not told"), 0, dashed=True)]
    return {
        "curves": CurvesPicture(
            loss, [Curve(Words("loss"), 5)], film.frames, Words("Loss over the steps"), y_label=Words("nat"), low=0.0,
            levels=(Level(math.log(count), Words("guessing: ln {count}", count=count)),),
        ),
        "accuracy": CurvesPicture(
            100 * right, lines, film.frames, Words("Accuracies over the steps"), y_label=Words("% right"), low=0.0,
            high=100.0, levels=(Level(100 / count, Words("guessing: {share}", share=Percent(1 / count, 0))),),
        ),
    }  # fmt: skip


def layers(distances: Sequence[float], energies: Sequence[float]) -> CurvesPicture:
    """How alike the nodes are after every layer."""
    table = np.array([distances, energies], np.float32).T
    lines = [Curve(Words("mean cosine distance"), 0), Curve(Words("Dirichlet energy"), 1, dashed=True)]
    alt = Words("How far apart the nodes are after every layer")
    return CurvesPicture(
        table, lines, still_frames(table, start="last"), alt, Words("layer (0: the features)"), low=0.0
    )


def depths(snapshot: Snapshot | None) -> CurvesPicture | None:
    """Mean accuracy and mean cosine distance over the depths, as far as they were trained; None before the first."""
    some = np.isfinite(snapshot.values["distance"]).any(1) if snapshot is not None else np.zeros(1, bool)
    if not some.any():
        return None
    columns = []
    for name in ("accuracy", "distance"):
        there = np.isfinite(snapshot.values[name])
        columns.append(np.where(there, snapshot.values[name], 0).sum(1) / np.maximum(there.sum(1), 1e-9))
    table = np.stack(columns, 1)[some].astype(np.float32)
    lines = [Curve(Words("accuracy, label not given"), 0), Curve(Words("mean cosine distance"), 1, dashed=True)]
    frames = still_frames(table, start="last", indices=snapshot.values["depth"][some].tolist())
    alt = Words("Accuracy and distance between nodes over the depth")
    return CurvesPicture(table, lines, frames, alt, Words("layers"), low=0.0, high=1.0)


def draw_graph(result: Result) -> PixelPicture:
    """The graph, each node in the colour of the network's answer; a ring of the true class where it is wrong."""
    return _still(result, result.positions, result.edges.numpy(), "The graph, coloured by the network's answer")


def draw_embedding(result: Result, beside: Sequence[Result] = ()) -> PixelPicture:
    """The nodes where the last hidden layer puts them, in its two principal components.

    beside: other Results whose pictures shall have the same scale.
    """
    everywhere = np.concatenate([one.embedding.numpy() for one in (result, *beside)])
    corners = everywhere.min(0), everywhere.max(0)
    alt = "The nodes in the last hidden layer"
    return _still(result, result.embedding.numpy(), result.edges.numpy()[:0], alt, corners)


def _still(
    result: Result,
    places: np.ndarray,
    edges: np.ndarray,
    alt: str,
    corners: tuple[np.ndarray, np.ndarray] | None = None,
) -> PixelPicture:
    graph: Graph = result.graph
    values = np.round(result.probabilities.numpy() * 255).astype(np.uint8)
    return graph_still(
        GraphPicture(places, edges, values, graph.names, alt, classes=graph.classes, truth=graph.labels.numpy()),
        corners=corners,
    )


def draw_curves(result: Result):
    """Loss and both accuracies over the steps."""
    from engine.pictures.chart.figure import lines

    steps = result.step.tolist()
    return lines(
        {
            "loss": (steps, result.loss.tolist()),
            "accuracy, label given": (steps, result.known_accuracy.tolist()),
            "accuracy, label not given": (steps, result.other_accuracy.tolist()),
        },
        x_title="step", y_title="loss (nat), accuracy",
    )  # fmt: skip


def draw_smoothing(result: Result):
    """How alike the nodes are after every layer: mean cosine distance and Dirichlet energy."""
    from engine.pictures.chart.figure import lines

    layers = list(range(len(result.energy)))
    return lines(
        {
            "mean cosine distance": (layers, result.cosine_distance.tolist()),
            "Dirichlet energy / |H|²": (layers, result.energy.tolist()),
        },
        x_title="layer (0: the features)", y_title="",
    )  # fmt: skip

"""Graph neural networks: arrays to pictures."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from engine.data.graphs import Graph
from engine.plots.diagrams import Curve
from engine.plots.graphs import GraphPicture, graph_still
from engine.plots.pixels import Frames, PixelPicture
from engine.training.fit import Snapshot

from .card import MOST_BY_HAND, Config, by_hand
from .depths import DEPTHS, SEEDS
from .run import EXAMPLE, Result, graph_of, known_nodes, result_of

# What the page needs of the data and the run, through its topic.
__all__ = ["DEPTHS", "EXAMPLE", "MOST_BY_HAND", "SEEDS", "by_hand", "graph_of", "known_nodes", "result_of"]
MOST_MOVING_EDGES = 1500  # between points of a plane; more than these would hide the points
Pairs = Sequence[tuple[int, Snapshot]]


def frames_of(pairs: Pairs, run: str, live: bool) -> Frames:
    """The moments of a run that are sent together."""
    steps = [snapshot.step for _, snapshot in pairs]
    return Frames(run, [index for index, _ in pairs], steps, live=live, clock="gnn")


def still_frames(name: str, count: int) -> Frames:
    """Frames 0 … count - 1 of something that is all there, opened at the first, on a clock of its own."""
    return Frames(name, list(range(count)), list(range(count)), clock=name, start="first")


def layout_name(config: Config) -> str:
    """A name for the places of the nodes: new whenever the graph is another."""
    if config.data == "blocks":
        facts = (config.nodes, config.classes, config.degree, config.within, config.seed)
        return "blocks " + " ".join(map(str, facts))
    return f"own {config.graph}" if config.data == "own" else "karate"


def answers(
    config: Config,
    pairs: Pairs,
    frames: Frames,
    *,
    embedding: bool = False,
    messages: Sequence[tuple[int, float]] = (),
    class_names: Sequence[str] | None = None,
    alt: str,
) -> GraphPicture:
    """What the network says of every node at each moment: on the graph, or where the last hidden layer puts the nodes.

    messages: what reaches the picked node, see `explain.coefficients_of`.
    """
    graph = graph_of(config)
    known = known_nodes(config, graph).numpy()
    values = np.stack([snapshot.seen["probabilities"] for _, snapshot in pairs])
    places, edges = graph.positions.numpy(), graph.edges.numpy()
    if embedding:
        places = np.stack([snapshot.seen["embedding"] for _, snapshot in pairs]).astype(np.float32)
        edges = edges if len(edges) <= MOST_MOVING_EDGES else edges[:0]
    return GraphPicture(
        places, edges, values, graph.names, alt, classes=class_names or graph.classes, known=known,
        truth=graph.labels.numpy(), messages=messages, frames=frames, plane=embedding,
    )  # fmt: skip


def flow(
    config: Config, values: np.ndarray, frames: Frames, marks: Sequence[str], *, name: str, alt: str
) -> GraphPicture:
    """(T, N) values on the graph, each moment in its own range."""
    graph = graph_of(config)
    return GraphPicture(
        graph.positions.numpy(), graph.edges.numpy(), values, graph.names, alt, value_name=name,
        marks=marks, frames=frames,
    )  # fmt: skip


def stacked(found: Sequence[tuple[str, int, np.ndarray]]) -> np.ndarray:
    """The values of `explain.stages` as (T, N)."""
    return np.stack([values for _, _, values in found])


def curve_values(pairs: Pairs) -> np.ndarray:
    """(T, 3) loss, accuracy where the label was given, accuracy elsewhere."""
    rows = [[s.seen["loss"], s.seen["known_accuracy"], s.seen["other_accuracy"]] for _, s in pairs]
    return np.array(rows, np.float32)


def curve_lines(names: tuple[str, str, str]) -> list[Curve]:
    """The three lines of `curve_values`, under the names given."""
    return [Curve(names[0], 5), Curve(names[1], 2), Curve(names[2], 0, dashed=True)]


def two_lines(names: tuple[str, str]) -> list[Curve]:
    """The two lines of `layer_curves` and `depth_curves`, under the names given."""
    return [Curve(names[0], 0), Curve(names[1], 1, dashed=True)]


def layer_curves(values: Sequence[Sequence[float]]) -> tuple[np.ndarray, Frames]:
    """Measures of every stage as lines over the layers, for a chart: (T, L) values and their frames."""
    table = np.array(values, np.float32).T
    run = f"layers {zlib.crc32(table.tobytes())}"  # other numbers are another run: the browser forgets the old ones
    return table, Frames(run, list(range(len(table))), list(range(len(table))))


def depth_curves(snapshot: Snapshot | None) -> tuple[np.ndarray, Frames] | None:
    """Mean accuracy and mean cosine distance over DEPTHS, as far as they were trained; None before the first."""
    if snapshot is None:
        return None
    columns = []
    for name in ("accuracy", "distance"):
        there = np.isfinite(snapshot.seen[name])
        columns.append(np.where(there, snapshot.seen[name], 0).sum(1) / np.maximum(there.sum(1), 1e-9))
    some = np.isfinite(snapshot.seen["distance"]).any(1)
    if not some.any():
        return None
    depths = snapshot.seen["depth"][some].tolist()
    table = np.stack(columns, 1)[some].astype(np.float32)
    return table, Frames(f"depths-{snapshot.step}", depths, depths)


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
    from engine.plots.figures import lines

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
    from engine.plots.figures import lines

    layers = list(range(len(result.energy)))
    return lines(
        {
            "mean cosine distance": (layers, result.cosine_distance.tolist()),
            "Dirichlet energy / |H|²": (layers, result.energy.tolist()),
        },
        x_title="layer (0: the features)", y_title="",
    )  # fmt: skip

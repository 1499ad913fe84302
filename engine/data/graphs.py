"""Graphs with classes to learn: Zachary's karate club, a block model, the reader's own; and where to draw the nodes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor

from engine.contracts.axes import bytes_of

MOST_ONE_HOT = 500  # nodes; larger graphs get random features instead of a column for each node
RANDOM_FEATURES = 64
BLOCK_FEATURES = 16
EXACT_LAYOUT = 150  # nodes up to which every pair repels each other by itself
GRID = 64  # cells a side for the repulsion of larger graphs


@dataclass(frozen=True, eq=False)
class Graph:
    """An undirected graph without loops, and what is known of its nodes.

    names: N strings. edges (E, 2) int64, each once, the smaller index first. labels (N,) int64 into `classes`, -1 where
    nobody knows. features (N, F) float32. positions (N, 2) float32 in [-1, 1], y upwards. communities: the classes are
    communities that were computed from the edges.
    """

    names: tuple[str, ...]
    edges: Tensor
    labels: Tensor
    classes: tuple[str, ...]
    features: Tensor
    positions: Tensor
    communities: bool = False

    def __len__(self) -> int:
        return len(self.names)

    @property
    def degrees(self) -> Tensor:
        """(N,) int64: neighbours of each node."""
        return torch.bincount(self.edges.flatten(), minlength=len(self))

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return sum(bytes_of(array) for array in (self.edges, self.labels, self.features, self.positions, self.names))


@cache
def karate_club(communities: bool = False) -> Graph:
    """Zachary's karate club (1977): the 34 members who met outside the club too, 78 friendships.

    The instructor Mr. Hi is 1, the officer John A is 34.

    Classes: the two factions after the split, or the four communities of the division with the greatest modularity,
    0.4198 (Brandes et al. 2008), found by the method of Louvain. Features: one column for each node.
    """
    import networkx as nx

    club = nx.karate_club_graph()
    edges = torch.tensor(sorted(tuple(sorted(edge)) for edge in club.edges))
    if communities:
        labels, classes = _communities(edges, 34)
    else:
        labels = torch.tensor([int(club.nodes[node]["club"] != "Mr. Hi") for node in range(34)])
        classes = ("Mr. Hi", "John A")
    names = tuple(str(node + 1) for node in range(34))
    return Graph(names, edges, labels, classes, torch.eye(34), layout(edges, 34), communities)


def block_model(
    nodes: int, classes: int, degree: float, within: float, noise: float, generator: torch.Generator
) -> Graph:
    """A stochastic block model (Holland, Laskey, Leinhardt 1983) with noisy features.

    Every pair of nodes is joined independently: with p_in inside a class, p_out between classes, so that a node has
    `degree` neighbours on average of which the share `within` is of its own class (fewer where p_in would exceed 1).
    Features: 16 numbers, 1 at the place of the node's class and 0 elsewhere, plus Gaussian noise of that deviation.
    """
    labels = torch.arange(nodes) % classes
    size = nodes / classes
    p_in = min(1.0, within * degree / max(size - 1, 1))
    p_out = min(1.0, (1 - within) * degree / (nodes - size))
    rows, columns = torch.triu_indices(nodes, nodes, 1)
    chance = torch.where(labels[rows] == labels[columns], p_in, p_out)
    joined = torch.rand(len(rows), generator=generator) < chance
    edges = torch.stack([rows[joined], columns[joined]], 1)
    features = torch.zeros(nodes, BLOCK_FEATURES)
    features[torch.arange(nodes), labels] = 1.0
    features += noise * torch.randn(nodes, BLOCK_FEATURES, generator=generator)
    names = tuple(str(node + 1) for node in range(nodes))
    letters = tuple("ABCDEF"[:classes])
    return Graph(names, edges, labels, letters, features, layout(edges, nodes))


def own_graph(names: Sequence[str], edges: np.ndarray, labels: np.ndarray, classes: Sequence[str]) -> Graph:
    """A reader's graph: edges (E, 2), labels (N,), -1 for none. With fewer than two classes, its communities are them.

    Features: one column for each node, above 500 nodes 64 random numbers each.
    """
    count, given, communities = len(names), torch.from_numpy(labels).long(), len(classes) < 2
    edges = torch.tensor(sorted(map(tuple, edges.tolist())), dtype=torch.long).reshape(-1, 2)
    if communities:
        given, classes = _communities(edges, count)
    features = torch.eye(count)
    if count > MOST_ONE_HOT:
        generator = torch.Generator().manual_seed(1)
        features = torch.randn(count, RANDOM_FEATURES, generator=generator) / math.sqrt(RANDOM_FEATURES)
    return Graph(tuple(names), edges, given, tuple(classes), features, layout(edges, count), communities)


def _communities(edges: Tensor, count: int, most: int = 8) -> tuple[Tensor, tuple[str, ...]]:
    """Communities by the method of Louvain (Blondel et al. 2008), the largest first; beyond `most` a node has none."""
    import networkx as nx

    graph = nx.empty_graph(count)
    graph.add_edges_from(edges.tolist())
    communities = sorted(nx.community.louvain_communities(graph, seed=0), key=lambda part: (-len(part), min(part)))
    labels = torch.full((count,), -1)
    for number, part in enumerate(communities[:most]):
        labels[sorted(part)] = number
    return labels, tuple("ABCDEFGH"[: max(2, min(len(communities), most))])


# ---------------------------------------------------------------- where to draw the nodes


def layout(edges: Tensor, count: int) -> Tensor:
    """(N, 2) float32 in [-1, 1]: places in the plane where neighbours are near and all others keep their distance.

    Fruchterman and Reingold 1991 (attraction d²/k along edges, repulsion k²/d between all), from a spectral start;
    0.2 s for 2,000 nodes. Equal graphs get equal places.
    """
    generator = torch.Generator().manual_seed(7)
    places = _spectral_start(edges, count, generator)
    distance = math.sqrt(4.0 / count)  # k: the side of a node's share of the plane
    repulsion = _repulsion if count <= EXACT_LAYOUT else _grid_repulsion
    rounds = 300 if count <= EXACT_LAYOUT else 120
    one, other = edges[:, 0], edges[:, 1]
    for step in range(rounds):
        force = distance**2 * repulsion(places)
        away = places[one] - places[other]
        pull = away * away.norm(dim=1, keepdim=True) / distance
        force.index_add_(0, one, -pull).index_add_(0, other, pull)
        force -= 2 * places  # towards the middle, so that separate parts stay in the picture
        length = force.norm(dim=1, keepdim=True).clamp(min=1e-9)
        hot = 0.15 * (1 - step / rounds) ** 1.5 + 1e-3
        places = places + force / length * length.clamp(max=hot)
    places = places - (places.amin(0) + places.amax(0)) / 2
    return (places / places.abs().max().clamp(min=1e-9)).float()


def _spectral_start(edges: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """The two smoothest signals on the graph, roughly, by repeated averaging over neighbours; a little noise on top."""
    degree = torch.bincount(edges.flatten(), minlength=count) + 1.0
    places = torch.randn(count, 2, generator=generator)
    one, other = edges[:, 0], edges[:, 1]
    for _ in range(30):
        summed = places.clone().index_add_(0, one, places[other]).index_add_(0, other, places[one])
        places = summed / degree[:, None]
        places = places - (degree[:, None] * places).sum(0) / degree.sum()
        places = torch.linalg.qr(places)[0] if count > 2 else places
    places = places / places.abs().amax(0).clamp(min=1e-9)
    return places + 0.05 * torch.randn(count, 2, generator=generator)


def _repulsion(places: Tensor) -> Tensor:
    """(N, 2): sum over all others of (x - y) / |x - y|²."""
    away = places[:, None] - places[None]  # (N, N, 2)
    return (away / away.square().sum(-1, keepdim=True).clamp(min=1e-6)).sum(1)


def _grid_repulsion(places: Tensor) -> Tensor:
    """The same sum, roughly: masses are spread to the corners of grid cells, convolved with the kernel by FFT, and the
    forces read off again at the places. The cost grows with N, not N²."""
    low, high = places.amin(0), places.amax(0)
    side = (high - low).max().clamp(min=1e-6) / (GRID - 1.001)
    at = (places - low) / side
    corner = at.floor().long().clamp(0, GRID - 2)
    part = at - corner
    weights, cells = [], []
    for dx in (0, 1):
        for dy in (0, 1):
            weights.append((part[:, 0] if dx else 1 - part[:, 0]) * (part[:, 1] if dy else 1 - part[:, 1]))
            cells.append((corner[:, 0] + dx) * GRID + corner[:, 1] + dy)
    mass = torch.zeros(GRID * GRID).index_add_(0, torch.cat(cells), torch.cat(weights)).reshape(GRID, GRID)
    spread = torch.fft.rfft2(mass, s=(2 * GRID, 2 * GRID))
    field = torch.fft.irfft2(spread * _kernel(), s=(2 * GRID, 2 * GRID))[:, :GRID, :GRID].reshape(2, -1)
    return sum(weight * field[:, cell] for weight, cell in zip(weights, cells, strict=True)).T / side


@cache
def _kernel() -> Tensor:
    """(2, 2G, G+1) complex: transform of d / |d|² in cells, laid out for a circular convolution without wrapping."""
    ticks = torch.arange(2 * GRID)
    ticks = torch.where(ticks < GRID, ticks, ticks - 2 * GRID).float()
    x, y = torch.meshgrid(ticks, ticks, indexing="ij")
    return torch.fft.rfft2(torch.stack([x, y]) / (x.square() + y.square()).clamp(min=0.25))

"""Where the nodes of a computation stand: in layers from the inputs to the end, with few crossings.

After Sugiyama, Tagawa and Toda (1981): layers by the longest path, edges over several layers through places kept free
for them, the order within a layer by what a node is joined to, then rows that bend edges as little as they can.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

SWEEPS = 12  # over all layers, there and back
THIN = 0.55  # rows that an edge on its way through a layer takes, where a node takes one
Edge = tuple[int, int]


@dataclass(frozen=True)
class Layout:
    """places: (layer, row) of every node, layers from 0; rows may be fractions, 0 is the topmost. routes: of every edge
    the places that it passes between its ends. layers, rows: how many there are, both at least 1."""

    places: tuple[tuple[float, float], ...]
    routes: tuple[tuple[tuple[float, float], ...], ...]
    layers: int
    rows: float


@lru_cache(maxsize=64)
def layered(count: int, edges: tuple[Edge, ...]) -> Layout:
    """The layout of `count` nodes that are numbered in an order of computation: every edge leads to a higher number.

    Nodes without parents stand right before the first that uses them. ValueError for an edge that leads back.
    """
    layer = _layers(count, edges)
    columns: list[list[int]] = [[] for _ in range(max(layer, default=0) + 1)]
    for node in range(count):
        columns[layer[node]].append(node)
    links, ways, free = [], [], count  # between neighbouring layers; dummies have numbers from `count` on
    for start, end in edges:
        way = [start]
        for column in range(layer[start] + 1, layer[end]):
            columns[column].append(free)
            way.append(free)
            free += 1
        way.append(end)
        ways.append(way)
        links += pairwise(way)
    before: list[list[int]] = [[] for _ in range(free)]
    after: list[list[int]] = [[] for _ in range(free)]
    for start, end in dict.fromkeys(links):
        after[start].append(end)
        before[end].append(start)
    _order(columns, before, after)
    row = _rows(columns, before, after, [1.0 if node < count else THIN for node in range(free)])
    top = min(row.values(), default=0.0)
    deep = max(row.values(), default=0.0) - top + 1
    at = {node: (float(column), row[node] - top) for column, nodes in enumerate(columns) for node in nodes}
    places = tuple(at[node] for node in range(count))
    return Layout(places, tuple(tuple(at[one] for one in way[1:-1]) for way in ways), len(columns), deep)


def _layers(count: int, edges: Sequence[Edge]) -> list[int]:
    layer, fed = [0] * count, [False] * count
    for start, end in sorted(edges, key=lambda edge: edge[1]):
        if not 0 <= start < end < count:
            raise ValueError(f"expected edges from lower to higher numbers below {count}, got {start} to {end}")
        layer[end], fed[end] = max(layer[end], layer[start] + 1), True
    first = {}
    for start, end in edges:
        first[start] = min(first.get(start, layer[end]), layer[end])
    return [layer[node] if fed[node] else first.get(node, 1) - 1 for node in range(count)]


def _order(columns: list[list[int]], before: list[list[int]], after: list[list[int]]) -> None:
    """Sorts every layer by the mean place of what its nodes are joined to, there and back; the best order stays."""
    best, fewest = [list(column) for column in columns], _crossings(columns, after)
    for sweep in range(SWEEPS):
        forth = sweep % 2 == 1
        joined = before if forth else after
        for column in columns[1:] if forth else columns[-2::-1]:
            place = {node: at for nodes in columns for at, node in enumerate(nodes)}
            rank = {node: at for at, node in enumerate(column)}
            column.sort(key=lambda node: (_mean([place[one] for one in joined[node]], rank[node]), rank[node]))
        if (now := _crossings(columns, after)) < fewest:
            best, fewest = [list(column) for column in columns], now
    for column, nodes in zip(columns, best, strict=True):
        column[:] = nodes


def _crossings(columns: Sequence[Sequence[int]], after: Sequence[Sequence[int]]) -> int:
    found = 0
    for column, following in pairwise(columns):
        place = {node: at for at, node in enumerate(following)}
        ends = [place[one] for node in column for one in sorted(after[node], key=place.__getitem__)]
        found += sum(earlier > later for at, later in enumerate(ends) for earlier in ends[:at])
    return found


def _rows(columns, before, after, size: Sequence[float]) -> dict[int, float]:
    """A row for each node: near what it is joined to, in the order of its layer, none over another."""
    row: dict[int, float] = {}
    for column in columns:
        at = -sum(size[node] for node in column) / 2
        for node in column:
            row[node] = at + size[node] / 2
            at += size[node]
    for sweep in range(2 * SWEEPS):
        forth = sweep % 2 == 1
        for column in columns if forth else reversed(columns):
            joined = before if forth else after
            wanted = [_mean([row[one] for one in joined[node]], row[node]) for node in column]
            for node, at in zip(column, _apart(wanted, [size[node] for node in column]), strict=True):
                row[node] = at
    return row


def _apart(wanted: Sequence[float], sizes: Sequence[float]) -> list[float]:
    """Places in the same order as near to the wanted ones as they can be (least squares) with room for every size: what
    would overlap becomes a block around its mean."""
    blocks: list[list[float]] = []  # [sum of where its first would stand, members, width up to its last member]
    offsets: list[float] = []
    for at, want in enumerate(wanted):
        blocks.append([want, 1, 0.0])
        offsets.append(0.0)
        while len(blocks) > 1:
            (total, many, wide), (first, _, _) = blocks[-2], blocks[-1]
            start = at + 1 - int(blocks[-1][1])
            gap = wide + (sizes[start - 1] + sizes[start]) / 2
            if total / many + gap <= first / blocks[-1][1]:
                break
            last = blocks.pop()
            blocks[-1] = [total + last[0] - gap * last[1], many + last[1], gap + last[2]]
            for moved in range(start, at + 1):
                offsets[moved] += gap
    places, at = [], 0
    for total, many, _ in blocks:
        places += [total / many + offsets[at + k] for k in range(int(many))]
        at += int(many)
    return places


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise

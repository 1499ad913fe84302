"""Messages along edges beside full matrices."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.bench.comparison import Comparison, Prepared, close
from engine.data.graphs import block_model
from engine.models.graph.gat import SLOPE, GraphAttention, neighbourhoods
from engine.models.graph.gcn import propagation_matrix
from engine.training.fit import seeded


def graph_convolution() -> Prepared:
    """Â H of a graph of 1000 nodes with 8 neighbours each and 32 channels: sparse, against the full matrix."""
    with seeded(0) as generator:
        graph = block_model(1000, 4, 8.0, 0.8, 0.5, generator)
        h = torch.randn(1000, 32, generator=generator)
    sparse = propagation_matrix(graph.edges, 1000)
    full = sparse.to_dense()
    return Prepared(lambda: torch.sparse.mm(sparse, h), lambda: full @ h, close)


def graph_attention() -> Prepared:
    """A graph attention layer on 1000 nodes, message by message, against attention over a masked full matrix."""
    with seeded(0) as generator:
        graph = block_model(1000, 4, 8.0, 0.8, 0.5, generator)
        h = torch.randn(1000, 32, generator=generator)
        layer = GraphAttention(32, 32, "identity", False, generator)
    to, source = neighbourhoods(graph.edges, 1000)
    joined = torch.zeros(1000, 1000, dtype=torch.bool)
    joined[to, source] = True

    @torch.no_grad()
    def ours() -> Tensor:
        return layer(h, to, source)

    @torch.no_grad()
    def masked() -> Tensor:
        projected = h @ layer.weight
        parts = projected @ layer.attention
        scores = F.leaky_relu(parts[:, 0, None] + parts[None, :, 1], SLOPE)
        return scores.masked_fill(~joined, -math.inf).softmax(1) @ projected

    return Prepared(ours, masked, close)


COMPARISONS = {
    "graph_convolution": Comparison("sparse propagation, 1000 nodes", "the full matrix", "product", graph_convolution),
    "graph_attention": Comparison(
        "attention by messages, 1000 nodes", "attention by a masked full matrix", "layer", graph_attention
    ),
}

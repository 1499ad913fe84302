"""The graph convolutional network of Kipf and Welling 2017, every product open to be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.instrument.trace import Tap

ACTIVATIONS = {"relu": F.relu, "tanh": torch.tanh, "identity": lambda x: x}
COEFFICIENTS = ("gcn", "mean", "sum", "none")


def propagation_matrix(edges: Tensor, count: int, kind: str = "gcn") -> Tensor:
    """The matrix that mixes neighbours, sparse (N, N) float32; entry (i, j) is what node i takes of node j.

    edges (E, 2): each undirected edge once. With A the adjacency matrix, Ã = A + I (every node is its own neighbour)
    and d̃ the row sums of Ã:

    gcn: Ã_ij / √(d̃_i d̃_j), the Â = D̃^-½ Ã D̃^-½ of Kipf and Welling 2017, eq. 2
    mean: Ã_ij / d̃_i, as GraphSAGE with its "GCN aggregator" (Hamilton et al. 2017, eq. 2)
    sum: Ã_ij, as GIN with ε = 0 (Xu et al. 2019, eq. 4.1)
    none: the identity; the edges play no part, the network is an MLP.

    ValueError for another kind.
    """
    itself = torch.arange(count, device=edges.device)
    to, source = itself, itself
    if kind != "none":
        to, source = torch.cat([edges[:, 0], edges[:, 1], itself]), torch.cat([edges[:, 1], edges[:, 0], itself])
    degree = torch.bincount(to, minlength=count).float()  # d̃: neighbours and the node itself
    match kind:
        case "gcn":
            values = (degree[to] * degree[source]).rsqrt()
        case "mean":
            values = 1 / degree[to]
        case "sum" | "none":
            values = torch.ones(len(to), device=edges.device)
        case _:
            raise ValueError(f"expected one of {', '.join(COEFFICIENTS)}, got {kind!r}")
    return torch.sparse_coo_tensor(torch.stack([to, source]), values, (count, count), check_invariants=False).coalesce()


class GraphConvolution(nn.Module):
    """H' = σ(Â H W), with a shortcut H' = σ(Â H W) + H where asked for and the sizes agree (eq. 14 of the appendix).

    H (N, I) -> (N, O). No bias, as in eq. 2.
    """

    def __init__(self, inputs: int, outputs: int, activation: str, shortcut: bool, generator: torch.Generator):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(inputs, outputs))
        nn.init.xavier_uniform_(self.weight, generator=generator)  # Glorot & Bengio 2010, as in the paper
        self.activation = ACTIVATIONS[activation]
        self.shortcut = shortcut and inputs == outputs
        self.projected = Tap("node channel")  # H W
        self.summed = Tap("node channel")  # Â H W
        self.output = Tap("node channel")

    def forward(self, h: Tensor, matrix: Tensor) -> Tensor:
        projected = self.projected(h @ self.weight)  # (N, O)
        summed = self.summed(torch.sparse.mm(matrix, projected))  # (N, O)
        activated = self.activation(summed)
        return self.output(activated + h if self.shortcut else activated)


class GCN(nn.Module):
    """Graph convolutions one after the other; the last one gives the logits of the classes.

    matrix: sparse (N, N), see `propagation_matrix`. sizes: features, channels of every hidden layer, classes.
    shortcut: between hidden layers, so never around the first one. forward: X (N, F) -> (N, K). All randomness comes
    from `generator`.
    """

    def __init__(
        self, matrix: Tensor, sizes: Sequence[int], activation: str, shortcut: bool, generator: torch.Generator
    ):
        super().__init__()
        self.matrix = matrix
        last = len(sizes) - 2
        self.layers = nn.ModuleList(
            GraphConvolution(i, o, "identity" if at == last else activation, shortcut and 0 < at < last, generator)
            for at, (i, o) in enumerate(pairwise(sizes))
        )

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x, self.matrix)
        return x

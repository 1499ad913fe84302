"""Graph attention (Veličković et al. 2018) with one head: the coefficients of the sum over neighbours are learned."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.instrument.trace import Tap

from .gcn import ACTIVATIONS

SLOPE = 0.2  # of the LeakyReLU below zero, as in the paper


def neighbourhoods(edges: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """(to, source), each (2 E + N,) int64: every message there is, those of a node to itself included.

    edges (E, 2): each undirected edge once.
    """
    itself = torch.arange(count, device=edges.device)
    return torch.cat([edges[:, 0], edges[:, 1], itself]), torch.cat([edges[:, 1], edges[:, 0], itself])


def softmax_over_neighbours(scores: Tensor, to: Tensor, count: int) -> Tensor:
    """(M,) scores of messages -> (M,) weights that sum to 1 over the messages to each node."""
    highest = scores.new_full((count,), -torch.inf).scatter_reduce(0, to, scores.detach(), "amax")
    powers = (scores - highest[to]).exp()  # no power above 1
    return powers / torch.zeros(count, device=to.device).index_add(0, to, powers)[to]


class GraphAttention(nn.Module):
    """h'_i = σ(Σ_j α_ij W h_j) with α_ij = softmax_j LeakyReLU(a_to · W h_i + a_from · W h_j), eq. 1-4.

    H (N, I) -> (N, O). The two halves of the paper's vector a are a_to and a_from.
    """

    def __init__(self, inputs: int, outputs: int, activation: str, shortcut: bool, generator: torch.Generator):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(inputs, outputs))
        self.attention = nn.Parameter(torch.empty(outputs, 2))  # a_to, a_from
        for parameter in self.parameters():
            nn.init.xavier_uniform_(parameter, generator=generator)
        self.activation = ACTIVATIONS[activation]
        self.shortcut = shortcut and inputs == outputs
        self.projected = Tap("node channel")  # H W
        self.coefficients = Tap("message")  # α
        self.summed = Tap("node channel")  # Σ α H W
        self.output = Tap("node channel")

    def forward(self, h: Tensor, to: Tensor, source: Tensor) -> Tensor:
        projected = self.projected(h @ self.weight)  # (N, O)
        parts = projected @ self.attention  # (N, 2)
        scores = F.leaky_relu(parts[to, 0] + parts[source, 1], SLOPE)  # (M,)
        alpha = self.coefficients(softmax_over_neighbours(scores, to, len(h)))  # (M,)
        messages = alpha[:, None] * projected[source]  # (M, O)
        summed = self.summed(torch.zeros_like(projected).index_add(0, to, messages))  # (N, O)
        activated = self.activation(summed)
        return self.output(activated + h if self.shortcut else activated)


class GAT(nn.Module):
    """Graph attention layers one after the other; the last one gives the logits. Arguments as those of `GCN`, with the
    edges (E, 2) in place of the matrix. forward: X (N, F) -> (N, K)."""

    def __init__(
        self, edges: Tensor, count: int, sizes: Sequence[int], activation: str, shortcut: bool,
        generator: torch.Generator,
    ):  # fmt: skip
        super().__init__()
        self.to_nodes, self.from_nodes = neighbourhoods(edges, count)
        last = len(sizes) - 2
        self.layers = nn.ModuleList(
            GraphAttention(i, o, "identity" if at == last else activation, shortcut and 0 < at < last, generator)
            for at, (i, o) in enumerate(pairwise(sizes))
        )

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x, self.to_nodes, self.from_nodes)
        return x

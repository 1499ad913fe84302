"""A multi-layer perceptron whose every neuron can be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from engine.instrument.trace import Tap
from engine.models.activations import ACTIVATIONS as ALL

_NAMES = ("relu", "leaky_relu", "tanh", "sigmoid", "gelu", "silu", "identity")
ACTIVATIONS = {name: ALL[name] for name in _NAMES}
_RECTIFIERS = ("relu", "leaky_relu", "gelu", "silu")


class SeededDropout(nn.Module):
    """Inverted dropout (Srivastava et al. 2014) with a random generator of its own.

    While training each value is zeroed with probability `rate` and the rest divided by 1 - rate, so that nothing has
    to be rescaled when the network is used.
    """

    def __init__(self, rate: float, generator: torch.Generator):
        super().__init__()
        self.rate, self.generator = rate, generator

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.rate == 0:
            return x
        kept = torch.rand(x.shape, generator=self.generator).to(x.device) >= self.rate
        return x * kept / (1 - self.rate)


class Layer(nn.Module):
    """activation(W x + b), then dropout. x (B, I) -> (B, O)."""

    def __init__(self, inputs: int, outputs: int, activation: str, dropout: float, generator: torch.Generator):
        super().__init__()
        self.linear = nn.Linear(inputs, outputs, device="meta").to_empty(device="cpu")
        self.activation = ACTIVATIONS[activation]
        self.sum = Tap("batch neuron")  # weighted sum before the activation
        self.output = Tap("batch neuron")
        self.dropout = SeededDropout(dropout, generator)
        if activation in _RECTIFIERS:
            nn.init.kaiming_normal_(self.linear.weight, nonlinearity="relu", generator=generator)  # He et al. 2015
        else:
            nn.init.xavier_normal_(self.linear.weight, generator=generator)  # Glorot & Bengio 2010
        nn.init.zeros_(self.linear.bias)

    def forward(self, x: Tensor) -> Tensor:
        z = self.sum(self.linear(x))  # (B, O)
        return self.dropout(self.output(self.activation(z)))  # (B, O)


class MultiLayerPerceptron(nn.Module):
    """Fully connected layers with one activation, and a linear output.

    inputs: number of features I; hidden: neurons of each hidden layer; outputs: O. All randomness (weights, dropout
    masks) comes from `generator`, so the process-wide seed stays untouched. forward: (B, I) -> (B, O).
    """

    def __init__(
        self,
        inputs: int,
        hidden: Sequence[int],
        outputs: int,
        activation: str,
        generator: torch.Generator,
        dropout: float = 0.0,
    ):
        super().__init__()
        sizes = [inputs, *hidden]
        self.input = Tap("batch feature")
        self.hidden = nn.Sequential(*(Layer(i, o, activation, dropout, generator) for i, o in pairwise(sizes)))
        self.output = Layer(sizes[-1], outputs, "identity", 0.0, generator)

    def forward(self, x: Tensor) -> Tensor:
        return self.output(self.hidden(self.input(x)))

    @property
    def layers(self) -> list[Layer]:
        """Hidden layers, then the output layer."""
        return [*self.hidden, self.output]

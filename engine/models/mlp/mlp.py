"""A multi-layer perceptron whose every neuron can be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from engine.instrument.trace import Tap
from engine.models.activations import ACTIVATIONS as ALL
from engine.models.mlp.batch_norm import BatchNorm

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
    """activation(W x + b), then dropout; with `normalised`, W x + b goes through batch normalisation first.

    first: how the weights begin, see `begin`. x (B, I) -> (B, O).
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        activation: str,
        dropout: float,
        generator: torch.Generator,
        normalised: bool = False,
        first: str = "drawn",
    ):
        super().__init__()
        self.linear = nn.Linear(inputs, outputs, device="meta").to_empty(device="cpu")
        self.norm = BatchNorm(outputs) if normalised else None
        self.activation = ACTIVATIONS[activation]
        self.sum = Tap("batch neuron")  # weighted sum before the activation
        self.output = Tap("batch neuron")
        self.dropout = SeededDropout(dropout, generator)
        begin(self.linear, activation, first, generator)

    def forward(self, x: Tensor) -> Tensor:
        z = self.sum(self.linear(x))  # (B, O)
        if self.norm is not None:
            z = self.norm(z)
        return self.dropout(self.output(self.activation(z)))  # (B, O)


def begin(linear: nn.Linear, activation: str, first: str, generator: torch.Generator) -> None:
    """The first weights of a layer; its biases begin at 0.

    first: "drawn", from a normal distribution as wide as the activation asks for; "zeros"; "equal", all as large as
    that distribution is wide. ValueError for another one.
    """
    match first:
        case "drawn" if activation in _RECTIFIERS:
            nn.init.kaiming_normal_(linear.weight, nonlinearity="relu", generator=generator)  # He et al. 2015
        case "drawn":
            nn.init.xavier_normal_(linear.weight, generator=generator)  # Glorot & Bengio 2010
        case "zeros":
            nn.init.zeros_(linear.weight)
        case "equal":
            fan = linear.in_features if activation in _RECTIFIERS else (linear.in_features + linear.out_features) / 2
            nn.init.constant_(linear.weight, fan**-0.5 * (2**0.5 if activation in _RECTIFIERS else 1.0))
        case _:
            raise ValueError(f"expected first weights drawn, zeros or equal, got {first!r}")
    nn.init.zeros_(linear.bias)


class MultiLayerPerceptron(nn.Module):
    """Fully connected layers, each with its activation, and a linear output.

    inputs: number of features I; hidden: neurons of each hidden layer; outputs: O. activation: one for all hidden
    layers, or one for each. normalised: batch normalisation in every hidden layer. first: see `begin`. All randomness
    (weights, dropout masks) comes from `generator`, so the process-wide seed stays untouched. (B, I) -> (B, O).
    """

    def __init__(
        self,
        inputs: int,
        hidden: Sequence[int],
        outputs: int,
        activation: str | Sequence[str],
        generator: torch.Generator,
        dropout: float = 0.0,
        normalised: bool = False,
        first: str = "drawn",
    ):
        super().__init__()
        sizes = [inputs, *hidden]
        functions = [activation] * len(hidden) if isinstance(activation, str) else activation
        self.input = Tap("batch feature")
        self.hidden = nn.Sequential(
            *(
                Layer(i, o, function, dropout, generator, normalised, first)
                for (i, o), function in zip(pairwise(sizes), functions, strict=True)
            )
        )
        self.output = Layer(sizes[-1], outputs, "identity", 0.0, generator, first=first)

    def forward(self, x: Tensor) -> Tensor:
        return self.output(self.hidden(self.input(x)))

    @property
    def layers(self) -> list[Layer]:
        """Hidden layers, then the output layer."""
        return [*self.hidden, self.output]

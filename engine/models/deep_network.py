"""A plain stack of equal layers, made to be watched: what a signal becomes on its way through many of them."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from engine.instrument.trace import Tap
from engine.models.activations import Function
from engine.models.normalisation import Normalisation

SMALL, LARGE = 0.01, 1.0  # standard deviations of weights that are too small, and too large
INITIALISATIONS = ("zeros", "small", "lecun", "xavier", "he", "orthogonal", "large")


@torch.no_grad()
def initialise(weight: Tensor, name: str, generator: torch.Generator) -> None:
    """Fill a weight matrix (outputs, inputs), on the CPU, in place.

    name: "zeros"; "small" and "large", N(0, SMALL²) and N(0, LARGE²); "lecun", variance 1/inputs (LeCun et al. 1998);
    "xavier", 2/(inputs + outputs) (Glorot & Bengio 2010); "he", 2/inputs (He et al. 2015), all three normal;
    "orthogonal", a random matrix with orthonormal rows or columns (Saxe et al. 2014). ValueError for another.
    """
    outputs, inputs = weight.shape
    if name == "zeros":
        weight.zero_()
    elif name == "orthogonal":
        nn.init.orthogonal_(weight, generator=generator)
    else:
        weight.normal_(0.0, deviation(name, inputs, outputs), generator=generator)


def deviation(name: str, inputs: int, outputs: int) -> float:
    """Standard deviation of a weight after `initialise`. ValueError for an unknown name."""
    match name:
        case "zeros":
            return 0.0
        case "small":
            return SMALL
        case "large":
            return LARGE
        case "lecun":
            return math.sqrt(1 / inputs)
        case "xavier":
            return math.sqrt(2 / (inputs + outputs))
        case "he":
            return math.sqrt(2 / inputs)
        case "orthogonal":
            return math.sqrt(1 / max(inputs, outputs))  # rows (or columns) of length 1
    raise ValueError(f"expected one of {', '.join(INITIALISATIONS)}, got {name!r}")


class DeepLayer(nn.Module):
    """h = f(W x + b). x (B, I) -> (B, O). Taps: "sum" is what f is given, "output" is h.

    normalisation: "batch" or "layer": f is given the normalised sum; "" for none. residual: h = x + f(…), where I = O.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        activation: Function,
        initialisation: str,
        generator: torch.Generator,
        bias: float,
        normalisation: str = "",
        residual: bool = False,
    ):
        super().__init__()
        self.linear = nn.Linear(inputs, outputs, device="meta").to_empty(device="cpu")
        initialise(self.linear.weight, initialisation, generator)
        nn.init.constant_(self.linear.bias, bias)
        self.normalised = Normalisation(normalisation, outputs) if normalisation else nn.Identity()
        self.residual = residual and inputs == outputs
        self.activation = activation
        self.sum = Tap("batch unit")
        self.output = Tap("batch unit")

    def forward(self, x: Tensor) -> Tensor:
        branch = self.activation(self.sum(self.normalised(self.linear(x))))  # (B, O)
        return self.output(x + branch if self.residual else branch)


class DeepNetwork(nn.Module):
    """`depth` hidden layers of `width` units each, and a linear output layer.

    inputs: numbers of a sample I; outputs: logits O. activation: elementwise, of every hidden layer. initialisation:
    see `initialise`, also of the output layer. bias: where all biases of hidden layers begin. normalisation, residual:
    see DeepLayer. All randomness comes from `generator`. forward: (B, I) -> (B, O).
    """

    def __init__(
        self,
        inputs: int,
        width: int,
        depth: int,
        outputs: int,
        activation: Function,
        initialisation: str,
        generator: torch.Generator,
        *,
        bias: float = 0.0,
        normalisation: str = "",
        residual: bool = False,
    ):
        super().__init__()
        sizes = [inputs, *[width] * depth]
        self.layers = nn.Sequential(
            *(
                DeepLayer(i, width, activation, initialisation, generator, bias, normalisation, residual)
                for i in sizes[:-1]
            )
        )
        self.head = nn.Linear(sizes[-1], outputs, device="meta").to_empty(device="cpu")
        initialise(self.head.weight, initialisation, generator)
        nn.init.zeros_(self.head.bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layers(x))

    @property
    def weights(self) -> list[Tensor]:
        """The weight matrices of the hidden layers, in order."""
        return [layer.linear.weight for layer in self.layers]


def one_matrix(model: DeepNetwork) -> tuple[Tensor, Tensor]:
    """(M, c) in float64 with M x + c = what the network would say of x if its activation were none: the product of all
    its matrices, each multiplied by hand. M (O, I), c (O,)."""
    matrix = torch.eye(model.layers[0].linear.in_features, dtype=torch.float64)
    offset = torch.zeros(len(matrix), dtype=torch.float64)
    for linear in [*(layer.linear for layer in model.layers), model.head]:
        weight = linear.weight.detach().double().cpu()
        matrix, offset = weight @ matrix, weight @ offset + linear.bias.detach().double().cpu()
    return matrix, offset

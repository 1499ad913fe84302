"""Threshold neurons as McCulloch and Pitts 1943 wrote them, y = f(Σ wᵢ xᵢ − θ), and two layers of them.

θ is the threshold that the weighted sum has to reach; many books write the bias b = −θ instead and add it. All is in
double precision, so that sums of numbers set by hand come out as they do on paper.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.instrument.trace import Tap


def step(z: Tensor) -> Tensor:
    """1 where z ≥ 0, else 0. Autograd goes through it, and finds the derivative that it has: 0, but for z = 0."""
    return 1 - torch.sign(torch.relu(-z))


FUNCTIONS = {"step": step, "sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": F.relu}


class Neurons(nn.Module):
    """Neurons side by side: f(x Wᵀ − θ). weight (O, I), threshold (O,); x (N, I) -> (N, O)."""

    def __init__(self, weight: Sequence[Sequence[float]], threshold: Sequence[float], function: str = "step"):
        super().__init__()
        self.threshold = nn.Parameter(torch.tensor(threshold, dtype=torch.float64))
        self.weight = nn.Parameter(torch.tensor(weight, dtype=torch.float64))
        self.function = FUNCTIONS[function]
        self.sum = Tap("sample neuron")  # what reaches the function
        self.output = Tap("sample neuron")

    def forward(self, x: Tensor) -> Tensor:
        z = self.sum(x @ self.weight.T - self.threshold)  # (N, O)
        return self.output(self.function(z))  # (N, O)


class TwoLayers(nn.Module):
    """Two hidden neurons and one that reads them. x (N, 2) -> (N, 1).

    units: (w₁, w₂, θ) of the first hidden neuron, of the second, and of the output.
    """

    def __init__(self, units: Sequence[Sequence[float]], function: str = "step"):
        super().__init__()
        one, other, output = units
        self.hidden = Neurons([one[:2], other[:2]], [one[2], other[2]], function)
        self.output = Neurons([output[:2]], [output[2]], function)

    def forward(self, x: Tensor) -> Tensor:
        return self.output(self.hidden(x))

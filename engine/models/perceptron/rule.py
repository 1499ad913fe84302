"""The perceptron rule (Rosenblatt 1958), and the bound on how often it corrects (Novikoff 1962)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class HalfPlane:
    """What a neuron with two inputs is: it fires where w₁ x₁ + w₂ x₂ − θ ≥ 0."""

    w1: float
    w2: float
    theta: float

    def sum_at(self, x1: float, x2: float) -> float:
        """z = w₁ x₁ + w₂ x₂ − θ."""
        return self.w1 * x1 + self.w2 * x2 - self.theta

    def fires(self, x1: float, x2: float) -> int:
        """y = 1 where z ≥ 0, else 0."""
        return int(self.sum_at(x1, x2) >= 0)

    def wrong(self, inputs: Tensor, targets: Tensor) -> int:
        """How many of the points (N, 2) with targets (N,) 0 or 1 lie on the wrong side."""
        fires = self.w1 * inputs[:, 0] + self.w2 * inputs[:, 1] - self.theta >= 0
        return int((fires != (targets == 1)).sum())

    @property
    def parts(self) -> tuple[float, float, float]:
        """w₁, w₂, θ."""
        return self.w1, self.w2, self.theta

    @property
    def length(self) -> float:
        """√(w₁² + w₂² + θ²)."""
        return math.hypot(*self.parts)


def corrected(line: HalfPlane, x1: float, x2: float, target: int, rate: float) -> HalfPlane:
    """One sample presented: w ← w + η (t − y) x and θ ← θ − η (t − y). Where y = t, the very same line."""
    error = target - line.fires(x1, x2)
    if error == 0:
        return line
    return HalfPlane(line.w1 + rate * error * x1, line.w2 + rate * error * x2, line.theta - rate * error)


def most_corrections(radius: float, margin: float, start: float = 0.0, rate: float = 1.0) -> float:
    """How often the rule corrects at most: R²/γ², and 2 ‖w₀‖ / (η γ) more where it does not start from zero.

    radius R: of the longest (x₁, x₂, −1). margin γ > 0: of the best (w₁, w₂, θ) of length 1 on those. start: ‖w₀‖, the
    length of (w₁, w₂, θ) before the first sample. From k η γ − ‖w₀‖ ≤ ‖w‖ and ‖w‖² ≤ ‖w₀‖² + k η² R² after k
    corrections: each brings w further along the best direction by η γ, and its square grows by η² R² at most.
    """
    return radius**2 / margin**2 + 2 * start / (rate * margin)

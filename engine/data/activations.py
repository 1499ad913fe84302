"""Activation functions by name: what they are called, and what they are as LaTeX. No torch, so that cards may ask.

engine/models/activations.py computes them.
"""

from __future__ import annotations

OWN = "own"  # a formula that a reader typed

NAMES = {
    "sigmoid": "sigmoid", "tanh": "tanh", "relu": "ReLU", "leaky_relu": "Leaky ReLU", "elu": "ELU", "selu": "SELU",
    "gelu": "GELU", "gelu_tanh": "GELU (tanh form)", "silu": "SiLU (swish)", "softplus": "softplus",
    "hard_tanh": "hard tanh", "hard_sigmoid": "hard sigmoid", "step": "step function", "identity": "identity (none)",
}  # fmt: skip
EQUATIONS = {
    "sigmoid": r"\frac{1}{1 + e^{-x}}",
    "tanh": r"\frac{e^{x} - e^{-x}}{e^{x} + e^{-x}}",
    "relu": r"\max(0, x)",
    "leaky_relu": r"\max(x, a\,x)",
    "elu": r"\max(0, x) + \min(0, e^{x} - 1)",
    "selu": r"\lambda\left(\max(0, x) + \min(0, \alpha\,(e^{x} - 1))\right)",
    "gelu": r"x\,\Phi(x)",
    "gelu_tanh": r"\frac{x}{2}\left(1 + \tanh(\sqrt{2/\pi}\,(x + 0{.}044715\,x^3))\right)",
    "silu": r"\frac{x}{1 + e^{-x}}",
    "softplus": r"\ln(1 + e^{x})",
    "hard_tanh": r"\min(1, \max(-1, x))",
    "hard_sigmoid": r"\min(1, \max(0, \frac{x}{6} + \frac{1}{2}))",
    "step": r"\max(0, \operatorname{sign}(x))",
    "identity": "x",
}
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772  # λ, α of Klambauer et al. 2017

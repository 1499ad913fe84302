"""Activation functions by name: what they are called, and what they are as LaTeX. No torch, so that cards may ask.

engine/models/activations.py computes them.
"""

from __future__ import annotations

OWN = "own"  # a formula that a reader typed

NAMES = {
    "sigmoid": "sigmoid", "tanh": "tanh", "relu": "ReLU", "leaky_relu": "Leaky ReLU", "elu": "ELU", "selu": "SELU",
    "gelu": "GELU", "gelu_tanh": "GELU (tanh form)", "silu": "SiLU (swish)", "softplus": "softplus",
    "hard_tanh": "hard tanh", "hard_sigmoid": "hard sigmoid", "step": "step", "identity": "identity (none)",
}  # fmt: skip
EQUATIONS = {
    "sigmoid": r"\frac{1}{1 + e^{-x}}",
    "tanh": r"\frac{e^{x} - e^{-x}}{e^{x} + e^{-x}}",
    "relu": r"\max(0, x)",
    "leaky_relu": r"\begin{cases} x & x > 0 \\ a\,x & \text{else} \end{cases}",
    "elu": r"\begin{cases} x & x > 0 \\ e^{x} - 1 & \text{else} \end{cases}",
    "selu": r"\lambda \begin{cases} x & x > 0 \\ \alpha\,(e^{x} - 1) & \text{else} \end{cases}",
    "gelu": r"x\,\Phi(x) = \frac{x}{2}\left(1 + \operatorname{erf}\frac{x}{\sqrt 2}\right)",
    "gelu_tanh": r"\frac{x}{2}\left(1 + \tanh\left(\sqrt{2/\pi}\,(x + 0{.}044715\,x^3)\right)\right)",
    "silu": r"\frac{x}{1 + e^{-x}}",
    "softplus": r"\ln(1 + e^{x})",
    "hard_tanh": r"\min(1, \max(-1, x))",
    "hard_sigmoid": r"\min(1, \max(0, x/6 + 1/2))",
    "step": r"\begin{cases} 1 & x > 0 \\ 0 & \text{else} \end{cases}",
    "identity": "x",
}
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772  # λ, α of Klambauer et al. 2017

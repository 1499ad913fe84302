"""Activation functions: PyTorch's own, and derivatives that finite differences bear out."""

import math

import pytest
import torch
from torch.nn import functional as F

from engine.contracts.expressions import parse
from engine.data.activations import EQUATIONS, NAMES, SELU_ALPHA, SELU_SCALE
from engine.models.activations import ACTIVATIONS, activation, with_derivative

X = torch.linspace(-6, 6, 1201, dtype=torch.float64) + 0.0003  # no point on a kink
BY_HAND = {
    "sigmoid": lambda x: 1 / (1 + (-x).exp()),
    "tanh": lambda x: (x.exp() - (-x).exp()) / (x.exp() + (-x).exp()),
    "relu": lambda x: x.clamp(min=0),
    "leaky_relu": lambda x: torch.where(x > 0, x, 0.01 * x),
    "elu": lambda x: torch.where(x > 0, x, x.exp() - 1),
    "selu": lambda x: SELU_SCALE * torch.where(x > 0, x, SELU_ALPHA * (x.exp() - 1)),
    "gelu": lambda x: x / 2 * (1 + torch.erf(x / math.sqrt(2))),
    "gelu_tanh": lambda x: x / 2 * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "silu": lambda x: x / (1 + (-x).exp()),
    "softplus": lambda x: (1 + x.exp()).log(),
    "hard_tanh": lambda x: x.clamp(-1, 1),
    "hard_sigmoid": lambda x: (x / 6 + 0.5).clamp(0, 1),
    "step": lambda x: (x > 0).double(),
    "identity": lambda x: x,
}
MODULES = {
    "sigmoid": F.sigmoid, "tanh": F.tanh, "relu": F.relu, "leaky_relu": F.leaky_relu, "elu": F.elu, "selu": F.selu,
    "gelu": F.gelu, "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"), "silu": F.silu, "softplus": F.softplus,
    "hard_tanh": F.hardtanh, "hard_sigmoid": F.hardsigmoid, "step": lambda x: torch.heaviside(x, torch.zeros(1).to(x)),
    "identity": lambda x: x,
}  # fmt: skip


def test_there_are_names_equations_and_oracles_for_all():
    assert set(NAMES) == set(ACTIVATIONS) == set(EQUATIONS) == set(BY_HAND) == set(MODULES)
    assert len(NAMES) >= 12


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_function_is_pytorchs_and_that_of_its_equation_and_its_slope_that_of_differences(name):
    function, h = activation(name), 1e-6
    y, slope = with_derivative(function, X)
    torch.testing.assert_close(y, MODULES[name](X), rtol=0, atol=0)
    torch.testing.assert_close(y, BY_HAND[name](X), rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(slope, (function(X + h) - function(X - h)) / (2 * h), rtol=1e-4, atol=1e-5)
    assert not X.requires_grad
    assert not slope.requires_grad


def test_the_largest_slopes_that_everybody_quotes():
    slopes = {name: with_derivative(activation(name), torch.linspace(-6, 6, 12001).double())[1] for name in ACTIVATIONS}
    assert slopes["sigmoid"].max().item() == pytest.approx(0.25, abs=1e-12)
    assert slopes["tanh"].max().item() == pytest.approx(1, abs=1e-12)
    assert slopes["hard_sigmoid"].max().item() == pytest.approx(1 / 6, abs=1e-7)  # 1/6 is in float32 there
    assert slopes["softplus"].max() < 1
    assert slopes["gelu"].max().item() == pytest.approx(1.129, abs=1e-3)
    assert slopes["step"].abs().max() == 0
    assert (slopes["identity"] == 1).all()


def test_the_two_forms_of_gelu_differ_by_less_than_a_thousandth_but_differ():
    gap = (activation("gelu")(X) - activation("gelu_tanh")(X)).abs().max().item()
    assert 1e-4 < gap < 1e-3


def test_at_the_kink_pytorchs_convention_holds():
    zero = torch.zeros(1)
    assert with_derivative(activation("relu"), zero)[1] == 0
    assert with_derivative(activation("leaky_relu", slope=0.3), zero)[1] == pytest.approx(0.3)
    assert with_derivative(activation("hard_tanh"), torch.ones(1))[1] == 0
    assert activation("step")(zero) == 0


def test_the_slope_of_leaky_relu_is_set():
    y, slope = with_derivative(activation("leaky_relu", slope=0.3), torch.tensor([-2.0, 2.0]))
    assert y.tolist() == pytest.approx([-0.6, 2])
    assert slope.tolist() == pytest.approx([0.3, 1])


def test_an_own_formula_is_differentiated_and_its_holes_come_through():
    x = torch.tensor([-1.0, 0.5, 2.0], dtype=torch.float64)
    y, slope = with_derivative(activation("own", formula=parse("x sin(x)", "x")), x)
    torch.testing.assert_close(y, x * x.sin())
    torch.testing.assert_close(slope, x.sin() + x * x.cos())
    y, slope = with_derivative(activation("own", formula=parse("log(x)", "x")), x)
    assert y.isnan().tolist() == [True, False, False]
    y, slope = with_derivative(activation("own", formula=parse("3", "x")), x)
    assert y.tolist() == [3, 3, 3]
    assert slope.tolist() == [0, 0, 0]


def test_step_says_zero_and_not_that_there_is_no_way_back():
    x = torch.tensor([-1.0, 2.0, math.inf], requires_grad=True)
    activation("step")(x).sum().backward()
    assert x.grad.tolist() == [0, 0, 0]
    assert activation("step")(torch.tensor([math.inf, -math.inf])).tolist() == [1, 0]

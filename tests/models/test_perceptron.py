"""Neurons and the perceptron rule: scikit-learn's Perceptron, truth tables, autograd, and the theorem's bound."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Perceptron

from engine.data.half_planes import CORNERS, GATES, gate, overlapping, parted
from engine.instrument.margin import widest_margin
from engine.models.perceptron.neuron import FUNCTIONS, Neurons, TwoLayers, step
from engine.models.perceptron.rule import HalfPlane, corrected, most_corrections
from engine.training.fit import seeded


def presented(points, line, rate, passes):
    """The line after some passes in turn, and how often it was corrected."""
    count = 0
    for _ in range(passes):
        for (x1, x2), target in zip(points.inputs.double().tolist(), points.targets.tolist(), strict=True):
            after = corrected(line, x1, x2, target, rate)
            count, line = count + (after != line), after
    return line, count


def made(kind, seed, count=30):
    with seeded(seed) as generator:
        return parted(count, 0.4, generator) if kind == "parted" else overlapping(count, generator)


@pytest.mark.parametrize("kind", ["parted", "overlapping"])
@pytest.mark.parametrize(("seed", "rate", "passes"), [(0, 1.0, 1), (1, 0.3, 4), (2, 1.7, 9)])
def test_the_rule_is_that_of_scikit_learn(kind, seed, rate, passes):
    """The same samples in the same order from the same start; b = −θ."""
    points, start = made(kind, seed), HalfPlane(0.31, -0.57, 0.23)
    model = Perceptron(eta0=rate, shuffle=False, max_iter=passes, tol=None, penalty=None)
    model.fit(
        points.inputs.double().numpy(), points.targets.numpy(), coef_init=np.array([[start.w1, start.w2]]),
        intercept_init=np.array([-start.theta]),
    )  # fmt: skip
    line, count = presented(points, start, rate, passes)
    assert count > 0
    np.testing.assert_allclose([*model.coef_[0], -model.intercept_[0]], line.parts, rtol=1e-9, atol=1e-12)


def test_a_right_answer_changes_nothing_and_a_wrong_one_as_the_rule_says():
    line = HalfPlane(1.0, -2.0, 0.5)
    assert corrected(line, 2.0, 0.0, 1, 0.7) is line
    assert corrected(line, 2.0, 0.0, 0, 0.5) == HalfPlane(1.0 - 0.5 * 2.0, -2.0, 0.5 + 0.5)
    assert corrected(line, 0.0, 1.0, 1, 0.5) == HalfPlane(1.0, -2.0 + 0.5 * 1.0, 0.5 - 0.5)
    assert corrected(line, 0.5, 0.0, 1, 1.0) is line, "exactly on the line it fires"


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6), count=st.integers(4, 40), rate=st.floats(0.1, 2.0), gap=st.floats(0.1, 2.0),
    start=st.tuples(*[st.floats(-3, 3)] * 3), from_zero=st.booleans(),
)  # fmt: skip
def test_the_bound_holds_whatever_the_points_and_the_start(seed, count, rate, gap, start, from_zero):
    with seeded(seed) as generator:
        points = parted(count, gap, generator)
    line = HalfPlane(0.0, 0.0, 0.0) if from_zero else HalfPlane(*start)
    margin = widest_margin(points.inputs.double().numpy(), points.targets.numpy() == 1)
    assert margin.separable
    assert margin.margin >= gap / 2 / math.hypot(1, 4) - 1e-9, "the strip that was left free"
    bound = most_corrections(margin.radius, margin.margin, line.length, rate)
    corrections, before = 0, -1
    while corrections != before:
        before = corrections
        line, more = presented(points, line, rate, 1)
        corrections += more
        assert corrections <= bound
    assert line.wrong(points.inputs, points.targets) == 0


def test_step_fires_from_zero_on_and_autograd_finds_no_slope():
    z = torch.tensor([-2.0, -1e-9, 0.0, 1e-9, 3.0], dtype=torch.float64, requires_grad=True)
    step(z).sum().backward()
    assert step(z).tolist() == [0, 0, 1, 1, 1]
    assert z.grad.tolist() == [0] * 5


@pytest.mark.parametrize("function", FUNCTIONS)
def test_neurons_do_what_the_formula_says(function):
    weight, threshold = torch.tensor([[0.5, -1.0], [2.0, 0.3]]).double(), torch.tensor([0.2, -0.7]).double()
    x = torch.tensor([[1.0, 2.0], [-0.4, 0.1], [3.0, -2.0]]).double()
    found = Neurons(weight.tolist(), threshold.tolist(), function)(x)
    want = {"step": lambda z: (z >= 0).double(), "sigmoid": lambda z: 1 / (1 + (-z).exp()), "tanh": torch.tanh,
            "relu": lambda z: z.clamp(min=0)}[function](x @ weight.T - threshold)  # fmt: skip
    torch.testing.assert_close(found, want)


@pytest.mark.parametrize(
    ("name", "line"),
    [("and", HalfPlane(1, 1, 1.5)), ("or", HalfPlane(1, 1, 0.5)), ("nand", HalfPlane(-1, -1, -1.5))],
)
def test_gates_by_one_neuron(name, line):
    points = gate(name)
    assert line.wrong(points.inputs, points.targets) == 0
    rows = [(a and b, a or b, not (a and b), a != b)[list(GATES).index(name)] for a, b in CORNERS]
    assert points.targets.tolist() == [int(row) for row in rows]


def test_xor_by_two_layers():
    x = gate("xor").inputs.double()
    answers = TwoLayers([(1, 1, 0.5), (-1, -1, -1.5), (1, 1, 1.5)])(x)[:, 0]
    assert answers.tolist() == gate("xor").targets.tolist() == [a ^ b for a, b in CORNERS]


def test_with_a_sigmoid_the_rule_is_a_step_against_the_gradient_of_the_cross_entropy():
    x, target, rate = torch.tensor([0.7, -1.3]).double(), 1.0, 0.4
    neuron = Neurons([[0.2, 0.5]], [0.3], "sigmoid")
    y = neuron(x[None])[0, 0]
    torch.nn.functional.binary_cross_entropy(y, torch.tensor(target).double()).backward()
    moved = neuron.weight - rate * neuron.weight.grad, neuron.threshold - rate * neuron.threshold.grad
    torch.testing.assert_close(moved[0][0], neuron.weight[0] + rate * (target - y) * x)
    torch.testing.assert_close(moved[1][0], neuron.threshold[0] - rate * (target - y))

"""The engine on single numbers: values and gradients against autograd and finite differences, on graphs at random."""

import math
import random

import numpy as np
import pytest
import torch

from engine.models.scalar_checks import autograd_gradients, central_difference
from engine.models.scalar_engine import PRIMITIVES, Value, apply, forward, zero_gradients

ONE = [
    name for name in PRIMITIVES if name not in ("add", "subtract", "multiply", "divide", "power", "max", "min", "sum")
]
TWO = ("add", "subtract", "multiply", "divide", "power", "max", "min")
POSITIVE = ("log", "sqrt", "power", "divide")


def random_graph(chance: random.Random, size: int) -> tuple[Value, list[Value]]:
    """A graph in which numbers are used several times; it ends in a sum over all that nothing else uses."""
    inputs = [Value(chance.uniform(-2, 2), name=f"x{at}") for at in range(3)]
    made = list(inputs)
    for _ in range(size):
        kind = chance.choice([*ONE, *TWO, "sum"])
        count = 1 if kind in ONE else 2 if kind in TWO else 3
        parts = [chance.choice(made) for _ in range(count)]
        if kind in POSITIVE:  # away from where they have no derivative
            parts = [apply("softplus", part) + 0.1 for part in parts]
        if kind == "exp":
            parts = [apply("tanh", part) for part in parts]
        made.append(apply(kind, *parts))
    used = {parent for value in made for parent in value.parents}
    return apply("sum", *(apply("tanh", value) for value in made if value not in used)), inputs


@pytest.mark.parametrize("seed", range(30))
def test_gradients_are_autograds_on_graphs_at_random(seed):
    end, inputs = random_graph(random.Random(seed), 12)
    end.backward()
    assert [value.grad for value in inputs] == pytest.approx(autograd_gradients(end, inputs), rel=1e-9, abs=1e-12)
    for value in inputs:
        before = [one.data for one in end.order()]
        found = central_difference(end, value, 1e-6)
        assert [one.data for one in end.order()] == before, "the graph is left as it was"
        if not math.isclose(found, value.grad, rel_tol=1e-4, abs_tol=1e-6):  # a kink or a jump within reach
            wide = central_difference(end, value, 1e-7)
            assert math.isclose(wide, value.grad, rel_tol=1e-4, abs_tol=1e-5) or abs(wide) > 1e4


@pytest.mark.parametrize("name", PRIMITIVES)
def test_every_function_and_its_slopes_are_pytorchs(name):
    chance = random.Random(name)
    for _ in range(20):
        count = 1 if name in ONE else 3 if name == "sum" else 2
        inputs = [
            Value(chance.uniform(0.1, 3) * (1 if name in POSITIVE else chance.choice((-1, 1)))) for _ in range(count)
        ]
        end = apply(name, *inputs) * 1.5
        end.backward()
        assert [one.grad for one in inputs] == pytest.approx(autograd_gradients(end, inputs), rel=1e-12, abs=1e-15)


@pytest.mark.parametrize(
    ("name", "at", "slopes"),
    [("relu", (0.0,), [0.0]), ("abs", (0.0,), [0.0]), ("sign", (0.0,), [0.0]), ("step", (0.0,), [0.0]),
     ("max", (2.0, 2.0), [0.5, 0.5]), ("min", (2.0, 2.0), [0.5, 0.5]), ("power", (0.0, 2.0), [0.0, 0.0]),
     ("power", (0.0, 0.0), [0.0, 0.0]), ("sqrt", (0.0,), [math.inf])],
)  # fmt: skip
def test_at_a_kink_the_convention_is_pytorchs(name, at, slopes):
    inputs = [Value(x) for x in at]
    end = apply(name, *inputs)
    end.backward()
    assert [one.grad for one in inputs] == slopes == autograd_gradients(end, inputs)


def test_a_finite_difference_knows_nothing_of_the_convention():
    x = Value(0.0)
    assert central_difference(apply("relu", x), x, 1e-5) == pytest.approx(0.5)
    end = apply("relu", x)
    end.backward()
    assert x.grad == 0


def test_where_a_number_is_used_twice_its_gradients_add():
    x = Value(3.0)
    end = x * x + x
    end.backward()
    assert (end.data, x.grad) == (12, 7)
    steps = []
    zero_gradients([x])
    for value in end.backward_steps():
        steps.append((value.function, float(x.grad)))
    assert steps == [("add", 0.0), ("add", 1.0), ("multiply", 7.0)]


def test_without_zeroing_gradients_accumulate_in_inputs_alone():
    x, c = Value(3.0), Value(2.0, wanted=False)
    end = apply("power", x * c, 2)
    end.backward()
    first, inner = x.grad, end.parents[0].grad
    end.backward()
    assert (x.grad, end.parents[0].grad, c.grad) == (2 * first, inner, 0)
    zero_gradients([x])
    end.backward()
    assert x.grad == first


def test_a_graph_computes_again_after_its_input_was_changed():
    x = Value(1.0)
    end = 2 / (1 - x * 3) - x
    x.data = np.float64(2.0)
    forward(end.order())
    assert end.data == pytest.approx(2 / (1 - 6) - 2)
    assert [value.function for value in end.order()][-1] == "subtract"


def test_what_is_no_number_comes_through_as_in_pytorch():
    for name, at in (("log", -1.0), ("sqrt", -1.0), ("exp", 1e4), ("log", 0.0)):
        x = Value(at)
        end = apply(name, x)
        end.backward()
        expected = getattr(torch, name)(torch.tensor(at, dtype=torch.float64)).item()
        assert end.data == expected or (math.isnan(end.data) and math.isnan(expected))
        assert [float(x.grad)] == pytest.approx(autograd_gradients(end, [x]), nan_ok=True)
    assert math.isinf((Value(1.0) / 0.0).data)


def test_a_long_chain_needs_no_recursion():
    value = x = Value(1.0)
    for _ in range(5000):
        value = value + x
    value.backward()
    assert x.grad == 5001

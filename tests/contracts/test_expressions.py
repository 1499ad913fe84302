"""Formulas that a reader types: read as mathematics reads them, bounded, and never as Python."""

import math
import random
import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.contracts import expressions
from engine.contracts.expressions import FUNCTIONS, Constant, Operation, Variable, inside, latex, parse
from engine.contracts.knob import KnobError
from engine.models.expressions import OPERATIONS, evaluate

X, Y = 0.7, -1.3


def value(text, **given):
    values = {name: torch.tensor(one, dtype=torch.float64) for name, one in ({"x": X, "y": Y} | given).items()}
    return evaluate(parse(text, ("x", "y")), values).item()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("x^2", X**2), ("-x^2", -(X**2)), ("(-x)^2", X**2), ("2^3^2", 512.0), ("2**-1", 0.5), ("1 - 2 - 3", -4.0),
        ("8/4/2", 1.0), ("2x", 2 * X), ("2x^2y", 2 * X**2 * Y), ("3(x + 1)", 3 * (X + 1)), ("x y", X * Y),
        ("(x+1)(x-1)", X**2 - 1), ("sin(pi x)", math.sin(math.pi * X)), ("e^x", math.exp(X)),
        ("exp(-x^2)", math.exp(-(X**2))),
        ("max(0, y)", 0.0), ("min(x,y)", Y), ("abs(y)", 1.3), ("ln(x)", math.log(X)), ("sqrt(x)", math.sqrt(X)),
        ("(1 − x)² ", (1 - X) ** 2), ("2x²y", 2 * X**2 * Y), ("x⁻¹", 1 / X), ("x¹⁰", X**10), ("2³x", 8 * X),
        ("x × y ÷ 2", X * Y / 2), ("x／（1＋y）", X / (1 + Y)),
        ("sigmoid(x)", 1 / (1 + math.exp(-X))), ("σ(x)", 1 / (1 + math.exp(-X))), ("1e-2x", 0.01 * X), (".5x", 0.5 * X),
        ("+x - -x", 2 * X), ("step(y)", 0.0), ("7", 7.0), ("softplus(x)", math.log1p(math.exp(X))),
        ("erf(x)", math.erf(X)),
        ("relu(y) + sign(y)", -1.0), ("tanh(x)cos(y)", math.tanh(X) * math.cos(Y)),
        ("100(y - x^2)^2 + (1-x)^2", 100 * (Y - X * X) ** 2 + (1 - X) ** 2),
    ],
)  # fmt: skip
def test_it_reads_as_mathematics_does(text, wanted):
    """Signs bind as they do on paper; what stands side by side is multiplied."""
    assert value(text) == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "got nothing"), ("   ", "got nothing"), ("x +", "ends too early"),
        ("(x", "it ends where “)” was expected"),
        ("x)", "got “)” (character 2)"), ("z + 1", "“z” is unknown. There are x, y, pi, e, and the functions sin"),
        ("sin x", "expected “(”, got “x”"), ("max(x)", "max takes 2, got 1"), ("sin(x, y)", "sin takes 1, got 2"),
        ("x = 3", "“=” has no meaning here (character 3)"), ("x; y", "has no meaning"), ("x[0]", "has no meaning"),
        ("x.real", "has no meaning"), ("'a'", "has no meaning"), ("__import__('os')", "has no meaning"),
        ("exec(x)", "“exec” is unknown"), ("lambda: x", "has no meaning"), ("2e9 x", "numbers up to 1,000,000"),
        ("x" * 201, "at most 200 characters, got 201"), ("(" * 60 + "x" + ")" * 60, "at most 24 brackets"),
        ("-" * 90 + "x", "at most 24 brackets"), ("2^" * 60 + "x", "at most 24 brackets"),
        ("x+" * 99 + "x", "at most 120 numbers"), ("max(,)", "got “,”"), ("*x", "got “*”"),
        ("x😀", "“😀” has no meaning"),
        ("²", "got “^”"), ("⁻x", "has no meaning"), ("sin²(x)", "expected “(”, got “^”"),
        ("sin(", "ends too early"), ("x^", "ends too early"), ("x\x00", "has no meaning"), ("<b>", "has no meaning"),
    ],
)  # fmt: skip
def test_what_is_no_formula_is_explained(text, said):
    """One sentence: what was expected, what came, and where."""
    with pytest.raises(KnobError) as raised:
        parse(text, ("x", "y"))
    assert said in str(raised.value)


@given(st.text(alphabet="xyz0123456789.+-*/^()e, sincoexplgmax\n_\"'[]{}=≈²", max_size=220))
def test_any_text_is_a_formula_or_one_sentence(text):
    """Nothing else is raised, and what is read computes."""
    read, said = None, "Formula: "
    try:
        read = parse(text, ("x", "y"))
    except KnobError as error:
        said = str(error)
    if read is None:
        assert re.fullmatch("Formula: .+", said)
        return
    assert len(list(inside(read))) <= expressions.MOST_PARTS
    one = torch.linspace(-2, 2, 5)
    assert evaluate(read, {"x": one, "y": one}).shape == (5,)
    assert latex(read)


def test_huge_powers_cost_nothing():
    """Powers are those of floating point: no integer of a billion digits is ever made."""
    assert value("9^9^9^9") == math.inf
    assert value("x^999999") == 0.0
    assert math.isnan(value("log(y)"))


def made_up(random, depth):
    """(text, what Python makes of it) of a random formula."""
    if depth == 0 or random.random() < 0.2:
        number = round(random.uniform(0.1, 3), 2)
        return random.choice([("x", X), ("y", Y), (str(number), number)])
    a, left = made_up(random, depth - 1)
    b, right = made_up(random, depth - 1)
    kind = random.choice("+-*/-s")
    if kind == "s":
        return f"sin({a})", math.sin(left)
    if kind == "/" and abs(right) < 1e-3:
        kind = "+"
    return f"({a}) {kind} ({b})", {"+": left + right, "-": left - right, "*": left * right,
                                   "/": left / right if right else 0}[kind]  # fmt: skip


def test_random_formulas_come_to_what_they_should():
    """Built together with their value, bracket by bracket."""
    chance = random.Random(0)
    for _ in range(200):
        text, wanted = made_up(chance, 4)
        if len(text) <= expressions.MOST_LETTERS:
            assert value(text) == pytest.approx(wanted, rel=1e-9, abs=1e-12), text


def test_every_function_can_be_computed_and_written():
    """No name in the list without a meaning; each takes as many values as it says."""
    signs = {"add", "subtract", "multiply", "divide", "power", "negate"}
    assert set(OPERATIONS) == set(FUNCTIONS) | signs
    for name, count in FUNCTIONS.items():
        made = Operation(name, (Variable("x"), Constant(2.0))[:count])
        assert math.isfinite(evaluate(made, {"x": torch.tensor(0.5)}).item())
        assert "x" in latex(made)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("x - (y - 1)", r"x - \left(y - 1\right)"), ("x/(y+1)", r"\frac{x}{y + 1}"),
        ("(x+1)^2", r"{\left(x + 1\right)}^{2}"),
        ("x*(y/2)", r"x \cdot \frac{y}{2}"), ("-(x+y)", r"-\left(x + y\right)"), ("sqrt(pi)", r"\sqrt{\pi}"),
        ("sigmoid(x)", r"\operatorname{sigmoid}\left(x\right)"), ("(x y)^2", r"{\left(x \cdot y\right)}^{2}"),
        ("x - y*2", r"x - y \cdot 2"), ("x - -y", r"x - \left(-y\right)"),
    ],
)  # fmt: skip
def test_it_is_written_with_the_brackets_it_needs(text, wanted):
    """As LaTeX, no bracket too few."""
    assert latex(parse(text, ("x", "y"))) == wanted

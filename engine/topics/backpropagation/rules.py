"""What the functions of the engine are called, as text and as LaTeX, and their local derivatives in symbols."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
Made = Callable[..., str]


@dataclass(frozen=True)
class Rule:
    """symbol: on a node. text, latex: of the names of the parents. slopes: LaTeX of the local derivative by each
    parent, of (name of the node, *names of the parents)."""

    symbol: str
    text: Made
    latex: Made
    slopes: tuple[Made, ...]


def _between(sign: str) -> Made:
    return lambda a, b: f"{a} {sign} {b}"


def _call(name: str) -> Made:
    return lambda *parts: f"{name}({', '.join(parts)})"


def _function(symbol: str, latex: str, slope: Made) -> Rule:
    return Rule(symbol, _call(symbol), lambda a: rf"{latex}({a})", (slope,))


def _one(*_: str) -> str:
    return "1"


def _wins(name: str, slot: int) -> Made:
    """1 where this one is the greater (the smaller) of two; a half where both are equal."""

    def made(out: str, a: str, b: str) -> str:
        one, other = (a, b) if (slot == 0) == (name == "max") else (b, a)
        return rf"\operatorname{{step}}({one} - {other})"

    return made


RULES = {
    "add": Rule("+", _between("+"), _between("+"), (_one, _one)),
    "subtract": Rule("−", _between("−"), _between("-"), (_one, lambda *_: "(-1)")),
    "multiply": Rule("×", _between("×"), _between(r"\cdot"), (lambda out, a, b: b, lambda out, a, b: a)),
    "divide": Rule("÷", _between("÷"), lambda a, b: rf"\frac{{{a}}}{{{b}}}",
                   (lambda out, a, b: rf"\frac{{1}}{{{b}}}",
                    lambda out, a, b: rf"\left(-\frac{{{a}}}{{{b}^2}}\right)")),
    "power": Rule("xⁿ", _between("^"), lambda a, b: f"{a}^{{{b}}}",
                  (lambda out, a, b: rf"{b}\,{a}^{{{b} - 1}}", lambda out, a, b: rf"{out} \ln {a}")),
    "negate": Rule("−", lambda a: f"−{a}", lambda a: f"-{a}", (lambda *_: "(-1)",)),
    "sum": Rule("Σ", lambda *parts: " + ".join(parts), lambda *parts: " + ".join(parts), (_one,) * 8),
    "sin": _function("sin", r"\sin", lambda out, a: rf"\cos({a})"),
    "cos": _function("cos", r"\cos", lambda out, a: rf"(-\sin({a}))"),
    "tanh": _function("tanh", r"\tanh", lambda out, a: f"(1 - {out}^2)"),
    "sigmoid": Rule("σ", _call("σ"), lambda a: rf"\sigma({a})", (lambda out, a: rf"{out} \cdot (1 - {out})",)),
    "relu": _function("ReLU", r"\operatorname{ReLU}", lambda out, a: rf"\operatorname{{step}}({a})"),
    "softplus": Rule("softplus", _call("softplus"), lambda a: rf"\ln(1 + e^{{{a}}})",
                     (lambda out, a: rf"\sigma({a})",)),
    "exp": _function("exp", r"\exp", lambda out, a: out),
    "log": Rule("ln", _call("ln"), lambda a: rf"\ln({a})", (lambda out, a: rf"\frac{{1}}{{{a}}}",)),
    "sqrt": Rule("√", _call("√"), lambda a: rf"\sqrt{{{a}}}", (lambda out, a: rf"\frac{{1}}{{2\,{out}}}",)),
    "abs": Rule("|·|", lambda a: f"|{a}|", lambda a: f"|{a}|", (lambda out, a: rf"\operatorname{{sign}}({a})",)),
    "erf": _function("erf", r"\operatorname{erf}", lambda out, a: rf"\frac{{2}}{{\sqrt{{\pi}}}} e^{{-{a}^2}}"),
    "step": _function("step", r"\operatorname{step}", lambda *_: "0"),
    "sign": _function("sign", r"\operatorname{sign}", lambda *_: "0"),
    "max": Rule("max", _call("max"), lambda a, b: rf"\max({a}, {b})",
                (_wins("max", 0), _wins("max", 1))),
    "min": Rule("min", _call("min"), lambda a, b: rf"\min({a}, {b})",
                (_wins("min", 0), _wins("min", 1))),
}  # fmt: skip


def latex_of(name: str) -> str:
    """A displayed name as LaTeX: "w₁₂" -> "w_{12}"; a constant keeps its number, with its point in braces."""
    if name == "π":
        return r"\pi"
    letters, digits = re.fullmatch(r"([^₀-₉]*)([₀-₉]*)", name).groups()
    if not digits:
        return letters.replace("−", "-").replace(".", "{.}")
    return f"{letters}_{{{digits.translate(_DIGITS)}}}"


def recipe(function: str, names: Sequence[str]) -> str:
    """A node written out, "a × b"; "" for what is given."""
    return RULES[function].text(*names) if function else ""

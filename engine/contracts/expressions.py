"""Formulas that a reader types, read as formulas: never evaluated as Python, bounded in length, depth and size.

    expression := term (("+" | "-") term)*
    term       := factor (("*" | "/") factor | factor-that-follows-directly)*      2x, 3(x + 1), x y
    factor     := ("-" | "+") factor | power
    power      := atom (("^" | "**") factor)?            right to left: 2^3^2 = 2^9; -x^2 = -(x^2); x² is read as x^2
    atom       := number | name | function "(" expression ("," expression)? ")" | "(" expression ")"

Reading computes nothing; engine/models/expressions.py computes with PyTorch, in floating point throughout.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Collection, Iterator
from typing import Any

from engine.contracts.knob import KnobError

MOST_LETTERS, MOST_DEPTH, MOST_PARTS = 200, 24, 120
LARGEST_NUMBER = 1e6
CONSTANTS = {"pi": math.pi, "e": math.e}
FUNCTIONS = {
    "sin": 1, "cos": 1, "tanh": 1, "sigmoid": 1, "relu": 1, "softplus": 1, "exp": 1, "log": 1, "sqrt": 1, "abs": 1,
    "erf": 1, "step": 1, "sign": 1, "max": 2, "min": 2,
}  # fmt: skip
_ALSO = {"ln": "log", "σ": "sigmoid", "π": "pi"}
_SIGNS = str.maketrans("−–·×÷（），＋－＊／＾⋅", "--**/(),+-*/^*")
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_TOKEN = re.compile(
    r"\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)"  # a number
    rf"|([^\W\d_{_RAISED}](?:(?![{_RAISED}])\w)*)"  # a name
    rf"|(\*\*|[-+*/^(),])|(⁻?[{_RAISED}]+))"  # a sign, or a power as it is printed
)
_LOWERED = str.maketrans(_RAISED, "0123456789")


@dataclasses.dataclass(frozen=True)
class Constant:
    """A number; name: as it was typed, where it has one ("pi")."""

    value: float
    name: str = ""


@dataclasses.dataclass(frozen=True)
class Variable:
    """One of the names that a formula may use."""

    name: str


@dataclasses.dataclass(frozen=True)
class Operation:
    """name: "add", "subtract", "multiply", "divide", "power", "negate", or a key of FUNCTIONS."""

    name: str
    parts: tuple[Expression, ...]


Expression = Constant | Variable | Operation


def parse(text: str, variables: Collection[str]) -> Expression:
    """The formula of a text. KnobError, in a sentence that says what was expected and where, for anything else."""
    if len(text) > MOST_LETTERS:
        raise KnobError("Formula: expected at most {most} characters, got {count}", most=MOST_LETTERS, count=len(text))
    return _Reader(text, tuple(variables)).whole()


def inside(expression: Expression) -> Iterator[Expression]:
    """Every part of a formula, each after its own parts, itself last."""
    if isinstance(expression, Operation):
        for part in expression.parts:
            yield from inside(part)
    yield expression


class _Reader:
    def __init__(self, text: str, variables: tuple[str, ...]):
        self.text, self.variables, self.parts = text, variables, 0
        self.tokens: list[tuple[str, str, int]] = []  # (kind, what, place from 1)
        at, plain = 0, text.translate(_SIGNS).rstrip()
        while at < len(plain):
            match = _TOKEN.match(plain, at)
            if match is None:
                sign = plain[at:].lstrip()[0]
                raise KnobError("Formula: {sign!r} has no meaning here (character {place})",
                                sign=sign, place=plain.index(sign, at) + 1)  # fmt: skip
            what, place = match[match.lastindex], match.start(match.lastindex) + 1
            if match.lastindex == 4:  # x² as x^2, x⁻¹ as x^-1
                minus = [("sign", "-", place)] if what[0] == "⁻" else []
                raised = what.lstrip("⁻").translate(_LOWERED)
                self.tokens += [("sign", "^", place), *minus, ("number", raised, place)]
            else:
                self.tokens.append((("number", "name", "sign")[match.lastindex - 1], what, place))
            at = match.end()
        self.tokens.append(("end", "", len(plain) + 1))
        self.at = 0

    def whole(self) -> Expression:
        if self.tokens[0][0] == "end":
            raise KnobError("Formula: expected one, such as {example}, got nothing", example=f"{self.variables[0]}^2")
        read = self.sum(0)
        if self.kind != "end":
            raise self.unexpected()
        return read

    # ------------------------------------------------ tokens

    @property
    def kind(self) -> str:
        return self.tokens[self.at][0]

    @property
    def sign(self) -> str:
        kind, what, _ = self.tokens[self.at]
        return what if kind == "sign" else ""

    def take(self) -> str:
        what = self.tokens[self.at][1]
        self.at += 1
        return what

    def demand(self, sign: str) -> None:
        if self.sign != sign:
            raise self.unexpected(sign)
        self.take()

    def unexpected(self, wanted: str = "") -> KnobError:
        kind, what, place = self.tokens[self.at]
        if kind == "end":
            if wanted:
                return KnobError("Formula: it ends where {wanted!r} was expected", wanted=wanted)
            return KnobError("Formula: it ends too early")
        if wanted:
            return KnobError("Formula: expected {wanted!r}, got {sign!r} (character {place})",
                             wanted=wanted, sign=what, place=place)  # fmt: skip
        return KnobError(
            "Formula: expected a number, a name or a bracket, got {sign!r} (character {place})", sign=what, place=place
        )

    def counted(self, part: Expression) -> Expression:
        self.parts += 1
        if self.parts > MOST_PARTS:
            raise KnobError("Formula: expected at most {most} numbers, names and signs", most=MOST_PARTS)
        return part

    # ------------------------------------------------ grammar

    def sum(self, depth: int) -> Expression:
        if depth > MOST_DEPTH:
            raise KnobError("Formula: expected at most {most} brackets and signs within one another", most=MOST_DEPTH)
        left = self.product(depth)
        while self.sign in ("+", "-"):
            name = {"+": "add", "-": "subtract"}[self.take()]
            left = self.counted(Operation(name, (left, self.product(depth))))
        return left

    def product(self, depth: int) -> Expression:
        left = self.factor(depth)
        while True:
            if self.sign in ("*", "/"):
                name = {"*": "multiply", "/": "divide"}[self.take()]
                left = self.counted(Operation(name, (left, self.factor(depth))))
            elif self.kind in ("number", "name") or self.sign == "(":  # 2x, x(1 - x)
                left = self.counted(Operation("multiply", (left, self.power(depth))))
            else:
                return left

    def factor(self, depth: int) -> Expression:
        if depth > MOST_DEPTH:
            raise KnobError("Formula: expected at most {most} brackets and signs within one another", most=MOST_DEPTH)
        if self.sign == "-":
            self.take()
            return self.counted(Operation("negate", (self.factor(depth + 1),)))
        if self.sign == "+":
            self.take()
            return self.factor(depth + 1)
        return self.power(depth)

    def power(self, depth: int) -> Expression:
        base = self.atom(depth)
        if self.sign not in ("^", "**"):
            return base
        self.take()
        return self.counted(Operation("power", (base, self.factor(depth + 1))))

    def atom(self, depth: int) -> Expression:
        if self.kind == "number":
            value = float(self.take())
            if not abs(value) <= LARGEST_NUMBER:
                raise KnobError(
                    "Formula: expected numbers up to {most}, got {value}", most="1,000,000", value=f"{value:g}"
                )
            return self.counted(Constant(value))
        if self.sign == "(":
            self.take()
            inner = self.sum(depth + 1)
            self.demand(")")
            return inner
        if self.kind != "name":
            raise self.unexpected()
        return self.counted(self.named(depth))

    def named(self, depth: int) -> Expression:
        typed = self.take()
        name = _ALSO.get(typed, typed)
        if typed in self.variables:
            return Variable(typed)
        if name in CONSTANTS:
            return Constant(CONSTANTS[name], name)
        if name not in FUNCTIONS:
            known = {"names": ", ".join([*self.variables, *CONSTANTS]), "functions": ", ".join(FUNCTIONS)}
            raise KnobError(
                "Formula: {name!r} is unknown. There are {names}, and the functions {functions}", name=typed, **known
            )
        self.demand("(")
        parts = [self.sum(depth + 1)]
        while self.sign == ",":
            self.take()
            parts.append(self.sum(depth + 1))
        if len(parts) != FUNCTIONS[name]:
            raise KnobError("Formula: {name} takes {want}, got {got}", name=name, want=FUNCTIONS[name], got=len(parts))
        self.demand(")")
        return Operation(name, tuple(parts))


# ---------------------------------------------------------------- as LaTeX and as text

_BINDS = {"add": 1, "subtract": 1, "multiply": 2, "divide": 2, "negate": 0.9, "power": 4}
_GREEK = {"pi": r"\pi", "alpha": r"\alpha", "beta": r"\beta", "theta": r"\theta"}


def latex(expression: Expression) -> str:
    """The formula as LaTeX."""
    match expression:
        case Constant(value, name):
            return _GREEK.get(name, name) or f"{value:g}"
        case Variable(name):
            letters, digits = re.fullmatch(r"(\w*?)_?(\d*)", name).groups()
            return _GREEK.get(letters, letters if len(letters) < 2 else rf"\mathrm{{{letters}}}") + (
                f"_{{{digits}}}" if digits else ""
            )
        case Operation("add" | "subtract" as name, (left, right)):
            sign = "+" if name == "add" else "-"
            return f"{latex(left)} {sign} {_within(right, 1 if name == 'add' else 1.5)}"
        case Operation("multiply", (left, right)):
            first = latex(left) if isinstance(left, Operation) and left.name == "negate" else _within(left, 2)
            return rf"{first} \cdot {_within(right, 2.5)}"
        case Operation("divide", (left, right)):
            return rf"\frac{{{latex(left)}}}{{{latex(right)}}}"
        case Operation("negate", (part,)):
            return f"-{_within(part, 2)}"
        case Operation("power", (base, exponent)):
            return f"{{{_within(base, 5)}}}^{{{latex(exponent)}}}"
        case Operation("sqrt", (part,)):
            return rf"\sqrt{{{latex(part)}}}"
        case Operation("abs", (part,)):
            return rf"\left|{latex(part)}\right|"
        case Operation(name, parts):
            written = {"sin", "cos", "tanh", "exp", "log", "max", "min"}
            head = rf"\{name}" if name in written else rf"\operatorname{{{name}}}"
            return rf"{head}\left({', '.join(map(latex, parts))}\right)"
    raise TypeError(f"expected a formula, got {expression!r}")


def _within(part: Any, binds: float) -> str:
    """A part in brackets where the sign around it binds more strongly than its own."""
    own = _BINDS.get(part.name, 9) if isinstance(part, Operation) else 9
    if isinstance(part, Operation) and part.name == "divide" and binds < 5:
        own = 9  # a fraction needs none
    return rf"\left({latex(part)}\right)" if own < binds else latex(part)

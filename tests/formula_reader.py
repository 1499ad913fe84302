"""A reader of displayed arithmetic: works out a side of an equation with no more than the digits that stand there.

A number with a decimal point is rounded and stands for all that would be rounded to it; one without is exact, and so is
one whose point stands in braces. What cannot be read is an error: nothing is passed over.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

UNITS = (r"\text{nat}",)  # behind a number
FEWEST_DIGITS = 2  # that count, of a rounded number


class Wrong(AssertionError):
    """A displayed formula that does not hold, says nothing, or cannot be read."""


@dataclass(frozen=True)
class Span:
    """All numbers that a displayed one may stand for; scale: the size of what was added up to it."""

    low: float
    high: float
    scale: float

    @classmethod
    def of(cls, value: float) -> Span:
        return cls(value, value, abs(value))


Value = tuple[Span, ...] | None  # one number, or the numbers of a vector; None: there are symbols in it


@dataclass
class Reader:
    """One expression from left to right."""

    text: str
    where: Mapping[str, Sequence[float]]
    at: int = 0
    tokens: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = TOKEN.findall(plain(self.text))
        if "".join(self.tokens).replace(" ", "") != plain(self.text).replace(" ", ""):
            raise Wrong(f"cannot read {self.text!r}")

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, expected: str | None = None) -> str:
        token = self.peek()
        if not token or (expected is not None and token != expected):
            raise Wrong(f"expected {expected or 'more'} after {''.join(self.tokens[: self.at])!r} in {self.text!r}")
        self.at += 1
        return token

    def whole(self) -> Value:
        value = self.sum()
        if self.peek():
            raise Wrong(f"cannot read {''.join(self.tokens[self.at :])!r} of {self.text!r}")
        return value

    def sum(self) -> Value:
        sign = 1.0
        while self.peek() in ("+", "-"):
            sign = -sign if self.take() == "-" else sign
        total = _times(_number(sign), self.product())
        while self.peek() in ("+", "-"):
            sign = -1.0 if self.take() == "-" else 1.0
            total = _plus(total, _times(_number(sign), self.product()))
        return total

    def product(self) -> Value:
        value = self.power()
        while (token := self.peek()) and token not in STOPS:
            if token in (r"\cdot", r"\times"):
                self.take()
                value = _times(value, self.power())
            elif token == "/":
                self.take()
                value = _over(value, self.power(), self.text)
            else:
                value = _times(value, self.power())
        return value

    def power(self) -> Value:
        if self.peek() == "e" and self.tokens[self.at + 1 : self.at + 2] == ["^"]:
            self.take()
            self.take("^")
            return _each(math.exp, self.group())
        value = self.base()
        while self.peek() in ("^", "_"):
            if self.take() == "^":
                value = _raised(value, self.group())
            else:  # an index after a power, as in A^k_{ij}
                self.raw()
                value = None
        return value

    def group(self) -> Value:
        """What is in braces, or the one token that stands for it."""
        if self.peek() != "{":
            return self.base()
        self.take()
        value = self.sum() if self.peek() != "}" else None
        while self.peek() != "}":  # an index such as {i,j}: nothing to work out
            value = None
            self.take()
        self.take()
        return value

    def raw(self) -> str:
        """The text of a group, unread: an index, a name."""
        if self.peek() != "{":
            return self.take()
        depth, found = 0, []
        while True:
            token = self.take()
            depth += {"{": 1, "}": -1}.get(token, 0)
            found.append(token)
            if depth == 0:
                return "".join(found[1:-1])

    def base(self) -> Value:
        token = self.take()
        if NUMBER.fullmatch(token):
            return (_literal(token, self.text),)
        if token in ("(", r"\{"):
            return self.vector({"(": ")", r"\{": r"\}"}[token])
        if token == "{":
            self.at -= 1
            return self.group()
        if token in ("|", r"\lVert"):
            value = self.sum()
            self.take({"|": "|", r"\lVert": r"\rVert"}[token])
            return _each(abs, value) if value is None or len(value) == 1 else None
        if token == r"\frac":
            above = self.group()
            return _over(above, self.group(), self.text)
        if token == r"\sqrt":
            return _each(lambda x: math.sqrt(max(0.0, x)), self.group())
        if token == r"\underbrace":
            value = self.group()
            if self.peek() == "_":
                self.take()
                self.raw()
            return value
        if token in (r"\sum", r"\mathbb"):
            return self.symbol(token, into=token == r"\sum")
        if token in FUNCTIONS or token == r"\operatorname":
            return self.call(token if token in FUNCTIONS else self.raw())
        if token == r"\infty":
            return (Span(math.inf, math.inf, math.inf),)
        if token.startswith(r"\text{"):
            return (Span.of(1.0),) if token in UNITS else None
        if NAME.fullmatch(token):
            return self.name(token)
        raise Wrong(f"cannot read {token!r} in {self.text!r}")

    def vector(self, end: str) -> Value:
        parts = [self.sum()]
        while self.peek() == ",":
            self.take()
            parts.append(self.sum())
        self.take(end)
        if any(part is None or (len(parts) > 1 and len(part) != 1) for part in parts):
            return None
        return tuple(span for part in parts for span in part)

    def symbol(self, token: str, *, into: bool) -> Value:
        """A sum sign or a mean over something, with its limits; what it runs over is read, its value is not known."""
        if token == r"\mathbb":
            self.raw()
        while self.peek() in ("_", "^"):
            self.take()
            self.raw()
        if into and self.peek() not in (*STOPS, ""):
            self.product()
        return None

    def call(self, name: str) -> Value:
        """A function of what stands after it."""
        power = None
        if self.peek() == "^":
            self.take()
            power = self.group()
        if name.strip("\\") in ("max", "min"):
            self.take("(")
            arguments = [self.sum()]
            while self.peek() == ",":
                self.take()
                arguments.append(self.sum())
            self.take(")")
            return _largest(arguments, min if name.endswith("min") else max)
        value = self.power()
        function = FUNCTIONS.get(name) or FUNCTIONS.get("\\" + name) or OPERATORS.get(name)
        if function is None and value is not None:
            raise Wrong(f"what is {name} in {self.text!r}?")
        found = _each(function, value, activation=function in ACTIVATIONS)
        return found if power is None else _raised(found, power)

    def name(self, token: str) -> Value:
        """A symbol with its accents and indices, and its value where that is told."""
        text = token
        if token in ACCENTS:
            text += self.raw() if self.peek() == "{" else self.accented()
        while self.peek() == "_":
            text += self.take() + self.raw()
        if self.peek() == "(" and text not in self.where:
            depth, end = 0, self.at
            while end < len(self.tokens):
                depth += {"(": 1, ")": -1}.get(self.tokens[end], 0)
                end += 1
                if depth == 0:
                    break
            inside = "".join(self.tokens[self.at : end])
            if "," in re.sub(r"\{[^{}]*\}", "", inside) or "|" in inside:  # not that of an index
                text, self.at = text + inside, end
            elif text == r"\sigma":
                return _each(logistic, self.power())
        known = self.where.get(text)
        return None if known is None else tuple(Span.of(float(one)) for one in known)

    def accented(self) -> str:
        token = self.take()
        return token + (self.accented() if token in ACCENTS else "")


NUMBER = re.compile(r"\d+(?:\.\d+|\{\.\}\d+)?")
NAME = re.compile(r"\\[A-Za-z]+|[A-Za-z]")
TEXT = r"\\text\{(?:[^{}\\]|\\.|\{\})*\}"  # with letters of a reader's that mean something to LaTeX
TOKEN = re.compile(r"\d+(?:\.\d+|\{\.\}\d+)?|" + TEXT + r"|\\[A-Za-z]+|\\[{}]|[A-Za-z]|[-+=(){}^_,/|]")
STOPS = ("+", "-", ",", ")", "}", "|", r"\rVert", r"\}", "_")
ACCENTS = (r"\hat", r"\bar", r"\tilde", r"\nabla", r"\mathrm", r"\partial")


def logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0


def _gelu(x: float) -> float:
    return x / 2 * (1 + math.erf(x / math.sqrt(2)))


FUNCTIONS = {
    r"\tanh": math.tanh, r"\exp": math.exp, r"\sin": math.sin, r"\cos": math.cos,
    r"\ln": lambda x: math.log(x) if x > 0 else -math.inf, r"\log": lambda x: math.log(x) if x > 0 else -math.inf,
    r"\max": None, r"\min": None,
}  # fmt: skip
OPERATORS = {
    "ReLU": lambda x: max(0.0, x), "LeakyReLU": lambda x: max(0.01 * x, x), "GELU": _gelu,
    "SiLU": lambda x: x * logistic(x), "sign": lambda x: float((x > 0) - (x < 0)),
}  # fmt: skip
ACTIVATIONS = (math.tanh, *OPERATORS.values())
DROPPED = re.compile(r"\\left|\\right|\\[bB]igg?[lr]?(?![A-Za-z])|\\[,;!: ]|\\displaystyle|\\big(?![A-Za-z])|&|~|\s+")
SPELLED = {"−": "-", "×": r"\times", "·": r"\cdot", r"\tfrac": r"\frac", r"\dfrac": r"\frac", "∅": r"\varnothing"}


def plain(text: str) -> str:
    """Without what only places things; letters after a command stay apart from it."""
    for one, other in SPELLED.items():
        text = text.replace(one, other + (" " if other[0] == "\\" else ""))
    return DROPPED.sub(" ", text)


def _literal(text: str, within: str) -> Span:
    value, (_, point, decimals) = float(text.replace("{.}", ".")), text.partition(".")
    if not point or decimals.startswith("}"):
        return Span.of(value)
    if len(text.replace(".", "").lstrip("0")) < FEWEST_DIGITS:
        raise Wrong(f"{text} has no digits left that count, in {within!r}")
    half = 0.5 * 10.0 ** -len(decimals)
    return Span(value - half, value + half, abs(value))


def _number(value: float) -> Value:
    return (Span.of(value),)


def pairs(a: tuple[Span, ...], b: tuple[Span, ...]):
    if len(a) != len(b) and 1 not in (len(a), len(b)):
        raise Wrong(f"{len(a)} numbers meet {len(b)}")
    count = max(len(a), len(b))
    return zip(a * (count if len(a) == 1 else 1), b * (count if len(b) == 1 else 1), strict=True)


def _plus(a: Value, b: Value) -> Value:
    if a is None or b is None:
        return None
    return tuple(Span(x.low + y.low, x.high + y.high, x.scale + y.scale) for x, y in pairs(a, b))


def _times(a: Value, b: Value) -> Value:
    if a is None or b is None:
        return None
    found = []
    for x, y in pairs(a, b):
        ends = [p * q if p and q else 0.0 for p in (x.low, x.high) for q in (y.low, y.high)]
        found.append(Span(min(ends), max(ends), x.scale * y.scale if x.scale and y.scale else 0.0))
    return tuple(found)


def _over(a: Value, b: Value, within: str) -> Value:
    if a is None or b is None:
        return None
    found = []
    for y in b:
        if y.low <= 0 <= y.high:
            raise Wrong(f"divides by what may be 0, in {within!r}")
        ends = sorted((1 / y.low, 1 / y.high))
        found.append(Span(*ends, 1 / min(abs(y.low), abs(y.high))))
    return _times(a, tuple(found))


def _raised(a: Value, b: Value) -> Value:
    if a is None or b is None or len(b) != 1 or b[0].low != b[0].high:
        return None
    power, found = b[0].low, []
    for x in a:
        if x.low <= 0 <= x.high and power < 0:
            raise Wrong(f"0 to the power {power:g}")
        if x.low < 0 and power % 1:
            raise Wrong(f"a negative number to the power {power:g}")
        ends = sorted((x.low**power, x.high**power))
        low = 0.0 if x.low < 0 < x.high and power % 2 == 0 else ends[0]
        found.append(Span(low, ends[1], max(abs(end) for end in ends)))
    return tuple(found)


def _each(function, a: Value, *, activation: bool = False) -> Value:
    """A function of each number. Those here rise everywhere, but GELU, SiLU, abs and sin: they are followed closely.

    activation: one that may come near 0 where its sum does; what was added up to that sum still counts as the size.
    """
    if a is None:
        return None
    found = []
    for x in a:
        if math.isinf(x.low):
            ends = [0.0 if function is math.exp and x.low < 0 else function(x.low)]
        else:
            ends = [function(x.low + (x.high - x.low) * step / 8) for step in range(9)]
            if x.low < 0 < x.high:
                ends.append(function(0.0))
        scale = max(map(abs, [*ends, function(x.scale)] if activation else ends))
        found.append(Span(min(ends), max(ends), scale))
    return tuple(found)


def _largest(arguments: Sequence[Value], choose) -> Value:
    if any(one is None for one in arguments):
        return None
    spans = [span for one in arguments for span in one]
    return (Span(choose(s.low for s in spans), choose(s.high for s in spans), max(s.scale for s in spans)),)

"""Does the sums of a displayed formula again: the sides of every equation must meet, and end at the tensor's value."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.formula_reader import TEXT, TOKEN, Reader, Span, Wrong, pairs, plain

WORDS = re.compile(TEXT)
FLOAT32 = 4e-6  # of what is added up: the networks compute in single precision
SMALLEST = 1e-37  # of single precision
WIDEST = 0.025  # of what is added up: an interval wider than this says too little to be wrong


@dataclass(frozen=True)
class Equation:
    """sides: as displayed; values: those that can be worked out, by the number of the side; assigned: ← and not =."""

    sides: tuple[str, ...]
    values: Mapping[int, tuple[Span, ...]]
    assigned: bool = False


def _split(text: str, marks: Sequence[str]) -> list[str]:
    """Parts of LaTeX between marks that stand in no brackets."""
    parts, depth, start, at = [], 0, 0, 0
    while at < len(text):
        if match := next((mark for mark in marks if depth == 0 and text.startswith(mark, at)), None):
            parts.append(text[start:at])
            at = start = at + len(match)
            continue
        if words := WORDS.match(text, at):
            at = words.end()
            continue
        depth += {"(": 1, "{": 1, ")": -1, "}": -1}.get(text[at], 0)
        at += 2 if text[at] == "\\" and text[at + 1 : at + 2] in ("{", "}", ",", ";", ":", "!", " ") else 1
    return [*parts, text[start:]]


def equations(latex: str, where: Mapping[str, Sequence[float] | float] | None = None) -> list[Equation]:
    """Every equation of a displayed formula, its sides worked out as far as they can be.

    where: what symbols stand for, by name as displayed. `Wrong` for what cannot be read.
    """
    known = {_key(name): _listed(value) for name, value in (where or {}).items()}
    text = re.sub(r"\\(?:begin|end)\{\w+\}", "", latex)
    found = []
    for row in _split(text, [r"\\"]):
        row = re.sub(r"^\[\d+pt\]", "", row).replace("&", "")
        for part in _split(row, [",\\quad", ",\\qquad", r"\qquad", r"\quad", ",", ":"]):
            part = part.strip()
            inner = re.fullmatch(r"\((.*)\)", part)
            if inner and "=" in inner[1] and len(_split(part, ["="])) == 1:
                part = inner[1]
            if not part or re.fullmatch(r"(\\[,;!: ]|" + TEXT + r"|\s)*", part):
                continue
            assigned = r"\leftarrow" in part
            sides = tuple(_split(part, [r"\leftarrow"] if assigned else ["=", r"\approx"]))
            if not sides[0].strip() and found:  # a row that goes on with the equation above
                sides = (*found.pop().sides, *sides[1:])
            if re.search(r"\\cdots|\\dots|\\ldots|…", re.sub(r"_\{\d+\\,\\cdots\}", "", part)):
                raise Wrong(f"does not say what the rest comes to: {part!r}")
            worked = {at: value for at, side in enumerate(sides) if (value := Reader(side, known).whole()) is not None}
            if assigned:
                worked.pop(0, None)
                if 1 in worked:  # later rows read the new value
                    known[_key(sides[0])] = [(span.low + span.high) / 2 for span in worked[1]]
            for at, side in enumerate(sides):
                if at not in worked and re.search(r"\d\.\d", side) and not (assigned and at == 0):
                    raise Wrong(f"numbers among symbols that nobody can check: {side!r}")
            found.append(Equation(sides, worked, assigned))
    return found


def _key(name: str) -> str:
    """A symbol as the reader spells it: an index without its braces."""
    return re.sub(r"_\{([^{}]*)\}", r"_\1", "".join(TOKEN.findall(plain(name))))


def _listed(value: Sequence[float] | float) -> list[float]:
    return [float(value)] if not hasattr(value, "__len__") else [float(one) for one in value]


def check(
    latex: str,
    values: Sequence[Sequence[float] | float],
    where: Mapping[str, Sequence[float] | float] | None = None,
) -> int:
    """Every equation holds as displayed, and ends at the experiment's own number; how many there were with numbers.

    values: of each equation with a number in it, in order, what it should come to. `Wrong` says what does not hold.
    """
    numeric = [one for one in equations(latex, where) if one.values]
    if len(numeric) != len(values):
        raise Wrong(f"{len(numeric)} equations with numbers, but {len(values)} values to compare with: {latex}")
    for equation, value in zip(numeric, values, strict=True):
        places, sides = zip(*equation.values.items(), strict=True)
        for place, side in zip(places, sides, strict=True):
            for span in side:
                if span.high - span.low > WIDEST * span.scale:
                    raise Wrong(f"says too little ({span.low:g} to {span.high:g}): {equation.sides[place]!r}")
        told = tuple(Span.of(one) for one in _listed(value))
        for one, name in [*zip(sides[:-1], places[:-1], strict=True), (told, None)]:
            _demand_meeting(one, sides[-1], equation, name, places[-1])
    return len(numeric)


def _demand_meeting(one, other, equation: Equation, name: int | None, last: int) -> None:
    left = "the experiment's own value" if name is None else repr(equation.sides[name])
    for a, b in pairs(one, other):
        scale = max(a.scale, b.scale)
        slack = SMALLEST + FLOAT32 * scale if math.isfinite(scale) else 0.0
        if a.low > b.high + slack or b.low > a.high + slack:
            raise Wrong(f"{left} is {a.low:g} to {a.high:g}, but {equation.sides[last]!r} is {b.low:g} to {b.high:g}")

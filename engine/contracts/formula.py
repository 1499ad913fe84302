"""Formulas with live numbers in them: what a page shows of them, and how a number is written so that it can be checked.

Every number that was measured keeps its leading digits however small it is, for 0.0000 says nothing and nothing can be
divided by it; and a sum that is not written out says what the rest of it comes to. tests/formulas.py reads what is
displayed and does the arithmetic again.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

DIGITS, TERM_DIGITS = 4, 3  # that count: of a result, and of a number among several
BRACE = r"\underbrace"
ABOUT_REST = "Over the brace: what the terms not written out come to. Under it: how many they are."
SMALLEST, LARGEST = 1e-4, 1e6  # magnitudes written without a power of ten


@dataclasses.dataclass(frozen=True)
class Formula:
    """One displayed formula, as LaTeX. A row is an equation or several, set apart by commas and wide spaces."""

    latex: str


def aligned(rows: Sequence[str]) -> Formula:
    """Rows of equations under one another; each has one & where they are to meet."""
    return Formula(r"\begin{aligned}" + r"\\[4pt]".join(rows) + r"\end{aligned}")


def written(value: float, digits: int = DIGITS) -> str:
    """A measured number with its `digits` leading digits, as LaTeX: 0.1234, 12.34, 3.032 \\times 10^{-5}.

    At least one decimal, so that it is seen to be rounded; only an exact zero is "0". A dash for what is no number.
    """
    if not math.isfinite(value):
        return r"\text{–}"
    if value == 0:
        return "0"
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")  # rounds first: 0.99999 is 1.000
    if SMALLEST <= abs(float(f"{mantissa}e{exponent}")) < LARGEST:
        return f"{value:.{max(1, digits - 1 - int(exponent))}f}"
    return rf"{mantissa} \times 10^{{{int(exponent)}}}"


def exact(value: float) -> str:
    """A number that was set and not measured, as it was set: its point stands in braces, which no reader sees."""
    text = f"{value:g}"
    mantissa, power, exponent = text.partition("e")
    return mantissa.replace(".", "{.}") + (rf" \times 10^{{{int(exponent)}}}" if power else "")


def bracketed(value: float, digits: int = TERM_DIGITS) -> str:
    """A measured number as a factor: in brackets where it is negative."""
    text = written(value, digits)
    return f"({text})" if text.startswith("-") else text


def as_base(value: float, digits: int = DIGITS) -> str:
    """A measured number to be raised to a power: in brackets where it is negative or has a power of ten of its own."""
    text = written(value, digits)
    return f"({text})" if text.startswith("-") or "^" in text else text


def added(value: float, digits: int = DIGITS) -> str:
    """A measured number with the sign that adds it to what stands before."""
    text = written(value, digits)
    return f"- {text[1:]}" if text.startswith("-") else f"+ {text}"


def has_rest(formula: Formula) -> bool:
    """Whether a sum in it ends in `rest_of`."""
    return BRACE in formula.latex


def rest_of(terms: Sequence[float], digits: int = DIGITS) -> str:
    """What the terms of a sum that are not written out come to, with their number below a brace; "" where there is
    none. It begins with its plus sign."""
    if not len(terms):
        return ""
    return rf" + {BRACE}{{{bracketed(math.fsum(terms), digits)}}}_{{{len(terms)}\,\cdots}}"


@dataclasses.dataclass(frozen=True)
class FormulaValues:
    """A formula as a page shows it, beside what it should say; for the check of all formulas.

    values: what each equation that has numbers comes to, in order, from the experiment itself and not from whoever
    wrote the formula: one number, or those of a vector. where: what symbols stand for, by their name as displayed, so
    that what is written in symbols can be worked out too.
    """

    latex: str
    values: tuple[float | tuple[float, ...], ...] = ()
    where: Mapping[str, float | tuple[float, ...]] = dataclasses.field(default_factory=dict)

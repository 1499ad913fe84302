"""Attention: where one number of a head comes from, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .run import Result

MOST_TERMS = 4  # of a sum that is written out
PRONOUNS = ("it", "he", "she", "they")  # what asks, in English, whom a word refers to


@dataclass(frozen=True, eq=False)
class Cell:
    """One query and one key of a head, and everything that their weight was made of.

    query, key: positions of the tokens; value: the weight as the head computed it. q, k (d,): the query and the key.
    scores (T,): of this query with every key, -inf where the mask hides it; exact doubles, computed again from q and
    all keys. shares (T,): their softmax. values (T, d): what each key's token hands on. divisor: of q · k.
    """

    tokens: Sequence[str]
    query: int
    key: int
    value: float
    q: np.ndarray
    k: np.ndarray
    scores: np.ndarray
    shares: np.ndarray
    values: np.ndarray
    divisor: float

    @property
    def products(self) -> np.ndarray:
        """(d,): q and k multiplied number by number."""
        return self.q * self.k

    @property
    def product(self) -> float:
        """q · k."""
        return float(self.products.sum())

    @property
    def hidden(self) -> bool:
        """Whether the mask keeps this key from this query."""
        return bool(np.isneginf(self.scores[self.key]))

    @property
    def parts(self) -> np.ndarray:
        """(T, d): every key's values times its share; their sum is the output."""
        return self.shares[:, None] * self.values

    @property
    def output(self) -> np.ndarray:
        """(d,): what the head hands on for this query."""
        return self.parts.sum(0)


def explain_cell(result: Result, layer: int, head: int, query: int, key: int) -> Cell:
    """Where pattern[layer, head, query, key] comes from. ValueError for a place that is not there."""
    places = zip((layer, head, query, key), result.pattern.shape, strict=True)
    if any(not 0 <= at < length for at, length in places):
        raise ValueError(f"there is no cell {(layer, head, query, key)} in {tuple(result.pattern.shape)}")
    q, k, v = (getattr(result, name)[layer, head].double().numpy() for name in ("query", "key", "value"))
    value = result.pattern[layer, head, query, key].item()
    return _cell(result.tokens, q, k, v, query, key, value, result.divisor, result.causal)


def explain_by_hand(mechanism, query: int, key: int, *, divisor: float, causal: bool) -> Cell:
    """Where pattern[query, key] of the mechanism by hand comes from. ValueError for a place that is not there."""
    if any(not 0 <= at < len(mechanism.tokens) for at in (query, key)):
        raise ValueError(f"there is no cell {(query, key)} among {len(mechanism.tokens)} tokens")
    q, k, v = (getattr(mechanism, name).double().numpy() for name in ("query", "key", "value"))
    value = mechanism.pattern[query, key].item()
    return _cell(mechanism.tokens, q, k, v, query, key, value, divisor, causal)


def telling_cell(result: Result, layer: int, head: int) -> tuple[int, int]:
    """The (query, key) to show first: where a pronoun looks most, else the largest weight of all.

    Only between two different tokens, [CLS] and [SEP] left aside.
    """
    inner = result.pattern[layer, head, 1:-1, 1:-1].numpy().copy()
    if len(inner) < 2:
        return 0, int(result.pattern[layer, head, 0].argmax())
    np.fill_diagonal(inner, -1.0)
    pronouns = [at for at, token in enumerate(result.tokens[1:-1]) if token in PRONOUNS]
    query, key = np.unravel_index(inner.argmax(), inner.shape)
    if pronouns:
        query, key = pronouns[0], inner[pronouns[0]].argmax()
    return int(query) + 1, int(key) + 1


def _cell(tokens, q, k, v, query, key, value, divisor, causal) -> Cell:
    scores = k @ q[query] / divisor  # (T,)
    if causal:
        scores[query + 1 :] = -np.inf
    shares = np.exp(scores - scores.max())
    shares /= shares.sum()
    return Cell(tokens, query, key, value, q[query], k[key], scores, shares, v, divisor)


def score_formulas(cell: Cell, *, scaling: bool, temperature: float) -> str:
    """q · k, its largest products first, then the score, then the mask m, as three lines of LaTeX with the numbers."""
    width = len(cell.q)
    order = np.arange(width) if width <= MOST_TERMS else np.argsort(-np.abs(cell.products), kind="stable")[:2]
    terms = " + ".join(rf"{_bracketed(cell.q[at])} \cdot {_bracketed(cell.k[at])}" for at in order)
    if len(order) < width:
        terms = rf"\underbrace{{{terms} + \cdots}}_{{{width}}}"
    under = [rf"\sqrt{{{width}}}"] * scaling + [f"{temperature:g}"] * (temperature != 1)
    below = r" \cdot ".join(under)
    divided = rf"\frac{{{cell.product:.4f}}}{{{below}}}" if below else f"{cell.product:.4f}"
    score = cell.product / cell.divisor
    mask, masked = (r"(-\infty)", r"-\infty") if cell.hidden else ("0", f"{score:.4f}")
    return (
        rf"\begin{{aligned}} q \cdot k &= {terms} = {cell.product:.4f} \\[4pt] "
        rf"s &= {divided} = {score:.4f} \\[4pt] s + m &= {score:.4f} + {mask} = {masked} \end{{aligned}}"
    )


def softmax_formula(cell: Cell) -> str:
    """The softmax of the query's row at this key, as LaTeX with the numbers."""
    log_total = float(np.log(np.exp(cell.scores - cell.scores.max()).sum()) + cell.scores.max())
    top = r"e^{-\infty}" if cell.hidden else rf"e^{{{cell.scores[cell.key]:.5f}}}"
    return (
        rf"\alpha = \frac{{e^{{s + m}}}}{{\sum_j e^{{s_j + m_j}}}} = \frac{{{top}}}{{e^{{{log_total:.5f}}}}} = "
        rf"{cell.shares[cell.key]:.4f}"
    )


def output_formula(cell: Cell, dimension: int = 0) -> str:
    """One number of the weighted sum of values, its largest terms first, as LaTeX."""
    terms = cell.parts[:, dimension]
    order = np.argsort(-np.abs(terms), kind="stable")
    shown = order[: MOST_TERMS - 1] if len(order) > MOST_TERMS else np.arange(len(order))
    text = " + ".join(rf"{cell.shares[j]:.3f}\cdot{_bracketed(cell.values[j, dimension])}" for j in shown)
    if len(shown) < len(order):
        text += r" + \cdots"
    return rf"o_{{{dimension + 1}}} = \sum_j \alpha_j\, v_{{j,{dimension + 1}}} = {text} = {cell.output[dimension]:.4f}"


def _bracketed(value: float) -> str:
    text = f"{value:.3f}".rstrip("0").rstrip(".") if abs(value) < 1e4 else f"{value:.3g}"
    return f"({text})" if text.startswith("-") else text

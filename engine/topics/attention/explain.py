"""Attention: where one number of a head comes from, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.contracts.formula import Formula, aligned, bracketed, exact, rest_of, written

from .card import HEAD_NAMES, HEADS, Config
from .mechanism import Mechanism, divisor
from .run import Result

MOST_TERMS = 4  # of a sum that is written out
PRONOUNS = ("it", "he", "she", "they")  # what asks, in English, whom a word refers to


@dataclass(frozen=True, eq=False)
class Cell:
    """One query and one key of a head, and everything that their weight was made of.

    query, key: positions of the tokens; value: the weight as the head computed it. q, k (d,): the query and the key.
    scores (T,): of this query with every key, -inf where the mask hides it; exact doubles, computed again from q and
    all keys. shares (T,): their softmax. values (T, d): what each key's token hands on. divisor: of q · k. off: whether
    the head is switched off, so that it hands on 0.
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
    off: bool = False

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
        """(T, d): every key's values times its share; their sum is the output, unless the head is off."""
        return self.shares[:, None] * self.values

    @property
    def output(self) -> np.ndarray:
        """(d,): what the head hands on for this query."""
        return self.parts.sum(0) * (not self.off)


def explain_cell(result: Result, layer: int, head: int, query: int, key: int) -> Cell:
    """Where pattern[layer, head, query, key] comes from. ValueError for a place that is not there."""
    places = zip((layer, head, query, key), result.pattern.shape, strict=True)
    if any(not 0 <= at < length for at, length in places):
        raise ValueError(f"there is no cell {(layer, head, query, key)} in {tuple(result.pattern.shape)}")
    q, k, v = (getattr(result, name)[layer, head].double().numpy() for name in ("query", "key", "value"))
    value = result.pattern[layer, head, query, key].item()
    off = HEAD_NAMES[layer * HEADS + head] in result.off
    return _cell(result.tokens, q, k, v, query, key, value, result.divisor, result.causal, off)


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


def cell_in(result: Result, layer: int, head: int, asked: str) -> tuple[int, int]:
    """The (query, key) that "10-2" asks for; where the text has no such cell, the one that stands out."""
    place = _place(asked, len(result.tokens))
    return telling_cell(result, layer, head) if place is None else place


def asked_cell(result: Result, layer: int, head: int, asked: str) -> Cell:
    """That cell of a head, and where its weight comes from."""
    return explain_cell(result, layer, head, *cell_in(result, layer, head, asked))


def cell_by_hand(mechanism: Mechanism, asked: str) -> tuple[int, int]:
    """The same among the tokens of the mechanism by hand; at first the second token's look at the first."""
    return _place(asked, len(mechanism.tokens)) or (1, 0)


def _place(asked: str, count: int) -> tuple[int, int] | None:
    query, _, key = asked.partition("-")
    if not (query.isdecimal() and key.isdecimal()):
        return None
    return (int(query), int(key)) if int(query) < count and int(key) < count else None


def explain_chain(config: Config, mechanism: Mechanism, asked: str) -> Cell:
    """The cell of the mechanism by hand that "1-0" asks for."""
    query, key = cell_by_hand(mechanism, asked)
    return explain_by_hand(mechanism, query, key, divisor=divisor(config, config.width), causal=config.causal)


def _cell(tokens, q, k, v, query, key, value, divisor, causal, off=False) -> Cell:
    scores = k @ q[query] / divisor  # (T,)
    if causal:
        scores[query + 1 :] = -np.inf
    shares = np.exp(scores - scores.max())
    shares /= shares.sum()
    return Cell(tokens, query, key, value, q[query], k[key], scores, shares, v, divisor, off)


def score_formulas(cell: Cell, *, scaling: bool, temperature: float) -> Formula:
    """q · k, its largest products first, then the score, then the mask m, as three rows with the numbers."""
    width = len(cell.q)
    order = np.argsort(-np.abs(cell.products), kind="stable")
    dimensions, left = (np.sort(order), order[:0]) if width <= MOST_TERMS else (order[:2], order[2:])
    terms = " + ".join(rf"{bracketed(cell.q[at])} \cdot {bracketed(cell.k[at])}" for at in dimensions)
    under = [rf"\sqrt{{{width}}}"] * scaling + [exact(temperature)] * (temperature != 1)
    below, product, score = r" \cdot ".join(under), cell.product, written(cell.product / cell.divisor)
    divided = rf"\frac{{{written(product)}}}{{{below}}}" if below else written(product)
    mask, masked = (r"(-\infty)", r"-\infty") if cell.hidden else ("0", score)
    return aligned([
        rf"q \cdot k &= {terms}{rest_of(cell.products[left])} = {written(product)}",
        rf"s &= {divided} = {score}",
        rf"s + m &= {score} + {mask} = {masked}",
    ])  # fmt: skip


def softmax_formula(cell: Cell) -> Formula:
    """The softmax of the query's row at this key, with the numbers."""
    log_total = float(np.log(np.exp(cell.scores - cell.scores.max()).sum()) + cell.scores.max())
    top = r"e^{-\infty}" if cell.hidden else rf"e^{{{written(cell.scores[cell.key], 6)}}}"
    return Formula(
        rf"\alpha = \frac{{e^{{s + m}}}}{{\sum_j e^{{s_j + m_j}}}} = \frac{{{top}}}{{e^{{{written(log_total, 6)}}}}} = "
        rf"{written(cell.shares[cell.key])}"
    )


def output_formula(cell: Cell, dimension: int = 0) -> Formula:
    """One number of the weighted sum of values, its largest terms first; times 0 for a head that is off."""
    terms = cell.parts[:, dimension]
    order = np.argsort(-np.abs(terms), kind="stable")
    keys, left = (np.sort(order), order[:0]) if len(order) <= MOST_TERMS else np.split(order, [MOST_TERMS - 1])
    text = " + ".join(rf"{written(cell.shares[j], 3)} \cdot {bracketed(cell.values[j, dimension])}" for j in keys)
    text += rest_of(terms[left])
    silent, text = (r"0 \cdot ", rf"0 \cdot \bigl({text}\bigr)") if cell.off else ("", text)
    return Formula(
        rf"o_{{{dimension + 1}}} = {silent}\sum_j \alpha_j\, v_{{j,{dimension + 1}}} = {text} = "
        rf"{written(float(cell.output[dimension]))}"
    )

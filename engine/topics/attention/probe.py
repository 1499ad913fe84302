"""Attention: formulas at random places, for the check of all formulas."""

from __future__ import annotations

import math
from collections.abc import Iterator
from random import Random

from torch import Tensor

from engine.contracts.formula import FormulaValues
from engine.contracts.probe import Change, Mistake, Probe, Touch

from . import explain
from .card import Config
from .mechanism import divisor
from .run import run

PLACES = 4


def formulas_at(config: Config, random: Random) -> Iterator[FormulaValues]:
    """The three formulas of some cells of the encoder, and of some of attention by hand."""
    result, hand = run(config), divisor(config, config.width)
    for _ in range(PLACES):
        layer, head, query, key = (random.randrange(length) for length in result.pattern.shape)
        cell = explain.explain_cell(result, layer, head, query, key)
        q, k = result.query[layer, head, query], result.key[layer, head, key]
        yield from _of(config, cell, q, k, result.divisor, result.pattern[layer, head, query, key],
                       result.outputs[layer, head, query, 0])  # fmt: skip
        made = result.mechanism
        query, key = (random.randrange(len(made.tokens)) for _ in range(2))
        cell = explain.explain_by_hand(made, query, key, divisor=hand, causal=config.causal)
        yield from _of(config, cell, made.query[query], made.key[key], hand, made.pattern[query, key],
                       made.output[query, 0])  # fmt: skip


def _of(
    config: Config, cell: explain.Cell, q: Tensor, k: Tensor, divided: float, share: Tensor, output: Tensor
) -> Iterator[FormulaValues]:
    product = float(q.double() @ k.double())
    score = product / divided
    scores = explain.score_formulas(cell, scaling=config.scaling, temperature=config.temperature)
    masked = -math.inf if config.causal and cell.key > cell.query else score
    yield FormulaValues(scores.latex, (product, score, masked), {"s": score, "m": masked - score})
    yield FormulaValues(explain.softmax_formula(cell).latex, (share.item(),))
    yield FormulaValues(explain.output_formula(cell).latex, (output.item(),))


def cases(brought):
    """A text with signs that are hard to print, and heads switched off."""
    text = "She said: \"naïve 'quotes' \\ and 汉字\"."
    return {"own": {"text": text, "off": ("L3H10", "L1H1"), "temperature": 2.0, "causal": True, "positions": False}}


PROBE = Probe(
    picture="head",
    changes=(Change("temperature slider", "head", knob="temperature"),),
    touches=(
        Touch("attention-heads", "pick", {"row": 5, "column": 11}, "view.head=L6H12"),
        Touch("attention-best", "pick", 1, "view.head=L2H10"),
        Touch("attention-head", "cell", {"tile": 0, "row": 4, "column": 7}, "view.cell=4-7"),
        Touch("attention-lines", "pick", {"query": 4, "key": 9}, "view.cell=4-9", "view.shape=lines"),
        Touch("attention-ablation", "cell", {"tile": 0, "row": 0, "column": 3}, "view.head=L1H4", "view.every=yes"),
        Touch("attention-chain", "cell", {"tile": 2, "row": 3, "column": 1}, "view.pair=3-1", "view=toy"),
    ),
    mistakes=(
        Mistake("view.cell=one", "Cell: expected two positions such as 10-2"),
        Mistake("view.head=L9H9", "Head: expected one of L1H1"),
        Mistake("view.cell=99-99"),
    ),
    cases=cases,
)

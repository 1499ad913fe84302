"""Attention by hand: a few tokens, Q, K and V as numbers that a reader may set, and every step between them."""

from __future__ import annotations

import math
import zlib

import numpy as np
import torch
from torch import Tensor

from engine.contracts.axes import axes, note, result

from .card import LARGEST, Config, matrix_text, parse_matrix

MATRICES = ("queries", "keys", "values")


@result
class Mechanism:
    """Every step of one attention head over a few tokens (Vaswani et al. 2017, eq. 1)."""

    position: Tensor = axes("token dimension", "position encoding, as added to Q and K")
    query: Tensor = axes("token dimension", "queries, position encoding included")
    key: Tensor = axes("token dimension", "keys, position encoding included")
    value: Tensor = axes("token dimension", "values")
    products: Tensor = axes("query key", "q · k of every pair")
    scores: Tensor = axes("query key", "scores: q · k, divided by √d and by the temperature")
    masked: Tensor = axes("query key", "scores after the mask")
    pattern: Tensor = axes("query key", "attention: the softmax of each row of scores", unit="probability")
    output: Tensor = axes("token dimension", "output: the values, weighted with the attention and summed")
    tokens: tuple[str, ...] = note("the words")


def by_hand(config: Config) -> Mechanism:
    """Attention with the Q, K and V of a Config. Rows and columns that they lack are 0."""
    tokens = tuple(config.tokens.split())
    shape = len(tokens), config.width
    position = torch.from_numpy(sinusoids(*shape)) if config.sinusoid else torch.zeros(shape)
    q, k = (matrix_of(text, *shape) + position for text in (config.queries, config.keys))
    v = matrix_of(config.values, *shape)
    products = q @ k.T  # (T, T)
    scores = products / divisor(config, config.width)
    masked = scores.masked_fill(later(len(tokens)), -math.inf) if config.causal else scores
    pattern = masked.softmax(-1)
    return Mechanism(position, q, k, v, products, scores, masked, pattern, pattern @ v, tokens)


def divisor(config: Config, width: int) -> float:
    """What q · k is divided by before the softmax: √d where scaling is on, times the temperature."""
    return (math.sqrt(width) if config.scaling else 1.0) * config.temperature


def later(tokens: int) -> Tensor:
    """(T, T) bool: True where the key comes after the query."""
    return torch.ones(tokens, tokens, dtype=torch.bool).triu(1)


def matrix_of(text: str, rows: int, columns: int) -> Tensor:
    """The numbers of a matrix knob as (rows, columns) float32, 0 where it has none."""
    filled = torch.zeros(rows, columns)
    for at, row in enumerate(parse_matrix(text)[:rows]):
        filled[at, : min(len(row), columns)] = torch.tensor(row[:columns])
    return filled


def sinusoids(positions: int, width: int) -> np.ndarray:
    """(positions, width) float32: sin and cos of position / 10000^(2i / width), even and odd columns (Vaswani et al.
    2017, section 3.5)."""
    angles = np.arange(positions)[:, None] / 10_000 ** (np.arange(width)[None] // 2 * 2 / width)
    return np.where(np.arange(width) % 2 == 0, np.sin(angles), np.cos(angles)).astype(np.float32)


def with_number(config: Config, matrix: int, row: int, column: int, value: float) -> dict[str, str]:
    """The knobs that change when one number of Q (0), K (1) or V (2) is set; numbers out of range are cut."""
    name, shape = MATRICES[matrix], (len(config.tokens.split()), config.width)
    numbers = matrix_of(getattr(config, name), *shape)
    numbers[row, column] = max(-LARGEST, min(LARGEST, float(value)))
    return {name: matrix_text(numbers.tolist())}


def random_numbers(config: Config) -> dict[str, str]:
    """The three matrix knobs filled with normal numbers, rounded to halves; equal ones have equal successors."""
    shape = 3, len(config.tokens.split()), config.width
    seed = zlib.crc32(" ".join(getattr(config, name) for name in MATRICES).encode())
    drawn = np.round(np.random.default_rng(seed).normal(0, 1.2, shape) * 2) / 2
    return dict(zip(MATRICES, map(matrix_text, drawn), strict=True))


WIDTHS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
KEYS, TRIALS = 16, 400


def spread_of_scores(seed: int = 0) -> dict[str, np.ndarray]:
    """What d does to the scores, measured on standard normal queries and keys, for every d of WIDTHS.

    width; deviation, of q · k; largest and largest_scaled: mean of the largest of 16 softmax weights without and with
    the division by √d; slope and slope_scaled: mean of Σ p (1 - p) over the row, the trace of the softmax's Jacobian,
    which is 0 where the softmax is saturated and nothing can be learned through it.
    """
    generator = np.random.default_rng(seed)
    rows = []
    for width in WIDTHS:
        q, k = generator.normal(size=(TRIALS, 1, width)), generator.normal(size=(TRIALS, KEYS, width))
        scores = (q * k).sum(-1)  # (400, 16)
        row = [width, scores.std()]
        for divided in (scores, scores / math.sqrt(width)):
            p = np.exp(divided - divided.max(1, keepdims=True))
            p /= p.sum(1, keepdims=True)
            row += [p.max(1).mean(), (p * (1 - p)).sum(1).mean()]
        rows.append(row)
    names = ("width", "deviation", "largest", "slope", "largest_scaled", "slope_scaled")
    return dict(zip(names, np.array(rows).T, strict=True))

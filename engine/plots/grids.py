"""Grids of small matrices, lines between tokens, matrices and numbers to edit -> (meta, arrays) for the components."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

MOST_CELLS = 48  # cells a side of one small matrix: more than a screen shows of it


@dataclass(frozen=True)
class Mosaic:
    """Many square matrices at a glance, one for each cell of a grid; each in colours from 0 to its own largest value.

    patterns: (R, C, S, S) not negative. notes: one line for each matrix, read out under its name. selected: (row,
    column) framed. off: (row, column) of matrices that are switched off, drawn faint and crossed out.
    """

    patterns: np.ndarray
    rows: Sequence[str]
    columns: Sequence[str]
    notes: Sequence[Sequence[str]]
    alt: str
    selected: tuple[int, int] | None = None
    off: frozenset[tuple[int, int]] = frozenset()

    def __post_init__(self) -> None:
        if not self.alt.strip():
            raise ValueError("a Mosaic needs an alt text that says what it shows")
        shape = self.patterns.shape
        if len(shape) != 4 or shape[2] != shape[3] or shape[:2] != (len(self.rows), len(self.columns)):
            raise ValueError(f"patterns must be ({len(self.rows)}, {len(self.columns)}, S, S), got shape {shape}")
        if len(self.notes) != shape[0] or any(len(row) != shape[1] for row in self.notes):
            raise ValueError("a Mosaic needs one note for each matrix")

    def payload(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """What the component `mosaic` draws: the matrices as bytes, at most 48 × 48 each (largest value of a block)."""
        small = shrunk(np.asarray(self.patterns, np.float32))
        most = small.max((2, 3), keepdims=True)
        bytes_ = np.rint(255 * small / np.maximum(most, 1e-12)).astype(np.uint8)
        columns = len(self.columns)
        meta = {
            "alt": self.alt, "rows": list(self.rows), "columns": list(self.columns),
            "notes": [list(row) for row in self.notes],
            "selected": None if self.selected is None else self.selected[0] * columns + self.selected[1],
            "off": sorted(row * columns + column for row, column in self.off),
        }  # fmt: skip
        return meta, {"patterns": bytes_.reshape(-1, *small.shape[2:])}


def shrunk(patterns: np.ndarray) -> np.ndarray:
    """(…, S, S) -> (…, s, s) with s at most MOST_CELLS: the largest value of every block of cells."""
    side = patterns.shape[-1]
    block = -(-side // MOST_CELLS)
    if block == 1:
        return patterns
    fill = -side % block
    padded = np.pad(patterns, [(0, 0)] * (patterns.ndim - 2) + [(0, fill)] * 2)
    blocks = padded.reshape(*patterns.shape[:-2], (side + fill) // block, block, (side + fill) // block, block)
    return blocks.max((-3, -1))


@dataclass(frozen=True)
class Links:
    """Two columns of the same tokens, and a line from each query to each key, wide where the weight is large.

    weights: (T, T) shares, rows are queries. selected: (query, key) or None. names: of query and key, in the
    read-out and above the columns.
    """

    weights: np.ndarray
    tokens: Sequence[str]
    alt: str
    selected: tuple[int, int] | None = None
    names: tuple[str, str] = ("query", "key")

    def __post_init__(self) -> None:
        if not self.alt.strip():
            raise ValueError("Links need an alt text that says what they show")
        if self.weights.shape != (len(self.tokens),) * 2:
            raise ValueError(f"expected weights {(len(self.tokens),) * 2}, got {self.weights.shape}")

    @property
    def headings(self) -> tuple[str, str]:
        """What stands above the two columns."""
        return f"{self.names[0]} →", f"→ {self.names[1]}"

    def payload(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """What the canvas component `links` draws."""
        meta = {"alt": self.alt, "tokens": list(self.tokens), "names": list(self.names),
                "headings": list(self.headings), "selected": self.selected and list(self.selected)}  # fmt: skip
        return meta, {"weights": np.asarray(self.weights, np.float32)}


@dataclass(frozen=True)
class Matrices:
    """A few matrices of numbers that a reader may change, side by side. All have the same rows.

    values: name -> (R, C) numbers. low, high, step: what a cell takes. notes: name -> words beside the name.
    """

    values: dict[str, np.ndarray]
    rows: Sequence[str]
    alt: str
    low: float
    high: float
    step: float = 0.5
    notes: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.alt.strip():
            raise ValueError("Matrices need an alt text that says what they show")
        for name, values in self.values.items():
            if values.ndim != 2 or len(values) != len(self.rows):
                raise ValueError(f"{name}: expected ({len(self.rows)}, columns) numbers, got shape {values.shape}")

    def payload(self) -> dict[str, Any]:
        """What the component `matrices` shows."""
        shown = [
            {"name": name, "note": self.notes.get(name, ""), "values": np.round(values, 4).tolist()}
            for name, values in self.values.items()
        ]
        return {"alt": self.alt, "rows": list(self.rows), "matrices": shown, "low": self.low, "high": self.high,
                "step": self.step}  # fmt: skip


@dataclass(frozen=True)
class NumberField:
    """One number that a reader may change. low, high: what it may be; step: of one press; digits: decimals shown.

    stands_for: what the event of an edit has as its "key". A value out of range is shown as the nearest within.
    """

    value: float
    label: str
    low: float
    high: float
    stands_for: str
    step: float = 0.1
    digits: int = 4

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise ValueError(f"expected a finite number, got {self.value}")
        object.__setattr__(self, "value", min(max(round(self.value, self.digits), self.low), self.high))

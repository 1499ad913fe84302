"""Many small matrices at a glance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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

"""Matrices of numbers to edit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Matrices:
    """A few matrices of numbers that a reader may change, side by side. All have the same rows.

    values: name -> (R, C) numbers. low, high, step: what a cell takes. notes: name -> words beside the name. columns:
    what stands over the columns of each, if they have names.
    """

    values: dict[str, np.ndarray]
    rows: Sequence[str]
    alt: str
    low: float
    high: float
    step: float = 0.5
    notes: dict[str, str] = field(default_factory=dict)
    columns: Sequence[str] = ()

    def __post_init__(self) -> None:
        if not self.alt.strip():
            raise ValueError("Matrices need an alt text that says what they show")
        for name, values in self.values.items():
            if values.ndim != 2 or len(values) != len(self.rows):
                raise ValueError(f"{name}: expected ({len(self.rows)}, columns) numbers, got shape {values.shape}")
            if len(self.columns) not in (0, values.shape[1]):
                raise ValueError(f"{name}: expected {len(self.columns)} columns, got {values.shape[1]}")

    def payload(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What the component `matrices` shows."""
        matrices = [
            {"name": name, "note": self.notes.get(name, ""), "values": np.round(values, 4).tolist()}
            for name, values in self.values.items()
        ]
        meta = {"alt": self.alt, "rows": list(self.rows), "matrices": matrices, "low": self.low, "high": self.high,
                "step": self.step, "columns": list(self.columns)}  # fmt: skip
        return meta, {}

"""One number to edit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class NumberField:
    """One number that a reader may change. low, high: what it may be; step: of one press; digits: decimals shown.

    keys: one, what an edit stands for. A value out of range is shown as the nearest within.
    """

    value: float
    label: str
    low: float
    high: float
    keys: tuple[str]
    step: float = 0.1
    digits: int = 4

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise ValueError(f"expected a finite number, got {self.value}")
        object.__setattr__(self, "value", min(max(round(self.value, self.digits), self.low), self.high))

    def payload(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What number.js shows."""
        meta = {"label": self.label, "alt": self.label, "value": self.value, "low": self.low, "high": self.high,
                "step": self.step, "digits": self.digits}  # fmt: skip
        return meta, {}

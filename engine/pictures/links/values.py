"""Lines between tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


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

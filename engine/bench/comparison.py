"""What a comparison in the benchmark is: what the engine does beside a baseline that does the same, or that says what
it could cost at the least.

A topic has them as COMPARISONS, name -> Comparison, in its benchmark.py. Each prepares two functions without arguments,
ours and the baseline's, and says what their answers must have in common: a ratio means something only where both have
done the work.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor, cat, nn

Work = Callable[[], Any]


@dataclass(frozen=True)
class Prepared:
    """Two ways to the same; agree(ours, baseline) is whether their answers fit each other. units: of work in one call,
    so that a call can be turned into units a second."""

    ours: Work
    baseline: Work
    agree: Callable[[Any, Any], bool]
    units: int = 1


@dataclass(frozen=True)
class Comparison:
    """ours and baseline in words, the unit of work, and what makes the two functions."""

    ours: str
    baseline: str
    unit: str
    prepare: Callable[[], Prepared]


def close(a: Tensor, b: Tensor, tolerance: float = 1e-5) -> bool:
    """Equal within a tolerance relative to the largest magnitude."""
    return bool((a - b).abs().max() <= tolerance * max(1.0, b.abs().max().item()))


def weights_of(model: nn.Module) -> Tensor:
    """All weights of a model in one row."""
    return cat([parameter.detach().flatten() for parameter in model.parameters()])

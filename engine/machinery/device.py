"""Where the numbers are computed: chosen by itself (CUDA, else MPS, else CPU), switchable per visitor.

The choice belongs to the current context (a ContextVar), so one visitor's switch never moves another's work.
Random numbers are always drawn on the CPU and then moved, so every device starts from the same weights and data.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

_chosen: ContextVar[str | None] = ContextVar("device", default=None)

# Largest difference between devices that the tests allow, relative to the largest magnitude of the compared array.
TOLERANCE = 2e-3


@cache
def available_devices() -> tuple[str, ...]:
    """Names of the devices of this machine, best first; the CPU is always last."""
    import torch

    names = []
    if torch.cuda.is_available():
        names.append("cuda")
    if torch.backends.mps.is_available():
        names.append("mps")
    return (*names, "cpu")


def current_device() -> str:
    """The device of this context: the one chosen with `using_device`, else the best there is."""
    return _chosen.get() or available_devices()[0]


@contextmanager
def using_device(name: str | None) -> Iterator[str]:
    """Compute on `name` within this block; None means the best there is. ValueError for a device there is not."""
    if name is not None and name not in available_devices():
        raise ValueError(f"expected one of {', '.join(available_devices())}, got {name!r}")
    token = _chosen.set(name)
    try:
        yield current_device()
    finally:
        _chosen.reset(token)

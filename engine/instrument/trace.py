"""Look inside a model, or change its inside, without touching it.

A `Tap` is an identity layer placed where one wants to look. `record(model)` collects what flows through the taps during
the block. Recording belongs to the current context: a plain forward hook on a shared model would also see the
neighbour's forward pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from fnmatch import fnmatchcase

import torch
from torch import Tensor, nn

Edit = Callable[[Tensor], Tensor]

_active: ContextVar[tuple[Trace, ...]] = ContextVar("active traces", default=())


class Tap(nn.Module):
    """Identity layer with declared axes, e.g. `Tap("batch head query key")`.

    Raises ValueError when a tensor with another number of axes flows through while recording.
    """

    def __init__(self, axes: str):
        super().__init__()
        self.axes = tuple(axes.split())

    def forward(self, x: Tensor) -> Tensor:
        for trace in _active.get():
            x = trace._see(self, x)
        return x

    def extra_repr(self) -> str:
        return " ".join(self.axes)


class Trace(Mapping[str, Tensor]):
    """What flowed through the taps, by the tap's dotted name in the model."""

    def __init__(self, names: dict[Tap, str], edits: Mapping[str, Edit], gradients: bool):
        self._names, self._edits, self._gradients = names, edits, gradients
        self._values: dict[str, Tensor] = {}
        self._axes = {name: tap.axes for tap, name in names.items()}

    def _see(self, tap: Tap, x: Tensor) -> Tensor:
        name = self._names.get(tap)
        if name is None:
            return x
        if x.dim() != len(tap.axes):
            raise ValueError(f"tap {name!r} expects axes ({', '.join(tap.axes)}), got shape {tuple(x.shape)}")
        if name in self._edits:
            edited = self._edits[name](x)
            if edited.shape != x.shape:
                raise ValueError(f"edit of {name!r} changed the shape {tuple(x.shape)} to {tuple(edited.shape)}")
            x = edited
        if self._gradients:
            if not x.requires_grad:
                x = x.detach().requires_grad_()  # e.g. frozen weights below: start the graph here
            x.retain_grad()
            self._values[name] = x
        else:
            self._values[name] = x.detach()
        return x

    def __getitem__(self, name: str) -> Tensor:
        if name not in self._values:
            raise KeyError(f"nothing recorded at {name!r}; recorded are {sorted(self._values)}")
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def axes(self, name: str) -> tuple[str, ...]:
        """Names of the axes of the tap `name`."""
        return self._axes[name]

    def gradient(self, name: str) -> Tensor:
        """∂(what was differentiated)/∂(value at `name`), same shape as the value, after a backward pass."""
        if not self._gradients:
            raise ValueError("record(..., gradients=True) keeps gradients")
        gradient = self[name].grad
        if gradient is None:
            raise ValueError(f"no gradient reached {name!r}: call backward() on something that depends on it first")
        return gradient


@contextmanager
def record(
    model: nn.Module, only: str = "*", *, edits: Mapping[str, Edit] | None = None, gradients: bool = False
) -> Iterator[Trace]:
    """Record the taps of `model` whose dotted name matches the pattern `only`, in this context alone.

    edits: tap name -> function applied to the value before it flows on (same shape). Raises KeyError for a name that is
    no tap. gradients: keep values attached, so that `trace.gradient(name)` works after a backward pass. Where records
    are nested, the inner one sees (and edits) what the outer one lets through; a tap that is passed twice keeps its
    last value.
    """
    edits = dict(edits or {})
    taps = {module: name for name, module in model.named_modules() if isinstance(module, Tap)}
    unknown = set(edits) - set(taps.values())
    if unknown:
        raise KeyError(f"no tap named {sorted(unknown)}; there are {sorted(taps.values())}")
    names = {tap: name for tap, name in taps.items() if fnmatchcase(name, only) or name in edits}
    trace = Trace(names, edits, gradients)
    token = _active.set((*_active.get(), trace))
    try:
        yield trace
    finally:
        _active.reset(token)
        trace._names = {}


def tap_names(model: nn.Module) -> list[str]:
    """Dotted names of all taps of a model, in the order of their registration."""
    return [name for name, module in model.named_modules() if isinstance(module, Tap)]


@torch.no_grad()
def count_parameters(model: nn.Module) -> int:
    """Number of trainable and frozen parameters of a model."""
    return sum(parameter.numel() for parameter in model.parameters())

"""Results name their axes, and the names are checked when a Result is made.

@result
class Result:
    pattern: Tensor = axes("layer head query key", "share of attention each token gives to each", unit="probability")
    tokens: tuple[str, ...] = note("the words as the model sees them")
"""

from __future__ import annotations

import dataclasses
import math
import numbers
import sys
from collections.abc import Mapping
from typing import Any, TypeVar, dataclass_transform

ResultType = TypeVar("ResultType")


class AxesError(ValueError):
    """A result whose numbers do not fit what it declares."""


@dataclasses.dataclass(frozen=True)
class Quantity:
    """One array of a Result as the Numbers tab shows it."""

    name: str
    axes: tuple[str, ...]
    shape: tuple[int, ...]
    unit: str
    meaning: str
    values: Any


def axes(names: str, meaning: str, *, unit: str = "", gaps: bool = False) -> Any:
    """Declare an array field: space-separated axis names ("" for one number), its meaning and its unit.

    Equal names must have equal lengths throughout a Result. `gaps=True` allows NaN where a value does not exist.
    """
    return dataclasses.field(metadata={"axes": tuple(names.split()), "meaning": meaning, "unit": unit, "gaps": gaps})


def note(meaning: str) -> Any:
    """Declare a field that is no array (names, a table, a text)."""
    return dataclasses.field(metadata={"meaning": meaning})


@dataclass_transform(frozen_default=True, field_specifiers=(axes, note))
def result(cls: type[ResultType]) -> type[ResultType]:
    """Class decorator: a frozen dataclass that checks axis counts, equal lengths, NaN, detachment and device."""
    cls.__post_init__ = check
    cls.quantities = quantities
    cls.nbytes = property(size_in_bytes)
    return dataclasses.dataclass(frozen=True, eq=False)(cls)


def check(self: Any) -> None:
    """Raise AxesError at the first array that does not fit its declaration."""
    lengths: dict[str, tuple[int, str]] = {}
    for field in dataclasses.fields(self):
        if "axes" not in field.metadata:
            continue
        value, names = getattr(self, field.name), field.metadata["axes"]
        where = f"{type(self).__qualname__}.{field.name}"
        if not hasattr(value, "shape") and not isinstance(value, numbers.Number):
            raise AxesError(f"{where}: expected an array or a number, got {type(value).__name__}")
        shape = tuple(getattr(value, "shape", ()))
        if len(shape) != len(names):
            raise AxesError(f"{where}: expected axes ({', '.join(names)}), got shape {shape}")
        for name, length in zip(names, shape, strict=True):
            expected, first = lengths.setdefault(name, (length, field.name))
            if length != expected:
                raise AxesError(f"{where}: axis {name} has length {length}, but {first} has {expected}")
        if getattr(value, "requires_grad", False):
            raise AxesError(f"{where}: still attached to the graph; detach it")
        device = getattr(value, "device", None)
        if device is not None and str(device) not in ("cpu", "None"):
            raise AxesError(f"{where}: lives on {device}; results live on the CPU")
        if not field.metadata["gaps"] and _has_nan(value):
            raise AxesError(f"{where}: has NaN")


def quantities(self: Any) -> list[Quantity]:
    """Every array of the Result with its axes, shape, unit and meaning; those of a Result within it as part.name."""
    arrays = []
    for field in dataclasses.fields(self):
        value, data = getattr(self, field.name), field.metadata
        if "axes" in data:
            shape = tuple(getattr(value, "shape", ()))
            arrays.append(Quantity(field.name, data["axes"], shape, data["unit"], data["meaning"], value))
        elif hasattr(type(value), "quantities"):
            arrays += [dataclasses.replace(one, name=f"{field.name}.{one.name}") for one in value.quantities()]
    return arrays


def size_in_bytes(self: Any) -> int:
    """Bytes this Result occupies: arrays by their buffers, also inside lists and tables; the rest by an estimate."""
    return sum(bytes_of(getattr(self, field.name)) for field in dataclasses.fields(self))


def bytes_of(value: Any) -> int:
    """Bytes that a value keeps in memory: an array by its whole buffer, for a view of a part holds all of it; what has
    its own `nbytes` by that; lists, tuples, mappings and dataclasses by what is in them."""
    storage, own = getattr(value, "untyped_storage", None), getattr(value, "nbytes", None)  # None: some have any name
    if storage is not None:
        return storage().nbytes()
    if own is not None:
        base = getattr(value, "base", None)  # of a NumPy array: whose buffer it looks at
        return max(int(own), bytes_of(base) if getattr(base, "nbytes", None) is not None else 0)
    if isinstance(value, Mapping):
        return sys.getsizeof(value) + sum(bytes_of(key) + bytes_of(item) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return sys.getsizeof(value) + sum(map(bytes_of, value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return sys.getsizeof(value) + sum(bytes_of(getattr(value, field.name)) for field in fields)
    return sys.getsizeof(value)


def _has_nan(value: Any) -> bool:
    if isinstance(value, float):
        return math.isnan(value)
    different = value != value  # only NaN differs from itself; works for torch and numpy alike
    return bool(different.any()) if hasattr(different, "any") else bool(different)

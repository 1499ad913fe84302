"""A Result and a Config as rows of texts, for tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.contracts.knob import knobs


def quantity_rows(result: Any, say: Callable[[str], str] = str) -> list[tuple[str, ...]]:
    """Header and one row for every array of a Result: name, axes, shape, lowest, highest, unit, meaning. say: puts our
    words into a language."""
    rows = [tuple(map(say, ("Name", "Axes", "Shape", "Lowest", "Highest", "Unit", "Meaning")))]
    for quantity in result.quantities():
        shape = " × ".join(map(str, quantity.shape)) or "1"
        lowest, highest = _extreme(quantity.values, "min"), _extreme(quantity.values, "max")
        axes, unit, meaning = " × ".join(map(say, quantity.axes)), say(quantity.unit), say(quantity.meaning)
        rows.append((quantity.name, axes, shape, lowest, highest, unit, meaning))
    return rows


def config_rows(config: Any, say: Callable[[str], str] = str) -> list[tuple[str, ...]]:
    """Header and one row for every knob: name, value as in a link, unit, label. say: as above."""
    rows = [tuple(map(say, ("Knob", "Value", "Unit", "Label")))]
    for knob in knobs(type(config)):
        rows.append((knob.name, knob.to_text(getattr(config, knob.name)), say(knob.unit), say(knob.label)))
    return rows


def _extreme(values: Any, which: str) -> str:
    """The lowest or highest value that is a number; a dash where there is none."""
    if getattr(values, "shape", ()):
        values = values[values == values]
        if 0 in values.shape:
            return "–"
        values = getattr(values, which)()
    value = values.item() if hasattr(values, "item") else values
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "–" if value != value else f"{value:.6g}"

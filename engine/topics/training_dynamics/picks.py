"""Training dynamics: what the page's clicks and texts mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from engine.contracts.knob import KnobError

from .card import BATCHES, FUNCTIONS, INITIALISATIONS, RATES, domain_of, start_text

NEAR = 0.0025  # of the plane: a mouse or a finger cannot tell such places apart


def check_cell(text: str) -> None:
    """KnobError unless it is sample-channel-place, "1-0-4"."""
    if not re.fullmatch(r"\d-\d-\d{1,2}", text):
        raise KnobError("Cell: expected sample-channel-place such as 1-0-4, got {text!r}", text=text[:40])


def check_pair(text: str) -> None:
    """KnobError unless it is row-column, "2-3"."""
    if not re.fullmatch(r"\d-\d", text):
        raise KnobError("Pair: expected row-column such as 2-3, got {text!r}", text=text[:40])


def pair_of(text: str) -> tuple[int, int]:
    """(row, column) of "2-3", no farther than there is."""
    row, column = (int(part) for part in text.split("-"))
    return min(row, len(BATCHES) - 1), min(column, len(RATES) - 1)


def drag_start(event: Mapping[str, Any], config: Any, view: Any) -> Mapping[str, Any]:
    """All begin where the handle was let go, or where the plane was clicked; on an axis where that is next to one."""
    if event["event"] == "dot":
        return {}
    x_low, x_high, y_low, y_high = domain_of(config)
    near = NEAR * (x_high - x_low), NEAR * (y_high - y_low)
    places = (0.0 if abs(event[name]) < reach else event[name] for name, reach in zip("xy", near, strict=True))
    return {"start": start_text(*places)}


def pick_pair(event: Mapping[str, Any], config: Any, view: Any) -> Mapping[str, Any]:
    """Another network of the grid."""
    return {"pair": f"{event['row']}-{event['column']}"}


def pick_network(event: Mapping[str, Any], config: Any, view: Any) -> Mapping[str, Any]:
    """Other first weights and another activation."""
    return {
        "function": list(FUNCTIONS)[event["row"]],
        "initialisation": list(INITIALISATIONS)[event["column"]],
    }

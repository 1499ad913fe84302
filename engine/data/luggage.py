"""What a Config names and only this process has, for another process that is to run it: a visitor's uploads."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from engine.core.uploads import UPLOAD

from .graph_texts.keys import keep_text, kept_text
from .own_weights import WEIGHTS, OwnWeights
from .pictures import UPLOADS, Picture


@dataclasses.dataclass(frozen=True)
class Luggage:
    """Pictures, weights, and the texts of large graphs by their keys."""

    pictures: tuple[Picture, ...] = ()
    weights: tuple[OwnWeights, ...] = ()
    graphs: tuple[tuple[str, str], ...] = ()


def luggage_of(config: Any) -> Luggage:
    """The uploads that the knobs of a Config name and this process has."""
    values = getattr(config, "__dict__", {}).values()
    keys = [value for value in values if isinstance(value, str) and value.startswith(UPLOAD)]
    graphs = ((key, kept_text(key)) for key in keys)
    return Luggage(
        tuple(filter(None, map(UPLOADS.get, keys))),
        tuple(filter(None, map(WEIGHTS.get, keys))),
        tuple((key, text) for key, text in graphs if text is not None),
    )


@contextmanager
def having(luggage: Luggage) -> Iterator[None]:
    """Have these uploads within this block, in a process that is not the one they came to.

    Texts of graphs stay in their small bounded store.
    """
    for picture in luggage.pictures:
        UPLOADS.add(picture)
    for weights in luggage.weights:
        WEIGHTS.add(weights)
    for key, text in luggage.graphs:
        keep_text(key, text)
    try:
        yield
    finally:
        for picture in luggage.pictures:
            UPLOADS.forget(picture.key)
        for weights in luggage.weights:
            WEIGHTS.forget(weights.key)

"""What a Config names and only this process has, for another process that is to run it: a reader's own things."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from engine.machinery.own import OWN, UPLOAD, Thing


def attachments_of(config: Any) -> tuple[Thing, ...]:
    """The own things that the knobs of a Config name and this process has; what follows a key's dot says how one is
    read."""
    values = getattr(config, "__dict__", {}).values()
    keys = [value.partition(".")[0] for value in values if isinstance(value, str) and value.startswith(UPLOAD)]
    return tuple(filter(None, map(OWN.get, keys)))


@contextmanager
def having(attachments: tuple[Thing, ...]) -> Iterator[None]:
    """Have these things within this block, in a process that is not the one they came to."""
    for thing in attachments:
        OWN.add(thing)
    try:
        yield
    finally:
        for thing in attachments:
            OWN.forget(thing.key)

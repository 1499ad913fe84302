"""What readers bring (pictures, weights, texts, and what comes): kept by its content, under one budget of bytes.

A thing of any kind has a key, `upload:` and the first 16 hex digits of a sha256, and its size; a link names it by the
key, and another server does not have it. A new kind is a class with `key` and `nbytes`, and what reads a file into it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
import threading
from collections import OrderedDict
from typing import Any, Protocol, TypeVar

from engine.contracts.knob import KnobError

UPLOAD = "upload:"


class Thing(Protocol):
    """What the store keeps."""

    @property
    def key(self) -> str: ...

    @property
    def nbytes(self) -> int: ...


Kind = TypeVar("Kind")


def key_of_digest(sha256: str) -> str:
    """The key of a content with this sha256, in hex."""
    return UPLOAD + sha256[:16]


def check_upload_key(text: str) -> None:
    """KnobError unless the text is empty or the key of an upload."""
    if text and not re.fullmatch(UPLOAD + "[0-9a-f]{16}", text):
        raise KnobError("Own weights: expected upload:<16 hexadecimal digits>, got {value!r}", value=text[:40])


@dataclasses.dataclass(frozen=True)
class OwnText:
    """A text that is too long for a link."""

    text: str

    @property
    def key(self) -> str:
        """What a link names it by."""
        return key_of_digest(hashlib.sha256(self.text.encode(errors="replace")).hexdigest())

    @property
    def nbytes(self) -> int:
        """Bytes of its characters."""
        return len(self.text.encode(errors="replace"))


class OwnStore:
    """Readers' things under a budget of bytes, the least recently used dropped first. Safe between threads."""

    def __init__(self, budget_bytes: int):
        self.budget_bytes = budget_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[Thing, int]] = OrderedDict()
        self._bytes = 0

    @property
    def bytes_held(self) -> int:
        """Bytes of all that is kept now; never above the budget."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, thing: Thing) -> str:
        """Keep a thing and return its key. The same content is kept once. ValueError if it exceeds the budget."""
        key, size = thing.key, thing.nbytes
        if size > self.budget_bytes:
            raise ValueError(f"{size} bytes exceed the budget of {self.budget_bytes}")
        with self._lock:
            _, known = self._kept.pop(key, (None, 0))
            self._bytes += size - known
            self._kept[key] = (thing, size)
            while self._bytes > self.budget_bytes:
                _, (_, dropped) = self._kept.popitem(last=False)
                self._bytes -= dropped
        return key

    def get(self, key: str, kind: type[Kind] | None = None) -> Kind | Any | None:
        """The thing under a key; None if this process does not have it (any more), or it is of another kind."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            thing, _ = self._kept.get(key, (None, 0))
        return thing if kind is None or isinstance(thing, kind) else None

    def forget(self, key: str) -> None:
        """Drop the thing under a key, if there is one."""
        with self._lock:
            _, size = self._kept.pop(key, (None, 0))
            self._bytes -= size


OWN = OwnStore(budget_bytes=200_000_000)

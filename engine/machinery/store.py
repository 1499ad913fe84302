"""One store of results for the whole process, bounded in bytes.

Who asks for the same thing at once waits for one computation.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from engine.contracts.axes import bytes_of


class ResultStore:
    """Least-recently-used results under a budget of bytes.

    Results are shared between visitors, so they must never be changed after they are made. A result larger than the
    whole budget is returned but not kept. An error is passed to everyone who waited and is not kept.

    What is dropped lives on while a page shows it: it counts against the budget until then (down to half of it, which
    is always there for new results), and who asks for it finds it again.
    """

    def __init__(self, budget_bytes: int):
        self.budget_bytes = budget_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._dropped: dict[Hashable, tuple[weakref.ref, int]] = {}  # those that somebody may still hold
        self._running: dict[Hashable, Future] = {}
        self._bytes = 0

    @property
    def bytes_held(self) -> int:
        """Bytes of all results kept now; never above the budget."""
        return self._bytes

    @property
    def bytes_on_pages(self) -> int:
        """Bytes of results that are not kept any more and that somebody still holds."""
        with self._lock:
            return self._count_dropped()

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, key: Hashable) -> Any | None:
        """The result under `key` if it is kept or still held by somebody, else None. Never waits, computes nothing."""
        with self._lock:
            return self._find(key)

    def get_or_compute(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        """The result under `key`, computed at most once however many ask at the same time."""
        with self._lock:
            result = self._find(key)
            if result is not None:
                return result
            future = self._running.get(key)
            mine = future is None
            if mine:
                future = self._running[key] = Future()
        if not mine:
            return future.result()
        try:
            value = compute()
            size = bytes_of(value)
        except BaseException as error:
            with self._lock:
                del self._running[key]
            future.set_exception(error)
            raise
        self._keep(key, value, size)
        future.set_result(value)
        return value

    def _find(self, key: Hashable) -> Any | None:
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key][0]
        held, size = self._dropped.get(key, (lambda: None, 0))
        value = held()
        if value is not None:
            self._keep_within_budget(key, value, size)
        return value

    def _keep(self, key: Hashable, value: Any, size: int) -> None:
        with self._lock:
            self._running.pop(key, None)
            if size <= self.budget_bytes:
                self._keep_within_budget(key, value, size)

    def _keep_within_budget(self, key: Hashable, value: Any, size: int) -> None:
        self._dropped.pop(key, None)
        elsewhere = self._count_dropped()
        while self._kept and self._bytes + size > max(self.budget_bytes - elsewhere, self.budget_bytes // 2):
            other, (dropped, dropped_size) = self._kept.popitem(last=False)
            self._bytes -= dropped_size
            with suppress(TypeError):  # numbers, tuples and the like cannot be watched
                self._dropped[other] = (weakref.ref(dropped), dropped_size)
            del dropped  # else this name alone would keep it
            elsewhere = self._count_dropped()
        self._kept[key] = (value, size)
        self._bytes += size

    def _count_dropped(self) -> int:
        self._dropped = {key: held for key, held in self._dropped.items() if held[0]() is not None}
        return sum(size for _, size in self._dropped.values())

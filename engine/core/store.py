"""One store of results for the whole process, bounded in bytes.

Who asks for the same thing at once waits for one computation.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any

from .axes import bytes_of


class ResultStore:
    """Least-recently-used results under a budget of bytes.

    Results are shared between visitors, so they must never be changed after they are made. A result larger than the
    whole budget is returned but not kept. An error is passed to everyone who waited and is not kept.
    """

    def __init__(self, budget_bytes: int):
        self.budget_bytes = budget_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._running: dict[Hashable, Future] = {}
        self._bytes = 0

    @property
    def bytes_held(self) -> int:
        """Bytes of all results kept now; never above the budget."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, key: Hashable) -> Any | None:
        """The result under `key` if it is kept; None if not. Never waits, computes nothing."""
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key][0]

    def get_or_compute(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        """The result under `key`, computed at most once however many ask at the same time."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][0]
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

    def _keep(self, key: Hashable, value: Any, size: int) -> None:
        with self._lock:
            self._running.pop(key, None)
            if size > self.budget_bytes:
                return
            while self._bytes + size > self.budget_bytes:
                _, (_, dropped) = self._kept.popitem(last=False)
                self._bytes -= dropped
            self._kept[key] = (value, size)
            self._bytes += size

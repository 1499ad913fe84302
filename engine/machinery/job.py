"""One visitor's running experiment: what a page may ask of it and tell it. engine/machinery/jobs.py moves it."""

from __future__ import annotations

import contextvars
import itertools
import time
from typing import TYPE_CHECKING, Any, Protocol

from engine.contracts.axes import bytes_of

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator

ACTIVE_STATES = ("queued", "running", "paused")
SMALLEST_HISTORY = 8  # snapshots that a job may keep, however large they are, while the budget of all lasts
_numbers = itertools.count(1)


class Queue(Protocol):
    """What a job needs of the queue that moves it."""

    changed: threading.Condition

    def is_at_work(self, job: Job) -> bool:
        """Whether one of the running places is its own."""

    def place(self, job: Job) -> int:
        """Place in line: 1 is next; 0 when not waiting."""

    def set_wish(self, job: Job, wish: str, steps: int | None = None) -> None:
        """What its visitor wants of it now: "queued", "paused" or "stopped"; steps: to pause after."""

    def grew(self, size: int) -> None:
        """It keeps a snapshot of `size` bytes more; called under `changed`."""


class Job:
    """One visitor's running experiment. All methods may be called from any thread.

    state: queued | running | paused | done | stopped | failed. `error` holds what made it fail. `pace` is a wanted
    number of steps a second, or None for as fast as the machine allows.
    """

    def __init__(
        self,
        open_stream: Callable[[], Iterator[Any]],
        config: Any,
        visitor: str,
        queue: Queue,
        *,
        pace: float | None,
        start_at: int,
        pause_at: int | None,
        every_step: bool,
        history_limit: int,
        history_bytes: int,
    ):
        self.number = next(_numbers)
        self.config, self.visitor, self.pace = config, visitor, pace
        self.error: BaseException | None = None
        self.start_at, self.pause_at, self.every_step = start_at, pause_at, every_step
        self._open_stream, self._queue = open_stream, queue
        self._state = "queued"
        self._steps_to_go: int | None = None  # None: play on; a number: pause after so many steps
        self._history: list[tuple[int, Any]] = []
        self._history_limit, self._history_bytes = history_limit, history_bytes
        self._bytes = 0
        self._count = 0
        self._seconds = 0.0
        self._asked_at = self._admitted_at = time.monotonic()
        self._seen_at = queue.clock()
        self._served_seconds = 0.0  # how long it has had a place since it was asked for
        self._context = contextvars.copy_context()  # the visitor's device travels along

    @property
    def state(self) -> str:
        return self._state

    @property
    def active(self) -> bool:
        """Whether it can still produce snapshots."""
        return self._state in ACTIVE_STATES

    @property
    def busy(self) -> bool:
        """Whether it may still add snapshots: playing, waiting to play, or finishing the steps under way."""
        return self._state in ("queued", "running") or self._queue.is_at_work(self)

    @property
    def latest(self) -> Any | None:
        """The newest snapshot."""
        history = self._history
        return history[-1][1] if history else None

    @property
    def history(self) -> list[tuple[int, Any]]:
        """(index, snapshot) pairs, thinned to a bounded number; the first and the newest are always there."""
        with self._queue.changed:
            return list(self._history)

    @property
    def count(self) -> int:
        """How many snapshots were made so far, kept or not."""
        return self._count

    @property
    def place(self) -> int:
        """Place in the queue: 1 is next; 0 when not waiting."""
        return self._queue.place(self)

    @property
    def seconds(self) -> float:
        """Seconds of work so far, pauses and waiting left out."""
        return self._seconds

    def since(self, index: int) -> list[tuple[int, Any]]:
        """The kept snapshots whose index is at least `index`; fetching them counts as watching."""
        self.watch()
        with self._queue.changed:
            return [pair for pair in self._history if pair[0] >= index]

    def watch(self) -> None:
        """Say that somebody still looks; a job that nobody watches stops by itself."""
        self._seen_at = self._queue.clock()

    def pause(self) -> None:
        """Stand still after the snapshot in work, and give the running place to the next in line."""
        self._queue.set_wish(self, "paused")

    def resume(self) -> None:
        """Play on; a job that gave up its running place waits in line like a new one."""
        self._queue.set_wish(self, "queued")

    def step(self, steps: int = 1) -> None:
        """Advance exactly `steps` steps, then pause. What is in work now does not count; steps asked for before do.

        A job that has yet to reach `start_at` goes there first, unless it was paused on the way.
        """
        self._queue.set_wish(self, "queued", max(1, steps))

    def stop(self) -> None:
        """End for good after the snapshot in work."""
        self._queue.set_wish(self, "stopped")

    def wait(self, states: tuple[str, ...] = ("done", "stopped", "failed"), timeout: float | None = None) -> bool:
        """Block until one of `states` is reached; False after `timeout` seconds."""
        with self._queue.changed:
            return self._queue.changed.wait_for(lambda: self._state in states, timeout)

    @property
    def bytes_held(self) -> int:
        """Bytes of the snapshots kept."""
        return self._bytes

    def _append(self, snapshot: Any) -> None:
        with self._queue.changed:
            size = bytes_of(snapshot)
            self._history.append((self._count, snapshot))
            self._bytes += size
            self._count += 1
            limit = min(self._history_limit, self._history_bytes // max(1, size))
            if len(self._history) > max(SMALLEST_HISTORY, limit):
                self._thin()
            self._queue.grew(size)

    def _thin(self) -> None:
        """Keep every second snapshot, the first and the newest among them; called under the queue's lock."""
        kept = self._history[::2]
        if kept[-1][0] != self._history[-1][0]:
            kept.append(self._history[-1])
        self._history = kept
        self._bytes = sum(bytes_of(snapshot) for _, snapshot in kept)

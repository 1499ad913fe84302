"""Where the work of jobs runs: threads of this process here, spawned processes in engine/machinery/processes.py."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from typing import Any, Protocol

NICENESS = 5  # of work that nobody waits for


class Backend(Protocol):
    """Where a job's work runs.

    start(work, name): begin to drive a job and return at once; `work` ends when the job leaves its active states.
    open(stream, config): the snapshots of `stream(config)`, in order. They may be computed elsewhere, one at a time and
    only when asked for, so that nothing piles up. If it has `send`, `send(steps)` asks for the snapshot after so many
    steps; `close()` lets go of it. warm(): get ready for the first one; returns at once. close(): end all.
    """

    def start(self, work: Callable[[], None], name: str) -> None: ...

    def open(self, stream: Callable[[Any], Iterator[Any]], config: Any) -> Iterator[Any]: ...

    def warm(self) -> None: ...

    def close(self) -> None: ...


class ThreadBackend:
    """One daemon thread a job, which computes in this process."""

    def start(self, work: Callable[[], None], name: str) -> None:
        """Run `work` in a thread of its own."""

        def run() -> None:
            stand_back()
            work()

        threading.Thread(target=run, name=name, daemon=True).start()

    def open(self, stream: Callable[[Any], Iterator[Any]], config: Any) -> Iterator[Any]:
        """The stream itself."""
        return stream(config)

    def warm(self) -> None:
        """Nothing: a thread starts at once."""

    def close(self) -> None:
        """Nothing: a thread ends with its job."""


def stand_back() -> None:
    """From now on this thread comes after others where there are too few cores: clicks are answered before training.

    Only Linux gives each thread a niceness of its own; elsewhere it stays as it is.
    """
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


class BackendError(RuntimeError):
    """The place where a job was computed is gone, through no fault of the job. `template` is the sentence to say."""

    template = "The process that computed this has ended. Press Train to compute it again; your settings are kept."


def in_turn(stream: Callable[[Any], Iterator[Any]], turn: AbstractContextManager) -> Callable[[Any], Iterator[Any]]:
    """The same stream, each snapshot computed while `turn`, such as a lock, is held."""

    def taking_turns(config: Any) -> Iterator[Any]:
        steps = None
        with closing(stream(config)) as snapshots:
            while True:
                with turn:
                    try:
                        snapshot = advance(snapshots, steps)
                    except StopIteration:
                        return
                steps = yield snapshot

    return taking_turns


def advance(stream: Iterator[Any], steps: int | None) -> Any:
    """The next snapshot of a stream, after `steps` steps if it can be told how many; None: its first one.

    A generator that was not started yet gives its first snapshot (step 0) by next(). StopIteration at the end.
    """
    return stream.send(steps) if steps is not None and hasattr(stream, "send") else next(stream)

"""Background work that streams what it sees: queued, played, paused, stepped, stopped, watched.

A stream is a generator of snapshots. It may be plain (`for snapshot in stream`), or take a number of steps to advance
until the next snapshot through `generator.send(steps)`; jobs use that to keep a pace and to move exactly one step.
Threads run the jobs here; another Backend (processes, another machine) fits behind the same calls.
"""

from __future__ import annotations

import contextvars
import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from .axes import bytes_of

logger = logging.getLogger("neurarium.jobs")

ACTIVE_STATES = ("queued", "running", "paused")
SNAPSHOTS_PER_SECOND = 20
MAXIMUM_STRIDE = 500
LOOKS_WHILE_CATCHING_UP = 50
_numbers = itertools.count(1)


class QueueFull(RuntimeError):
    """No place is left in the queue; try again in a minute."""


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
        queue: JobQueue,
        *,
        pace: float | None,
        start_at: int,
        pause_at: int | None,
        history_limit: int,
        history_bytes: int,
    ):
        self.number = next(_numbers)
        self.config, self.visitor, self.pace = config, visitor, pace
        self.error: BaseException | None = None
        self.start_at, self.pause_at = start_at, pause_at
        self._open_stream, self._queue = open_stream, queue
        self._state = "queued"
        self._steps_to_go: int | None = None  # None: play on; a number: pause after so many steps
        self._history: list[tuple[int, Any]] = []
        self._history_limit, self._history_bytes = history_limit, history_bytes
        self._count = 0
        self._seconds = 0.0
        self._seen_at = time.monotonic()
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
        return self._state in ("queued", "running") or self in self._queue._running

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
        self._seen_at = time.monotonic()

    def pause(self) -> None:
        """Stand still after the snapshot in work, and give the running place to the next in line."""
        self._queue._set_wish(self, "paused")

    def resume(self) -> None:
        """Play on; a job that gave up its running place waits at the end of the line."""
        self._queue._set_wish(self, "queued")

    def step(self, steps: int = 1) -> None:
        """Advance exactly `steps` steps, then pause. What is in work now does not count.

        A job that has yet to reach `start_at` goes there first, unless it was paused on the way.
        """
        self._queue._set_wish(self, "queued", max(1, steps))

    def stop(self) -> None:
        """End for good after the snapshot in work."""
        self._queue._set_wish(self, "stopped")

    def wait(self, states: tuple[str, ...] = ("done", "stopped", "failed"), timeout: float | None = None) -> bool:
        """Block until one of `states` is reached; False after `timeout` seconds."""
        with self._queue.changed:
            return self._queue.changed.wait_for(lambda: self._state in states, timeout)

    def _append(self, snapshot: Any) -> None:
        with self._queue.changed:
            self._history.append((self._count, snapshot))
            self._count += 1
            limit = max(8, min(self._history_limit, self._history_bytes // max(1, bytes_of(snapshot))))
            if len(self._history) > limit:
                kept = self._history[::2]
                if kept[-1][0] != self._history[-1][0]:
                    kept.append(self._history[-1])
                self._history = kept


class Backend(Protocol):
    """Where a job's work runs. `start` must return at once; `work` ends when the job leaves its active states."""

    def start(self, work: Callable[[], None], name: str) -> None: ...


class ThreadBackend:
    """One daemon thread a job."""

    def start(self, work: Callable[[], None], name: str) -> None:
        threading.Thread(target=work, name=name, daemon=True).start()


class JobQueue:
    """Admission for all visitors: one job each, a bounded number running, the rest waiting in order of arrival."""

    def __init__(
        self,
        *,
        running: int = 2,
        waiting: int = 64,
        heartbeat_seconds: float = 90.0,
        history_limit: int = 400,
        history_bytes: int = 24_000_000,
        backend: Backend | None = None,
        present: Callable[[str], bool] = lambda visitor: True,
    ):
        """present(visitor): whether the visitor is still connected; of one who is not, a job gives its running place to
        those who wait, instead of keeping it until the heartbeat ends."""
        self.present = present
        self.running_limit, self.waiting_limit, self.heartbeat_seconds = running, waiting, heartbeat_seconds
        self.history_limit, self.history_bytes = history_limit, history_bytes
        self.backend = backend or ThreadBackend()
        self.changed = threading.Condition()
        self._line: list[Job] = []  # active jobs; waiting ones in order of arrival
        self._running: set[Job] = set()

    def submit(
        self,
        stream: Callable[[Any], Iterator[Any]],
        config: Any,
        *,
        visitor: str,
        pace: float | None = None,
        start_at: int = 0,
        pause_at: int | None = None,
    ) -> Job:
        """Start `stream(config)` for a visitor; an earlier job of the same visitor is stopped.

        start_at: run to this step at full speed before the pace holds (to continue an experiment from its link).
        pause_at: pause when this step is reached. Raises QueueFull, and then leaves the earlier job alone.
        """
        job = Job(
            lambda: stream(config), config, visitor, self,
            pace=pace, start_at=start_at, pause_at=pause_at,
            history_limit=self.history_limit, history_bytes=self.history_bytes,
        )  # fmt: skip
        with self.changed:
            mine = [other for other in self._line if other.visitor == visitor]
            waiting = sum(other not in mine for other in self._waiting())
            free = self.running_limit - len(self._running.difference(mine))
            if waiting - max(0, free) >= self.waiting_limit:
                raise QueueFull(f"{self.waiting_limit} experiments are waiting already")
            for other in mine:
                self._leave(other, "stopped")
            self._line.append(job)
        try:
            self.backend.start(lambda: job._context.run(self._work, job), name=f"job-{job.number}")
        except BaseException:  # e.g. no more threads: a job that nothing works on would block the line for ever
            with self.changed:
                self._leave(job, "failed")
            raise
        return job

    def jobs(self) -> list[Job]:
        """All active jobs."""
        with self.changed:
            return list(self._line)

    def place(self, job: Job) -> int:
        """Place of a job among those that wait, 1 is next; 0 for one that does not wait."""
        with self.changed:
            waiting = self._waiting()
            return waiting.index(job) + 1 if job in waiting else 0

    def shutdown(self, timeout: float = 5.0) -> bool:
        """Stop all jobs; True when every one has let go within `timeout` seconds."""
        with self.changed:
            for job in list(self._line):
                self._leave(job, "stopped")
            return self.changed.wait_for(lambda: not self._running, timeout)

    # -- inside ------------------------------------------------------------------------------------------------------

    def _waiting(self) -> list[Job]:
        return [job for job in self._line if job._state == "queued" and job not in self._running]

    def _set_wish(self, job: Job, wish: str, steps: int | None = None) -> None:
        with self.changed:
            job.watch()
            if not job.active:
                return
            if wish == "stopped":
                self._leave(job, "stopped")
            elif wish == "paused":
                job._state = "paused"
            else:
                job._steps_to_go, job.pause_at = steps, None
                if job._state == "paused":
                    if steps is not None and job._count:
                        job.start_at = 0  # steps are counted from where it stands
                    job._state = "queued"
                    self._line.remove(job)  # a job that was paused waits behind those that came meanwhile
                    self._line.append(job)
            self.changed.notify_all()

    def _leave(self, job: Job, state: str) -> None:
        if job.active:
            job._state = state
            self._line.remove(job)
        self.changed.notify_all()

    def _admit(self, job: Job) -> bool:
        """Wait for a running place; False once the job is no longer active. Holding a place ends in `_work`."""
        with self.changed:
            while job.active:
                in_the_way = job in self._running and self._waiting() and not self.present(job.visitor)
                if in_the_way or time.monotonic() - job._seen_at > self.heartbeat_seconds:
                    logger.info("job %d stopped: nobody watches", job.number)
                    self._leave(job, "stopped")
                    break
                if job in self._running and job._state in ("queued", "running"):
                    if job._state != "running":
                        job._state = "running"
                        self.changed.notify_all()
                    return True
                if job._state == "paused":
                    self._running.discard(job)
                    self.changed.notify_all()
                elif len(self._running) < self.running_limit and self._next() is job:
                    self._running.add(job)
                    continue
                self.changed.wait(timeout=min(1.0, self.heartbeat_seconds / 4))
            return False

    def _next(self) -> Job | None:
        return next(iter(self._waiting()), None)

    def _work(self, job: Job) -> None:
        state, stream = "failed", None
        try:
            begun, stride, due = False, 1, time.monotonic()
            while self._admit(job):
                started = time.monotonic()
                if stream is None:
                    stream = job._open_stream()
                step_now = getattr(job.latest, "step", 0) if begun else 0
                with self.changed:
                    stride = self._stride(job, stride, step_now, begun)
                    stepping = job._steps_to_go is not None
                try:
                    # A generator that was not started yet gives its first snapshot (step 0) by next().
                    snapshot = stream.send(stride) if begun and hasattr(stream, "send") else next(stream)
                except StopIteration:
                    state = "done"
                    break
                advanced = getattr(snapshot, "step", step_now + 1) - step_now
                begun = True
                spent = time.monotonic() - started
                job._seconds += spent
                job._append(snapshot)
                self._after(job, snapshot, step_now, advanced, stepping)
                caught_up, pace = step_now >= job.start_at, job.pace
                if pace and caught_up and job._steps_to_go is None:
                    due = max(due + advanced / pace, started)
                    self._rest(job, due - time.monotonic())
                else:
                    if spent > 0:  # adapt to about SNAPSHOTS_PER_SECOND looks a second
                        wanted = max(advanced, 1) / (spent * SNAPSHOTS_PER_SECOND)
                        stride = int(min(max(1, wanted), 2 * stride + 1, MAXIMUM_STRIDE))
                    due = time.monotonic()
                    time.sleep(0.002)  # lets other visitors' clicks in: training shares the interpreter lock
            else:
                state = job._state
        except Exception as error:
            job.error = error
            logger.warning("job %d failed with %r: %r", job.number, job.config, error, exc_info=True)
        finally:
            try:
                if hasattr(stream, "close"):
                    stream.close()  # here and now, in this job's own context
            except Exception:
                logger.warning("job %d: its stream did not close", job.number, exc_info=True)
            with self.changed:
                self._running.discard(job)
                self._leave(job, state)

    def _rest(self, job: Job, seconds: float) -> None:
        """Keep the pace; a pause or a stop ends the rest at once."""
        time.sleep(0.002)
        with self.changed:
            self.changed.wait_for(lambda: job._state != "running", max(0.0, seconds - 0.002))

    @staticmethod
    def _stride(job: Job, stride: int, step_now: int, begun: bool) -> int:
        if step_now < job.start_at:  # catching up at full speed, with enough looks to scrub through
            stride = min(max(1, job.start_at // LOOKS_WHILE_CATCHING_UP), MAXIMUM_STRIDE, job.start_at - step_now)
            return stride if job.pause_at is None else max(1, min(stride, job.pause_at - step_now))
        if job._steps_to_go is not None:
            return 1 if not begun else min(stride, job._steps_to_go)
        if job.pace:
            stride = max(1, round(job.pace / SNAPSHOTS_PER_SECOND))
        if job.pause_at is not None and step_now < job.pause_at:
            stride = min(stride, job.pause_at - step_now)
        return stride

    def _after(self, job: Job, snapshot: Any, step_before: int, advanced: int, stepping: bool) -> None:
        """Pause where a step or a planned stop is reached."""
        with self.changed:
            reached = False
            beyond_start = min(advanced, step_before + advanced - job.start_at)
            if stepping and job._steps_to_go is not None and beyond_start > 0:
                job._steps_to_go -= beyond_start
                reached = job._steps_to_go <= 0
            if job.pause_at is not None and getattr(snapshot, "step", 0) >= job.pause_at:
                reached = True
            if reached:
                job._steps_to_go = job.pause_at = None
                if job.active:
                    job._state = "paused"
                self.changed.notify_all()

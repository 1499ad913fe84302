"""Background work that streams what it sees: queued, played, paused, stepped, stopped, watched.

A stream is a generator of snapshots. It may be plain (`for snapshot in stream`), or take a number of steps to advance
until the next snapshot through `generator.send(steps)`; jobs use that to keep a pace and to move exactly one step.
A Backend says where it runs: threads of this process, or processes of their own (engine/machinery/processes.py).
"""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from engine.machinery.backends import Backend, BackendError, ThreadBackend, advance
from engine.machinery.job import ACTIVE_STATES, Job
from engine.machinery.rhythm import Rhythm

__all__ = ["ACTIVE_STATES", "Job", "JobQueue", "QueueFull"]

logger = logging.getLogger("neurarium.jobs")

LOOKS_WHILE_CATCHING_UP = 50
MOST_OF_EVERY_STEP = 600  # moments of a job that leaves out no step: as many as a browser keeps
LONGEST = 1.0  # seconds between two looks, so that whoever wants it to stop need not wait
STOP_SECONDS = 8.0  # what jobs get to let go of when the server stops: hosts that stop it wait for ten
QUICK_SHARE, HEAD_START = 5, 4


class QueueFull(RuntimeError):
    """No place is left in the queue; try again in a minute."""


class JobQueue:
    """Admission for all visitors: one job each, a bounded number running, the rest waiting in line.

    A job that has had its place for `slice_seconds` while others wait gives it up and goes to the end of the line, with
    all it has: nobody waits for a long experiment to end. So does one whose visitor has lost the connection.

    What was asked for just now is quick until it has had a place for `slice_seconds / QUICK_SHARE`: the others give
    their place to it after that time, and it stands in line as if it had come HEAD_START slices earlier. So a work of
    two seconds waits two or three, not for the slices of all who train, and those wait a bounded time longer.
    """

    def __init__(
        self,
        *,
        running: int = 2,
        waiting: int = 64,
        streams: int | None = None,
        slice_seconds: float = 15.0,
        heartbeat_seconds: float = 90.0,
        history_limit: int = 400,
        history_bytes: int = 24_000_000,
        all_history_bytes: int = 256_000_000,
        backend: Backend | None = None,
        present: Callable[[str], bool] = lambda visitor: True,
        clock: Callable[[], float] = time.monotonic,
    ):
        """streams: most jobs begun and not ended, each with its model in memory; beyond it the paused job that nobody
        has looked at for longest is stopped (Play brings it back), or a new one waits until one ends. None: no limit.
        history_limit, history_bytes: of one job; all_history_bytes: of all jobs that somebody still holds.
        present(visitor): whether the visitor is connected. clock: seconds, for heartbeats."""
        self.present, self.clock = present, clock
        self.running_limit, self.waiting_limit, self.heartbeat_seconds = running, waiting, heartbeat_seconds
        self.streams_limit = None if streams is None else max(streams, running)
        self.slice_seconds = slice_seconds
        self.history_limit, self.history_bytes = history_limit, history_bytes
        self.all_history_bytes = all_history_bytes
        self.backend = backend or ThreadBackend()
        self.changed = threading.Condition()
        self._line: list[Job] = []  # active jobs
        self._running: set[Job] = set()
        self._begun: set[Job] = set()  # those that hold a stream
        self._all: weakref.WeakSet[Job] = weakref.WeakSet()
        self._bytes_since_count = 0

    def submit(
        self,
        stream: Callable[[Any], Iterator[Any]],
        config: Any,
        *,
        visitor: str,
        pace: float | None = None,
        start_at: int = 0,
        pause_at: int | None = None,
        every_step: bool = False,
    ) -> Job:
        """Start `stream(config)` for a visitor; an earlier job of the same visitor is stopped.

        start_at: run to this step at full speed before the pace holds (to continue an experiment from its link).
        pause_at: pause when this step is reached. every_step: look at every step, and keep more moments than usual.
        Raises QueueFull, and then leaves the earlier job alone.
        """
        most = max(self.history_limit, MOST_OF_EVERY_STEP) if every_step else self.history_limit
        job = Job(
            lambda: self.backend.open(stream, config), config, visitor, self,
            pace=pace, start_at=start_at, pause_at=pause_at, every_step=every_step,
            history_limit=most, history_bytes=self.history_bytes,
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
            self._all.add(job)
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

    def is_at_work(self, job: Job) -> bool:
        """Whether one of the running places is its own."""
        return job in self._running

    def place(self, job: Job) -> int:
        """Place of a job among those that wait, 1 is next; 0 for one that does not wait."""
        with self.changed:
            waiting = self._waiting()
            return waiting.index(job) + 1 if job in waiting else 0

    @property
    def begun(self) -> int:
        """How many jobs hold an open stream, and so a model."""
        return len(self._begun)

    @property
    def history_bytes_held(self) -> int:
        """Bytes of the snapshots of all jobs that somebody still holds, ended ones among them."""
        with self.changed:
            return sum(job.bytes_held for job in list(self._all))

    def shutdown(self, timeout: float = STOP_SECONDS) -> bool:
        """Stop all jobs and close the backend; True when every one has let go within `timeout` seconds."""
        with self.changed:
            for job in list(self._line):
                self._leave(job, "stopped")
            done = self.changed.wait_for(lambda: not self._running, timeout)
        self.backend.close()
        return done

    # -- inside ------------------------------------------------------------------------------------------------------

    def _waiting(self) -> list[Job]:
        """Those that wait, who is next first."""
        waiting = [job for job in self._line if job._state == "queued" and job not in self._running]
        head_start = HEAD_START * self.slice_seconds
        return sorted(waiting, key=lambda job: job._asked_at - (head_start if self._is_quick(job) else 0.0))

    def _is_quick(self, job: Job) -> bool:
        """Whether it has had little of what it asked for; it may end at once."""
        now = time.monotonic() - job._admitted_at if job in self._running else 0.0
        return job._served_seconds + now < self.slice_seconds / QUICK_SHARE

    def set_wish(self, job: Job, wish: str, steps: int | None = None) -> None:
        with self.changed:
            job.watch()
            if not job.active:
                return
            if wish == "stopped":
                self._leave(job, "stopped")
            elif wish == "paused":
                job._state, job._steps_to_go = "paused", None
            else:
                if steps is not None and job._steps_to_go is not None:
                    steps += job._steps_to_go  # asked again before the first had come
                job._steps_to_go, job.pause_at = steps, None
                if job._state == "paused":
                    if steps is not None and job._count:
                        job.start_at = 0  # steps are counted from where it stands
                    job._state = "queued"
                    job._asked_at, job._served_seconds = time.monotonic(), 0.0  # as if it were new
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
                if self.clock() - job._seen_at > self.heartbeat_seconds:
                    logger.info("job %d stopped: nobody watches", job.number)
                    self._leave(job, "stopped")
                    break
                if job in self._running and job._state != "paused" and self._should_yield(job):
                    job._state = "queued"
                    self._give_up_place(job)
                    job._asked_at = time.monotonic()
                if job in self._running and job._state in ("queued", "running"):
                    if job._state != "running":
                        job._state = "running"
                        self.changed.notify_all()
                    return True
                if job._state == "paused":
                    self._give_up_place(job)
                elif len(self._running) < self.running_limit and self._next() is job and self._make_room(job):
                    self._running.add(job)
                    self._begun.add(job)
                    job._admitted_at = time.monotonic()
                    continue
                self.changed.wait(timeout=min(1.0, self.heartbeat_seconds / 4))
            return False

    def _should_yield(self, job: Job) -> bool:
        """Whether somebody who is there waits, and this job has had its turn or is of somebody who is not there."""
        other = self._next()
        if other is None or not self.present(other.visitor):
            return False
        goes_first = self._is_quick(other) and not self._is_quick(job)
        turn = self.slice_seconds / QUICK_SHARE if goes_first else self.slice_seconds
        return time.monotonic() - job._admitted_at > turn or not self.present(job.visitor)

    def _next(self) -> Job | None:
        """The first in line that can begin; who has lost the connection lets the others pass."""
        ready = [job for job in self._waiting() if self._can_begin(job)]
        return next((job for job in ready if self.present(job.visitor)), ready[0] if ready else None)

    def _can_begin(self, job: Job) -> bool:
        if job in self._begun or self.streams_limit is None or len(self._begun) < self.streams_limit:
            return True
        return any(other._state not in ("queued", "running") for other in self._begun)

    def _make_room(self, job: Job) -> bool:
        """Whether a stream may be opened now; else the paused job not looked at for longest is asked to end."""
        if job in self._begun or self.streams_limit is None or len(self._begun) < self.streams_limit:
            return True
        if sum(other.active for other in self._begun) >= self.streams_limit:
            paused = [other for other in self._begun if other._state == "paused"]
            if paused:
                self._leave(min(paused, key=lambda other: other._seen_at), "stopped")
        return False  # until it has let go

    def _give_up_place(self, job: Job) -> None:
        if job in self._running:
            self._running.remove(job)
            job._served_seconds += time.monotonic() - job._admitted_at
            self.changed.notify_all()  # only then: those that wait would wake each other for ever

    def grew(self, size: int) -> None:
        """Thin the histories of those that were not looked at for longest, where all together exceed their budget."""
        self._bytes_since_count += size
        if self._bytes_since_count < self.all_history_bytes / 64:
            return
        self._bytes_since_count = 0
        jobs = sorted(self._all, key=lambda job: job._seen_at)
        held = sum(job.bytes_held for job in jobs)
        while held > self.all_history_bytes:
            longer = [job for job in jobs if len(job._history) > 2]
            if not longer:
                break
            before = longer[0].bytes_held
            longer[0]._thin()
            held -= before - longer[0].bytes_held

    def _work(self, job: Job) -> None:
        state, stream = "failed", None
        try:
            begun, stride, due, rhythm = False, 1, time.monotonic(), Rhythm()
            while self._admit(job):
                started = time.monotonic()
                if stream is None:
                    stream = job._open_stream()
                step_now = getattr(job.latest, "step", 0) if begun else 0
                with self.changed:
                    stride = self._stride(job, rhythm, stride, step_now, begun)
                    stepping = job._steps_to_go is not None
                try:
                    snapshot = advance(stream, stride if begun else None)
                except StopIteration:
                    state = "done"
                    break
                advanced = getattr(snapshot, "step", step_now + 1) - step_now
                begun = True
                spent = time.monotonic() - started
                job._seconds += spent
                job._append(snapshot)
                if advanced > 0:
                    rhythm.took(advanced, spent)
                self._after(job, snapshot, step_now, advanced, stepping)
                caught_up, pace = step_now >= job.start_at, job.pace
                if pace and caught_up and job._steps_to_go is None:
                    due = max(due + advanced / pace, started)
                    self._rest(job, due - time.monotonic())
                else:
                    stride = rhythm.as_fast_as_possible(stride)
                    due = time.monotonic()
                    time.sleep(0.002)  # lets other visitors' clicks in: training shares the interpreter lock
            else:
                state = job._state
        except Exception as error:
            if job.active or not isinstance(error, BackendError):  # a worker that was ended along with its job is fine
                job.error = error
                # What has a sentence of its own to tell a reader is a lesson, unless the machine is what failed.
                foreseen = hasattr(error, "template") and not isinstance(error, BackendError)
                logger.log(
                    logging.INFO if foreseen else logging.WARNING,
                    "job %d failed with %r: %r", job.number, job.config, error, exc_info=None if foreseen else error,
                )  # fmt: skip
        finally:
            try:
                if hasattr(stream, "close"):
                    stream.close()  # here and now, in this job's own context
            except Exception:
                logger.warning("job %d: its stream did not close", job.number, exc_info=True)
            with self.changed:
                self._running.discard(job)
                self._begun.discard(job)
                self._leave(job, state)

    def _rest(self, job: Job, seconds: float) -> None:
        """Keep the pace; a pause or a stop ends the rest at once."""
        time.sleep(0.002)
        with self.changed:
            self.changed.wait_for(lambda: job._state != "running", max(0.0, seconds - 0.002))

    @staticmethod
    def _stride(job: Job, rhythm: Rhythm, stride: int, step_now: int, begun: bool) -> int:
        if job.every_step:
            return 1
        if step_now < job.start_at:  # catching up at full speed, with enough looks to scrub through
            stride = min(
                max(1, job.start_at // LOOKS_WHILE_CATCHING_UP), rhythm.within(LONGEST), job.start_at - step_now
            )
            return stride if job.pause_at is None else max(1, min(stride, job.pause_at - step_now))
        if job._steps_to_go is not None:
            return 1 if not begun else min(stride, job._steps_to_go)
        if job.pace:
            stride = rhythm.at_pace(job.pace)
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

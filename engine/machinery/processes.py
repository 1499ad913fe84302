"""Jobs in processes of their own: same calls, same snapshots as in threads, but the clicks of visitors never wait for
them, a crash takes one job with it, and the memory of a long experiment goes back to the system.

A thread of this process drives each job as before; only `next` and `send` of its stream are answered by a worker, a
fresh interpreter with the engine alone in it (engine/machinery/worker.py). Workers are used again, for starting one
costs seconds.
"""

from __future__ import annotations

import logging
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

from engine.machinery.backends import BackendError, ThreadBackend
from engine.machinery.device import current_device
from engine.machinery.memory import resident_bytes
from engine.machinery.worker import receive, send, unpack_error

logger = logging.getLogger("neurarium.processes")

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 5.0  # that a worker may take to end by itself


class Worker:
    """One process. Belongs to one stream at a time; only `kill` may be called from any thread."""

    def __init__(self, threads: int = 1) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "engine.machinery.worker", str(threads)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)},
        )  # fmt: skip
        self.ready = False

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self.process.poll() is None

    def ask(self, *message: Any) -> tuple[str, Any]:
        """Send a message and wait for its answer. Raises what the worker raised; BackendError if it has ended."""
        try:
            if not self.ready:
                receive(self.process.stdout)
                self.ready = True
            send(self.process.stdin, message)
            what, value = pickle.loads(receive(self.process.stdout))
        except (EOFError, OSError, ValueError, pickle.UnpicklingError) as error:  # ValueError: the pipe is closed
            self.kill()
            raise BackendError(f"worker {self.process.pid} ended with {self.process.returncode}") from error
        if what == "error":
            raise unpack_error(value)
        return what, value

    def kill(self) -> None:
        """End the process now, and wait for that."""
        with suppress(OSError):
            self.process.kill()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(PATIENCE_SECONDS)

    def end(self) -> None:
        """Close its input, upon which it ends by itself; else kill it."""
        with suppress(OSError):
            self.process.stdin.close()
        try:
            self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        with suppress(OSError):
            self.process.stdout.close()


class ProcessBackend(ThreadBackend):
    """A pool of workers: `keep` of them wait warm for the next stream, each with `threads` CPU threads an operation.

    How many there are at once is bounded by the queue (its `streams`). attachments(config) is sent along with a config
    and given to the context manager unpack(attachments) for as long as the stream is open: what the config names and
    only this process has. A worker that has grown beyond `worker_bytes` is not used again. Both and every stream must
    be functions that a fresh interpreter can import.
    """

    def __init__(
        self,
        *,
        keep: int = 2,
        threads: int = 1,
        worker_bytes: int = 1_000_000_000,
        attachments: Callable[[Any], Any] = lambda config: None,
        unpack: Callable[[Any], AbstractContextManager[Any]] | None = None,
    ):
        self.keep, self.threads, self.worker_bytes = keep, threads, worker_bytes
        self.attachments, self.unpack = attachments, unpack
        self._lock = threading.Lock()
        self._idle: list[Worker] = []
        self._busy: set[Worker] = set()
        self._closed = False

    @property
    def workers(self) -> list[Worker]:
        """All that run now."""
        with self._lock:
            return [worker for worker in (*self._idle, *self._busy) if worker.alive]

    def warm(self) -> None:
        """Start the workers to keep; returns at once."""
        with self._lock:
            while not self._closed and len(self._idle) + len(self._busy) < self.keep:
                self._idle.append(Worker(self.threads))

    def open(self, stream: Callable[[Any], Iterator[Any]], config: Any) -> Iterator[Any]:
        """The snapshots of a stream, each computed by a worker when it is asked for."""
        worker = self._take()
        try:
            worker.ask("open", stream, config, current_device(), self.attachments(config), self.unpack)
        except BaseException:
            self._give_back(worker)
            raise
        return _Remote(self, worker)

    def close(self) -> None:
        """End all workers, those at work too: their jobs are told that they are gone."""
        with self._lock:
            self._closed = True
            workers = [*self._idle, *self._busy]
            self._idle.clear()
        for worker in workers:
            worker.process.terminate()
        for worker in workers:
            worker.end()

    def _take(self) -> Worker:
        with self._lock:
            if self._closed:
                raise BackendError("the pool of workers is closed")
            while self._idle:
                worker = self._idle.pop()
                if worker.alive:
                    break
            else:
                worker = Worker(self.threads)
            self._busy.add(worker)
            return worker

    def _give_back(self, worker: Worker) -> None:
        """Let go of its stream, and keep the worker if it is fit and wanted."""
        try:
            worker.ask("close")
        except Exception:  # a stream that does not close, or no worker any more
            worker.kill()
        large = (resident_bytes(worker.process.pid) or 0) > self.worker_bytes
        with self._lock:
            self._busy.discard(worker)
            kept = worker.alive and not large and not self._closed and len(self._idle) < self.keep
            if kept:
                self._idle.append(worker)
        if not kept:
            worker.end()
        self.warm()


class _Remote:
    """A stream that a worker computes; like a generator, it takes `send` and lets go at its end, at an error, at
    `close`."""

    def __init__(self, backend: ProcessBackend, worker: Worker):
        self._backend, self._worker = backend, worker

    def __iter__(self) -> _Remote:
        return self

    def __next__(self) -> Any:
        return self.send(None)

    def send(self, steps: int | None) -> Any:
        if self._worker is None:
            raise StopIteration
        try:
            what, snapshot = self._worker.ask("next", steps)
        except BaseException:
            self.close()
            raise
        if what == "done":
            self.close()
            raise StopIteration
        return snapshot

    def close(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            self._backend._give_back(worker)

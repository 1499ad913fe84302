"""Streams and waiting for the tests of background work."""

import os
import time
from contextlib import contextmanager

from engine.machinery.jobs import JobQueue
from engine.training.fit import Snapshot, TrainingDiverged
from tests.patience import patience

PATIENCE = patience(20)  # seconds to wait for what must happen; nothing is measured


def counting(steps, log=None):
    """A stream as `fit` makes them: a snapshot at step 0, then after as many steps as were asked for."""

    def stream(config):
        asked = yield Snapshot(0, 0.0, 0.0)
        step = 0
        while step < steps:
            stride = min(asked or 1, steps - step)
            step += stride
            if log is not None:
                log.append((config, stride, step))
            asked = yield Snapshot(step, 0.0, 0.0)

    return stream


def gated(gate, entered=None):
    """A stream whose every look takes one permit of the semaphore `gate`; `entered` says that one is in work."""

    def stream(config):
        step = 0
        asked = yield Snapshot(0, 0.0, 0.0)
        while True:
            if entered is not None:
                entered.set()
            assert gate.acquire(timeout=PATIENCE)
            step += asked or 1
            asked = yield Snapshot(step, 0.0, 0.0)

    return stream


# Streams that a fresh interpreter can import, for jobs in processes of their own.


def to_a_hundred(config):
    """A snapshot at step 0, then after as many steps as were asked for, up to 100; says which process made it."""
    asked = yield Snapshot(0, 0.0, 0.0, {"process": os.getpid(), "config": config})
    step = 0
    while step < 100:
        step = min(step + (asked or 1), 100)
        asked = yield Snapshot(step, 0.0, 0.0, {"process": os.getpid(), "config": config})


def without_end(config):
    """Like to_a_hundred, for ever; prints, which must not come between the messages."""
    step, asked = 0, 0
    while True:
        print("step", step)
        step += asked or 0
        asked = yield Snapshot(step, 0.0, 0.0, {"process": os.getpid()})


def diverging(config):
    """Ends in an error whose class cannot be pickled by its message alone."""
    yield Snapshot(0, 0.0, 0.0)
    raise TrainingDiverged(7, float("inf"))


def letters(config):
    """A plain iterator: no steps can be sent."""
    return iter("abc")


def unsendable(config):
    """A snapshot that cannot be pickled."""
    yield Snapshot(0, 0.0, 0.0)
    yield lambda: None


def until(condition, seconds=PATIENCE):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.002)


@contextmanager
def queue_of(**options):
    queue = JobQueue(**options)
    try:
        yield queue
    finally:
        assert queue.shutdown(PATIENCE)


def steps_of(job):
    return [snapshot.step for _, snapshot in job.history]

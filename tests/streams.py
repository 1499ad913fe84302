"""Streams and waiting for the tests of background work."""

import time
from contextlib import contextmanager

from engine.core.jobs import JobQueue
from engine.training.fit import Snapshot

PATIENCE = 20  # seconds to wait for what must happen; nothing is measured


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


def until(condition):
    end = time.monotonic() + PATIENCE
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

"""Background work of many visitors: order, limits, watching, memory, failures, other backends."""

import itertools
import logging
import threading
import time

import pytest

from engine.machinery.backends import BackendError, ThreadBackend
from engine.machinery.device import _chosen, current_device
from engine.machinery.jobs import Job, JobQueue, QueueFull
from engine.training.fit import Snapshot
from tests.streams import PATIENCE, counting, gated, queue_of, steps_of, until


def test_one_job_a_visitor():
    with queue_of() as queue:
        gate = threading.Semaphore(0)
        first, other = (queue.submit(gated(gate), None, visitor=name) for name in "ab")
        second = queue.submit(gated(gate), None, visitor="a")
        assert (first.state, other.active, second.active) == ("stopped", True, True)
        gate.release(100)


def test_no_more_than_the_limit_run_and_the_rest_in_order():
    lock, running, most, order = threading.Lock(), set(), [0], []

    def stream(config):
        with lock:
            order.append(config)
            running.add(config)
            most[0] = max(most[0], len(running))
        for step in range(6):
            yield Snapshot(step, 0.0, 0.0)
        with lock:
            running.discard(config)

    with queue_of(running=2) as queue:
        with queue.changed:  # nobody is admitted while they come
            jobs = [queue.submit(stream, number, visitor=str(number)) for number in range(9)]
            assert [job.place for job in jobs] == list(range(1, 10))
        for job in jobs:
            assert job.wait(("done",), PATIENCE)
    assert most[0] <= 2
    assert all(abs(number - place) < 2 for place, number in enumerate(order))  # two run at once, so neighbours may swap


def test_with_one_place_the_order_is_that_of_arrival():
    order = []

    def stream(config):
        order.append(config)
        yield Snapshot(0, 0.0, 0.0)

    with queue_of(running=1) as queue:
        with queue.changed:
            jobs = [queue.submit(stream, number, visitor=str(number)) for number in range(12)]
        for job in jobs:
            assert job.wait(("done",), PATIENCE)
    assert order == list(range(12))


def test_a_paused_job_gives_its_place_and_comes_back_last():
    with queue_of(running=1) as queue:
        gates = {name: threading.Semaphore(0) for name in "abc"}
        first = queue.submit(gated(gates["a"]), "a", visitor="a")
        assert first.wait(("running",), PATIENCE)
        second = queue.submit(gated(gates["b"]), "b", visitor="b")
        third = queue.submit(gated(gates["c"]), "c", visitor="c")
        assert (first.place, second.place, third.place) == (0, 1, 2)
        first.pause()
        gates["a"].release()
        assert second.wait(("running",), PATIENCE)
        first.resume()
        assert (third.place, first.place) == (1, 2)
        second.stop()
        gates["b"].release(5)
        assert third.wait(("running",), PATIENCE)
        assert first.state == "queued"
        third.stop()
        gates["c"].release(5)
        assert first.wait(("running",), PATIENCE)
        first.stop()
        gates["a"].release(5)


def test_a_full_queue_refuses_and_leaves_the_earlier_job_alone():
    with queue_of(running=1, waiting=2) as queue:
        gate = threading.Semaphore(0)
        jobs = [queue.submit(gated(gate), None, visitor=name) for name in "abc"]
        with pytest.raises(QueueFull, match="2 experiments"):
            queue.submit(gated(gate), None, visitor="d")
        replaced = queue.submit(gated(gate), None, visitor="b")  # takes the place of b's own
        assert jobs[1].state == "stopped"
        assert replaced.active
        jobs.append(replaced)
        until(lambda: jobs[0].state == "running")
        jobs[0].pause()
        gate.release(50)
        until(lambda: jobs[2].state == "running")
        queue.submit(gated(gate), None, visitor="e")
        with pytest.raises(QueueFull):
            queue.submit(gated(gate), None, visitor="a")
        assert jobs[0].state == "paused"
        for job in queue.jobs():
            job.stop()
        gate.release(1000)


def test_a_queue_without_waiting_room_still_runs():
    with queue_of(running=1, waiting=0) as queue:
        gate = threading.Semaphore(0)
        job = queue.submit(gated(gate), None, visitor="a")
        with pytest.raises(QueueFull):
            queue.submit(gated(gate), None, visitor="b")
        job.stop()
        gate.release(5)


class Clock:
    """Goes on only where a test says so, however late its machine wakes it; counts how often it is looked at."""

    def __init__(self):
        self.now, self.looks = 0.0, 0

    def __call__(self):
        self.looks += 1
        return self.now

    def after(self, seconds):
        """Go on, and wait until the queue has looked."""
        self.now += seconds
        looks = self.looks
        until(lambda: self.looks > looks + 1)


@pytest.mark.parametrize("state", ["running", "queued", "paused"])
def test_a_job_that_nobody_watches_stops(state):
    clock = Clock()
    with queue_of(running=1, heartbeat_seconds=0.4, clock=clock) as queue:
        jobs = []
        if state == "queued":
            jobs.append(queue.submit(counting(10**9), None, visitor="z"))
            assert jobs[0].wait(("running",), PATIENCE)
        job = queue.submit(counting(10**9), None, visitor="a", pause_at=3 if state == "paused" else None)
        jobs.append(job)
        assert job.wait((state,), PATIENCE)
        for _ in range(5):  # more than three heartbeats: watching keeps it alive
            for watched in jobs:
                watched.watch()
            clock.after(0.3)
            assert job.active
        for watched in jobs[:-1]:
            watched.watch()
        clock.now += 0.3
        assert job.wait(("stopped",), PATIENCE)
        assert all(watched.active for watched in jobs[:-1])


def test_looking_counts_as_watching():
    clock = Clock()
    with queue_of(heartbeat_seconds=0.4, clock=clock) as queue:
        job = queue.submit(counting(10**9), None, visitor="a", pause_at=2)
        assert job.wait(("paused",), PATIENCE)
        for _ in range(5):
            assert [index for index, _ in job.since(1)] == list(range(1, job.count))
            clock.after(0.3)
        assert job.active
        job.stop()


@pytest.mark.parametrize("limit", [9, 10])
def test_history_is_bounded_and_keeps_first_and_newest(limit):
    with queue_of(history_limit=limit) as queue:
        job = queue.submit(lambda config: (Snapshot(step, 0.0, 0.0) for step in range(300)), None, visitor="a")
        longest = 0
        while not job.wait(("done",), 0.001):
            longest = max(longest, len(job.history))
        history = job.history
        assert max(longest, len(history)) <= limit
        indices = [index for index, _ in history]
        assert indices[0] == 0
        assert indices[-1] == 299 == job.count - 1
        assert indices == sorted(set(indices))
        assert [snapshot.step for _, snapshot in history] == indices
        assert job.latest is history[-1][1]
        assert [index for index, _ in job.since(indices[-2])] == indices[-2:]


def test_history_is_bounded_in_bytes():
    class Large:
        nbytes = 1000

    with queue_of(history_limit=400, history_bytes=20_000) as queue:
        job = queue.submit(lambda config: (Large() for _ in range(200)), None, visitor="a")
        assert job.wait(("done",), PATIENCE)
        assert 8 <= len(job.history) <= 20


def test_a_failed_job_holds_its_error_and_frees_its_place():
    def stream(config):
        yield Snapshot(0, 0.0, 0.0)
        raise ZeroDivisionError("no")

    with queue_of(running=1) as queue:
        job = queue.submit(stream, None, visitor="a")
        assert job.wait(("failed",), PATIENCE)
        assert isinstance(job.error, ZeroDivisionError)
        assert job.latest.step == 0
        assert queue.submit(counting(3), None, visitor="b").wait(("done",), PATIENCE)
        job.resume()
        job.step()
        job.stop()
        assert job.state == "failed"


class Foreseen(ArithmeticError):
    template = "It went as it had to."


@pytest.mark.parametrize(
    ("error", "is_fault"), [(Foreseen(), False), (BackendError(), True), (ZeroDivisionError("no"), True)]
)
def test_only_a_fault_leaves_a_traceback_in_the_log(error, is_fault, caplog):
    """A training that diverges is a lesson, and the page says so; the log has a line of it."""

    def stream(config):
        yield Snapshot(0, 0.0, 0.0)
        raise error

    with caplog.at_level(logging.INFO, "neurarium.jobs"), queue_of() as queue:
        job = queue.submit(stream, None, visitor="a")
        assert job.wait(("failed",), PATIENCE)
    (record,) = [record for record in caplog.records if "failed with" in record.message]
    assert repr(error) in record.message
    assert bool(record.exc_info) == is_fault
    assert (record.levelno >= logging.WARNING) == is_fault


def test_a_stream_that_cannot_open_fails_too():
    with queue_of() as queue:
        job = queue.submit(lambda config: 1 / 0, None, visitor="a")
        assert job.wait(("failed",), PATIENCE)
        assert isinstance(job.error, ZeroDivisionError)


def test_a_stopped_stream_is_closed_in_its_own_thread():
    closed = []

    def stream(config):
        try:
            for step in itertools.count():
                yield Snapshot(step, 0.0, 0.0)
        finally:
            closed.append(threading.current_thread().name)

    with queue_of() as queue:
        job = queue.submit(stream, None, visitor="a")
        until(lambda: job.count > 3)
        job.stop()
        until(lambda: closed)
        assert closed == [f"job-{job.number}"]


def test_shutdown_stops_everything():
    queue = JobQueue(running=2)
    jobs = [queue.submit(counting(10**9), None, visitor=name) for name in "abcd"]
    jobs[3].pause()
    until(lambda: jobs[0].count > 2)
    assert queue.shutdown(PATIENCE)
    assert [job.state for job in jobs] == ["stopped"] * 4
    assert queue.jobs() == []
    count = jobs[0].count
    time.sleep(0.05)
    assert jobs[0].count == count


def test_shutdown_says_when_work_does_not_let_go():
    queue, gate, entered = JobQueue(), threading.Semaphore(0), threading.Event()
    queue.submit(gated(gate, entered), None, visitor="a")
    assert entered.wait(PATIENCE)
    assert queue.shutdown(0.05) is False
    gate.release(5)
    assert queue.shutdown(PATIENCE)


def test_the_visitors_context_travels_along():
    seen = {}

    def stream(config):
        seen[config] = current_device()
        yield Snapshot(0, 0.0, 0.0)

    with queue_of() as queue:
        for name in ("cpu", "the visitor's own"):
            token = _chosen.set(name)
            job = queue.submit(stream, name, visitor=name)
            _chosen.reset(token)
            assert job.wait(("done",), PATIENCE)
    assert seen == {"cpu": "cpu", "the visitor's own": "the visitor's own"}


def test_another_backend_fits():
    class Collecting(ThreadBackend):
        def __init__(self):
            self.works = []

        def start(self, work, name):
            self.works.append((name, work))

    backend = Collecting()
    queue = JobQueue(running=1, backend=backend)
    jobs = [queue.submit(counting(20), number, visitor=str(number)) for number in range(3)]
    assert [job.state for job in jobs] == ["queued"] * 3
    for (name, work), job in zip(backend.works, jobs, strict=True):
        assert name == f"job-{job.number}"
        work()  # on this very thread
        assert (job.state, job.latest.step) == ("done", 20)
    assert queue.jobs() == []

    class Inline(ThreadBackend):
        def start(self, work, name):
            work()

    job = JobQueue(backend=Inline()).submit(counting(20), None, visitor="a")
    assert (job.state, job.latest.step) == ("done", 20)


def test_a_backend_that_cannot_start_leaves_the_line_free():
    class Broken(ThreadBackend):
        def start(self, work, name):
            raise RuntimeError("can't start new thread")

    queue = JobQueue(running=1, backend=Broken())
    with pytest.raises(RuntimeError, match="thread"):
        queue.submit(counting(3), None, visitor="a")
    assert queue.jobs() == []


def test_calls_from_many_threads_never_break_a_job():
    with queue_of() as queue:
        job = queue.submit(counting(10**9), None, visitor="a")
        over = threading.Event()

        def disturb(call):
            while not over.is_set():
                call(job)
                time.sleep(0.0005)

        threads = [threading.Thread(target=disturb, args=(call,)) for call in (Job.resume, Job.step, Job.pause)]
        for thread in threads:
            thread.start()
        until(lambda: job.count > 150)
        over.set()
        for thread in threads:
            thread.join(PATIENCE)
        assert job.error is None
        assert job.active
        assert steps_of(job) == sorted(set(steps_of(job)))

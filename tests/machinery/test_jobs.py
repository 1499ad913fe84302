"""One piece of background work: states, steps, planned stops, pace. Waits for events; nothing depends on speed."""

import itertools
import threading
import time

import pytest

from engine.machinery.jobs import JobQueue
from engine.machinery.rhythm import Rhythm
from tests.streams import PATIENCE, counting, gated, queue_of, steps_of, until


def test_a_job_runs_to_its_end():
    with queue_of() as queue:
        job = queue.submit(counting(100), "config", visitor="a")
        assert job.wait(("done",), PATIENCE)
        assert not job.active
        assert (job.latest.step, job.config, job.error) == (100, "config", None)
        assert job.history[0][1].step == 0
        assert job.count == job.history[-1][0] + 1
        assert (queue.jobs(), job.place) == ([], 0)
        assert job.seconds > 0


def test_a_plain_iterator_is_a_stream_too():
    with queue_of() as queue:
        job = queue.submit(lambda config: iter("abc"), None, visitor="a")
        assert job.wait(("done",), PATIENCE)
        assert job.history == [(0, "a"), (1, "b"), (2, "c")]


def test_pause_and_resume():
    with queue_of() as queue:
        gate = threading.Semaphore(3)
        job = queue.submit(gated(gate), None, visitor="a")
        until(lambda: job.count == 4)
        job.pause()
        assert job.state == "paused"
        assert job.active
        gate.release()  # the look in work ends, then it stands still
        until(lambda: not queue._running)
        count = job.count
        for _ in range(5):
            gate.release()
        time.sleep(0.05)
        assert job.count == count <= 5
        job.resume()
        until(lambda: job.count >= count + 5)
        job.stop()
        assert job.state == "stopped"
        gate.release(100)


def test_pause_before_the_first_look_and_resume():
    with queue_of(running=1) as queue:
        gate = threading.Semaphore(0)
        queue.submit(gated(gate), None, visitor="a")
        job = queue.submit(counting(5), None, visitor="b")
        job.pause()
        assert (job.state, job.place) == ("paused", 0)
        job.resume()
        assert (job.state, job.place) == ("queued", 1)
        queue.jobs()[0].stop()
        gate.release(10)
        assert job.wait(("done",), PATIENCE)


def test_a_step_is_exactly_one_step():
    with queue_of() as queue:
        log = []
        job = queue.submit(counting(10_000, log), None, visitor="a", pause_at=7)
        assert job.wait(("paused",), PATIENCE)
        assert job.latest.step == 7
        for wanted in (8, 9, 10):
            job.step()
            until(lambda wanted=wanted: job.latest.step == wanted and job.state == "paused")
        job.step(5)
        until(lambda: job.state == "paused" and job.latest.step >= 15)
        assert job.latest.step == 15
        assert log[-1][2] == 15


def test_steps_asked_for_one_after_the_other_add_up():
    with queue_of() as queue:
        job = queue.submit(counting(10**9), None, visitor="a", pause_at=2)
        assert job.wait(("paused",), PATIENCE)
        with queue.changed:  # quicker than it computes
            job.step()
            job.step(3)
        assert job.wait(("paused",), PATIENCE)
        assert job.latest.step == 6
        with queue.changed:
            job.step(5)
            job.pause()  # and what is left is forgotten
            job.step()
        assert job.wait(("paused",), PATIENCE)
        assert job.latest.step == 7


def test_a_step_does_not_count_what_was_in_work():
    with queue_of() as queue:
        gate, entered = threading.Semaphore(0), threading.Event()
        job = queue.submit(gated(gate, entered), None, visitor="a")
        assert entered.wait(PATIENCE)
        job.pause()
        job.step()  # while one look is still in work
        gate.release(2)
        until(lambda: job.state == "paused" and not queue._running)
        in_work = steps_of(job)[1]
        assert steps_of(job)[2:] == [in_work + 1]
        gate.release(10)


def test_a_step_before_the_start_goes_to_start_at_first():
    with queue_of(running=1) as queue:
        gate = threading.Semaphore(0)
        first = queue.submit(gated(gate), None, visitor="a")
        job = queue.submit(counting(10_000), None, visitor="b", start_at=1234, pause_at=1234)
        job.step()
        first.stop()
        gate.release(10)
        assert job.wait(("paused",), PATIENCE)
        assert job.latest.step == 1235
        assert 1234 in steps_of(job)


def test_a_step_after_a_pause_on_the_way_is_one_step():
    with queue_of() as queue:
        gate = threading.Semaphore(2)
        job = queue.submit(gated(gate), None, visitor="a", start_at=10**6)
        until(lambda: job.count == 3)
        job.pause()
        gate.release()
        until(lambda: not queue._running)
        before = job.latest.step
        job.step()
        gate.release(5)
        until(lambda: job.state == "paused" and job.latest.step > before)
        assert job.latest.step == before + 1
        gate.release(10)


@pytest.mark.parametrize("pace", [None, 20_000.0])
@pytest.mark.parametrize("pause_at", [1, 10, 777, 2000])
def test_pause_at_is_exact(pace, pause_at):
    with queue_of() as queue:
        job = queue.submit(counting(2000), None, visitor="a", pause_at=pause_at, pace=pace)
        assert job.wait(("paused",), PATIENCE)
        assert job.latest.step == pause_at
        job.resume()
        assert job.wait(("done",), PATIENCE)
        assert job.latest.step == 2000


def test_pause_at_before_start_at_is_exact_too():
    with queue_of() as queue:
        job = queue.submit(counting(10_000), None, visitor="a", start_at=5000, pause_at=123)
        assert job.wait(("paused",), PATIENCE)
        assert job.latest.step == 123


def test_start_at_is_reached_in_long_strides_then_the_pace_holds(monkeypatch):
    took = Rhythm.took  # a machine that is busy elsewhere for a second makes strides short: here a step costs 10 µs
    monkeypatch.setattr(Rhythm, "took", lambda self, steps, seconds: took(self, steps, 1e-5 * steps))
    with queue_of() as queue:
        log = []
        job = queue.submit(counting(10**6, log), None, visitor="a", start_at=3000, pace=1.0)
        until(lambda: job.latest is not None and job.latest.step >= 3000)
        assert job.latest.step in (3000, 3001)
        assert len(job.history) <= 3000 / 20
        until(lambda: job.count and job.latest.step == 3001)  # one step a second from here on
        assert [stride for _, stride, step in log if step > 3000] == [1]
        job.stop()  # ends the long rest at once
        assert job.wait(("stopped",), PATIENCE)


@pytest.mark.parametrize("pace", [None, 20_000.0])
def test_every_step_is_looked_at_where_that_is_asked(pace):
    with queue_of(history_limit=40) as queue:
        log = []
        job = queue.submit(counting(300, log), None, visitor="a", start_at=100, pace=pace, every_step=True)
        assert job.wait(("done",), PATIENCE)
        assert [stride for _, stride, step in log if step] == [1] * 300
        assert steps_of(job) == list(range(301))


def test_pace_sets_stride_and_rests(monkeypatch):
    rests = []
    monkeypatch.setattr(JobQueue, "_rest", lambda self, job, seconds: rests.append(seconds))
    with queue_of() as queue:
        log = []
        job = queue.submit(counting(600, log), None, visitor="a", pace=600.0)
        assert job.wait(("done",), PATIENCE)
        strides = [stride for _, stride, _ in log]
        assert set(strides[:-1]) == {600 // 20}  # 20 looks a second
        # Nothing slept here, so the rests that were asked for grow to the second that 600 steps take.
        assert sum(strides) / 600.0 - 0.5 < rests[-1] <= sum(strides) / 600.0


def test_without_a_pace_strides_grow():
    with queue_of() as queue:
        log = []
        job = queue.submit(counting(20_000, log), None, visitor="a")
        assert job.wait(("done",), PATIENCE)
        strides = [stride for _, stride, _ in log]
        assert strides[0] <= 3
        assert all(after <= 2 * before + 1 for before, after in itertools.pairwise(strides))
        assert 50 < max(strides) <= 500

"""Nobody is left waiting: turns, lost connections, and the memory that all jobs share."""

import itertools
import time

from engine.machinery.job import Job
from engine.training.fit import Snapshot
from tests.streams import PATIENCE, counting, queue_of, steps_of, until


def test_who_lost_the_connection_lets_those_who_wait_pass_and_only_them():
    gone = set()
    with queue_of(running=1, present=lambda visitor: visitor not in gone) as queue:
        first = queue.submit(counting(10**9), None, visitor="a", pace=200)
        until(lambda: first.count > 2)
        gone.add("a")
        seen = first.count
        until(lambda: first.count > seen + 2)  # nobody waits: it runs on
        second = queue.submit(counting(10**9), None, visitor="b", pace=200)
        until(lambda: second.count > 2)
        assert (first.state, second.state) == ("queued", "running")
        third = queue.submit(counting(10**9), None, visitor="c", pace=200)
        seen = second.count
        until(lambda: second.count > seen + 5)
        assert (second.state, third.state) == ("running", "queued")  # who is there keeps the place
        second.stop()
        until(lambda: third.count > 2)  # a waits longer, but is not there
        assert first.state == "queued"
        gone.clear()
        third.pause()
        seen = first.count
        until(lambda: first.count > seen + 2)  # came back in time: nothing is lost
        assert steps_of(first) == sorted(steps_of(first))


def test_a_long_job_gives_its_place_to_those_who_wait_and_goes_on_after_them():
    steps = []  # told by the jobs themselves: a turn of a tenth of a second is over before a slow machine looks

    def telling(config):
        for step in itertools.count():
            steps.append(config)
            yield Snapshot(step, 0.0, 0.0)

    with queue_of(running=1, slice_seconds=0.1) as queue:
        jobs = [queue.submit(telling, name, visitor=name, pace=400) for name in "abc"]

        def watch():
            assert len([job for job in jobs if job.state == "running"]) <= 1
            return len(list(itertools.groupby(steps.copy()))) > 9

        until(watch)
        assert "".join(name for name, _ in itertools.groupby(steps.copy()))[:9] == "abcabcabc"  # in turn, all alike
        for job in jobs:
            assert steps_of(job) == sorted(steps_of(job))
            assert job.error is None


def test_what_was_just_asked_for_goes_before_those_who_train_for_long():
    with queue_of(running=1, slice_seconds=1.0) as queue:
        trainings = [queue.submit(counting(10**9), None, visitor=name, pace=400) for name in "ab"]
        until(lambda: not any(queue._is_quick(job) for job in trainings))
        for name in "cde":
            counts = []

            def short(config):
                for step in range(3):
                    counts.append(waits.count)
                    yield Snapshot(step, 0.0, 0.0)

            with queue.changed:
                queue.changed.wait_for(lambda: queue._running.intersection(trainings), PATIENCE)
                (waits,) = set(trainings) - queue._running
                before = waits.count
                job = queue.submit(short, None, visitor=name)
                assert queue.place(job) == 1
            assert job.wait(("done",), PATIENCE)
            assert counts == [before] * 3  # the other training, which came earlier, had no turn
        for job in trainings:
            seen = job.count
            until(lambda job=job, seen=seen: job.count > seen + 2)


def test_who_is_quick_stands_some_slices_further_ahead_and_not_more():
    with queue_of(running=1, slice_seconds=1000) as queue:
        first = queue.submit(counting(10**9), None, visitor="a", pace=400)
        until(lambda: first.count > 2)
        training, new = (queue.submit(counting(9), None, visitor=name) for name in "bc")
        assert [queue.place(job) for job in (first, training, new)] == [0, 1, 2]
        training._served_seconds = 201.0
        assert [queue.place(job) for job in (training, new)] == [2, 1]
        training._asked_at -= 3990
        assert [queue.place(job) for job in (training, new)] == [2, 1]
        training._asked_at -= 20  # it has waited four slices longer: nobody is put off for ever
        assert [queue.place(job) for job in (training, new)] == [1, 2]


def test_who_presses_step_or_play_is_quick_again():
    for press in (Job.step, Job.resume):
        with queue_of(running=1, slice_seconds=1000) as queue:
            paused = queue.submit(counting(10**9), None, visitor="a", pause_at=2)
            assert paused.wait(("paused",), PATIENCE)
            first = queue.submit(counting(10**9), None, visitor="b", pace=400)
            until(lambda first=first: first.state == "running")
            training = queue.submit(counting(10**9), None, visitor="c")
            training._served_seconds = paused._served_seconds = 201.0
            press(paused)
            assert [queue.place(job) for job in (paused, training)] == [1, 2]


def test_those_who_wait_do_not_wake_each_other():
    with queue_of() as queue:
        for name in "ab":
            assert queue.submit(counting(10**9), None, visitor=name, pause_at=2).wait(("paused",), PATIENCE)
        until(lambda: not queue._running)
        calls, notify_all = [], queue.changed.notify_all
        queue.changed.notify_all = lambda: calls.append(None) or notify_all()
        with queue.changed:
            notify_all()
        time.sleep(0.3)
        assert len(calls) < 10  # thousands, if each told the others that nothing has changed


def test_alone_a_long_job_keeps_its_place():
    with queue_of(running=1, slice_seconds=0.01) as queue:
        states = set()
        job = queue.submit(counting(10**9), None, visitor="a", pace=1000)
        until(lambda: job.count > 3)
        until(lambda: states.add(job.state) or job.count > 20)
        assert states == {"running"}


def test_paused_jobs_beyond_the_limit_end_and_the_one_looked_at_last_stays():
    with queue_of(running=1, streams=2) as queue:
        paused = []
        for name in "ab":
            paused.append(queue.submit(counting(10**9), None, visitor=name, pause_at=2))
            assert paused[-1].wait(("paused",), PATIENCE)
        paused[0].watch()
        third = queue.submit(counting(10**9), None, visitor="c", pause_at=2)
        assert third.wait(("paused",), PATIENCE)
        assert [job.state for job in paused] == ["paused", "stopped"]
        assert paused[1].latest.step == 2  # what it has seen is still there
        assert len(queue._begun) == 2


def test_with_all_streams_taken_the_begun_take_turns_and_a_new_one_waits():
    with queue_of(running=1, streams=2, slice_seconds=0.05) as queue:
        first, second, third = (queue.submit(counting(10**9), None, visitor=name, pace=400) for name in "abc")
        until(lambda: second.count > 2)
        seen = first.count
        until(lambda: first.count > seen + 20)
        assert (third.count, third.state) == (0, "queued")
        second.stop()
        until(lambda: third.count > 2)
        assert len(queue._begun) <= 2


def test_the_histories_of_all_are_bounded_together_and_the_unwatched_give_first():
    class Large:
        nbytes = 1000

    with queue_of(all_history_bytes=50_000) as queue:
        jobs = [queue.submit(lambda config: (Large() for _ in range(45)), None, visitor=name) for name in "abcd"]
        for job in jobs:
            assert job.wait(("done",), PATIENCE)
            job.watch()
        assert queue.history_bytes_held == sum(1000 * len(job.history) for job in jobs) <= 51_000
        last = queue.submit(lambda config: (Large() for _ in range(30)), None, visitor="e")
        assert last.wait(("done",), PATIENCE)
        assert queue.history_bytes_held <= 51_000
        assert len(last.history) == 30
        assert [job.history[0][0] for job in jobs] == [0] * 4
        assert [job.history[-1][0] for job in jobs] == [44] * 4
        del jobs, job
        until(lambda: queue.history_bytes_held == 30_000)  # what nobody holds any more does not count

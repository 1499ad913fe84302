"""Work that nobody waits for gives way to answers: training to clicks, one long answer to another."""

import os
import platform
import sys
import threading
from contextlib import suppress

import pytest

from engine.contracts.topic import catalogue
from engine.machinery import memory
from engine.machinery.backends import NICENESS, ThreadBackend, in_turn
from engine.training.fit import Snapshot
from pages.components.server import compute
from tests.streams import PATIENCE


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives each thread a niceness of its own")
def test_a_training_thread_comes_after_those_that_answer():
    found, over = [], threading.Event()

    def work():
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        over.set()

    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    ThreadBackend().start(work, "training")
    assert over.wait(PATIENCE)
    assert found == [max(before, NICENESS)]
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before


@pytest.mark.parametrize(("long", "at_once"), [(True, 1), (False, max(2, compute.CORES))])
def test_so_many_pieces_of_work_are_done_at_a_time(monkeypatch, long, at_once):
    topic, many = catalogue()["mlp"], 2 + 2 * at_once
    lock, inside, most, started = threading.Lock(), [], [], threading.Barrier(many)

    def work(config):
        with lock:
            inside.append(config)
            most.append(len(inside))
        threading.Event().wait(0.02)
        with lock:
            inside.remove(config)
        return config

    monkeypatch.setattr(type(topic), "load", lambda self, path: work)

    def ask(config):
        started.wait(PATIENCE)
        answers.append(compute.compute(topic, config, f"{long}:{config}", long=long))

    answers, configs = [], [topic.config(seed=seed) for seed in range(many)]
    threads = [threading.Thread(target=ask, args=(config,)) for config in configs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert sorted(answer.seed for answer in answers) == list(range(many))
    assert max(most) == at_once


@pytest.mark.parametrize(("slug", "at_once"), [("image_classifier", 1), ("mlp", 2)])
def test_looks_that_hold_much_memory_and_steps_too_are_taken_one_after_the_other(monkeypatch, slug, at_once):
    topic, lock, inside, most = catalogue()[slug], threading.Lock(), [], []
    met = threading.Barrier(2)

    def work(config):
        with lock:
            inside.append(config)
            most.append(len(inside))
        with suppress(threading.BrokenBarrierError):
            met.wait(0.5)  # two that are inside at the same time meet here
        with lock:
            inside.remove(config)
        return config

    def stream(config):
        yield Snapshot(work(config).seed, 0.0, 0.0)

    monkeypatch.setattr(type(topic), "load", lambda self, path: stream if path == topic.stream else work)
    configs = [topic.config(seed=seed) for seed in range(2)]
    threads = [threading.Thread(target=compute.compute, args=(topic, config, "a:look")) for config in configs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert max(most) == at_once
    most.clear()
    met.reset()
    jobs = []
    for name, config in zip("ab", configs, strict=True):
        monkeypatch.setattr(compute, "visitor", lambda name=name: name)
        jobs.append(compute.start_job(topic, config))
    for job in jobs:
        assert job.wait(timeout=PATIENCE)
        assert (job.state, job.latest.step) == ("done", job.config.seed)
    assert max(most) == at_once


def test_a_stream_in_turn_is_the_same_stream():
    turn = threading.Lock()
    held, closed = [], []

    def stream(config):
        step = config
        try:
            while step < 20:
                held.append(turn.locked())
                step += (yield step) or 1
        finally:
            closed.append(step)

    taken = in_turn(stream, turn)(7)
    assert next(taken) == 7
    assert [taken.send(steps) for steps in (1, 5)] == [8, 13]
    assert not turn.locked()  # while nobody asks for the next
    assert list(taken) == list(range(14, 20))
    assert closed == [20]
    assert held == [True] * 9
    early = in_turn(stream, turn)(0)
    next(early)
    early.close()
    assert closed == [20, 0]


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have no such calls")
def test_glibc_takes_what_it_is_told_about_memory():
    assert memory.tame_allocator()
    block = bytearray(64_000_000)
    held = memory.resident_bytes()
    del block
    memory.give_back()
    assert memory.resident_bytes() < held - 50_000_000

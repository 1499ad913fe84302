"""Work that nobody waits for gives way to answers: training to clicks, one long answer to another."""

import os
import platform
import sys
import threading

import pytest

from engine.core import memory
from engine.core.backends import NICENESS, ThreadBackend
from engine.core.topic import catalogue
from pages.components import compute
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


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have no such calls")
def test_glibc_takes_what_it_is_told_about_memory():
    assert memory.tame_allocator()
    block = bytearray(64_000_000)
    held = memory.resident_bytes()
    del block
    memory.give_back()
    assert memory.resident_bytes() < held - 50_000_000

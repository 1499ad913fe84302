"""The store of results: one computation for all who ask, errors shared and forgotten, a budget that holds."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest

from engine.machinery.store import ResultStore

PATIENCE = 20  # seconds to wait for what must happen; nothing is measured


@dataclass(eq=False)
class Sized:
    nbytes: int


def test_many_threads_wait_for_one_computation():
    store, calls, begun, go_on = ResultStore(10_000), [], threading.Event(), threading.Event()

    def compute():
        calls.append(threading.get_ident())
        begun.set()
        assert go_on.wait(PATIENCE)
        return Sized(10)

    with ThreadPoolExecutor(24) as pool:
        answers = [pool.submit(store.get_or_compute, "key", compute) for _ in range(24)]
        assert begun.wait(PATIENCE)
        other = store.get_or_compute("other", lambda: Sized(1))  # another key is not held up
        go_on.set()
        first, *rest = [answer.result(PATIENCE) for answer in answers]
    assert len(calls) == 1
    assert all(answer is first for answer in rest)
    assert store.get_or_compute("key", compute) is first
    assert len(calls) == 1
    assert other is not first
    assert (len(store), store.bytes_held) == (2, 11)


def test_an_error_goes_to_all_who_wait_and_is_forgotten():
    store, calls, begun, go_on = ResultStore(10_000), [], threading.Event(), threading.Event()

    def fail():
        calls.append(1)
        begun.set()
        assert go_on.wait(PATIENCE)
        raise ZeroDivisionError("once")

    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(store.get_or_compute, "key", fail)]
        assert begun.wait(PATIENCE)
        asking = threading.Semaphore(0)

        def ask():
            asking.release()
            return store.get_or_compute("key", fail)

        answers += [pool.submit(ask) for _ in range(6)]
        for _ in range(6):
            assert asking.acquire(timeout=PATIENCE)
        time.sleep(0.05)  # from the semaphore into the waiting; too short a time only makes the test weaker
        go_on.set()
        errors = [answer.exception(PATIENCE) for answer in answers]
    assert all(isinstance(error, ZeroDivisionError) for error in errors)
    assert len(store) == 0
    assert store.get_or_compute("key", lambda: "fine") == "fine"  # the error was not kept


def test_a_result_whose_size_cannot_be_told_fails_for_its_asker_alone():
    class Odd:
        @property
        def nbytes(self):
            raise RuntimeError("no size")

    store = ResultStore(100)
    with pytest.raises(RuntimeError, match="no size"):
        store.get_or_compute("key", Odd)
    assert store.get_or_compute("key", lambda: Sized(3)).nbytes == 3  # nobody waits for ever


def test_the_least_recently_used_goes_first():
    store = ResultStore(30)
    for name in "abc":
        store.get_or_compute(name, lambda: Sized(10))
    store.get_or_compute("a", lambda: pytest.fail("was dropped"))  # now b is the oldest
    store.get_or_compute("d", lambda: Sized(10))
    assert store.bytes_held == 30
    for name in "acd":
        before = len(store)
        store.get_or_compute(name, lambda: pytest.fail("was dropped"))
        assert len(store) == before
    assert store.find("b") is None
    new = Sized(10)
    assert store.get_or_compute("b", lambda: new) is new


def test_what_was_dropped_and_is_still_shown_counts_and_is_found_again():
    store = ResultStore(40)
    shown = store.get_or_compute("shown", lambda: Sized(10))
    for name in "abcd":
        store.get_or_compute(name, lambda: Sized(10))
    assert (len(store), store.bytes_held, store.bytes_on_pages) == (3, 30, 10)  # 40 in all
    assert store.find("a") is None
    assert store.find("shown") is shown
    assert (store.bytes_held, store.bytes_on_pages) == (40, 0)
    for name in "abcd":
        store.get_or_compute(name, lambda: Sized(10))
    assert store.bytes_on_pages == 10
    del shown
    assert store.bytes_on_pages == 0
    assert store.find("shown") is None
    store.get_or_compute("e", lambda: Sized(10))
    assert store.bytes_held == 40  # the room is free again


def test_half_of_the_budget_is_there_however_much_is_shown():
    store = ResultStore(40)
    shown = [store.get_or_compute(number, lambda: Sized(10)) for number in range(12)]
    assert (store.bytes_held, store.bytes_on_pages) == (20, 100)
    assert all(store.find(number) is one for number, one in enumerate(shown))


def test_values_that_nobody_can_watch_are_dropped_for_good():
    store = ResultStore(500)
    for number in range(10):
        store.get_or_compute(number, lambda number=number: (number,) * 5)
    assert 0 < store.bytes_held <= 500
    assert store.bytes_on_pages == 0
    assert store.find(0) is None


def test_one_large_result_drops_as_many_as_it_must():
    store = ResultStore(30)
    for name in "abc":
        store.get_or_compute(name, lambda: Sized(10))
    store.get_or_compute("large", lambda: Sized(25))
    assert (len(store), store.bytes_held) == (1, 25)


def test_the_budget_holds_for_random_sizes():
    store, source = ResultStore(1000), np.random.default_rng(0)
    for number in range(2000):
        size = int(source.integers(1, 400))
        store.get_or_compute(int(source.integers(0, 300)), lambda size=size: Sized(size))
        assert store.bytes_held <= 1000, number
    assert store.bytes_held == sum(size for _, size in store._kept.values())


def test_what_is_larger_than_the_budget_is_given_but_not_kept():
    store = ResultStore(100)
    small = store.get_or_compute("small", lambda: Sized(60))
    assert store.get_or_compute("huge", lambda: Sized(101)).nbytes == 101
    assert store.get_or_compute("small", lambda: pytest.fail("was dropped for what is not kept")) is small
    assert (len(store), store.bytes_held) == (1, 60)
    assert store.get_or_compute("just", lambda: Sized(40)) is store.get_or_compute("just", lambda: Sized(40))

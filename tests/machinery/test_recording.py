"""A run that was made once for all: it holds what a job on its way to that step would have kept."""

from dataclasses import dataclass

import pytest

from engine.machinery.jobs import LOOKS_WHILE_CATCHING_UP
from engine.machinery.recording import Recording, record


@dataclass(frozen=True)
class Moment:
    step: int


class Stream:
    """A training of `last` steps that can be told how far to go; notes whether it was let go of."""

    closed = False

    def __call__(self, last):
        step = 0
        try:
            while True:
                asked = yield Moment(step)
                if step >= last:
                    return
                step = min(last, step + (asked or 1))
        finally:
            self.closed = True


@pytest.mark.parametrize(("step", "looks"), [(1, 2), (7, 8), (LOOKS_WHILE_CATCHING_UP, 51), (175, 60), (0, 1)])
def test_first_and_last_are_there_and_as_many_between_as_a_job_takes(step, looks):
    stream = Stream()
    pairs = record(stream, 1000, step)
    assert [index for index, _ in pairs] == list(range(looks))
    assert (pairs[0][1].step, pairs[-1][1].step) == (0, step)
    assert stream.closed


def test_a_stream_that_ends_before_ends_the_recording():
    assert record(Stream(), 5, 100)[-1][1].step == 5


def test_a_look_at_it_is_the_visitors_own_and_stands_still():
    pairs = record(Stream(), 10, 10)
    one, other = Recording(pairs), Recording(pairs)
    one.pace = 12.0
    assert other.pace is None, "what one visitor sets is not another's"
    assert (one.latest.step, one.count, one.start_at, one.pause_at) == (10, 11, 10, 10)
    assert [moment.step for _, moment in one.since(9)] == [9, 10]
    assert not one.active
    assert not one.busy
    one.stop()
    assert one.history == list(pairs)

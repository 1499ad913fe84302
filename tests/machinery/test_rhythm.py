"""How many steps lie between two looks: simulated streams whose looks and steps cost what they cost."""

import itertools

import pytest

from engine.machinery.rhythm import LOOKS_PER_SECOND, MAXIMUM_STRIDE, Rhythm


def play(look: float, step: float, stretches: int = 40) -> list[int]:
    """The strides of a stream that goes as fast as it can."""
    rhythm, strides = Rhythm(), [1]
    for _ in range(stretches):
        rhythm.took(strides[-1], look + strides[-1] * step)
        strides.append(rhythm.as_fast_as_possible(strides[-1]))
    return strides


@pytest.mark.parametrize(("look", "step"), [(0.0, 0.001), (0.005, 0.002), (0.01, 0.0005), (0.02, 0.03)])
def test_cheap_looks_come_twenty_times_a_second(look, step):
    stride = play(look, step)[-1]
    apart = look + stride * step
    assert stride == 1 or 0.7 / LOOKS_PER_SECOND <= apart <= 1.1 / LOOKS_PER_SECOND


@pytest.mark.parametrize(("look", "step"), [(0.1, 0.005), (0.08, 0.001), (0.3, 0.02)])
def test_dear_looks_take_half_of_the_time_at_most(look, step):
    stride = play(look, step)[-1]
    assert 0.35 <= look / (look + stride * step) <= 0.55


def test_strides_double_at_most_and_are_bounded():
    strides = play(0.0, 1e-9)
    assert all(after <= 2 * before + 1 for before, after in itertools.pairwise(strides))
    assert strides[-1] == MAXIMUM_STRIDE
    assert play(0.0, 5.0)[-1] == 1


@pytest.mark.parametrize("factor", [3.0, 1 / 3])
def test_a_machine_that_becomes_slower_or_faster_is_followed(factor):
    rhythm, stride, look, step = Rhythm(), 1, 0.1, 0.005
    for at in range(80):
        if at == 40:
            look, step = look * factor, step * factor
        rhythm.took(stride, look + stride * step)
        stride = rhythm.as_fast_as_possible(stride)
    assert look + stride * step < 2.5 * max(look, 1 / LOOKS_PER_SECOND)
    assert stride * step > 0.7 * min(look, 1 / LOOKS_PER_SECOND)


@pytest.mark.parametrize(
    ("look", "step", "pace", "stride"),
    [(0.0, 0.001, 600, 30), (0.001, 0.0001, 12, 1), (0.001, 0.0001, 60, 3), (0.1, 0.005, 60, 8), (0.1, 0.02, 60, 5)],
)
def test_a_pace_is_held_by_longer_strides_where_looks_are_dear(look, step, pace, stride):
    """With looks of 100 ms, 60 steps of 5 ms fit into a second if 8 of them lie between two looks; of 20 ms they never
    do, and half of the time goes to looks."""
    rhythm = Rhythm()
    for steps in (1, 3, 7, 3, 5, 9):
        rhythm.took(steps, look + steps * step)
    found = rhythm.at_pace(pace)
    assert abs(found - stride) <= 1
    if look + found * step <= 1 / LOOKS_PER_SECOND:
        assert found == max(1, round(pace / LOOKS_PER_SECOND))


def test_a_stretch_can_be_bounded_in_time():
    rhythm = Rhythm()
    assert rhythm.within(1.0) == 10, "nothing is known yet"
    for steps in (1, 3, 7, 3):
        rhythm.took(steps, 0.1 + 0.01 * steps)
    assert rhythm.within(1.0) == pytest.approx(90, abs=2)
    assert rhythm.within(0.01) == 1

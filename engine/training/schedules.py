"""Learning-rate schedules: what share of the peak rate each step takes."""

from __future__ import annotations

import math

SCHEDULES = ("constant", "step", "cosine", "warm_cosine", "one_cycle")
DROPS, DROP = 3, 0.3  # of "step": in how many equal parts the run falls, and by what each is multiplied
ONE_CYCLE_START, ONE_CYCLE_END, ONE_CYCLE_RISE = 1 / 25, 1e-4, 0.3  # the first, of the peak; the last, of the first


def share_of_peak(schedule: str, step: int, steps: int, warm_up: int = 0) -> float:
    """The learning rate of a step as a share of the highest.

    step: 0 to steps - 1. warm_up: steps of "warm_cosine" in which the rate rises in a straight line, the first one not
    at zero. ValueError for a schedule that is none of SCHEDULES.
    """
    match schedule:
        case "constant":
            return 1.0
        case "step":
            return DROP ** (step * DROPS // steps)
        case "cosine":  # Loshchilov, Hutter 2017, eq. 5, one period
            return cosine(step / steps, 1.0, 0.0)
        case "warm_cosine":  # Goyal et al. 2017, then the cosine
            if step < warm_up:
                return (step + 1) / (warm_up + 1)
            return cosine((step - warm_up) / (steps - warm_up), 1.0, 0.0)
        case "one_cycle":  # Smith, Topin 2018; cosines instead of straight lines
            rise = ONE_CYCLE_RISE * steps - 1
            if step <= rise:
                return cosine(step / rise, ONE_CYCLE_START, 1.0)
            return cosine((step - rise) / (steps - 1 - rise), 1.0, ONE_CYCLE_START * ONE_CYCLE_END)
    raise ValueError(f"expected one of {', '.join(SCHEDULES)}, got {schedule!r}")


def cosine(share: float, start: float, end: float) -> float:
    """From start to end along half a wave, level at both."""
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2

"""How many steps of a training lie between two looks at it."""

from __future__ import annotations

LOOKS_PER_SECOND = 20
MAXIMUM_STRIDE = 500
KEPT = 0.8  # what counts of the measurements before, beside the newest
FIRST = 10  # steps of a stretch about which nothing is known
SHORT = 0.5  # seconds of a stretch that a longer one may follow only to learn more
TELLING = 0.02  # (spread / mean)² of the strides from which on steps and looks can be told apart


class Rhythm:
    """A stride for a stream whose looks and steps cost what they cost: about LOOKS_PER_SECOND looks a second where they
    are cheap; where they are dear, no more time for looks than for steps.

    What a stretch of n steps and one look took is taken for look + n · step seconds, by least squares over the newest
    stretches. As long as all were equally long only their sum is known; short ones grow until that is no longer so.
    """

    def __init__(self) -> None:
        self.look = self.step = 0.0  # seconds
        self.told_apart = False
        self._count = self._n = self._nn = self._t = self._nt = 0.0  # decaying sums over stretches

    def took(self, steps: int, seconds: float) -> None:
        """A stretch of so many steps and one look took so long."""
        self._count = KEPT * self._count + 1
        self._n, self._nn = KEPT * self._n + steps, KEPT * self._nn + steps * steps
        self._t, self._nt = KEPT * self._t + seconds, KEPT * self._nt + steps * seconds
        mean, seconds_mean = self._n / self._count, self._t / self._count
        spread = self._nn / self._count - mean * mean
        if spread > TELLING * mean * mean:
            slope = (self._nt / self._count - mean * seconds_mean) / spread
            self.step = min(max(slope, 0.0), seconds_mean / mean)
            self.look = seconds_mean - self.step * mean
            self.told_apart = True
        elif known := self.look + self.step * mean:  # the machine is faster or slower than it was
            self.look, self.step = self.look * seconds_mean / known, self.step * seconds_mean / known
        else:
            self.step = seconds_mean / max(mean, 1)

    def as_fast_as_possible(self, stride: int) -> int:
        """The next stride, after one of `stride` steps; it grows at most to twice that and one."""
        if not self.told_apart and self.step * stride < SHORT:
            return min(2 * stride + 1, MAXIMUM_STRIDE)
        wanted = max(1 / LOOKS_PER_SECOND - self.look, self.look) / self.step if self.step > 0 else MAXIMUM_STRIDE
        return int(min(max(1, wanted), 2 * stride + 1, MAXIMUM_STRIDE))

    def within(self, seconds: float) -> int:
        """How many steps take no longer than that, at least one; a few while nothing is known."""
        return int(min(max(1, (seconds - self.look) / self.step), MAXIMUM_STRIDE)) if self.step > 0 else FIRST

    def at_pace(self, pace: float) -> int:
        """The stride for so many steps a second: longer than usual where dear looks would not let them be done."""
        usual, free = max(1, round(pace / LOOKS_PER_SECOND)), 1 / pace - self.step
        needed = self.look / free if free > 0 else MAXIMUM_STRIDE
        dear = self.look / self.step if self.step > 0 else usual
        return int(min(max(usual, min(needed, dear)), MAXIMUM_STRIDE))

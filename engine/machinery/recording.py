"""A run that was made once and can be looked at by any number of visitors: what a page asks of a Job, without one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from engine.machinery.backends import advance
from engine.machinery.jobs import LOOKS_WHILE_CATCHING_UP


def record(
    stream: Callable[[Any], Iterator[Any]], config: Any, step: int, every_step: bool = False
) -> tuple[tuple[int, Any], ...]:
    """(index, snapshot) pairs of `stream(config)` up to an optimiser step, the first and the last among them, as
    many as a job takes on its way there; fewer steps where the stream ends before."""
    snapshots, stride = stream(config), 1 if every_step else max(1, step // LOOKS_WHILE_CATCHING_UP)
    try:
        made = [next(snapshots)]
        while made[-1].step < step:
            try:
                made.append(advance(snapshots, min(stride, step - made[-1].step)))
            except StopIteration:
                break
    finally:
        if hasattr(snapshots, "close"):
            snapshots.close()
    return tuple(enumerate(made))


class Recording:
    """One visitor's look at what `record` made. It is a job that has been stopped: Train goes on from its last step, by
    a job that comes there first."""

    state, active, busy, place, error, seconds, pace = "stopped", False, False, 0, None, 0.0, None

    def __init__(self, pairs: Sequence[tuple[int, Any]]):
        self.history = list(pairs)
        self.latest, self.count = pairs[-1][1], len(pairs)
        self.start_at = self.pause_at = self.latest.step

    def since(self, index: int) -> list[tuple[int, Any]]:
        """The snapshots whose index is at least `index`."""
        return [pair for pair in self.history if pair[0] >= index]

    def stop(self) -> None:
        """Nothing: it has ended."""

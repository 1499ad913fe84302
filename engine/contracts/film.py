"""The moments of a run as a page shows them: one film, on which all its pictures share one clock, one bar, one link."""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from engine.contracts.blocks import Pick, Show

if TYPE_CHECKING:
    import numpy as np


@dataclasses.dataclass(frozen=True)
class Frames:
    """Which moments of a run the leading axis of the arrays holds.

    run: changes when a new run starts, and empties what the browser kept. indices: increasing numbers of the frames,
    0 for the first of the run; payloads may overlap, the browser keeps each index once, as long as it holds the same
    bytes. steps: training (or denoising) step of each frame. live: more will come. clock: components with the same
    clock scrub together. start: "last" opens on the newest frame, "first" on the oldest, "play" on the oldest and goes
    to the newest once, but for who asked for less motion. at: index of the frame to open on instead, or with "play" to
    go to where another stood; it stands there until the reader moves the bar. pace: frames a second that it plays at
    speed 1; None for as fast as a training is replayed.
    """

    run: str
    indices: Sequence[int]
    steps: Sequence[int]
    live: bool = False
    clock: str = ""
    start: str = "last"
    at: int | None = None
    pace: float | None = None

    def __post_init__(self) -> None:
        indices = [int(i) for i in self.indices]
        if not indices or indices[0] < 0 or any(b <= a for a, b in pairwise(indices)):
            raise ValueError(f"frame indices must be non-empty, >= 0 and increasing, got {indices[:8]}")
        if len(self.steps) != len(indices):
            raise ValueError(f"frames need one step an index: {len(self.steps)} steps for {len(indices)} indices")
        if self.start not in ("first", "last", "play"):
            raise ValueError(f"frames start at 'first', 'last' or 'play', got {self.start!r}")

    @property
    def standing(self) -> int:
        """The index of the frame that is shown until the reader moves the bar."""
        return self.at if self.at is not None else int(self.indices[0 if self.start == "first" else -1])

    def meta(self) -> dict[str, Any]:
        """What the browser's clock is told."""
        indices = [int(i) for i in self.indices]
        return {"run": self.run, "first": indices[0], "indices": indices, "steps": [int(s) for s in self.steps],
                "live": self.live, "clock": self.clock, "start": self.start, "at": self.at,
                **({} if self.pace is None else {"pace": self.pace})}  # fmt: skip


def still_frames(*arrays: np.ndarray, start: str = "first", indices: Sequence[int] | None = None) -> Frames:
    """Frames of something that is all there, on a clock of its own, named by what it shows; numbered 0 … T - 1 if no
    `indices` are given.

    arrays: each with the T moments as its leading axis. Equal content has an equal name: no page gives one, so none can
    forget what its picture depends on and leave an old one standing.
    """
    import numpy as np

    count, mark = len(arrays[0]), 0
    for array in arrays:
        mark = zlib.crc32(repr((array.shape, array.dtype.str)).encode(), mark)
        mark = zlib.crc32(np.ascontiguousarray(array).data.cast("B"), mark)
    name = f"still {mark:08x}"
    numbers = range(count) if indices is None else indices
    return Frames(name, numbers, numbers, clock=name, start=start)


@dataclasses.dataclass(frozen=True)
class Bar:
    """The bar that moves a film through its moments. moment: what it says, with {frame}, {count} and {step}, where its
    steps are not those of a training."""

    frames: Frames
    moment: str = ""
    alt: str = ""


@dataclasses.dataclass(frozen=True, eq=False)
class Film:
    """The moments of a run that are sent together, and the one to speak of.

    moments: Snapshots, in order; of a page that trains nothing its one Result. indices: the number of each within the
    run. now: the moment to speak of, which is the newest or the one at which the reader let the bar go. live: more will
    come. run: names the run among all of this visitor's; clock: what the pictures on the film share. start: see Frames.
    """

    moments: Sequence[Any]
    indices: Sequence[int]
    now: Any
    newest: Any
    run: str = ""
    clock: str = ""
    live: bool = False
    start: str = "last"

    @classmethod
    def of(cls, result: Any) -> Film:
        """Of what has one moment."""
        return cls((result,), (0,), result, result)

    @cached_property
    def frames(self) -> Frames:
        """For the pictures that move with the film."""
        steps = [moment.step for moment in self.moments]
        at = None if self.now is self.newest else next(
            (index for index, moment in zip(self.indices, self.moments, strict=True) if moment.step >= self.now.step),
            None,
        )  # fmt: skip
        return Frames(self.run, self.indices, steps, live=self.live, clock=self.clock, start=self.start, at=at)

    def stack(self, name: str) -> np.ndarray:
        """(T, ...) what was seen under a name at every moment; the same array for all who ask."""
        import numpy as np

        if name not in self._stacks:
            self._stacks[name] = np.stack([moment.values[name] for moment in self.moments])
        return self._stacks[name]

    def once(self, make: Callable[..., Any], *given: Any) -> Any:
        """make(self.now, *given), made once for all parts of the page that ask."""
        if (make, given) not in self._made:
            self._made[make, given] = make(self.now, *given)
        return self._made[make, given]

    @cached_property
    def _made(self) -> dict[tuple, Any]:
        return {}

    @cached_property
    def _stacks(self) -> dict[str, np.ndarray]:
        return {}

    def bar(self, moment: str = "") -> Show:
        """The bar below the pictures; where it is let go is the moment to speak of, and stands in the link."""
        return Show("bar", Bar(self.frames, moment), Pick(MOMENT, "key"))


MOMENT = "moment"  # the field of every View of a page that trains: the step to speak of, -1 for the newest

"""The sketches there are: a curve of a chart, a region of a plane, one bar of several."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.contracts.sketch import Drawn
from engine.contracts.words import Number, Percent, Words
from engine.pictures.bars.values import Bars
from engine.pictures.curves.values import CurvesPicture
from engine.pictures.points.values import PointsPicture
from engine.pictures.sketch.values import HEIGHTS, SIDE, Board


@dataclasses.dataclass(frozen=True)
class CurveSketch:
    """One line of a chart over the steps of a run.

    since, until: the steps at both ends of the axis; y: the axis. line: the number of the line. run: Result -> (steps,
    values). choice: heights from left to right -> the choice that they come to. percent: the values are percentages.
    """

    picture: str
    until: int
    y: tuple[float, float]
    run: Callable[[Any], tuple[Sequence[float], Sequence[float]]]
    choice: Callable[[np.ndarray], str]
    line: int = 0
    percent: bool = False
    since: int = 0

    def board(self, picture: CurvesPicture) -> Board:
        """The chart's axes, up to the end of the run."""
        line, start = picture.lines[self.line], float(picture.values[0, self.line])
        height = Words("{line}: {what}", line=line.name, what=picture.y_label) if picture.y_label else line.name
        return Board("curve", line.name, (self.since, self.until), self.y, picture.x_label or Words("step"), height,
                     colour=line.colour, start=start if np.isfinite(start) else None)  # fmt: skip

    def over(self, picture: CurvesPicture, drawn: Drawn) -> CurvesPicture:
        """The chart with the drawn curve in it."""
        return dataclasses.replace(picture, expected=tuple(zip(self._steps().tolist(), drawn, strict=True)))

    def truth(self, result: Any) -> list[float]:
        """The run's heights; where it is no number, it goes on as it was."""
        steps, values = (np.asarray(one, float) for one in self.run(result))
        known = np.isfinite(values)
        return np.interp(self._steps(), steps[known], values[known]).tolist()

    def difference(self, drawn: Drawn, result: Any) -> Words:
        """The mean distance of the two curves, and both ends."""
        came = np.asarray(self.truth(result))
        gap = Number(float(np.abs(came - np.asarray(drawn)).mean()), 2)
        if self.percent:
            return Words(
                "Your curve lies {gap} percentage points from the run's on average. At the end you drew {mine}; it "
                "came to {came}.",
                gap=gap, mine=Percent(float(drawn[-1]) / 100, 0), came=Percent(float(came[-1]) / 100, 0),
            )  # fmt: skip
        return Words(
            "Your curve lies {gap} from the run's on average. At the end you drew {mine}; it came to {came}.",
            gap=gap, mine=Number(float(drawn[-1]), 2), came=Number(float(came[-1]), 2),
        )  # fmt: skip

    def reads(self, drawn: Drawn, result: Any) -> str:
        """See choice. Where the run begins is shown to whoever draws, and not asked for."""
        return self.choice(np.asarray([self.truth(result)[0], *drawn[1:]], float))

    def _steps(self) -> np.ndarray:
        return np.linspace(self.since, self.until, HEIGHTS)


@dataclasses.dataclass(frozen=True)
class RegionSketch:
    """The part of a plane that a network of two classes gives to the second of them.

    run: Result -> (SIDE, SIDE) class of each cell, row 0 at the top. choice: the share of a Result's points that a
    drawing has on the right side -> the choice that it comes to; points: Result -> (x, y, class) of those, x and y
    from -1 to 1 across the plane.
    """

    picture: str
    run: Callable[[Any], np.ndarray]
    points: Callable[[Any], tuple[np.ndarray, np.ndarray, np.ndarray]]
    choice: Callable[[float], str]

    def board(self, picture: PointsPicture) -> Board:
        """The plane with the points alone."""
        x_low, x_high, y_low, y_high = picture.domain
        return Board("region", picture.alt, (x_low, x_high), (y_low, y_high), *picture.axis_labels,
                     tuple(picture.classes[:2]), picture.points)  # fmt: skip

    def over(self, picture: PointsPicture, drawn: Drawn) -> PointsPicture:
        """The plane with the edge of the drawn region."""
        return dataclasses.replace(picture, expected=tuple(int(one) for one in drawn))

    def truth(self, result: Any) -> list[float]:
        """What the network says, row by row."""
        return self.run(result).ravel().tolist()

    def difference(self, drawn: Drawn, result: Any) -> Words:
        """The share of the plane in which both say the same."""
        same = float((np.asarray(self.truth(result)) == np.asarray(drawn)).mean())
        return Words("In {share} of the plane you drew what came out.", share=Percent(same, 0))

    def reads(self, drawn: Drawn, result: Any) -> str:
        """What share of the points the drawing has on the right side, as a choice."""
        x, y, label = self.points(result)
        cells = np.asarray(drawn, int).reshape(SIDE, SIDE)
        column, row = (np.clip(((one + 1) / 2 * SIDE).astype(int), 0, SIDE - 1) for one in (x, -y))
        return self.choice(float((cells[row, column] == label).mean()))


@dataclasses.dataclass(frozen=True)
class BarsSketch:
    """The length of one bar among those of a picture.

    name: the bar's, in English; it may stand at another place afterwards. run: Result -> its share, 0 to 1. choice: a
    share -> the choice that it comes to.
    """

    picture: str
    name: str
    run: Callable[[Any], float]
    choice: Callable[[float], str]

    def board(self, picture: Bars) -> Board:
        """That bar alone, with its length up to now."""
        at = self._place(picture)
        return Board("bars", picture.alt, names=(picture.names[at],), start=picture.shares[at])

    def over(self, picture: Bars, drawn: Drawn) -> Bars:
        """The bars with a mark where the drawn one ended."""
        at = self._place(picture)
        return picture if at is None else dataclasses.replace(picture, expected=(at, float(drawn[0])))

    def truth(self, result: Any) -> list[float]:
        """The bar's length."""
        return [float(self.run(result))]

    def difference(self, drawn: Drawn, result: Any) -> Words:
        """Both shares."""
        return Words("You drew {mine}; it is {came}.", mine=Percent(float(drawn[0]), 0),
                     came=Percent(self.truth(result)[0], 1))  # fmt: skip

    def reads(self, drawn: Drawn, result: Any) -> str:
        """See choice."""
        return self.choice(float(drawn[0]))

    def _place(self, picture: Bars) -> int | None:
        return next((at for at, name in enumerate(picture.names) if name == self.name), None)

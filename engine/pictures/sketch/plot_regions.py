"""A region to be drawn in a plane with axes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from engine.contracts.sketch import Drawn
from engine.contracts.words import Percent, Words
from engine.pictures.plot.values import PlotPicture
from engine.pictures.sketch.values import SIDE, Board


@dataclasses.dataclass(frozen=True)
class PlotRegionSketch:
    """The part of a plane in which a network says the second of two things.

    classes: what they are called, in the colours of the first two classes. run: Result -> (SIDE, SIDE) 1 for the second
    in each cell, row 0 at the top. choice: (SIDE, SIDE) cells -> the choice that a drawing comes to.
    """

    picture: str
    classes: tuple[str, str]
    run: Callable[[Any], np.ndarray]
    choice: Callable[[np.ndarray], str]

    def board(self, picture: PlotPicture) -> Board:
        """The plane with its points alone."""
        x_low, x_high, y_low, y_high = picture.domain
        points = [
            [float(x), float(y), colour]
            for dots in picture.dots
            if np.ndim(dots.points) == 2 and isinstance(dots.colours, (list, tuple))
            for (x, y), colour in zip(dots.points, dots.colours, strict=True)
        ]
        return Board("region", picture.alt, (x_low, x_high), (y_low, y_high), *picture.axis_labels,
                     self.classes, points)  # fmt: skip

    def over(self, picture: PlotPicture, drawn: Drawn) -> PlotPicture:
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
        """See choice."""
        return self.choice(np.asarray(drawn, int).reshape(SIDE, SIDE))

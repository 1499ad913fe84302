"""An empty picture on which a reader draws what they expect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

HEIGHTS = 33  # of a curve, at equal distances from the left end of the axis to the right
SIDE = 20  # cells of a region along each side of its plane
FORMS = ("curve", "bars", "region")


@dataclass(frozen=True)
class Board:
    """The axes of a picture that is still to come; a reader draws on them, and sends what they drew ("drawn").

    form: "curve", HEIGHTS numbers within `y` over `x`; "bars", a share (0 to 1) for each of `names`; "region", which of
    SIDE × SIDE cells of the plane `x` × `y`, row 0 at the top, belong to the second of two `names` (1) and not to the
    first (0). points: [x, y, class] in that plane. colour: of the curve;
    start: where it is known to begin. ValueError for another form, or axes that go
    nowhere.
    """

    form: str
    alt: str
    x: tuple[float, float] = (0.0, 1.0)
    y: tuple[float, float] = (0.0, 1.0)
    x_label: str = ""
    y_label: str = ""
    names: Sequence[str] = ()
    points: Sequence[Sequence[float]] = ()
    colour: str | int = 0
    start: float | None = None

    def __post_init__(self) -> None:
        if self.form not in FORMS:
            raise ValueError(f"a form is one of {', '.join(FORMS)}, got {self.form!r}")
        if not (self.x[0] < self.x[1] and self.y[0] < self.y[1]):
            raise ValueError(f"expected axes from low to high, got {self.x} and {self.y}")

    def payload(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """What sketch.js shows."""
        points = [[round(float(x), 3), round(float(y), 3), int(k)] for x, y, k in self.points]
        meta = {"alt": self.alt, "form": self.form, "x": list(self.x), "y": list(self.y), "xLabel": self.x_label,
                "yLabel": self.y_label, "names": list(self.names), "points": points, "colour": self.colour,
                "start": self.start, "count": self.count, "side": SIDE}  # fmt: skip
        return meta, {}

    @property
    def count(self) -> int:
        """How many numbers are drawn."""
        return {"curve": HEIGHTS, "bars": len(self.names), "region": SIDE * SIDE}[self.form]


def fits(board: Board) -> Any:
    """Whether what a browser sends is a drawing of that form."""
    count, low, high = board.count, *(board.y if board.form == "curve" else (0.0, 1.0))

    def is_drawing(event: str, drawn: Any) -> bool:
        return len(drawn) == count and all(isinstance(one, (int, float)) and low <= one <= high for one in drawn)

    return is_drawing

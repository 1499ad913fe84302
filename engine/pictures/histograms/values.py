"""Many distributions side by side: a column each, over one axis of values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.contracts.film import Frames
from engine.pictures.borders import Colour


@dataclass(frozen=True)
class HistogramsPicture:
    """A column for each distribution; in it a bar for each bin, the fullest as wide as the column.

    Widths are the square roots of shares: beside a bin that holds half of everything the others would not be seen.

    shares: (N, B + 2), or (T, N, B + 2) with the frames: of each column the share below `low`, in each of B equal bins
    from low to high, and above `high`; what is missing from 1 is no number. names: of the columns, drawn below them
    where there is room. column: what one of them is, such as "layer"; axis: what the values are, with their unit.
    notes: a line each, (N,) or (T, N), read out below the share. colour: of the bars. picked (of the Show): the number
    of a column; a click picks one. ValueError for what does not fit together.
    """

    shares: np.ndarray
    low: float
    high: float
    names: Sequence[str]
    alt: str
    axis: str
    column: str
    notes: Sequence[str] | Sequence[Sequence[str]] = ()
    colour: Colour = 0
    frames: Frames | None = None

    def __post_init__(self) -> None:
        if not self.alt.strip():
            raise ValueError("a HistogramsPicture needs an alt text that says what it shows")
        if not -np.inf < self.low < self.high < np.inf:
            raise ValueError(f"expected low < high, got {self.low} and {self.high}")
        shape, moving = np.shape(self.shares), self.frames is not None
        want = (len(self.frames.indices), len(self.names)) if moving else (len(self.names),)
        if len(shape) != len(want) + 1 or shape[:-1] != want or shape[-1] < 3:
            raise ValueError(f"shares must be {want} and then at least one bin and both ends, got {shape}")
        if len(self.notes) not in (0, want[0]):
            raise ValueError(f"expected {want[0]} notes, got {len(self.notes)}")

    @property
    def moving_notes(self) -> bool:
        """Whether the notes are those of each frame."""
        return bool(len(self.notes)) and not isinstance(self.notes[0], str)


def histograms_payload(picture: HistogramsPicture) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """A picture as (meta, arrays): the shares as 16-bit numbers, 65535 for 1."""
    shares = np.nan_to_num(np.asarray(picture.shares, np.float64)).clip(0, 1)
    levels = np.rint(shares * 65535)
    levels[(shares > 0) & (levels == 0)] = 1  # little is not nothing
    moving = picture.frames is not None
    meta = {
        "alt": picture.alt, "low": float(picture.low), "high": float(picture.high), "names": list(picture.names),
        "axis": picture.axis, "column": picture.column, "colour": picture.colour,
        "notes": [list(one) for one in picture.notes] if picture.moving_notes else list(picture.notes),
        "notesMove": picture.moving_notes, "count": len(picture.names), "bins": int(shares.shape[-1]) - 2,
        "frames": picture.frames.meta() if moving else None,
    }  # fmt: skip
    return meta, {"shares": levels.astype(np.uint16)}

"""A block of numbers, samples × channels × places, and which of them belong together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

MOST_CELLS = 4000


@dataclass(frozen=True)
class BlockPicture:
    """A cell for each number of a batch: samples stand side by side as slabs, channels go into the depth, places down.

    values: (B, C, P) what the read-out says. groups: (B, C, P) whole numbers; the cells that share the number of the
    picked one are coloured with it, -1 means none but itself. columns: places in a row of the sample, so that P =
    rows × columns. together: what the coloured cells are, told in the legend. picked (of the Show): [sample, channel,
    place]; a click picks one, {"sample", "channel", "position"}. ValueError for what does not fit together.
    """

    values: np.ndarray
    groups: np.ndarray
    columns: int
    alt: str
    together: str

    def __post_init__(self) -> None:
        if not self.alt.strip():
            raise ValueError("a BlockPicture needs an alt text that says what it shows")
        shape = np.shape(self.values)
        if len(shape) != 3 or 0 in shape or np.size(self.values) > MOST_CELLS:
            raise ValueError(f"expected (samples, channels, places), {MOST_CELLS} at most, got {shape}")
        if np.shape(self.groups) != shape:
            raise ValueError(f"expected groups {shape}, got {np.shape(self.groups)}")
        if self.columns < 1 or shape[2] % self.columns:
            raise ValueError(f"{shape[2]} places do not stand in rows of {self.columns}")


def block_payload(picture: BlockPicture) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """A picture as (meta, arrays)."""
    meta = {
        "alt": picture.alt, "shape": list(np.shape(picture.values)), "columns": picture.columns,
        "together": picture.together,
    }  # fmt: skip
    return meta, {"values": np.asarray(picture.values, np.float32), "groups": np.asarray(picture.groups, np.int32)}


def layout(
    shape: tuple[int, int, int], width: float, height: float
) -> tuple[tuple[float, float], float, float, tuple[float, float], float]:
    """(corner of the first slab, from slab to slab, its thickness, one channel across and up, one place down), for a
    picture of this size; block.js does the same sum."""
    samples, channels, places = shape
    left, right, top, bottom = 40.0, 8.0, 8.0, 40.0
    pitch = (width - left - right) / samples
    thick = min(10.0, pitch * 0.1)
    across = min(34.0, (pitch - thick - min(22.0, pitch * 0.2)) / channels)
    up = min(across * 0.42, (height - top - bottom) * 0.4 / channels)
    down = min(34.0, (height - top - bottom - channels * up - thick * 0.5) / places)
    pitch = min(pitch, thick + channels * across + 46.0)
    return (left, top + channels * up), pitch, thick, (across, up), down

"""How the parts of this kind belong together."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.pictures.block.values import BlockPicture, block_payload
from engine.pictures.kinds import Fits, Kind


def fits(picture: BlockPicture) -> Fits:
    """The cell is there."""
    samples, channels, places = np.shape(picture.values)

    def check(_: str, at: Any) -> bool:
        return 0 <= at["sample"] < samples and 0 <= at["channel"] < channels and 0 <= at["position"] < places

    return check


KIND = Kind(
    BlockPicture,
    block_payload,
    events=("pick",),
    fits=fits,
    words={
        "sample": "sample {number}", "channel": "channel {number}", "place": "row {row}, column {column}",
        "samples": "samples B", "channels": "channels C", "places": "places H·W", "cell": "the cell picked",
    },
    keys={
        "blockChannel": "from channel to channel (Shift: from sample to sample)",
        "blockPlace": "from place to place",
        "chooseCell": "choose the cell under the cursor",
    },
    sheet="engine.pictures.block.sheet:block_sheet",
    figure="engine.pictures.block.figure:block",
)  # fmt: skip

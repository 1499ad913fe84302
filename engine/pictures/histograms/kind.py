"""How the parts of this kind belong together."""

from __future__ import annotations

from engine.pictures.histograms.values import HistogramsPicture, histograms_payload
from engine.pictures.kinds import Kind, one_of

KIND = Kind(
    HistogramsPicture,
    histograms_payload,
    events=("pick",),
    fits=lambda picture: one_of(len(picture.names)),
    words={
        "share": "share", "below": "below {value}", "above": "above {value}", "none": "no number",
        "between": "{low} to {high}", "width": "width: square root of the share",
        "beyond": "bars at the ends: all that lies beyond",
    },
    keys={
        "column": "from column to column",
        "bin": "from bin to bin",
        "chooseColumn": "choose the column under the cursor",
    },
    sheet="engine.pictures.histograms.sheet:histograms_sheet",
)  # fmt: skip

"""How the parts of this kind belong together."""

from __future__ import annotations

from engine.pictures.curves.values import CurvesPicture, curves_payload
from engine.pictures.kinds import Kind

KIND = Kind(
    CurvesPicture,
    curves_payload,
    words={"step": "step", "expected": "what you expected"},
    keys={
        "goThere": "show this moment everywhere",
    },
    sheet="engine.pictures.curves.sheet:curves_sheet",
)

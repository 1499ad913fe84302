"""The line chart of a run on a sheet."""

from __future__ import annotations

from collections.abc import Callable

from engine.pictures.curves.values import CurvesPicture
from engine.pictures.line_chart import Line2, chart_sheet
from engine.pictures.sheet import Sheet, colour_of


def curves_sheet(picture: CurvesPicture, say: Callable[[str], str] = str, *, frame: int = -1) -> Sheet:
    """The line chart of a run; the hair stands at the moment chosen."""
    steps = picture.frames.steps
    lines = [
        Line2(steps, picture.values[:, number].tolist(), curve.name, colour_of(curve.colour), curve.dashed)
        for number, curve in enumerate(picture.lines)
    ]
    return chart_sheet(
        lines, picture.alt, say, x_title=picture.x_label, y_title=picture.y_label, log=picture.log,
        limits=(picture.low, picture.high), cursor=steps[frame] if len(steps) > 1 else None,
        falling=steps[0] > steps[-1], levels=[(level.value, level.name) for level in picture.levels],
    )  # fmt: skip

"""A block of samples, channels and places on a sheet."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from engine.pictures.block.values import BlockPicture, layout
from engine.pictures.legend import class_entries, legend
from engine.pictures.sheet import FAINT, INK, Sheet, colour_of, mixed

WIDTH, HEIGHT = 620.0, 320.0
GROUND, LINE = "#F1EFE9", "#B9B4A8"


def block_sheet(
    picture: BlockPicture, say: Callable[[str], str] = str, *, picked: Sequence[int] | None = None
) -> Sheet:
    """The slabs, the picked cell framed, what is averaged with it in one colour."""
    sheet, groups = Sheet(WIDTH, HEIGHT, picture.alt, say), np.asarray(picture.groups)
    shape = groups.shape
    (x0, y0), pitch, thick, (across, up), down = layout(shape, WIDTH, HEIGHT)
    at = tuple(picked) if picked is not None else (0, 0, 0)
    group = groups[at]
    chosen = (groups == group) if group >= 0 else np.zeros(shape, bool)
    for sample in range(shape[0]):
        x = x0 + sample * pitch
        for channel in range(shape[1]):
            for place in range(shape[2]):
                left, over = x + thick + channel * across, y0 - channel * up + place * down
                fill = mixed(colour_of(0), 0.75) if chosen[sample, channel, place] else GROUND
                sheet.polygon(_face(left, over, across, up, down), fill, stroke=LINE, width=0.7)
                if channel == 0:
                    sheet.polygon(
                        [(x, over), (left, over), (left, over + down), (x, over + down)], fill, stroke=LINE, width=0.7
                    )
                if place == 0:
                    top = [(left, over), (left + across, over - up), (left + across - thick, over - up)]
                    sheet.polygon([*top, (left - thick, over)], fill, stroke=LINE, width=0.7)
        sheet.words(
            x + (thick + shape[1] * across) / 2, y0 + shape[2] * down + 14, str(sample + 1), anchor="mm", colour=FAINT
        )
    sample, channel, place = at
    left, over = x0 + sample * pitch + thick + channel * across, y0 - channel * up + place * down
    sheet.polygon(_face(left, over, across, up, down), None, stroke=INK, width=2.5)
    sheet.words(x0, HEIGHT - 12, say("samples B") + " →", colour=FAINT)
    sheet.words(x0 + pitch * 1.2, HEIGHT - 12, say("channels C") + " ↗", colour=FAINT)
    sheet.words(16, y0 + shape[2] * down / 2, "← " + say("places H·W"), anchor="mm", colour=FAINT, turned=True)
    if group >= 0 and picture.together:
        _, used = legend(sheet, class_entries([picture.together]), x0, sheet.height)
        sheet.height += used + 8
    return sheet


def _face(x: float, y: float, across: float, up: float, down: float) -> list[tuple[float, float]]:
    """The corners of a cell's side."""
    return [(x, y), (x + across, y - up), (x + across, y - up + down), (x, y + down)]

"""A digit out of a photo: whatever the light, the paper and the table.

Ink is what is darker than the paper right around it (on a blackboard: lighter). What hangs together is one thing; the
table, drawn boxes, printed lines and specks are things too, but not the digit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from PIL import Image, ImageFilter

from engine.data.digits import BOX, SIDE, placed, quantised, scaled
from engine.data.pictures import PictureError
from engine.data.regions import filled, regions_of, widest

Frame = tuple[int, int, int, int]  # left, top, right, bottom in pixels of the photo, the last two exclusive

FAINTEST = 0.08  # of the paper's brightness: fainter differences are no ink
DARKEST_PAPER = 64  # below it brightness is taken for this: in the dark, noise is no ink
WINDOW = 1 / 8  # of the shorter side: half of the square that must fit into what is paper, so pens are thinner
STROKE = 2.0  # pixels of the 20 × 20: thinner strokes are thickened to it, for MNIST has none of them
MOST_THINGS = 5  # as large as a digit: with more, none of them is taken for one
MOST_REGIONS = 250  # looked at closely, the largest: a page of text has thousands
CUT_STRENGTH = 0.2  # of the paper's brightness, of a digit that goes over the edge of the picture
MOST_CROSSINGS = 5  # of ink over the edge of a picture where nothing else is found
CLUTTER = 0.5  # of a digit's ink: with more of other ink among it, it is part of a picture
SHADES = 0.8  # of its full ink, and 4 pixels of edge for each pixel of the pen: with more half-tones it is no pen's
_PARTS = (80, 40, 20, 10, 5)  # of the longer side: half sides of squares to try strokes with
LEAST_FRAME = 8  # pixels a side


@dataclass(frozen=True, eq=False)
class PhotoDigit:
    """What was found in a photo. drawing: (28, 28) uint8 in four levels, ink bright, all 0 if no digit was taken;
    frame: what it was taken from (where to look, if nothing was); things: how many might be one."""

    drawing: np.ndarray
    frame: Frame
    things: int

    def refusal(self, *, framed: bool = False) -> PictureError | None:
        """Why no digit was taken, None if one was. framed: the reader had set the frame."""
        if self.drawing.any():
            return None
        if framed:
            return PictureError(
                "No ink was found in this frame: expected one digit, darker or lighter than the paper around it."
            )
        if self.things == 0:
            return PictureError(
                "No ink was found in this picture: expected one digit, darker or lighter than the paper around it."
            )
        if self.things == 1:
            return PictureError(
                "Expected one digit on paper, found something else; put the frame round the digit, if there is one."
            )
        return PictureError(
            "Expected one digit on paper, found {count} things, none clearly a digit; put the frame round one.",
            count=self.things,
        )


@dataclass(frozen=True, eq=False)
class _Thing:
    box: Frame
    area: int
    strength: float  # of its ink
    cuts: int  # edges of the picture, or of the frame, that it goes over

    @property
    def size(self) -> int:
        return max(self.box[2] - self.box[0], self.box[3] - self.box[1])


def find_digit(rgb: np.ndarray, frame: Frame | None = None) -> PhotoDigit:
    """The digit in a photo (H, W, 3) uint8, or in a frame on it that a reader has set.

    Without a frame the largest thing is taken, with what is close above, below or upon it; with more than MOST_THINGS
    alike, none is. Within a reader's frame everything counts that the frame does not cut.
    """
    nothing = np.zeros((SIDE, SIDE), np.uint8)
    ink, noise = ink_of(rgb)
    height, width = ink.shape
    area = (0, 0, width, height) if frame is None else clipped(frame, (height, width))
    left, top, right, bottom = area
    part = np.ascontiguousarray(ink[top:bottom, left:right])
    least = max(FAINTEST, 4 * noise)
    things = _things(part, least, whole=frame is None)
    if not things:
        return PhotoDigit(nothing, area if frame else _middle(height, width), 0)
    if frame is None:
        best = max(things, key=lambda thing: thing.size * thing.strength**0.5)
        alike = [one for one in things if one.size >= 0.35 * best.size and one.strength >= 0.4 * best.strength]
        digit = _with_its_pieces(best, things)
        count = 1 + sum(one not in digit for one in alike)
        if count > MOST_THINGS:
            return PhotoDigit(nothing, _middle(height, width), count)
    else:
        digit, count = things, 1
    drawing, box, clear = _drawing(part, digit)
    if frame is None:
        if not clear:
            return PhotoDigit(nothing, _middle(height, width), count)
        margin = max(4, round(0.15 * max(box[2] - box[0], box[3] - box[1])))
        grown = (box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin)
        area = clipped(grown, (height, width))
    return PhotoDigit(drawing, area, count)


def clipped(frame: Frame, shape: tuple[int, int]) -> Frame:
    """The part of a frame that lies on a picture of (rows, columns), at least LEAST_FRAME a side where that fits."""
    height, width = shape
    left, top = (
        int(np.clip(at, 0, max(0, most - LEAST_FRAME))) for at, most in ((frame[0], width), (frame[1], height))
    )
    right, bottom = min(width, max(left + LEAST_FRAME, frame[2])), min(height, max(top + LEAST_FRAME, frame[3]))
    return left, top, right, bottom


def _middle(height: int, width: int) -> Frame:
    side = round(0.6 * min(height, width))
    return clipped(((width - side) // 2, (height - side) // 2, (width + side) // 2, (height + side) // 2),
                   (height, width))  # fmt: skip


# Ink


def ink_of(rgb: np.ndarray) -> tuple[np.ndarray, float]:
    """How much darker each pixel is than the paper around it: (H, W) float32 from 0 to 1, as a share of the paper's
    brightness in the channel where that is most; and how large that share is where there is no ink, by noise alone
    (one standard deviation).

    The paper is the grey closing of the photo: strokes are filled, shadows and tables stay. Chalk is read in the
    negative.
    """
    if _is_chalk(rgb):
        rgb = 255 - rgb
    reach = max(4, round(WINDOW * min(rgb.shape[:2])))
    blur = min(1.0, min(rgb.shape[:2]) / 400)  # against noise; in a small picture a stroke is hardly wider
    soft = np.asarray(Image.fromarray(rgb).filter(ImageFilter.BoxBlur(blur)))
    paper = np.maximum(filled(soft, reach), DARKEST_PAPER).astype(np.float32)
    shares = (paper - soft) / paper
    ink = shares[..., 0]
    for channel in (1, 2):
        ink = np.maximum(ink, shares[..., channel])
    some = ink[::5, ::5]  # so far apart that the blur makes no two of them alike
    deviation = 1.4826 / 2**0.5 * np.median(np.abs(np.diff(some, axis=1))) if some.shape[1] > 1 else 0.0
    quiet = np.percentile(some, 25) + 0.67 * deviation  # of noise the closing takes the brightest: paper is below it
    return np.clip(ink - quiet, 0, 1), float(deviation)


def _is_chalk(rgb: np.ndarray) -> bool:
    """Whether the strokes are lighter than what they are on.

    Strokes are thinner than what lies between them. So for squares of growing sides the ink is summed that a closing
    fills, and that an opening (the same in the negative) takes away; what each side adds counts by the inverse of its
    area, and the sign with the larger count is that of the strokes (a granulometry, Matheron 1975).
    """
    small = Image.fromarray(rgb)
    small.thumbnail((384, 384), Image.Resampling.BOX)
    soft = np.asarray(small.filter(ImageFilter.BoxBlur(0.6)))
    counts = []
    for light in (soft.min(2), 255 - soft.max(2)):  # the channel in which dark ink is darkest, light ink lightest
        sums = [0.0, *(_differing(light, filled(light, max(2, max(light.shape) // part))) for part in _PARTS)]
        counts.append(
            max((after - before) * part**2 for part, (before, after) in zip(_PARTS, pairwise(sums), strict=True))
        )
    if max(counts) > 2 * min(counts):
        return counts[1] > max(counts[0], 0.5)  # less is noise
    # Printed pages have gaps as thin as their strokes: there, most is paper.
    low, middle, high = np.percentile(soft[::2, ::2].mean(2), (2, 50, 98))
    return bool(middle < (low + high) / 2)


def _differing(light: np.ndarray, paper: np.ndarray) -> float:
    """The ink between a picture and what it would be without: the share of its pixels times how far they differ."""
    brighter = np.maximum(paper, 255 - light)  # of both in the negative too, so that both signs are measured alike
    apart = (paper - light) / np.maximum(brighter, DARKEST_PAPER).astype(np.float32)
    some = apart[::3, ::3]  # enough to know a median by
    middle = np.median(some)
    noise = 1.4826 * np.median(np.abs(some - middle))
    return float(np.clip(apart - middle - max(0.12, 4 * noise), 0, 1).mean())


# Things


def _things(ink: np.ndarray, least: float, *, whole: bool) -> list[_Thing]:
    """What might be a digit or a piece of one."""
    things, height, width = [], *ink.shape
    smallest = max(6, round(0.012 * min(height, width))) if whole else 3
    for box, part in _parts(ink, least, smallest):
        strength = float(np.percentile(part, 90))
        cuts = (box[0] <= 1) + (box[1] <= 1) + (box[2] >= width - 1) + (box[3] >= height - 1)
        things.append(_Thing(box, len(part), strength, int(cuts)))
    things = [thing for thing in things if not _is_frame(thing, things)]
    inside = [thing for thing in things if not thing.cuts]
    strongest = max((thing.strength * thing.size for thing in inside), default=0)
    if not inside or (not whole and strongest < 0.2 * max(thing.strength * thing.size for thing in things)):
        # All is cut: a frame drawn too tight, a digit that goes over the edge. Lines and tables cross it more often,
        # and what is left of a shadow is fainter.
        crossed = whole and _crossings(ink > least) > MOST_CROSSINGS
        inside = [] if crossed else [thing for thing in things if not whole or _is_large(thing, ink.shape)]
    if not inside:
        return []
    most = max(thing.strength for thing in inside)
    return [thing for thing in inside if thing.strength >= 0.25 * most]


def _is_large(thing: _Thing, shape: tuple[int, ...]) -> bool:
    """Whether what goes over the edge of a picture is ink enough for a digit."""
    return thing.strength > CUT_STRENGTH and thing.size > 0.1 * min(shape)


def _parts(ink: np.ndarray, least: float, smallest: int, again: bool = True) -> Iterator[tuple[Frame, np.ndarray]]:
    """(box, ink of its pixels) of the regions, each looked at again at a share of its own strength: printed lines are
    fainter than the pen that crosses them, and what hung together by them comes apart."""
    regions = regions_of(ink > least)
    sizes = (regions.boxes[:, 2:] - regions.boxes[:, :2]).max(1, initial=0)
    for number in np.argsort(-sizes, kind="stable")[: min(MOST_REGIONS, int((sizes >= smallest).sum()))]:
        left, top, right, bottom = box = tuple(int(at) for at in regions.boxes[number])
        own = np.where(regions.labels(box) == number, ink[top:bottom, left:right], 0)
        level = 0.4 * float(np.percentile(own[own > 0], 99.5))
        if again and level > 1.3 * least:
            for (x0, y0, x1, y1), part in _parts(own, level, smallest, again=False):
                yield (left + x0, top + y0, left + x1, top + y1), part
        else:
            yield box, own[own > 0]


def _is_frame(thing: _Thing, others: list[_Thing]) -> bool:
    """Whether it is drawn round something else: a box, a circle, the edge of a sheet."""
    left, top, right, bottom = thing.box
    return any(
        left < other.box[0] and top < other.box[1] and right > other.box[2] and bottom > other.box[3]
        and other.size >= 0.3 * thing.size and other.strength >= 0.3 * thing.strength
        for other in others
    )  # fmt: skip


def _crossings(mask: np.ndarray) -> float:
    """How often ink goes over the edge of a picture; infinite if most of the edge is ink."""
    edge = np.concatenate([mask[0], mask[:, -1], mask[-1, ::-1], mask[::-1, 0]])
    return np.inf if edge.mean() > 0.5 else float(np.count_nonzero(edge & ~np.roll(edge, 1)))


def _with_its_pieces(best: _Thing, things: list[_Thing]) -> list[_Thing]:
    """The thing and what belongs to it: the loose bar of a 5, a broken stroke. Another digit stands beside it."""
    digit, again = [best], True
    while again:
        again = False
        for other in things:
            if other in digit:
                continue
            left, top = (min(one.box[k] for one in digit) for k in (0, 1))
            right, bottom = (max(one.box[k] for one in digit) for k in (2, 3))
            high = max(bottom - top, best.size)
            across = min(right, other.box[2]) - max(left, other.box[0])
            apart = max(other.box[1] - bottom, top - other.box[3])
            upon = across >= 0.5 * min(right - left, other.box[2] - other.box[0])
            crumb = other.size <= 0.3 * high and -across < 0.1 * high
            if other.size > 0.04 * high and apart < 0.12 * high and (upon or crumb):
                digit.append(other)
                again = True
    return digit


# The drawing


def _drawing(ink: np.ndarray, digit: list[_Thing]) -> tuple[np.ndarray, Frame, bool]:
    """The ink of these things as MNIST's makers would have it, (28, 28) uint8 in four levels; their box; and whether
    it is a pen's: of one strength, and with little other ink among it."""
    left, top = (min(one.box[k] for one in digit) for k in (0, 1))
    right, bottom = (max(one.box[k] for one in digit) for k in (2, 3))
    cut = ink[top:bottom, left:right]
    within = np.zeros(cut.shape, bool)
    for one in digit:
        within[one.box[1] - top : one.box[3] - top, one.box[0] - left : one.box[2] - left] = True
    strength = float(np.median(cut[within & (cut > 0.5 * max(one.strength for one in digit))]))
    shares = cut / strength
    regions = regions_of(shares > 0.4)
    sizes = (regions.boxes[:, 2:] - regions.boxes[:, :2]).max(1)
    middles = (regions.boxes[:, :2] + regions.boxes[:, 2:]) // 2
    counts = (sizes >= 0.04 * max(cut.shape)) & within[middles[:, 1], middles[:, 0]]
    labels = regions.labels()
    own = (labels >= 0) & counts[labels]
    pen = _pen(own)
    soft = widest(own.astype(np.uint8), max(1, round(pen / 6))) > 0  # with the soft edges of the strokes
    other, full = np.count_nonzero((labels >= 0) & ~own), np.count_nonzero(own & (shares >= 0.7))
    shades = np.count_nonzero(soft & (shares > 0.25) & (shares < 0.7))
    clear = other <= CLUTTER * own.sum() and shades <= (SHADES + min(0.5, 4 / pen)) * full
    pixels = np.where(soft, np.rint(255 * np.clip((shares - 0.25) / 0.5, 0, 1)), 0).astype(np.uint8)
    drawing = quantised(placed(scaled(_thickened(pixels), BOX)))
    return drawing, (left, top, right, bottom), bool(clear)


def _pen(strokes: np.ndarray) -> float:
    """The mean width of strokes (H, W) bool in pixels: both sides of a stroke are outline."""
    inner = strokes[1:-1, 1:-1] & strokes[:-2, 1:-1] & strokes[2:, 1:-1] & strokes[1:-1, :-2] & strokes[1:-1, 2:]
    return max(1.0, 2 * float(strokes.sum()) / max(1, int(strokes.sum() - inner.sum())))


def _thickened(pixels: np.ndarray) -> np.ndarray:
    """Strokes that would be thinner than STROKE in the box of 20 × 20 made that thick."""
    reach = round((STROKE * max(pixels.shape) / BOX - _pen(pixels > 127)) / 2)
    return widest(np.pad(pixels, reach), reach) if reach >= 1 else pixels

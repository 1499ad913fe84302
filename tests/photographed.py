"""Photographed digits, made here: the same photo each time, and what it shows is known.

`photograph(kind, digit, hand)` draws a digit in one of HANDS on paper, under the light and on the table of its kind.
Hands 0 and 1 are strokes drawn with a pen of any width, the last are digits of MNIST that no training ever saw.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from scipy.ndimage import distance_transform_edt
from skimage.morphology import skeletonize

from engine.data.digits import HELD_OUT_OF_EACH, load_digits

WIDTH, HEIGHT = 400, 480
HANDS = range(3)
_SCALE = 4  # strokes are drawn this much larger, for smooth edges


def _arc(x: float, y: float, rx: float, ry: float, start: float, end: float) -> list[tuple[float, float]]:
    """Points of an ellipse; degrees, 0 to the right, 90 down."""
    angles = np.radians(np.linspace(start, end, 40))
    return list(zip(x + rx * np.cos(angles), y + ry * np.sin(angles), strict=True))


# Pen strokes in a box that is 1 high; y down.
_ROUND = {
    0: [_arc(0.32, 0.5, 0.30, 0.48, -100, 265)],
    1: [[(0.1, 0.22), (0.3, 0.03), (0.3, 0.98)]],
    2: [[*_arc(0.3, 0.28, 0.27, 0.25, -170, 30), (0.05, 0.96), (0.62, 0.96)]],
    3: [[*_arc(0.28, 0.26, 0.26, 0.23, -160, 90), *_arc(0.28, 0.72, 0.30, 0.25, -90, 160)]],
    4: [[(0.42, 0.98), (0.42, 0.02), (0.02, 0.66), (0.64, 0.66)]],
    5: [[(0.55, 0.04), (0.14, 0.04), (0.1, 0.44), *_arc(0.28, 0.67, 0.30, 0.28, -125, 150)]],
    6: [[(0.5, 0.03), (0.22, 0.28), *_arc(0.32, 0.7, 0.27, 0.26, -165, 195)]],
    7: [[(0.04, 0.04), (0.58, 0.04), (0.24, 0.98)]],
    8: [[*_arc(0.32, 0.26, 0.22, 0.22, 90, 450), *_arc(0.32, 0.73, 0.28, 0.25, -90, 270)]],
    9: [[*_arc(0.32, 0.28, 0.26, 0.26, 0, 360), (0.58, 0.28), (0.5, 0.98)]],
}
# Another schooling, leaning to the right; 4 and 5 are made of two strokes that do not always meet.
_SLANTED = {
    0: [_arc(0.26, 0.5, 0.22, 0.47, -60, 300)],
    1: [[(0.22, 0.02), (0.22, 0.98)]],
    2: [[*_arc(0.26, 0.24, 0.24, 0.22, -180, 45), (0.0, 0.94), (0.2, 0.88), (0.52, 0.97)]],
    3: [[(0.04, 0.05), (0.48, 0.04), (0.22, 0.4), *_arc(0.22, 0.7, 0.27, 0.28, -80, 155)]],
    4: [[(0.12, 0.02), (0.02, 0.56), (0.6, 0.54)], [(0.46, 0.26), (0.42, 0.98)]],
    5: [[(0.14, 0.05), (0.1, 0.42), *_arc(0.26, 0.68, 0.28, 0.28, -125, 150)], [(0.19, 0.05), (0.58, 0.03)]],
    6: [[(0.36, 0.02), (0.08, 0.5), *_arc(0.28, 0.74, 0.22, 0.23, 180, 530)]],
    7: [[(0.04, 0.1), (0.08, 0.04), (0.56, 0.05), (0.2, 0.98)], [(0.16, 0.5), (0.52, 0.48)]],
    8: [[(0.5, 0.1), *_arc(0.28, 0.25, 0.22, 0.22, -60, -260), *_arc(0.28, 0.73, 0.25, 0.24, -80, 200), (0.5, 0.1)]],
    9: [[*_arc(0.28, 0.27, 0.24, 0.24, -30, 330), (0.5, 0.15), (0.46, 0.5), (0.34, 0.98)]],
}
_PROPORTIONS = ((_ROUND, 0.0), (_SLANTED, 0.18))  # strokes, and how far the top leans to the right
_MNIST = (23,)  # which held-out digit of each kind, for each hand of its own


@cache
def ink_of(digit: int, hand: int, height: int = 240, pen: float = 18) -> np.ndarray:
    """Ink (height + 2 pen, any, ) float32 from 0 to 1: the digit `height` pixels high, written by one of HANDS."""
    if hand >= len(_PROPORTIONS):
        return _of_mnist(digit, _MNIST[hand - len(_PROPORTIONS)], height, pen)
    strokes, lean = _PROPORTIONS[hand]
    edge, scale = pen, _SCALE * height
    wide = round(0.9 * height + 2 * edge)
    image = Image.new("L", (_SCALE * wide, round(_SCALE * (height + 2 * edge))))
    draw, width = ImageDraw.Draw(image), _SCALE * pen
    for stroke in strokes[digit]:
        places = [(_SCALE * edge + scale * (x + lean * (1 - y)), _SCALE * edge + scale * y) for x, y in stroke]
        draw.line(places, 255, round(width), joint="curve")
        for x, y in places:
            draw.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), 255)
    return _cut(np.asarray(image.resize((wide, round(height + 2 * edge)), Image.Resampling.BOX), np.float32) / 255)


def _of_mnist(digit: int, number: int, height: int, pen: float) -> np.ndarray:
    """The middle line of a held-out digit, enlarged and drawn with a pen of this width."""
    pixels = load_digits().held_out_images[HELD_OUT_OF_EACH * digit + number]
    rows = np.flatnonzero(pixels.max(1))
    zoom = height / (rows[-1] - rows[0] + 1)
    large = Image.fromarray(pixels).resize((round(28 * zoom),) * 2, Image.Resampling.BICUBIC)
    smooth = np.asarray(large.filter(ImageFilter.GaussianBlur(float(zoom) / 3)))
    away = distance_transform_edt(~np.pad(skeletonize(smooth > 100), round(pen)))
    return _cut(np.clip(pen / 2 - away + 0.5, 0, 1).astype(np.float32))


def _cut(ink: np.ndarray) -> np.ndarray:
    rows, columns = np.flatnonzero(ink.max(1) > 0.02), np.flatnonzero(ink.max(0) > 0.02)
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _random(*what: object) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(repr(what).encode()))


def _sheet(
    digit: int, hand: int, *, height: int = 240, pen: float = 18, centre: tuple[float, float] = (0.5, 0.5),
    size: tuple[int, int] = (WIDTH, HEIGHT),
) -> np.ndarray:  # fmt: skip
    """Ink (H, W) float32 from 0 to 1 on a sheet, its middle at `centre` (shares of width and height)."""
    ink, page = ink_of(digit, hand, height, pen), np.zeros((size[1], size[0]), np.float32)
    top = int(np.clip(centre[1] * size[1] - ink.shape[0] / 2, 4, size[1] - ink.shape[0] - 4))
    left = int(np.clip(centre[0] * size[0] - ink.shape[1] / 2, 4, size[0] - ink.shape[1] - 4))
    page[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return page


Colour = tuple[float, float, float]


def _coloured(ink: np.ndarray, paper: Colour = (230, 230, 230), pen: Colour = (40, 40, 45)) -> np.ndarray:
    """(H, W, 3) float: ink of one colour on paper of another."""
    return ink[..., None] * np.array(pen) + (1 - ink[..., None]) * np.array(paper)


def _grid(size: tuple[int, int] = (WIDTH, HEIGHT)) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[: size[1], : size[0]].astype(np.float64)
    return x, y


def shadow(rgb: np.ndarray) -> np.ndarray:
    """A phone's shadow over the left of the sheet."""
    x, y = _grid((rgb.shape[1], rgb.shape[0]))
    return rgb * (0.45 + 0.55 / (1 + np.exp(-(x - 200 - 0.3 * y) / 30)))[..., None]


def _gradient(rgb: np.ndarray) -> np.ndarray:
    x, y = _grid((rgb.shape[1], rgb.shape[0]))
    return rgb * (0.5 + 0.5 * (x / x.max() + y / y.max()) / 2)[..., None]


def _vignette(rgb: np.ndarray) -> np.ndarray:
    x, y = _grid((rgb.shape[1], rgb.shape[0]))
    away = ((x / x.max() - 0.5) ** 2 + (y / y.max() - 0.5) ** 2) / 0.5
    return rgb * (1 - 0.65 * away)[..., None]


def _noise(rgb: np.ndarray, amount: float, *seed: object) -> np.ndarray:
    return rgb + _random("noise", *seed).normal(0, amount, rgb.shape)


def _table(size: tuple[int, int], colour: Colour, *seed: object) -> np.ndarray:
    """(H, W, 3) float: wood, with its grain along the rows."""
    random = _random("table", *seed)
    grain = random.normal(0, 1, (size[1], 1)).cumsum(0)
    grain = (grain - grain.mean()) / (np.abs(grain).max() + 1e-9) * 14 + random.normal(0, 3, (size[1], size[0]))
    return np.array(colour) + grain[..., None]


def _laid(
    sheet: np.ndarray, table: np.ndarray, corners: list[tuple[float, float]], *, light: np.ndarray | None = None
) -> np.ndarray:
    """The sheet on the table, its corners (top left, bottom left, bottom right, top right) there, seen in perspective;
    what is light on the table falls on the sheet too."""
    height, width = sheet.shape[:2]
    source = [(0, 0), (0, height), (width, height), (width, 0)]
    rows, right = [], []
    for (x, y), (u, v) in zip(corners, source, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    coefficients = np.linalg.solve(np.array(rows, float), np.array(right, float))
    size = table.shape[1], table.shape[0]
    image = Image.fromarray(np.clip(sheet, 0, 255).astype(np.uint8))
    moved = image.transform(size, Image.Transform.PERSPECTIVE, tuple(coefficients), Image.Resampling.BICUBIC)
    whole = Image.new("L", (width, height), 255)
    cover = whole.transform(size, Image.Transform.PERSPECTIVE, tuple(coefficients), Image.Resampling.BICUBIC)
    share = np.asarray(cover, np.float64)[..., None] / 255
    laid = share * np.asarray(moved, np.float64) + (1 - share) * table
    return laid if light is None else laid * light[..., None]


def _turned(size: tuple[int, int], share: float, degrees: float, tilt: float = 0.0) -> list[tuple[float, float]]:
    """Corners of a sheet of 5 : 6 that covers a share of the picture's sides, turned, its top shorter by `tilt`."""
    width, height = size
    high = share * min(height, width * 1.2)
    wide, turn = high / 1.2, np.radians(degrees)
    found = []
    for x, y in ((-1, -1), (-1, 1), (1, 1), (1, -1)):
        px, py = x * wide / 2 * (1 - tilt * (y < 0)), y * high / 2
        found.append((width / 2 + px * np.cos(turn) - py * np.sin(turn),
                      height / 2 + px * np.sin(turn) + py * np.cos(turn)))  # fmt: skip
    return found


def _lines(rgb: np.ndarray, step: int, colour: Colour, *, upright: bool = True, width: int = 1) -> np.ndarray:
    """Printed lines, under the ink."""
    height, across = rgb.shape[:2]
    printed = np.zeros((height, across), bool)
    for offset in range(width):
        printed[step // 3 + offset :: step] = True
        if upright:
            printed[:, step // 2 + offset :: step] = True
    return np.where(printed[..., None], np.minimum(rgb, np.array(colour)), rgb)


INKS: list[Colour] = [(20, 40, 160), (190, 20, 30), (10, 120, 60), (200, 90, 0), (120, 30, 140)]


def _black(digit, hand):
    return _coloured(_sheet(digit, hand), (250, 250, 250), (15, 15, 15))


def _thin(digit, hand):
    return _coloured(_sheet(digit, hand, pen=4), (250, 250, 250), (15, 15, 15))


def _thick(digit, hand):
    return _coloured(_sheet(digit, hand, pen=38), (250, 250, 250), (15, 15, 15))


def _in_colour(digit, hand):
    return _coloured(_sheet(digit, hand), (246, 243, 232), INKS[(digit + hand) % len(INKS)])


def _inverted(digit, hand):
    return _coloured(_sheet(digit, hand), (20, 24, 28), (235, 235, 230))


def _small(digit, hand):
    return _coloured(_sheet(digit, hand, height=36, pen=4), (245, 245, 245), (30, 30, 30))


def _pencil(digit, hand):
    ink = _sheet(digit, hand, pen=7)
    grain = _random("pencil", digit, hand).uniform(0.45, 1, ink.shape)
    return _noise(_coloured((ink * grain).astype(np.float32), (232, 232, 230), (128, 128, 130)), 3, digit, hand)


def _shadowed(digit, hand):
    return shadow(_coloured(_sheet(digit, hand)))


def _graded(digit, hand):
    return _gradient(_coloured(_sheet(digit, hand)))


def _vignetted(digit, hand):
    return _vignette(_coloured(_sheet(digit, hand)))


def _on_a_table(digit, hand):
    sheet = _coloured(_sheet(digit, hand))
    table = _table((640, 480), (58, 44, 36), digit, hand)
    return _laid(sheet, table, _turned((640, 480), 0.85, (-9, 7, 4, -5)[hand]))


def _boxed(digit, hand):
    page = Image.fromarray(np.rint(255 * _sheet(digit, hand, height=200)).astype(np.uint8))
    ImageDraw.Draw(page).rectangle((60, 80, 340, 400), outline=255, width=10)
    return _coloured(np.asarray(page, np.float32) / 255)


def _squared(digit, hand):
    page = _lines(np.full((HEIGHT, WIDTH, 3), 238.0), 24, (165, 185, 215), width=2)
    return _noise(_coloured(_sheet(digit, hand, pen=10), page, (40, 45, 90)), 3, digit, hand)


def _off_centre(digit, hand):
    place = [(0.2, 0.2), (0.8, 0.25), (0.25, 0.8), (0.8, 0.8)][hand]
    return _coloured(_sheet(digit, hand, height=130, pen=11, centre=place))


def _noisy(digit, hand):
    return _noise(_coloured(_sheet(digit, hand), (205, 205, 205), (60, 60, 60)), 22, digit, hand)


def _perspective(digit, hand):
    sheet = _noise(_coloured(_sheet(digit, hand, pen=14)), 4, digit, hand)
    table = _table((640, 520), (120, 92, 66), digit, hand)
    light = 1 - 0.5 * _grid((640, 520))[0] / 640
    laid = _laid(sheet, table, _turned((640, 520), 0.9, (5, -4, 3, -6)[hand], 0.14), light=light)
    return np.asarray(Image.fromarray(np.clip(laid, 0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(1.2)))


def _ruled(digit, hand):
    page = _lines(np.full((HEIGHT, WIDTH, 3), 240.0), 44, (150, 170, 205), upright=False, width=2)
    return shadow(_coloured(_sheet(digit, hand, height=120, pen=9), page, (25, 30, 90)))


def _specks(digit, hand):
    page = Image.fromarray(np.rint(255 * _sheet(digit, hand)).astype(np.uint8))
    random, draw = _random("specks", digit, hand), ImageDraw.Draw(page)
    for x, y, radius in zip(
        random.uniform(10, 390, 14), random.uniform(10, 470, 14), random.uniform(1, 4, 14), strict=True
    ):
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), 200)
    return _coloured(np.asarray(page, np.float32) / 255)


def _pencil_in_the_shadow(digit, hand):
    return shadow(_pencil(digit, hand))


def _hard_shadow(digit, hand):
    """A window frame's shadow: a sharp edge right through the digit."""
    x, y = _grid()
    light = 0.6 + 0.4 / (1 + np.exp(-(x + 0.4 * y - 290) / 1.5))
    return _coloured(_sheet(digit, hand)) * light[..., None]


def _board(digit, hand):
    """Chalk on a wiped blackboard, lit from one side."""
    ink = _sheet(digit, hand, pen=14) * _random("chalk", digit, hand).uniform(0.6, 1, (HEIGHT, WIDTH))
    return _noise(_gradient(_coloured(ink.astype(np.float32), (52, 66, 58), (225, 228, 220))), 5, digit, hand)


def _large(digit, hand):
    """As large as pictures are kept, nearly filled, out of a phone: uneven light and grain."""
    ink = _sheet(digit, hand, height=720, pen=44, size=(768, 1024))
    return _noise(_vignette(_coloured(ink, (215, 205, 190), (50, 50, 80))), 6, digit, hand)


KINDS: dict[str, Callable[[int, int], np.ndarray]] = {
    "black": _black, "thin": _thin, "thick": _thick, "coloured": _in_colour, "inverted": _inverted, "small": _small,
    "pencil": _pencil, "shadow": _shadowed, "soft gradient": _graded, "vignette": _vignetted, "dark table": _on_a_table,
    "box": _boxed, "squared paper": _squared, "off centre": _off_centre, "noisy": _noisy, "perspective": _perspective,
    "ruled paper in a shadow": _ruled, "specks": _specks, "pencil in a shadow": _pencil_in_the_shadow,
    "hard shadow": _hard_shadow, "blackboard": _board, "large": _large,
}  # fmt: skip


def photograph(kind: str, digit: int, hand: int) -> np.ndarray:
    """A photo (H, W, 3) uint8 of one of KINDS."""
    return np.clip(np.rint(KINDS[kind](digit, hand)), 0, 255).astype(np.uint8)


def transparent(digit: int, hand: int, grey: int = 255) -> bytes:
    """A PNG file: ink of one grey on nothing."""
    ink = np.rint(255 * _sheet(digit, hand)).astype(np.uint8)
    rgba = np.dstack([np.full((*ink.shape, 3), grey, np.uint8), ink])
    file = io.BytesIO()
    Image.fromarray(rgba).save(file, "PNG")
    return file.getvalue()


def two_digits(left: int, right: int, hand: int, gap: int = 30) -> np.ndarray:
    """A photo (H, W, 3) uint8 of two digits side by side."""
    parts = [ink_of(digit, hand, 150, 12) for digit in (left, right)]
    page, x = np.zeros((300, 420), np.float32), (420 - gap - sum(part.shape[1] for part in parts)) // 2
    for part in parts:
        page[70 : 70 + part.shape[0], x : x + part.shape[1]] = part
        x += part.shape[1] + gap
    return np.rint(_coloured(page)).astype(np.uint8)

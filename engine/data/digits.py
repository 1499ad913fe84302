"""Handwritten digits: 10,000 of MNIST, drawings of one's own, and the step that makes the second look like the first.

assets/data/digits.npz is made by engine/recipes/digits.py; its licence stands beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from engine.data.digit_keys import DRAWN, PACKED, SAMPLE, pack, sample_number, unpack
from engine.data.resample import resampled

FILE = Path(__file__).resolve().parents[2] / "assets" / "data" / "digits.npz"
SIDE = 28  # pixels a side of a digit
BOX = 20  # the side into which MNIST's makers scaled every digit
CLASSES = 10
TRAINING, HELD_OUT_OF_EACH = 8000, 200
GREY_LEVELS = 4  # of a drawing: 2 bits a pixel, so that it fits into a link
_STEP = 255 // (GREY_LEVELS - 1)
_PLACES = np.array([6, 4, 2, 0], np.uint8)  # of four pixels in a byte


@dataclass(frozen=True, eq=False)
class Digits:
    """Pictures (N, 28, 28) uint8, 0 paper and 255 ink, and what they show (N,) int64, read-only.

    The held-out ones are 200 of each digit, in the order of the digits; no training ever sees them.
    """

    train_images: np.ndarray
    train_labels: np.ndarray
    held_out_images: np.ndarray
    held_out_labels: np.ndarray


@cache
def load_digits() -> Digits:
    """The 8,000 digits to train on and the 2,000 held out; read once."""
    with np.load(FILE, allow_pickle=False) as file:
        images, labels = file["images"], file["labels"].astype(np.int64)
    parts = (images[:TRAINING], labels[:TRAINING], images[TRAINING:], labels[TRAINING:])
    for part in parts:
        part.setflags(write=False)
    return Digits(*parts)


def digit_of(key: str) -> np.ndarray:
    """The picture (28, 28) uint8 behind the key of a link. Raises KnobError if it is none.

    key: sample:<number of a held-out digit, 0 to 1999> or drawn:<text of encode_drawing>.
    """
    if key.startswith(DRAWN):
        return decode_drawing(key.removeprefix(DRAWN))
    return load_digits().held_out_images[sample_number(key)]


def true_label(key: str) -> int | None:
    """What a held-out digit shows; None for a drawing, which only its maker knows."""
    return int(key.removeprefix(SAMPLE)) // HELD_OUT_OF_EACH if key.startswith(SAMPLE) else None


def quantised(pixels: np.ndarray) -> np.ndarray:
    """Pixels (28, 28) uint8 in the four grey levels that travel in a link: 0, 85, 170, 255."""
    return (np.rint(pixels / _STEP) * _STEP).astype(np.uint8)


def encode_drawing(pixels: np.ndarray) -> str:
    """A drawing (28, 28) uint8 as text for a link: four levels, four pixels a byte, zlib, base64url without padding.

    Most drawings take about 100 characters, none more than 320. ValueError for another shape or type.
    """
    if pixels.shape != (SIDE, SIDE) or pixels.dtype != np.uint8:
        raise ValueError(f"expected (28, 28) uint8, got {pixels.shape} {pixels.dtype}")
    levels = np.rint(pixels / _STEP).astype(np.uint8).reshape(PACKED, 4)
    return pack((levels << _PLACES).sum(1, dtype=np.uint8).tobytes())


def decode_drawing(text: str) -> np.ndarray:
    """The inverse of `encode_drawing`, up to the four grey levels: (28, 28) uint8. KnobError for any other text."""
    levels = np.frombuffer(unpack(text), np.uint8)[:, None] >> _PLACES & 3
    return (levels * np.uint8(_STEP)).reshape(SIDE, SIDE)


def centred(pixels: np.ndarray) -> np.ndarray:
    """What MNIST's makers did to every digit: scaled into a box of 20 × 20, then moved so that the centre of mass of
    the ink lies in the middle of 28 × 28 (LeCun et al. 1998, section III.A). (28, 28) uint8 -> (28, 28) uint8.

    The shape keeps its proportions. No ink, no change. Moves are by whole pixels and stop at the border.
    """
    rows, columns = np.flatnonzero(pixels.max(1)), np.flatnonzero(pixels.max(0))
    if len(rows) == 0:
        return pixels
    cut = pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return placed(scaled(cut, BOX))


def scaled(cut: np.ndarray, side: int) -> np.ndarray:
    """The longer side made `side` pixels, each new pixel the mean of what it covers (or interpolated)."""
    height, width = cut.shape
    scale = side / max(height, width)
    size = max(1, round(height * scale)), max(1, round(width * scale))
    return resampled(cut, size, "box" if scale < 1 else "bilinear")


def placed(cut: np.ndarray) -> np.ndarray:
    """On 28 × 28, with the centre of mass as near to the middle as whole pixels and the border allow."""
    page, weight = np.zeros((SIDE, SIDE), np.uint8), max(float(cut.sum()), 1.0)
    middle = ((np.indices(cut.shape) + 0.5) * cut).sum((1, 2)) / weight  # row, column
    top, left = (
        int(np.clip(round(SIDE / 2 - centre), 0, SIDE - length))
        for centre, length in zip(middle, cut.shape, strict=True)
    )
    page[top : top + cut.shape[0], left : left + cut.shape[1]] = cut
    return page

"""From a picture's file to its pixels: upright, on paper, in sRGB, small enough, and never much memory at a time."""

from __future__ import annotations

import io
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import Image, ImageCms

from engine.data.picture_files import JpegFile

LONG_SIDE = 1024  # pictures are kept at most this long …
SHORT_SIDE = 416  # … unless the shorter side would be less than the models' input; then up to LONGEST_SIDE
LONGEST_SIDE = 4096
STRIP_PIXELS = 1_000_000  # converted at a time
LARGE = 16 * 2**20  # bytes; pictures that take more are decoded one at a time

ORIENTATION = 0x0112  # EXIF tag: how the camera was held
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2}  # of a pixel in memory; all others take 4
_WEBP_BYTES = 21  # its decoder holds the picture five times over
_turn = threading.Lock()


@contextmanager
def one_at_a_time(size: int) -> Iterator[None]:
    """Waits until no other large picture is being decoded in this process; small ones (in bytes) need not."""
    if size < LARGE:
        yield
    else:
        with _turn:
            yield


def kept_size(width: int, height: int) -> tuple[int, int]:
    """The size in which a picture is kept: never enlarged, shape kept, at least one pixel a side."""
    longer, shorter = max(width, height), min(width, height)
    scale = min(1.0, max(LONG_SIDE / longer, SHORT_SIDE / shorter), LONGEST_SIDE / longer)
    return max(1, round(width * scale)), max(1, round(height * scale))


def memory_of(image: Image.Image, jpeg: JpegFile | None) -> int:
    """Bytes that decoding this opened picture takes at its peak; jpeg: what its markers say, if it is one."""
    width, height = image.size
    if image.format == "WEBP":
        return width * height * _WEBP_BYTES
    if jpeg is None:
        return width * height * _BYTES.get(image.mode, 4)
    shrink = jpeg_scale(width, height)
    pixels = -(-width // shrink) * -(-height // shrink) * _BYTES.get(image.mode, 4)
    return pixels + (int(2 * jpeg.planes * width * height) if jpeg.whole else 0)  # coefficients have 16 bits


def jpeg_scale(width: int, height: int) -> int:
    """1, 2, 4 or 8: a JPEG is decoded at this fraction of its size, not below what is kept."""
    wide, high = kept_size(width, height)
    return next(scale for scale in (8, 4, 2, 1) if scale == 1 or (width // scale >= wide and height // scale >= high))


def pixels_of(
    image: Image.Image, *, depth: int = 8, gamma: float = 0.0, profile: bytes | None = None, orientation: int = 0,
    contrasting: bool = False,
) -> tuple[np.ndarray, bool]:  # fmt: skip
    """(H, W, 3) uint8 of the first frame, and whether it was laid on black.

    Transparent pictures lie on white; with `contrasting`, on black if what can be seen is lighter than middle grey.
    depth: bits a channel; gamma: of the file, 0 for sRGB; profile: ICC, ignored if it does not fit or is damaged;
    orientation: used where EXIF gives none. Raises whatever the decoder raises.
    """
    size = kept_size(*image.size)
    image.draft(None, size)  # JPEG only
    image.load()
    turned = image.getexif().get(ORIENTATION, orientation)
    profile = profile or image.info.get("icc_profile")
    small = _shrunk(image, size, depth, gamma).resize(size, Image.Resampling.LANCZOS)
    on_black = False
    if small.mode == "RGBa":
        small, on_black = _laid_on_paper(small, contrasting)
    if gamma and not image.mode.startswith("I"):
        small = small.point(list(_from_gamma(gamma, 256)) * len(small.getbands()))
    small = _in_srgb(small, profile)
    if turned in _UPRIGHT:
        small = small.transpose(_UPRIGHT[turned])
    return np.array(small, np.uint8), on_black


def _shrunk(image: Image.Image, size: tuple[int, int], depth: int, gamma: float) -> Image.Image:
    """Strip by strip 8 bits a channel, L, RGB, CMYK or RGBa, and averaged over squares to no less than twice `size`."""
    width, height = image.size
    factor = max(1, math.floor(min(width / size[0], height / size[1]) / 2))
    rows = max(1, STRIP_PIXELS // max(1, width) // factor) * factor
    made, convert = None, _conversion(image, depth, gamma)
    for top in range(0, height, rows):
        strip = convert(image.crop((0, top, width, min(height, top + rows))))
        strip = strip.reduce(factor) if factor > 1 else strip
        if made is None:
            made = Image.new(strip.mode, (-(-width // factor), -(-height // factor)))
        made.paste(strip, (0, top // factor))
    return made


def _conversion(image: Image.Image, depth: int, gamma: float):
    """What makes a strip of this picture one of 8 bits a channel."""
    clear = image.info.get("transparency")
    if image.mode.startswith("I") or image.mode == "F":
        table = _from_gamma(gamma, 65536) if gamma else (np.arange(65536) / 257).round().astype(np.uint8)

        def from_16_bits(strip: Image.Image) -> Image.Image:
            values = np.asarray(strip)
            if values.dtype.itemsize != 2:
                values = values.clip(0, 65535).astype(np.uint16)
            grey = Image.fromarray(table[values])
            if clear is None:
                return grey
            alpha = Image.fromarray(np.where(values == clear, 0, 255).astype(np.uint8))
            return Image.merge("RGBA", (grey, grey, grey, alpha)).convert("RGBa")

        return from_16_bits
    if image.has_transparency_data:
        if depth == 16 and isinstance(clear, tuple):  # Pillow keeps the upper 8 of 16 bits, but all of these
            clear = tuple(value >> 8 for value in clear)

        def with_alpha(strip: Image.Image) -> Image.Image:
            if clear is not None:
                strip.info["transparency"] = clear
            return strip.convert("RGBA").convert("RGBa")

        return with_alpha
    if image.mode in ("L", "RGB", "CMYK"):
        return lambda strip: strip
    return lambda strip: strip.convert("L" if image.mode == "1" else "RGB")


def _laid_on_paper(small: Image.Image, contrasting: bool) -> tuple[Image.Image, bool]:
    """A picture with premultiplied alpha (RGBa) on white or black paper, RGB."""
    values = np.asarray(small, np.uint8).astype(np.uint16)
    colours, cover = values[..., :3], values[..., 3:]
    on_black = False
    if contrasting and cover.min() < 255:
        luma = float((colours @ np.array([0.299, 0.587, 0.114])).sum()) / max(1.0, float(cover.sum()) / 255)
        on_black = luma > 127.5
    laid = colours if on_black else colours + 255 - cover
    return Image.fromarray(laid.clip(0, 255).astype(np.uint8)), on_black


def _from_gamma(gamma: float, levels: int) -> np.ndarray:
    """(levels,) uint8: the values of a file that were encoded with this gamma, in sRGB (IEC 61966-2-1)."""
    light = np.linspace(0, 1, levels) ** (1 / gamma)
    encoded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.rint(255 * encoded).astype(np.uint8)


def _in_srgb(small: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB in sRGB, by the profile if that is one of the picture's own kind of colours."""
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            space = source.profile.xcolor_space.strip()
            if space == "GRAY" and small.mode == "RGB":  # grey on paper
                small = small.convert("L")
            if {"L": "GRAY"}.get(small.mode, small.mode) == space:
                intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
                return ImageCms.profileToProfile(
                    small, source, ImageCms.createProfile("sRGB"), intent, "RGB",
                    flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
                )  # fmt: skip
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError, AttributeError):
            pass  # a damaged profile: the colours as they are
    return small.convert("RGB")

"""Pictures from visitors: decoded safely, kept by content, forgotten when memory runs short.

Nothing but the pixels is kept: no EXIF, no GPS position, no comments.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import math

import numpy as np
from PIL import Image, UnidentifiedImageError

from engine.contracts.knob import KnobError
from engine.data.file_kinds import kind_of
from engine.data.picture_files import END_OF_JPEG, JPEG, PNG, JpegFile, orientation_in, read_jpeg, read_png
from engine.data.picture_pixels import memory_of, one_at_a_time, pixels_of
from engine.machinery.own import key_of_digest

MAXIMUM_BYTES = 16 * 2**20
MAXIMUM_PIXELS = 64_000_000
MAXIMUM_MEMORY = 96 * 2**20  # bytes that decoding one picture may take, whatever its size
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
SAMPLE = "sample:"
_OURS = (PNG, JPEG, b"GIF87a", b"GIF89a")
_LOWEST_GAMMA, _HIGHEST_GAMMA, _SRGB_GAMMA = 0.1, 3.0, 0.45455


class PictureError(KnobError):
    """A picture that cannot be used, in one sentence: what was expected and what came."""


@dataclasses.dataclass(frozen=True, eq=False)
class Picture:
    """rgb: (H, W, 3) uint8, read-only; sha256: of the file it came from, in hex; name: for the reader's eyes only."""

    rgb: np.ndarray
    sha256: str
    name: str

    @property
    def key(self) -> str:
        """`upload:` and the first 16 hex digits: what a link carries."""
        return key_of_digest(self.sha256)

    @property
    def nbytes(self) -> int:
        """Bytes of the pixels."""
        return self.rgb.nbytes


def decode(
    content: bytes, name: str = "", *, most_bytes: int = MAXIMUM_BYTES, most_pixels: int = MAXIMUM_PIXELS,
    contrasting: bool = False,
) -> Picture:  # fmt: skip
    """The picture in a PNG, JPEG, WebP or GIF file; of an animation the first frame (of a PNG its still picture).

    At most `most_bytes`, `most_pixels` and MAXIMUM_MEMORY, all checked before any pixel is decoded; the format is told
    by the content, never by the name. The camera's orientation is applied, transparency laid on white (`contrasting`:
    on black where what can be seen is light), the colours of a profile or a gamma turned into sRGB, 16-bit, CMYK,
    palette and grey made 8-bit RGB, and large ones shrunk (see kept_size). Raises PictureError saying what was expected
    and what came.
    """
    if not content:
        raise PictureError("Expected a picture, got an empty file.")
    if len(content) > most_bytes:
        raise PictureError(
            "Expected a picture of at most {most} MB, got {size} MB.",
            most=most_bytes // 2**20, size=f"{math.ceil(len(content) / 2**20 * 10) / 10:.1f}",
        )  # fmt: skip
    try:
        rgb, on_black = _decoded(content, most_pixels, contrasting)
    except PictureError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):  # Pillow's own limits are higher
        raise PictureError(
            "Expected a picture of at most {most} megapixels, got far more.", most=most_pixels // 1_000_000
        ) from None
    except Exception as error:  # decoders of damaged files raise nearly anything: OSError, SyntaxError, struct.error …
        raise PictureError("Expected a whole picture, but this file is cut off or damaged.") from error
    rgb.setflags(write=False)
    digest = hashlib.sha256(content)
    if on_black:  # the same file on white is another picture
        digest.update(b"on black")
    return Picture(rgb, digest.hexdigest(), _readable(name))


def _decoded(content: bytes, most_pixels: int, contrasting: bool) -> tuple[np.ndarray, bool]:
    """See pixels_of. Raises PictureError, or whatever a decoder raises."""
    jpeg, more = None, {}
    data = content
    if content.startswith(PNG):
        png = read_png(content)
        gamma = png.gamma if _LOWEST_GAMMA <= png.gamma <= _HIGHEST_GAMMA else 0.0
        gamma = 0.0 if abs(gamma - _SRGB_GAMMA) < 0.01 else gamma  # 1 / 2.2 is how files have said "sRGB"
        data, more = png.content, {"depth": png.depth, "profile": png.profile, "gamma": gamma,
                                   "orientation": png.orientation}  # fmt: skip
    elif content.startswith(JPEG):
        jpeg = read_jpeg(content) or JpegFile(1, 1, 3.0, True)  # where that cannot be told: the worst
    with _open(data) as image:
        width, height = image.size
        if width < 1 or height < 1:
            raise PictureError("Expected a picture with at least one pixel, got {width} × {height}.",
                               width=width, height=height)  # fmt: skip
        if width * height > most_pixels:
            raise PictureError(
                "Expected a picture of at most {most} megapixels, got {width} × {height}.",
                most=most_pixels // 1_000_000, width=width, height=height,
            )  # fmt: skip
        size = memory_of(image, jpeg)
        if size > MAXIMUM_MEMORY:
            raise _too_costly(image, size)
        if "xmp" in image.info:
            more.setdefault("orientation", orientation_in(image.info["xmp"]))
        with one_at_a_time(size):
            if jpeg is None:
                return pixels_of(image, contrasting=contrasting, **more)
            try:
                return pixels_of(image, **more)
            except OSError:
                if content.endswith(END_OF_JPEG):
                    raise
            return _without_its_end(content, more)


def _too_costly(image: Image.Image, size: int) -> PictureError:
    """One sentence, with what helps."""
    width, height = image.size
    if image.format in ("JPEG", "MPO"):
        return PictureError(
            "Expected a picture that needs at most {most} MB to open, got a progressive JPEG of {width} × {height} "
            "that needs {size} MB; save it as a plain (baseline) JPEG, or smaller.",
            most=MAXIMUM_MEMORY // 2**20, width=width, height=height, size=size // 2**20,
        )  # fmt: skip
    return PictureError(
        "Expected a picture that needs at most {most} MB to open, got {width} × {height} pixels that need {size} MB; "
        "save it as a JPEG, or smaller.",
        most=MAXIMUM_MEMORY // 2**20, width=width, height=height, size=size // 2**20,
    )  # fmt: skip


def _without_its_end(content: bytes, more: dict) -> tuple[np.ndarray, bool]:
    """A JPEG that lacks its last bytes, if these were nothing but the mark of its end; else OSError.

    A decoder goes on with whatever follows: where the pixels are all there, it changes none of them.
    """
    content, first = content.removesuffix(END_OF_JPEG[:1]), None
    for filling in (b"", b"\xa5\x5a\x33\xcc" * 16):
        with _open(content + filling + END_OF_JPEG) as image:
            rgb, on_black = pixels_of(image, **more)
        if first is not None and not np.array_equal(first, rgb):
            raise OSError("cut off")
        first = rgb
    return first, on_black


def _open(content: bytes) -> Image.Image:
    """Reads the header only."""
    try:
        return Image.open(io.BytesIO(content), formats=FORMATS)
    except UnidentifiedImageError:
        if content.startswith(_OURS) or (content[:4] == b"RIFF" and content[8:12] == b"WEBP"):
            raise  # begins well and goes on badly
        raise PictureError("Expected a PNG, JPEG, WebP or GIF picture, got {label}.", label=kind_of(content)) from None


def _readable(name: str) -> str:
    """A file's name without folders and control characters, at most 80 characters."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(character for character in last if character.isprintable())[:80]

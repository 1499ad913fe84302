"""Pictures from visitors: decoded safely, kept by content, forgotten when memory runs short.

Nothing but the pixels is kept: no EXIF, no GPS position, no comments.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import math
import threading
from collections import OrderedDict

import numpy as np
from PIL import Image, UnidentifiedImageError

from engine.core.knob import KnobError

MAXIMUM_BYTES = 8 * 1024 * 1024
MAXIMUM_PIXELS = 20_000_000
LONG_SIDE = 1024  # pictures are kept at most this long
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
UPLOAD, SAMPLE = "upload:", "sample:"

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
_OURS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")


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
        return UPLOAD + self.sha256[:16]

    @property
    def nbytes(self) -> int:
        """Bytes of the pixels."""
        return self.rgb.nbytes


def decode(
    content: bytes, name: str = "", *, most_bytes: int = MAXIMUM_BYTES, most_pixels: int = MAXIMUM_PIXELS
) -> Picture:
    """The picture in a PNG, JPEG, WebP or GIF file; of an animation the first frame.

    At most `most_bytes` and `most_pixels`, both checked before any pixel is decoded; the format is told by the content,
    never by the name. The camera's orientation is applied, transparency laid on white, 16-bit, CMYK, palette and grey
    made 8-bit RGB, and the long side shrunk to 1024. Raises PictureError saying what was expected and what came.
    """
    if not content:
        raise PictureError("Expected a picture, got an empty file.")
    if len(content) > most_bytes:
        raise PictureError(
            "Expected a picture of at most {most} MB, got {size} MB.",
            most=most_bytes // 2**20, size=f"{math.ceil(len(content) / 2**20 * 10) / 10:.1f}",
        )  # fmt: skip
    try:
        image = _open(content)
        width, height = image.size
        if width * height > most_pixels:
            raise PictureError(
                "Expected a picture of at most {most} megapixels, got {width} × {height}.",
                most=most_pixels // 1_000_000, width=width, height=height,
            )  # fmt: skip
        if width < 1 or height < 1:
            raise PictureError("Expected a picture with at least one pixel, got {width} × {height}.",
                               width=width, height=height)  # fmt: skip
        rgb = _pixels(image)
    except PictureError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):  # Pillow's own limits are higher
        raise PictureError(
            "Expected a picture of at most {most} megapixels, got far more.", most=most_pixels // 1_000_000
        ) from None
    except Exception as error:  # decoders of damaged files raise nearly anything: OSError, SyntaxError, struct.error …
        raise PictureError("Expected a whole picture, but this file is cut off or damaged.") from error
    rgb.setflags(write=False)
    return Picture(rgb, hashlib.sha256(content).hexdigest(), _readable(name))


def _open(content: bytes) -> Image.Image:
    """Reads the header only."""
    try:
        return Image.open(io.BytesIO(content), formats=FORMATS)
    except UnidentifiedImageError:
        if content.startswith(_OURS) or (content[:4] == b"RIFF" and content[8:12] == b"WEBP"):
            raise  # begins well and goes on badly
        raise PictureError("Expected a PNG, JPEG, WebP or GIF picture, got {label}.", label=kind_of(content)) from None


def _pixels(image: Image.Image) -> np.ndarray:
    """Decodes: (H, W, 3) uint8 of the first frame, upright, at most LONG_SIDE a side."""
    if max(image.size) > LONG_SIDE:
        image.draft(None, (LONG_SIDE, LONG_SIDE))  # a JPEG is then decoded at a half, a quarter … of its size
    image.load()
    orientation = image.getexif().get(ORIENTATION)
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        values = np.asarray(image, np.float64)
        image = Image.fromarray((values / 257).round().clip(0, 255).astype(np.uint8))  # 65535 / 257 = 255
    elif image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    image = image.convert("RGB")
    image.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.LANCZOS)  # never enlarges
    if orientation in _UPRIGHT:
        image = image.transpose(_UPRIGHT[orientation])
    return np.array(image, np.uint8)


# What files begin with, for the sentence that says what came instead.
_SIGNATURES = (
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP or office document"),
    (b"BM", "a BMP picture"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"\x00\x00\x01\x00", "an icon"),
    (b"8BPS", "a Photoshop document"),
    (b"ID3", "a sound"),
    (b"OggS", "a sound"),
    (b"\x1aE\xdf\xa3", "a film"),
)


def kind_of(content: bytes) -> str:
    """What a file seems to be, in words ("an SVG drawing", "text", "a HEIC photo"); only the beginning is looked at."""
    head = content[:1024]
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        if brand in (b"heic", b"heix", b"hevc", b"mif1", b"msf1"):
            return "a HEIC photo"
        return "an AVIF picture" if brand in (b"avif", b"avis") else "a film"
    try:
        text = head.decode("utf-8", errors="strict" if len(content) <= 1024 else "ignore").lower()
    except UnicodeDecodeError:
        return "something else"
    if "<svg" in text:
        return "an SVG drawing"
    if "<html" in text or "<!doctype html" in text:
        return "a web page"
    printable = sum(character.isprintable() or character.isspace() for character in text)
    return "text" if text and printable >= 0.95 * len(text) and printable >= 0.9 * len(head) / 4 else "something else"


def _readable(name: str) -> str:
    """A file's name without folders and control characters, at most 80 characters."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(character for character in last if character.isprintable())[:80]


class PictureStore:
    """Visitors' pictures under a budget of bytes, the least recently used dropped first. Safe between threads."""

    def __init__(self, budget_bytes: int):
        self.budget_bytes = budget_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Picture] = OrderedDict()
        self._bytes = 0

    @property
    def bytes_held(self) -> int:
        """Bytes of all pictures kept now; never above the budget."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, picture: Picture) -> str:
        """Keep a picture and return its key. The same content is kept once. ValueError if it exceeds the budget."""
        if picture.nbytes > self.budget_bytes:
            raise ValueError(f"a picture of {picture.nbytes} bytes exceeds the budget of {self.budget_bytes}")
        with self._lock:
            known = self._kept.pop(picture.key, None)
            self._bytes += picture.nbytes - (known.nbytes if known else 0)
            self._kept[picture.key] = picture
            while self._bytes > self.budget_bytes:
                _, dropped = self._kept.popitem(last=False)
                self._bytes -= dropped.nbytes
        return picture.key

    def get(self, key: str) -> Picture | None:
        """The picture under a key, or None if this process does not have it (any more)."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def forget(self, key: str) -> None:
        """Drop the picture under a key, if there is one."""
        with self._lock:
            known = self._kept.pop(key, None)
            self._bytes -= known.nbytes if known else 0


UPLOADS = PictureStore(budget_bytes=200_000_000)


def find_picture(key: str) -> Picture:
    """The picture behind `sample:<name>` or `upload:<sha256, 16 digits>`.

    Raises PictureError if there is no such sample or this process does not have the upload.
    """
    from engine.data.photos import PHOTOS, photo  # here, for photos.py is built on this module

    if key.startswith(SAMPLE):
        name = key.removeprefix(SAMPLE)
        if name not in PHOTOS:
            raise PictureError(
                "Expected one of the samples {samples}, got {name!r}.", samples=", ".join(PHOTOS), name=name[:40]
            )
        return photo(name)
    if key.startswith(UPLOAD):
        found = UPLOADS.get(key)
        if found is None:
            raise PictureError("This link's picture is not on this server; upload it again or choose a sample.")
        return found
    raise PictureError("Expected sample:<name> or upload:<number>, got {key!r}.", key=key[:40])

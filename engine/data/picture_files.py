"""What stands in a picture's file around the pixels, read before anything is decoded.

PNG: only what makes the pixels is handed on. Text of any length, animations and damaged notes are left out, so that
none of them makes a whole picture a damaged one. JPEG: what decoding will cost stands in its markers.
"""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass

PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
END_OF_PNG = b"\0\0\0\0IEND\xaeB`\x82"
END_OF_JPEG = b"\xff\xd9"
_PIXELS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"eXIf")
MOST_PROFILE = 4 * 2**20  # bytes of a colour profile; those of printers have 3 MB
MOST_XMP = 2**20  # bytes of XMP that are searched for the orientation
_ORIENTATION = re.compile(rb"tiff:Orientation\s*(?:=\s*[\"']|>)\s*([1-8])")


@dataclass(frozen=True)
class PngFile:
    """content: a PNG of the pixels alone; depth: bits a channel; profile: of its colours (ICC), or None; gamma: of the
    file where neither a profile nor sRGB is named, else 0; orientation: by its XMP, 0 for none."""

    content: bytes
    depth: int
    profile: bytes | None
    gamma: float
    orientation: int


def read_png(content: bytes) -> PngFile:
    """Walks through the chunks of a PNG; none of their sums is checked here.

    Of an animation the still picture is taken (IDAT), whether or not it is a frame: it is what the file shows where
    nothing moves. A missing end is put there.
    """
    view, kept, at = memoryview(content), [content[:8]], 8
    depth, profile, gamma, is_srgb, orientation = 8, None, 0.0, False, 0
    while at + 8 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, at)
        data = view[at + 8 : at + 8 + length]
        if kind == b"IEND":
            break
        if kind == b"IHDR" and len(data) >= 9:
            depth = data[8]
        if kind in _PIXELS:
            kept.append(view[at : at + 12 + length])
        elif kind == b"iCCP" and profile is None:
            profile = _profile(bytes(data))
        elif kind == b"sRGB":
            is_srgb = True
        elif kind == b"gAMA" and len(data) >= 4:
            gamma = struct.unpack_from(">I", data)[0] / 100_000
        elif kind == b"iTXt" and bytes(data[:18]) == b"XML:com.adobe.xmp\0":
            orientation = orientation_in(_xmp(bytes(data)))
        at += 12 + length
    if at <= len(content):  # else the last chunk itself is cut off
        kept.append(END_OF_PNG)
    return PngFile(b"".join(kept), depth, profile, 0.0 if is_srgb or profile else gamma, orientation)


def _profile(data: bytes) -> bytes | None:
    """Name, 0, method 0, then zlib. What is damaged or too long is as if it were not there."""
    head, _, rest = data.partition(b"\0")
    if not 1 <= len(head) <= 79 or rest[:1] != b"\0":
        return None
    return _inflated(rest[1:], MOST_PROFILE)


def _xmp(data: bytes) -> bytes:
    """Keyword, 0, compressed or not, method, language, 0, translated keyword, 0, then the text."""
    compressed, rest = data[18:19] == b"\x01", data[20:]
    text = rest.partition(b"\0")[2].partition(b"\0")[2]
    return (_inflated(text, MOST_XMP, whole=False) or b"") if compressed else text


def _inflated(data: bytes, most: int, *, whole: bool = True) -> bytes | None:
    stream = zlib.decompressobj()
    try:
        out = stream.decompress(data, most)
    except zlib.error:
        return None
    return out if stream.eof or not whole else None


def orientation_in(xmp: bytes | str) -> int:
    """The EXIF number of the orientation that XMP gives, 0 if it gives none."""
    text = xmp.encode("utf-8", "replace") if isinstance(xmp, str) else xmp
    match = _ORIENTATION.search(text[:MOST_XMP])
    return int(match[1]) if match else 0


@dataclass(frozen=True)
class JpegFile:
    """What the markers of a JPEG say: width, height; planes: samples of all channels for each pixel (1 grey, 1.5 with
    halved colours, 3 full); whole: whether the decoder has to keep all of them until the end, for they come in several
    runs over the picture (progressive, or one channel after the other)."""

    width: int
    height: int
    planes: float
    whole: bool


def read_jpeg(content: bytes) -> JpegFile | None:
    """The frame and the first scan of a JPEG; None if they are not there."""
    at, frame = 2, None
    while at + 4 <= len(content):
        if content[at] != 0xFF:
            at += 1  # as decoders do: whatever stands between the markers is passed over
            continue
        marker = content[at + 1]
        if marker == 0xFF or marker == 0 or marker == 1 or 0xD0 <= marker <= 0xD8:  # filling, or without a length
            at += 1 if marker == 0xFF else 2
            continue
        length = struct.unpack_from(">H", content, at + 2)[0]
        data = content[at + 4 : at + 2 + length]
        if marker in (0xC0, 0xC1, 0xC2, 0xC3, 0xC9, 0xCA) and len(data) >= 6:
            height, width, channels = struct.unpack_from(">HHB", data, 1)
            factors = [(data[6 + 3 * k + 1] >> 4, data[6 + 3 * k + 1] & 15) for k in range((len(data) - 6) // 3)]
            largest = max((h for h, _ in factors), default=1) * max((v for _, v in factors), default=1)
            planes = sum(h * v for h, v in factors) / max(1, largest)
            frame = width, height, max(1.0, planes), marker in (0xC2, 0xCA), channels
        elif marker == 0xDA and frame:
            width, height, planes, progressive, channels = frame
            return JpegFile(width, height, planes, progressive or (bool(data) and data[0] < channels))
        elif marker == 0xD9:
            return None
        at += 2 + length
    return None

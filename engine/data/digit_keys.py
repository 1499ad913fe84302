"""What a link says about a digit, checked without reading any digit; light, for cards import it."""

from __future__ import annotations

import base64
import binascii
import zlib

from engine.contracts.knob import KnobError

SAMPLE, DRAWN = "sample:", "drawn:"
HELD_OUT = 2000  # digits that can be named
PACKED = 28 * 28 // 4  # bytes of a drawing before compression: two bits a pixel
MOST_TEXT = 320  # characters of the longest drawing: 196 bytes that do not compress, and the head of zlib


def unpack(text: str) -> bytes:
    """The 196 bytes of a drawing from its text in a link (zlib, base64url without padding). KnobError for any other."""
    try:
        if len(text) > MOST_TEXT:
            raise ValueError
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        stream = zlib.decompressobj()
        packed = stream.decompress(raw, PACKED + 1)  # no bomb: never more bytes than a drawing has, and one
        if len(packed) != PACKED or not stream.eof or stream.unused_data:
            raise ValueError
    except (ValueError, binascii.Error, zlib.error):
        raise KnobError("Drawing: this text holds no drawing of 28 × 28 pixels") from None
    return packed


def pack(packed: bytes) -> str:
    """The inverse of `unpack`. ValueError unless there are 196 bytes."""
    if len(packed) != PACKED:
        raise ValueError(f"expected {PACKED} bytes, got {len(packed)}")
    return base64.urlsafe_b64encode(zlib.compress(packed, 9)).decode().rstrip("=")


def sample_number(key: str) -> int:
    """Number of the held-out digit that `key` names, 0 to 1999. KnobError if it names none."""
    number = key.removeprefix(SAMPLE)
    fits = key.startswith(SAMPLE) and number.isascii() and number.isdecimal() and len(number) <= 4
    if not (fits and int(number) < HELD_OUT):
        raise KnobError("Digit: expected sample:<0 to {most}> or drawn:<text>, got {key!r}",
                        most=HELD_OUT - 1, key=key[:40])  # fmt: skip
    return int(number)


def check_digit(key: str) -> None:
    """KnobError unless `key` names a held-out digit or holds a whole drawing."""
    if key.startswith(DRAWN):
        unpack(key.removeprefix(DRAWN))
    else:
        sample_number(key)

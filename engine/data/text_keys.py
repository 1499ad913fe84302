"""Texts of a reader as keys for a link: a small one travels compressed in the key itself, a larger one stays in this
process, and the key names it."""

from __future__ import annotations

import base64
import binascii
import zlib

from engine.machinery.own import OWN, UPLOAD, OwnText

PATTERN = r"z[A-Za-z0-9_-]{4,}|upload:[0-9a-f]{16}"  # of a key


class NotHereError(LookupError):
    """A key names a text that this process does not have."""


def packed(text: str, longest: int) -> str:
    """A key of at most `longest` characters."""
    content = text.encode(errors="replace")
    inline = "z" + base64.urlsafe_b64encode(zlib.compress(content, 9)).decode().rstrip("=")
    return inline if len(inline) <= longest else OWN.add(OwnText(text))


def unpacked(key: str, most: int) -> str:
    """The text behind a key, at most so many bytes of it: a key may unpack to gigabytes.

    NotHereError if it is named and not here, ValueError if it cannot be read.
    """
    if key.startswith(UPLOAD):
        kept = OWN.get(key, OwnText)
        if kept is None:
            raise NotHereError(key)
        return kept.text
    try:
        raw = base64.urlsafe_b64decode(key[1:] + "=" * (-len(key[1:]) % 4))
        return zlib.decompressobj().decompress(raw, most).decode()
    except (binascii.Error, zlib.error, UnicodeDecodeError) as error:
        raise ValueError("no packed text") from error

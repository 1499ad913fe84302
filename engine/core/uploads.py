"""Keys of what a visitor uploaded: `upload:` and the first 16 hex digits of the sha256 of the file. Cards use it."""

from __future__ import annotations

import re

from .knob import KnobError

UPLOAD = "upload:"


def check_upload_key(text: str) -> None:
    """KnobError unless the text is empty or the key of an upload."""
    if text and not re.fullmatch(UPLOAD + "[0-9a-f]{16}", text):
        raise KnobError("Own weights: expected upload:<16 hexadecimal digits>, got {value!r}", value=text[:40])

"""What a link says about own points, checked without torch; light, for cards import it."""

from __future__ import annotations

import string

from engine.contracts.knob import KnobError

MAXIMUM_POINTS = 400
SIGNS = string.ascii_letters + string.digits + "-_"  # the digits 0 to 63
LENGTH = 5  # of a point: two signs for x, two for y, one for the class
CLASSES = 4


def check_points(text: str) -> None:
    """KnobError unless the text encodes at most 400 points (`engine.data.points.encode_points`)."""
    wrong = next((sign for sign in text if sign not in SIGNS), None)
    if wrong is not None:
        sign = wrong if wrong.isprintable() else f"U+{ord(wrong):04X}"
        raise KnobError("Own points: expected letters, digits, - and _ alone, got {sign!r}", sign=sign)
    if len(text) % LENGTH:
        raise KnobError(
            "Own points: expected a multiple of {length} characters, {length} a point, got {count}",
            length=LENGTH, count=len(text),
        )  # fmt: skip
    if len(text) > LENGTH * MAXIMUM_POINTS:
        raise KnobError(
            "Own points: expected at most {most} points, got {count}", most=MAXIMUM_POINTS, count=len(text) // LENGTH
        )
    for sign in text[LENGTH - 1 :: LENGTH]:
        if SIGNS.index(sign) >= CLASSES:
            raise KnobError("Own points: expected classes 1 to 4, got class {count}", count=SIGNS.index(sign) + 1)

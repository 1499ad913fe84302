"""What a reader picked in something that may change, as it stands in a link: a number, and a mark of what it was in.

The third step of one walk is nothing to another one, and a cell of one picture nothing to the next. So a pick counts
where its mark fits, and there alone; whoever goes back finds it again.
"""

from __future__ import annotations

import hashlib
import re

from engine.contracts.knob import KnobError

LONGEST_PICK = 13  # letters


def marked(mark: str, number: int) -> str:
    """A pick as text: "2716-0f3c9a2b"."""
    return f"{number}-{mark}"


def number_in(text: str, mark: str) -> int | None:
    """The number of a pick; None if it was made in something else, or none was made."""
    number, _, rest = text.partition("-")
    return int(number) if rest == mark else None


def mark_of(content: object) -> str:
    """The mark of something that its repr says wholly."""
    return hashlib.sha256(repr(content).encode()).hexdigest()[:8]


def check_pick(label: str, text: str) -> None:
    """KnobError, which calls it `label`, unless the text is empty or a pick."""
    if text and not re.fullmatch(r"[0-9]{1,4}-[0-9a-f]{8}", text):
        raise KnobError(
            "{label}: expected a number and a mark such as 12-0f3c9a2b, got {value!r}", label=label, value=text[:40]
        )

"""One-stage detectors: what a reader picked, as it stands in a link: a number, and a mark of what it was picked in.

The third step of one suppression is nothing to another one, and a cell of one picture nothing to the next. So a pick
counts where its mark fits, and there alone; whoever goes back finds it again.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from engine.core.knob import KnobError, to_query

from .card import Config, looked_at

if TYPE_CHECKING:
    from .seen import Found


def marked(mark: str, number: int) -> str:
    """A pick as text: "2716-0f3c9a2b"."""
    return f"{number}-{mark}"


def number_in(text: str, mark: str) -> int | None:
    """The number of a pick; None if it was made in something else, or none was made."""
    number, _, rest = text.partition("-")
    return int(number) if rest == mark else None


def picture_mark(config: Config) -> str:
    """The mark of what the detector looks at."""
    return _mark(to_query(looked_at(config)))


def course(found: Found) -> str:
    """The mark of a course of the suppression; the browser's film of it has this name, too."""
    return _mark((found.cells.tolist(), found.labels.tolist(), found.suppression))


def _mark(content: object) -> str:
    return hashlib.sha256(repr(content).encode()).hexdigest()[:8]


def check_cell(text: str) -> None:
    """KnobError unless the text is empty or a pick."""
    _check("Cell", text)


def check_step(text: str) -> None:
    """KnobError unless the text is empty or a pick."""
    _check("Step", text)


def _check(label: str, text: str) -> None:
    if text and not re.fullmatch(r"[0-9]{1,4}-[0-9a-f]{8}", text):
        raise KnobError(
            "{label}: expected a number and a mark such as 12-0f3c9a2b, got {value!r}", label=label, value=text[:40]
        )

"""Which signs of a text can be seen, and what of it a box of one line shows."""

from __future__ import annotations

import re
import unicodedata

# Control characters, ends of lines and paragraphs, and halves of a surrogate pair, which no text holds alone.
INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ENDS_OF_LINES = re.compile("\r\n|[\t\n\v\f\r\x85\u2028\u2029]")
# Letters and marks by their category that are drawn as nothing, or stand for what could not be read.
_DRAWN_AS_NOTHING = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\ufffd\U000e0100-\U000e01ef]"
)
_SHOWING_NOTHING = ("Cc", "Cf", "Cs", "Zl", "Zp", "Zs")


def one_line(text: str) -> str:
    """A text as a box of one line shows it: a blank for each end of a line and each tab, no other control characters,
    U+FFFD for what is no sign at all."""
    text = _ENDS_OF_LINES.sub(" ", text)
    return INVISIBLE.sub(lambda match: "\ufffd" if match[0] >= "\ud800" else "", text)


def left_out(text: str) -> list[str]:
    """The signs that `one_line` takes out or replaces because they are none to be seen: each once, in order."""
    return list(dict.fromkeys(INVISIBLE.findall(_ENDS_OF_LINES.sub(" ", text))))


def shows_nothing(text: str) -> bool:
    """Whether a text has signs, ordinary blanks left aside, and none of them can be seen: control characters, spaces of
    no width, what could not be read. An empty text is what it looks like, and so is one of blanks."""
    signs = _ENDS_OF_LINES.sub(" ", text).replace(" ", "")
    return bool(signs) and all(
        unicodedata.category(sign) in _SHOWING_NOTHING or _DRAWN_AS_NOTHING.match(sign) for sign in signs
    )

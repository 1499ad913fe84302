"""Own tables as keys for a link: the text itself, compressed, or the name of one that this process has; behind it,
after a dot, what the reader chose about how it is read."""

from __future__ import annotations

import re
from functools import lru_cache

from engine.contracts.knob import KnobError
from engine.data.file_kinds import kind_of
from engine.data.graph_texts.reading import MARKS
from engine.data.point_tables import AUTOMATIC, MAXIMUM_TEXT, PointTable, TableChoices, read_table
from engine.data.text_keys import PATTERN, NotHereError, packed, unpacked

LONGEST_KEY = 1800  # characters of a table that travels in the link itself
LONGEST_CHOICES = 13
_KEY = re.compile(rf"({PATTERN})?(?:\.([a-z0-9]{{1,12}}))?")


def key_of(text: str, choices: TableChoices = AUTOMATIC) -> str:
    """A key for a table's text: a small one travels compressed in the key itself, a larger one stays on this server."""
    after = f".{choices.letters}" if choices.letters else ""
    return packed(text, LONGEST_KEY - LONGEST_CHOICES) + after


def text_of(key: str) -> str:
    """The text behind a key. KnobError if it is malformed, or an upload that this server does not have."""
    check_key(key)
    try:
        return unpacked(key.partition(".")[0], MAXIMUM_TEXT)
    except NotHereError:
        raise KnobError("This link's table is not on this server; give it again.") from None
    except ValueError:
        raise KnobError("Own table: this link's table cannot be read") from None


def choices_of(key: str) -> TableChoices:
    """How the text behind a key is to be read."""
    check_key(key)
    return TableChoices.of_letters(key.partition(".")[2])


@lru_cache(maxsize=8)
def table_of(key: str) -> PointTable:
    """The table behind a key. KnobError if it cannot be read."""
    return read_table(text_of(key), choices_of(key))


def check_key(key: str) -> None:
    """KnobError unless the text looks like a table's key, or is empty."""
    match = _KEY.fullmatch(key)
    try:
        if not match or len(key) > LONGEST_KEY or (match[2] and not match[1]):
            raise ValueError("no key")
        TableChoices.of_letters(match[2] or "")
    except ValueError:
        raise KnobError("Own table: this link's table cannot be read") from None


def decode_table(content: bytes) -> str:
    """A file's text: UTF-8, or what the mark at its beginning says. KnobError for any other file.

    Older encodings (GBK, Latin-1) cannot be told apart for sure, so they are not guessed.
    """
    if not content.strip():
        raise KnobError("Own table: expected a text with points, got an empty file")
    name = next((name for mark, name in MARKS.items() if content.startswith(mark)), "utf-8")
    kind = kind_of(content)
    try:
        if kind not in ("a PDF document", "a ZIP or office document") and "\0" not in (text := content.decode(name)):
            return text
    except UnicodeDecodeError as error:
        if kind in ("text", "something else") and name == "utf-8" and not set(content) & set(range(9)):
            line = content.count(b"\n", 0, error.start) + 1
            raise KnobError(
                "Own table: expected a text file in UTF-8, but line {line} is in another encoding. Save the file as "
                "UTF-8 (in a spreadsheet: CSV UTF-8)", line=line,
            ) from None  # fmt: skip
    kind = "something else" if kind == "text" else kind  # no text has the signs that are in it
    raise KnobError("Own table: expected a text file in UTF-8, such as CSV, got {label}", label=kind)

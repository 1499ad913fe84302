"""Lines into fields, and which separator a text of lines has."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.contracts.knob import KnobError

SIGNS = {"tab": "\t", "semicolon": ";；", "comma": ",，"}  # the surest first
_QUOTED, _SPACE = re.compile(r' *"((?:[^"]|"")*)" *'), re.compile(r"\s*")
ARROW = re.compile(r"<?[-=]{1,3}>?|[←→↔–—]")  # between two names, as in "Ada -> Bob" and "Ada -- Bob"
_DECIMAL_COMMA = re.compile(r"(?<![^\s;\t])[-+]?\d+,\d+(?![^\s;\t])")


@dataclass(frozen=True)
class Line:
    """A line as written, its number, and what stands in it between separators; data: {…} at its end, arrow: the sign
    between two names, both cut off."""

    number: int
    written: str
    fields: tuple[str, ...] = ()
    data: str = ""
    arrow: str = ""


def split(number: int, text: str, separator: str) -> Line:
    """A line at one separator: comma, semicolon, tab, or space, which means any space between words.

    Fields may stand in double quotes, where a separator is a letter like others and "" is one quotation mark. KnobError
    for a quotation mark that is not closed.
    """
    written = text.strip(" \r")
    if (at := data_at(written)) >= 0:
        fields = _fields(number, written[:at].rstrip(" ,;"), separator)
        if len(fields) > 1:
            return Line(number, written, tuple(fields), written[at:])
    fields = tuple(_fields(number, written, separator))
    if separator == "space" and len(fields) > 2 and ARROW.fullmatch(fields[1]):
        return Line(number, written, (fields[0], *fields[2:]), arrow=fields[1])
    return Line(number, written, fields)


def data_at(text: str) -> int:
    """Where the data of an edge begins that networkx writes at the end of a line, {'weight': 1} or {}; -1 for none."""
    text = text.rstrip()
    if not text.endswith("}"):
        return -1
    at = text.find("{")
    while at > 0:
        inner = text[at + 1 : at + 40].lstrip()
        if inner == "}" or (inner[:1] in "'\"0123456789" and ":" in inner + text[at + 40 : -1]):
            return at
        at = text.find("{", at + 1, at + 200)
    return -1


def _fields(number: int, text: str, separator: str) -> list[str]:
    signs = SIGNS.get(separator)
    if '"' not in text:  # nearly always
        return re.split(f"[{signs}]", text) if signs else text.split()
    fields, at = [], 0
    word = re.compile(f"[^{signs}]*" if signs else r"\S*")
    while True:
        start = _SPACE.match(text, at).end()
        if not signs:
            at = start
        quoted = _QUOTED.match(text, at)
        if quoted and _ends_at(text, quoted.end(), signs):
            fields.append(quoted[1].replace('""', '"'))
            at = quoted.end()
        elif quoted:  # something stands behind the closing quotation mark: it is a letter like others
            part = word.match(text, quoted.end())
            fields.append(text[at : part.end()])
            at = part.end()
        elif text.startswith('"', start):
            raise KnobError("Line {line}: expected a closing quotation mark, got {text!r}", line=number, text=text)
        else:
            part = word.match(text, at)
            fields.append(part[0])
            at = part.end()
        if at == len(text) or (not signs and _SPACE.fullmatch(text, at)):
            return fields
        at += bool(signs)  # over the separator; nothing after it is an empty field


def _ends_at(text: str, at: int, signs: str | None) -> bool:
    """Whether a quoted field may end here."""
    if at == len(text):
        return True
    return text[at] in signs if signs else text[at].isspace() or text[at - 1] == " "


def separator_of(lines: Sequence[tuple[int, str]], fits: Callable[[list[Line]], bool]) -> str:
    """The separator of a text: comma, semicolon, tab, space, or "" where it differs from line to line.

    The one that parts every line into equally many fields. fits: whether lines so parted can be edges; it decides
    where two do. KnobError where both could be.
    """
    even = {name: parted for name in SIGNS if (parted := _evenly(lines, name))}
    fitting = [name for name, parted in even.items() if fits(parted)]
    if "tab" in fitting:
        return "tab"  # no name has one
    if len(fitting) == 2:
        if all(not set(SIGNS["comma"]) & set(_DECIMAL_COMMA.sub("", text)) for _, text in lines):
            return "semicolon"
        number, text = lines[0]
        raise KnobError(
            "Line {line} can be parted at a comma or at a semicolon, got {text!r}: choose the separator",
            line=number, text=text.strip(),
        )  # fmt: skip
    if fitting or even:
        return (fitting or list(even))[0]
    return "" if any(set("".join(SIGNS.values())) & set(text) for _, text in lines) else "space"


def _evenly(lines: Sequence[tuple[int, str]], separator: str) -> list[Line]:
    """The lines if a separator parts each into equally many fields, two at least; else nothing."""
    parted = []
    for number, text in lines:
        if not set(SIGNS[separator]) & set(text):
            return []
        line = split(number, text, separator)
        if len(line.fields) < 2 or (parted and len(line.fields) != len(parted[0].fields)):
            return []
        parted.append(line)
    return parted


def split_by_itself(number: int, text: str) -> Line:
    """A line of a text in which separators differ: at the one it has. KnobError where it has two kinds."""
    names = [name for name, signs in SIGNS.items() if len(_fields(number, text, name)) > 1 and set(signs) & set(text)]
    if len(names) > 1:
        raise KnobError(
            "Line {line}: expected one kind of separator, got {text!r}: choose the separator",
            line=number, text=text.strip(),
        )  # fmt: skip
    return split(number, text, names[0] if names else "space")

"""Which columns of a table are the two ends of an edge, and whether its first line is a header."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.contracts.knob import KnobError

from .separators import Line

ENDS = (
    ("source", "target"), ("from", "to"), ("src", "dst"), ("src", "dest"), ("src", "tgt"), ("sourceid", "targetid"),
    ("fromid", "toid"), ("fromnodeid", "tonodeid"), ("fromnode", "tonode"), ("sourcenode", "targetnode"),
    ("node1", "node2"), ("nodea", "nodeb"), ("nodeid1", "nodeid2"), ("nodeid", "nodeid"), ("id1", "id2"),
    ("ida", "idb"), ("name1", "name2"), ("person1", "person2"), ("user1", "user2"), ("vertex1", "vertex2"),
    ("follower", "followee"), ("citing", "cited"), ("sender", "receiver"),
    ("起点", "终点"), ("源", "目标"), ("源节点", "目标节点"), ("来源", "目标"), ("节点1", "节点2"), ("从", "到"),
)  # fmt: skip
_OF_NODES = {"id", "label", "name", "class", "group", "community", "modularityclass", "timeset", "interval", "degree"}
_WHOLE = re.compile(r"[-+]?\d+")


@dataclass(frozen=True)
class Columns:
    """Where the two names of an edge stand, whether the first line is a header, and then how many columns it has."""

    one: int = 0
    other: int = 1
    header: bool = False
    width: int = 0


def columns_of(lines: Sequence[Line], first: str = "") -> Columns:
    """How a table is to be read. first: "header" or "edge" where the reader has said what its first line is.

    A header is known by its words (Source, Target, …), by names over columns of whole numbers, or by the empty name of
    a column that counts the lines, as pandas writes it. KnobError for a table of nodes.
    """
    head, rest = lines[0], lines[1:]
    words = [_word(field) for field in head.fields]
    if first == "edge" or len(words) < 2:
        return Columns()
    for one, other in ENDS:
        if one in words and other in words:
            at = words.index(one)
            return Columns(at, words.index(other, at + 1) if one == other else words.index(other), True, len(words))
    if not first and "id" in words and set(words) & (_OF_NODES - {"id"}) and set(words) <= _OF_NODES:
        raise KnobError(
            "Line {line}: expected a table of edges, with Source and Target, got one of nodes, {text!r}",
            line=head.number, text=head.written.strip(),
        )  # fmt: skip
    counted = len(words) > 2 and words[0] in ("", "unnamed0", "index") and _counts_lines(rest)
    columns = Columns(1, 2, True, len(words)) if counted else Columns(0, 1, True, len(words))
    if first or counted or _over_numbers(head, rest, columns):
        return columns
    return Columns()


def _counts_lines(lines: Sequence[Line]) -> bool:
    return bool(lines) and [line.fields[0].strip() for line in lines] == [str(k) for k in range(len(lines))]


def _over_numbers(head: Line, rest: Sequence[Line], columns: Columns) -> bool:
    """Whether names stand over two columns of nothing but whole numbers, two lines of them at least."""
    places = columns.one, columns.other
    if any(not head.fields[at].strip() or _WHOLE.fullmatch(head.fields[at].strip()) for at in places):
        return False
    return len(rest) > 1 and all(
        len(line.fields) > max(places) and all(_WHOLE.fullmatch(line.fields[at].strip()) for at in places)
        for line in rest
    )


def _word(field: str) -> str:
    return re.sub(r"[\W_]+", "", field.strip().strip("\"'").lower())

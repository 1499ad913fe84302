"""Pajek's .net: vertices by number, then arcs and edges.

networkx reads it too, but takes "*Edges 5" for an edge and an unknown number for a new node, so this is our own.
"""

from __future__ import annotations

import re

from engine.contracts.knob import KnobError
from engine.data.graph_texts.content import MAXIMUM_NODES, Gathering, GivenGraph, Remark, numbered

_START = re.compile(r"(?:[ \t\r]*(?:%[^\n]*)?\n)*[ \t]*\*(network|vertices)\b", re.IGNORECASE)
_VERTEX = re.compile(r'(\d+)(?:\s+(?:"([^"]*)"|(\S+)))?(?:\s.*)?')
SECTIONS = ("arcs", "edges", "arcslist", "edgeslist", "matrix")


def is_pajek(text: str) -> bool:
    """Whether a text begins as the format has it."""
    return bool(_START.match(text))


def read_pajek(text: str) -> GivenGraph:
    """One network of arcs, edges, lists of them, or a matrix. KnobError for two-mode networks and further sections."""
    lines = [(number, line.strip()) for number, line in numbered(text) if line.strip() and line.strip()[0] != "%"]
    names, at = _vertices(lines)
    gathering = Gathering()
    gathering.remark(Remark("Read as {format}."), format="Pajek")
    for number, name in names:
        gathering.node(name, number)
    if len(gathering.names) < len(names):
        raise KnobError("Own graph: expected names that differ, but some nodes have the same one")
    section, row, valued, directed = "", 0, 0, False
    for number, line in lines[at:]:
        if line.startswith("*"):
            section, row = line[1:].split()[0].lower() if line[1:].split() else "", 0
            if section not in SECTIONS:
                raise KnobError(
                    "Line {line}: expected the section Arcs, Edges, Arcslist, Edgeslist or Matrix, got {text!r}",
                    line=number, text=line,
                )  # fmt: skip
            continue
        parts = line.split()
        if section == "matrix":
            numbers = _numbers(parts)
            if row >= len(names) or len(parts) != len(names) or numbers is None:
                raise KnobError("Line {line}: expected a row of the matrix, {count} numbers, got {text!r}",
                                line=number, count=len(names), text=line)  # fmt: skip
            for column, value in enumerate(numbers):
                if value:
                    gathering.join(row, column, number)
            row += 1
            directed = True
            continue
        listed = section.endswith("list")
        ends = [int(part) if part.isdecimal() and len(part) < 10 else 0 for part in (parts if listed else parts[:2])]
        if not section or len(ends) < 2 or not all(1 <= end <= len(names) for end in ends):
            raise KnobError("Line {line}: expected numbers of two vertices, from 1 to {most}, got {text!r}",
                            line=number, most=len(names), text=line)  # fmt: skip
        for other in ends[1:]:
            gathering.join(ends[0] - 1, other - 1, number)
        valued += not listed and len(parts) > 2
        directed |= section.startswith("arcs")
    if valued:
        gathering.remark(Remark("Weights in a third column, not used: {count}."), count=valued)
    return gathering.done(directed=directed)


def _vertices(lines: list[tuple[int, str]]) -> tuple[list[tuple[int, str]], int]:
    """((line, name) of every vertex, how many lines they take). A vertex without a line is called by its number."""
    at = 1 if lines[0][1].lower().startswith("*network") else 0
    number, head = lines[min(at, len(lines) - 1)]
    parts = head.split()
    if len(parts) != 2 or parts[0].lower() != "*vertices" or not parts[1].isdecimal() or len(parts[1]) > 9:
        raise KnobError("Line {line}: expected the number of vertices, such as “*Vertices 34”, got {text!r}",
                        line=number, text=head)  # fmt: skip
    count = int(parts[1])
    if count > MAXIMUM_NODES:
        raise KnobError("Line {line}: expected at most {most} nodes", line=number, most=MAXIMUM_NODES)
    names = [(number, str(k + 1)) for k in range(count)]
    at += 1
    while at < len(lines) and not lines[at][1].startswith("*"):
        number, line = lines[at]
        vertex = _VERTEX.fullmatch(line)
        if not vertex or not 1 <= int(vertex[1][:9]) <= count:
            raise KnobError('Line {line}: expected a vertex such as 1 "Ann", got {text!r}', line=number, text=line)
        name = (vertex[2] if vertex[2] is not None else vertex[3] or "").strip()
        names[int(vertex[1]) - 1] = number, name or vertex[1]
        at += 1
    return names, at


def _numbers(parts: list[str]) -> list[float] | None:
    try:
        return [float(part) for part in parts]
    except ValueError:
        return None

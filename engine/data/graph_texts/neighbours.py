"""Lists of neighbours: networkx's adjacency lists, Gephi's, and igraph's LGL."""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.core.knob import KnobError

from .given import Gathering, GivenGraph, Remark, bare
from .separators import SIGNS, split

READ_AS = Remark("Every line is read as a node and its neighbours.")
_LGL_HEAD = re.compile(r"#\s+(\S+)")
_LGL_LINE = re.compile(r"([^\s,;，；]+)(?:\s+[-+]?\d*\.\d+(?:[eE][-+]?\d+)?)?")
_DEGREE = re.compile(r"(\S+)\s+(\d+)")
_NEIGHBOUR = re.compile(r"(\S+)\s+\{.*\}")


def read_neighbours(gathering: Gathering, lines: Sequence[tuple[int, str]], separator: str) -> GivenGraph:
    """A node and its neighbours on every line, "a b c" or "a: b, c"; alone on its line it has none."""
    if not separator:
        separator = next((name for name, signs in SIGNS.items() if any(set(signs) & set(text) for _, text in lines)),
                         "space")  # fmt: skip
    gathering.remark(READ_AS)
    for number, text in lines:
        if "{" in text:
            raise KnobError("Line {line}: expected a node and its neighbours, got {text!r}", line=number,
                            text=text.strip())  # fmt: skip
        head, colon, rest = text.partition(": ")
        if colon and not set("".join(SIGNS.values())) & set(head):
            names = [head, *(split(number, rest, separator).fields if rest.strip() else ())]
        else:
            names = list(split(number, text.rstrip(",;，； \t"), separator).fields)
        nodes = [gathering.node(name, number) for name in names if bare(name)]
        if len(nodes) != len(names) or not nodes:
            raise KnobError("Line {line}: expected a node and its neighbours, got {text!r}", line=number,
                            text=text.strip())  # fmt: skip
        for other in nodes[1:]:
            gathering.join(nodes[0], other, number)
    return gathering.done(by_lines=True)


def read_networkx_lists(gathering: Gathering, lines: Sequence[tuple[int, str]]) -> GivenGraph:
    """What networkx writes below its three lines of comments: one line a node, or (write_multiline_adjlist) a line for
    the node with its number of neighbours and one for each of these."""
    if not any(_NEIGHBOUR.fullmatch(text.strip()) for _, text in lines):
        return read_neighbours(gathering, lines, "space")
    gathering.remark(Remark("Read as {format}."), format="networkx multiline adjacency list")
    left, node = 0, ""
    for number, text in lines:
        found = (_NEIGHBOUR if left else _DEGREE).fullmatch(text.strip())
        if not found:
            raise KnobError(
                "Line {line}: expected a neighbour and its data in braces, got {text!r}" if left else
                "Line {line}: expected a node and its number of neighbours, got {text!r}",
                line=number, text=text.strip(),
            )  # fmt: skip
        if left:
            gathering.edge(node, found[1], number)
            left -= 1
        else:
            node, left = found[1], int(found[2][:9])
            gathering.node(node, number)
    if left:
        raise KnobError("Line {line}: the file ends before the last neighbours have come", line=lines[-1][0])
    return gathering.done()


def read_lgl(lines: Sequence[tuple[int, str]]) -> GivenGraph | None:
    """igraph's LGL: "# a", then each neighbour of a on a line, with a weight or without. None for any other text."""
    if not lines or not _LGL_HEAD.fullmatch(lines[0][1].strip()):
        return None
    heads = [_LGL_HEAD.fullmatch(text.strip()) for _, text in lines]
    marked = [text.lstrip()[0] in "#%" for _, text in lines]
    if not all(head or _LGL_LINE.fullmatch(text.strip()) for head, (_, text) in zip(heads, lines, strict=True)):
        return None
    if any(mark and not head for mark, head in zip(marked, heads, strict=True)) or all(marked):
        return None
    gathering, node = Gathering(), ""
    gathering.remark(Remark("Read as {format}."), format="LGL")
    for head, (number, text) in zip(heads, lines, strict=True):
        if head:
            node = head[1]
            gathering.node(node, number)
        else:
            gathering.edge(node, _LGL_LINE.fullmatch(text.strip())[1], number)
    return gathering.done(by_lines=True)

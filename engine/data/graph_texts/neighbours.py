"""Lists of neighbours: with a colon or without, networkx's adjacency lists, Gephi's, and igraph's LGL."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.contracts.knob import KnobError
from engine.data.graph_texts.content import Gathering, GivenGraph, Remark, bare

from .separators import SIGNS, split

READ_AS = Remark("Every line is read as a node and its neighbours.")
SINCE_BOTH = Remark(
    "Every line is read as a node and its neighbours, since {name!r} stands before a colon and after one. If a line is "
    "an edge, choose that."
)
SINCE_COUNT = Remark(
    "Every line is read as a node and its neighbours, since each has a colon and line {line} has not just two names "
    "after it. If a line is an edge, choose that."
)
EVERY_SIGN = "".join(SIGNS.values())
# With space behind the colon a name may have others in it, "GO:1: GO:2, GO:3"; else each line has that one.
_COLONS = (
    (re.compile(rf'("(?:[^"]|"")*"\s*|[^{EVERY_SIGN}"]*?)(?:：|:(?=\s|$))(.*)'), re.compile(r"：|:(?=\s|$)")),
    (re.compile(rf'("(?:[^"]|"")*"\s*|[^:：{EVERY_SIGN}"]+)[:：](?!//)(.*)'), re.compile("[:：]")),
)
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_ARROW = re.compile(r"(?:^|\s)(?:<?[-=]{1,3}>?|[←→↔–—])\s")
_NUMBER = re.compile(r"[-+]?\d+([.,]\d+)?([eE][-+]?\d+)?")
_LGL_HEAD = re.compile(r"#\s+(\S+)")
_LGL_LINE = re.compile(r"([^\s,;，；]+)(?:\s+[-+]?\d*\.\d+(?:[eE][-+]?\d+)?)?")
_DEGREE = re.compile(r"(\S+)\s+(\d+)")
_NEIGHBOUR = re.compile(r"(\S+)\s+\{.*\}")


@dataclass(frozen=True)
class Lists:
    """Lines "a: b, c": (number, node, its neighbours) of each. both: a name that stands before a colon and after one.
    parted: whether commas, semicolons or tabs part the neighbours."""

    rows: Sequence[tuple[int, str, Sequence[str]]]
    both: str
    parted: bool

    def evidence(self) -> Remark | None:
        """Why these are lists of neighbours, where nobody has chosen how to read them; None if they may be others.

        A text all of whose lines have a colon gives no edge if they are "node: class". So they are lists, or edges of
        names with a colon in them ("Alien: Covenant, Michael Fassbender"). A name on both sides of colons is a node
        on both; edges have two names in every line, or a weight for a third.
        """
        if self.both:
            return Remark(SINCE_BOTH.template, (("name", self.both),))
        for number, _, names in self.rows:
            weighed = len(names) == 3 and _NUMBER.fullmatch(names[2].strip())
            if self.parted and len(names) != 2 and not weighed:
                return Remark(SINCE_COUNT.template, (("line", number),))
        return None


def colon_lists(lines: Sequence[tuple[int, str]], separator: str = "") -> Lists | None:
    """The lines, if each is a node, a colon and names without one, or a single name; None for any other text."""
    return next((lists for head, colon in _COLONS if (lists := _lists_at(head, colon, lines, separator))), None)


def _lists_at(head_of: re.Pattern, colon: re.Pattern, lines: Sequence[tuple[int, str]], separator: str) -> Lists | None:
    matches = [head_of.fullmatch(text.strip()) for _, text in lines]
    if not any(matches):
        return None
    heads, rests = [], []
    for (_, text), one in zip(lines, matches, strict=True):
        head, rest = (one[1], _listed(one[2])) if one else (text.strip(), "")
        alone = one or not (set(EVERY_SIGN + '":：') & set(head) or len(head.split()) > 1)
        plain = _QUOTED.sub("", rest)
        if not alone or not bare(head) or colon.search(plain) or set("{}") & set(plain) or _ARROW.search(plain):
            return None
        heads.append(head)
        rests.append(rest)
    separator = separator or _separator_of(rests)
    try:
        names = [split(number, rest, separator).fields if rest else ()
                 for (number, _), rest in zip(lines, rests, strict=True)]  # fmt: skip
    except KnobError:  # a quotation mark that is not closed
        return None
    before = {bare(head) for head, one in zip(heads, matches, strict=True) if one}
    both = next((name for row in names for name in map(bare, row) if name in before), "")
    rows = [(number, head, row) for (number, _), head, row in zip(lines, heads, names, strict=True)]
    return Lists(rows, both, separator != "space" and any(len(row) > 1 for row in names))


def _listed(rest: str) -> str:
    """What stands after a colon without a separator at its end, and without brackets around it, as YAML and
    tuples have them."""
    rest = rest.strip()
    if rest[:1] + rest[-1:] in ("[]", "()"):
        rest = rest[1:-1]
    return rest.rstrip(EVERY_SIGN + " ").strip()


def _separator_of(texts: Sequence[str]) -> str:
    """The surest separator that there is in any of the texts."""
    return next((name for name, signs in SIGNS.items() if any(set(signs) & set(text) for text in texts)), "space")


def read_neighbours(
    gathering: Gathering, lines: Sequence[tuple[int, str]], separator: str, lists: Lists | None = None
) -> GivenGraph:
    """A node and its neighbours on every line, "a b c" or "a: b, c"; alone on its line it has none.

    lists: the lines as lists with colons, where that is how they were found to be; so the reader is told why.
    """
    gathering.remark((lists and lists.evidence()) or READ_AS)
    if lists is None and (candidate := colon_lists(lines, separator)) and candidate.evidence():
        lists = candidate
    for number, head, names in lists.rows if lists else _rows(lines, separator):
        nodes = [gathering.node(name, number) for name in (head, *names) if bare(name)]
        if len(nodes) != 1 + len(names):
            text = next(text for at, text in lines if at == number)
            raise KnobError("Line {line}: expected a node and its neighbours, got {text!r}", line=number,
                            text=text.strip())  # fmt: skip
        for other in nodes[1:]:
            gathering.join(nodes[0], other, number)
    return gathering.done(by_lines=True)


def _rows(lines: Sequence[tuple[int, str]], separator: str) -> list[tuple[int, str, Sequence[str]]]:
    """(number, node, its neighbours) of each line; a colon counts only with space after it."""
    separator, rows = separator or _separator_of([text for _, text in lines]), []
    for number, text in lines:
        if "{" in text:
            raise KnobError("Line {line}: expected a node and its neighbours, got {text!r}", line=number,
                            text=text.strip())  # fmt: skip
        head, colon, rest = text.partition(": ")
        if colon and not set(EVERY_SIGN) & set(head):
            rest = _listed(rest)
            rows.append((number, head, split(number, rest, separator).fields if rest else ()))
        else:
            head, *names = split(number, text.rstrip(",;，； \t"), separator).fields or ("",)
            rows.append((number, head, names))
    return rows


def read_networkx_lists(gathering: Gathering, lines: Sequence[tuple[int, str]]) -> GivenGraph:
    """What networkx writes below its three lines of comments: one line a node, or (write_multiline_adjlist) a line for
    the node with its number of neighbours and one for each of these."""
    if not any(_NEIGHBOUR.fullmatch(text.strip()) for _, text in lines):
        return read_neighbours(gathering, lines, "space")
    gathering.remark(Remark("Read as {format}."), format="networkx multiline adjacency list")
    left, node = 0, ""
    for number, text in lines:
        match = (_NEIGHBOUR if left else _DEGREE).fullmatch(text.strip())
        if not match:
            raise KnobError(
                "Line {line}: expected a neighbour and its data in braces, got {text!r}" if left else
                "Line {line}: expected a node and its number of neighbours, got {text!r}",
                line=number, text=text.strip(),
            )  # fmt: skip
        if left:
            gathering.edge(node, match[1], number)
            left -= 1
        else:
            node, left = match[1], int(match[2][:9])
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

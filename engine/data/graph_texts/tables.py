"""Edge lists and tables of edges: what people type, and what networkx, igraph, Gephi, pandas and SNAP write.

One edge a line, "a, b" or "a b" (tab and semicolon work too); "a: chess" gives node a the class chess. A text whose
every line has a colon may be lists of neighbours instead: neighbours.Lists says when.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.contracts.knob import KnobError
from engine.data.graph_texts.content import MAXIMUM_EDGES, Choices, Gathering, GivenGraph, Remark, bare, numbered

from .headers import Columns, columns_of
from .neighbours import colon_lists, read_lgl, read_neighbours, read_networkx_lists
from .separators import SIGNS, Line, data_at, separator_of, split, split_by_itself

SEPARATED = {
    "comma": Remark("Names are parted by commas."),
    "semicolon": Remark("Names are parted by semicolons."),
    "tab": Remark("Names are parted by tabs."),
    "space": Remark("Names are parted by spaces."),
    "": Remark("Separators differ from line to line."),
}
MAXIMUM_LINES = 5 * MAXIMUM_EDGES  # with comments, and every edge in both directions
_CLASS = re.compile(r"([^:：]+)([:：])(?!//)([^:：]+)")
_NUMBER = re.compile(r"[-+]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d+)?|")
_DIRECTED = re.compile(r"#\s*Directed\b|%\s*asym\b", re.IGNORECASE)  # SNAP, KONECT


def read_lines(text: str, choices: Choices) -> GivenGraph:
    """Read a text of lines; KnobError names the line and says what was expected."""
    gathering = Gathering()
    lines = [(number, line) for number, line in numbered(text) if line.strip().strip("\ufeff\u200b")]
    if len(lines) > MAXIMUM_LINES:
        raise KnobError("Own graph: expected at most {most} lines, got {count}", most=MAXIMUM_LINES, count=len(lines))
    marked = [(number, line) for number, line in lines if line.lstrip()[0] in "#%"]
    if choices.marked == "names":
        marked = []
    elif not choices.marked and not choices.lines and (graph := read_lgl(lines)):
        return graph
    there = {number for number, _ in marked}
    lines = [line for line in lines if line[0] not in there]
    if marked:
        first = marked[0][1].strip()
        template = Remark("Lines that begin with # or %, taken for comments: {count}. The first: {text!r}.")
        gathering.remark(template, count=len(marked), text=first)
        if not lines:
            raise KnobError(
                "Own graph: expected at least one edge, but every line begins with # or % and was taken for a comment, "
                "got {text!r}", text=first,
            )  # fmt: skip
    if choices.lines == "neighbours":
        return read_neighbours(gathering, lines, choices.separator)
    if not choices.lines and any(line.startswith("# GMT ") for _, line in marked):
        return read_networkx_lists(gathering, lines)
    if not choices.lines and not choices.first:
        lists = colon_lists(lines, choices.separator)
        if lists and lists.evidence():
            return read_neighbours(gathering, lines, choices.separator, lists)
    directed = any(_DIRECTED.match(line.strip()) for _, line in marked)
    return _Table(gathering, choices).read(lines, directed)


def _class_in(text: str) -> re.Match | None:
    """A line that may give a class: one colon, not that of an address or of an edge's data, and not in quotes."""
    match = None if data_at(text) >= 0 else _CLASS.fullmatch(text.strip())
    return None if match and match[1].count('"') % 2 else match


class _Table:
    """One reading of a table of edges."""

    def __init__(self, gathering: Gathering, choices: Choices):
        self.gathering, self.choices = gathering, choices
        self.separator = choices.separator

    def read(self, lines: Sequence[tuple[int, str]], directed: bool) -> GivenGraph:
        gathering = self.gathering
        plain = [line for line in lines if not _class_in(line[1])]
        if not plain:  # perhaps names with a colon in them
            plain = [line for line in lines if re.search(r"[,;，；\t]|[:：]\S", line[1].strip())]
        if not self.choices.separator:
            self.separator = separator_of(plain, self._may_be_edges) if plain else "space"
        edges = [self._parted(*line) for line in plain]
        columns = self._columns(edges)
        body = edges[1:] if columns.header else edges
        known = {bare(line.fields[at]) for line in body for at in (columns.one, columns.other)
                 if at < len(line.fields)}  # fmt: skip
        gathering.remark(SEPARATED[self.separator])
        if columns.header:
            head = edges[0]
            gathering.remark(Remark("Line {line}, {text!r}, is taken for a header."), line=head.number,
                             text=head.written.strip())  # fmt: skip
            self._unused(head, columns)
        by_number, taken = {line.number: line for line in body}, []
        for number, text in lines:
            if columns.header and number == edges[0].number:
                continue
            said = _class_in(text)
            if said and self._says_a_class(number, text, said, known, columns):
                self._class(number, text, said[1], said[3])
            else:
                taken.append(by_number.get(number) or self._parted(number, text))
                self._edge(taken[-1], columns)
        self._remark_on_lines(taken, columns)
        if not taken and gathering.counts["classes"]:
            raise KnobError(
                "Own graph: expected at least one edge, a line such as “Ada, Bob”; every line here is “node: class”. "
                "Where a line is a node and its neighbours, choose that under “A line is”"
            )
        return gathering.done(by_lines=True, directed=directed or bool(gathering.counts["directed"]))

    def _parted(self, number: int, text: str) -> Line:
        if not self.separator:
            return split_by_itself(number, text)
        return split(number, text, self.separator)

    def _columns(self, edges: Sequence[Line]) -> Columns:
        columns = columns_of(edges, self.choices.first) if edges else Columns()
        chosen = {"edge": (0, 1), "edge after one": (1, 2)}.get(self.choices.lines)
        return Columns(*chosen, columns.header, columns.width) if chosen else columns

    def _may_be_edges(self, lines: list[Line]) -> bool:
        """Whether lines parted so have two names each, or a header says which columns have them."""
        if self.choices.lines:
            return True
        try:
            columns = columns_of(lines, self.choices.first)
        except KnobError:
            return True
        body = lines[1:] if columns.header else lines
        width = len(lines[0].fields)
        return columns.header or width == 2 or (width == 3 and all(_NUMBER.fullmatch(line.fields[2].strip())
                                                                    for line in body))  # fmt: skip

    def _says_a_class(self, number: int, text: str, said: re.Match, known: set[str], columns: Columns) -> bool:
        """Whether a line with one colon gives a class, as in "Ada: chess", and is no edge of names with a colon.

        KnobError where it can be either: "Ada: chess, Bob" where commas part names and there is an Ada.
        """
        try:
            line = self._parted(number, text)
        except KnobError:
            return True
        fields, spaced = line.fields, said[3][:1].isspace() or said[2] == "："
        words = spaced and len(fields) > 1 and " ".join(fields).split() == text.split()  # parted by spaces alone
        if words or not self._names_two(line, columns):
            return True
        if self.choices.lines:
            return False
        there, spaces = bare(said[1]) in known, not set(text) & set("".join(SIGNS.values()))
        if there and spaces:
            return True  # "a:left club"
        if there or spaces:
            raise KnobError(
                "Line {line} can be an edge or “node: class”, got {text!r}: put names with a colon in quotation marks",
                line=number, text=text.strip(),
            )  # fmt: skip
        return False

    def _class(self, number: int, text: str, name: str, kind: str) -> None:
        if not bare(name) or not bare(kind):
            raise KnobError("Line {line}: expected “node: class”, got {text!r}", line=number, text=text.strip())
        self.gathering.label(self.gathering.node(name, number), kind, number)
        self.gathering.counts["classes"] += 1

    def _weighs(self, line: Line, columns: Columns) -> bool:
        """Whether a line without a heading for it has a weight in its third column."""
        third = len(line.fields) == 3 and columns.other == 1 and columns.one == 0 and columns.width in (0, 2)
        return third and bool(_NUMBER.fullmatch(line.fields[2].strip()))

    def _names_two(self, line: Line, columns: Columns) -> bool:
        """Whether a line has two names where they should stand, and as many columns as there should be."""
        places, count, width = (columns.one, columns.other), len(line.fields), columns.width
        if count <= max(places) or not all(bare(line.fields[at]) for at in places):
            return False
        if self.choices.lines or self._weighs(line, columns):
            return True
        fewer = max(places) == 1 and count < width  # a weight that is not there
        return count == (width or 2) or fewer

    def _edge(self, line: Line, columns: Columns) -> None:
        gathering, fields, counts = self.gathering, line.fields, self.gathering.counts
        if not self._names_two(line, columns):
            many = len(fields) > 2 and all(map(str.strip, fields))
            raise KnobError(
                "Line {line}: expected {count} columns as in the header, got {text!r}" if columns.width > 2 else
                "Line {line}: expected two names such as “Ada, Bob”, got {text!r}. Where a line is a node and its "
                "neighbours, or has further columns, choose that under “A line is”" if many else
                "Line {line}: expected two names such as “Ada, Bob”, got {text!r}",
                line=line.number, count=columns.width, text=line.written.strip(),
            )  # fmt: skip
        names = fields[columns.one], fields[columns.other]
        weight = self._weighs(line, columns)
        counts["weights"] += weight and bool(fields[2].strip())
        counts["decimal"] += weight and "," in fields[2]
        counts["further"] += not columns.width and not weight and len(fields) > 2
        counts["data"] += bool(line.data.strip("{} "))
        counts["arrows"] += bool(line.arrow)
        counts["directed"] += bool(set(line.arrow) & set("<>←→")) or (
            columns.width > 2 and "directed" in {field.strip().lower() for field in fields}
        )
        gathering.edge(*names, line.number)

    def _unused(self, head: Line, columns: Columns) -> None:
        rest = [field.strip() for at, field in enumerate(head.fields) if at not in (columns.one, columns.other)]
        if rest:
            self.gathering.remark(Remark("Columns not used: {names}."), names=", ".join(field or "–" for field in rest))

    def _remark_on_lines(self, edges: Sequence[Line], columns: Columns) -> None:
        """What was counted; and what cannot be decided: a first line whose names stand nowhere else, names with a colon
        in every line."""
        gathering = self.gathering
        for name, template in _COUNTED.items():
            if gathering.counts[name]:
                gathering.remark(template, count=gathering.counts[name])
        if columns.header or self.choices.first:
            return
        places = columns.one, columns.other
        if edges and not self.choices.lines and colon_lists([(line.number, line.written) for line in edges]):
            gathering.remark(Remark("Names have a colon in them. If a line is a node and its neighbours, choose that."))
        if len(edges) < 4:
            return
        first = {bare(edges[0].fields[at]) for at in places}
        others = {bare(line.fields[at]) for line in edges[1:] for at in places}
        names = list(gathering.names)
        if not first & (others | {names[node] for node in gathering.labels}):
            gathering.remark(
                Remark("Line {line}, {text!r}, is taken for an edge, but its names stand nowhere else. If it is a "
                       "header, choose that."), line=edges[0].number, text=edges[0].written.strip(),
            )  # fmt: skip


_COUNTED = {
    "weights": Remark("Weights in a third column, not used: {count}."),
    "decimal": Remark("Of them with a decimal comma: {count}."),
    "further": Remark("Lines with further columns, which are not used: {count}."),
    "classes": Remark("Lines “node: class”: {count}."),
    "arrows": Remark("Lines with an arrow or a dash between two names: {count}."),
    "data": Remark("Edges with data in braces, which are not used: {count}."),
}

"""Neighbours of every node as Python and JSON print them, {'a': ['b', 'c']}: networkx's to_dict_of_lists,
to_dict_of_dicts and G.adj, and dictionaries of tuples and sets.

Read token by token: neither is the text run, nor can nesting or size exhaust anything.
"""

from __future__ import annotations

import re
from typing import NoReturn

from engine.contracts.knob import KnobError
from engine.data.graph_texts.content import MAXIMUM_EDGES, MAXIMUM_NODES, Gathering, GivenGraph, Remark
from engine.data.graph_texts.literals import NODE, name_of

MOST = 2 * MAXIMUM_EDGES + MAXIMUM_NODES  # neighbours in all: every edge from both ends, and loops
_HEAD = re.compile(r"\s*(?:\w+\s*=\s*)?(?:\w+\(\s*(?:<class '\w+'>\s*,\s*)?)?\{\s*")  # graph = defaultdict(…, {
_START = re.compile(rf"{_HEAD.pattern}{NODE}\s*:")
_KEY, _ITEM = re.compile(rf"({NODE})\s*:\s*"), re.compile(rf"({NODE})\s*")
_EMPTY, _OPEN = re.compile(r"(?:frozen)?set\(\s*\)\s*"), re.compile(r"(?:(?:frozen)?set\(\s*)?([\[{(])\s*")
_COLON, _COMMA = re.compile(r":\s*"), re.compile(r",\s*")
_CLOSE = {"[": re.compile(r"\]\s*"), "{": re.compile(r"\}\s*"), "(": re.compile(r"\)\s*")}
_SILENT = re.compile(r"\{(?:\s*\d+\s*:\s*\{\s*\}\s*,?)*\s*\}")  # {}, and {0: {}, 1: {}} of a multigraph
_END = re.compile(r"\s*\)?\s*;?\s*")
_SCRAP = re.compile(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"|[^'\"{}\[\](),]+|[{}\[\](),]")  # of an edge's data


def is_dictionary(text: str) -> bool:
    """Whether a text begins as a dictionary whose keys are names."""
    return bool(_START.match(text[:4000]))


def read_dictionary(text: str) -> GivenGraph:
    """Nodes are the keys and their neighbours; what a dictionary of dictionaries says of an edge is not used."""
    return _Reading(text).read()


class _Reading:
    """One reading; `at` is how far it has come."""

    def __init__(self, text: str):
        self.text, self.at = text, _HEAD.match(text).end()
        self.gathering, self.data, self.count = Gathering(), 0, 0
        self.line, self.counted = 1, 0  # lines are counted as they come, not from the beginning each time

    def read(self) -> GivenGraph:
        gathering = self.gathering
        gathering.remark(Remark("Read as {format}."), format="Python or JSON")
        while not self._take(_CLOSE["{"]):
            start = self.at
            node = self._name(_KEY)
            gathering.node(node, self._line(start))
            if not self._take(_EMPTY):
                self._neighbours(node)
            if not self._take(_COMMA) and not self.text.startswith("}", self.at):
                self._refuse()
        if not _END.fullmatch(self.text, self.at):
            self._refuse()
        if self.data:
            gathering.remark(Remark("Edges with data, which are not used: {count}."), count=self.data)
        return gathering.done()

    def _neighbours(self, node: str) -> None:
        begin = self.at
        opened = self._take(_OPEN)
        if not opened:
            self._refuse()
        close = _CLOSE[opened[1]]
        while not self._take(close):
            start = self.at
            other = self._name(_ITEM)
            self.count += 1
            if self.count > MOST:
                raise KnobError(
                    "Line {line}: expected at most {most} edges", line=self._line(start), most=MAXIMUM_EDGES
                )
            said, before = opened[1] == "{" and self._take(_COLON) and self._skip_data(), len(self.gathering.edges)
            self.gathering.edge(node, other, self._line(start))
            self.data += bool(said) and len(self.gathering.edges) > before  # an edge stands there in both directions
            if not self._take(_COMMA) and not close.match(self.text, self.at):
                self._refuse()
        if "set(" in self.text[begin : begin + 10] and not self._take(_CLOSE["("]):
            self._refuse()

    def _skip_data(self) -> bool:
        """Over the value of an edge, a number or a dictionary of whatever it holds; whether it says anything."""
        start, depth = self.at, 0
        if self.text.startswith(("[", "("), start):  # lists within dictionaries are something else
            self._refuse()
        while scrap := _SCRAP.match(self.text, self.at):
            if depth == 0 and scrap[0] in (",", "}"):
                break
            depth += (scrap[0] in ("{", "[", "(")) - (scrap[0] in ("}", "]", ")"))
            if depth < 0:
                self._refuse()
            self.at = scrap.end()
        written = self.text[start : self.at].strip()
        if depth or not written:
            self._refuse()
        return not _SILENT.fullmatch(written)

    def _name(self, pattern: re.Pattern) -> str:
        match = self._take(pattern)
        if not match:
            self._refuse()
        return name_of(match[1])

    def _take(self, pattern: re.Pattern) -> re.Match | None:
        match = pattern.match(self.text, self.at)
        if match:
            self.at = match.end()
        return match

    def _line(self, at: int) -> int:
        self.line, self.counted = self.line + self.text.count("\n", self.counted, at), at
        return self.line

    def _refuse(self) -> NoReturn:
        raise KnobError(
            "Line {line}: expected a node and its neighbours such as 'a': ['b', 'c'], got {text!r}",
            line=self._line(self.at), text=self.text[self.at : self.at + 80].partition("\n")[0],
        )  # fmt: skip

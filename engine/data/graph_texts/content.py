"""What a text says about a graph, how it was read, and the bounds it keeps to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields
from typing import Any, NoReturn

from engine.contracts.knob import KnobError
from engine.contracts.sentences import filled

MAXIMUM_NODES, MAXIMUM_EDGES, MAXIMUM_CLASSES = 2000, 20_000, 8
MAXIMUM_NAME, MAXIMUM_TEXT = 24, 1_000_000  # characters
MAXIMUM_ATTRIBUTES = 6  # that are offered as classes
JOINERS = "\u200c\u200d"  # not seen, but scripts and signs are made with them


@dataclass(frozen=True)
class Remark:
    """A sentence about how a text was read; a page says it in the reader's language."""

    template: str
    values: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        return filled(self.template, dict(self.values))


@dataclass(frozen=True)
class Choices:
    """How a text is to be read where the reader of it has chosen; "" leaves it to us.

    The first four make any text one of lines. classes: which of `GivenGraph.attributes`, counted from 1, or none.
    """

    separator: str = ""  # comma, semicolon, tab, space
    first: str = ""  # header, edge
    marked: str = ""  # lines that begin with # or %: comments, names
    lines: str = ""  # edge (columns 1 and 2), edge after one (columns 2 and 3), neighbours
    classes: str = ""  # none, 1, 2, …

    @property
    def of_lines(self) -> bool:
        """Whether the text is to be read as one of lines, whatever it looks like."""
        return any((self.separator, self.first, self.marked, self.lines))

    @property
    def letters(self) -> str:
        """Short, for a link."""
        return "".join(LETTERS[field.name].get(getattr(self, field.name), "") for field in fields(self))

    @classmethod
    def of_letters(cls, text: str) -> Choices:
        """The inverse of `letters`. ValueError for other letters."""
        fields = {}
        for letter in text:
            name, value = _MEANING.get(letter, ("", ""))
            if not name or name in fields:
                raise ValueError(f"no choice {letter!r}")
            fields[name] = value
        return cls(**fields)


LETTERS = {
    "separator": {"comma": "c", "semicolon": "s", "tab": "t", "space": "w"},
    "first": {"header": "h", "edge": "e"},
    "marked": {"comments": "k", "names": "n"},
    "lines": {"edge": "1", "edge after one": "2", "neighbours": "g"},
    "classes": {"none": "0", "1": "u", "2": "v", "3": "i", "4": "y", "5": "z", "6": "j"},
}
_MEANING = {letter: (name, value) for name, values in LETTERS.items() for value, letter in values.items()}


@dataclass(frozen=True)
class GivenGraph:
    """Nodes by name, edges between their indices (each once, the smaller first), and classes where they were given.

    labels: index into classes for each node, -1 for none. remarks: how the text was read, in sentences. by_lines: it is
    of a kind for which the choices about lines matter. attributes: of the nodes, those that could be the classes.
    """

    names: tuple[str, ...]
    edges: tuple[tuple[int, int], ...]
    labels: tuple[int, ...]
    classes: tuple[str, ...]
    remarks: tuple[Remark, ...] = ()
    by_lines: bool = False
    attributes: tuple[str, ...] = ()


class Gathering:
    """Nodes, edges and classes as a reader finds them, within the bounds; KnobError names the line that breaks one."""

    def __init__(self) -> None:
        self.names: dict[str, int] = {}
        self.edges: dict[tuple[int, int], tuple[int, int]] = {}  # the pair, and the way in which it was given first
        self.classes: dict[str, int] = {}
        self.labels: dict[int, int] = {}
        self.counts: Counter[str] = Counter()
        self.remarks: list[Remark] = []

    def remark(self, template: Remark, **values: Any) -> None:
        """Add a sentence about the reading."""
        self.remarks.append(Remark(template.template, tuple(values.items())) if values else template)

    def node(self, written: str, line: int = 0) -> int:
        """The index of the node of that name."""
        name = bare(written)
        if not written.isprintable():
            self.counts["unseen"] += sum(not _is_visible(letter) for letter in written.strip())
        if len(name) > MAXIMUM_NAME:
            refuse_name(name, line)
        if not name and line:
            raise KnobError("Line {line}: expected names of letters that can be seen, got an empty one", line=line)
        if not name:
            raise KnobError("Own graph: expected names of letters that can be seen, got an empty one")
        if name not in self.names and len(self.names) == MAXIMUM_NODES:
            raise KnobError("Line {line}: expected at most {most} nodes", line=line, most=MAXIMUM_NODES)
        return self.names.setdefault(name, len(self.names))

    def edge(self, one: str, other: str, line: int = 0) -> None:
        """An edge between two names."""
        self.join(self.node(one, line), self.node(other, line), line)

    def join(self, one: int, other: int, line: int = 0) -> None:
        """An edge between two nodes; repeated ones and those from a node to itself are counted and left out."""
        pair = (min(one, other), max(one, other))
        if one == other:
            self.counts["loops"] += 1
        elif pair in self.edges:
            self.counts["repeated" if self.edges[pair] == (one, other) else "reversed"] += 1
        elif len(self.edges) == MAXIMUM_EDGES:
            if line:
                raise KnobError("Line {line}: expected at most {most} edges", line=line, most=MAXIMUM_EDGES)
            raise KnobError("Own graph: expected at most {most} edges", most=MAXIMUM_EDGES)
        else:
            self.edges[pair] = (one, other)

    def label(self, node: int, kind: str, line: int = 0) -> None:
        """A node's class."""
        kind = bare(kind)
        if len(kind) > MAXIMUM_NAME:
            refuse_name(kind, line)
        if kind not in self.classes and len(self.classes) == MAXIMUM_CLASSES:
            raise KnobError("Line {line}: expected at most {most} classes", line=line, most=MAXIMUM_CLASSES)
        given = self.classes.setdefault(kind, len(self.classes))
        if self.labels.setdefault(node, given) != given:
            raise KnobError(
                "Line {line}: expected one class a node, but {name!r} has {first!r} already and gets {kind!r} here",
                line=line, name=list(self.names)[node], first=list(self.classes)[self.labels[node]], kind=kind,
            )  # fmt: skip

    def done(self, *, by_lines: bool = False, directed: bool = False, attributes: tuple[str, ...] = ()) -> GivenGraph:
        """The graph. KnobError if it has no edge."""
        if not self.edges:
            raise KnobError("Own graph: expected at least one edge, a line such as “Ada, Bob”")
        if directed:
            self.remarks.append(Remark("Edges have a direction there; here they have none."))
        for name, template in _COUNTED.items():
            if self.counts[name]:
                self.remark(template, count=self.counts[name])
        if alone := len(self.names) - len({node for edge in self.edges for node in edge}):
            self.remark(Remark("Nodes without an edge: {count}."), count=alone)
        labels = tuple(self.labels.get(index, -1) for index in range(len(self.names)))
        parts = tuple(self.names), tuple(self.edges), labels, tuple(self.classes)
        return GivenGraph(*parts, tuple(self.remarks), by_lines, attributes)


_COUNTED = {
    "repeated": Remark("Repeated edges, left out: {count}."),
    "reversed": Remark("Edges given in both directions, taken once: {count}."),
    "loops": Remark("Edges from a node to itself, left out: {count}."),
    "unseen": Remark("Characters that cannot be seen, left out of names: {count}."),
}


def bare(text: str) -> str:
    """A name without space and quotes around it, and without what cannot be seen."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1].strip()
    if text.isprintable():  # nearly always
        return text
    text = "".join(" " if letter.isspace() else letter for letter in text if _is_visible(letter))
    return text.strip(JOINERS + " ")


def _is_visible(letter: str) -> bool:
    return letter.isprintable() or letter.isspace() or letter in JOINERS


def refuse_name(name: str, line: int = 0) -> NoReturn:
    """KnobError for a name that is too long."""
    if line:
        raise KnobError(
            "Line {line}: expected names of at most {most} characters, got {text!r}",
            line=line, most=MAXIMUM_NAME, text=name,
        )  # fmt: skip
    raise KnobError(
        "Own graph: expected names of at most {most} characters, got {text!r}", most=MAXIMUM_NAME, text=name
    )


def numbered(text: str) -> list[tuple[int, str]]:
    """The lines of a text, each with its number."""
    return list(enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1))

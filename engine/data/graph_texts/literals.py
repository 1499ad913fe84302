"""Edges as Python or JSON print them, [('a', 'b'), …], and graphs as JSON: node-link, as networkx and D3 write it."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

from engine.contracts.knob import KnobError
from engine.data.graph_texts.content import Gathering, GivenGraph, Remark

_STRING = r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\""
_PLAIN = r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
_NUMBER = rf"(?:{_PLAIN}|np\.\w+\({_PLAIN}\))"
_PAIR = rf"\((?:(?:{_STRING}|{_NUMBER})\s*,\s*)+(?:{_STRING}|{_NUMBER})?\)"  # a node of a grid is one: (0, 1)
NODE = rf"(?:{_STRING}|{_NUMBER}|np\.str_\((?:{_STRING})\)|{_PAIR})"
_MORE = rf"(?:\{{[^{{}}]*\}}|{_STRING}|{_NUMBER}|None)"  # data, weight or key
_EDGE = re.compile(rf"[(\[]\s*({NODE})\s*,\s*({NODE})\s*((?:,\s*{_MORE}\s*)*),?\s*[)\]]")
_BETWEEN = re.compile(r"\s*(?:,\s*|\n\s*)[\s,]*")
_START = re.compile(rf"\s*(?:\w+\(\s*)?[\[({{]?\s*(?={_EDGE.pattern})")
_END = re.compile(r"[\s,]*[\])}]*\s*[\])}]*\s*")
_DATA_KEYS = ("links", "edges")


def is_printed(text: str) -> bool:
    """Whether a text begins as edges do where Python prints them."""
    return bool(_START.match(text[:4000]))


def read_printed(text: str) -> GivenGraph:
    """Edges as Python or JSON print them."""
    gathering = Gathering()
    gathering.remark(Remark("Read as {format}."), format="Python or JSON")
    at, data = _START.match(text).end(), 0
    while True:
        edge = _EDGE.match(text, at)
        if not edge:
            _refuse(text, at)
        line = text.count("\n", 0, at) + 1 if text.count("\n") < 2 else _line_of(text, at)
        gathering.edge(name_of(edge[1]), name_of(edge[2]), line)
        data += bool(edge[3].strip(", {}"))
        at = edge.end()
        if _END.fullmatch(text, at):
            break
        between = _BETWEEN.match(text, at)
        if not between:
            _refuse(text, at)
        at = between.end()
    if data:
        gathering.remark(Remark("Edges with data, which are not used: {count}."), count=data)
    return gathering.done()


def _line_of(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _refuse(text: str, at: int) -> None:
    raise KnobError(
        "Line {line}: expected an edge such as ('a', 'b'), got {text!r}", line=_line_of(text, at),
        text=text[at : at + 80].partition("\n")[0],
    )  # fmt: skip


def name_of(written: str) -> str:
    """The name of a node as Python prints it: text without its quotation marks, anything else as it stands."""
    if written.startswith("np."):
        written = written.partition("(")[2].removesuffix(")")
    if written[0] == '"':
        try:
            return json.loads(written)  # where the two halves of a sign beyond 16 bits are one
        except ValueError:  # Python's own escapes
            pass
    if written[0] in "'\"":
        try:
            return ast.literal_eval(written)
        except (ValueError, SyntaxError):  # an escape that is none
            return written[1:-1]
    return written


# ---------------------------------------------------------------- JSON


def is_json_graph(text: str) -> bool:
    """Whether a text is a JSON object with nodes and what joins them; alone, "nodes" may be a name like others."""
    return text.lstrip().startswith("{") and '"nodes"' in text and any(f'"{key}"' in text for key in _DATA_KEYS)


def read_json(text: str, classes: str = "") -> GivenGraph:
    """Nodes with ids and links between them."""
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        line = text.split("\n")[error.lineno - 1]
        raise KnobError("Line {line}: expected JSON, got {text!r}", line=error.lineno, text=line.strip()) from None
    except RecursionError:
        raise KnobError("Own graph: this JSON is nested too deeply") from None
    from engine.data.graph_texts.by_networkx import NodesAndEdges, gather

    try:
        nodes = {str(node["id"]): node for node in document["nodes"]}
        key = next(key for key in _DATA_KEYS if key in document)
        edges = [(_end(link["source"]), _end(link["target"])) for link in document[key]]
        count = len(document["nodes"])
    except (KeyError, TypeError, AttributeError, StopIteration):
        raise KnobError(
            "Own graph: expected JSON with nodes that have an id and links with source and target"
        ) from None
    if count != len(nodes):
        raise KnobError("Own graph: expected nodes with an id each, but some have the same one")
    if missing := next((end for edge in edges for end in edge if end not in nodes), None):
        raise KnobError("Own graph: expected edges between nodes of this file, but there is no node {name!r}",
                        name=missing)  # fmt: skip
    directed = bool(document.get("directed"))
    return gather(NodesAndEdges(nodes, edges, directed), "JSON", classes)


def _end(value: Any) -> str:
    return str(value["id"] if isinstance(value, dict) else value)

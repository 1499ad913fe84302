"""GraphML, GEXF and GML, read by networkx; what it reads is checked before and after."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import ParseError, XMLPullParser

from engine.contracts.knob import KnobError
from engine.data.graph_texts.content import (
    MAXIMUM_ATTRIBUTES,
    MAXIMUM_CLASSES,
    MAXIMUM_NAME,
    MAXIMUM_NODES,
    Gathering,
    GivenGraph,
    Remark,
)

MOST_NESTED = 60  # elements of XML within each other
NAMES = ("label", "name", "vname", "title")
CLASSES = ("class", "club", "group", "community", "modularityclass", "cluster", "faction", "department", "category",
           "party", "value", "label", "type", "gender", "sex")  # fmt: skip
_HEADING = r'(?:Creator|Version|Comment|Label|Directed)\s+(?:"[^"]*"|[^\s"]+)(?=\s)'
_GML = re.compile(rf"\s*(?:(?:#[^\n]*\n|{_HEADING})\s*)*graph\s*\[", re.IGNORECASE)
_PLACE = re.compile(r"\((\d+), \d+\)")


@dataclass(frozen=True)
class NodesAndEdges:
    """A graph before it is named: attributes of every node by its id, and pairs of ids."""

    nodes: Mapping[Any, Mapping[str, Any]]
    edges: Sequence[tuple[Any, Any]]
    directed: bool


def is_xml(text: str) -> bool:
    """Whether a text begins as XML does."""
    return bool(
        re.match(r"\s*<(\?xml|!DOCTYPE|!--|graphml|gexf|svg(?=\s)|html(?=\s+\w+=|>\s*<))\b", text, re.IGNORECASE)
    )


def is_gml(text: str) -> bool:
    """Whether a text begins as GML does."""
    return bool(_GML.match(text))


def read_xml(text: str, classes: str = "") -> GivenGraph:
    """GraphML or GEXF. Document types and entities, with which a small file can grow to gigabytes, are refused."""
    if re.match(r"\s*<(!DOCTYPE\s+)?html\b", text, re.IGNORECASE):
        raise KnobError("Own graph: expected XML of the kind GraphML or GEXF, got {name!r}", name="html")
    if re.search(r"<!(DOCTYPE|ENTITY)", text, re.IGNORECASE):
        raise KnobError("Own graph: expected XML without a document type (DOCTYPE) and without entities")
    kind, graphs = _look_through(text)
    if kind not in ("graphml", "gexf"):
        raise KnobError("Own graph: expected XML of the kind GraphML or GEXF, got {name!r}", name=kind)
    if graphs != 1:
        raise KnobError("Own graph: expected a file with one graph, got {count}", count=graphs)
    import networkx as nx

    if kind == "graphml":
        return gather(_foreign("GraphML", text, lambda: nx.parse_graphml(text)), "GraphML", classes)
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text)  # it names an encoding, which a text has no more
    return gather(_foreign("GEXF", text, lambda: nx.read_gexf(io.BytesIO(text.encode()))), "GEXF", classes)


def _look_through(text: str) -> tuple[str, int]:
    """(name of the outermost element, number of graphs) of XML; KnobError where it is none, or nested too deeply."""
    parser, depth, kind, graphs = XMLPullParser(("start", "end")), 0, "", 0
    text = re.sub(r"^\s*<\?xml[^>]*\?>", lambda match: "\n" * match[0].count("\n"), text)
    try:
        for start in range(0, len(text), 4096):
            parser.feed(text[start : start + 4096])
            for event, element in parser.read_events():
                depth += 1 if event == "start" else -1
                name = element.tag.rpartition("}")[2]
                kind = kind or name
                graphs += event == "start" and name == "graph"
                if depth > MOST_NESTED:
                    raise KnobError("Own graph: this XML is nested too deeply")
        parser.close()
    except ParseError as error:
        number = error.position[0]
        line = "".join(text.split("\n")[number - 1 : number]).strip()
        raise KnobError("Line {line}: expected XML, got {text!r}", line=number, text=line) from None
    return kind, graphs


def read_gml(text: str, classes: str = "") -> GivenGraph:
    """GML. Repeated edges are taken, which networkx refuses in a graph that does not say that it has them."""
    import networkx as nx

    def parse() -> Any:
        try:
            return nx.parse_gml(text, label="id")
        except nx.NetworkXError as error:
            if "is duplicated" not in str(error) or "edge" not in str(error) or re.search(r"multigraph\s+1", text):
                raise
            return nx.parse_gml(re.sub(r"(graph\s*\[)", r"\1 multigraph 1 ", text, count=1), label="id")

    return gather(_foreign("GML", text, parse), "GML", classes)


def _foreign(format: str, text: str, parse: Callable[[], Any]) -> NodesAndEdges:
    """What networkx reads; whatever goes wrong within it becomes one sentence."""
    try:
        graph = parse()
        return NodesAndEdges(dict(graph.nodes(data=True)), list(graph.edges()), graph.is_directed())
    except Exception as error:  # a foreign reader of a stranger's file: KeyError, IndexError, RecursionError, …
        lines, place = text.split("\n"), _PLACE.search(str(error))
        if place and 0 < int(place[1]) <= len(lines):
            number = int(place[1])
            raise KnobError("Line {line}: expected {format}, got {text!r}", line=number, format=format,
                            text=lines[number - 1].strip()) from None  # fmt: skip
        raise KnobError("Own graph: this {format} cannot be read: {reason!r}", format=format,
                        reason=str(error)) from None  # fmt: skip


def gather(graph: NodesAndEdges, format: str, classes: str = "") -> GivenGraph:
    """Name the nodes of a graph, find their classes, and say how. classes: as in `Choices`."""
    if len(graph.nodes) > MAXIMUM_NODES:
        raise KnobError("Own graph: expected at most {most} nodes, got {count}", most=MAXIMUM_NODES,
                        count=len(graph.nodes))  # fmt: skip
    gathering = Gathering()
    gathering.remark(Remark("Read as {format}."), format=format)
    attributes = _attributes(graph.nodes)
    names, called = _names(graph.nodes, attributes)
    if called:
        gathering.remark(Remark("Names from the nodes' attribute {name!r}."), name=called)
    index = {node: gathering.node(name) for node, name in names.items()}
    if len(set(index.values())) != len(index):
        raise KnobError("Own graph: expected names that differ, but some nodes have the same one")
    for one, other in graph.edges:
        gathering.join(index[one], index[other])
    offered = _offered(attributes, called, len(index))
    if classes.isdecimal() and int(classes) <= len(offered):
        _label(gathering, offered[int(classes) - 1], attributes, index)
    elif classes != "none":
        _classes(gathering, attributes, called, index)
    return gathering.done(directed=graph.directed, attributes=offered)


def _attributes(nodes: Mapping[Any, Mapping[str, Any]]) -> dict[str, dict[Any, str]]:
    """Attribute -> the nodes that have it, with its value as text."""
    texts: dict[str, dict[Any, str]] = {}
    for node, attributes in nodes.items():
        for name, value in attributes.items():
            if isinstance(value, (str, int, float)) and (written := _written(value)):
                texts.setdefault(name, {})[node] = written
    return texts


def _written(value: Any) -> str:
    return str(int(value) if isinstance(value, float) and value.is_integer() else value).strip()


def _known_as(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.lower())


def _names(nodes: Mapping[Any, Any], attributes: dict[str, dict[Any, str]]) -> tuple[dict[Any, str], str]:
    """(node -> its name, the attribute that it comes from): one that most nodes have and no two share; else the id."""
    for wanted in NAMES:
        for name, values in attributes.items():
            named = {node: values.get(node, str(node)) for node in nodes}
            if _known_as(name) == wanted and 2 * len(values) > len(nodes) == len(set(named.values())):
                return named, name if any(str(node) != value for node, value in named.items()) else ""
    return {node: str(node) for node in nodes}, ""


def _can_be_classes(values: dict[Any, str], count: int) -> bool:
    """Whether an attribute parts `count` nodes into few enough classes, and at least two."""
    kinds = set(values.values())
    return 2 <= len(kinds) < min(MAXIMUM_CLASSES + 1, count) and max(map(len, kinds)) <= MAXIMUM_NAME


def _offered(attributes: dict[str, dict[Any, str]], called: str, count: int) -> tuple[str, ...]:
    """Attributes that could be the classes, those first that are called so."""
    names = [name for name, values in attributes.items() if name != called and _can_be_classes(values, count)]
    ranks = {name: CLASSES.index(_known_as(name)) if _known_as(name) in CLASSES else len(CLASSES) for name in names}
    return tuple(sorted(names, key=lambda name: (ranks[name], name))[:MAXIMUM_ATTRIBUTES])


def _label(gathering: Gathering, name: str, attributes: dict[str, dict[Any, str]], index: dict[Any, int]) -> None:
    for node, value in attributes[name].items():
        gathering.label(index[node], value)
    gathering.remark(Remark("Classes from the nodes' attribute {name!r}."), name=name)


def _classes(gathering: Gathering, attributes: dict[str, dict[Any, str]], called: str, index: dict[Any, int]) -> None:
    for wanted in CLASSES:
        for name, values in attributes.items():
            if _known_as(name) != wanted or name == called:
                continue
            kinds = set(values.values())
            if len(kinds) > MAXIMUM_CLASSES and len(kinds) < len(index):
                gathering.remark(Remark("Attribute {name!r} has {count} values, more than {most} classes: not used."),
                                 name=name, count=len(kinds), most=MAXIMUM_CLASSES)  # fmt: skip
            elif _can_be_classes(values, len(index)):
                _label(gathering, name, attributes, index)
                return

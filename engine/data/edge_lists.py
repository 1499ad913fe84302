"""Edge lists as people write them, and as keys for a link. Light: no torch.

One edge a line, "a, b" or "a b" (tab and semicolon work too); "a: chess" gives node a the class chess. Lines that begin
with # are comments. A header such as "source,target" is skipped, a third column (a weight) is left out and counted.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import zlib
from dataclasses import dataclass

from engine.core.knob import KnobError
from engine.core.store import ResultStore

MAXIMUM_NODES, MAXIMUM_EDGES, MAXIMUM_CLASSES = 2000, 20_000, 8
MAXIMUM_NAME, MAXIMUM_TEXT = 24, 1_000_000  # characters
LONGEST_KEY = 1500  # characters of a graph that travels in the link itself
_KEY = re.compile(r"(z[A-Za-z0-9_-]{4,}|upload:[0-9a-f]{16})?")
_HEADERS = {"source", "target", "from", "to", "node1", "node2", "node_1", "node_2", "a", "b", "u", "v", "weight"}
_UPLOADS = ResultStore(32_000_000)  # texts by key, the least recently used dropped first


@dataclass(frozen=True)
class EdgeList:
    """Nodes by name, edges between their indices (each once, the smaller first), and classes where they were given.

    labels: index into classes for each node, -1 for none. left_out: repeated edges and edges from a node to itself.
    weights: lines whose third column was not used.
    """

    names: tuple[str, ...]
    edges: tuple[tuple[int, int], ...]
    labels: tuple[int, ...]
    classes: tuple[str, ...]
    left_out: int = 0
    weights: int = 0


def parse_edge_list(text: str) -> EdgeList:
    """Read an edge list; KnobError names the line and says what was expected."""
    if len(text) > MAXIMUM_TEXT:
        raise KnobError(
            "Own graph: expected at most {most} characters, got {count}", most=MAXIMUM_TEXT, count=len(text)
        )
    names: dict[str, int] = {}
    classes: dict[str, int] = {}
    edges: dict[tuple[int, int], None] = {}
    labels: dict[int, int] = {}
    left_out = weights = 0
    first = True

    def index_of(name: str, line: int) -> int:
        if len(name) > MAXIMUM_NAME:
            raise KnobError(
                "Line {line}: expected names of at most {most} characters, got {text!r}",
                line=line, most=MAXIMUM_NAME, text=name[:40],
            )  # fmt: skip
        if name not in names and len(names) == MAXIMUM_NODES:
            raise KnobError("Line {line}: expected at most {most} nodes", line=line, most=MAXIMUM_NODES)
        return names.setdefault(name, len(names))

    for line, raw in enumerate(text.replace("\ufeff", "").splitlines(), 1):
        written = raw.strip()
        if not written or written[0] in "#%":
            continue
        begins, first = first, False
        if match := re.fullmatch(r"([^:：]+)[:：]([^:：]+)", written):
            name, kind = _bare(match[1]), _bare(match[2])
            if not name or not kind or len(kind) > MAXIMUM_NAME:
                raise KnobError("Line {line}: expected “node: class”, got {text!r}", line=line, text=written[:40])
            if kind not in classes and len(classes) == MAXIMUM_CLASSES:
                raise KnobError("Line {line}: expected at most {most} classes", line=line, most=MAXIMUM_CLASSES)
            node, given = index_of(name, line), classes.setdefault(kind, len(classes))
            if labels.setdefault(node, given) != given:
                raise KnobError(
                    "Line {line}: expected one class a node, but {name!r} has {first!r} already and gets {kind!r} here",
                    line=line, name=name, first=list(classes)[labels[node]], kind=kind,
                )  # fmt: skip
            continue
        fields = [_bare(field) for field in _split(written)]
        if begins and {field.lower() for field in fields} <= _HEADERS and len(fields) > 1 and len(fields[0]) > 1:
            continue
        if len(fields) == 3 and _is_number(fields[2]):
            weights += 1
            fields = fields[:2]
        if len(fields) != 2 or not all(fields):
            raise KnobError(
                "Line {line}: expected two names such as “Ada, Bob”, got {text!r}", line=line, text=written[:40]
            )
        one, other = (index_of(name, line) for name in fields)
        pair = (min(one, other), max(one, other))
        if one == other or pair in edges:
            left_out += 1
            continue
        if len(edges) == MAXIMUM_EDGES:
            raise KnobError("Line {line}: expected at most {most} edges", line=line, most=MAXIMUM_EDGES)
        edges[pair] = None
    if not edges:
        raise KnobError("Own graph: expected at least one edge, a line such as “Ada, Bob”")
    given = tuple(labels.get(index, -1) for index in range(len(names)))
    return EdgeList(tuple(names), tuple(edges), given, tuple(classes), left_out, weights)


def decode_text(content: bytes) -> str:
    """A file's text. KnobError if it is none, such as a picture."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise KnobError("Own graph: expected a text file in UTF-8 with one edge a line; this file is something else")
    return text


def key_of(text: str) -> str:
    """A key for a graph's text: small ones travel compressed in the key itself, larger ones stay on this server."""
    inline = "z" + base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode().rstrip("=")
    if len(inline) <= LONGEST_KEY:
        return inline
    key = "upload:" + hashlib.sha256(text.encode()).hexdigest()[:16]
    keep_text(key, text)
    return key


def keep_text(key: str, text: str) -> None:
    """Keep a large graph's text in this process."""
    _UPLOADS.get_or_compute(key, lambda: text)


def kept_text(key: str) -> str | None:
    """A large graph's text, if this process has it."""
    return _UPLOADS.find(key)


def text_of(key: str) -> str:
    """The text behind a key. KnobError if it is malformed, or an upload that this server does not have."""
    check_key(key)
    if key.startswith("upload:"):
        return _UPLOADS.get_or_compute(key, _missing)
    try:
        raw = base64.urlsafe_b64decode(key[1:] + "=" * (-len(key[1:]) % 4))
        unpacked = zlib.decompressobj().decompress(raw, MAXIMUM_TEXT)  # bounded: a key may unpack to gigabytes
        return unpacked.decode()
    except (binascii.Error, zlib.error, UnicodeDecodeError):
        raise KnobError("Own graph: this link's graph cannot be read") from None


def check_key(key: str) -> None:
    """KnobError unless the text looks like a graph's key, or is empty."""
    if not _KEY.fullmatch(key) or len(key) > LONGEST_KEY:
        raise KnobError("Own graph: this link's graph cannot be read")


def _missing() -> str:
    raise KnobError("This link's graph is not on this server; give its edges again.")


def _split(line: str) -> list[str]:
    for separator in (",", "，", ";", "\t"):
        if separator in line:
            return line.split(separator)
    return line.split()


def _bare(field: str) -> str:
    """Without space and quotes around it, and without what cannot be printed."""
    return "".join(character for character in field.strip().strip("\"'").strip() if character.isprintable())


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True

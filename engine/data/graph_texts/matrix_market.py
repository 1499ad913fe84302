"""Matrix Market's coordinate format: a sparse square matrix, whose entries are edges (Boisvert et al. 1996)."""

from __future__ import annotations

from engine.contracts.knob import KnobError
from engine.data.graph_texts.content import MAXIMUM_NODES, Gathering, GivenGraph, Remark, numbered

FIELDS = {"real": 1, "double": 1, "integer": 1, "complex": 2, "pattern": 0}
SYMMETRIES = ("general", "symmetric", "skew-symmetric", "hermitian")


def is_matrix_market(text: str) -> bool:
    """Whether a text begins as the format has it."""
    return text.lstrip().lower().startswith("%%matrixmarket")


def read_matrix_market(text: str) -> GivenGraph:
    """Nodes are the rows, from 1 on; entries that are 0 are no edges."""
    lines = [(number, line.strip()) for number, line in numbered(text) if line.strip()]
    number, head = lines[0]
    words = head.lower().split()
    kind = words[1:3] == ["matrix", "coordinate"] and len(words) == 5
    if not kind or words[3] not in FIELDS or words[4] not in SYMMETRIES:
        raise KnobError(
            "Line {line}: expected “%%MatrixMarket matrix coordinate …”, a sparse matrix, got {text!r}",
            line=number, text=head,
        )  # fmt: skip
    values = FIELDS[words[3]]
    lines = [(number, line) for number, line in lines[1:] if not line.startswith("%")]
    number, size = lines[0] if lines else (number, "")
    parts = size.split()
    if len(parts) != 3 or not all(part.isdecimal() and len(part) < 10 for part in parts):
        raise KnobError("Line {line}: expected rows, columns and entries, such as “34 34 78”, got {text!r}",
                        line=number, text=size)  # fmt: skip
    rows, columns, entries = map(int, parts)
    if rows != columns:
        raise KnobError("Line {line}: expected a square matrix, got {text!r}", line=number, text=size)
    if rows > MAXIMUM_NODES:
        raise KnobError("Line {line}: expected at most {most} nodes", line=number, most=MAXIMUM_NODES)
    if entries != len(lines) - 1:
        raise KnobError("Line {line}: expected {count} entries, as it says, got {found}", line=number, count=entries,
                        found=len(lines) - 1)  # fmt: skip
    gathering, zero, ways = Gathering(), 0, set()
    for k in range(rows):
        gathering.node(str(k + 1))
    for number, line in lines[1:]:
        parts = line.split()
        try:
            at = [int(part) for part in parts[:2]]
            entry = [float(part) for part in parts[2:]]
        except ValueError:
            at, entry = [], []
        if len(at) != 2 or len(entry) != values or not all(1 <= k <= rows for k in at):
            raise KnobError("Line {line}: expected row, column and value of an entry, got {text!r}", line=number,
                            text=line)  # fmt: skip
        if values and not any(entry):
            zero += 1
            continue
        ways.add((at[0], at[1]))
        gathering.join(at[0] - 1, at[1] - 1, number)
    gathering.remark(Remark("Read as {format}."), format="Matrix Market")
    if zero:
        gathering.remark(Remark("Entries that are 0, no edges: {count}."), count=zero)
    elif values:
        gathering.remark(Remark("Values of the entries, not used: {count}."), count=entries)
    one_way = any((other, one) not in ways for one, other in ways)
    return gathering.done(directed=words[4] == "general" and one_way)

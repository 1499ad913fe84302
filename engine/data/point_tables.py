"""A reader's own table as points in the plane: two columns of numbers, and a column of classes or of values.

What may come is a text or a file as spreadsheets and pandas write it: separators comma, semicolon, tab or blanks; with
a header or without; decimal points or commas; fields in quotation marks; a byte order mark. Light, for cards import
it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from engine.contracts.knob import KnobError
from engine.data.graph_texts.content import Remark
from engine.data.graph_texts.separators import SIGNS, Line, split

DOMAIN = 3.0  # the plane of the pages is [-3, 3] x [-3, 3]; engine.data.points.DOMAIN, which needs torch
FILLED = 0.9  # share of the plane across which a column is spread
MAXIMUM_ROWS, MAXIMUM_CLASSES, MAXIMUM_COLUMNS, MAXIMUM_TEXT = 2000, 8, 30, 1_000_000
MAXIMUM_NAME = 24  # characters of a column's or a class's name that are kept
LARGEST = 1e100
MISSING = frozenset(("", "na", "n/a", "nan", "null", "none", "?", "-", "–"))
TARGETS = frozenset(
    ("class", "label", "labels", "target", "species", "category", "group", "类别", "类", "标签", "目标", "分类")
)
COUNTERS = frozenset(("", "unnamed: 0", "index", "id", "row", "no", "nr", "no.", "编号", "序号"))  # no measurements
_NUMBER = re.compile(r"[-+−]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][-+]?\d{1,3})?")
_CHOICES = re.compile(r"([cstb]?)([hd]?)([nv]?)(?:x(\d{1,2}))?(?:y(\d{1,2}))?(?:z(\d{1,2}))?")
_SEPARATORS = {"comma": "c", "semicolon": "s", "tab": "t", "space": "b"}
_FIRST, _KINDS = {"header": "h", "data": "d"}, {"classes": "n", "values": "v"}


@dataclass(frozen=True)
class TableChoices:
    """How a table is to be read where its reader has said so; "" and None leave it to us.

    separator: comma, semicolon, tab, space. first: whether the first line is a header or data. kind: whether the last
    of the three columns names classes or holds values. x, y, target: numbers of columns, counted from 0.
    """

    separator: str = ""
    first: str = ""
    kind: str = ""
    x: int | None = None
    y: int | None = None
    target: int | None = None

    @property
    def letters(self) -> str:
        """Short, for a link; `of_letters` reads it back."""
        said = [_SEPARATORS.get(self.separator, ""), _FIRST.get(self.first, ""), _KINDS.get(self.kind, "")]
        places = zip("xyz", (self.x, self.y, self.target), strict=True)
        return "".join([*said, *(f"{letter}{at}" for letter, at in places if at is not None)])

    @classmethod
    def of_letters(cls, text: str) -> TableChoices:
        """The inverse of `letters`. ValueError for other letters."""
        if (match := _CHOICES.fullmatch(text)) is None:
            raise ValueError(f"no choices {text!r}")
        named = [
            next((name for name, letter in names.items() if letter == match[at]), "")
            for at, names in ((1, _SEPARATORS), (2, _FIRST), (3, _KINDS))
        ]
        return cls(*named, *(None if match[at] is None else int(match[at]) for at in (4, 5, 6)))


AUTOMATIC = TableChoices()


@dataclass(frozen=True)
class Axis:
    """A column of numbers as one axis of the plane: `low` lies at -2.7 and `high` at 2.7, so that both columns fill it.

    The change is affine. A column whose numbers are all equal lies in the middle.
    """

    name: str
    low: float
    high: float

    @property
    def middle(self) -> float:
        """The number that lies at 0 in the plane."""
        return self.low / 2 + self.high / 2

    @property
    def unit(self) -> float:
        """Length of one unit of the plane, in units of the column; never 0."""
        return (self.high - self.low) / (2 * FILLED * DOMAIN) or 1.0

    @property
    def ends(self) -> tuple[float, float]:
        """The numbers at the two edges of the plane."""
        return self.middle - DOMAIN * self.unit, self.middle + DOMAIN * self.unit

    def to_plane(self, value: float) -> float:
        """A number of the column -> its place in the plane."""
        return (value - self.middle) / self.unit

    def from_plane(self, place: float) -> float:
        """A place in the plane -> the number of the column."""
        return self.middle + place * self.unit


@dataclass(frozen=True)
class PointTable:
    """What a table says.

    axes: the two columns of numbers. points: (x, y) in their units. target: name of the third column. classes: names of
    the classes, in the order of their numbers or of their first line; () for values. targets: number of the class of
    each point, or its value. columns: names of all columns of the text; chosen: which three of them are used; numeric:
    which may be x and y. header: whether the first line was one. remarks: how the text was read.
    """

    axes: tuple[Axis, Axis]
    points: tuple[tuple[float, float], ...]
    target: str
    targets: tuple[float, ...]
    classes: tuple[str, ...]
    columns: tuple[str, ...]
    chosen: tuple[int, int, int]
    numeric: tuple[int, ...]
    header: bool
    remarks: tuple[Remark, ...] = ()

    def __len__(self) -> int:
        return len(self.points)

    @cached_property
    def value_axis(self) -> Axis:
        """The values as an axis, for what wants them between -1 and 1: see `in_plane`."""
        return Axis(self.target, min(self.targets), max(self.targets))

    def in_plane(self) -> list[tuple[float, float, float]]:
        """(x1, x2, target) of each point in the plane [-3, 3]²: the number of its class, or its value brought linearly
        to -1 … 1."""
        one, other = self.axes
        last = self.targets
        if not self.classes:
            last = tuple(self.value_axis.to_plane(value) / (FILLED * DOMAIN) for value in self.targets)
        return [(one.to_plane(x), other.to_plane(y), target) for (x, y), target in zip(self.points, last, strict=True)]


def read_table(text: str, choices: TableChoices = AUTOMATIC) -> PointTable:
    """Read a table; KnobError says in one sentence what was expected and what stands in which line.

    With more than three columns the first two of numbers are x and y, and the class stands in a column that is called
    so, else in the last one that holds no numbers, else in the last. Lines with a number or a class missing are left
    out and counted in a remark.
    """
    if len(text) > MAXIMUM_TEXT:
        raise KnobError(
            "Own table: expected at most {most} characters, got {count}", most=MAXIMUM_TEXT, count=len(text)
        )
    written = [(at, line) for at, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1) if line.strip(" ,;\t")]
    if not written:
        raise KnobError("Own table: expected lines such as “1.5, 2.3, red”, got an empty text")
    if len(written) > MAXIMUM_ROWS + 1:
        raise KnobError("Own table: expected at most {most} lines, got {count}", most=MAXIMUM_ROWS, count=len(written))
    lines = _parted(written, choices)
    header = _has_header(lines) if not choices.first else choices.first == "header"
    names, body = _names(lines[0], header), lines[1:] if header else lines
    if not body:
        raise KnobError("Own table: expected lines such as “1.5, 2.3, red” below the header, got none")
    numeric = tuple(at for at in range(len(names)) if _is_numeric(body, at))
    chosen = _chosen(names, body, numeric, choices)
    return _made(names, body, numeric, chosen, header, choices.kind)


def number_of(field: str) -> float | None:
    """A number as written with a decimal point or comma; None for what is none. NaN and infinity are none."""
    field = field.strip()
    if not _NUMBER.fullmatch(field):
        return None
    value = float(field.replace("−", "-").replace(",", "."))
    return value if abs(value) <= LARGEST else None


def _parted(written: Sequence[tuple[int, str]], choices: TableChoices) -> list[Line]:
    """The lines at the separator that parts all of them into equally many fields, three at least, of which two columns
    hold numbers."""
    if choices.separator:
        return _even([split(number, text, choices.separator) for number, text in written])
    problem: KnobError | None = None
    for separator in (*SIGNS, "space"):
        if separator != "space" and not set(SIGNS[separator]) & set("".join(text for _, text in written)):
            continue
        try:
            lines = _even([split(number, text, separator) for number, text in written])
            body = lines[1:] if len(lines) > 1 else lines
            if sum(_is_numeric(body, at) for at in range(len(lines[0].fields))) >= 2:
                return lines
            problem = problem or _no_numbers(lines)
        except KnobError as error:
            problem = problem or error
    raise problem or _too_few(Line(*written[0]))


def _even(lines: list[Line]) -> list[Line]:
    count = len(lines[0].fields)
    if count < 3:
        raise _too_few(lines[0])
    if count > MAXIMUM_COLUMNS:
        raise KnobError("Own table: expected at most {most} columns, got {count}", most=MAXIMUM_COLUMNS, count=count)
    for line in lines:
        if len(line.fields) != count:
            raise KnobError(
                "Line {line}: expected {count} columns as in the first line, got {got}: {text!r}",
                line=line.number, count=count, got=len(line.fields), text=line.written,
            )  # fmt: skip
    return lines


def _too_few(line: Line) -> KnobError:
    return KnobError(
        "Line {line}: expected two numbers and a class, such as “1.5, 2.3, red”, got {text!r}",
        line=line.number, text=line.written.strip(),
    )  # fmt: skip


def _no_numbers(lines: Sequence[Line]) -> KnobError:
    """Which field keeps the table from having two columns of numbers: the first in the columns that come nearest."""
    body = lines[1:] if len(lines) > 1 else lines

    def wrong(at: int) -> list[Line]:
        return [line for line in body if number_of(line.fields[at]) is None and not _is_missing(line.fields[at])]

    columns = sorted(range(len(lines[0].fields)), key=lambda at: (len(wrong(at)), at))[:2]
    at = next((at for at in columns if wrong(at)), columns[-1])
    line = next(iter(wrong(at)), body[0])
    return KnobError(
        "Line {line}: expected a number in column {column}, got {text!r}",
        line=line.number, column=at + 1, text=line.fields[at].strip(),
    )  # fmt: skip


def _is_missing(field: str) -> bool:
    return field.strip().lower() in MISSING


def _is_numeric(lines: Sequence[Line], at: int) -> bool:
    """Whether a column holds numbers alone, gaps aside."""
    there = [line.fields[at] for line in lines if not _is_missing(line.fields[at])]
    return bool(there) and all(number_of(field) is not None for field in there)


def _has_header(lines: Sequence[Line]) -> bool:
    """Whether words stand over a column of numbers."""
    return len(lines) > 1 and any(
        number_of(field) is None and _is_numeric(lines[1:], at) and not (_is_missing(field) and field.strip())
        for at, field in enumerate(lines[0].fields)
    )


def _names(head: Line, header: bool) -> tuple[str, ...]:
    """Names of the columns; those without one are called by their number."""
    named = [_cut(field) if header else "" for field in head.fields]
    return tuple(name or str(at) for at, name in enumerate(named, 1))


def _cut(name: str) -> str:
    name = " ".join(name.split())
    return name if len(name) <= MAXIMUM_NAME else name[: MAXIMUM_NAME - 1] + "…"


def _chosen(
    names: Sequence[str], body: Sequence[Line], numeric: Sequence[int], choices: TableChoices
) -> tuple[int, int, int]:
    """Which columns are x, y and the target."""
    for at in (choices.x, choices.y, choices.target):
        if at is not None and at >= len(names):
            raise KnobError("Own table: expected column 1 to {most}, got {count}", most=len(names), count=at + 1)
    every = range(len(names))
    counters = [at for at in every if _counts(names, body, at)] if len(names) > 3 else []
    fixed = [at for at in (choices.x, choices.y) if at is not None]
    rest = [at for at in every if at not in fixed and at not in counters] or list(every)
    target = choices.target
    if target is None:
        called = [at for at in rest if names[at].lower() in TARGETS]
        words = [at for at in rest if at not in numeric]
        target = (called or words or rest)[-1]
    free = [at for at in numeric if at != target and at not in fixed and at not in counters]
    one = choices.x if choices.x is not None else (free.pop(0) if free else None)
    other = choices.y if choices.y is not None else (free.pop(0) if free else None)
    if one is None or other is None:
        raise _no_numbers([body[0], *body])
    return one, other, target


def _counts(names: Sequence[str], body: Sequence[Line], at: int) -> bool:
    """Whether a column only counts the lines, as pandas writes it."""
    counted = [number_of(line.fields[at]) for line in body]
    begun = counted[0]
    return (
        names[at].lower() in (COUNTERS | {str(at + 1)})
        and begun in (0, 1)
        and len(counted) > 2
        and counted == [begun + step for step in range(len(counted))]
    )


def _made(
    names: Sequence[str], body: Sequence[Line], numeric: tuple[int, ...], chosen: tuple[int, int, int], header: bool,
    kind: str,
) -> PointTable:  # fmt: skip
    kept = [line for line in body if not any(_is_missing(line.fields[at]) for at in chosen)]
    points = []
    for line in kept:
        pair = [number_of(line.fields[at]) for at in chosen[:2]]
        for at, value in zip(chosen[:2], pair, strict=True):
            if value is None:
                raise KnobError(
                    "Line {line}: expected a number in column {column}, got {text!r}",
                    line=line.number, column=at + 1, text=line.fields[at].strip(),
                )  # fmt: skip
        points.append((pair[0], pair[1]))
    if len(points) < 2:
        raise KnobError("Own table: expected at least two lines with all three values, got {count}", count=len(points))
    if len(points) > MAXIMUM_ROWS:
        raise KnobError("Own table: expected at most {most} lines, got {count}", most=MAXIMUM_ROWS, count=len(points))
    target, classes, values = _targets(kept, chosen[2], names[chosen[2]], kind, len(body) - len(kept))
    called = [names[at] if header and names[at] != str(at + 1) else f"x{'₁₂'[k]}" for k, at in enumerate(chosen[:2])]
    axes = tuple(
        Axis(name, min(column), max(column)) for name, column in zip(called, zip(*points, strict=True), strict=True)
    )
    remarks = _remarks(names, body, kept, chosen)
    return PointTable(axes, tuple(points), target, values, classes, tuple(names), chosen, numeric, header, remarks)


def _targets(
    kept: Sequence[Line], at: int, name: str, kind: str, left_out: int
) -> tuple[str, tuple[str, ...], tuple[float, ...]]:
    """(name, names of the classes or (), number of the class or value of each line)."""
    fields = [_cut(line.fields[at]) for line in kept]
    numbers = [number_of(line.fields[at]) for line in kept]
    distinct = list(dict.fromkeys(fields))
    whole = all(value is not None and value % 1 == 0 for value in numbers)
    if kind == "values" or (not kind and None not in numbers and not (whole and len(distinct) <= MAXIMUM_CLASSES)):
        for line, value in zip(kept, numbers, strict=True):
            if value is None:
                raise KnobError(
                    "Line {line}: expected a number in column {column}, got {text!r}",
                    line=line.number, column=at + 1, text=line.fields[at].strip(),
                )  # fmt: skip
        return name, (), tuple(numbers)
    if whole:
        distinct.sort(key=number_of)
    if not 2 <= len(distinct) <= MAXIMUM_CLASSES:
        if left_out:
            raise KnobError(
                "Own table: expected 2 to {most} classes in column {column}, got {count}; lines left out because a "
                "value is missing: {left}",
                most=MAXIMUM_CLASSES, column=at + 1, count=len(distinct), left=left_out,
            )  # fmt: skip
        raise KnobError(
            "Own table: expected 2 to {most} classes in column {column}, got {count}",
            most=MAXIMUM_CLASSES, column=at + 1, count=len(distinct),
        )  # fmt: skip
    return name, tuple(distinct), tuple(distinct.index(field) for field in fields)


def _remarks(
    names: Sequence[str], body: Sequence[Line], kept: Sequence[Line], chosen: tuple[int, int, int]
) -> tuple[Remark, ...]:
    remarks = []
    if len(kept) < len(body):
        count = len(body) - len(kept)
        remarks.append(Remark("Lines left out because a value is missing: {count}.", (("count", count),)))
    commas = sum("," in line.fields[at] for line in kept for at in chosen[:2])
    if commas:
        remarks.append(Remark("Numbers with a decimal comma: {count}.", (("count", commas),)))
    if rest := [name for at, name in enumerate(names) if at not in chosen]:
        remarks.append(Remark("Columns not used: {names}.", (("names", ", ".join(rest)),)))
    return tuple(remarks)


def needs_classes(table: PointTable) -> PointTable:
    """The table itself where it has classes; KnobError for one of values, for pages that tell classes apart."""
    if not table.classes:
        raise KnobError(
            "Own table: expected 2 to {most} classes in column {column}, got numbers; choose another column",
            most=MAXIMUM_CLASSES, column=table.chosen[2] + 1,
        )  # fmt: skip
    return table

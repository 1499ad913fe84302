"""What a page shows, as values: blocks with English words, made without knowing where and in which language they stand.

A page's `stage` and a topic's `formulas` return lists of them; one walker (pages/components/parts/walker.py) translates
and shows them, and one writer (engine/pictures/document.py) puts them into files. A page may yield them instead: then
the first are shown before the last are made. There are nine kinds. What needs more is a new kind of picture, not a new
block. The ninth is Formula (formula.py).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from engine.contracts.formula import Formula
from engine.contracts.words import Words

Fields = Mapping[str, Any]  # names of fields of a View or a Config -> what they become
Click = Callable[[Mapping[str, Any], Any, Any], Fields]  # (event, config, view) -> fields
ALIGNMENTS = ("top", "center", "bottom")
STYLES = ("text", "small", "note", "status")


@dataclasses.dataclass(frozen=True)
class Pick:
    """The click that puts parts of an event into one field: Pick("node", "node"); several, joined by "-", into a text:
    Pick("cell", "row", "column")."""

    field: str
    parts: tuple[str, ...]

    def __init__(self, field: str, *parts: str):
        object.__setattr__(self, "field", field)
        object.__setattr__(self, "parts", parts)

    def __call__(self, event: Mapping[str, Any], config: Any, view: Any) -> Fields:
        """Nothing where the event has no such part: a plane tells of clicks beside its dots, too."""
        if not all(part in event for part in self.parts):
            return {}
        values = [event[part] for part in self.parts]
        return {self.field: values[0] if len(values) == 1 else "-".join(map(str, values))}


@dataclasses.dataclass(frozen=True, eq=False)
class Show:
    """A picture or a chart.

    name: of its place on the page, always the same. picture: a value of engine/pictures. click: a Pick, or a function
    of a module called as click(event, config, view), that says which fields of View or Config a click changes; `event`
    holds what the picture reports, and "key" where it has `keys`. title: words above it. picked: the part of it that is
    marked. height: most CSS pixels. covered: called with the picture while a lesson has it in its veil, returns one of
    the same kind with what may be seen of it; without it an empty box stands there.
    """

    name: str
    picture: Any
    click: Click | None = None
    title: str = ""
    picked: Any = None
    height: int | None = None
    covered: Callable[[Any], Any] | None = None

    def __post_init__(self) -> None:
        demand_module_function(self.click)


@dataclasses.dataclass(frozen=True, eq=False)
class Say:
    """Words, with live values in them: Say("Step **{step}**", step=Number(3)), or several sentences as Words.

    style: text; small, a remark below what it speaks of; note, what the reader should know before; status, live numbers
    of which each part has a line.
    """

    parts: tuple[str, ...]
    style: str
    help: str

    def __init__(self, *parts: str, style: str = "text", help: str = "", **values: Any):
        if style not in STYLES:
            raise ValueError(f"expected a style among {', '.join(STYLES)}, got {style!r}")
        if values:
            (only,) = parts
            parts = (Words(only, **values),)
        object.__setattr__(self, "parts", parts)
        object.__setattr__(self, "style", style)
        object.__setattr__(self, "help", help)


@dataclasses.dataclass(frozen=True)
class Amount:
    """A number in a table with a bar behind it: `share` of the longest one, -1 to 1."""

    value: float
    share: float
    digits: int = 3


@dataclasses.dataclass(frozen=True, eq=False)
class Table:
    """A small table: cells are words, Numbers, Percents or Amounts. total: a last row set apart."""

    head: Sequence[str]
    rows: Sequence[Sequence[Any]]
    total: Sequence[Any] | None = None

    def __post_init__(self) -> None:
        for row in [*self.rows, *([self.total] if self.total else [])]:
            if len(row) != len(self.head):
                raise ValueError(f"expected {len(self.head)} cells in a row, got {len(row)}")


@dataclasses.dataclass(frozen=True, eq=False)
class Choose:
    """The widget of a field of View or Config: a switch, a list of choices, or the slider of a number.

    choices: value -> words, where what can be chosen depends on the run; else those of the field. A number beyond the
    last of them means the last. Of a slider they are a range; what is beyond its ends stands at them. as_buttons: all
    choices in view, without the field's label.
    """

    field: str
    choices: Mapping[Any, str] | range | None = None
    as_buttons: bool = False


@dataclasses.dataclass(frozen=True, eq=False)
class Press:
    """A button that changes fields of View or Config. begin: the training then begins at once."""

    name: str
    words: str
    change: Fields
    icon: str = ""
    help: str = ""
    primary: bool = False
    enabled: bool = True
    begin: bool = False


@dataclasses.dataclass(frozen=True, eq=False)
class Later:
    """Work that takes seconds, begun when the block is first shown.

    path: dotted path of a function of a Config. Of a generator every snapshot is shown as it comes, None before the
    first, and it can be stopped; what any other function returns is shown at once, and kept for all visitors. show: a
    function of a module, (config, view, film, value) -> blocks.
    """

    path: str
    config: Any
    show: Callable[[Any, Any, Any, Any], Sequence[Any]]

    def __post_init__(self) -> None:
        demand_module_function(self.show)


@dataclasses.dataclass(frozen=True, eq=False)
class Row:
    """Blocks side by side: one list a column. widths: relative. align: how the columns stand to each other.

    A column may be a function of the page, (config, view, film) -> blocks, instead: what is clicked in it draws it
    alone anew where nothing else shows what has changed.
    """

    columns: Sequence[Sequence[Any] | Callable[[Any, Any, Any], Sequence[Any]]]
    widths: Sequence[float] | None = None
    align: str = "top"

    def __post_init__(self) -> None:
        if self.widths is not None and len(self.widths) != len(self.columns):
            raise ValueError(f"expected {len(self.columns)} widths, got {len(self.widths)}")
        if self.align not in ALIGNMENTS:
            raise ValueError(f"expected an alignment among {', '.join(ALIGNMENTS)}, got {self.align!r}")


@dataclasses.dataclass(frozen=True, eq=False)
class Box:
    """Blocks that belong together, in a frame."""

    name: str
    blocks: Sequence[Any]


Block = Show | Say | Formula | Table | Choose | Press | Later | Row | Box


def with_columns(blocks: Iterable[Block], config: Any, view: Any, film: Any) -> list[Block]:
    """The same blocks; columns that are functions of the page are drawn."""
    given, made = (config, view, film), []
    for block in blocks:
        if isinstance(block, Row):
            columns = [column(*given) if callable(column) else column for column in block.columns]
            block = dataclasses.replace(block, columns=[with_columns(column, *given) for column in columns])
        elif isinstance(block, Box):
            block = dataclasses.replace(block, blocks=with_columns(block.blocks, *given))
        made.append(block)
    return made


def pictures_in(blocks: Sequence[Block]) -> Iterator[Any]:
    """The pictures of blocks and of those within them; what a column that is a function returns is not asked for."""
    for block in blocks:
        if isinstance(block, Show):
            yield block.picture
        elif isinstance(block, Box):
            yield from pictures_in(block.blocks)
        elif isinstance(block, Row):
            for column in block.columns:
                if not callable(column):
                    yield from pictures_in(column)


def demand_module_function(function: Callable[..., Any] | None) -> None:
    """TypeError for a function that could hold something: what a page shows must not outlive the page by its clicks."""
    if function is None or isinstance(function, Pick):
        return
    name = getattr(function, "__qualname__", "<nameless>")
    if "<" in name or getattr(function, "__closure__", None) or hasattr(function, "__self__"):
        raise TypeError(f"expected a function of a module, got {name}")

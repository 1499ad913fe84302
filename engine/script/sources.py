"""The engine's own modules as text that can be taken apart: which statement defines a name, and where names lead."""

from __future__ import annotations

import ast
import importlib
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple

from .errors import ScriptError

ROOT = Path(__file__).resolve().parents[2]


class Place(NamedTuple):
    """A definition of the engine: module and name."""

    module: str
    name: str

    @classmethod
    def of(cls, path: str) -> Place:
        """From 'package.module:name'."""
        return cls(*path.split(":"))


class Outside(NamedTuple):
    """Something imported from outside the engine: `from module import name as alias`, or `import module as alias`
    where there is no name."""

    module: str
    name: str
    alias: str


class Whole(NamedTuple):
    """A whole module of the engine, bound to a name."""

    module: str


Binding = Place | Outside | Whole


@dataclass(eq=False)
class Block:
    """One statement at the top of a module, with the comment lines right above it.

    start, end: its bytes in the file, whole lines; names: what it defines.
    """

    module: Module
    node: ast.stmt
    names: tuple[str, ...]
    start: int
    end: int


@dataclass(eq=False)
class Module:
    """A module of the engine: its bytes, its statements by the names they define, its imports by theirs.

    loose: statements that a script has no place for, as they define nothing; again: names that are defined twice.
    """

    name: str
    content: bytes
    tree: ast.Module
    line_starts: list[int]
    blocks: dict[str, Block] = field(default_factory=dict)
    imports: dict[str, Binding] = field(default_factory=dict)
    loose: list[ast.stmt] = field(default_factory=list)
    again: set[str] = field(default_factory=set)

    @property
    def namespace(self) -> dict:
        """The globals of the real module."""
        return importlib.import_module(self.name).__dict__

    def span(self, node: ast.AST) -> tuple[int, int]:
        """First and one past the last byte of a node."""
        return (
            self.line_starts[node.lineno - 1] + node.col_offset,
            self.line_starts[node.end_lineno - 1] + node.end_col_offset,
        )

    def find(self, name: str) -> Block | Binding | None:
        """What a name of the module stands for; None if it has no such name."""
        return self.blocks.get(name) or self.imports.get(name)


def is_ours(module: str) -> bool:
    """Whether a module belongs to the engine."""
    return module == "engine" or module.startswith("engine.")


@cache
def read(name: str) -> Module:
    """A module of the engine, taken apart; each is read once."""
    spec = importlib.util.find_spec(name)
    content = Path(spec.origin).read_bytes()
    lines = content.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    module = Module(name, content, ast.parse(content), starts)
    for node in module.tree.body:
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            imported = [inner for inner in node.body if isinstance(inner, (ast.Import, ast.ImportFrom))]
        else:
            imported = [node] if isinstance(node, (ast.Import, ast.ImportFrom)) else []
        for inner in imported:
            module.imports.update(bindings(inner, name))
        names = tuple(_defined(node))
        if not (names or imported or _means_nothing(node)):
            module.loose.append(node)
        if names:
            module.again |= {one for one in names if module.find(one) is not None}
            block = Block(module, node, names, *_lines_of(node, lines, starts))
            module.blocks.update(dict.fromkeys(names, block))
    return module


def _lines_of(node: ast.stmt, lines: list[bytes], starts: list[int]) -> tuple[int, int]:
    """Bytes of the whole lines of a statement, of its decorators, and of the comments right above."""
    first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))]) - 1
    while first > 0 and lines[first - 1].startswith(b"#"):
        first -= 1
    return starts[first], starts[node.end_lineno]


def _defined(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.FunctionDef() | ast.ClassDef():
            yield node.name
        case ast.Assign():
            inner = [one for target in node.targets for one in ast.walk(target)]
            stored = [one for one in inner if isinstance(getattr(one, "ctx", None), ast.Store)]
            if not any(isinstance(one, (ast.Attribute, ast.Subscript)) for one in stored):  # those change something
                yield from (one.id for one in stored if isinstance(one, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name


def _means_nothing(node: ast.stmt) -> bool:
    """Whether a statement at the top of a module does nothing there: a text, types, a program."""
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Pass():
            return True
        case ast.If(test=test):
            text = ast.unparse(test)
            return not node.orelse and (text.endswith("TYPE_CHECKING") or text == "__name__ == '__main__'")
    return isinstance(node, (ast.Import, ast.ImportFrom))


def bindings(node: ast.Import | ast.ImportFrom, module: str) -> dict[str, Binding]:
    """What an import statement in `module` binds: name -> binding."""
    imports: dict[str, Binding] = {}
    if isinstance(node, ast.Import):
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            if is_ours(alias.name):
                imports[name] = Whole(alias.name)
            elif alias.asname and "." in alias.name:  # import a.b as c = from a import b as c
                parent, _, last = alias.name.rpartition(".")
                imports[name] = Outside(parent, last, name)
            else:
                imports[name] = Outside(alias.name, "", alias.asname or alias.name)
        return imports
    package = module if importlib.util.find_spec(module).submodule_search_locations else module.rpartition(".")[0]
    base = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
    for alias in node.names:
        name, whole = alias.asname or alias.name, f"{base}.{alias.name}"
        if not is_ours(base):
            imports[name] = Outside(base, alias.name, name)
        elif _is_module(whole):
            imports[name] = Whole(whole)
        else:
            imports[name] = Place(base, alias.name)
    return imports


@cache
def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def settled(place: Place) -> Place | Outside | Whole:
    """Where a name is really defined: re-exports followed to their source. ScriptError for a name that is nowhere."""
    binding = read(place.module).find(place.name)
    while isinstance(binding, Place):
        place, binding = binding, read(binding.module).find(binding.name)
    if binding is None:
        remedy = "Define it by a def, a class or an assignment at the top of the module"
        raise ScriptError(place.module, place.name, "it is nowhere defined", remedy)
    return place if isinstance(binding, Block) else binding

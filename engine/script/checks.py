"""What is looked at when a script is put together, so that nothing it needs is missing from it: see `rules`."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import re
import sys
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from engine.contracts.topic import load

from .errors import ScriptError, wrong
from .gather import Gathered, Part, united
from .rules import ADDING, BY_TEXT, OUTSIDE, emptied, walk
from .sources import Outside, Place, read
from .stand_ins import ASSETS, INSTEAD

EMBEDDED = Place("engine.contracts.embed", "embedded")
RESULT = Place("engine.contracts.axes", "result")
LOST = "Make it a function outside the class, or a field, or call it otherwise"
FILES = "Write the whole path of a file of assets as folder / name, with names that are constants"
OF_A_PATH = re.compile(r"engine(\.\w+)+(:[\w.]+)?")


def check(gathered: Gathered) -> None:
    """ScriptError for the first thing that the script would lack."""
    parts = list(dict.fromkeys(gathered.parts.values()))
    lost = dict(_lost(gathered))
    for part in parts:
        _check_text(part, part.places[0] in gathered.embedded)
        if part.block.module.name.startswith("engine.script."):
            continue
        _check_module(part.block.module.name)
        _check_filled(part, gathered)
        _check_paths(part)
        _check_config(part, gathered)
        _check_embedded(part, gathered)
        _check_calls(part)
        _check_sizes(part, parts)
        for name in part.mentions.keys() & lost.keys():
            raise wrong(part.block, f"it mentions {name!r}, which {lost[name]}", LOST, part.mentions[name])
    _check_outside(gathered.outside, parts)


def _lost(gathered: Gathered) -> Iterator[tuple[str, str]]:
    """Names of attributes that objects have in the engine and not in a script, and why; of whatever object they are
    read, for nobody can tell whose it is."""
    config = gathered.topic.config
    knobs = {field.name for field in dataclasses.fields(config)}
    for base in config.__mro__[:-1]:
        for name in vars(base).keys() - knobs:
            if name == "__knobs__" or not name.startswith("__"):
                yield name, "the Config of a script does not have, being a plain dataclass of its knobs"
    for place, other in INSTEAD.items():
        theirs = load(f"{place.module}:{place.name}")
        if other in gathered.parts and isinstance(theirs, type):
            for name in vars(theirs).keys() - vars(load(f"{other.module}:{other.name}")).keys():
                if not name.startswith("__"):
                    yield name, f"{place.name} does not have in a script"
    if INSTEAD[RESULT] in gathered.parts:
        yield "quantities", "Results do not have in a script"


def _check_sizes(part: Part, parts: list[Part]) -> None:
    """Arrays have `nbytes`, and so have Results of the engine, but not those of a script."""
    if "nbytes" not in part.mentions:
        return
    results = {place for one in parts if _is_result(one) for place in one.places}
    means = {reference.node: reference.target for reference in part.uses.references}
    for function in walk(part.block.node, set(part.cuts)):
        if isinstance(function, ast.FunctionDef):
            given = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
            names = {one.arg for one in given if {means.get(kind) for kind in united(one.annotation)} & results}
            names |= {"self"} if set(part.places) & results else set()
            for one in ast.walk(function):
                if isinstance(one, ast.Attribute) and one.attr == "nbytes" and getattr(one.value, "id", "") in names:
                    raise wrong(part.block, "it mentions 'nbytes', which Results do not have in a script", LOST, one)


def _is_result(part: Part) -> bool:
    decorators = {inner for one in getattr(part.block.node, "decorator_list", []) for inner in ast.walk(one)}
    return any(one.target == RESULT and one.node in decorators for one in part.uses.references)


def _check_text(part: Part, embedded: bool) -> None:
    """What is left must be Python, and find all other code by its name."""
    hollow = None if embedded else emptied(part.block.node, {*part.cuts, *part.uses.imports})
    if hollow is not None:
        what = "all that a block of it does is left out (rests, imports, methods of the pages)"
        raise wrong(part.block, what, "Put another statement there, or that one elsewhere", hollow)
    for node in walk(part.block.node, set(part.cuts)):
        by_text = node.id in BY_TEXT if isinstance(node, ast.Name) else False
        path = isinstance(node, ast.Constant) and isinstance(node.value, str) and OF_A_PATH.fullmatch(node.value)
        if by_text or path:
            what = f"{ast.unparse(node)} finds code by a text, and what it finds would be missing"
            raise wrong(part.block, what, "Import that and use it by its name", node)


@cache
def _check_module(name: str) -> None:
    """Statements of a module, and of the packages that it is in, that do something when it is imported."""
    module = read(name)
    for node in module.loose:
        what = f"{ast.unparse(node).splitlines()[0]!r} is no definition, and a script would not have it"
        remedy = "Put it into a function that is called, or into the value of a definition"
        raise ScriptError(name, "the module", what, remedy, node.lineno)
    if name.rpartition(".")[0]:
        _check_module(name.rpartition(".")[0])


def _check_filled(part: Part, gathered: Gathered) -> None:
    """A table that is made empty and that something fills which is not in the script."""
    node, module = part.block.node, part.block.module
    if not isinstance(node, (ast.Assign, ast.AnnAssign)) or not _is_empty(node.value):
        return
    for block in dict.fromkeys(module.blocks.values()):
        if any(Place(module.name, name) in gathered.parts for name in block.names):
            continue
        for inner in ast.walk(block.node):
            match inner:
                case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store()):
                    pass
                case ast.Attribute(value=ast.Name(id=name), attr=method) if method in ADDING:
                    pass
                case _:
                    continue
            if name in part.block.names:
                what = f"{block.names[0]} fills it, which no function of the script calls"
                raise wrong(part.block, what, "Write down what is in it where it is defined")


def _is_empty(value: ast.expr | None) -> bool:
    match value:
        case ast.Dict(keys=[]) | ast.List(elts=[]):
            return True
        case ast.Call(func=ast.Name(id="dict" | "list" | "set"), args=[], keywords=[]):
            return True
    return False


def in_assets(value: Any) -> bool:
    """Whether a value is a path of the folder of assets."""
    return isinstance(value, Path) and (value == ASSETS or ASSETS in value.parents)


def _check_paths(part: Part) -> None:
    """Every file of assets must be known before the code runs."""
    node, namespace = part.block.node, part.block.module.namespace
    constant = node.value if isinstance(node, (ast.Assign, ast.AnnAssign)) else None
    joined: set[ast.AST] = set()
    folders = {  # folder constants, and the folder itself
        reference.node for reference in part.uses.references
        if isinstance(reference.target, Place) and in_assets(_value(reference.target))
        and not _value(reference.target).is_file()
    }  # fmt: skip
    for one in walk(node, set(part.cuts)):
        if not (isinstance(one, ast.BinOp) and isinstance(one.op, ast.Div)) or one in joined:
            continue
        within = set(ast.walk(one))
        if not (within & folders or any(isinstance(inner, ast.Name) and inner.id == "__file__" for inner in within)):
            continue
        joined |= within
        try:
            value = eval(compile(ast.Expression(one), "path", "eval"), namespace)
        except Exception:
            value = None
        if not isinstance(value, Path) or not (value.is_file() or (one is constant and value.is_dir())):
            raise wrong(part.block, f"which file {ast.unparse(one)!r} is cannot be told before it runs", FILES, one)
        if not in_assets(value):
            raise wrong(part.block, f"{ast.unparse(one)!r} is not in the folder assets", FILES, one)
    for one in walk(node, set(part.cuts)):
        of_file = isinstance(one, ast.Name) and one.id == "__file__"
        if one not in joined and (of_file or one in folders) and one is not constant:
            what = f"which file is meant by {ast.unparse(one)!r} cannot be told before it runs"
            raise wrong(part.block, what, FILES, one)


def _value(place: Place) -> Any:
    block = read(place.module).blocks.get(place.name)
    constant = block is not None and isinstance(block.node, (ast.Assign, ast.AnnAssign))
    return block.module.namespace.get(place.name) if constant else None


def _check_config(part: Part, gathered: Gathered) -> None:
    """The class of the Config has this Config's values in a script: calls with keywords alone mean the usual ones."""
    harmless: set[ast.AST] = set()
    for one in ast.walk(part.block.node):
        match one:
            case ast.FunctionDef(returns=returns):
                harmless |= set(ast.walk(returns)) if returns else set()
            case ast.arg(annotation=annotation) | ast.AnnAssign(annotation=annotation):
                harmless |= set(ast.walk(annotation)) if annotation else set()
            case ast.Call(func=ast.Name(id="isinstance"), args=[_, kinds]):
                harmless |= set(ast.walk(kinds))
            case ast.MatchClass(cls=kind):
                harmless.add(kind)
            case ast.Subscript(slice=kinds):
                harmless |= set(ast.walk(kinds))
    remedy = "Call it with keywords, or use the Config that is handed on"
    calls = {call.func: call for call, target in part.uses.calls if target == gathered.config_place}
    for reference in part.uses.references:
        if reference.target != gathered.config_place or reference.node in harmless:
            continue
        call = calls.get(reference.node)
        if call is None or call.args:
            what = f"{ast.unparse(call or reference.node)!r} would mean other values in a script than on the page"
            raise wrong(part.block, what, remedy, reference.node)


def _check_embedded(part: Part, gathered: Gathered) -> None:
    """A value stands for a function of one Config only where it is called with that."""
    for reference in part.uses.references:
        if reference.target == EMBEDDED:
            what = "what is marked embedded within it cannot be carried"
            raise wrong(part.block, what, "Mark a def at the top of the module", reference.node)
    calls = {call.func: call for call, target in part.uses.calls if target in gathered.embedded}
    made = {call for call, target in part.uses.calls if target == gathered.config_place}
    for reference in part.uses.references:
        if reference.target in gathered.embedded:
            call = calls.get(reference.node)
            given = call.args if call is not None and not call.keywords else []
            if len(given) != 1 or not (isinstance(given[0], ast.Name) or (given[0] in made and given[0].keywords)):
                what = f"{reference.text} is embedded: it has one value in a script, whatever it is given"
                raise wrong(part.block, what, "Call it with the Config that is handed on", reference.node)


def _check_calls(part: Part) -> None:
    """A stand-in is called with what it takes."""
    for call, target in part.uses.calls:
        spread = [isinstance(one, ast.Starred) for one in call.args] + [one.arg is None for one in call.keywords]
        if target in INSTEAD and not any(spread):
            signature = inspect.signature(load(":".join(INSTEAD[target])))
            try:
                signature.bind(*call.args, **{one.arg: one.value for one in call.keywords})
            except TypeError as error:
                what = f"{ast.unparse(call)!r} is not what a script can call: {error}"
                raise wrong(part.block, what, f"Call it as {target.name}{signature}", call) from error


def _check_outside(outside: Collection[Outside], parts: list[Part]) -> None:
    """Imports that a reader has, each name for one thing."""
    meant: dict[str, Outside] = {}
    for one in sorted(outside, key=lambda one: (one.alias, one.module, one.name)):
        root = one.module.partition(".")[0]
        name = one.alias if one.name or one.alias != one.module else root
        other = meant.setdefault(name, one)
        if root not in OUTSIDE and root not in sys.stdlib_module_names:
            remedy = f"Keep it out of what runs, or mark what it is for as embedded; a reader has {', '.join(OUTSIDE)}"
            raise _of_import(one, parts, f"it needs {root}, which a script does not have", remedy)
        if _object(one) is not _object(other):
            what = f"{name!r} is from {one.module}, and from {other.module} in another module"
            raise _of_import(one, parts, f"{what}: one would hide the other", "Import one of them by another name")


def _of_import(one: Outside, parts: list[Part], what: str, remedy: str) -> ScriptError:
    for part in parts:
        for reference in part.uses.references:
            if reference.target == one:
                return wrong(part.block, what, remedy, reference.node)
    return ScriptError(one.module, one.alias, what, remedy)


def _object(one: Outside) -> Any:
    """What an import binds."""
    if not one.name:
        module = importlib.import_module(one.module)
        return module if one.alias != one.module else sys.modules[one.module.partition(".")[0]]
    module = importlib.import_module(one.module)
    value = getattr(module, one.name, None)
    return importlib.import_module(f"{one.module}.{one.name}") if value is None else value

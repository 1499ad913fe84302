"""By which rules a definition of the engine stands in a script, and what is said where none of them is safe.

A script is what the topic's `run`, its Config and its figures lead to, name by name. Nothing is dropped because of what
it is called alone: each rule says what must be so for it to hold, and else the thing is carried or a ScriptError says
what would be missing. `script_for` raises it, so the tests that go over all topics do.

Carried
- Every definition that a kept one names, by the place where it is made: what it is called elsewhere decides nothing.
- Every import from outside that is the standard library or in `OUTSIDE`; another one is an error, for a reader does not
  have it, and so are two things under one name, for the second would hide the first.
- Statements at the top of a module that are no definition are an error: a script takes definitions alone. So is a name
  that is defined twice, a table that a function fills which the script lacks, and code that finds other code by a text
  (`globals`, `eval`, a path of the engine): no reader of names sees where it leads.

Left out
- Methods in `ONLY_FOR_PAGES`, which the store and the canvas call, while no kept code mentions an attribute or an
  argument of `getattr` of that name and no base from outside the engine has a method of it; else they are carried.
- `__post_init__` of pictures (engine.pictures), if it can do nothing but raise: drawings of the engine are right
  already.
- Statements that call what is in `ONLY_FOR_CROWDS`, for a script has one visitor. As part of an expression such a call
  is carried; an argument that computes something is an error, for that would be left out with it.
- Imports within functions, which stand at the top of the script. A block that nothing is left of is an error.
- The card's cover, if it is none of the figures that it has side by side (`Topic.compared`): such a picture is made for
  the home page, and the others show the same, and more. tests/script/test_script_rules.py lists all of these.

Replaced
- What `stand_ins.INSTEAD` names, by what gives the same answers in a few lines; mentioning or passing what a
  stand-in lacks is an error.
- The Config by a plain dataclass whose defaults are this Config's values, for a reader is to see and change them.
  Members that are no knobs are not in it, so mentioning one is an error. Calls of the Config mean the usual values
  (USUAL), with keywords alone; other uses of the class would mean this Config's values, and are errors.
- What a function marked `embedded` returns for this Config stands instead of its body, for a script cannot make it. It
  takes the Config alone and is called with one that is handed on or made from what is; the value is made of arrays,
  numbers, texts, None and tuples of these, and of nothing that is more than it looks (Words, a NamedTuple).
- Paths into the folder of assets begin at ASSETS, and the script lists every file. One whose name is made when the code
  runs is an error, and so is another use of `__file__`.

Evaluated
- A `run` that begins with guards `if <of config>: return <other run>(config)` becomes the experiment that this Config
  chooses; the other's Result leaves the annotation. A guard that cannot be evaluated is an error. A run that begins in
  another way is carried whole, with all its experiments.

Drawn
- Every other figure of the card is called with the Result alone: a further argument without a default is an error.
- What it draws is told by its annotation, or by what it returns: a Plotly figure, or a kind in `drawn.DRAWN_BY`;
  another one, or one that cannot be told, is an error.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from .references import uses_of
from .sources import Block, read

ONLY_FOR_PAGES = {"nbytes", "payload", "meta"}  # methods: for the store, for the canvas
OUTSIDE = {"torch", "numpy", "plotly", "networkx"}  # what a reader of a script has besides the standard library
BY_TEXT = {"globals", "eval", "exec", "__import__"}  # builtins that find code by a text
READ_BY_NAME = {"getattr", "hasattr", "attrgetter", "methodcaller"}
ADDING = {"append", "extend", "insert", "add", "update", "setdefault"}
CHANGING = ADDING | {
    "pop", "popitem", "remove", "discard", "clear", "sort", "reverse", "__setattr__", "__delattr__", "setattr",
    "delattr", "setflags", "fill",
}  # fmt: skip


def walk(node: ast.AST, without: Collection[ast.AST] = ()) -> Iterator[ast.AST]:
    """A node and all within it, what is left out and all within that not."""
    todo = [node]
    while todo:
        one = todo.pop()
        if one not in without:
            yield one
            todo += ast.iter_child_nodes(one)


def mentions(node: ast.AST, without: Collection[ast.AST] = ()) -> dict[str, ast.AST]:
    """Names of attributes that code reads, of whatever object, and where: obj.name, getattr(obj, "name"), a pattern."""
    attributes: dict[str, ast.AST] = {}
    for one in walk(node, without):
        match one:
            case ast.Attribute(attr=name):
                attributes.setdefault(name, one)
            case ast.MatchClass(kwd_attrs=names):
                attributes |= dict.fromkeys(names, one)
            case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called), args=given) if called in READ_BY_NAME:
                texts = [part.value for part in given if isinstance(part, ast.Constant) and type(part.value) is str]
                attributes |= dict.fromkeys([name for text in texts for name in text.split(".")], one)
    return attributes


def only_checks(method: ast.FunctionDef, block: Block | None = None, before: tuple[Block, ...] = ()) -> bool:
    """Whether a method can do nothing but raise: it binds local names, and calls nothing that is there to change; as a
    statement only functions of the engine that are such checks themselves."""
    calls = {} if block is None else dict(uses_of(block).calls)
    for node in ast.walk(method):
        match node:
            case ast.Expr(value=ast.Constant()):
                pass
            case ast.Expr(value=call) if call in calls:
                called = read(calls[call].module).blocks[calls[call].name]
                if not isinstance(called.node, ast.FunctionDef) or called in before:
                    return False
                if not only_checks(called.node, called, (*before, called)):
                    return False
            case ast.Expr():
                return False
            case ast.Attribute(ctx=ast.Store() | ast.Del()) | ast.Subscript(ctx=ast.Store() | ast.Del()):
                return False
            case ast.Global() | ast.Nonlocal() | ast.With() | ast.Yield() | ast.YieldFrom() | ast.Await():
                return False
            case ast.Name(id=name) | ast.Attribute(attr=name) if name in CHANGING or name == "__dict__":
                return False
            case ast.keyword(arg="out"):
                return False
    return True


def left_out_methods(block: Block) -> list[ast.FunctionDef]:
    """Methods of a class that a script lacks as long as nothing kept mentions them."""
    if not isinstance(block.node, ast.ClassDef):
        return []
    methods = [node for node in block.node.body if isinstance(node, ast.FunctionDef)]
    checked = block.module.name.startswith("engine.pictures.")
    omissions = [one for one in methods if checked and one.name == "__post_init__" and only_checks(one, block)]
    for_pages = [one for one in methods if one.name in ONLY_FOR_PAGES]
    if for_pages:
        bases = block.module.namespace[block.node.name].__mro__[1:-1]
        foreign = [base for base in bases if base.__module__.partition(".")[0] != "engine"]
        omissions += [one for one in for_pages if not any(one.name in vars(base) for base in foreign)]
    return omissions


def emptied(node: ast.AST, cuts: Collection[ast.AST]) -> ast.AST | None:
    """A statement that nothing is left in of a body, or of another branch of it."""
    for one in walk(node, cuts):
        for part in ("body", "orelse", "finalbody"):
            inner = getattr(one, part, None)
            if isinstance(inner, list) and inner and all(statement in cuts for statement in inner):
                return one
    return None

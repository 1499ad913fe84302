"""What the figures of a card draw, and what makes Plotly figures of it in a script."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from engine.contracts.topic import Topic
from engine.pictures.kinds import kinds
from engine.script.errors import ScriptError, wrong
from engine.script.gather import PICTURES, targets_of, united
from engine.script.rules import walk
from engine.script.sources import Block, Outside, Place, read

FIGURE = "a Plotly figure"
DRAWN_BY = {Place("engine.pictures.pixels.values", "PixelPicture"): Place(PICTURES, "picture_figure")} | {
    Place(kind.value.__module__, kind.value.__name__): Place.of(kind.figure) for kind in kinds().values() if kind.figure
}  # a kind of picture -> the function that makes a Plotly figure of it


def only_at_home(topic: Topic, name: str) -> bool:
    """Whether a figure is made for the home page alone: the cover, if it is none of those shown side by side."""
    return bool(topic.cover and topic.compared) and name == topic.cover[0] and name not in topic.compared


def maker_of(place: Place | Any) -> Place | None:
    """The function that makes a Plotly figure of what a figure of the card draws; None where it is one."""
    block = _drawing(place)
    given = block.node.args
    positional = [*given.posonlyargs, *given.args]
    needed = positional[: len(positional) - len(given.defaults)]
    needed += [one for one, value in zip(given.kwonlyargs, given.kw_defaults, strict=True) if value is None]
    if not positional or len(needed) > 1:
        names = ", ".join(one.arg for one in needed[1:])
        what = f"it needs {names} besides the Result, and a script gives the Result alone"
        raise wrong(block, what if positional else "it does not take the Result", "Give the other arguments defaults")
    kinds = set(_kinds(place, ()))
    kind = next(iter(kinds)) if len(kinds) == 1 else None
    if kind is not None and kind != FIGURE and kind not in DRAWN_BY:
        known = ", ".join(kind.name for kind in DRAWN_BY)
        what = f"it draws {kind.name}, which a script cannot show"
        raise wrong(block, what, f"Draw a Plotly figure or one of {known}")
    if kind is None:
        raise wrong(block, "what it draws cannot be told", "Annotate it with the one kind of picture that it returns")
    return DRAWN_BY.get(kind)


def _drawing(place: Any) -> Block:
    block = read(place.module).blocks.get(place.name) if isinstance(place, Place) else None
    if block is None or not isinstance(block.node, ast.FunctionDef):
        remedy = "Name a def at the top of a module of the engine"
        raise ScriptError(place.module, getattr(place, "name", ""), "it is no function of the engine", remedy)
    return block


def _kinds(place: Place, before: tuple[Place, ...]) -> Iterator[Place | str | None]:
    """What a function may return: the class of a picture, a Plotly figure, None where it cannot be told."""
    node = read(place.module).blocks[place.name].node
    if isinstance(node, ast.ClassDef):
        yield place
        return
    if not isinstance(node, ast.FunctionDef) or place in before:
        yield None
        return
    means = targets_of(read(place.module).blocks[place.name])
    if node.returns is not None:
        for member in united(node.returns):
            yield _figure(member, means) or (means[member] if isinstance(means.get(member), Place) else None)
        return
    returned = [one.value for one in _own(node) if isinstance(one, ast.Return)]
    assigned = {
        one.targets[0].id: one.value for one in _own(node)
        if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name)
    }  # fmt: skip
    for value in returned or [None]:
        value = assigned.get(value.id) if isinstance(value, ast.Name) else value
        if not isinstance(value, ast.Call):
            yield None
        elif isinstance(means.get(value.func), Place):
            yield from _kinds(means[value.func], (*before, place))
        else:
            yield _figure(value.func, means)


def _own(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """What is in a function and not in one within it."""
    inner = [
        one for one in ast.walk(function) if isinstance(one, (ast.FunctionDef, ast.Lambda)) and one is not function
    ]
    yield from walk(function, set(inner))


def _figure(node: ast.expr, means: dict[ast.AST, Any]) -> str | None:
    """Whether an expression is the class of Plotly's figures."""
    owner = node.value if isinstance(node, ast.Attribute) else node
    target = means.get(owner)
    if isinstance(target, Outside) and node is not owner:
        return FIGURE if (target.module, target.name, node.attr) == ("plotly", "graph_objects", "Figure") else None
    return FIGURE if isinstance(target, Outside) and target[:2] == ("plotly.graph_objects", "Figure") else None

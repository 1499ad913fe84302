"""Everything an experiment needs: the definitions of the engine that its run leads to, one after the other.

What is carried, left out, replaced or decided on the way: `rules`.
"""

from __future__ import annotations

import ast
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from engine.contracts.embed import is_embedded
from engine.contracts.topic import Topic, load

from .errors import ScriptError, naming, wrong
from .references import Target, Uses, uses_of
from .rules import left_out_methods, mentions
from .sources import Block, Outside, Place, Whole, read, settled
from .stand_ins import SECTIONS, instead

ONLY_FOR_CROWDS = {Place("engine.training.fit", "breathe")}
PLAIN = (ast.Name, ast.Constant, ast.Attribute, ast.expr_context, ast.keyword)
PICTURES, STAND_INS = "engine.script.pictures", "engine.script.stand_ins"
ASSETS_PLACE = Place(STAND_INS, "ASSETS")
RANKS = ("engine.contracts", "engine.machinery", "engine.data", "engine.weights", "engine.instrument", "engine.models",
         "engine.training", "engine.topics", "engine.pictures", PICTURES)  # fmt: skip


@dataclass(eq=False)
class Part:
    """A definition that goes into the script.

    section: the module it stands for (of a stand-in, the one it replaces). cuts: what is left out; methods: those of
    them that come back when something kept mentions them.
    """

    block: Block
    section: str
    uses: Uses = field(default_factory=Uses)
    cuts: list[ast.AST] = field(default_factory=list)
    methods: list[ast.FunctionDef] = field(default_factory=list)

    @property
    def places(self) -> list[Place]:
        return [Place(self.block.module.name, name) for name in self.block.names]

    @cached_property
    def mentions(self) -> dict[str, ast.AST]:
        """Attributes that it reads, and where."""
        return mentions(self.block.node, set(self.cuts))

    def bring_back(self, mentioned: Collection[str]) -> bool:
        """Carry the methods that something kept mentions; whether there were any."""
        back = [method for method in self.methods if method.name in mentioned]
        if back:
            self.methods = [method for method in self.methods if method not in back]
            self.cuts = [node for node in self.cuts if node not in back]
            self.uses = uses_of(self.block, set(self.cuts))
            self.__dict__.pop("mentions", None)
        return bool(back)


class Gathered:
    """All parts of an experiment, and what it imports from outside.

    run: the place of its `run`; chosen: whether it is one of several that the topic has; figures: name -> place of the
    function that draws it; embedded: place -> value.
    """

    def __init__(self, topic: Topic, config: Any):
        self.topic, self.config = topic, config
        self.parts: dict[Place, Part] = {}
        self.outside: set[Outside] = set()
        self.embedded: dict[Place, Any] = {}
        self.config_place = settled(Place(topic.config.__module__, topic.config.__name__))
        self.cuts: dict[Place, list[ast.AST]] = {}
        self.chosen = False
        with naming(topic.slug):
            self.run = self._chosen(settled(Place.of(topic.run)))
            self.figures = {name: settled(Place.of(path)) for name, path in topic.figures.items()}
            self.take(self.run, self.config_place)

    def take(self, *places: Place) -> None:
        """These definitions too, and all that they need."""
        todo: list[Target] = list(places)
        while todo:
            todo += self._take(todo.pop())
            if not todo:
                parts = list(dict.fromkeys(self.parts.values()))
                mentioned = {name for part in parts for name in part.mentions}
                back = [part for part in parts if part.bring_back(mentioned)]
                todo += [reference.target for part in back for reference in part.uses.references]

    def part(self, place: Place) -> Part:
        """The part that defines a place."""
        return self.parts[instead(place)]

    def _take(self, target: Target) -> list[Target]:
        """Add one target; what it needs in turn."""
        if isinstance(target, Outside):
            self.outside.add(target)
            return []
        target = instead(target)
        section = SECTIONS.get(target, target.module)
        if target in self.parts or target == ASSETS_PLACE:  # the script says itself where the assets are
            return []
        source = settled(target)
        if isinstance(source, Outside):
            return [source]
        if source.name in read(source.module).again:
            raise ScriptError(*source, "it is defined twice, and a script would have the last alone", "Define it once")
        block = read(source.module).blocks[source.name]
        part = Part(block, section)
        self.parts.update(dict.fromkeys(part.places, part))
        if source == self.config_place:
            self.outside.add(Outside("dataclasses", "dataclass", "dataclass"))
            return []
        part.methods = left_out_methods(block)
        part.cuts = [*self.cuts.get(source, []), *part.methods]
        value = load(f"{source.module}:{source.name}") if isinstance(block.node, ast.FunctionDef) else None
        if is_embedded(value):
            self.embedded[source] = self._embedded(block, value)
            part.cuts += [*body_of(block.node), *block.node.decorator_list]
        part.uses = uses_of(block, set(part.cuts))
        crowds = [node for node, called in part.uses.calls if called in ONLY_FOR_CROWDS]
        if crowds:
            rests = [node for node in ast.walk(block.node) if isinstance(node, ast.Expr) and node.value in crowds]
            for rest in rests:
                if not all(isinstance(one, PLAIN) or one is rest.value for one in ast.walk(rest.value)):
                    what = f"{ast.unparse(rest)!r} is left out, and what its arguments compute with it"
                    raise wrong(block, what, "Give the call names and constants alone", rest)
            part.cuts += rests
            part.uses = uses_of(block, set(part.cuts))
        return [reference.target for reference in part.uses.references]

    def _embedded(self, block: Block, function: Any) -> Any:
        """What a marked function returns for this Config."""
        given = block.node.args
        arguments = [*given.posonlyargs, *given.args, *filter(None, [given.vararg, *given.kwonlyargs, given.kwarg])]
        if len(arguments) != 1 or given.kwonlyargs or given.vararg or given.kwarg:
            what = f"it is embedded and takes {len(arguments)} arguments, not the Config alone"
            raise wrong(block, what, "Give it one argument, the Config")
        return function(self.config)

    def _chosen(self, place: Place) -> Place:
        """The experiment behind a `run`: guards at its beginning are decided. A guard that does not hold is left out,
        with the other experiment's Result in the annotation."""
        block = _function(place)
        argument = block.node.args.args[0].arg if block.node.args.args else ""
        calls = dict(uses_of(block).calls)
        for statement in body_of(block.node):
            match statement:
                case ast.If(test=test, body=[ast.Return(value=ast.Call() as call)], orelse=[]):
                    names = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}
                    handed_on = [ast.unparse(one) for one in call.args] == [argument] and not call.keywords
                    if argument not in names or not handed_on or not _is_function(calls.get(call)):
                        return place
                case _:
                    return place
            self.chosen = True
            if self._holds(block, test, argument):
                return self._chosen(calls[call])
            self.cuts.setdefault(place, []).append(statement)
            self.cuts[place] += _leaving(block, calls[call])
        return place

    def _holds(self, block: Block, test: ast.expr, argument: str) -> bool:
        """Whether a guard sends this Config to another experiment."""
        code = compile(ast.Expression(test), block.module.name, "eval")
        try:
            return bool(eval(code, block.module.namespace, {argument: self.config}))
        except Exception as error:
            what = f"whether {ast.unparse(test)!r} holds cannot be decided: {type(error).__name__}: {error}"
            raise wrong(block, what, f"Let it depend on {argument!r} alone", test) from error

    # ------------------------------------------------------------ order

    def ordered(self) -> list[Part]:
        """Every part once: by layer, then by module, then as in the file; what a definition needs when it is made
        comes before it."""
        modules = self._modules()
        waiting = sorted(
            set(self.parts.values()),
            key=lambda part: (self._rank(part), modules.index(part.section), part.section, part.block.start),
        )
        done: list[Part] = []
        while waiting:
            ready = next((part for part in waiting if not (self._early(part) - set(done) - {part})), None)
            if ready is None:
                what = f"it and {', '.join(part.block.names[0] for part in waiting[1:6])} need each other when made"
                raise wrong(waiting[0].block, what, "Let one of them be made in a function")
            waiting.remove(ready)
            done.append(ready)
        return done

    def _rank(self, part: Part) -> int:
        """The layers of a script: configuration, tools, data, model, training, experiment, figures, numbers."""
        module, last = part.section, part.section.rpartition(".")[2]
        if module == self.config_place.module:
            return -1 if self.config_place in part.places else 0
        if module.startswith("engine.topics.") and last.startswith(("draw", "explain")):
            return len(RANKS)
        return next((rank for rank, layer in enumerate(RANKS, 1) if module.startswith(layer)), len(RANKS) + 1)

    def _early(self, part: Part) -> set[Part]:
        """What must stand before a part: what is used when it is made, and all that what is called then uses."""
        parts: set[Part] = set()
        todo = [reference for reference in part.uses.references if reference.early]
        while todo:
            reference = todo.pop()
            if isinstance(reference.target, Place) and instead(reference.target) != ASSETS_PLACE:
                other = self.part(reference.target)
                if other not in parts and other is not part:
                    parts.add(other)
                    code = isinstance(other.block.node, (ast.FunctionDef, ast.ClassDef))
                    todo += other.uses.references if code else []
        return parts

    def _modules(self) -> list[str]:
        """All modules, those that others build on first."""
        needs: dict[str, dict[str, None]] = {}
        for part in self.parts.values():
            needs.setdefault(part.section, {})
            for reference in part.uses.references:
                if isinstance(reference.target, Place):
                    needs[part.section][reference.target.module] = None
        done: dict[str, None] = {}
        open_: set[str] = set()

        def visit(module: str) -> None:
            if module in done or module in open_:
                return
            open_.add(module)
            for other in needs.get(module, ()):
                visit(other)
            done[module] = None

        for module in needs:
            visit(module)
        return list(done)


def body_of(function: ast.FunctionDef) -> list[ast.stmt]:
    """The statements of a function without its docstring."""
    first = function.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return function.body[1:] if documented else function.body


def _is_function(place: Target | None) -> bool:
    return isinstance(place, Place) and isinstance(read(place.module).blocks[place.name].node, ast.FunctionDef)


def _function(place: Target | Whole) -> Block:
    """The block of a function of the engine."""
    if not _is_function(place):
        name = place.name if isinstance(place, (Place, Outside)) else place.module
        raise ScriptError(place.module, name, "it is no function of the engine", "Name a def at the top of a module")
    return read(place.module).blocks[place.name]


def targets_of(block: Block) -> dict[ast.AST, Target]:
    """What the names in a block mean, by where they stand."""
    return {reference.node: reference.target for reference in uses_of(block).references}


def united(annotation: ast.expr | None) -> list[ast.expr]:
    """The members of `A | B`, from left to right."""
    if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
        return [*united(annotation.left), *united(annotation.right)]
    return [] if annotation is None else [annotation]


def _leaving(block: Block, other: Place) -> list[ast.expr]:
    """Members of the annotation of a `run` that only another experiment returns: all of that one's, of several."""
    theirs = _function(other)
    meant, means = targets_of(theirs), targets_of(block)
    returned = {meant.get(one) for one in united(theirs.node.returns)} - {None}
    members = united(block.node.returns)
    leaving = [one for one in members if means.get(one) in returned]
    return leaving if len(leaving) < len(members) else []

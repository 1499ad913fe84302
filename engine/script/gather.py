"""Everything an experiment needs: the definitions of the engine that its run leads to, one after the other.

Contracts that only the pages need are simplified on the way, by rules that hold for every topic:

- what `stand_ins.INSTEAD` names is taken from there (reading weights, results with axes, the device, pictures);
- methods in `ONLY_FOR_PAGES` and calls of `ONLY_FOR_CROWDS` are left out;
- the Config becomes a plain dataclass with the values of this Config (`texts.config_text`);
- what a function marked `embedded` returns for this Config stands in the script instead of its body;
- a `run` that begins with a choice between two experiments is the one that this Config chooses.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

from engine.core.embed import is_embedded
from engine.core.topic import Topic, load

from .references import Target, Uses, uses_of
from .sources import Block, Outside, Place, read, settled
from .stand_ins import SECTIONS, instead

ONLY_FOR_PAGES = {"nbytes", "payload", "meta"}  # methods: for the store, for the canvas
ONLY_FOR_CROWDS = {Place("engine.training.fit", "breathe")}
PICTURES, STAND_INS = "engine.script.pictures", "engine.script.stand_ins"
ASSETS_PLACE = Place(STAND_INS, "ASSETS")
RANKS = ("engine.core", "engine.data", "engine.weights", "engine.instrument", "engine.models", "engine.training",
         "engine.topics", "engine.plots", PICTURES)  # fmt: skip


@dataclass(eq=False)
class Part:
    """A definition that goes into the script.

    section: the module it stands for (of a stand-in, the one it replaces). cuts: statements left out. edits: (first
    byte, one past the last, new text) in its module, made by the rules above.
    """

    block: Block
    section: str
    uses: Uses = field(default_factory=Uses)
    cuts: list[ast.stmt] = field(default_factory=list)
    edits: list[tuple[int, int, str]] = field(default_factory=list)
    text: str | None = None

    @property
    def places(self) -> list[Place]:
        return [Place(self.block.module.name, name) for name in self.block.names]


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
        self.run = self._chosen(settled(Place.of(topic.run)))
        self.figures = {name: settled(Place.of(path)) for name, path in topic.figures.items()}
        self.take(self.run, self.config_place)

    def take(self, *places: Place) -> None:
        """These definitions too, and all that they need."""
        todo: list[Target] = list(places)
        while todo:
            todo += self._take(todo.pop())

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
        found = settled(target)
        if isinstance(found, Outside):
            return [found]
        block = read(found.module).blocks[found.name]
        part = Part(block, section)
        self.parts.update(dict.fromkeys(part.places, part))
        if found == self.config_place:
            self.outside.add(Outside("dataclasses", "dataclass", "dataclass"))
            return []
        part.cuts = [*self.cuts.get(found, []), *_cuts(block)]
        value = load(f"{found.module}:{found.name}") if isinstance(block.node, ast.FunctionDef) else None
        if is_embedded(value):
            self.embedded[found] = value(self.config)
            part.cuts += [*body_of(block.node), *block.node.decorator_list]
        part.uses = uses_of(block, set(part.cuts))
        crowds = [node for node, called in part.uses.calls if called in ONLY_FOR_CROWDS]
        if crowds:
            part.cuts += [node for node in ast.walk(block.node) if isinstance(node, ast.Expr) and node.value in crowds]
            part.uses = uses_of(block, set(part.cuts))
        return [reference.target for reference in part.uses.references]

    def _chosen(self, place: Place) -> Place:
        """The experiment behind a `run`: guards `if <of config>: return <other run>(config)` at its beginning are
        decided. A guard that does not hold is left out, with the other experiment's Result in the annotation."""
        block = read(place.module).blocks[place.name]
        function = block.node
        for statement in body_of(function):
            match statement:
                case ast.If(test=test, body=[ast.Return(value=ast.Call(args=[ast.Name()], keywords=[]))],
                            orelse=[]):  # fmt: skip
                    names = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}
                    argument = function.args.args[0].arg
                    if argument not in names:
                        return place
                case _:
                    return place
            target = next(target for call, target in uses_of(block).calls if call is statement.body[0].value)
            holds = eval(
                compile(ast.Expression(test), place.module, "eval"), block.module.namespace, {argument: self.config}
            )
            self.chosen = True
            if holds:
                return self._chosen(target)
            self.cuts.setdefault(place, []).append(statement)
            returned = ast.unparse(read(target.module).blocks[target.name].node.returns)
            for union in ast.walk(function.returns):
                if isinstance(union, ast.BinOp) and ast.unparse(union.right).rpartition(".")[2] == returned:
                    self.cuts[place].append(union.right)
        return place

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
            ready = next(part for part in waiting if not (self._early(part) - set(done) - {part}))
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
        """What must stand before a part: what is used when it is made, and all that functions called then use."""
        found: set[Part] = set()
        todo = [reference for reference in part.uses.references if reference.early]
        while todo:
            reference = todo.pop()
            if isinstance(reference.target, Place) and instead(reference.target) != ASSETS_PLACE:
                other = self.part(reference.target)
                if other not in found and other is not part:
                    found.add(other)
                    todo += other.uses.references if isinstance(other.block.node, ast.FunctionDef) else []
        return found

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


def _cuts(block: Block) -> list[ast.stmt]:
    """Methods that only the pages call; of pictures also the checks."""
    dropped = ONLY_FOR_PAGES | ({"__post_init__"} if block.module.name.startswith("engine.plots.") else set())
    if not isinstance(block.node, ast.ClassDef):
        return []
    return [node for node in block.node.body if isinstance(node, ast.FunctionDef) and node.name in dropped]

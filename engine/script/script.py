"""An experiment as one Python file."""

from __future__ import annotations

import ast
import builtins
import hashlib
import keyword
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from engine.contracts.topic import Topic
from engine.script.figure_calls import maker_of, only_at_home

from .checks import check
from .errors import naming, wrong
from .gather import ASSETS_PLACE, PICTURES, STAND_INS, Gathered, Part, body_of, united
from .sources import Place, read
from .stand_ins import ASSETS, instead
from .texts import config_text, edited, line_span, start_of, tidy, value_text

UNPACK = Place(STAND_INS, "unpacked")
WEIGHTS = {Place("engine.weights", name) for name in ("fill", "load_weights", "card")}
CONFIGURATION = "Configuration"
HEADINGS = {
    "engine.contracts.knob": "What is said of a value that does not fit",
    "engine.contracts.axes": "Results whose fields say what they hold",
    "engine.machinery.device": "Where the numbers are computed",
    "engine.weights": "Trained weights",
    "engine.pictures.theme": "Colours",
    PICTURES: "Pictures as Plotly figures",
    STAND_INS: "Numbers",
}  # of the modules whose own first line speaks of the pages
OUTCOME = "outcome"  # what a notebook calls the Result that it ends with; `result` is a decorator there
RESERVED = {"main", "CONFIG", "USUAL", "ASSETS", "FILES", "replace", "sys", "nbformat", OUTCOME}


@dataclass
class Section:
    """A part of a script under a heading of its own."""

    title: str
    text: str


class Script:
    """The pieces of a script: an opening (docstring and imports), sections, and the end that runs everything."""

    def __init__(self, topic: Topic, config: Any, address: str = ""):
        self.topic, self.config, self.address = topic, config, address
        with naming(topic.slug):
            self._make()

    def _make(self) -> None:
        self.gathered = gathered = Gathered(self.topic, self.config)
        if gathered.embedded:
            gathered.take(UNPACK)
        self.figures = self._figures()
        self.makers = {name: maker for name, place in self.figures.items() if (maker := maker_of(place))}
        gathered.take(Place(STAND_INS, "print_numbers"), Place(PICTURES, "write_page"), *self.figures.values())
        gathered.take(*self.makers.values())
        if gathered.embedded:  # by a figure
            gathered.take(UNPACK)
        check(gathered)
        self.blobs: dict[str, str] = {}
        self.parts = gathered.ordered()
        self.names = self._names()
        self.usual = {
            field.name: field.default
            for field in fields(self.config)
            if field.default != getattr(self.config, field.name)
        }
        self.files: dict[str, str] = {}
        self.uses_usual = self.uses_replace = False
        self.sections = list(self._sections())
        self.returned = self._returned(gathered.part(gathered.run))

    # ------------------------------------------------------------ figures

    def _figures(self) -> dict[str, Place]:
        return {name: place for name, place in self.gathered.figures.items() if not only_at_home(self.topic, name)}

    def _returned(self, part: Part) -> str:
        """The class of a run's Result, as it is called in the script; of several that it may be, A | B."""
        means = {one.node: one.target for one in part.uses.references}
        members = [one for one in united(part.block.node.returns) if one not in part.cuts]
        if not members or not all(isinstance(means.get(one), Place) for one in members):
            raise wrong(part.block, "what it returns cannot be told", "Annotate it with the class of its Result")
        return " | ".join(self.name(means[one]) for one in members)

    # ------------------------------------------------------------ names

    def _names(self) -> dict[Place, str]:
        """The name of every definition in the script: its own, or with its module's before it where that is taken."""
        forbidden: dict[Place, set[str]] = {}
        for part in self.parts:
            for reference in part.uses.references:
                if isinstance(reference.target, Place):
                    place = instead(reference.target)
                    forbidden.setdefault(place, set()).update(reference.local)
        taken = set(dir(builtins)) | set(keyword.kwlist) | RESERVED | {one.alias for one in self.gathered.outside}
        taken |= {one.alias.partition(".")[0] for one in self.gathered.outside}
        names = {ASSETS_PLACE: "ASSETS"}
        first = [self.gathered.run, self.gathered.config_place]
        places = [place for part in self.parts for place in part.places]
        package = self.gathered.run.module.rpartition(".")[0]
        own = [place for place in places if place.module.startswith(package)]
        for place in dict.fromkeys([*first, *own, *places]):
            name = place.name
            if name in taken or name in forbidden.get(place, ()):
                name = _prefixed(place)
            while name in taken or name in forbidden.get(place, ()):
                name += "_"
            taken.add(name)
            names[place] = name
        return names

    def name(self, place: Place) -> str:
        """What a definition is called in the script."""
        return self.names[instead(place)]

    # ------------------------------------------------------------ text of definitions

    def _sections(self) -> Iterator[Section]:
        title, texts = "", []
        for part in self.parts:
            heading = self._heading(part)
            if texts and heading != title:
                yield Section(title, "\n\n\n".join(texts))
                texts = []
            title = heading
            text = self._text(part)
            if texts and _constant(part) and texts[-1].rpartition("\n")[2][:1] not in (" ", ")") and "\n" not in text:
                texts[-1] += "\n" + text
            else:
                texts.append(text)
        yield Section(title, "\n\n\n".join(texts))

    def _heading(self, part: Part) -> str:
        if self.gathered.config_place in part.places:
            return CONFIGURATION
        if part.section in HEADINGS:
            return HEADINGS[part.section]
        about = (ast.get_docstring(read(part.section).tree) or "").split("\n\n")[0]
        return f"{part.section.replace('.', '/')}.py: {' '.join(about.split())}"

    def _text(self, part: Part) -> str:
        block, module = part.block, part.block.module
        if self.gathered.config_place in part.places:
            return config_text(self.config, self.name(self.gathered.config_place))
        self._note_files(part)
        edits = [*self._renamed(part), *self._cut(part), *self._usual(part), *self._in_assets(part)]
        place = part.places[0]
        if place in self.gathered.embedded:
            edits.append(self._embedded(part, place))
        return tidy(edited(module.content, block.start, block.end, edits))

    def _renamed(self, part: Part) -> Iterator[tuple[int, int, str]]:
        module, node = part.block.module, part.block.node
        for reference in part.uses.references:
            if isinstance(reference.target, Place):
                new = self.name(reference.target)
                if new != reference.text:
                    if module.content[reference.start : reference.end].decode() != reference.text:
                        what = f"{reference.text!r} stands in an f-string and must be called {new!r} in a script"
                        raise wrong(part.block, what, "Give it a name before the f-string", reference.node)
                    yield reference.start, reference.end, new
        own = self.names[part.places[0]]
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and own != node.name:
            at = module.content.index(node.name.encode(), module.span(node)[0] + len("def "))
            yield at, at + len(node.name.encode()), own
        elif not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                for inner in ast.walk(target):
                    if isinstance(inner, ast.Name):
                        yield (*module.span(inner), self.names[Place(module.name, inner.id)])

    def _cut(self, part: Part) -> Iterator[tuple[int, int, str]]:
        content, module = part.block.module.content, part.block.module
        embedded = body_of(part.block.node) if part.places[0] in self.gathered.embedded else []
        returns = getattr(part.block.node, "returns", None)
        left = set(united(returns)) & set(part.cuts)
        if left:
            yield (*module.span(returns), self._returned(part))
        for node in [*part.cuts, *part.uses.imports]:
            if node in embedded or node in left:
                continue
            start, end = module.span(node)
            if isinstance(node, ast.expr):  # a decorator
                start = content.rfind(b"@", 0, start)
            else:
                start = module.line_starts[start_of(node) - 1]
            yield (*line_span(content, start, end), "")

    def _usual(self, part: Part) -> Iterator[tuple[int, int, str]]:
        """Calls of the Config mean its usual values, which in the script are called USUAL."""
        if not self.usual:
            return
        module = part.block.module
        for call, target in part.uses.calls:
            if target == self.gathered.config_place:
                self.uses_usual = True
                start, end = module.span(call)
                if not call.args and not call.keywords:
                    yield start, end, "USUAL"
                else:
                    self.uses_replace = True
                    opening = module.content.index(b"(", module.span(call.func)[1]) + 1
                    yield start, opening, "replace(USUAL, "

    def _in_assets(self, part: Part) -> Iterator[tuple[int, int, str]]:
        """Paths that begin at the place of a module begin at ASSETS instead."""
        module = part.block.module
        for node in ast.walk(part.block.node):
            if isinstance(node, ast.BinOp) and "__file__" in ast.unparse(node):
                value = eval(compile(ast.Expression(node), module.name, "eval"), module.namespace)
                if value == ASSETS:
                    yield (*module.span(node), "ASSETS")

    def _note_files(self, part: Part) -> None:
        """Files of assets that a definition names."""
        namespace = part.block.module.namespace
        for node in ast.walk(part.block.node):
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
                try:
                    value = eval(compile(ast.Expression(node), "path", "eval"), namespace)
                except Exception:  # not a path, or one of local names
                    continue
                if isinstance(value, Path) and value.is_file() and ASSETS in value.parents:
                    self._note_file(value)
        for call, target in part.uses.calls:
            if target in WEIGHTS:
                given = [*call.args, *(keyword.value for keyword in call.keywords)]
                names = [name for one in given if isinstance(name := _constant_value(one, namespace), str)]
                files = [ASSETS / "weights" / f"{name}.safetensors" for name in names]
                if not files or not all(file.is_file() for file in files):
                    what = f"which weights {ast.unparse(call)!r} reads cannot be told before it runs"
                    raise wrong(part.block, what, "Name shipped weights by a text or a constant of the module", call)
                for file in files:
                    self._note_file(file)

    def _note_file(self, path: Path) -> None:
        key = path.relative_to(ASSETS).as_posix()
        if key not in self.files:
            content = path.read_bytes()
            size = f"{len(content) / 1e6:.1f} MB" if len(content) > 1e5 else f"{len(content) / 1e3:.0f} kB"
            self.files[key] = f"{size}, sha256 {hashlib.sha256(content).hexdigest()[:16]}"

    def _embedded(self, part: Part, place: Place) -> tuple[int, int, str]:
        """The value of an embedded function instead of what made it."""
        try:
            value = value_text(self.gathered.embedded[place], self.blobs, self.name(UNPACK), 4)
        except TypeError as error:
            remedy = "Return arrays, numbers, texts, None and tuples of these"
            raise wrong(part.block, f"its value cannot be written down: {error}", remedy) from error
        origin = f"{place.module.replace('.', '/')}.py"
        text = f"    # As made by {origin} for this configuration; long values stand at the end.\n"
        start = part.block.module.line_starts[body_of(part.block.node)[0].lineno - 1]
        return start, part.block.end, text + f"    return {value}\n"


def _constant_value(node: ast.expr, namespace: dict[str, Any]) -> Any:
    """What a text or a name at the top of a module stands for; None for anything else."""
    if isinstance(node, ast.Constant):
        return node.value
    return namespace.get(node.id) if isinstance(node, ast.Name) else None


def _constant(part: Part) -> bool:
    return not isinstance(part.block.node, (ast.FunctionDef, ast.ClassDef))


def _prefixed(place: Place) -> str:
    """A name with that of its module before it, in the same spelling."""
    module, bare = place.module.rpartition(".")[2], place.name.lstrip("_")
    lead = "_" * (len(place.name) - len(bare))
    if bare.isupper():
        return f"{lead}{module.upper()}_{bare}"
    if bare[:1].isupper():
        return lead + "".join(map(str.capitalize, module.split("_"))) + bare
    return f"{lead}{module}_{bare}"

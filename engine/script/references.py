"""Which names of its module (and of others) a definition uses, and where they stand in its text."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Collection
from dataclasses import dataclass, field

from .errors import wrong
from .sources import Binding, Block, Module, Outside, Place, Whole, bindings, settled

Target = Place | Outside
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True)
class Reference:
    """A use of a target. start, end: its bytes in the module; text: how it is spelled there; early: needed when the
    definition is made, not only when it is called; local: names of the scopes around it, which would hide the target if
    it were called so; node: where it stands."""

    target: Target
    start: int
    end: int
    text: str
    early: bool
    local: frozenset[str]
    node: ast.AST


@dataclass
class Uses:
    """Everything a block uses: references; calls of engine functions; imports within functions, which go away."""

    references: list[Reference] = field(default_factory=list)
    calls: list[tuple[ast.Call, Place]] = field(default_factory=list)
    imports: list[ast.stmt] = field(default_factory=list)


@dataclass
class _Scope:
    names: set[str]
    of_class: bool = False
    lazy: dict[str, Binding] = field(default_factory=dict)


def uses_of(block: Block, without: Collection[ast.AST] = ()) -> Uses:
    """The uses of a block, of the nodes `without` left out. ScriptError for a name that is nowhere."""
    walker = _Walker(block, without)
    walker.visit(block.node)
    return walker.uses


class _Walker(ast.NodeVisitor):
    def __init__(self, block: Block, without: Collection[ast.AST]):
        self.block, self.without, self.uses = block, without, Uses()
        self.module: Module = block.module
        self.scopes: list[_Scope] = []
        self.late = 0  # above 0 within functions and annotations

    def visit(self, node: ast.AST) -> None:
        if node not in self.without:
            super().visit(node)

    # ------------------------------------------------------------ names

    def _binding(self, node: ast.Name) -> Binding | None:
        """What a name means here; None for a local name and for a builtin."""
        name = node.id
        for depth, scope in enumerate(reversed(self.scopes)):
            if scope.of_class and depth > 0:
                continue
            if name in scope.lazy:
                return scope.lazy[name]
            if name in scope.names:
                return None
        binding = self.module.find(name)
        if isinstance(binding, Block):
            return Place(self.module.name, name)
        if binding is None and not hasattr(builtins, name) and name not in ("__file__", "__name__"):
            remedy = "Define it by a def, a class or an assignment at the top of the module, in no other statement"
            raise wrong(self.block, f"{name!r} is nowhere defined", remedy, node)
        return binding

    def _refer(self, node: ast.AST, text: str, binding: Binding) -> None:
        target = settled(binding) if isinstance(binding, Place) else binding
        if isinstance(target, Whole):
            what = f"{text!r} is a module of the engine, which a script does not have"
            raise wrong(self.block, what, "Import the module where it stands and use it as module.name", node)
        local = frozenset(name for scope in self.scopes for name in scope.names - set(scope.lazy))
        start, end = self.module.span(node)
        self.uses.references.append(Reference(target, start, end, text, not self.late, local, node))

    def visit_Name(self, node: ast.Name) -> None:
        binding = self._binding(node)
        if isinstance(binding, Whole):
            what = f"{node.id!r} is a module of the engine, which a script does not have"
            raise wrong(self.block, what, f"Use it as {node.id}.name alone", node)
        if binding is not None and isinstance(node.ctx, ast.Load):
            self._refer(node, node.id, binding)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        binding = self._inner(node)
        if binding is None:
            self.generic_visit(node)
        else:
            self._refer(node, ast.unparse(node), binding)

    def _inner(self, node: ast.expr) -> Binding | None:
        """For `module.name` with a module of the engine: the place."""
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            whole = self._binding(node.value)
            if isinstance(whole, Whole):
                return Place(whole.module, node.attr)
        return None

    def visit_Call(self, node: ast.Call) -> None:
        binding = self._binding(node.func) if isinstance(node.func, ast.Name) else self._inner(node.func)
        target = settled(binding) if isinstance(binding, Place) else None
        if isinstance(target, Place):
            self.uses.calls.append((node, target))
        self.generic_visit(node)

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        if self.scopes:
            self.scopes[-1].lazy.update(bindings(node, self.module.name))
            self.uses.imports.append(node)

    visit_ImportFrom = visit_Import

    # ------------------------------------------------------------ scopes

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        for part in (*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)):
            self.visit(part)
        for argument in _arguments(node.args):
            self._annotation(argument.annotation)
        self._annotation(node.returns)
        self._enter(_Scope({argument.arg for argument in _arguments(node.args)} | _bound(node.body)), node.body)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        for part in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
            self.visit(part)
        self._enter(_Scope({argument.arg for argument in _arguments(node.args)}), [node.body])

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for part in (*node.decorator_list, *node.bases, *node.keywords):
            self.visit(part)
        self.scopes.append(_Scope(_bound(node.body), of_class=True))
        for part in node.body:
            self.visit(part)
        self.scopes.pop()

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit(node.target)
        self._annotation(node.annotation)
        if node.value is not None:
            self.visit(node.value)

    def _annotation(self, node: ast.expr | None) -> None:
        if node is not None:
            self.late += 1
            self.visit(node)
            self.late -= 1

    def _enter(self, scope: _Scope, body: list) -> None:
        self.scopes.append(scope)
        self.late += 1
        for part in body:
            self.visit(part)
        self.late -= 1
        self.scopes.pop()

    def _comprehension(self, node: ast.expr) -> None:
        self.visit(node.generators[0].iter)  # evaluated outside
        names = {inner.id for one in node.generators for inner in ast.walk(one.target) if isinstance(inner, ast.Name)}
        self.scopes.append(_Scope(names))
        for number, one in enumerate(node.generators):
            for part in (*([one.iter] if number else []), *one.ifs):
                self.visit(part)
        for part in (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,):
            self.visit(part)
        self.scopes.pop()

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension


def _arguments(arguments: ast.arguments) -> list[ast.arg]:
    one = [arguments.vararg, arguments.kwarg]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *filter(None, one)]


def _bound(body: list[ast.stmt]) -> set[str]:
    """Names that the statements of a scope bind, those of scopes within it left out."""
    local_names: set[str] = set()
    outer: set[str] = set()
    todo: list[ast.AST] = list(body)
    while todo:
        node = todo.pop()
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                local_names.add(name)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                local_names.add(name)
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                local_names.add(name)
            case ast.MatchMapping(rest=str(name)):
                local_names.add(name)
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                local_names |= {alias.asname or alias.name.partition(".")[0] for alias in names}
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                outer |= set(names)
        if isinstance(node, SCOPES):
            continue
        if isinstance(node, COMPREHENSIONS):  # only a walrus reaches out of it
            local_names |= {inner.target.id for inner in ast.walk(node) if isinstance(inner, ast.NamedExpr)}
            continue
        todo += ast.iter_child_nodes(node)
    return local_names - outer

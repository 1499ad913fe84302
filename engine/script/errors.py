"""What is said when a script would lack something."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterator
from typing import Any


class ScriptError(ValueError):
    """Something of an experiment that its script would lack: the topic, the definition and its file, what to do."""

    def __init__(self, module: str, name: str, what: str, remedy: str, line: int = 0):
        super().__init__(what)
        self.topic, self.module, self.name, self.what, self.remedy, self.line = "", module, name, what, remedy, line

    def __str__(self) -> str:
        topic = f"topic {self.topic!r} cannot be one file: " if self.topic else ""
        where = f"{self.module.replace('.', '/')}.py{f', line {self.line}' if self.line else ''}"
        return f"{topic}{self.name} ({where}): {self.what}. {self.remedy}."


def wrong(block: Any, what: str, remedy: str, node: ast.AST | None = None) -> ScriptError:
    """The error of a block (see `sources`), at a node of it."""
    return ScriptError(block.module.name, block.names[0], what, remedy, getattr(node or block.node, "lineno", 0))


@contextlib.contextmanager
def naming(topic: str) -> Iterator[None]:
    """Says in a ScriptError which topic it is about."""
    try:
        yield
    except ScriptError as error:
        error.topic = error.topic or topic
        raise

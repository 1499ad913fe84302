"""Text of a script: literals, the Config, and a definition with its changes."""

from __future__ import annotations

import ast
import inspect
import math
import re
import textwrap
from typing import Any

import numpy as np

from engine.contracts.knob import Knob, knobs

from .stand_ins import packed

WIDTH = 120
MOST_WRITTEN_OUT = 64  # numbers of an array; larger ones are packed


def literal(value: Any, indent: int = 0) -> str:
    """A value as Python text, a long text in several lines `indent` further in. TypeError for what is not plain."""
    if type(value) is str and len(value) + indent > WIDTH - 40:
        length = (WIDTH - indent - 8) // (1 if value.isascii() else 2)
        parts = [value[at : at + length] for at in range(0, len(value), length)]
        lines = "".join(f"{' ' * (indent + 4)}{_quoted(part)}\n" for part in parts)
        return f"(\n{lines}{' ' * indent})"
    if type(value) is str:
        return _quoted(value)
    if type(value) is tuple:
        inner = ", ".join(literal(item, indent) for item in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if type(value) is float and not math.isfinite(value):
        return f'float("{value}")'
    if value is None or type(value) in (bool, int, float):
        return repr(value)
    raise TypeError(f"expected a plain value, got {type(value).__name__}")


def _quoted(text: str) -> str:
    """A text in double quotes where that is easy to read, as `repr` writes it otherwise."""
    plain = repr(text)
    return f'"{plain[1:-1]}"' if plain[0] == "'" and '"' not in text else plain


def in_quotes(text: str) -> str:
    """A text as it stands between three double quotes."""
    return text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def comment(text: str, indent: int = 0) -> str:
    """A text as comment lines."""
    mark = " " * indent + "# "
    return "\n".join(textwrap.wrap(text, WIDTH, initial_indent=mark, subsequent_indent=mark, break_long_words=False))


def config_text(config: Any, name: str) -> str:
    """The dataclass of a Config: its knobs with what they mean, this Config's values as defaults."""
    lines = ["@dataclass(frozen=True)", f"class {name}:"]
    about = inspect.cleandoc(type(config).__doc__ or "")
    lines += [textwrap.indent(f'"""{in_quotes(about)}"""', "    "), ""]
    for knob in knobs(type(config)):
        lines.append(comment(_about(knob, config), 4))
        owner = next(base for base in type(config).__mro__ if knob.name in vars(base).get("__annotations__", {}))
        annotation = owner.__annotations__[knob.name]
        annotation = annotation if isinstance(annotation, str) else _type_name(annotation)
        lines.append(f"    {knob.name}: {annotation} = {literal(getattr(config, knob.name), 4)}")
    return "\n".join(lines)


def _type_name(annotation: Any) -> str:
    return annotation.__name__ if type(annotation) is type else str(annotation)


def _about(knob: Knob, config: Any) -> str:
    """Label, help and what a knob takes, and whether it does nothing with the others as they are."""
    takes = ""
    if knob.kind in ("choice", "choices"):
        choices = knob.choices if len(knob.choices) <= 12 else (*knob.choices[:6], "…", knob.choices[-1])
        takes = f"{'One' if knob.kind == 'choice' else 'Some'} of: {', '.join(choices)}."
    elif knob.kind in ("int", "float"):
        takes = f"From {knob.low:g} to {knob.high:g}{' ' + knob.unit if knob.unit else ''}."
    elif knob.kind == "sizes":
        takes = f"At most {knob.most} numbers from {knob.low:g} to {knob.high:g}."
    help_ = knob.help if not knob.help or knob.help.endswith((".", "!", "?", "…")) else knob.help + "."
    idle = "No effect here." if knob.counts is not None and not knob.counts(config) else ""
    return " ".join(filter(None, [f"{knob.label}:" if help_ or takes else f"{knob.label}.", help_, takes, idle]))


def value_text(value: Any, blobs: dict[str, str], unpack: str, indent: int) -> str:
    """An embedded value as an expression. Large arrays are packed into `blobs` (name -> text) and unpacked by the
    function `unpack`; equal ones once."""
    inner, outer = " " * (indent + 4), " " * indent
    if type(value) is tuple and any(isinstance(item, (tuple, np.ndarray)) for item in value):
        items = "".join(f"{inner}{value_text(item, blobs, unpack, indent + 4)},\n" for item in value)
        return f"(\n{items}{outer})"
    if not isinstance(value, np.ndarray):
        return literal(value, indent)
    if type(value) is not np.ndarray or value.dtype.kind not in "biufcU":
        raise TypeError(f"expected an array of numbers, got {type(value).__name__} of {value.dtype}")
    if value.size > MOST_WRITTEN_OUT:
        text = packed(value)
        name = next((name for name, other in blobs.items() if other == text), f"PACKED_{len(blobs) + 1}")
        blobs[name] = text
        return f'{unpack}({name}, {value.shape}, "{value.dtype}")'
    if not value.size:
        return f'np.zeros({value.shape}, "{value.dtype}")'
    if max(map(len, map(str, np.atleast_2d(value).tolist()))) > 80:  # too long for a line
        numbers = value.ravel().tolist()
        lines = (numbers[at : at + 4] for at in range(0, len(numbers), 4))
        rows = "".join(f"{inner}    {_numbers(line)[1:-1]},\n" for line in lines)
        shaped = f".reshape({value.shape})" if value.ndim > 1 else ""
        return f'np.array(\n{inner}[\n{rows}{inner}],\n{inner}"{value.dtype}",\n{outer}){shaped}'
    if value.ndim < 2:
        return f'np.array({_numbers(value.tolist())}, "{value.dtype}")'
    rows = "".join(f"{inner}    {_numbers(row)},\n" for row in value.tolist())
    return f'np.array(\n{inner}[\n{rows}{inner}],\n{inner}"{value.dtype}",\n{outer})'


def _numbers(values: Any) -> str:
    """Numbers of an array as text; the names of those that are not finite are NumPy's."""
    text = repr(values)
    return text if "'" in text or '"' in text else re.sub(r"\b(nan|inf)", r"np.\1", text)


def edited(content: bytes, start: int, end: int, edits: list[tuple[int, int, str]]) -> str:
    """The bytes from start to end with replacements (first byte, one past the last, new text); those within others
    are skipped."""
    parts, at = [], start
    for first, last, text in sorted(edits, key=lambda edit: (edit[0], -edit[1])):
        if first < at:
            continue
        parts += [content[at:first], text.encode()]
        at = last
    return (b"".join([*parts, content[at:end]])).decode()


def line_span(content: bytes, start: int, end: int) -> tuple[int, int]:
    """The whole lines of a statement, and the blank lines below it."""
    first = content.rfind(b"\n", 0, start) + 1
    last = content.find(b"\n", end) + 1 or len(content)
    while content[last : last + 1] == b"\n":
        last += 1
    return first, last


def tidy(text: str) -> str:
    """Without marks for the formatter and the linter, without blanks at the ends."""
    text = re.sub(r"  # (fmt: skip|noqa\b[^\n]*)$", "", text, flags=re.MULTILINE)
    return re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE).strip("\n")


def start_of(node: ast.stmt) -> int:
    """The first line of a statement, its decorators included."""
    return min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])

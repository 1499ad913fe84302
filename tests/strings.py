"""Every text a reader sees, read from the sources. `python -m tests.strings` lists what is missing and unused."""

from __future__ import annotations

import ast
import dataclasses
import json
import re
import string
import sys
import typing
from pathlib import Path

from engine.contracts.axes import AxesError
from engine.contracts.knob import knobs
from engine.contracts.topic import Topic, catalogue
from engine.pictures.kinds import kinds
from pages.components.parts.topics import view_type

ROOT = Path(__file__).parents[1]
TABLES = ROOT / "assets" / "language" / "zh"
FRAME = "frame"  # the table of what belongs to no topic alone
# Their first argument is a template that the pages translate.
TRANSLATED_ERRORS = ("KnobError", "PictureError", "SettingsError", "WeightsFileError", "Remark")
SAYS = ("t", "drawn")  # of pages/components/parts/language.py
WORDS = ("Words", "Say")  # of engine/contracts


def tables() -> dict[str, dict[str, str]]:
    """Slug of a topic, FRAME, or pictures/<kind> -> its Chinese texts by their English ones."""
    files = {path.stem: path for path in sorted(TABLES.glob("*.json"))}
    files |= {f"pictures/{path.parent.name}": path for path in sorted(ROOT.glob("engine/pictures/*/zh.json"))}
    return {name: json.loads(path.read_text("utf-8")) for name, path in files.items()}


def table() -> dict[str, str]:
    """The Chinese texts by their English ones, of all files."""
    return {english: chinese for one in tables().values() for english, chinese in one.items()}


def owner(place: str) -> str:
    """Whose a text is that stands in a file ("engine/topics/mlp/card.py") or at a place of `used_strings`."""
    if kind := re.match(r"engine/(pictures/\w+)/", place):
        return kind[1]
    slug = re.match(r"(?:topic |engine/topics/|pages/)(\w+)", place)
    return slug[1] if slug and slug[1] in catalogue() else FRAME


def used_strings() -> dict[str, str]:
    """Every English text that is certainly shown -> where it stands (the first place)."""
    return {text: places[0] for text, places in _used().items()}


def _used() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for topic in catalogue().values():
        for text in _texts_of(topic):
            found.setdefault(text, []).append(f"topic {topic.slug}")
    for kind in kinds().values():
        for text in [*kind.words.values(), *kind.keys.values()]:
            found.setdefault(text, []).append(f"engine/pictures/{kind.name}/kind.py")
    for path in sorted(ROOT.glob("pages/**/*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        for line, text in [*_translated(tree, SAYS), *_translated(tree, WORDS)]:
            found.setdefault(text, []).append(f"{path.relative_to(ROOT)}:{line}")
    for path in sorted(ROOT.glob("engine/**/*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        for line, text in [*_error_templates(tree), *_translated(tree, WORDS)]:
            found.setdefault(text, []).append(f"{path.relative_to(ROOT)}:{line}")
    return {text: places for text, places in found.items() if text.strip()}


def possible_strings() -> dict[str, set[str]]:
    """Every text constant of pages and engine, which a page may hand to t() by a name or out of a table -> whose."""
    found: dict[str, set[str]] = {}
    for path in [*ROOT.glob("pages/**/*.py"), *ROOT.glob("engine/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.setdefault(node.value, set()).add(owner(str(path.relative_to(ROOT))))
    return found


def owners() -> dict[str, set[str]]:
    """Every text that may be shown -> the topics, or FRAME, that it belongs to."""
    found = possible_strings()
    for text, places in _used().items():
        found.setdefault(text, set()).update(map(owner, places))
    return found


def missing() -> dict[str, str]:
    """Texts without a translation in a file that is read for them -> where they stand."""
    there = tables()
    found = {}
    for text, places in _used().items():
        for place in places:
            if text not in there[FRAME] and text not in there.get(owner(place), {}):
                found[text] = place
    return found


def unused() -> list[str]:
    """Entries that nothing shows of those whose file they stand in, and those that are said in two ways."""
    known, all_texts = owners(), table()
    found = []
    for slug, texts in tables().items():
        for text, chinese in texts.items():
            mine = known.get(text, set())
            if not mine or (slug != FRAME and slug not in mine) or chinese != all_texts[text]:
                found.append(f"{slug}: {text}")
    return sorted(found)


def wrong_fields() -> list[str]:
    """Entries whose {fields} differ between English and Chinese."""
    return sorted(text for text, chinese in table().items() if fields(text) != fields(chinese))


def fields(text: str) -> set[str]:
    """Names of the {fields} of a text."""
    return {name.partition(".")[0] for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def _texts_of(topic: Topic) -> typing.Iterator[str]:
    yield from (topic.title, topic.question, topic.group, *topic.presets, *map(topic.figure_title, topic.figures))
    view = view_type(topic)
    for knob in (*knobs(topic.config), *(knobs(view) if view else ())):
        yield knob.label  # also that of a hidden knob: messages name it
        if not knob.hidden:
            yield from (knob.help, knob.unit)
            yield from (knob.choice_labels.get(choice, choice) for choice in knob.choices)
    returned = typing.get_type_hints(topic.load(topic.run)).get("return")
    for result in typing.get_args(returned) or (returned,):  # a topic with two views may return one of two
        if not dataclasses.is_dataclass(result):
            raise AxesError(f"{topic.run} does not say which Result it returns")
        yield from _texts_of_result(result)


def _texts_of_result(result: type) -> typing.Iterator[str]:
    """Meanings, units and axes, also those of Results within it."""
    types = typing.get_type_hints(result)
    for field in dataclasses.fields(result):
        if "axes" in field.metadata:
            yield from (field.metadata["meaning"], field.metadata["unit"], *field.metadata["axes"])
        elif hasattr(types[field.name], "quantities"):
            yield from _texts_of_result(types[field.name])


def _translated(tree: ast.Module, functions: tuple[str, ...]) -> typing.Iterator[tuple[int, str]]:
    """(line, text) of every t("…"), also t(a if c else b) and t(TABLE[key]) with a table of this module."""
    tables = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, (ast.Dict, ast.Tuple, ast.List))
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in functions
        if not named or not node.args:
            continue
        first = node.args[0]
        if isinstance(first, ast.Subscript) and isinstance(first.value, ast.Name) and first.value.id in tables:
            first = tables[first.value.id]
        yield from ((node.lineno, text) for text in _constants(first))


def _constants(node: ast.expr) -> typing.Iterator[str]:
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=body, orelse=other):
            yield from (*_constants(body), *_constants(other))
        case ast.Dict(values=items) | ast.Tuple(elts=items) | ast.List(elts=items):
            for item in items:
                yield from _constants(item)


def _error_templates(tree: ast.Module) -> typing.Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TRANSLATED_ERRORS:
            yield from ((node.lineno, text) for text in _constants(node.args[0]))
        elif isinstance(node, ast.ClassDef):  # of errors that always say the same
            for line in node.body:
                if isinstance(line, ast.Assign) and getattr(line.targets[0], "id", "") == "template":
                    yield from ((line.lineno, text) for text in _constants(line.value))


def main() -> int:
    """Print what is wrong; the exit code says whether anything is."""
    lists = {
        "missing": [f"{text!r}  ({place})" for text, place in missing().items()],
        "unused": [repr(text) for text in unused()],
        "other fields in Chinese": [repr(text) for text in wrong_fields()],
    }
    for name, lines in lists.items():
        print(f"{name}: {len(lines)}", *lines, sep="\n  ")
    return int(any(lists.values()))


if __name__ == "__main__":
    sys.exit(main())

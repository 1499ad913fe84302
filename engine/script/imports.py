"""Import statements of a script, sorted as a linter wants them."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from .sources import Outside
from .texts import WIDTH


def import_lines(wanted: Iterable[Outside]) -> str:
    """The statements: the standard library first, then the rest; whole modules before names out of them."""
    groups: tuple[list[Outside], list[Outside]] = ([], [])
    for one in set(wanted):
        groups[one.module.partition(".")[0] not in sys.stdlib_module_names].append(one)
    return "\n\n".join("\n".join(_group(group)) for group in groups if group)


def _group(group: list[Outside]) -> list[str]:
    lines = []
    members: dict[str, list[str]] = {}
    for one in group:
        if not one.name:
            lines.append(f"import {one.module}" + (f" as {one.alias}" if one.alias != one.module else ""))
        elif one.name != one.alias and one.name.islower():  # a module under a short name
            lines.append(f"import {one.module}.{one.name} as {one.alias}")
        else:
            members.setdefault(one.module, []).append(one.name + (f" as {one.alias}" if one.alias != one.name else ""))
    lines.sort(key=str.lower)
    for module in sorted(members, key=str.lower):
        names = sorted(members[module], key=_by_kind)
        together = f"from {module} import {', '.join(names)}"
        if len(together) > WIDTH:
            together = f"from {module} import (\n" + "".join(f"    {name},\n" for name in names) + ")"
        lines.append(together)
    return lines


def _by_kind(name: str) -> tuple[int, str]:
    """Constants, then classes, then the rest, each by the alphabet."""
    bare = name.split(" ")[0]
    return (0 if bare.isupper() and len(bare) > 1 else 1 if bare[:1].isupper() else 2, bare)

"""The terms of the field: what they are called and what they mean, in each language, and how words mark them.

The terms are assets/glossary/<language>/<any name>.md, found by walking:

    ## learning_rate: learning rate; step size
    One to three sentences.

Before the colon stands the key, the same in all languages and in links; behind it the name, and what else it is called.
In the words of a lesson [[learning rate]] marks a term by one of its names, or [[learning rate|how far]] where the
sentence says it otherwise.
"""

from __future__ import annotations

import dataclasses
import re
from functools import cache
from pathlib import Path

TERMS = Path(__file__).parents[2] / "assets" / "glossary"
HEAD = re.compile(r"## ([a-z0-9_]+): (.+)")
MARK = re.compile(r"\[\[([^\[\]|\"]+)(?:\|([^\[\]|]+))?\]\]")


@dataclasses.dataclass(frozen=True)
class Term:
    """A term in one language. name: what it is called there; others: what else; english: its name in English; text:
    what it means, marked up as lessons are."""

    key: str
    name: str
    others: tuple[str, ...]
    text: str
    english: str

    @property
    def title(self) -> str:
        """The name, in another language with the English one behind it."""
        return self.name if self.name == self.english else f"{self.name}（{self.english}）"


@cache
def terms(language: str) -> dict[str, Term]:
    """All terms in a language by their keys, in the order of their English names."""
    english = {key: names for key, names, _ in _read("en")}
    found = {
        key: Term(key, names[0], tuple(names[1:]), text, english.get(key, names)[0])
        for key, names, text in _read(language)
    }
    return dict(sorted(found.items(), key=lambda item: item[1].english.lower()))


@cache
def _named(language: str) -> dict[str, Term]:
    found = {}
    for term in terms(language).values():
        found |= {name.lower(): term for name in (*term.others, term.name, term.key)}
    return found


def term_called(name: str, language: str) -> Term | None:
    """The term with this key or one of these names; None if there is none."""
    return _named(language).get(name.strip().lower())


def marks_in(text: str) -> list[str]:
    """The names by which a text marks terms, in its order."""
    return [mark[1] for mark in MARK.finditer(text)]


def without_marks(text: str) -> str:
    """The words alone."""
    return MARK.sub(lambda mark: mark[2] or mark[1], text)


def _read(language: str) -> list[tuple[str, list[str], str]]:
    """(key, names, text) of each term. ValueError for a head that is none, a key twice, or a text without a term."""
    found: dict[str, tuple[str, list[str], str]] = {}
    for path in sorted((TERMS / language).glob("*.md")):
        key = ""
        for line in filter(None, map(str.strip, path.read_text("utf-8").splitlines())):
            head = HEAD.fullmatch(line)
            if head is not None and head[1] not in found:
                key = head[1]
                found[key] = (key, [name.strip() for name in head[2].split(";")], "")
            elif line.startswith("#") or not key:
                raise ValueError(f"{path.name}: expected '## key: name; other name', each key once, got {line!r}")
            else:
                found[key] = (*found[key][:2], f"{found[key][2]} {line}".strip())
    return list(found.values())

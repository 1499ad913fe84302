"""Kinds of pictures: a folder each, found by walking; nothing elsewhere names them.

A folder holds what its kind consists of: values.py (what a topic makes, and its payload for the browser), sheet.py
(for PNG and SVG) or figure.py (for Plotly), the JavaScript that draws it, zh.json with the Chinese of its words, and
kind.py with KIND, which says how these belong together. A new kind edits nothing elsewhere.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent
Payload = tuple[Mapping[str, Any], Mapping[str, np.ndarray]]
Fits = Callable[[str, Any], bool]


def anything(picture: Any) -> Fits | None:
    """For pictures whose events are checked by nobody: there are none."""
    return None


@dataclass(frozen=True)
class Kind:
    """One kind of picture.

    value: the class of its values. payload(picture) -> (what travels as JSON, arrays): what <folder>/<folder>.js draws
    in the browser; None where Plotly does. events: what a reader can do with it, as the JavaScript reports it.
    fits(picture) -> (event, value) -> whether it can mean anything in that picture; it may hold on to no array.
    words: name -> English text that the JavaScript shows, translated where the code is served; {k} is filled there.
    keys: name -> English text of what a key does, for screen readers and the list that `?` opens; one name, one text.
    titled: the JavaScript shows the title, which costs less than an element of Streamlit's. sends: the event in which
    the browser sends content that replaces the picture's own, "" if there is none: what is drawn there may be newer
    than what the server knows. sheet: dotted path of (picture, say, frame=, picked=) -> Sheet, for files. figure:
    dotted path of picture -> Plotly figure: shown live where there is no payload, and in pages and scripts that are
    taken away.
    """

    value: type
    payload: Callable[[Any], Payload] | None = None
    events: tuple[str, ...] = ()
    fits: Callable[[Any], Fits | None] = anything
    words: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    titled: bool = False
    sends: str = ""
    sheet: str = ""
    figure: str = ""

    @property
    def name(self) -> str:
        """Of its folder, and of its JavaScript."""
        return self.value.__module__.split(".")[-2]

    @property
    def scripts(self) -> list[Path]:
        """Its JavaScript."""
        return sorted((FOLDER / self.name).glob("*.js"))

    @property
    def styles(self) -> list[Path]:
        """What it needs beside the style sheet of all."""
        return sorted((FOLDER / self.name).glob("*.css"))


@cache
def kinds() -> dict[type, Kind]:
    """All kinds by the class of their values."""
    names = sorted(module.name for module in pkgutil.iter_modules([str(FOLDER)]) if module.ispkg)
    all_kinds = [importlib.import_module(f"{__package__}.{name}.kind").KIND for name in names]
    wrong = [kind.name for kind, name in zip(all_kinds, names, strict=True) if kind.name != name]
    if wrong:
        raise ValueError(f"expected the values of a kind in its own folder, not those of {', '.join(wrong)}")
    return {kind.value: kind for kind in all_kinds}


def kind_of(picture: Any) -> Kind | None:
    """The kind of a picture; None for what is none, such as a Plotly figure."""
    return kinds().get(type(picture))


def one_of(count: int) -> Fits:
    """For events that are the index of one of `count` things."""
    return lambda _, index: 0 <= index < count

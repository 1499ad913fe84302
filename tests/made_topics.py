"""Small topics of a test's own: three files as a newcomer would write them, with what the test says in place."""

import importlib
import itertools
import sys
import types

import pytest

import engine.topics
from engine.contracts.topic import Source, Topic, catalogue
from engine.script import ScriptError, script_for

CARD = '''"""A card."""

from engine.contracts.knob import configuration, knob


@configuration
class Config:
    """What can be set."""

    count: int = knob(3, "Count", "How many numbers.", low=1, high=9)
    view: str = knob("one", "View", "Which experiment.", choices={"one": "One", "two": "Two"})
'''

RUN = '''"""A run."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from engine.contracts.axes import axes, result

from .card import Config


@result
class Result:
    """What comes out."""

    values: Tensor = axes("place", "the numbers")


def run(config: Config) -> Result:
    """The numbers."""
    return Result(numbers(config))


def numbers(config: Config) -> Tensor:
    """From 0."""
    return torch.arange(config.count) * 1.0
'''

DRAW = '''"""Drawings."""

from __future__ import annotations

from engine.pictures.pixels.values import PixelPicture, Tile

from .run import Result


def draw(result: Result) -> PixelPicture:
    """The numbers as a row."""
    return PixelPicture([Tile(result.values.numpy()[None])], alt="The numbers")
'''

RETURNED = "torch.arange(config.count) * 1.0"  # what `numbers` returns
COUNTER = itertools.count()


def replaced(text, changes):
    """A text with parts of it replaced; each must be there."""
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


class Made:
    """A topic of three or more files."""

    def __init__(self, folder):
        letters = f"{next(COUNTER):04d}".translate(str.maketrans("0123456789", "abcdefghij"))
        self.slug = f"made_{letters}"
        self.package = f"engine.topics.{self.slug}"
        self.folder = folder / self.slug
        self.folder.mkdir()
        self.write("__init__", '"""Made up."""\n')

    def write(self, name, text):
        """One file of the topic."""
        (self.folder / f"{name}.py").write_text(text, "utf-8")

    def topic(self, figures=None, **more):
        """The topic of the files that are written."""
        importlib.invalidate_caches()
        config = importlib.import_module(f"{self.package}.card").Config
        figures = {"numbers": "draw:draw"} if figures is None else figures
        card = {
            "slug": self.slug, "title": "Made up", "group": "Foundations", "question": "What comes out?", "icon": "",
            "config": config, "run": f"{self.package}.run:run", "presets": {"Usual": config()},
            "figures": {name: path if "." in path else f"{self.package}.{path}" for name, path in figures.items()},
            "sources": (Source("A book", "https://example.org"),), "code": (f"{self.package}.run:run",), "order": 1,
        }  # fmt: skip
        return Topic(**{**card, **more})


@pytest.fixture
def make(tmp_path, monkeypatch):
    """make(run={old: new}, draw=…, card=…, files={name: text}, **card) -> a topic."""
    catalogue()  # of the real folder alone
    monkeypatch.setattr(engine.topics, "__path__", [*engine.topics.__path__, str(tmp_path)])
    all_made = []

    def made(run=(), draw=(), card=(), files=(), **more):
        one = Made(tmp_path)
        all_made.append(one)
        for name, text, changes in (("card", CARD, card), ("run", RUN, run), ("draw", DRAW, draw)):
            one.write(name, replaced(text, dict(changes)))
        for name, text in dict(files).items():
            one.write(name, text)
        return one.topic(**more)

    yield made
    for one in all_made:
        for name in [name for name in sys.modules if name == one.package or name.startswith(f"{one.package}.")]:
            del sys.modules[name]
        if hasattr(engine.topics, one.slug):
            delattr(engine.topics, one.slug)


def run_script(topic, **values):
    """The script of a topic, and its module after it has run: `outcome` is the Result, `shown` the figures."""
    text = script_for(topic, topic.config(**values))
    module = types.ModuleType("made_script")
    sys.modules["made_script"] = module
    try:
        exec(compile(text, "made_script", "exec", dont_inherit=True), module.__dict__)
        module.write_page = lambda title, figures, path: setattr(module, "shown", (title, figures))
        module.outcome = module.main()
    finally:
        del sys.modules["made_script"]
    return text, module


def refusal(topic, *words, **values):
    """The error of a topic that cannot be a script; it names the topic, a file, and has these words."""
    with pytest.raises(ScriptError) as caught:
        script_for(topic, topic.config(**values))
    text = str(caught.value)
    assert topic.slug in text
    assert ".py" in text
    assert text.count(". ") >= 1, "it does not say what to do"
    for word in words:
        assert word in text, text
    return text


def adding(text, **more):
    """Changes of the run: more text at its end, used by its numbers."""
    return {"def numbers(": f"{text}\n\n\ndef numbers(", **more}

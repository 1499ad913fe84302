"""Kinds of pictures: each is whole, speaks words that there are, and a new one edits nothing elsewhere."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest

from engine.contracts.topic import load
from engine.pictures.kinds import FOLDER, kind_of, kinds
from pages.components.pictures.mount import SHARED
from tests.catalogue import copy_project

KINDS = list(kinds().values())
NAMES = [kind.name for kind in KINDS]


def test_every_folder_is_a_kind():
    folders = {path.name for path in FOLDER.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == set(NAMES)
    assert len(NAMES) == len(set(NAMES))
    assert kind_of("no picture") is None


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_a_kind_is_whole(kind):
    """What draws it is there: JavaScript of its name, or Plotly; and what makes files of it can be loaded."""
    assert (kind.payload is None) == (FOLDER / kind.name / f"{kind.name}.js" not in kind.scripts)
    assert kind.payload or kind.figure
    for path in filter(None, [kind.sheet, kind.figure]):
        assert path.startswith(f"engine.pictures.{kind.name}.")
        assert callable(load(path))
    assert kind.sends in ("", *kind.events)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.payload], ids=lambda kind: kind.name)
def test_the_javascript_asks_for_words_and_tells_events_that_there_are(kind):
    scripts = "\n".join(path.read_text("utf-8") for path in kind.scripts)
    asked = set(re.findall(r"\bthis\.text\.(\w+)|(?<!con)\btext\.(\w+)", scripts))
    asked = {word for pair in asked for word in pair if word}
    assert asked <= kind.words.keys() | SHARED.keys()
    assert kind.words.keys() <= asked, "words that nobody asks for"
    told = set(re.findall(r'\.(?:send|keep)\("(\w+)"', scripts))
    assert told == set(kind.events)


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_words_are_said_once(kind):
    """One name of a key, one text; the shared words are no kind's."""
    for other in KINDS:
        for name in kind.keys.keys() & other.keys.keys():
            assert kind.keys[name] == other.keys[name]
    assert not kind.words.keys() & SHARED.keys() - {name for name in kind.words if kind.words[name] == SHARED.get(name)}


def reaches(thing, depth=4) -> bool:
    """Whether a function leads to an array by what it closes over."""
    if isinstance(thing, np.ndarray):
        return True
    if depth == 0:
        return False
    held = [cell.cell_contents for cell in getattr(thing, "__closure__", None) or ()]
    if isinstance(thing, (list, tuple, set, frozenset)):
        held += list(thing)
    if isinstance(thing, dict):
        held += list(thing.values())
    held += list(vars(thing).values()) if hasattr(thing, "__dict__") and not callable(thing) else []
    return any(reaches(one, depth - 1) for one in held)


def test_what_is_heard_holds_on_to_no_array():
    from engine.pictures.matrices.values import Matrices
    from engine.pictures.mosaic.values import Mosaic
    from engine.pictures.pixels.values import PixelPicture, Tile
    from engine.pictures.points.values import PointsPicture

    shown = [
        PixelPicture([Tile(np.zeros((2, 2), np.float32))], alt="x"),
        Mosaic(np.zeros((1, 1, 2, 2)), ["a"], ["b"], [["c"]], alt="x"),
        Matrices({"Q": np.zeros((1, 2))}, ["a"], "x", -1, 1),
        PointsPicture(np.zeros((1, 3)), (-1, 1, -1, 1), ["a"], "x"),
    ]
    for picture in shown:
        fits = kinds()[type(picture)].fits(picture)
        assert reaches(picture)
        assert not reaches(fits)


DIAL = {
    "__init__.py": '"""A dial."""\n',
    "values.py": '''"""A dial."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Dial:
    """A share of a circle."""

    share: float
    alt: str

    def payload(self):
        """What dial.js draws."""
        return {"alt": self.alt, "share": self.share}, {}
''',
    "sheet.py": '''"""A dial on a sheet."""

from engine.pictures.sheet import Sheet


def dial_sheet(dial, say=str):
    """A disc and its name."""
    sheet = Sheet(100, 100, dial.alt, say)
    sheet.disc(50, 50, 50 * dial.share, "#123456")
    sheet.words(50, 50, say("turned"))
    return sheet
''',
    "kind.py": '''"""How its parts belong together."""

from engine.pictures.dial.values import Dial
from engine.pictures.kinds import Kind, one_of

KIND = Kind(
    Dial, Dial.payload, events=("pick",), fits=lambda picture: one_of(1), words={"turned": "turned"},
    keys={"turn": "turn the dial"}, sheet="engine.pictures.dial.sheet:dial_sheet",
)
''',
    "dial.js": "export default (component) => component;\n",
    "zh.json": '{"turned": "转过", "turn the dial": "转动表盘"}\n',
}
TRY = """
from engine.contracts.languages import drawn_in
from engine.pictures.dial.values import Dial
from engine.pictures.files import figure_file
from engine.pictures.kinds import kind_of
from pages.components.pictures.mount import _assets, texts_by_language
from pages.components.parts.keyboard import words_by_language

dial = Dial(0.5, "A dial")
assert kind_of(dial).name == "dial"
assert "dial.js" in _assets()[1]
assert texts_by_language()["zh"]["dial"] == {"turned": "转过"}
assert words_by_language()["zh"]["turn"] == "转动表盘"
assert "转过" in figure_file(dial, "svg", say=lambda text: drawn_in(text, {}, "zh")).decode()
assert "A dial" in figure_file(dial, "html").decode()
print("whole")
"""


def test_a_new_kind_edits_nothing_elsewhere(tmp_path):
    """A folder laid into a copy of the project: served, translated, drawn into files."""
    folder = copy_project(tmp_path)
    (folder / "engine/pictures/dial").mkdir()
    for name, text in DIAL.items():
        (folder / "engine/pictures/dial" / name).write_text(text, "utf-8")
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    run = subprocess.run([sys.executable, "-c", TRY], cwd=folder, env=environment, capture_output=True, text=True)
    assert run.stdout.strip() == "whole", run.stderr

"""The rules of engine/script for files, for the experiment that a Config chooses, and for figures; and what is said."""

import inspect
import json

import plotly.graph_objects as go
import pytest

from engine.contracts.lesson import LessonWords
from engine.contracts.topic import load
from engine.script import ScriptError, notebook_for, script_for
from tests import made_topics
from tests.made_topics import RETURNED, adding, refusal, run_script

make = made_topics.make  # a fixture

# ------------------------------------------------------------ files


def with_file(definition, code):
    """Changes of a run that reads something."""
    start = "from pathlib import Path\n\nfrom engine.weights import FOLDER, fill, load_weights\n\nimport torch\n"
    return adding(definition, **{"import torch\n": start, RETURNED: f"{RETURNED} + len(str({code})) * 0"})


def test_files_that_are_named_are_listed(make):
    for code, file in (("FOLDER / NAME", "minilm_vocabulary.txt"), ("load_weights('minilm')", "minilm.safetensors")):
        topic = make(run=with_file('NAME = "minilm_vocabulary.txt"', code))
        assert f'"weights/{file}"' in script_for(topic, topic.config())


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("(FOLDER / f'{config.view}.txt')", "cannot be told"),
        ("list(FOLDER.glob('*'))", "FOLDER"),
        ("(FOLDER / 'not there.txt')", "cannot be told"),
        ("Path(__file__).read_text()", "__file__"),
        ("(Path(__file__).parent / 'run.py')", "not in the folder assets"),
        ("load_weights(config.view)", "which weights"),
        ("load_weights('no such weights')", "which weights"),
        ("load_weights('minilm', folder=None)", "is not what a script can call"),
    ],
)
def test_files_that_cannot_be_told_are_said(make, code, words):
    refusal(make(run=with_file("NAME = 1", code)), words)


# ------------------------------------------------------------ the experiment that a Config chooses

OTHER = """\"\"\"The other experiment.\"\"\"

from __future__ import annotations

import torch
from torch import Tensor

from engine.contracts.axes import axes, result

from .card import Config


@result
class Result:
    \"\"\"What comes out there.\"\"\"

    values: Tensor = axes("place", "other numbers")


def run(config: Config) -> Result:
    \"\"\"Other numbers.\"\"\"
    return Result(torch.full((config.count,), 9.0))
"""
BEGINNING = '    """The numbers."""\n'


def choosing(guard, annotation="Result | other.Result"):
    """Changes of a run that begins with a guard."""
    head = "def run(config: Config) -> "
    imported = {"from .card": "from . import other\nfrom .card"}
    return {**imported, f"{head}Result:": f"{head}{annotation}:", BEGINNING: f"{BEGINNING}{guard}"}


@pytest.mark.parametrize(
    "annotation", ["Result | other.Result", "other.Result | Result", "other.Result | Result | other.Result"]
)
def test_a_run_that_begins_with_a_choice_is_the_one_chosen(make, annotation):
    guard = "    if config.view == 'two':\n        return other.run(config)\n"
    topic = make(run=choosing(guard, annotation), files={"other": OTHER})
    text, module = run_script(topic)
    assert module.outcome.values.tolist() == [0, 1, 2]
    assert "other" not in text[text.index("def run(") :].partition("\n\n\n")[0]
    assert "def run(config: Config) -> Result:" in text
    assert "def main(config: Config = CONFIG) -> Result:" in text
    assert "the one that this configuration chooses" in text
    text, module = run_script(topic, view="two")
    assert module.outcome.values.tolist() == [9, 9, 9]
    assert '"other numbers"' in text
    assert "def numbers" not in text


@pytest.mark.parametrize(
    "guard",
    [
        "    if config.view == 'two':\n        return other.run(config)\n    else:\n        pass\n",
        "    if config.view == 'two':\n        made = other.run(config)\n        return made\n",
        "    match config.view:\n        case 'two':\n            return other.run(config)\n",
        "    chosen = config.view == 'two'\n    if chosen:\n        return other.run(config)\n",
        "    if config.view == 'two':\n        return (lambda given: other.run(given))(config)\n",
    ],
)
@pytest.mark.parametrize(("view", "values"), [("one", [0, 1, 2]), ("two", [9, 9, 9])])
def test_a_run_that_begins_in_another_way_is_carried_whole(make, guard, view, values):
    """Both experiments, so that the script does what the page does with every value."""
    text, module = run_script(make(run=choosing(guard), files={"other": OTHER}), view=view)
    assert module.outcome.values.tolist() == values
    assert "def main(config: Config = CONFIG) -> RunResult | Result:" in text
    assert isinstance(module.outcome, module.Result if view == "two" else module.RunResult)
    assert "the one that this configuration chooses" not in text
    assert module.run(module.Config(view="two")).values.tolist() == [9, 9, 9]
    assert module.run(module.Config(view="one")).values.tolist() == [0, 1, 2]


def test_a_choice_that_cannot_be_decided_is_said(make):
    guard = "    if config.view.missing:\n        return other.run(config)\n"
    refusal(make(run=choosing(guard), files={"other": OTHER}), "run", "cannot be decided", "depend on 'config' alone")


def test_a_run_that_does_not_say_what_it_returns_is_said(make):
    refusal(make(run={"def run(config: Config) -> Result:": "def run(config: Config):"}), "returns cannot be told")


# ------------------------------------------------------------ figures

HEAD = "def draw(result: Result) -> PixelPicture:"
DRAWN = 'return PixelPicture([Tile(result.values.numpy()[None])], alt="The numbers")'
LINES = """from engine.pictures.chart.figure import lines

    return lines({'a': ([0, 1], [1, 2])}, x_title='x', y_title='y')"""


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {HEAD: "def draw(result: Result, view: str = 'all', *, alt: str = '') -> PixelPicture:"},
        {HEAD: "def draw(result: Result):", DRAWN: LINES},
        {HEAD: "def draw(result: Result):", DRAWN: LINES.replace("return", "figure =") + "\n    return figure"},
        {HEAD: "def draw(result: Result):", DRAWN: "import plotly.graph_objects as go\n\n    return go.Figure()"},
        {HEAD: "def draw(result: Result):"},
        {HEAD: "def draw(result: Result) -> Chart:", DRAWN: "return Chart({'a': ([0], [1])}, 'x', 'y', 'A chart')",
         "from .run": "from engine.pictures.chart.values import Chart\n\nfrom .run"},
        {HEAD: "def draw(result: Result) -> values.Bars:", DRAWN: "return values.Bars(['a'], [0.5], alt='Bars')",
         "from .run": "from engine.pictures.bars import values\n\nfrom .run"},
    ],
)  # fmt: skip
def test_figures_are_drawn(make, changes):
    _, module = run_script(make(draw=changes))
    assert all(isinstance(figure, go.Figure) for figure in module.shown[1].values())
    assert len(module.shown[1]) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({HEAD: "def draw(result: Result, head: int) -> PixelPicture:"}, "needs head besides the Result"),
        ({HEAD: "def draw(result: Result, *, view: str) -> PixelPicture:"}, "needs view besides the Result"),
        ({HEAD: "def draw() -> PixelPicture:"}, "does not take the Result"),
        ({HEAD: "def draw(result: Result) -> PixelPicture | None:"}, "cannot be told"),
        ({HEAD: "def draw(result: Result) -> 'PixelPicture':"}, "cannot be told"),
        ({HEAD: "def draw(result: Result) -> Tile:"}, "it draws Tile, which a script cannot show"),
        ({HEAD: "def draw(result: Result):", DRAWN: "return Tile(result.values.numpy()[None])"}, "it draws Tile"),
        ({HEAD: "def draw(result: Result):", DRAWN: "return result.values"}, "cannot be told"),
        ({HEAD: "def draw(result: Result):", DRAWN: "pass"}, "cannot be told"),
        ({HEAD: "draw = None\n\n\ndef other(result: Result) -> PixelPicture:"}, "is no function of the engine"),
    ],
)
def test_a_figure_that_has_no_drawing_is_said(make, changes, words):
    refusal(make(draw=changes), "draw", words)


def test_a_figure_stays_at_home_by_what_it_is(make):
    figures = {"mosaic": "draw:draw", "cover": "draw:draw", "plain": "draw:draw"}

    def shown(**more):
        topic = make(figures=figures)
        config = topic.config()
        more = {key: (name, config) if key == "cover" else name for key, name in more.items()}
        topic = type(topic)(**{**{field: getattr(topic, field) for field in vars(topic)}, **more})
        return list(run_script(topic)[1].shown[1])

    assert shown() == list(figures)  # no cover: all are carried, whatever they are called
    assert shown(cover="mosaic") == list(figures)  # one of those shown side by side
    assert shown(cover="mosaic", compared={"cover": {}, "plain": {}}) == ["cover", "plain"]
    assert shown(cover="plain", compared={"cover": {}}) == ["mosaic", "cover"]
    assert shown(cover="plain", compared={}) == list(figures)  # nothing says what it shows the same as


def test_what_a_stand_in_lacks_is_said(make):
    with_frames = {
        "from .run": "from engine.contracts.film import Frames\n\nfrom .run",
        DRAWN: f"frames = Frames('run', [0], [0])\n    frames.meta()\n    {DRAWN}",
    }
    refusal(make(draw=with_frames), "'meta'", "Frames does not have in a script", "draw")
    refusal(make(run={RETURNED: f"{RETURNED} + len(Result(torch.zeros(1)).quantities())"}), "quantities")
    refusal(make(draw={DRAWN: f"print(result.nbytes)\n    {DRAWN}"}), "'nbytes'", "Results do not have in a script")
    run_script(make(draw={DRAWN: f"print(result.values.nbytes)\n    {DRAWN}"}))


# ------------------------------------------------------------ what is said


def test_an_error_says_topic_definition_file_line_and_what_to_do(make):
    topic = make(run={RETURNED: "globals()"})
    text = refusal(topic)
    start = f"topic '{topic.slug}' cannot be one file: numbers (engine/topics/{topic.slug}/run.py, line "
    assert text.startswith(start)
    assert text.endswith("Import that and use it by its name.")
    line = int(text.removeprefix(start).partition(")")[0])
    assert "globals()" in inspect.getsource(load(topic.run.partition(":")[0] + ":numbers")).splitlines()[-1]
    assert line == load(topic.run.partition(":")[0] + ":numbers").__code__.co_firstlineno + 2


def test_a_notebook_keeps_the_same_rules(make):
    topic = make()
    assert json.loads(notebook_for(topic, topic.config(), LessonWords("Words.", (), "")))["nbformat"] == 4
    bad = make(run={RETURNED: "globals()"})
    with pytest.raises(ScriptError, match=bad.slug):
        notebook_for(bad, bad.config(), LessonWords("Words.", (), ""))

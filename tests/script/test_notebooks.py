"""Exported notebooks: run cell by cell in a real kernel and as front ends may, they give the engine's Result."""

import ast
import dataclasses
import json
import pickle
import subprocess
import sys
import types
from functools import cache
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from engine.contracts.lesson import LessonWords, lesson_steps, lesson_words
from engine.contracts.topic import catalogue
from engine.script import notebook_for, script_for
from engine.script.notebook import SHOWS
from engine.script.whole import FUTURE
from tests.experiments import CASES, PLAIN, WHOLE, compare
from tests.interpreters import pythons
from tests.kernels import warm_kernels

ROOT = Path(__file__).parents[2]
LESSON = LessonWords("Words.", (), "")
# Every topic, and of diffusion both experiments; quick, and all but the first with something the reader made.
IN_A_KERNEL = (
    "mlp trained", "cnn trained", "gnn own", "attention own", "diffusion trained", "diffusion completed",
    "image_classifier upload", "one_stage upload",
)  # fmt: skip

AFTERWARDS = """
import pickle, sys
@plain@
with open("answer.pickle", "wb") as file:
    loaded = {name.partition(".")[0] for name in sys.modules}
    pickle.dump((plain(outcome), loaded & {"engine", "streamlit", "pages", "safetensors"}), file)
""".replace("@plain@", PLAIN)


def lesson_of(slug):
    return lesson_words(slug, "en")


@cache
def cells_of(name):
    """The code cells of a case's notebook with a short lesson."""
    return tuple(code_of(notebook_for(*CASES[name], LESSON)))


def code_of(text):
    """The code cells of a notebook."""
    return ["".join(cell.source) for cell in nbformat.reads(text, as_version=4).cells if cell.cell_type == "code"]


def names_of(node):
    """The names that a statement defines."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return {node.name}
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}


@pytest.fixture(scope="module")
def kernels(tmp_path_factory):
    with warm_kernels(tmp_path_factory.mktemp("kernels")) as manager:
        yield {"kernel_manager_class": manager, "kernel_name": "warm"}


@pytest.mark.parametrize("name", IN_A_KERNEL)
def test_a_notebook_runs_in_a_kernel_and_equals_the_engine(name, tmp_path, kernels):
    """Every cell as it leaves, in a process of its own, as Jupyter sends them."""
    topic, config = CASES[name]
    (tmp_path / "assets").symlink_to(ROOT / "assets")
    notebook = nbformat.reads(notebook_for(topic, config, lesson_of(topic.slug)), as_version=4)
    resources = {"metadata": {"path": str(tmp_path)}}
    client = NotebookClient(notebook, timeout=300, startup_timeout=60, resources=resources, **kernels)
    with client.setup_kernel():
        for at, cell in enumerate(notebook.cells):  # CellExecutionError holds the traceback
            client.execute_cell(cell, at)
        wanted = len(catalogue()[topic.slug].figures.keys() - {"cover", "mosaic"})
        shown = [one for cell in notebook.cells for one in cell.get("outputs", ()) if one.output_type == "display_data"]
        assert len(shown) == wanted
        assert all("application/vnd.plotly.v1+json" in one.data for one in shown)
        notebook.cells.append(nbformat.v4.new_code_cell(AFTERWARDS))
        client.execute_cell(notebook.cells[-1], len(notebook.cells) - 1)
    outcome, loaded = pickle.loads((tmp_path / "answer.pickle").read_bytes())
    assert not loaded
    compare(topic.load(topic.run)(config), outcome, name)


def run_cells(cells):
    """Each cell compiled by itself, as a front end without a memory for `from __future__` does."""
    module = types.ModuleType("notebook")
    sys.modules["notebook"] = module
    try:
        for cell in cells:
            exec(compile(cell, "cell", "exec", dont_inherit=True), module.__dict__)
    finally:
        del sys.modules["notebook"]
    return module


@pytest.mark.parametrize("name", WHOLE)
def test_every_cell_stands_by_itself(name):
    """In order, and again in any order once all have run: no cell needs what a later one has changed."""
    config = CASES[name][1]
    *cells, last = cells_of(name)
    assert last == "outcome = main()"
    module = run_cells([*cells, *cells[::-1]] if "mlp" in name else cells)
    assert dataclasses.asdict(module.CONFIG) == dataclasses.asdict(config)
    defined = [names_of(node) for cell in cells for node in ast.parse(cell).body]
    assert sum(map(len, defined)) == len(set().union({"outcome"}, *defined)) - 1  # none twice, none called so


def test_annotations_would_stop_a_cell_if_they_were_evaluated():
    """What `run_cells` is for: without the line that every cell of definitions begins with, it does stop."""
    cells = cells_of("mlp trained")[:-1]
    assert sum(cell.startswith(FUTURE) for cell in cells) > 10
    if sys.version_info < (3, 14):
        with pytest.raises(NameError, match="name 'Words' is not defined"):
            run_cells([cell.replace(FUTURE, "") for cell in cells])


@pytest.mark.parametrize("slug", catalogue())
def test_a_notebook_is_valid_and_its_cells_are_the_script(slug):
    topic = catalogue()[slug]
    lesson = lesson_of(slug)
    config = next(iter(topic.presets.values()))
    text = notebook_for(topic, config, lesson)
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    assert SHOWS in code_of(text)[0]
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    for step in lesson.steps:
        wanted = [step.title, step.question, *step.usual.splitlines(), *step.choices.values()]
        assert [text for text in wanted if text not in prose] == []
    assert "{" not in "".join(step.usual for step in lesson.steps)
    ours, theirs = (
        {ast.unparse(node) for node in ast.parse(text).body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
        for text in ("\n\n".join(cell.replace(FUTURE, "") for cell in code_of(text)), script_for(topic, config))
    )
    assert {text for text in theirs if not text.startswith("def main(")} == {
        text for text in ours if not text.startswith("def main(")
    }


def test_the_steps_of_a_lesson_say_what_this_notebook_can_show():
    """A call that gives the preset, or that another notebook has it: other pixels, the other experiment."""
    shown = {}
    for slug, topic in catalogue().items():
        config = next(iter(topic.presets.values()))
        notebook = nbformat.reads(notebook_for(topic, config, lesson_of(slug)), as_version=4)
        prose = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
        texts = [text for text in prose if text.startswith("### ")]
        for text, step in zip(texts, lesson_steps(topic), strict=True):
            line = text.split("\n\n")[1]
            shown[slug, step.preset] = line.startswith("`main(")
            if line.startswith("`main("):
                call = ast.parse(line.split("`")[1], mode="eval").body
                given = call.args[0].keywords if call.args else []
                values = {keyword.arg: ast.literal_eval(keyword.value) for keyword in given}
                assert dataclasses.replace(config, **values) == step.whole(topic)
            else:
                assert f"*{step.preset}*" in line
    assert shown["mlp", "Overfitting"]
    assert shown["diffusion", "Three steps"]
    assert not shown["diffusion", "Digits"]
    assert not shown["image_classifier", "What is in the cup"]


def test_a_missing_file_is_said_before_anything_is_computed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"weights/minilm.safetensors.*where they are: ASSETS"):
        run_cells(cells_of("attention own"))


# ------------------------------------------------------------ other versions of Python

CHECK = """
import ast, importlib, json, sys, warnings
warnings.simplefilter("error")
stopped = []
for name, text in json.load(sys.stdin):
    try:
        compile(text, name, "exec", dont_inherit=True)
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                for one in node.names:
                    if one.name.partition(".")[0] in sys.stdlib_module_names:
                        importlib.import_module(one.name)
            elif isinstance(node, ast.ImportFrom) and node.module.partition(".")[0] in sys.stdlib_module_names:
                for one in node.names:
                    getattr(importlib.import_module(node.module), one.name)
    except Exception as error:
        stopped.append([name, repr(error)])
print(json.dumps(stopped))
"""


@pytest.fixture(scope="module")
def texts():
    """Name and text of every script, and of every cell of the notebooks."""
    found = []
    for name in WHOLE:
        found.append([name, script_for(*CASES[name])])
        found += [[f"{name}, a cell", cell] for cell in cells_of(name)]
    return json.dumps(found)


@pytest.mark.parametrize("minor", range(11, 15))
def test_exports_are_python_of_every_version(minor, texts):
    """Syntax without a warning, and everything that they import from the standard library. README: 3.11 or newer."""
    path = pythons().get(minor)
    if path is None:
        pytest.skip(f"no Python 3.{minor} on this machine")
    done = subprocess.run([path, "-I", "-c", CHECK], input=texts, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []

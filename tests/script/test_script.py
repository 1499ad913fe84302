"""Exported scripts: every topic and preset in a clean process, without anything of ours, equals the engine's Result."""

import ast
import dataclasses
import inspect
import pickle
import subprocess
import sys
from functools import cache
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from engine.command_line import main
from engine.contracts import film
from engine.contracts.topic import catalogue
from engine.data.digits import load_digits
from engine.data.resample import resampled
from engine.data.rows import quantity_rows
from engine.pictures.pixels import values as pixels
from engine.script import pictures, script_for, stand_ins
from engine.weights import load_weights, names
from tests.experiments import CASES, PLAIN, WHOLE, compare

ROOT = Path(__file__).parents[2]

# One process that has imported what a script may need and nothing else; a child of it runs each script asked for.
CHILD = """
import contextlib, dataclasses, io, os, pickle, sys, traceback
FORBIDDEN = {"engine", "streamlit", "pages", "safetensors", "PIL"}
class Wall:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in FORBIDDEN:
            raise ImportError(f"a script must not import {name}")
sys.meta_path.insert(0, Wall())
import networkx, numpy, plotly.graph_objects, plotly.subplots, torch, torch._dynamo
assert not FORBIDDEN & {name.partition(".")[0] for name in sys.modules}
torch.set_num_threads(1)

@plain@
assets = sys.argv[1]
for line in sys.stdin:
    number, whole = map(int, line.split())
    if os.fork() == 0:
        printed = io.StringIO()
        os.makedirs(f"out{number}")
        source = open(f"{number}.py", encoding="utf-8").read()
        os.chdir(f"out{number}")
        try:
            sys.argv = ["script.py", "--assets", assets]
            namespace = {"__name__": "script"}
            sys.modules["script"] = type(sys)("script")
            sys.modules["script"].__dict__.update(namespace)
            namespace = sys.modules["script"].__dict__
            exec(compile(source, f"{number}.py", "exec"), namespace)
            with contextlib.redirect_stdout(printed):
                if whole:
                    result = namespace["main"]()
                else:  # the same without figures, which take most of the time
                    result = namespace["run"](namespace["CONFIG"])
                    namespace["print_numbers"](result)
            answer = {"result": plain(result), "printed": printed.getvalue()}
        except BaseException:
            answer = {"error": traceback.format_exc()}
        with open("answer.pickle", "wb") as file:
            pickle.dump(answer, file)
        os._exit(0)
    os.wait()
    print("done", flush=True)
""".replace("@plain@", PLAIN)


NAMES = list(CASES)


@cache
def script_of(name: str) -> str:
    topic, config = CASES[name]
    return script_for(topic, config, "https://neurarium.example")


@cache
def tree_of(name: str) -> ast.Module:
    return ast.parse(script_of(name))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("scripts")


@pytest.fixture(scope="module")
def answers(folder):
    """answers(name) -> what the script of a case has computed and printed; each runs once."""
    command = [sys.executable, "-I", "-c", CHILD, str(ROOT / "assets")]
    with (folder / "errors.txt").open("w") as errors:
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, bufsize=1
        )

    @cache
    def answer(name: str) -> dict:
        number = NAMES.index(name)
        (folder / f"{number}.py").write_text(script_of(name), "utf-8")
        process.stdin.write(f"{number} {int(name in WHOLE)}\n")
        assert process.stdout.readline() == "done\n", (folder / "errors.txt").read_text()
        return pickle.loads((folder / f"out{number}" / "answer.pickle").read_bytes())

    yield answer
    process.stdin.close()
    assert process.wait(60) == 0


@pytest.mark.parametrize("name", CASES)
def test_a_script_computes_what_the_engine_does(name, answers):
    topic, config = CASES[name]
    answer = answers(name)
    assert "error" not in answer, answer.get("error")
    result = topic.load(topic.run)(config)
    compare(result, answer["result"], name)
    printed = [" ".join(line.split()) for line in answer["printed"].splitlines()]
    for row in quantity_rows(result):
        assert " ".join(" ".join(row).split()) in printed


@pytest.mark.parametrize("name", WHOLE)
def test_a_script_writes_its_figures(name, answers, folder):
    assert "error" not in answers(name)
    topic = CASES[name][0]
    page = (folder / f"out{NAMES.index(name)}" / f"{topic.slug}.html").read_text("utf-8")
    wanted = [figure for figure in topic.figures if figure not in ("cover", "mosaic")]
    assert page.count("Plotly.newPlot(") >= len(wanted)
    assert all(f"<h2>{figure}</h2>" in page for figure in wanted)


def test_scripts_pass_the_linter(tmp_path):
    for number, name in enumerate(CASES):
        (tmp_path / f"{number}.py").write_text(script_of(name), "utf-8")
    folder = tmp_path
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--config", str(ROOT / ".ruff.toml"), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


class Nameless(ast.NodeTransformer):
    """A definition without what an export may change: names, imports within functions, rests for other visitors."""

    def visit_Name(self, node):
        return ast.Name("_", ast.Load())

    def visit_Attribute(self, node):
        node = self.generic_visit(node)
        return node.value if isinstance(node.value, ast.Name) else node

    def visit_ImportFrom(self, node):
        return None

    visit_Import = visit_ImportFrom

    def visit_Expr(self, node):
        rest = isinstance(node.value, ast.Call) and ast.unparse(node.value.func) == "breathe"
        return None if rest else self.generic_visit(node)

    def visit_ClassDef(self, node):
        node.body = [part for part in node.body if getattr(part, "name", "") != "nbytes"]
        return self.generic_visit(node)


@pytest.mark.parametrize("slug", catalogue())
def test_a_script_has_the_source_that_ran(slug):
    """What of Topic.code a run reaches stands in the script as in the engine, up to the names of what it uses."""
    topic = catalogue()[slug]
    body = ast.parse(script_of(f"{slug}: {next(iter(topic.presets))}")).body  # a tree of its own: it is changed
    shown = {node.name: node for node in body if hasattr(node, "name")}
    reached = [path for path in topic.code if path.partition(":")[2] in shown]
    assert len(reached) >= 4, reached
    for path in reached:
        ours = ast.parse(inspect.getsource(topic.load(path))).body[0]
        theirs = shown[path.partition(":")[2]]
        assert ast.dump(Nameless().visit(ours)) == ast.dump(Nameless().visit(theirs)), path


@pytest.mark.parametrize("name", CASES)
def test_nothing_of_ours_is_left(name):
    for node in ast.walk(tree_of(name)):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            modules = [node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            roots = {module.partition(".")[0] for module in modules}
            assert roots <= set(sys.stdlib_module_names) | {"torch", "numpy", "plotly", "networkx"}
    assert "fmt: skip" not in script_of(name)
    assert str(ROOT) not in script_of(name)


@pytest.mark.parametrize("name", CASES)
def test_the_config_of_a_script_is_the_config(name):
    """All knobs, with this config's values; the usual Config where the code asks for it."""
    topic, config = CASES[name]
    body = tree_of(name).body
    declared = next(node for node in body if isinstance(node, ast.ClassDef) and node.name == "Config")
    values = {node.target.id: ast.literal_eval(node.value) for node in declared.body if isinstance(node, ast.AnnAssign)}
    assert values == {field.name: getattr(config, field.name) for field in dataclasses.fields(config)}
    for node in body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "USUAL":
            usual = {keyword.arg: ast.literal_eval(keyword.value) for keyword in node.value.keywords}
            assert topic.config(**(values | usual)) == topic.config()


def test_scripts_say_what_they_need():
    assert "weights/minilm.safetensors" in script_of("attention own")
    assert "weights/minilm_vocabulary.txt" in script_of("attention own")
    assert "weights/minilm_signs.txt" in script_of("attention own")
    assert "data/digits.npz" in script_of("diffusion completed")
    for name in ("mlp trained", "gnn own", "diffusion trained"):
        assert "ASSETS" not in script_of(name)
    assert "https://neurarium.example/mlp?" in script_of("mlp own")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing"], ["topic “nothing”", "mlp"]),
        (["mlp", "--preset", "Nothing"], ["preset “Nothing”", "Spiral"]),
        (["mlp", "--set", "seed=many"], ["Seed", "a number"]),
        (["image_classifier", "--set", "picture=upload:0123456789abcdef"], ["picture"]),
        (["gnn", "--set", "data=own", "graph=upload:0123456789abcdef"], ["graph", "not on this server"]),
    ],
)
def test_what_cannot_be_written_is_one_sentence(capsys, tmp_path, arguments, words):
    file = tmp_path / "x.py"
    assert main(["script", *arguments, "--out", str(file)]) == 2
    out, err = capsys.readouterr()
    lines = err.strip().splitlines()
    assert out == ""
    assert len(lines) == 1
    assert lines[0].startswith("python -m engine: ")
    assert all(word in lines[0] for word in words)
    assert not file.exists()


def test_the_command_writes_both_kinds(capsys, tmp_path):
    file, notebook = tmp_path / "mlp.py", tmp_path / "mlp.ipynb"
    assert main(["script", "mlp", "--preset", "Hills", "--set", "seed=7", "--out", str(file)]) == 0
    config = dataclasses.replace(catalogue()["mlp"].presets["Hills"], seed=7)
    assert file.read_text("utf-8") == script_for(catalogue()["mlp"], config)
    assert main(["script", "mlp", "--notebook", "--out", str(notebook)]) == 0
    nbformat.validate(nbformat.read(notebook, 4))
    assert main(["script", "mlp", "--out", str(tmp_path / "no" / "x.py")]) == 2
    assert "does not exist" in capsys.readouterr().err


# ------------------------------------------------------------ stand-ins


@pytest.mark.parametrize("name", names())
def test_the_short_reader_of_weights_reads_the_same(name):
    ours, theirs = stand_ins.load_weights(name), load_weights(name)
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[key], theirs[key]) and ours[key].dtype == theirs[key].dtype for key in theirs)


def test_pictures_of_scripts_have_the_fields_of_the_engine():
    for name in ("Point", "Box", "Line", "Text", "Over", "Tile", "Frames", "PixelPicture"):
        ours, theirs = getattr(pictures, name), getattr(film if name == "Frames" else pixels, name)
        assert [(one.name, one.default) for one in dataclasses.fields(ours)] == [
            (one.name, one.default) for one in dataclasses.fields(theirs)
        ]


@settings(max_examples=30)
@given(
    arrays.arrays(
        st.sampled_from([np.uint8, np.float64, np.int64]),
        arrays.array_shapes(min_dims=2, max_dims=4, max_side=5),
        elements=st.integers(0, 255),
    )
)
def test_arrays_come_back_from_their_text(values):
    again = stand_ins.unpacked(stand_ins.packed(values), values.shape, str(values.dtype))
    assert again.dtype == values.dtype
    assert np.array_equal(again, values)


def test_resampling_is_pillow_s_for_digits():
    images = load_digits().held_out_images[::50, 2:26, 2:26]
    expected = [np.asarray(Image.fromarray(one).resize((16, 16), Image.Resampling.BILINEAR)) for one in images]
    assert np.array_equal(resampled(images, (16, 16), "bilinear"), np.stack(expected))
    for size in ((20, 13), (9, 20), (28, 28)):
        expected = [np.asarray(Image.fromarray(one).resize(size[::-1], Image.Resampling.BOX)) for one in images]
        difference = resampled(images, size, "box").astype(int) - np.stack(expected)
        assert np.abs(difference).max() <= 1


def test_a_script_asks_for_files_only_where_its_experiment_reads_them(tmp_path):
    topic = catalogue()["linear_classifiers"]
    for data, ended in (("gaussians", 0), ("mnist", 1)):
        config = topic.config(data=data, steps=2, until=50, images=200)
        (tmp_path / f"{data}.py").write_text(script_for(topic, config, "https://neurarium.example"), "utf-8")
        command = [sys.executable, "-I", f"{data}.py"]
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
        assert ran.returncode == ended, ran.stderr
    assert "Not in assets: data/digits.npz" in ran.stderr
    assert "--assets FOLDER" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert (tmp_path / "linear_classifiers.html").is_file()

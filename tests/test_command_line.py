"""The command line: what it prints is what the engine computed; what is wrong is one sentence and exit code 2."""

import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from engine import command_line, recipes
from engine.contracts.knob import to_query
from engine.contracts.topic import catalogue
from engine.data import rows
from engine.pictures.network.values import NetworkDiagram
from engine.pictures.pixels.values import PixelPicture
from engine.topics.mlp.card import Config
from engine.topics.mlp.run import run
from engine.weights import Card, WeightsError
from tests.pictures.test_export import Reader

ROOT = Path(__file__).parents[1]
QUICK = ["data=moons", "layers=4-3", "samples=40", "steps=5"]


def called(capsys, *arguments):
    code = command_line.main(arguments)
    out, err = capsys.readouterr()
    return code, out, err


def test_list_names_every_topic_and_preset(capsys):
    code, out, err = called(capsys, "list")
    assert (code, err) == (0, "")
    for slug, topic in catalogue().items():
        line = next(line for line in out.splitlines() if line.startswith(slug))
        assert topic.group in line
        assert topic.title in line
        assert all(name in out for name in topic.presets)


def test_run_prints_the_numbers_of_the_result(capsys):
    code, out, _ = called(capsys, "run", "mlp", "--set", *QUICK, "--device", "cpu")
    assert code == 0
    config = Config(data="moons", layers=(4, 3), samples=40, steps=5)
    result = run(config)
    assert out.splitlines()[0] == "MLP playground: /mlp?data=moons&layers=4-3&samples=40&steps=5"
    for quantity in result.quantities():
        row = next(line for line in out.splitlines() if line.split(" ", 1)[0] == quantity.name)
        assert quantity.meaning in row
        assert " × ".join(map(str, quantity.shape)) in row
        if quantity.name in ("train_loss", "parameters"):
            assert f"{quantity.values.min().item():.6g}" in row
            assert f"{quantity.values.max().item():.6g}" in row


def test_presets_and_knobs_go_together(capsys):
    config = command_line.read_config(catalogue()["mlp"], "Four classes", ["seed=7", "layers=", "seed=8"])
    assert to_query(config) == to_query(
        type(config)(**{**vars(catalogue()["mlp"].presets["Four classes"]), "seed": 8, "layers": ()})
    )
    code, out, _ = called(capsys, "run", "mlp", "--knobs")
    assert code == 0
    assert re.search(r"^learning_rate +0\.02 +0\.0001 to 10 +Learning rate\. ", out, re.MULTILINE)
    assert re.search(r"^activation +tanh +tanh, relu, .*", out, re.MULTILINE)


def test_the_file_has_every_figure_the_numbers_and_the_config(capsys, tmp_path):
    file = tmp_path / "out.html"
    code, out, _ = called(capsys, "run", "mlp", "--set", *QUICK, "--out", str(file))
    assert code == 0
    assert f"wrote {file}" in out
    read, topic = Reader(file.read_text("utf-8")), catalogue()["mlp"]
    result = run(Config(data="moons", layers=(4, 3), samples=40, steps=5))
    figures = {name: topic.load(path)(result) for name, path in topic.figures.items()}
    still = [figure for figure in figures.values() if isinstance(figure, (PixelPicture, NetworkDiagram))]
    assert [image["alt"] for image in read.images] == [figure.alt for figure in still]
    plots = sum("Plotly.newPlot" in script and len(script) < 1_000_000 for script in read.scripts)
    assert plots == len(figures) - len(still)
    assert sum(len(script) > 1_000_000 for script in read.scripts) == min(1, plots)
    assert read.addresses == []
    for text in ("4-3", "moons", "MLP playground", topic.question, *(q.meaning for q in result.quantities())):
        assert text in read.text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "nothing"], ["topic “nothing”", "mlp"]),
        (["run", "mlp", "--preset", "Nothing"], ["preset “Nothing”", "Spiral"]),
        (["run", "mlp", "--set", "speed=3"], ["knob “speed”", "learning_rate"]),
        (["run", "mlp", "--set", "seed"], ["KNOB=VALUE", "“seed”"]),
        (["run", "mlp", "--set", "seed=many"], ["Seed", "a number", "“many”"]),
        (["run", "mlp", "--set", "steps=1e99"], ["Steps trained", "0 to 20000"]),
        (["run", "mlp", "--set", "layers=" + "9" * 400], ["Hidden layers", "1 to 64"]),
        (["run", "mlp", "--set", "points=abcde"], ["Own points"]),
        (["run", "mlp", "--set", "edits=1:9.9.9=1"], ["no weight 9.9.9"]),
        (["run", "mlp", "--device", "abacus"], ["Device", "cpu", "“abacus”"]),
        (["run", "mlp", "--out", "/no/such/folder/x.html"], ["/no/such/folder", "does not exist"]),
        (["run", "image_classifier", "--set", "picture=upload:0123456789abcdef"], ["picture"]),
        (["run", "attention", "--out", "x.safetensors"], ["attention trains nothing", "minilm"]),
        (
            ["run", "diffusion", "--preset", "Digits", "--out", "x.safetensors"],
            ["diffusion with these knobs trains nothing", "digit_diffusion"],
        ),
        (["train", "nothing"], ["recipe “nothing”", *recipes.RECIPES]),
    ],
)
def test_what_is_wrong_is_one_sentence(capsys, arguments, words):
    code, out, err = called(capsys, *arguments)
    assert (code, out) == (2, "")
    lines = [line for line in err.strip().splitlines() if not line.startswith("\rcomputing")]
    assert len(lines) == 1
    assert lines[0].startswith("python -m engine: ")
    assert lines[0].endswith(".")
    for word in words:
        assert word in lines[0]


@pytest.mark.parametrize("arguments", [["--help"], ["list", "--help"], ["run", "--help"], ["train", "--help"]])
def test_help_everywhere(capsys, arguments):
    with pytest.raises(SystemExit) as stop:
        command_line.main(arguments)
    assert stop.value.code == 0
    assert capsys.readouterr().out.startswith("usage: python -m engine")


@pytest.mark.parametrize("arguments", [[], ["fly"], ["run"], ["run", "mlp", "--nothing"]])
def test_unknown_commands_end_with_2(capsys, arguments):
    with pytest.raises(SystemExit) as stop:
        command_line.main(arguments)
    assert stop.value.code == 2
    assert "usage:" in capsys.readouterr().err


def make(progress):
    progress(0.25, "a quarter")
    progress(1.0, "done")
    return Card("A title", "here", "MIT", "none", "python -m engine train x", {"accuracy": 0.75}, parameters=1234)


def fail(progress):
    raise WeightsError("the package x is not installed; install it with: pip install x")


def test_train_runs_its_recipe_and_shows_progress(capsys, monkeypatch):
    monkeypatch.setitem(recipes.RECIPES, "x", f"{__name__}:make")
    code, out, err = called(capsys, "train", "x")
    assert code == 0
    assert "A title, 1,234 parameters" in out
    assert "accuracy: 0.75" in out
    assert [line.split()[0] for line in err.splitlines()] == ["25.0", "100.0"]
    monkeypatch.setitem(recipes.RECIPES, "x", f"{__name__}:fail")
    code, out, err = called(capsys, "train", "x")
    assert (code, out) == (1, "")
    assert err == "python -m engine: the package x is not installed; install it with: pip install x.\n"


def test_every_recipe_leads_somewhere():
    for path in recipes.RECIPES.values():
        assert callable(catalogue()["mlp"].load(path))


def test_slow_work_says_so_and_quick_work_does_not(capsys, monkeypatch):
    monkeypatch.setattr(command_line, "TICK_SECONDS", 0.02)
    with command_line.ticking("thinking"):
        time.sleep(0.2)
    assert capsys.readouterr().err.startswith("\rthinking … 0 s")
    monkeypatch.setattr(command_line, "TICK_SECONDS", 60)
    with command_line.ticking("thinking"):
        pass
    assert capsys.readouterr().err == ""


def test_a_failure_of_our_own_is_not_hidden():
    with pytest.raises(ZeroDivisionError), command_line.refusing():
        raise ZeroDivisionError


def test_extremes_of_gaps_and_nothing():
    assert rows._extreme(np.array([np.nan, 2.0, 1.0]), "max") == "2"
    assert rows._extreme(np.array([np.nan]), "min") == "–"
    assert rows._extreme(float("nan"), "min") == "–"
    assert rows._extreme(np.array([True, False]), "min") == "no"


def test_the_real_command():
    def command(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "engine", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
        )

    done = command("run", "mlp", "--set", "seed=12345")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "python -m engine: Seed: expected 0 to 9999, got 12345.\n"
    assert command("list").returncode == 0

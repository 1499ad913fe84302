"""The benchmark: both sides of every comparison do the same work, and what is counted is counted right. No times."""

import json
import math
import subprocess

import pytest
import torch

from engine.bench import clock, command
from engine.bench.comparison import Comparison, Prepared
from engine.bench.comparisons import comparisons
from engine.bench.topics import LOOK_EVERY, follow, measure_topic
from engine.command_line import main
from engine.contracts.topic import catalogue
from engine.training.fit import Snapshot

NUMBERS = ("ours_ms", "baseline_ms", "ratio")


@pytest.mark.parametrize("name", comparisons())
def test_ours_and_the_baseline_give_the_same(name):
    prepared = comparisons()[name].prepare()
    ours, baseline = prepared.ours(), prepared.baseline()
    assert prepared.agree(ours, baseline)
    assert prepared.agree(prepared.ours(), prepared.baseline())  # and again: nothing is used up
    if isinstance(ours, torch.Tensor):
        assert not prepared.agree(ours + 1, baseline)


def test_a_baseline_that_does_something_else_is_refused(monkeypatch):
    wrong = Comparison("ours", "theirs", "call", lambda: Prepared(lambda: 1, lambda: 2, lambda a, b: a == b))
    monkeypatch.setattr(command, "of_topics", lambda: {"wrong": wrong})
    with pytest.raises(command.BenchError, match="wrong: ours and theirs do not give the same"):
        command.compare("wrong", 1)


# ---------------------------------------------------------------- counting


def test_works_take_turns_and_quick_ones_are_repeated(monkeypatch):
    now, order = [0.0], []

    def work(name, seconds):
        def call():
            order.append(name)
            now[0] += seconds

        return call

    monkeypatch.setattr(clock.time, "perf_counter", lambda: now[0])
    slow, quick = clock.medians([work("slow", 0.5), work("quick", 0.002)], 3)
    assert (slow, quick) == (pytest.approx(0.5), pytest.approx(0.002))
    warm = ["slow"] * clock.WARM_UPS + ["quick"] * clock.WARM_UPS
    assert order == warm + 3 * (["slow"] + 5 * ["quick"])


def test_the_median_is_of_the_repeats(monkeypatch):
    now, lasts = [0.0], iter([9.0, 1.0, 1.0, 2.0, 50.0])

    def work():
        now[0] += next(lasts)

    monkeypatch.setattr(clock.time, "perf_counter", lambda: now[0])
    assert clock.medians([work], 3) == [2.0]


def test_peak_bytes_of_tensors():
    """Two matrices of 4 MB at once, though three are made; what was there before does not count."""
    before = torch.ones(1000, 1000)

    def work():
        first = before + 1
        second = first * 2
        del first
        return second + 1

    assert 8_000_000 <= clock.peak_bytes(work) < 8_001_000  # and the numbers that are added
    assert clock.peak_bytes(lambda: before[:10].sum() + 0) < 1000


def test_steps_of_a_stream_are_counted_between_snapshots():
    asked = []

    def stream(total):
        wanted, step = None, 7
        wanted = yield Snapshot(step, math.nan, math.nan)
        while step < total:
            asked.append(wanted)
            step = min(step + wanted, total)
            wanted = yield Snapshot(step, 0.0, 0.0)

    assert follow(stream(180), 1e9) > 0
    assert asked == [LOOK_EVERY] * 4
    assert follow(stream(7), 1e9) == 0


def test_a_topic_is_measured_by_its_card():
    found = measure_topic(catalogue()["gnn"], 1, 0.01)
    assert all(value > 0 for value in found.values())
    found = measure_topic(catalogue()["attention"], 1, 0.01)  # does not train
    assert found["steps_a_second"] is None
    assert found["first_snapshot_ms"] is None
    assert found["run_ms"] > 0


# ---------------------------------------------------------------- the command


def test_the_command_prints_a_table_and_writes_json(tmp_path, capsys):
    path = tmp_path / "bench.json"
    before = torch.get_num_threads()
    assert main(["bench", "--only", "graph_convolution", "gnn", "--repeats", "1", "--out", str(path)]) == 0
    said = capsys.readouterr()
    found = json.loads(path.read_text())
    assert list(found["comparisons"]) == ["graph_convolution"]
    assert list(found["topics"]) == ["gnn"]
    assert {"processor", "cores", "load", "threads", "system", "python", "torch"} == set(found["machine"])
    assert found["machine"]["threads"] == 1
    assert torch.get_num_threads() == before
    row = found["comparisons"]["graph_convolution"]
    assert all(row[name] > 0 for name in NUMBERS)
    assert row["ratio"] == pytest.approx(row["ours_ms"] / row["baseline_ms"])
    assert row["baseline"] in said.out
    assert "steps/s" in said.out
    assert "measuring gnn" in said.err


def test_everything_is_measured_unless_names_are_given():
    assert command.chosen([]) == (list(comparisons()), list(catalogue()))
    assert command.chosen(["gnn", "spiral"]) == (["spiral"], ["gnn"])
    assert command.chosen(["attention"]) == (["attention"], ["attention"])


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--only", "nothing"], "There is no measurement 'nothing'; there are " + next(iter(comparisons()))),
        (["--repeats", "0"], "Repeats: expected 1 to 1000, got 0."),
        (["--out", "/no/such/folder/bench.json"], "The folder /no/such/folder does not exist."),
    ],
)
def test_what_cannot_be_measured_is_said_in_one_sentence(capsys, options, sentence):
    assert main(["bench", *options]) == 2
    assert sentence in capsys.readouterr().err


def test_the_browser_is_measured_by_a_program_of_its_own(monkeypatch):
    calls = []

    def run(arguments, **_):
        calls.append(arguments)
        path = arguments[arguments.index("--json") + 1]
        lines = [
            {"name": "gnn: first picture", "median": 2500.0, "p95": 2600.0, "unit": "ms", "budget": [2000, None],
             "over": True},
            {"name": "gnn: layers slider", "median": 90.0, "p95": 120.0, "unit": "ms", "budget": [150, 300],
             "over": False},
        ]  # fmt: skip
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"lines": lines}, file)
        return subprocess.CompletedProcess(arguments, 0)

    monkeypatch.setattr(command.subprocess, "run", run)
    found = command.browser(5)
    assert calls[0][1:5] == ["-m", "tests.browser.measure", "--runs", "5"]
    table = command.tables({"machine": {}, "comparisons": {}, "topics": {}, "browser": found})[-1]
    assert table[1] == ("gnn: first picture", "2500", "2600", "ms", "2000", "OVER BUDGET")
    assert table[2] == ("gnn: layers slider", "90", "120", "ms", "150 / 300", "")


def test_a_browser_that_fails_is_said(monkeypatch):
    monkeypatch.setattr(command.subprocess, "run", lambda a, **_: subprocess.CompletedProcess(a, 1))
    with pytest.raises(command.BenchError, match="ended with 1"):
        command.browser(5)


def test_lines_over_budget_are_marked(capsys):
    from tests.browser.measure import Report

    report = Report()
    report.add("in time", [100.0, 120.0], budget=(150, 300))
    report.add("slow at times", [100.0, 120.0, 400.0], budget=(150, 300))
    report.add("slow", [160.0], budget=(150, None))
    report.add("never", [math.nan], budget=(300, None))
    report.add("no bound", [9e9], "kB")
    assert [line["over"] for line in report.lines] == [False, True, True, True, False]
    assert capsys.readouterr().out.count("OVER BUDGET") == 3

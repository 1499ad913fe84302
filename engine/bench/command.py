"""`python -m engine bench`: measure, print a table, write JSON."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from engine.bench.clock import machine, medians, peak_bytes
from engine.bench.comparisons import comparisons as of_topics
from engine.bench.topics import measure_topic
from engine.contracts.topic import catalogue
from engine.machinery.device import using_device

ROOT = Path(__file__).parents[2]
BROWSER = "tests.browser.measure"  # a program of its own: the engine knows neither the pages nor their tests


class BenchError(ValueError):
    """What was asked for cannot be measured, in one sentence."""


def chosen(only: Sequence[str]) -> tuple[list[str], list[str]]:
    """(comparisons, topics) named in `only`; all of them if it is empty. BenchError for a name there is not."""
    named = of_topics()
    known = [*named, *catalogue()]
    for name in only:
        if name not in known:
            raise BenchError(f"There is no measurement {name[:40]!r}; there are {', '.join(known)}.")
    wanted = set(only or known)
    return [name for name in named if name in wanted], [name for name in catalogue() if name in wanted]


def bench(only: Sequence[str], repeats: int, seconds: float, say: Callable[[str], None]) -> dict[str, Any]:
    """Measure on the CPU with one thread. say(what) is told before each measurement.

    Raises BenchError if ours and a baseline do not agree: their ratio would mean nothing.
    """
    comparisons, topics = chosen(only)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with using_device("cpu"):
            report: dict[str, Any] = {"machine": machine(), "repeats": repeats, "comparisons": {}, "topics": {}}
            for name in comparisons:
                say(name)
                report["comparisons"][name] = compare(name, repeats)
            for name in topics:
                say(name)
                report["topics"][name] = measure_topic(catalogue()[name], repeats, seconds)
    finally:
        torch.set_num_threads(threads)
    return report


def compare(name: str, repeats: int) -> dict[str, Any]:
    """One comparison: milliseconds and peak bytes of a unit of work, ours and the baseline's, and the ratio."""
    comparison = of_topics()[name]
    prepared = comparison.prepare()
    if not prepared.agree(prepared.ours(), prepared.baseline()):
        raise BenchError(f"{name}: {comparison.ours} and {comparison.baseline} do not give the same.")
    ours, baseline = medians([prepared.ours, prepared.baseline], repeats)
    return {
        "ours": comparison.ours,
        "baseline": comparison.baseline,
        "unit": comparison.unit,
        "units": prepared.units,
        "ours_ms": 1000 * ours / prepared.units,
        "baseline_ms": 1000 * baseline / prepared.units,
        "ratio": ours / baseline,
        "ours_peak_bytes": peak_bytes(prepared.ours),
        "baseline_peak_bytes": peak_bytes(prepared.baseline),
    }


def browser(runs: int) -> dict[str, Any]:
    """Latencies of the pages, as the program in `tests` measures them in a real browser.

    Raises BenchError where the tests, Playwright or a Chromium are missing, or the program fails.
    """
    if not (ROOT / "tests" / "browser" / "measure.py").is_file() or importlib.util.find_spec("playwright") is None:
        raise BenchError("Expected the folder tests and the packages of tests/requirements.txt, they are not there.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "browser.json"
        command = [sys.executable, "-m", BROWSER, "--runs", str(runs), "--json", str(path)]
        ended = subprocess.run(command, cwd=ROOT, stdout=sys.stderr)
        if ended.returncode or not path.is_file():
            raise BenchError(f"The measurement in the browser ended with {ended.returncode}; see above.")
        return json.loads(path.read_text("utf-8"))


def tables(report: Mapping[str, Any]) -> list[list[tuple[str, ...]]]:
    """The tables to print: machine, comparisons, topics, and pages in the browser where they were measured."""
    made = [[("machine", "; ".join(f"{name} {value}" for name, value in report["machine"].items()))]]
    if report["comparisons"]:
        rows = [("comparison", "ms", "baseline ms", "ratio", "peak MB", "baseline MB", "of one", "what / baseline")]
        for name, row in report["comparisons"].items():
            rows.append(
                (
                    name, number(row["ours_ms"]), number(row["baseline_ms"]), f"{row['ratio']:.3g}",
                    megabytes(row["ours_peak_bytes"]), megabytes(row["baseline_peak_bytes"]), row["unit"],
                    f"{row['ours']} / {row['baseline']}" + (f" ({row['units']} steps)" if row["units"] > 1 else ""),
                )
            )  # fmt: skip
        made.append(rows)
    if report["topics"]:
        rows = [("topic", "run ms", "peak MB", "kept MB", "figures ms", "first snapshot ms", "steps/s")]
        for name, row in report["topics"].items():
            rows.append(
                (
                    name, number(row["run_ms"]), megabytes(row["run_peak_bytes"]), megabytes(row["result_bytes"]),
                    number(row["draw_ms"]), number(row["first_snapshot_ms"]), number(row["steps_a_second"]),
                )
            )  # fmt: skip
        made.append(rows)
    if report.get("browser"):
        rows = [("in the browser", "median", "p95", "unit", "budget", "")]
        for row in report["browser"]["lines"]:
            budget = " / ".join(f"{value:g}" for value in row["budget"] if value is not None)
            over = "OVER BUDGET" if row["over"] else ""
            rows.append((row["name"], f"{row['median']:.0f}", f"{row['p95']:.0f}", row["unit"], budget, over))
        made.append(rows)
    return made


def number(value: float | None) -> str:
    """Three digits that count, or a dash."""
    return "–" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def megabytes(value: int | None) -> str:
    """Bytes in MB, or a dash."""
    return "–" if value is None else f"{value / 1e6:.3g}"

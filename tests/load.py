"""A crowd without browsers: `python -m tests.load [--visitors 20] [--minutes 5] [--backend processes] [--out FILE]`.

Starts the app, and lets visitors move knobs, choose presets, change pages and upload pictures of their own for some
minutes, each with a pause to look at the answer, while two more train networks and watch. Says how long answers took,
what went wrong, and how the memory went. Exit code 1 where a target is missed: no error, a median answer under 400 ms,
and after the first minute at most 10 % more memory than in it, highest moment against highest moment: what single
answers need comes and goes within a second, so one sample tells little. Beside it stands how the highest moment
compares with the one sample at the end of the first minute, and how the medians of the second and the last minute do.
Before the crowd comes, one visitor alone finds out what an answer costs: milliseconds of the server's processor time by
kind of answer. `--most` asks instead how many visitors it carries: crowds grow until one answer in twenty takes longer
than a second. Run it on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import io
import json
import math
import random
import statistics
import tempfile
import threading
import time
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from engine.contracts.probe import probe_of
from engine.contracts.topic import catalogue
from tests.app_server import Server, start_server
from tests.visitor import Answer, Visitor, another_value, user_key

TARGET_MEDIAN, TARGET_GROWTH = 0.4, 0.10
FIRST_MINUTE = 60.0
SAMPLE_SECONDS = 2.0
TRAINERS = 2
ROUNDS = 6  # of each kind of answer on each page, to find out what it costs
SLOW_SECONDS, GROWTH_OF_CROWDS, MINUTES_OF_A_CROWD = 1.0, 1.5, 0.75
ACTIONS = {"knob": 10, "preset": 3, "choice": 3, "page": 3, "lesson": 1, "upload": 1}  # how often, relatively


def trainings() -> dict[str, str]:
    """The first topics that name a run which goes on for long, with its link."""
    found = {slug: probe_of(topic).training for slug, topic in catalogue().items()}
    return dict([(slug, link) for slug, link in found.items() if link][:TRAINERS])


class Crowd:
    """What all visitors share: when to end, and the book of answers."""

    def __init__(self, address: str, minutes: float, pause: float):
        self.address, self.pause = address, pause
        self.started = time.monotonic()
        self.end = self.started + 60 * minutes
        self.lock = threading.Lock()
        self.answers: list[dict[str, Any]] = []
        self.errors: Counter[str] = Counter()

    @property
    def over(self) -> bool:
        return time.monotonic() >= self.end

    def note(self, what: str, page: str, answer: Answer) -> None:
        with self.lock:
            moment = round(time.monotonic() - self.started, 2)
            entry = {"at": moment, "what": what, "page": page, "seconds": answer.seconds, "bytes": answer.size}
            self.answers.append(entry)
            for error in answer.errors:
                self.errors[f"{page}, {what}: {error}"] += 1

    def visit(self, number: int) -> None:
        """One visitor, until the end; who loses the connection is counted and comes back."""
        chance, visitor = random.Random(number), None
        pages = list(catalogue())
        page = pages[number % len(pages)]
        while not self.over:
            try:
                if visitor is None:
                    visitor = Visitor(self.address)
                    self.note("first page", page, visitor.open(page))
                wait = chance.expovariate(1 / self.pause)
                for answer in visitor.follow(min(wait, 4 * self.pause)):
                    self.note("live update", visitor.page, answer)
                what, answer = self._act(visitor, chance, pages)
                if answer is not None:
                    self.note(what, visitor.page, answer)
            except Exception as error:  # a broken connection, an upload refused: any of them is what is looked for
                with self.lock:
                    self.errors[f"{visitor.page if visitor else page}: {type(error).__name__}: {error}"] += 1
                visitor = _leave(visitor)
        _leave(visitor)

    def _act(self, visitor: Visitor, chance: random.Random, pages: list[str]) -> tuple[str, Answer | None]:
        (what,) = chance.choices(list(ACTIONS), list(ACTIONS.values()))
        if what == "page":
            return what, visitor.open(chance.choice([page for page in pages if page != visitor.page]))
        if what == "upload":
            return what, self._upload(visitor, chance)
        acts = [act for kind, act in _possible(visitor, chance) if kind == what]
        return what, chance.choice(acts)() if acts else None

    def _upload(self, visitor: Visitor, chance: random.Random) -> Answer | None:
        slug = visitor.page
        if visitor.find(f"{slug}-own") is None:
            return None
        self.note("open", slug, visitor.move(f"{slug}-own", True))
        if visitor.find(f"{slug}:upload") is None:  # this page takes something else
            return None
        return visitor.upload(f"{slug}:upload", "own.png", picture(chance.getrandbits(30)))

    def train(self, slug: str) -> None:
        """A visitor who trains and watches, again and again."""
        visitor = None
        while not self.over:
            try:
                if visitor is None:
                    visitor = Visitor(self.address)
                    visitor.open(slug, trainings()[slug])
                if not visitor.timers:
                    self.note("play", slug, visitor.press(f"{slug}:play"))
                for answer in visitor.follow(1.0):
                    self.note("live update", slug, answer)
            except Exception as error:
                with self.lock:
                    self.errors[f"{slug}, training: {type(error).__name__}: {error}"] += 1
                visitor = _leave(visitor)
        _leave(visitor)


def _leave(visitor: Visitor | None) -> None:
    if visitor is not None:
        with suppress(Exception):
            visitor.close()


def _possible(visitor: Visitor, chance: random.Random) -> list[tuple[str, Any]]:
    """What a person could do on this page: (kind of action, how)."""
    found = []
    for kind, element, _ in list(visitor.elements.values()):
        key = user_key(element)
        if kind == "bidi_component" and element.component_name in ("neurarium_chips", "neurarium_choice"):
            names = visitor.data(key)[0].get("names")
            if names and key != "language-switch":
                what = "preset" if key.endswith("-presets") else "choice"
                pick = chance.randrange(len(names))
                found.append((what, lambda key=key, pick=pick: visitor.touch(key, "pick", pick)))
        elif kind == "bidi_component" and element.component_name == "neurarium_step":
            asked = visitor.data(key)[0]
            event = "choose" if asked["choices"] and asked["right"] is None else "go"
            value = chance.randrange(len(asked["choices"])) if event == "choose" else chance.randrange(asked["count"])
            found.append(("lesson", lambda key=key, event=event, value=value: visitor.touch(key, event, value)))
        elif key and (value := another_value(kind, element, chance)) is not None:
            found.append(("knob", lambda key=key, value=value: visitor.move(key, value)))
    return found


def costs(server: Server, rounds: int = ROUNDS) -> dict[str, float]:
    """Milliseconds of the server's processor time for an answer, by kind of answer: the mean over all pages.

    A live update costs what the training costs, too, where that is done by a thread of the server.
    """
    chance, visitor = random.Random(0), Visitor(server.address)
    spent: dict[str, list[float]] = defaultdict(list)

    def measure(kind: str, answers: Callable[[], int]) -> None:
        before = server.processor_seconds()
        if count := answers():
            spent[kind].append(1000 * (server.processor_seconds() - before) / count)

    def repeated(kind: str) -> int:
        done = 0
        for _ in range(rounds):
            if acts := [act for name, act in _possible(visitor, chance) if name == kind]:
                chance.choice(acts)()
                done += 1
        return done

    for slug, topic in catalogue().items():
        touches = [touch for touch in probe_of(topic).touches if not touch.link]
        visitor.open(slug)  # what the first look computes is no part of it
        measure("page", lambda slug=slug: len([visitor.open(page) for _ in range(rounds) for page in ("", slug)]) // 2)
        measure("touch", lambda touches=touches: len([visitor.touch(one.place, one.event, one.value) for one in touches
                                                      for _ in range(rounds) if visitor.find(one.place)]))  # fmt: skip
        for kind in ("choice", "knob", "preset"):
            measure(kind, lambda kind=kind: repeated(kind))
    for slug, link in trainings().items():
        visitor.open("")
        visitor.open(slug, link)
        visitor.press(f"{slug}:play")
        measure("live update", lambda: len(visitor.follow(4.0)))
        visitor.open("")
    visitor.close()
    return {kind: round(statistics.mean(values), 1) for kind, values in sorted(spent.items())}


def most(server: Server, pause: float) -> list[dict[str, Any]]:
    """Crowds that grow until one answer in twenty takes longer than a second: visitors, p95, processors used."""
    found, visitors = [], 4
    while not found or found[-1]["p95_ms"] < 1000 * SLOW_SECONDS:
        before, started = server.processor_seconds(), time.monotonic()
        figures = run(server.address, visitors, MINUTES_OF_A_CROWD, pause)
        used = (server.processor_seconds() - before) / (time.monotonic() - started)
        figures |= {"processors": round(used, 2), "visitors_a_processor": round(visitors / used)}
        names = ("visitors", "processors", "visitors_a_processor", "median_ms", "p95_ms", "errors")
        found.append({name: figures[name] for name in names})
        print(found[-1], flush=True)
        visitors = math.ceil(visitors * GROWTH_OF_CROWDS)
    return found


def picture(seed: int) -> bytes:
    """A PNG that nobody else has: coloured clouds."""
    coarse = np.random.default_rng(seed).integers(0, 256, (9, 12, 3)).astype(np.uint8)
    content = io.BytesIO()
    Image.fromarray(coarse).resize((400, 300), Image.Resampling.BICUBIC).save(content, "PNG")
    return content.getvalue()


def status_of(address: str) -> dict[str, Any]:
    """The numbers of the server's status page."""
    with urllib.request.urlopen(f"{address}/status.json", timeout=60) as answer:
        return json.load(answer)


def run(address: str, visitors: int, minutes: float, pause: float) -> dict[str, Any]:
    """Let the crowd in; what was measured, as the JSON file has it."""
    crowd = Crowd(address, minutes, pause)
    threads = [threading.Thread(target=crowd.visit, args=(number,), daemon=True) for number in range(visitors)]
    threads += [threading.Thread(target=crowd.train, args=(slug,), daemon=True) for slug in trainings()]
    for thread in threads:
        thread.start()
    samples = []
    while not crowd.over:
        samples.append({"at": round(time.monotonic() - crowd.started, 1), **status_of(address)})
        time.sleep(SAMPLE_SECONDS)
    for thread in threads:
        thread.join(120)
    return report(crowd, samples, {"visitors": visitors, "minutes": minutes, "pause": pause})


def report(crowd: Crowd, samples: list[dict[str, Any]], asked: dict[str, Any]) -> dict[str, Any]:
    """The figures and whether the targets are met."""
    times: dict[str, list[float]] = defaultdict(list)
    for answer in crowd.answers:
        live = answer["what"] == "live update"
        times["live update" if live else "all"].append(answer["seconds"])
        if not live:
            times[answer["what"]].append(answer["seconds"])
            times[answer["page"]].append(answer["seconds"])
    memory = [(sample["at"], sample["resident_bytes"] + sample["workers_bytes"]) for sample in samples]
    before = [held for at, held in memory if FIRST_MINUTE <= at < 2 * FIRST_MINUTE]
    last = [held for at, held in memory if at >= max(2 * FIRST_MINUTE, memory[-1][0] - FIRST_MINUTE)]
    later = [held for at, held in memory if at >= FIRST_MINUTE]
    most = {"before": max(held for at, held in memory if at < FIRST_MINUTE), "later": max(later, default=None)}
    growth = most["later"] / most["before"] - 1 if later else None
    over_sample = most["later"] / later[0] - 1 if later else None
    of_medians = statistics.median(last) / statistics.median(before) - 1 if before and last else None
    running = statistics.mean(sample["running"] for sample in samples[1:] or samples)
    median = statistics.median(times["all"])
    return {
        **asked,
        "answers": len(times["all"]), "live_updates": len(times["live update"]),
        "median_ms": _ms(median), "p95_ms": _ms(percentile(times["all"], 0.95)),
        "errors": sum(crowd.errors.values()), "error_kinds": dict(crowd.errors.most_common(20)),
        "running_jobs": round(running, 2),
        "memory_second_minute_mb": round(statistics.median(before) / 1e6) if before else None,
        "memory_last_minute_mb": round(statistics.median(last) / 1e6) if last else None,
        "memory_first_minute_most_mb": round(most["before"] / 1e6),
        "memory_most_mb": round(max(held for _, held in memory) / 1e6),
        "memory_growth": None if growth is None else round(growth, 4),
        "memory_over_sample_at_one_minute": None if over_sample is None else round(over_sample, 4),
        "memory_growth_of_medians": None if of_medians is None else round(of_medians, 4),
        "met": {
            "no error": not crowd.errors,
            "median": median < TARGET_MEDIAN,
            "memory": growth is None or growth <= TARGET_GROWTH,
        },
        "by": {
            name: {"answers": len(values), "median_ms": _ms(statistics.median(values)),
                   "p95_ms": _ms(percentile(values, 0.95)), "most_ms": _ms(max(values))}
            for name, values in sorted(times.items())
        },
        "samples": samples,
    }  # fmt: skip


def percentile(values: list[float], share: float) -> float:
    """The value that `share` of the values do not exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def _ms(seconds: float) -> int:
    return round(1000 * seconds)


def table(figures: dict[str, Any]) -> str:
    """The figures for people."""
    lines = [f"{'':24}{'answers':>8}{'median':>9}{'p95':>9}{'most':>9}"]
    for name, row in figures["by"].items():
        lines.append(
            f"{name:24}{row['answers']:8}{row['median_ms']:6} ms{row['p95_ms']:6} ms{row['most_ms']:6} ms"
        )  # fmt: skip
    lines.append("\nMB of memory (server and workers), every 20 s:")
    every = figures["samples"][:: max(1, round(20 / SAMPLE_SECONDS))]
    lines.append("  ".join(f"{(s['resident_bytes'] + s['workers_bytes']) / 1e6:.0f}" for s in every))
    names = (
        "answers",
        "median_ms",
        "p95_ms",
        "errors",
        "running_jobs",
        "memory_first_minute_most_mb",
        "memory_most_mb",
    )
    names += ("memory_growth", "memory_over_sample_at_one_minute", "memory_growth_of_medians", "met")
    lines += ["", *(f"{name}: {figures[name]}" for name in names)]
    lines += [f"  {count} × {error}" for error, count in figures["error_kinds"].items()]
    return "\n".join(lines)


def main() -> int:
    """The command line."""
    options = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__.splitlines()[0])
    options.add_argument("--visitors", type=int, default=20)
    options.add_argument("--minutes", type=float, default=5.0)
    options.add_argument("--pause", type=float, default=2.0, help="mean seconds between a visitor's answer and click")
    options.add_argument("--backend", choices=("threads", "processes"), default="threads")
    options.add_argument("--address", help="of a server that runs already")
    options.add_argument("--most", action="store_true", help="how many visitors the server carries, and nothing else")
    options.add_argument("--out", type=Path, help="write the figures to this JSON file")
    asked = options.parse_args()
    if asked.most and asked.address is not None:
        options.error("--most: expected no --address, for what another server uses of processors cannot be seen")
    server = None
    with tempfile.TemporaryDirectory() as folder:
        if asked.address is None:
            server = start_server(Path(folder) / "log.txt", NEURARIUM_BACKEND=asked.backend).wait()
        try:
            if asked.most:
                return 0 if most(server, asked.pause) else 1
            spent = costs(server) if server else {}
            for kind, milliseconds in spent.items():
                print(f"{kind:12} {milliseconds:6.1f} ms of the server's processor time an answer", flush=True)
            figures = run(asked.address or server.address, asked.visitors, asked.minutes, asked.pause)
            figures["processor_ms"] = spent
            figures["tracebacks_in_log"] = server.log.count("Traceback") if server else None
            if server and figures["tracebacks_in_log"]:
                print(server.log[server.log.index("Traceback") :][:4000])
        finally:
            if server is not None:
                server.stop()
    figures["backend"] = asked.backend
    print(table(figures))
    if asked.out is not None:
        asked.out.write_text(json.dumps(figures, indent=1), "utf-8")
    return 0 if all(figures["met"].values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())

"""How quick the pages are in a real browser: `python -m tests.browser.measure [--runs 20] [--json FILE]`.

Starts the app, warms it up, and prints medians and 95th percentiles: first picture of a page and what it sends over the
wire, a small change until the picture has changed, a warm page switch; and where a topic names what its training
reaches, the time from Play to there and the visible updates a second meanwhile. Machines differ, so in the same run the
smallest Streamlit page there is is measured, too, and times are told as multiples of its; what is over budget is
marked. Nothing is asserted: machines are noisy. `python -m engine bench --browser` calls it, too.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from engine.contracts.probe import Change, Goal, probe_of
from engine.contracts.topic import catalogue
from tests.app_server import Server, start_server
from tests.browser.conftest import FLAGS, find_chromium

Budget = tuple[float | None, float | None]  # median and 95th percentile in milliseconds, None for no bound
# What a page promises on a quiet machine, where the bare page's first picture takes 970 ms and its small change 28; on
# another machine as many times what the bare page takes there.
CHANGE, CHANGE_95 = 150 / 28, 300 / 28  # of a small change of the bare page
FIRST_PICTURE, SWITCH = 2000 / 970, 300 / 970  # of its first picture
SLUGS = tuple(catalogue())
BARE = "tests/browser/bare_page.py"

# The same for the bare page, whose picture is no canvas: milliseconds from a key until another picture is there.
WATCH_BARE = """() => {
  const picture = () => document.querySelector("[data-testid=stImage] img");
  const before = picture()?.src;
  window.changed = new Promise((resolve) => {
    addEventListener("keydown", (event) => {
      const look = () => {
        const now = picture();
        if (now && now.src !== before && now.complete && now.naturalWidth) resolve(performance.now() - event.timeStamp);
        else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    }, { once: true, capture: true });
  });
}"""

# Resolves with the milliseconds from the next key or click until the pixels of the canvas have changed. A strip of the
# canvas is compared, for reading all of it would itself take a good part of the time. `fresh`: another canvas than the
# one there is now must be drawn (a page switch).
WATCH = """([selector, fresh]) => {
  const find = (root) => root?.querySelector("canvas.stage") ?? [...(root?.querySelectorAll("*") ?? [])].map((e) => e.shadowRoot && find(e.shadowRoot)).find(Boolean);
  const print = () => {
    const canvas = find(document.querySelector(selector));
    if (!canvas || canvas.dataset.ready !== "true") return null;
    const strip = canvas.getContext("2d").getImageData(0, canvas.height >> 1, canvas.width, 24).data;
    let sum = 0;
    for (let i = 0; i < strip.length; i += 4) sum = (sum * 31 + strip[i] + 7 * strip[i + 1]) | 0;
    return sum;
  };
  const before = fresh ? null : print();
  window.changed = new Promise((resolve) => {
    const begin = (event) => {
      const start = event.timeStamp;
      for (const name of ["keydown", "pointerdown"]) removeEventListener(name, begin, true);
      const look = () => {
        const now = print();
        if (now !== null && now !== before) resolve(performance.now() - start);
        else if (performance.now() - start > 10000) resolve(NaN);
        else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    };
    for (const name of ["keydown", "pointerdown"]) addEventListener(name, begin, true);
  });
}"""  # noqa: E501 - JavaScript


def place_of(slug: str, name: str) -> str:
    """Where a block of a page is, as a CSS selector."""
    return f".st-key-{slug}-{name}".replace("_", "-")


def picture_of(slug: str) -> str:
    """Where the picture of a page is that must be drawn; of a topic that names none, the first of its stage."""
    name = probe_of(catalogue()[slug]).picture
    return f"{place_of(slug, name) if name else f'.st-key-{slug}-stage'} canvas.stage"


def small_changes() -> list[tuple[str, Change]]:
    """(slug, change) of all topics."""
    return [(slug, change) for slug, topic in catalogue().items() for change in probe_of(topic).changes]


def quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


class Report:
    """Lines as they are measured, printed at once; `lines` for the JSON file.

    budget: the most that median and 95th percentile should be, None for no bound; a line over it is marked. of: what
    the bare page takes.
    """

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def add(
        self, name: str, values: list[float], unit: str = "ms", budget: Budget = (None, None), of: float | None = None
    ) -> None:
        median, high = statistics.median(values), quantile(values, 0.95)
        over = any(most is not None and not value <= most for value, most in zip((median, high), budget, strict=True))
        self.lines.append(
            {"name": name, "median": median, "p95": high, "unit": unit, "runs": len(values), "budget": budget,
             "over": over}
        )  # fmt: skip
        line = f"{name:44s} median {median:7.0f} {unit}   p95 {high:7.0f} {unit}   ({len(values)} runs)"
        ratio = f"   {median / of:.2f} × bare" if of else ""
        print(line + ratio + ("   OVER BUDGET" if over else ""), flush=True)


def bare_page(browser, runs: int) -> tuple[list[float], list[float]]:
    """(milliseconds to its first picture, milliseconds from a key to another picture) of the bare page."""
    with tempfile.TemporaryDirectory() as folder:
        server = start_server(Path(folder) / "log", script=BARE)
        try:
            _wait_for(server)
            firsts = [_first_of_bare(browser, server) for _ in range(1 + max(3, runs // 4))][1:]
            page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
            page.goto(server.address)
            slider = page.locator("input[type=range]")
            slider.wait_for()
            slider.focus()
            page.wait_for_timeout(1500)
            changes = []
            for run in range(4 + runs):
                page.evaluate(WATCH_BARE)
                page.keyboard.press(("ArrowRight", "ArrowLeft")[run % 2])
                changes.append(page.evaluate("window.changed"))
                page.wait_for_timeout(500)
            page.context.close()
            return firsts, changes[4:]
        finally:
            server.stop()


def _wait_for(server: Server) -> None:
    """Until a plain Streamlit server answers."""
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"{server.address}/_stcore/health", timeout=10).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _first_of_bare(browser, server: Server) -> float:
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    start = time.perf_counter()
    page.goto(server.address, wait_until="commit")
    page.wait_for_function(
        "() => { const i = document.querySelector('[data-testid=stImage] img'); return i?.complete && i.naturalWidth }"
    )
    took = 1000 * (time.perf_counter() - start)
    page.context.close()
    return took


def first_picture(browser, server: Server, slug: str) -> tuple[float, float]:
    """(milliseconds from the request to a drawn canvas, kilobytes over the wire until then and a second after).

    In a browser that has nothing of ours in its cache. Bytes of all answers as sent, compressed, headers included, and
    of the web socket's messages.
    """
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    sent = [0.0]
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")

    def count(size: float) -> None:
        sent[0] += size

    network.on("Network.loadingFinished", lambda event: count(event["encodedDataLength"]))
    network.on(
        "Network.webSocketFrameReceived",
        lambda event: count(len(event["response"]["payloadData"]) * (0.75 if event["response"]["opcode"] == 2 else 1)),
    )  # binary messages are told in base64
    start = time.perf_counter()
    page.goto(f"{server.address}/{slug}", wait_until="commit")
    page.locator(picture_of(slug) + "[data-ready=true]").first.wait_for(timeout=60_000)
    took = 1000 * (time.perf_counter() - start)
    page.wait_for_timeout(1000)
    page.context.close()
    return took, sent[0] / 1000


def small_change(page: Page, slug: str, change: Change, runs: int) -> list[float]:
    """Milliseconds from a key to changed pixels of a picture that only the server can change."""
    where = f".st-key-{slug}-{change.knob} input[type=range]"
    if change.place:
        where = f"{place_of(slug, change.place)} {change.part}"
    times = []
    for run in range(runs):
        if change.keys == ("Enter",):
            page.locator(where).nth((run + 1) % 2).focus()
        elif run == 0:
            page.locator(where).first.focus()
        page.evaluate(WATCH, [place_of(slug, change.shows), False])
        page.keyboard.press(change.keys[run % len(change.keys)])
        times.append(page.evaluate("window.changed"))
        page.wait_for_timeout(500)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all lines to this file, too")
    options = parser.parse_args()
    if find_chromium() is None:
        raise SystemExit("expected a Chromium on the PATH or in CHROMIUM, there is none")
    report = Report()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = start_server(Path(folder) / "log").wait()
        try:
            measure(playwright, server, options.runs, report)
        finally:
            server.stop()
    if options.json:
        options.json.write_text(json.dumps({"lines": report.lines}, indent=1) + "\n", "utf-8")


def measure(playwright, server: Server, runs: int, report: Report) -> None:
    browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
    firsts, changes = bare_page(browser, runs)
    first, change_of_bare = statistics.median(firsts), statistics.median(changes)
    report.add("bare page: first picture", firsts)
    report.add("bare page: small change", changes)
    within = (CHANGE * change_of_bare, CHANGE_95 * change_of_bare)
    for slug in SLUGS:
        first_picture(browser, server, slug)
        times, kilobytes = zip(*(first_picture(browser, server, slug) for _ in range(max(3, runs // 4))), strict=True)
        report.add(f"{slug}: first picture", list(times), budget=(FIRST_PICTURE * first, None), of=first)
        report.add(f"{slug}: over the wire at first", list(kilobytes), "kB")
    page = beside_knobs(browser, server)
    for slug, change in small_changes():
        page.goto(f"{server.address}/{slug}?{change.link}")  # what a page trains first is in its link
        page.locator(f"{place_of(slug, change.shows)} canvas.stage[data-ready=true]").first.wait_for()
        page.wait_for_timeout(6000 if change.link else 2500)
        small_change(page, slug, change, 4)
        times = small_change(page, slug, change, runs)
        report.add(f"{slug}: {change.name}", times, budget=within, of=change_of_bare)
    switches = []
    for run in range(runs + len(SLUGS)):
        slug = SLUGS[run % len(SLUGS)]
        page.locator('[data-testid="stTopNavSection"]').filter(has_text=catalogue()[slug].group).click()
        link = page.locator(f'a[href$="/{slug}"]').last
        link.wait_for()
        page.evaluate(WATCH, [picture_of(slug).removesuffix(" canvas.stage"), True])
        link.click()
        switches.append(page.evaluate("window.changed"))
        page.wait_for_timeout(1500)
    report.add(
        "warm page switch to a drawn picture", switches[len(SLUGS) :], budget=(SWITCH * first, None), of=first
    )  # fmt: skip
    for slug in SLUGS:
        if (goal := probe_of(catalogue()[slug]).goal) is not None:
            played = [play(browser, server, slug, goal) for _ in range(3)]
            report.add(f"{slug}: Play to {goal.words}", [1000 * reached for reached, _ in played])
            report.add(f"{slug}: visible updates while it plays", [updates for _, updates in played], "/s")


def beside_knobs(browser, server: Server) -> Page:
    """A page of who has chosen the knobs: what is changed is there, and a bare address is that of the defaults."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_cookies([{"name": "neurarium_panel", "value": "knobs", "url": server.address}])
    return context.new_page()


def play(browser, server: Server, slug: str, goal: Goal) -> tuple[float, float]:
    """(seconds from Play to what the run that the page begins with reaches, visible updates a second meanwhile)."""
    page = beside_knobs(browser, server)
    page.goto(f"{server.address}/{slug}")
    canvas = page.locator(picture_of(slug) + "[data-ready=true]")
    canvas.wait_for()
    page.wait_for_timeout(1500)
    start = time.perf_counter()
    page.locator(f".st-key-{slug}-play button").click()
    reached = None
    while reached is None and time.perf_counter() - start < 30:
        numbers = page.locator("[class*='-status'] p.status b").all_inner_texts()
        if len(numbers) > goal.number:
            value = numbers[goal.number].split("\u202f")[0].replace("–", "nan")
            reached = time.perf_counter() - start if float(value) >= goal.least else None
        page.wait_for_timeout(20)
    first = int(canvas.get_attribute("data-drawn"))
    page.wait_for_timeout(3000)
    updates = (int(canvas.get_attribute("data-drawn")) - first) / 3
    page.context.close()
    return float("nan") if reached is None else reached, updates


if __name__ == "__main__":
    main()

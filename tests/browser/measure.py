"""How quick the pages are in a real browser: `python -m tests.browser.measure [--runs 20] [--json FILE]`.

Starts the app, warms it up, and prints medians and 95th percentiles: first picture of a page and what it sends over the
wire, a small change until the picture has changed, a warm page switch; and for the MLP playground the time from Play to
a test accuracy of 98 % and the visible updates a second meanwhile. What is over budget is marked. Nothing is asserted:
machines are noisy. `python -m engine bench --browser` calls it, too.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from engine.core.topic import catalogue
from tests.browser.conftest import FLAGS, find_chromium
from tests.server import Server, start_server

# What a page promises: median and 95th percentile in milliseconds, None for no bound.
Budget = tuple[float | None, float | None]
CHANGE: Budget = (150, 300)
FIRST_PICTURE: Budget = (2000, None)
SWITCH: Budget = (300, None)

PICTURES = {
    "mlp": ".st-key-mlp-points canvas.stage",
    "image_classifier": ".st-key-image-classifier-evidence canvas.stage",
    "cnn": ".st-key-cnn-pad canvas.stage",
    "attention": ".st-key-attention-head canvas.stage",
    "one_stage": ".st-key-one-stage-picture canvas.stage",
    "diffusion": ".st-key-diffusion-walk canvas.stage",
    "gnn": ".st-key-gnn-graph canvas.stage",
}
# A small change that the reader makes with one key: where the focus goes first, the two keys in turn, what must change.
CHANGES = {
    "mlp: noise slider": ("mlp", ".st-key-mlp-noise input[type=range]", "ArrowRight ArrowLeft", ".st-key-mlp-points"),
    "image_classifier: class explained": (
        "image_classifier", ".share-row", "Enter", ".st-key-image-classifier-evidence",
    ),
    "image_classifier: evidence method": (
        "image_classifier", ".st-key-image-classifier-method button", "Enter", ".st-key-image-classifier-evidence",
    ),
    "one_stage: score threshold": (
        "one_stage", ".st-key-one_stage-score input[type=range]", "ArrowLeft ArrowRight", ".st-key-one-stage-picture",
    ),
    "one_stage: another cell": (
        "one_stage", ".st-key-one-stage-found .share-row", "Enter", ".st-key-one-stage-picture",
    ),
    "cnn: ink to the maps": ("cnn", ".st-key-cnn-pad canvas.stage", "Delete Space", ".st-key-cnn-conv1-sum"),
    "attention: temperature slider": (
        "attention", ".st-key-attention-temperature input[type=range]", "ArrowRight ArrowLeft",
        ".st-key-attention-head",
    ),
    "diffusion: sampling steps": (
        "diffusion?steps=400", ".st-key-diffusion-walk_steps input[type=range]", "ArrowRight ArrowLeft",
        ".st-key-diffusion-walk",
    ),
    "gnn: layers slider": ("gnn", ".st-key-gnn-depth input[type=range]", "ArrowRight ArrowLeft", ".st-key-gnn-plane"),
}  # fmt: skip

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


def picture_of(slug: str) -> str:
    """Where the picture of a page is that must be drawn; of a page not named above, the first of its stage."""
    return PICTURES.get(slug, f".st-key-{slug}-stage canvas.stage")


def quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


class Report:
    """Lines as they are measured, printed at once; `lines` for the JSON file.

    budget: the most that median and 95th percentile should be, None for no bound; a line over it is marked.
    """

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def add(self, name: str, values: list[float], unit: str = "ms", budget: Budget = (None, None)) -> None:
        median, high = statistics.median(values), quantile(values, 0.95)
        over = any(most is not None and not value <= most for value, most in zip((median, high), budget, strict=True))
        self.lines.append(
            {"name": name, "median": median, "p95": high, "unit": unit, "runs": len(values), "budget": budget,
             "over": over}
        )  # fmt: skip
        line = f"{name:44s} median {median:7.0f} {unit}   p95 {high:7.0f} {unit}   ({len(values)} runs)"
        print(line + ("   OVER BUDGET" if over else ""), flush=True)


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


def small_change(page: Page, name: str, runs: int) -> list[float]:
    """Milliseconds from a key to changed pixels of a picture that only the server can change."""
    _, place, keys, selector = CHANGES[name]
    keys, times = keys.split(), []
    for run in range(runs):
        if keys == ["Enter"]:
            page.locator(place).nth((run + 1) % 2).focus()
        elif run == 0:
            page.locator(place).first.focus()
        page.evaluate(WATCH, [selector, False])
        page.keyboard.press(keys[run % len(keys)])
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
    slugs = list(catalogue())
    for slug in slugs:
        first_picture(browser, server, slug)
        times, kilobytes = zip(*(first_picture(browser, server, slug) for _ in range(max(3, runs // 4))), strict=True)
        report.add(f"{slug}: first picture", list(times), budget=FIRST_PICTURE)
        report.add(f"{slug}: over the wire at first", list(kilobytes), "kB")
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    for name, (slug, *_) in CHANGES.items():
        page.goto(f"{server.address}/{slug}")  # what a page trains first is in its link
        page.locator(picture_of(slug.partition("?")[0]) + "[data-ready=true]").first.wait_for()
        page.wait_for_timeout(6000 if "?" in slug else 2500)
        small_change(page, name, 4)
        report.add(name, small_change(page, name, runs), budget=CHANGE)
    switches = []
    for run in range(runs + len(slugs)):
        slug = slugs[run % len(slugs)]
        page.locator('[data-testid="stTopNavSection"]').filter(has_text=catalogue()[slug].group).click()
        link = page.locator(f'a[href$="/{slug}"]').last
        link.wait_for()
        page.evaluate(WATCH, [picture_of(slug).removesuffix(" canvas.stage"), True])
        link.click()
        switches.append(page.evaluate("window.changed"))
        page.wait_for_timeout(1500)
    report.add("warm page switch to a drawn picture", switches[len(slugs) :], budget=SWITCH)
    played = [play(browser, server) for _ in range(3)]
    report.add("mlp: Play to 98 % test accuracy", [1000 * solved for solved, _ in played])
    report.add("mlp: visible updates while it plays", [updates for _, updates in played], "/s")


def play(browser, server: Server) -> tuple[float, float]:
    """(seconds from Play to 98 % test accuracy on the default spiral, visible updates a second meanwhile)."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.goto(f"{server.address}/mlp")
    canvas = page.locator(PICTURES["mlp"] + "[data-ready=true]")
    canvas.wait_for()
    page.wait_for_timeout(1500)
    start = time.perf_counter()
    page.locator(".st-key-mlp-play button").click()
    solved = None
    while solved is None and time.perf_counter() - start < 30:
        numbers = page.locator("p.status b").all_inner_texts()
        if len(numbers) == 3 and float(numbers[2].split("\u202f")[0].replace("–", "0")) >= 98:
            solved = time.perf_counter() - start
        page.wait_for_timeout(20)
    first = int(canvas.get_attribute("data-drawn"))
    page.wait_for_timeout(3000)
    updates = (int(canvas.get_attribute("data-drawn")) - first) / 3
    page.context.close()
    return float("nan") if solved is None else solved, updates


if __name__ == "__main__":
    main()

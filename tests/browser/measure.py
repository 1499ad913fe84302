"""How quick the pages are in a real browser: `python -m tests.browser.measure [--runs 20]`.

Starts the app, warms it up, and prints medians and 95th percentiles in milliseconds: first picture of a page, a small
change until the picture has changed, a warm page switch; and for the MLP playground the seconds from Play to a test
accuracy of 98 % and the visible updates a second meanwhile. Nothing is asserted: machines are noisy.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import FLAGS, find_chromium
from tests.server import Server, start_server

PICTURES = {
    "mlp": ".st-key-mlp-points canvas.stage",
    "image_classifier": ".st-key-image-classifier-evidence canvas.stage",
}
SLIDERS = {"mlp": "noise"}  # a knob whose change shows in the page's picture

# Resolves with the milliseconds from `act` until the pixels of the canvas have changed.
WATCH = """([selector]) => {
  const find = (root) => root.querySelector("canvas.stage") ?? [...root.querySelectorAll("*")].map((e) => e.shadowRoot && find(e.shadowRoot)).find(Boolean);
  const canvas = find(document.querySelector(selector));
  const print = () => { const c = find(document.querySelector(selector)); const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data; let h = 0; for (let i = 0; i < d.length; i += 4) h = (h * 31 + d[i] + 7 * d[i + 1]) | 0; return h; };
  const before = print(), start = performance.now();
  window.changed = new Promise((resolve) => {
    const look = () => (print() !== before ? resolve(performance.now() - start) : performance.now() - start > 10000 ? resolve(NaN) : requestAnimationFrame(look));
    requestAnimationFrame(look);
  });
}"""  # noqa: E501 - JavaScript


def quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def report(name: str, milliseconds: list[float]) -> None:
    line = f"{name:44s} median {statistics.median(milliseconds):7.0f} ms   p95 {quantile(milliseconds, 0.95):7.0f} ms"
    print(f"{line}   ({len(milliseconds)} runs)", flush=True)


def first_picture(browser, server: Server, slug: str) -> float:
    """Milliseconds from the request to a drawn canvas, in a browser that has nothing of ours in its cache."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    start = time.perf_counter()
    page.goto(f"{server.address}/{slug}", wait_until="commit")
    page.locator(PICTURES[slug] + "[data-ready=true]").wait_for(timeout=60_000)
    took = 1000 * (time.perf_counter() - start)
    page.context.close()
    return took


def small_change(page: Page, slug: str, runs: int) -> list[float]:
    """Milliseconds from a key on a slider to changed pixels."""
    selector = PICTURES[slug].removesuffix(" canvas.stage")
    slider = page.locator(f".st-key-{slug}-{SLIDERS[slug]} input[type=range]").first
    slider.focus()
    times = []
    for run in range(runs):
        page.evaluate(WATCH, [selector])
        page.keyboard.press("ArrowRight" if run % 2 == 0 else "ArrowLeft")
        times.append(page.evaluate("window.changed"))
        page.wait_for_timeout(400)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = start_server(Path(folder) / "log").wait()
        try:
            measure(playwright, server, runs)
        finally:
            server.stop()


def measure(playwright, server: Server, runs: int) -> None:
    browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
    for slug in PICTURES:
        first_picture(browser, server, slug)
        report(f"{slug}: first picture", [first_picture(browser, server, slug) for _ in range(max(3, runs // 4))])
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    for slug in SLIDERS:
        page.goto(f"{server.address}/{slug}")
        page.locator(PICTURES[slug] + "[data-ready=true]").wait_for()
        page.wait_for_timeout(2000)
        small_change(page, slug, 4)
        report(f"{slug}: small change to picture", small_change(page, slug, runs))
    switches = []
    for run in range(runs):
        slug = list(PICTURES)[run % 2]
        page.get_by_test_id("stTopNavSection").nth(0 if slug == "mlp" else 1).click()
        link = page.locator(f'a[href$="/{slug}"]').last
        link.wait_for()
        start = time.perf_counter()
        link.click()
        page.locator(PICTURES[slug] + "[data-ready=true]").wait_for()
        switches.append(1000 * (time.perf_counter() - start))
        page.wait_for_timeout(500)
    report("warm page switch to a drawn picture", switches)
    for _ in range(3):
        play(browser, server)


def play(browser, server: Server) -> None:
    """From Play to 98 % test accuracy on the default spiral, and the visible updates a second meanwhile."""
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
    print(f"mlp: Play to 98 % test accuracy {solved:.2f} s; {updates:.1f} visible updates a second", flush=True)
    page.context.close()


if __name__ == "__main__":
    main()

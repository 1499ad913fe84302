"""A server with canvas_app.py, a Chromium that collects console errors, and how to read a canvas."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.patience import patience

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
APP = Path(__file__).with_name("canvas_app.py")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


# ---------------------------------------------------------------- fixtures


def start_server(*options: str) -> tuple[subprocess.Popen, int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(APP), "--server.port", str(port), "--server.headless",
               "true", "--server.address", "127.0.0.1", "--server.fileWatcherType", "none",
               "--browser.gatherUsageStats", "false", *options]  # fmt: skip
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(120):
        try:
            with socket.create_connection(("127.0.0.1", port), 0.5):
                return process, port
        except OSError:
            time.sleep(0.25)
    process.kill()
    raise RuntimeError("the test server did not start")


def stop(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()


@pytest.fixture(scope="module")
def canvas_address():
    process, port = start_server()
    yield f"http://127.0.0.1:{port}"
    stop(process)


@pytest.fixture(scope="module")
def canvas_browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def canvas_contexts(canvas_browser) -> dict[tuple, Any]:
    """Browser contexts by their options: with a warm cache a page comes in half the time."""
    return {}


@pytest.fixture
def open_view(canvas_browser, canvas_contexts, canvas_address):
    """open_view("pixels", width=1280, dark=False, touch=False) -> page; fails at the end if the console has errors."""
    pages, errors = [], []

    def open_one(show: str, *, width: int = 1280, dark: bool = False, touch: bool = False, at: str = ""):
        if (context := canvas_contexts.get((width, dark, touch))) is None:
            context = canvas_contexts[width, dark, touch] = canvas_browser.new_context(
                viewport={"width": width, "height": 900}, has_touch=touch, color_scheme="dark" if dark else "light"
            )
        page = context.new_page()
        pages.append(page)
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{at or canvas_address}/?show={show}")
        drawn = page.locator("canvas.stage[data-ready], .transport, .shares[data-drawn], .choice")
        drawn.first.wait_for(timeout=1000 * patience(30))
        return page

    yield open_one
    for page in pages:
        page.close()
    assert errors == [], errors


# ---------------------------------------------------------------- helpers


def canvas_of(page, key: str):
    canvas = page.locator(f".st-key-{key} canvas.stage")
    canvas.and_(page.locator("[data-ready]")).wait_for()
    return canvas


def colour_at(canvas, x: float, y: float) -> list[int]:
    """RGB at a place of the canvas in CSS pixels."""
    script = """(c, [x, y]) => { const r = c.width / parseFloat(c.style.width);
        return [...c.getContext('2d').getImageData(Math.round(x * r), Math.round(y * r), 1, 1).data.slice(0, 3)]; }"""
    return canvas.evaluate(script, [x, y])


def tile_places(canvas) -> list[dict]:
    return canvas.evaluate("c => c.neurarium.tiles")


def cell_place(tile: dict, row: int, column: int, rows: int, columns: int) -> tuple[float, float]:
    return tile["x"] + (column + 0.5) * tile["w"] / columns, tile["y"] + (row + 0.5) * tile["h"] / rows


def reported(page, name: str, wanted, timeout: float = 10.0):
    """Waits until the app reports `wanted` (a value, or a function that accepts one), and returns the value."""
    deadline = time.monotonic() + timeout
    value = None
    while time.monotonic() < deadline:
        text = page.locator(f".st-key-report_{name} code").inner_text()
        value = json.loads(text)
        if wanted(value) if callable(wanted) else value == wanted:
            return value
        page.wait_for_timeout(80)
    raise AssertionError(f"{name}: still {value!r}")


def tip(page, key: str) -> str:
    return page.locator(f".st-key-{key} .tip.on").inner_text()

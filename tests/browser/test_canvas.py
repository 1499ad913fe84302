"""The canvas components in a real browser: pixels against the colour tables, events against what Python received."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from engine.plots import theme

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]
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
def address():
    process, port = start_server()
    yield f"http://127.0.0.1:{port}"
    stop(process)


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def open_view(browser, address):
    """open_view("pixels", width=1280, dark=False, touch=False) -> page; fails at the end if the console has errors."""
    contexts, errors = [], []

    def open_one(show: str, *, width: int = 1280, dark: bool = False, touch: bool = False, at: str = address):
        context = browser.new_context(viewport={"width": width, "height": 900}, has_touch=touch,
                                      color_scheme="dark" if dark else "light")  # fmt: skip
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{at}/?show={show}")
        page.locator("canvas.stage[data-ready], .transport").first.wait_for(timeout=30_000)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert errors == []


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


# ---------------------------------------------------------------- delivery


def test_modules_are_served_immutable_by_hash_and_nothing_else(address):
    from pages.components.canvas import stub

    version = re.search(r"neurarium/([0-9a-f]{12})/", stub("pixels")).group(1)
    with urllib.request.urlopen(f"{address}/neurarium/{version}/core.js") as answer:
        assert answer.headers["Content-Type"].startswith("text/javascript")
        assert "immutable" in answer.headers["Cache-Control"]
        assert b"paintScale" in answer.read()
    for path in (f"/neurarium/{version}/canvas.py", f"/neurarium/{version}/..%2f..%2fapp.py", "/neurarium/0/core.js",
                 f"/neurarium/{version}/%2e%2e/canvas.css"):  # fmt: skip
        try:
            with urllib.request.urlopen(address + path) as answer:
                status, kind = answer.status, answer.headers["Content-Type"]
        except urllib.error.HTTPError as error:
            status, kind = error.code, ""
        # refused, or Streamlit's own page as for any unknown path
        assert status in (400, 404) or kind.startswith("text/html"), path
    with pytest.raises(ValueError, match="no component 'nothing'"):
        stub("nothing")


def test_works_below_a_base_path(open_view):
    process, port = start_server("--server.baseUrlPath", "lab/net")
    try:
        page = open_view("pixels", at=f"http://127.0.0.1:{port}/lab/net")
        canvas_of(page, "tiles")
    finally:
        stop(process)


# ---------------------------------------------------------------- pixels


@pytest.mark.parametrize("dark", [False, True])
def test_pixels_have_the_colours_of_the_tables(open_view, dark):
    page = open_view("pixels", dark=dark)
    canvas = canvas_of(page, "tiles")
    tiles = tile_places(canvas)
    ramp = np.linspace(-1, 1, 64, dtype=np.float32).reshape(8, 8)
    wanted = theme.colourise(ramp, "signed", -1, 1)
    grey = (np.arange(64, dtype=np.uint8) * 4).reshape(8, 8)
    for row, column in [(0, 0), (3, 4), (4, 3), (7, 7)]:
        assert colour_at(canvas, *cell_place(tiles[0], row, column, 8, 8)) == wanted[row, column].tolist()
        assert colour_at(canvas, *cell_place(tiles[1], row, column, 8, 8)) == [int(grey[row, column])] * 3
    y, x = np.mgrid[1 : -1 : 24 * 1j, -1 : 1 : 24 * 1j]
    p = (1 / (1 + np.exp(-6 * np.sin(np.arctan2(y, x) + 5 * np.hypot(x, y))))).astype(np.float32)
    mixed = theme.class_mixture(np.stack([1 - p, p], -1)).astype(int)
    for row, column in [(0, 5), (10, 12), (20, 3)]:
        shown = colour_at(canvas, *cell_place(tiles[2], row, column, 24, 24))
        assert np.abs(np.array(shown) - mixed[row, column]).max() <= 1
    assert colour_at(canvas, *cell_place(tiles[3], 2, 5, 16, 16)) == [80, 32, 128]
    assert colour_at(canvas, *cell_place(tiles[4], 0, 1, 2, 2)) == [128] * 3  # NaN
    half = theme.colourise(np.float32(0.5), "magnitude", 0, 1).tolist()
    assert colour_at(canvas, *cell_place(tiles[4], 1, 0, 2, 2)) == half


def test_hover_says_the_true_value_and_click_reaches_python(open_view):
    page = open_view("pixels")
    canvas = canvas_of(page, "tiles")
    tiles = tile_places(canvas)
    x, y = cell_place(tiles[0], 2, 3, 8, 8)
    canvas.hover(position={"x": x, "y": y})
    words = tip(page, "tiles")
    assert "signed ramp" in words
    assert "row 2, column 3" in words
    assert f"−{abs(-1 + 2 * 19 / 63):.4g} mV" in words
    canvas.click(position={"x": x, "y": y})
    reported(page, "cell", {"tile": 0, "row": 2, "column": 3})
    page.mouse.move(2, 2)
    primary = [47, 111, 237]  # the frame of the selected cell stands out from the cell itself
    page.wait_for_timeout(300)
    edge = colour_at(canvas, tiles[0]["x"] + 3 * tiles[0]["w"] / 8, y)
    assert edge != theme.colourise(np.float32(-1 + 2 * 19 / 63), "signed", -1, 1).tolist(), primary


def test_keyboard_moves_speaks_and_clicks(open_view):
    page = open_view("pixels")
    canvas = canvas_of(page, "tiles")
    page.keyboard.press("Tab")
    canvas.focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    page.locator(".st-key-tiles .spoken", has_text="row").wait_for(state="attached")
    page.wait_for_timeout(200)
    assert "row 6, column 5" in page.locator(".st-key-tiles .spoken").text_content()
    page.keyboard.press("Enter")
    reported(page, "cell", {"tile": 0, "row": 6, "column": 5})
    for _ in range(4):
        page.keyboard.press("ArrowRight")  # over the edge into the next tile
    page.keyboard.press("Space")
    cell = reported(page, "cell", lambda value: value["tile"] == 1)
    assert cell == {"tile": 1, "row": 6, "column": 1}
    assert canvas.get_attribute("aria-label") == "Five small matrices"


def test_touch_tap_reads_out_and_clicks(open_view):
    page = open_view("pixels", width=390, touch=True)
    canvas = canvas_of(page, "tiles")
    x, y = cell_place(tile_places(canvas)[1], 1, 6, 8, 8)
    canvas.scroll_into_view_if_needed()
    canvas.tap(position={"x": x, "y": y})
    reported(page, "cell", {"tile": 1, "row": 1, "column": 6})


@pytest.mark.parametrize("show", ["pixels", "gallery", "scrubber", "network", "mlp", "points"])
def test_no_sideways_scroll_on_a_phone(open_view, show):
    page = open_view(show, width=390, dark=True)
    page.wait_for_timeout(800)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for canvas in page.locator("canvas.stage").all():
        assert canvas.bounding_box()["width"] <= 390


def test_names_labels_layers_and_many_tiles(open_view):
    page = open_view("gallery")
    photo = canvas_of(page, "overlays")
    tile = tile_places(photo)[0]
    photo.hover(position=dict(zip("xy", cell_place(tile, 2, 4, 7, 7), strict=True)))
    assert "Grad-CAM 1" in tip(page, "overlays")
    attention = canvas_of(page, "attention")
    attention.scroll_into_view_if_needed()
    attention.hover(position=dict(zip("xy", cell_place(tile_places(attention)[0], 1, 7, 10, 10), strict=True)))
    assert "query animal, key 你好" in tip(page, "attention")
    many = canvas_of(page, "many")
    places = tile_places(many)
    assert len(places) == 600
    assert min(place["w"] for place in places) >= 24
    corners = {(place["x"], place["y"]) for place in places}
    assert len(corners) == 600


# ---------------------------------------------------------------- time


def test_scrubbing_moves_two_components_and_reports_on_release(open_view):
    page = open_view("scrubber")
    level, twin = canvas_of(page, "scrub"), canvas_of(page, "twin")
    slider = page.locator(".st-key-scrub input[type=range]")

    def check(frame: int) -> None:
        page.wait_for_function("([c, k]) => c.dataset.frame == k", arg=[level.element_handle(), str(frame)])
        page.wait_for_timeout(100)
        tile, other = tile_places(level)[0], tile_places(twin)[0]
        wanted = theme.table("magnitude")[10 * frame].tolist()
        assert colour_at(level, tile["x"] + 5, tile["y"] + 5) == wanted
        assert colour_at(twin, other["x"] + 5, other["y"] + 5) == [10 * frame + 5] * 3

    check(0)
    assert "frame 1 / 20 · step 0" in page.locator(".st-key-scrub .moment").inner_text()
    slider.evaluate("r => { r.value = 7; r.dispatchEvent(new Event('input', {bubbles: true})); }")
    check(7)
    page.wait_for_timeout(500)
    reported(page, "frame", None)  # a drag asks for nothing until it is let go
    slider.evaluate("r => r.dispatchEvent(new Event('change', {bubbles: true}))")
    reported(page, "frame", 7)
    page.locator(".st-key-scrub [data-act=forward]").click()
    check(8)
    reported(page, "frame", 8)
    page.locator(".st-key-scrub select").select_option("4")
    page.locator(".st-key-scrub [data-act=play]").click()
    check(19)
    assert "frame 20 / 20 · step 190" in page.locator(".st-key-scrub .moment").inner_text()


def test_live_frames_play_evenly_and_end_at_the_last(open_view):
    page = open_view("live")
    canvases = {key: canvas_of(page, key) for key in ("live_pixels", "live_net", "live_loss")}
    for canvas in canvases.values():
        page.wait_for_function("c => c.dataset.frame == '59'", arg=canvas.element_handle(), timeout=20_000)
    page.wait_for_timeout(300)
    pixels = canvases["live_pixels"]
    tile = tile_places(pixels)[0]
    assert colour_at(pixels, tile["x"] + 5, tile["y"] + 5) == [4 * 59] * 3
    for canvas in canvases.values():  # 12 deliveries would be 12 draws if each only showed its last frame
        assert int(canvas.get_attribute("data-drawn")) >= 30
    assert "frame 60 / 60 · step 590" in page.locator(".st-key-live_bar .moment").inner_text()
    assert page.locator(".st-key-live_bar [data-act=live]").is_hidden()


def test_dragging_leaves_live_mode_and_live_brings_it_back(open_view):
    page = open_view("live")
    canvas = canvas_of(page, "live_pixels")
    page.wait_for_function("c => Number(c.dataset.frame) >= 8", arg=canvas.element_handle(), timeout=20_000)
    slider, live = page.locator(".st-key-live_bar input[type=range]"), page.locator(".st-key-live_bar [data-act=live]")
    slider.evaluate("r => { r.value = 3; r.dispatchEvent(new Event('input', {bubbles: true})); }")
    page.wait_for_timeout(700)
    assert canvas.get_attribute("data-frame") == "3"
    assert live.get_attribute("aria-pressed") == "false"
    live.click()
    page.wait_for_function("c => c.dataset.frame == '59'", arg=canvas.element_handle(), timeout=20_000)


def test_buttons_live_through_the_reruns_of_a_live_run(open_view):
    page = open_view("live")
    canvas_of(page, "live_net")
    button = page.locator(".st-key-live_net .sizer[data-delta='1']").element_handle()
    page.wait_for_timeout(1200)
    assert button.evaluate("b => b.isConnected")  # a press that began before a rerun ends on the same button


def test_a_clock_plays_what_comes_later_and_follows_a_resumed_run(open_view):
    """The clock alone, in the browser: first a still frame, then a run, then its end, then one more step."""
    page = open_view("pixels")
    loaded = page.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")
    source = next(name for name in loaded if name.endswith("/clock.js"))
    result = page.evaluate(
        """async (source) => {
        const { Clock, FrameStore } = await import(source);
        const meta = (indices, live, run = "a") =>
            ({ run, indices, steps: indices.map((k) => 10 * k), live, start: "last" });
        const settled = async (clock) => {
            while (clock.moving && clock.cursor < clock.count - 1) await new Promise(requestAnimationFrame);
        };
        const out = {}, clock = new Clock(), seen = [];
        clock.subscribe(() => seen.at(-1) !== clock.index && seen.push(clock.index));
        clock.offer(meta([0], false));
        out.still = [clock.index, clock.moving];
        clock.offer(meta([0, 1, 2, 3, 4, 5], true));
        await settled(clock);
        out.played = [...seen];
        out.running = [clock.index, clock.live, clock.step];
        clock.seek(2);
        clock.offer(meta([5, 6, 7], true));
        out.held = [clock.index, clock.live];
        clock.offer(meta([7], false));
        clock.offer(meta([7, 8], true)); // paused and resumed: follow again
        await settled(clock);
        out.resumed = [clock.index, clock.live];
        clock.offer(meta([8], false));
        clock.offer(meta([9], false)); // one single step of a paused run
        out.single = [clock.index, clock.moving];
        clock.offer(meta([0, 1], false, "b"));
        out.fresh = [clock.count, clock.index];
        const store = new FrameStore();
        const array = (values) => ({ x: { shape: [values.length, 1], data: Float32Array.from(values) } });
        for (let k = 0; k < 700; k++) store.receive(meta(k ? [k - 1, k] : [0], true), array(k ? [k - 1, k] : [0]));
        out.kept = [store.indices.length, store.last, store.at(699).slices.x[0], store.at(350).slices.x[0]];
        return out; }""",
        source,
    )
    assert result["still"] == [0, False]
    assert result["played"] == [0, 1, 2, 3, 4, 5]  # every frame was shown, in order
    assert result["running"] == [5, True, 50]
    assert result["held"] == [2, False]
    assert result["resumed"] == [8, True]
    assert result["single"] == [9, False]
    assert result["fresh"] == [2, 1]
    length, last, newest, middle = result["kept"]
    assert 300 <= length <= 600
    assert (last, newest) == (699, 699)
    assert abs(middle - 350) <= 2


# ---------------------------------------------------------------- network, curves


def node_of(canvas, layer: int, index: int) -> dict:
    nodes = canvas.evaluate("c => c.neurarium.nodes")
    return next(node for node in nodes if (node["layer"], node["index"]) == (layer, index))


def middle_of(node: dict) -> dict:
    return {"x": node["x"] + node["s"] / 2, "y": node["y"] + node["s"] / 2}


@pytest.mark.parametrize("dark", [False, True])
def test_network_maps_have_signed_colours(open_view, dark):
    page = open_view("network", dark=dark)
    canvas = canvas_of(page, "net")
    node = node_of(canvas, 0, 0)  # cos(0) * x: negative on the left, positive on the right
    y = node["y"] + node["s"] / 2
    for offset in (5, 14, 30, 38):  # 12 pixels from -1 to 1, drawn smoothly over about 45
        shown = np.array(colour_at(canvas, node["x"] + offset, y), int)
        value = -1 + 2 * ((offset + 0.5) / node["s"] * 12 - 0.5) / 11
        assert np.abs(shown - theme.colourise(value, "signed", -1, 1).astype(int)).max() < 12
    assert min(colour_at(canvas, node["x"] + node["s"] / 2, y)) > 225  # zero in the middle is white


def test_network_read_out_and_events(open_view):
    page = open_view("network")
    canvas = canvas_of(page, "net")
    rng = np.random.default_rng(3)
    first = rng.normal(size=(2, 6, 3))[0].astype(np.float32)  # as canvas_script.training at frame 0
    strongest = np.unravel_index(np.abs(first).argmax(), first.shape)
    x, y = canvas.evaluate("(c, [to, from]) => c.neurarium.edge(1, to, from)", [int(k) for k in strongest])
    canvas.hover(position={"x": x, "y": y})
    weight = float(first[strongest])
    assert f"weight {'−' if weight < 0 else ''}{float(f'{abs(weight):.4g}'):g}" in tip(page, "net")
    canvas.click(position={"x": x, "y": y})
    reported(page, "event", {"event": "pick", "kind": "edge", "layer": 1, "to": int(strongest[0]),
                             "from": int(strongest[1])})  # fmt: skip
    canvas.click(position=middle_of(node_of(canvas, 2, 3)))
    reported(page, "event", {"event": "pick", "kind": "neuron", "layer": 2, "index": 3})
    canvas.hover(position=middle_of(node_of(canvas, 1, 4)))
    assert "hidden 1 · neuron 5" in tip(page, "net")
    assert "bias" in tip(page, "net")
    canvas.click(position=middle_of(node_of(canvas, 0, 1)))
    reported(page, "event", {"event": "toggle", "index": 1})
    page.wait_for_timeout(300)
    canvas.hover(position=middle_of(node_of(canvas, 0, 1)))
    assert "switched off" in tip(page, "net")
    page.locator(".st-key-net .sizer[data-layer='2'][data-delta='1']").click()
    reported(page, "event", {"event": "resize", "layer": 2, "delta": 1})


def test_network_by_keyboard(open_view):
    page = open_view("network")
    canvas = canvas_of(page, "net")
    page.keyboard.press("Tab")
    canvas.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    event = reported(page, "event", lambda value: value is not None)
    assert (event["kind"], event["layer"]) == ("neuron", 1)


def test_big_networks_shrink_and_draw_the_strongest(open_view):
    page = open_view("network&sizes=2,64,64,64,64,64,64,3")
    canvas = canvas_of(page, "net")
    nodes = canvas.evaluate("c => c.neurarium.nodes")
    assert len(nodes) == 6 * 64 + 5
    assert min(node["s"] for node in nodes) >= 11
    for a, b in pairwise(nodes):
        assert abs(a["x"] - b["x"]) >= a["s"] or abs(a["y"] - b["y"]) >= a["s"]  # no map covers another
    assert "strongest of 20" in page.locator(".st-key-net .below").inner_text()


def test_curves_show_the_values_at_the_clock_and_under_the_pointer(open_view):
    page = open_view("mlp")
    canvas = canvas_of(page, "loss")
    plot = canvas.evaluate("c => c.neurarium")
    x = plot["left"] + (plot["right"] - plot["left"]) * 100 / 195
    canvas.hover(position={"x": x, "y": (plot["top"] + plot["bottom"]) / 2})
    words = tip(page, "loss")
    assert "step 100" in words
    assert f"train {float(np.float32(np.exp(-20 / 15))):.4g}" in words
    canvas.click(position={"x": x, "y": (plot["top"] + plot["bottom"]) / 2})
    for key in ("plane", "net", "loss"):  # one clock for all
        page.wait_for_function("c => c.dataset.frame == '20'", arg=canvas_of(page, key).element_handle())
    share = (np.exp(-20 / 15) - plot["low"]) / (plot["high"] - plot["low"])
    y = plot["bottom"] - share * (plot["bottom"] - plot["top"])
    page.mouse.move(2, 2)
    page.wait_for_timeout(200)
    shown = np.array(colour_at(canvas, x, y))
    assert np.abs(shown - np.array(theme.hex_to_rgb(theme.CLASS_COLOURS[0]))).max() < 30


# ---------------------------------------------------------------- points


def spot(canvas, x: float, y: float) -> dict:
    """CSS position of (x, y) of the domain -1..1."""
    box = canvas.evaluate("c => c.neurarium.box")
    return {"x": box["x"] + (x + 1) / 2 * box["s"], "y": box["y"] + (1 - y) / 2 * box["s"]}


def near(point: list, wanted: list) -> bool:
    return abs(point[0] - wanted[0]) < 0.02 and abs(point[1] - wanted[1]) < 0.02 and point[2] == wanted[2]


def test_points_are_added_moved_and_removed(open_view):
    page = open_view("points")
    canvas = canvas_of(page, "editor")
    canvas.click(position=spot(canvas, 0.25, -0.25))
    points = reported(page, "points", lambda value: len(value) == 3)
    assert near(points[2], [0.25, -0.25, 0])
    page.locator(".st-key-editor [data-class='1']").click()
    canvas.click(position=spot(canvas, -0.25, 0.75))
    points = reported(page, "points", lambda value: len(value) == 4)
    assert near(points[3], [-0.25, 0.75, 1])
    assert all(round(value, 3) == value for point in points for value in point[:2])
    box = canvas.bounding_box()
    start, end = spot(canvas, -0.5, -0.5), spot(canvas, -0.75, 0.25)
    page.mouse.move(box["x"] + start["x"], box["y"] + start["y"])
    page.mouse.down()
    page.mouse.move(box["x"] + end["x"], box["y"] + end["y"], steps=6)
    page.mouse.up()
    points = reported(page, "points", lambda value: near(value[0], [-0.75, 0.25, 0]))
    canvas.click(position=spot(canvas, 0.5, 0.5), button="right")
    points = reported(page, "points", lambda value: len(value) == 3)
    assert not any(near(point, [0.5, 0.5, 1]) for point in points)
    canvas.click(position=spot(canvas, 0.8, 0.8))
    canvas.click(position=spot(canvas, 0.8, -0.8))
    reported(page, "points", lambda value: len(value) == 5)
    canvas.click(position=spot(canvas, 0, 0))  # one more than allowed
    page.wait_for_timeout(400)
    assert "No more than 5 points" in page.locator(".st-key-editor .count").inner_text()
    page.locator(".st-key-editor [data-act=clear]").click()
    reported(page, "points", [])


def test_points_by_keyboard(open_view):
    page = open_view("points")
    canvas = canvas_of(page, "editor")
    page.keyboard.press("Tab")
    canvas.focus()
    page.keyboard.press("2")
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "Enter"):
        page.keyboard.press(key)
    points = reported(page, "points", lambda value: len(value) == 3)
    assert points[2] == [0.1, 0.05, 1]
    page.keyboard.press("Delete")
    reported(page, "points", lambda value: len(value) == 2)


def test_touch_adds_and_a_long_press_removes(open_view):
    page = open_view("points", width=390, touch=True)
    canvas = canvas_of(page, "editor")
    canvas.tap(position=spot(canvas, -0.25, 0.5))
    points = reported(page, "points", lambda value: len(value) == 3)
    assert near(points[2], [-0.25, 0.5, 0])
    box, place = canvas.bounding_box(), spot(canvas, 0.5, 0.5)
    session = page.context.new_cdp_session(page)
    finger = [{"x": box["x"] + place["x"], "y": box["y"] + place["y"]}]
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": finger})
    page.wait_for_timeout(800)
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    points = reported(page, "points", lambda value: len(value) == 2)
    assert not any(near(point, [0.5, 0.5, 1]) for point in points)


def test_points_to_look_at_report_the_spot(open_view):
    page = open_view("points&edit=0")
    canvas = canvas_of(page, "editor")
    canvas.hover(position=spot(canvas, 0.5, 0.5))
    assert "class 1 · test" in tip(page, "editor")
    canvas.click(position=spot(canvas, 0, 0.5))
    value = reported(page, "spot", lambda value: value is not None)
    assert abs(value["x"]) < 0.02
    assert abs(value["y"] - 0.5) < 0.02

"""The canvas components in a real browser: pixels against the colour tables, events against what Python received."""

import re
import urllib.error
import urllib.request

import numpy as np
import pytest

from engine.pictures import theme
from tests.browser.canvas_tools import (
    CHROMIUM,
    canvas_of,
    cell_place,
    colour_at,
    reported,
    start_server,
    stop,
    tile_places,
    tip,
)
from tests.patience import patience

pytest_plugins = ["tests.browser.canvas_tools"]

LONG = 1000 * patience(20)  # milliseconds until a film of a few seconds has played
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")]


# ---------------------------------------------------------------- delivery


def test_modules_are_served_immutable_by_hash_and_nothing_else(canvas_address):
    from pages.components.pictures.mount import stub

    version = re.search(r"neurarium/([0-9a-f]{12})/", stub("pixels")).group(1)
    with urllib.request.urlopen(f"{canvas_address}/neurarium/{version}/colours.js") as answer:
        assert answer.headers["Content-Type"].startswith("text/javascript")
        assert "immutable" in answer.headers["Cache-Control"]
        assert b"paintScale" in answer.read()
    for path in (f"/neurarium/{version}/canvas.py", f"/neurarium/{version}/..%2f..%2fapp.py", "/neurarium/0/core.js",
                 f"/neurarium/{version}/%2e%2e/canvas.css"):  # fmt: skip
        try:
            with urllib.request.urlopen(canvas_address + path) as answer:
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
    if dark:
        wanted = theme.dark_table("signed")[np.floor((ramp + 1) / 2 * 255 + 0.5).astype(int)]
    grey = (np.arange(64, dtype=np.uint8) * 4).reshape(8, 8)
    for row, column in [(0, 0), (3, 4), (4, 3), (7, 7)]:
        assert colour_at(canvas, *cell_place(tiles[0], row, column, 8, 8)) == wanted[row, column].tolist()
        assert colour_at(canvas, *cell_place(tiles[1], row, column, 8, 8)) == [int(grey[row, column])] * 3
    y, x = np.mgrid[1 : -1 : 24 * 1j, -1 : 1 : 24 * 1j]
    p = (1 / (1 + np.exp(-6 * np.sin(np.arctan2(y, x) + 5 * np.hypot(x, y))))).astype(np.float32)
    plane = (theme.DARK_GROUND, theme.DARK_CLASS_STRENGTH) if dark else ()
    mixed = theme.class_mixture(np.stack([1 - p, p], -1), *plane).astype(int)
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


@pytest.mark.parametrize("show", ["pixels", "gallery", "scrubber", "network", "mlp", "points", "graph", "cloud"])
def test_on_a_phone_nothing_scrolls_sideways_and_a_finger_scrolls_from_a_canvas(open_view, show):
    """A vertical swipe that begins on a canvas, away from points and nodes, is the browser's to scroll with."""
    page = open_view(show, width=390, dark=True, touch=True)
    page.wait_for_function(
        """() => document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning'
            && !document.querySelector('[data-stale=true], [data-testid=stSkeleton]')"""
    )
    canvases = page.locator("canvas.stage")
    for canvas in canvases.all():
        canvas.and_(page.locator("[data-ready]")).wait_for()
        assert canvas.bounding_box()["width"] <= 390
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert canvases.first.evaluate("c => getComputedStyle(c).touchAction") in ("manipulation", "pan-x pan-y pinch-zoom")
    stopped = canvases.first.evaluate(
        """c => { const box = c.getBoundingClientRect(), at = {clientX: box.left + 3, clientY: box.top + 3, identifier: 1, target: c};
            return !c.dispatchEvent(new TouchEvent('touchstart', {touches: [new Touch(at)], cancelable: true, bubbles: true})); }"""  # noqa: E501 - JavaScript
    )
    assert not stopped


def test_names_labels_layers_and_many_tiles(open_view):
    page = open_view("gallery")
    photo = canvas_of(page, "overlays")
    tile = tile_places(photo)[0]
    photo.hover(position=dict(zip("xy", cell_place(tile, 2, 4, 7, 7), strict=True)))
    assert "Grad-CAM 1" in tip(page, "overlays")
    named = tile_places(photo)[1]
    for x, red, blue in ((1.5, 0, 255), (named["w"] - 1.5, 254, 128)):  # smoothed up to the edge, and nothing mixed in
        shown = colour_at(photo, named["x"] + x, named["y"] + 0.97 * named["h"])
        assert np.allclose(shown, (red, 2 * 0.97 * 95, blue), atol=8), shown
    labels = named["labels"]
    assert len(labels) == 4
    for at, (left, top, wide, high) in enumerate(labels):
        assert named["x"] <= left + 1
        assert left + wide <= named["x"] + named["w"] + 1
        for other in labels[at + 1 :]:
            apart = left >= other[0] + other[2] or other[0] >= left + wide
            assert apart or top >= other[1] + other[3] or other[1] >= top + high, "two names over each other"
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
    slider = page.locator(".st-key-scrub-bar input[type=range]")

    def check(frame: int) -> None:
        page.wait_for_function("([c, k]) => c.dataset.frame == k", arg=[level.element_handle(), str(frame)])
        page.wait_for_timeout(100)
        tile, other = tile_places(level)[0], tile_places(twin)[0]
        wanted = theme.table("magnitude")[10 * frame].tolist()
        assert colour_at(level, tile["x"] + 5, tile["y"] + 5) == wanted
        assert colour_at(twin, other["x"] + 5, other["y"] + 5) == [10 * frame + 5] * 3

    check(0)
    assert "frame 1 / 20 · step 0" in page.locator(".st-key-scrub-bar .moment").inner_text()
    slider.evaluate("r => { r.value = 7; r.dispatchEvent(new Event('input', {bubbles: true})); }")
    check(7)
    page.wait_for_timeout(500)
    reported(page, "frame", None)  # a drag asks for nothing until it is let go
    slider.evaluate("r => r.dispatchEvent(new Event('change', {bubbles: true}))")
    reported(page, "frame", 7)
    page.locator(".st-key-scrub-bar [data-act=forward]").click()
    check(8)
    reported(page, "frame", 8)
    page.locator(".st-key-scrub-bar select").select_option("4")
    page.locator(".st-key-scrub-bar [data-act=play]").click()
    check(19)
    assert "frame 20 / 20 · step 190" in page.locator(".st-key-scrub-bar .moment").inner_text()


def test_over_a_still_photo_only_the_marks_move(open_view):
    page = open_view("scrubber")
    canvas, slider = canvas_of(page, "still"), page.locator(".st-key-scrub-bar input[type=range]")
    tile = tile_places(canvas)[0]

    def edges() -> list[list[int]]:
        """On the left edge of the first box, on that of the second, and on the photo."""
        shares = [(2, 5), (12, 15), (10, 10)]
        return [colour_at(canvas, tile["x"] + x / 20 * tile["w"], tile["y"] + y / 20 * tile["h"]) for x, y in shares]

    assert edges() == [[0xD5, 0x5E, 0], [200] * 3, [200] * 3]
    for frame, expected in ((7, [200] * 3), (19, [0, 0x72, 0xB2])):
        slider.evaluate("(r, k) => { r.value = k; r.dispatchEvent(new Event('input', {bubbles: true})); }", frame)
        page.wait_for_function("([c, k]) => c.dataset.frame == k", arg=[canvas.element_handle(), str(frame)])
        page.wait_for_timeout(100)
        assert edges() == [[200] * 3, expected, [200] * 3]


def test_live_frames_play_evenly_and_end_at_the_last_and_buttons_live_through_it(open_view):
    page = open_view("live")
    canvases = {key: canvas_of(page, key) for key in ("live_pixels", "live_net", "live_loss")}
    button = page.locator(".st-key-live_net .sizer[data-delta='1']").element_handle()
    for canvas in canvases.values():
        page.wait_for_function("c => c.dataset.frame == '59'", arg=canvas.element_handle(), timeout=LONG)
    page.wait_for_timeout(300)
    pixels = canvases["live_pixels"]
    tile = tile_places(pixels)[0]
    assert colour_at(pixels, tile["x"] + 5, tile["y"] + 5) == [4 * 59] * 3
    for canvas in canvases.values():  # 12 deliveries would be 12 draws if each only showed its last frame
        assert int(canvas.get_attribute("data-drawn")) >= 30
    assert "frame 60 / 60 · step 590" in page.locator(".st-key-live_bar .moment").inner_text()
    assert page.locator(".st-key-live_bar [data-act=live]").is_hidden()
    assert button.evaluate("b => b.isConnected")  # a press that began before a rerun ends on the same button


def test_dragging_leaves_live_mode_and_live_brings_it_back(open_view):
    page = open_view("live")
    canvas = canvas_of(page, "live_pixels")
    page.wait_for_function("c => Number(c.dataset.frame) >= 8", arg=canvas.element_handle(), timeout=LONG)
    slider, live = page.locator(".st-key-live_bar input[type=range]"), page.locator(".st-key-live_bar [data-act=live]")
    slider.evaluate("r => { r.value = 3; r.dispatchEvent(new Event('input', {bubbles: true})); }")
    page.wait_for_timeout(700)
    assert canvas.get_attribute("data-frame") == "3"
    assert live.get_attribute("aria-pressed") == "false"
    live.click()
    page.wait_for_function("c => c.dataset.frame == '59'", arg=canvas.element_handle(), timeout=LONG)


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
        clock.offer(meta([9, 10], true));
        await settled(clock);
        clock.pause(); // at the newest moment: the steps under way come yet, and are not played
        clock.offer(meta([10, 11], true));
        clock.offer(meta([11, 12], false));
        clock.offer(meta([9, 10], true)); // of another part of the page, from before
        clock.offer(meta([11, 12], false));
        out.stays = [clock.index, clock.count, clock.moving];
        clock.offer(meta([12], true)); // resumed; nothing new yet
        clock.offer(meta([12, 13], true));
        await settled(clock);
        out.again = [clock.index, clock.live];
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
    assert result["stays"] == [10, 13, False]
    assert result["again"] == [13, True]
    assert result["fresh"] == [2, 1]
    length, last, newest, middle = result["kept"]
    assert 300 <= length <= 600
    assert (last, newest) == (699, 699)
    assert abs(middle - 350) <= 2

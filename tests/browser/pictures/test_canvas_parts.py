"""Network, curves and points in a real browser: what they draw, read out and send."""

from itertools import pairwise

import numpy as np
import pytest

from engine.pictures import theme
from tests.browser.canvas_tools import CHROMIUM, canvas_of, colour_at, reported, tip

pytest_plugins = ["tests.browser.canvas_tools"]
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")]


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
        table = theme.dark_table("signed") if dark else theme.table("signed")
        assert np.abs(shown - table[round((value + 1) / 2 * 255)].astype(int)).max() < 12
    middle = colour_at(canvas, node["x"] + node["s"] / 2, y)  # zero is white, on a dark page dark
    assert max(middle) < 80 if dark else min(middle) > 225


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


def test_the_inputs_of_a_network_are_named_beside_it_and_its_sizers_stand_around_their_number(open_view):
    page = open_view("network")
    canvas = canvas_of(page, "net")
    assert canvas.evaluate("c => c.neurarium.named") is True
    assert min(node["x"] for node in canvas.evaluate("c => c.neurarium.nodes")) > 16
    box = canvas.bounding_box()
    nodes = [node for node in canvas.evaluate("c => c.neurarium.nodes") if node["layer"] == 1]
    middle = box["x"] + (min(node["x"] for node in nodes) + max(node["x"] + node["s"] for node in nodes)) / 2
    sizer = page.locator('.st-key-net .sizer[data-layer="1"]')
    fewer, more = sizer.first.bounding_box(), sizer.last.bounding_box()
    assert (fewer["x"] + more["x"] + more["width"]) / 2 == pytest.approx(middle, abs=1.5)


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


# ---------------------------------------------------------------- bars


@pytest.mark.parametrize("dark", [False, True])
def test_bars_are_as_long_as_their_shares_and_can_be_picked(open_view, dark):
    page = open_view("bars", dark=dark)
    rows = page.locator(".st-key-animals .share-row")
    page.wait_for_timeout(300)  # widths move to their places
    widths = [row.locator(".track").bounding_box()["width"] for row in rows.all()]
    shown = [row.locator(".track i").bounding_box()["width"] for row in rows.all()]
    assert np.allclose(np.array(shown) / widths, [0.7, 0.25, 0.05], atol=0.01)
    ticks = [row.locator(".track b:not(.guess)").bounding_box() for row in rows.all()]
    left = rows.first.locator(".track").bounding_box()["x"]
    assert np.allclose([(tick["x"] + 1 - left) / widths[0] for tick in ticks], [0.5, 0.4, 0.1], atol=0.01)
    assert rows.nth(1).inner_text().split("\n") == ["dog", "25.0\u202f%"]
    assert rows.nth(1).get_attribute("title") == "a dog"
    colours = [row.locator(".track i").evaluate("e => getComputedStyle(e).backgroundColor") for row in rows.all()]
    assert colours[1] == colours[2] != colours[0]
    assert page.locator(".st-key-animals .swatches span").all_inner_texts() == ["chosen", "before"]
    rows.nth(2).focus()
    page.keyboard.press("Enter")
    reported(page, "marked", 2)
    assert [row.get_attribute("aria-pressed") for row in rows.all()] == ["false", "false", "true"]
    rows.first.click()
    reported(page, "marked", 0)


# ---------------------------------------------------------------- choices


def test_a_row_of_buttons_is_chosen_from_by_click_and_by_keys(open_view):
    page = open_view("choice")
    row = page.locator(".st-key-row [role=radiogroup]")
    assert row.locator("[aria-checked=true]").all_inner_texts() == ["one"]
    row.get_by_role("radio", name="three").click()
    reported(page, "chosen_row", 2)
    page.keyboard.press("ArrowRight")  # round to the first, which gets the focus
    reported(page, "chosen_row", 0)
    assert row.locator("[aria-checked=true]").all_inner_texts() == ["one"]
    assert row.locator(":focus").all_inner_texts() == ["one"]
    assert row.locator("[tabindex='0']").count() == 1, "one stop for the Tab key"


def test_a_list_is_chosen_from_and_explains_itself(open_view):
    page = open_view("choice")
    box = page.locator(".st-key-list .choice")
    assert box.get_by_role("combobox", name="Number").evaluate("e => e.selectedOptions[0].text") == "one"
    box.get_by_role("combobox").select_option("two")
    reported(page, "chosen_list", 1)
    tip = box.locator(".tip")
    assert not tip.is_visible()
    box.get_by_role("button", name="How many").focus()
    assert tip.is_visible()
    assert tip.inner_text() == "How many"


def seen(canvas) -> np.ndarray:
    """The picture in 40 x 40 colours."""
    script = """c => { const small = new OffscreenCanvas(40, 40).getContext("2d");
        small.drawImage(c, 0, 0, 40, 40); return [...small.getImageData(0, 0, 40, 40).data]; }"""
    return np.array(canvas.evaluate(script))


def waits_for(canvas, wanted) -> None:
    """Until wanted(colours); the last look is the assertion."""
    for _ in range(100):
        if wanted(seen(canvas)):
            return
        canvas.page.wait_for_timeout(80)
    assert wanted(seen(canvas))


@pytest.mark.parametrize(
    ("show", "key"), [("network", "net"), ("pixels", "tiles"), ("graph", "graph"), ("points", "editor")]
)
def test_a_picture_is_painted_anew_when_the_theme_changes(open_view, show, key):
    """The same bytes with another theme: as dark as on a page that was dark from the start, and back again."""
    page = open_view(show)
    canvas = canvas_of(page, key)
    light, dark = seen(canvas), seen(canvas_of(open_view(show, dark=True), key))
    apart = np.abs(light - dark).mean()
    assert apart > 0.5
    page.emulate_media(color_scheme="dark")
    waits_for(canvas, lambda now: np.abs(now - dark).mean() < apart / 10)
    page.emulate_media(color_scheme="light")
    waits_for(canvas, lambda now: np.abs(now - light).mean() < apart / 10)


# ---------------------------------------------------------------- plot


def place(canvas, x: float, y: float) -> dict:
    """CSS position of (x, y) of the domain -3..3, -2..2."""
    box = canvas.evaluate("c => c.neurarium.box")
    return {"x": box["x"] + (x + 3) / 6 * box["w"], "y": box["y"] + (2 - y) / 4 * box["h"]}


def test_a_handle_is_dragged_and_points_and_places_are_chosen(open_view):
    """What is told is where it was let go, which point it was, or where the click went."""
    page = open_view("plot")
    canvas = canvas_of(page, "bowl")
    box = canvas.bounding_box()
    start, end = place(canvas, -2, 1), place(canvas, 1, -0.5)
    page.mouse.move(box["x"] + start["x"], box["y"] + start["y"])
    page.mouse.down()
    page.mouse.move(box["x"] + end["x"], box["y"] + end["y"], steps=5)
    page.mouse.up()
    told = reported(page, "told", lambda value: value and value[0] == "handle")[1]
    assert told["key"] == "best"
    assert abs(told["x"] - 1) < 0.03
    assert abs(told["y"] + 0.5) < 0.03
    canvas.click(position=place(canvas, 2, -1.5))
    assert reported(page, "told", lambda value: value[0] == "dot")[1] == {"dots": 0, "dot": 1}
    canvas.click(position=place(canvas, -2.5, -1.5))
    told = reported(page, "told", lambda value: value[0] == "spot")[1]
    assert abs(told["x"] + 2.5) < 0.03


def test_a_handle_is_carried_by_keys(open_view):
    """Taken up with M, moved with arrows, put down with Enter; what stands there is read out."""
    page = open_view("plot")
    canvas = canvas_of(page, "bowl")
    page.keyboard.press("Tab")
    canvas.focus()
    page.keyboard.press("n")
    assert "optimum" in tip(page, "bowl")
    for key in ("m", "ArrowRight", "ArrowRight", "ArrowUp", "Enter"):
        page.keyboard.press(key)
    told = reported(page, "told", lambda value: value and value[0] == "handle")[1]
    assert abs(told["x"] + 1.7) < 0.02
    assert abs(told["y"] - 1.1) < 0.02

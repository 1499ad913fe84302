"""The component `cloud` in a real browser: points that move, ways, arrows, read-out, clicks and keys."""

import numpy as np
import pytest

from engine.pictures import theme
from tests.browser.canvas_tools import CHROMIUM, canvas_of, colour_at, reported, tip

pytest_plugins = ["tests.browser.canvas_tools"]
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")]
REACH = 2.0  # as in canvas_script.show_cloud


def place(canvas, plane: int, x: float, y: float) -> dict:
    info = canvas.evaluate("c => c.neurarium")
    box, side = info["boxes"][plane], info["side"]
    return {"x": box["x"] + (x / REACH + 1) / 2 * side, "y": box["y"] + (1 - y / REACH) / 2 * side}


def near_colour(canvas, spot: dict, k: int) -> bool:
    shown = np.array(colour_at(canvas, spot["x"], spot["y"]), int)
    return np.abs(shown - theme.hex_to_rgb(theme.CLASS_COLOURS[k])).max() < 40


def seek(page, position: int) -> None:
    page.locator(".st-key-cloud-bar input[type=range]").fill(str(position))
    page.wait_for_timeout(200)


@pytest.mark.parametrize("dark", [False, True])
def test_points_are_where_they_should_be_and_move(open_view, dark):
    page = open_view("cloud", dark=dark)
    canvas = canvas_of(page, "cloud")
    for position, share in ((0, 1.0), (4, 0.6)):
        seek(page, position)
        for k, (x, y) in enumerate([(-1, 1), (1, 1), (-1, -1)]):
            assert near_colour(canvas, place(canvas, 0, share * x, share * y), k)
            assert near_colour(canvas, place(canvas, 1, share * x / 2, share * y / 2), k)
    assert not near_colour(canvas, place(canvas, 0, 1, 1), 1)  # gone from where it began
    legend = page.locator(".st-key-cloud .swatches").inner_text()
    assert all(word in legend for word in ("data", "way", "arrows", "a note"))


def test_a_click_names_point_and_frame_and_the_read_out_its_places(open_view):
    page = open_view("cloud")
    canvas = canvas_of(page, "cloud")
    seek(page, 2)
    canvas.hover(position=place(canvas, 0, 0.8, 0.8))
    words = tip(page, "cloud")
    assert "point 1" in words
    assert "at 80: (0.8, 0.8)" in words
    assert "half: (0.4, 0.4)" in words
    canvas.click(position=place(canvas, 1, -0.4, -0.4))
    reported(page, "picked", {"point": 2, "frame": 2})
    page.wait_for_timeout(300)
    assert canvas.get_attribute("data-frame") == "2"  # the rerun did not move the clock
    canvas.click(position=place(canvas, 0, 1.8, -1.8))  # nothing is there
    reported(page, "picked", {"point": 2, "frame": 2})


def test_keys_go_from_point_to_point(open_view):
    page = open_view("cloud")
    canvas = canvas_of(page, "cloud")
    page.keyboard.press("Tab")
    canvas.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert reported(page, "picked", lambda value: value is not None)["frame"] == 0


def test_a_chart_runs_with_steps_that_fall(open_view):
    page = open_view("cloud")
    chart = canvas_of(page, "falling")
    info = chart.evaluate("c => c.neurarium")
    assert (info["first"], info["end"]) == (100, 0)
    middle = (info["left"] + info["right"]) / 2
    chart.hover(position={"x": middle, "y": (info["top"] + info["bottom"]) / 2})
    assert "t 50" in tip(page, "falling")
    chart.click(position={"x": middle, "y": (info["top"] + info["bottom"]) / 2})
    page.wait_for_timeout(300)
    assert canvas_of(page, "cloud").get_attribute("data-frame") == "5"


def test_it_fits_a_phone(open_view):
    page = open_view("cloud", width=390, touch=True)
    canvas = canvas_of(page, "cloud")
    assert canvas.bounding_box()["width"] <= 390
    spot = place(canvas, 0, -1, 1)
    canvas.tap(position=spot)
    reported(page, "picked", {"point": 0, "frame": 0})

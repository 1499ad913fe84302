"""Distributions side by side in a real browser: where bars stand, read-out, picking by mouse and keys, a phone."""

import pytest

from tests.browser.canvas_tools import CHROMIUM, canvas_of, colour_at, reported, tip

pytest_plugins = ["tests.browser.canvas_tools"]
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")]


def place(canvas, column: int, at: int) -> dict:
    x, y = canvas.evaluate("(c, [column, at]) => c.neurarium.place(column, at)", [column, at])
    return {"x": x, "y": y}


def seek(page, frame: int) -> None:
    page.locator(".st-key-bins-bar input[type=range]").press("Home")
    for _ in range(frame):
        page.locator(".st-key-bins-bar input[type=range]").press("ArrowRight")
    page.wait_for_timeout(200)


@pytest.mark.parametrize("dark", [False, True])
def test_bars_stand_where_the_shares_are_and_the_clock_moves_them(open_view, dark):
    page = open_view("histograms", dark=dark)
    canvas = canvas_of(page, "bins")
    for frame in (0, 2):
        seek(page, frame)
        full, empty = (colour_at(canvas, *place(canvas, 0, at).values()) for at in (2 + frame, 4 - frame))
        assert full != empty, frame
        assert colour_at(canvas, *place(canvas, 2, 0).values()) == full, "below the axis"
        assert colour_at(canvas, *place(canvas, 2, 6).values()) == full, "above it"
        assert canvas.evaluate("c => c.neurarium.shares(0)")[2 + frame] == 1


def test_the_read_out_names_layer_bin_share_and_note(open_view):
    page = open_view("histograms")
    canvas = canvas_of(page, "bins")
    seek(page, 1)
    canvas.hover(position=place(canvas, 1, 2))
    assert tip(page, "bins").split("\n") == ["layer 2", "−1.5 to −0.5: share 50.0\u202f%", "note 1 at 1"]
    canvas.hover(position=place(canvas, 2, 6))
    assert "above 2.5: share 75.0\u202f%" in tip(page, "bins")
    canvas.hover(position=place(canvas, 3, 3))
    assert "no number: 100.0\u202f%" in tip(page, "bins")


def test_a_column_is_picked_by_mouse_and_by_keys(open_view):
    page = open_view("histograms")
    canvas = canvas_of(page, "bins")
    canvas.click(position=place(canvas, 2, 3))
    reported(page, "column", 2)
    page.keyboard.press("Tab")
    canvas.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    assert reported(page, "column", lambda value: value != 2) == canvas.evaluate("c => c.neurarium.picked()")


def test_it_fits_a_phone(open_view):
    page = open_view("histograms", width=390, touch=True)
    canvas = canvas_of(page, "bins")
    assert canvas.bounding_box()["width"] <= 390
    canvas.tap(position=place(canvas, 3, 3))
    reported(page, "column", 3)

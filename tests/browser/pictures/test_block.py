"""A batch as a block in a real browser: cells by mouse, keys and touch, what is averaged, read-out."""

import pytest

from tests.browser.canvas_tools import CHROMIUM, canvas_of, colour_at, reported, tip

pytest_plugins = ["tests.browser.canvas_tools"]
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")]


def place(canvas, *cell: int) -> dict:
    x, y = canvas.evaluate("(c, cell) => c.neurarium.place(...cell)", list(cell))
    return {"x": x, "y": y}


@pytest.mark.parametrize("dark", [False, True])
def test_cells_of_a_group_have_one_colour_and_a_click_changes_the_group(open_view, dark):
    page = open_view("block", dark=dark)
    canvas = canvas_of(page, "block")

    def colours(*cells):
        return {tuple(colour_at(canvas, *place(canvas, *cell).values())) for cell in cells}

    together, others = [(0, 0, 1), (0, 0, 3), (1, 0, 2)], [(0, 1, 1), (1, 2, 3)]
    assert len(colours(*together)) == len(colours(*others)) == 1
    assert colours(*together) != colours(*others)
    canvas.click(position=place(canvas, 1, 2, 3))
    reported(page, "cell", {"sample": 1, "channel": 2, "position": 3})
    page.wait_for_timeout(200)
    assert colours((0, 2, 1), (1, 2, 0)) != colours((0, 0, 1), (1, 1, 2))


def test_the_read_out_and_the_keys(open_view):
    page = open_view("block")
    canvas = canvas_of(page, "block")
    canvas.hover(position=place(canvas, 1, 1, 2))
    assert tip(page, "block").split("\n") == ["sample 2, channel 2", "row 2, column 1", "18"]
    page.keyboard.press("Tab")
    canvas.focus()
    for key in ("ArrowRight", "ArrowDown", "Shift+ArrowRight"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    reported(page, "cell", lambda cell: cell is not None and cell["sample"] == 1)


def test_it_fits_a_phone(open_view):
    page = open_view("block", width=390, touch=True)
    canvas = canvas_of(page, "block")
    assert canvas.bounding_box()["width"] <= 390
    canvas.tap(position=place(canvas, 1, 2, 0))
    reported(page, "cell", {"sample": 1, "channel": 2, "position": 0})

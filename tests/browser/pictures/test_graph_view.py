"""Graphs in a real browser: colours, read-out, picking by mouse, keys and finger, pulling nodes about, names."""

import itertools

import numpy as np
import pytest

from engine.pictures import theme
from engine.pictures.graph.names import LINE, below_of, frame_of, radius_of, reach_of
from tests.browser.canvas_tools import CHROMIUM, canvas_of, colour_at, reported, tip
from tests.browser.checks import Checks

pytest_plugins = ["tests.browser.canvas_tools"]
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")]


def place(canvas, node: int) -> dict:
    x, y = canvas.evaluate("(c, i) => c.neurarium.place(i)", node)
    return {"x": x, "y": y}


def off_letters(canvas, node: int) -> tuple[float, float]:
    """Inside the disc of a node, away from letters."""
    spot, radius = place(canvas, node), canvas.evaluate("c => c.neurarium.radius")
    return spot["x"], spot["y"] - 0.7 * radius


@pytest.mark.parametrize("dark", [False, True])
def test_discs_have_the_colours_of_the_answers_and_the_clock_moves_them(open_view, dark):
    page = open_view("graph", dark=dark)
    canvas = canvas_of(page, "graph")
    for frame in (0, 4):
        for node, share in enumerate(np.array([1, 0, 1, 0, 0.5]) * frame / 4):
            if node == 0:
                continue  # it is the one with a ring, and letters fill it
            plane = (theme.DARK_GROUND, theme.DARK_CLASS_STRENGTH) if dark else ()
            wanted = theme.class_mixture(np.array([round(255 * share), 255 - round(255 * share)]) / 255, *plane)
            shown = colour_at(canvas, *off_letters(canvas, node))
            assert np.abs(np.array(shown, int) - wanted.astype(int)).max() <= 3, (frame, node)
        page.locator(".st-key-graph-bar input[type=range]").press("End")
        page.wait_for_timeout(200)
    line = canvas_of(page, "line")
    spread = place(line, 4)["x"] - place(line, 0)["x"]
    page.locator(".st-key-graph-bar input[type=range]").press("Home")
    page.wait_for_timeout(200)
    assert (place(line, 4)["x"] - place(line, 0)["x"]) / spread == pytest.approx(1 / 5, rel=0.02)
    assert place(canvas, 1)["x"] - place(canvas, 0)["x"] == pytest.approx(
        place(canvas, 3)["y"] - place(canvas, 0)["y"], rel=0.01
    )


def test_a_click_picks_in_both_views_and_a_read_out_says_who_it_is(open_view):
    page = open_view("graph")
    canvas, line = canvas_of(page, "graph"), canvas_of(page, "line")
    canvas.hover(position=place(canvas, 0))
    assert tip(page, "graph").split("\n") == ["Node Ada", "answer: right 1 · left 0", "truth: left · label given"]
    canvas.hover(position=place(canvas, 4))
    assert "truth" not in tip(page, "graph")  # nobody knows
    canvas.click(position=place(canvas, 1))
    reported(page, "node", 1)
    assert [view.evaluate("c => c.neurarium.picked()") for view in (canvas, line)] == [1, 1]
    ends = [place(canvas, node) for node in (1, 2)]
    shown = colour_at(canvas, ends[0]["x"], 0.75 * ends[0]["y"] + 0.25 * ends[1]["y"])
    assert shown[2] > shown[0] + 60  # its edge is drawn in the primary colour
    line.click(position=place(line, 3))
    reported(page, "node", 3)


def test_keys_walk_to_the_nearest_node_and_pick_it(open_view):
    page = open_view("graph")
    canvas = canvas_of(page, "graph")
    page.keyboard.press("Tab")
    canvas.focus()
    for key, name in (("ArrowRight", "Bob"), ("ArrowDown", "Cem"), ("ArrowLeft", "Dora"), ("ArrowUp", "Ada")):
        page.keyboard.press(key)
        assert f"Node {name}" in tip(page, "graph")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    reported(page, "node", 3)


def test_a_node_is_pulled_and_stays_there_over_a_rerun_without_one(open_view):
    page = open_view("graph")
    canvas = canvas_of(page, "graph")
    start, box = place(canvas, 4), canvas.bounding_box()
    page.mouse.move(box["x"] + start["x"], box["y"] + start["y"])
    page.mouse.down()
    page.mouse.move(box["x"] + start["x"] + 50, box["y"] + start["y"] + 20, steps=5)
    page.mouse.up()
    moved = place(canvas, 4)
    assert moved["x"] - start["x"] == pytest.approx(50, abs=2)
    assert moved["y"] - start["y"] == pytest.approx(20, abs=2)
    reported(page, "node", None)  # pulling is not picking
    canvas.click(position=place(canvas, 2))
    reported(page, "node", 2)
    assert place(canvas, 4) == pytest.approx(moved, abs=0.5)
    assert place(canvas_of(page, "line"), 4)["y"] == pytest.approx(place(canvas_of(page, "line"), 0)["y"], abs=0.5)


def test_a_finger_picks(open_view):
    page = open_view("graph", width=390, touch=True)
    canvas = canvas_of(page, "graph")
    box, spot = canvas.bounding_box(), place(canvas, 2)
    page.touchscreen.tap(box["x"] + spot["x"], box["y"] + spot["y"])
    reported(page, "node", 2)


def test_two_thousand_nodes_are_drawn_and_read(open_view):
    page = open_view("big_graph")
    canvas = canvas_of(page, "big")
    x = np.random.default_rng(0).normal(size=(2000, 2)).astype(np.float32)[:, 0]
    lowest = int(x.argmin())
    canvas.hover(position=place(canvas, lowest))
    assert f"Node {lowest + 1}" in tip(page, "big")
    assert tip(page, "big").split("\n")[1] == f"x −{abs(float(x[lowest])):.4g}"
    wanted = theme.colourise(np.array([x[lowest]]), "signed", -float(np.abs(x).max()), float(np.abs(x).max()))[0]
    spot = place(canvas, lowest)
    assert np.abs(np.array(colour_at(canvas, spot["x"], spot["y"]), int) - wanted.astype(int)).max() <= 3


LETTERS = {"letters": "Alexandria Bartholomew", "han": "欧阳修司马光诸葛亮上官婉儿东方朔西门豹公孙胜慕"[:22]}
COUNTS = (3, 10, 40)


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_names_and_rings_are_whole_and_hide_nothing(open_view, width, dark):
    counts = ",".join(map(str, COUNTS))
    page = open_view(f"named_graph&count={counts}&letters={','.join(LETTERS.values())}", width=width, dark=dark)
    with Checks(f"graphs with names, {width} pixels, {'dark' if dark else 'light'}") as check:
        for count in COUNTS:
            for at, kind in enumerate(LETTERS):
                with check(f"{count} nodes, {kind}"):
                    assert_whole(canvas_of(page, f"named-{count}-{at}"), count)


def assert_whole(canvas, count: int) -> None:
    wide, radius = canvas.evaluate("c => [parseFloat(c.style.width), c.neurarium.radius]")
    spots = [(place(canvas, node)["x"], place(canvas, node)["y"]) for node in range(count)]
    names = canvas.evaluate("c => c.neurarium.names()")
    for node, (x, y) in enumerate(spots):
        reach = reach_of(radius, node % 3 == 0)
        assert reach <= x <= wide - reach
        assert reach <= y <= 320 - reach
    for name in names:
        assert name["half"] <= name["x"] <= wide - name["half"]
        assert LINE / 2 <= name["y"] <= 320 - LINE / 2
        for node, (x, y) in enumerate(spots):
            across, down = max(0, abs(name["x"] - x) - name["half"]), max(0, abs(name["y"] - y) - LINE / 2)
            ring = (
                below_of(radius, node % 3 == 0) - 2 if node == name["node"] else radius + (4.5 if node % 3 == 0 else 1)
            )
            assert np.hypot(across, down) >= ring - 0.01
    for one, other in itertools.combinations(names, 2):
        assert abs(one["x"] - other["x"]) >= one["half"] + other["half"] or abs(one["y"] - other["y"]) >= LINE - 0.01
    assert len(names) >= {3: 3, 10: 8, 40: 8}[count]  # more have no room among so many discs
    assert count == 40 or 0 in [name["node"] for name in names]  # the picked one; of 40 it lies in the thick of them
    # Nothing is painted on the outermost pixels: whatever reached beyond them would be.
    edge = canvas.evaluate("""c => {
        const paper = c.getContext('2d'), w = c.width, h = c.height;
        const sides = [[0, 0, w, 1], [0, h - 1, w, 1], [0, 0, 1, h], [w - 1, 0, 1, h]];
        return sides.map((side) => paper.getImageData(...side).data.filter((_, i) => i % 4 === 3).some(Boolean)); }""")
    assert edge == [False] * 4


def test_the_canvas_and_the_file_put_nodes_at_the_same_spots_and_those_in_one_point_into_the_middle(open_view):
    page = open_view(f"named_graph&count={','.join(map(str, COUNTS))}")
    with Checks("graphs with numbers") as check:
        for count in COUNTS:
            with check(f"{count} nodes"):
                assert_as_in_the_file(canvas_of(page, f"named-{count}-0"), count)
        with check("nodes in one point"):
            assert_in_the_middle(canvas_of(page, "point-3"))


def assert_as_in_the_file(canvas, count: int) -> None:
    size = canvas.evaluate("c => parseFloat(c.style.width)"), 320
    angle = np.arange(count) * 2.4
    places = np.stack([np.cos(angle), np.sin(angle)], -1) * np.sqrt(np.arange(count) + 1)[:, None]
    radius = radius_of(count, *size, plane=False)
    assert canvas.evaluate("c => c.neurarium.radius") == pytest.approx(radius)
    spots = frame_of(places, size, plane=False, radius=radius, known=True).spots(places)
    shown = [list(place(canvas, node).values()) for node in range(count)]
    np.testing.assert_allclose(shown, spots, atol=0.01)
    assert canvas.evaluate("c => c.neurarium.names()") == []  # numbers stand inside


def assert_in_the_middle(canvas) -> None:
    wide = canvas.evaluate("c => parseFloat(c.style.width)")
    for node in range(3):
        assert list(place(canvas, node).values()) == pytest.approx([wide / 2, 160], abs=0.01)
    marks = canvas.evaluate("c => c.neurarium.marks()")
    assert {text for text, *_ in marks} <= {"−1", "−0.5", "0", "0.5", "1"}
    (zero,) = [at for text, at, axis in marks if (text, axis) == ("0", "x")]
    assert zero == pytest.approx(wide / 2, abs=0.01)


def test_a_node_cannot_be_pulled_out_of_the_picture(open_view):
    page = open_view("graph")
    canvas = canvas_of(page, "graph")
    start, box = place(canvas, 4), canvas.bounding_box()
    page.mouse.move(box["x"] + start["x"], box["y"] + start["y"])
    page.mouse.down()
    page.mouse.move(box["x"] + 1, box["y"] + 1, steps=5)
    page.mouse.up()
    reach = reach_of(canvas.evaluate("c => c.neurarium.radius"), True)
    assert list(place(canvas, 4).values()) == pytest.approx([reach, reach], abs=0.01)

"""What a mouse can do on a canvas, keys can: each kind of canvas with made-up arrays of known places and values."""

import re
from itertools import pairwise

import numpy as np
import pytest

from tests.browser.canvas_tools import CHROMIUM, canvas_of, reported, tip

pytest_plugins = ["tests.browser.canvas_tools"]
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")]


def press(page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def spoken(page, key: str, wanted: str) -> None:
    """Waits until the live region of a canvas says it."""
    page.locator(f".st-key-{key} .spoken[role=status]", has_text=re.compile(wanted)).wait_for(state="attached")


def test_a_point_is_found_carried_and_put_down(open_view):
    page = open_view("points")
    canvas_of(page, "editor").focus()
    press(page, "ArrowRight", "n")
    assert "class 0" in tip(page, "editor")  # the first point, at -0.5, -0.5
    press(page, "m", "ArrowRight", "ArrowRight", "ArrowUp", "Enter")  # a step is a fortieth of the plane: 0.05
    reported(page, "points", [[-0.4, -0.45, 0], [0.5, 0.5, 1]])
    press(page, "n")
    assert "class 1" in tip(page, "editor")
    press(page, "m", "Shift+ArrowLeft", "m")
    reported(page, "points", [[-0.4, -0.45, 0], [0.25, 0.5, 1]])
    press(page, "m", "ArrowDown", "Escape")  # let go: back to where it was
    press(page, "Shift+N")
    assert "class 0" in tip(page, "editor")
    press(page, "Delete")
    reported(page, "points", [[0.25, 0.5, 1]])


def test_weights_are_walked_from_the_strongest_and_chosen(open_view):
    page = open_view("network")
    neurons = (3, 6, 4, 2)
    rng = np.random.default_rng(3)  # as `training` of canvas_script.py draws them: at frame 0 those of the start
    weights = []
    for a, b in pairwise(neurons):
        weights.append(rng.normal(size=(2, b, a))[0].astype(np.float32))
        rng.normal(size=b)  # the biases
    canvas_of(page, "net").focus()
    press(page, "ArrowDown", "ArrowUp", "ArrowRight", "ArrowRight")  # from the first input to the second hidden layer
    reached = re.search(r"hidden 2 · neuron (\d)", tip(page, "net"))
    into = weights[1][int(reached.group(1)) - 1]  # (inputs,) of that neuron
    order = sorted(range(len(into)), key=lambda k: -abs(into[k]))
    for k in order[:3]:
        press(page, "w")
        assert f"neuron {k + 1} → neuron {reached.group(1)}" in tip(page, "net")
    press(page, "Shift+W", "Enter")
    event = reported(page, "event", lambda event: event and event["kind"] == "edge")
    assert (event["layer"], event["to"], event["from"]) == (2, int(reached.group(1)) - 1, order[1])
    press(page, "ArrowRight")  # an arrow leads back to the neuron
    assert f"hidden 2 · neuron {reached.group(1)}" in tip(page, "net")


def test_a_node_is_carried_and_stays_where_it_was_put(open_view):
    page = open_view("graph")
    canvas = canvas_of(page, "graph")
    start = canvas.evaluate("c => c.neurarium.place(4)")
    other = canvas.evaluate("c => c.neurarium.place(0)")
    canvas.focus()
    press(page, "ArrowDown")
    page.keyboard.press("Shift+N")
    for _ in range(5):
        if "Node Eli" in tip(page, "graph"):
            break
        press(page, "n")
    assert "Node Eli" in tip(page, "graph")
    press(page, "m", "ArrowRight", "ArrowRight", "Shift+ArrowDown", "m", "ArrowUp")
    moved = canvas.evaluate("c => c.neurarium.place(4)")
    assert moved == pytest.approx([start[0] + 16, start[1] + 40], abs=0.5)
    assert canvas.evaluate("c => c.neurarium.place(0)") == pytest.approx(other, abs=0.5)
    press(page, "Enter")  # now the arrows walk again, and Enter picks
    assert reported(page, "node", lambda node: node is not None) != 4


def test_pages_of_pictures_and_moments_of_a_clock(open_view):
    page = open_view("pixels")
    canvas_of(page, "tiles").focus()
    press(page, "ArrowRight", "PageDown")
    assert "grey bytes" in tip(page, "tiles")
    press(page, "PageUp", "PageUp")
    assert "one is missing" in tip(page, "tiles")
    page = open_view("scrubber")
    canvas = canvas_of(page, "scrub")
    canvas.focus()
    press(page, "ArrowRight", ".", ".", ".")
    assert canvas.get_attribute("data-frame") == "3"
    assert canvas_of(page, "twin").get_attribute("data-frame") == "3", "all on the clock follow"
    spoken(page, "scrub", r"^30\b")  # frame k has the level 10 k
    press(page, ",")
    assert canvas.get_attribute("data-frame") == "2"


def test_nothing_is_read_out_while_only_time_passes(open_view):
    page = open_view("live")
    canvas_of(page, "live_pixels").focus()
    press(page, "ArrowRight")
    page.wait_for_timeout(300)
    page.evaluate(
        """() => {
            window.heard = [];
            for (const host of document.querySelectorAll('.st-key-live_pixels *')) for (const part of host.shadowRoot?.querySelectorAll('[role=status]') ?? [])
                new MutationObserver(() => heard.push(part.textContent)).observe(part, {childList: true, characterData: true, subtree: true});
        }"""  # noqa: E501 - JavaScript
    )
    first = canvas_of(page, "live_pixels").get_attribute("data-frame")
    page.wait_for_timeout(1200)
    assert canvas_of(page, "live_pixels").get_attribute("data-frame") != first, "frames go by"
    assert page.evaluate("heard") == []

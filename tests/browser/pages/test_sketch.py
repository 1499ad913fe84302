"""A reader draws what they expect in the place of the picture, with the mouse, a finger or keys; or chooses instead."""

import pytest

from engine.contracts.lesson import lesson_steps
from engine.pictures.sketch.sketches import CurveSketch
from tests.browser.expectations import TOPICS

DRAWN = [(slug, step) for slug, topic in TOPICS.items() for step in lesson_steps(topic) if step.sketch is not None]
FORMS = {type(step.sketch): (slug, step) for slug, step in DRAWN}  # one of each form
BOX = "canvas => canvas.neurarium.box"


def board_of(visitor):
    canvas = visitor.page.locator("canvas.sketch")
    canvas.wait_for()
    visitor.settle()
    return canvas


@pytest.mark.parametrize(("width", "height", "touch"), [(1280, 800, False), (390, 844, True)], ids=["desktop", "phone"])
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_it_is_drawn(visit, form, width, height, touch):
    slug, step = FORMS[form]
    visitor = visit(f"/{slug}?view.lesson={step.name}", size=(width, height), touch=touch, panel="", fresh=True)
    canvas, run = board_of(visitor), visitor.page.locator("button.run")
    assert run.is_disabled(), "nothing is drawn yet"
    canvas.scroll_into_view_if_needed()
    at, box = canvas.bounding_box(), canvas.evaluate(BOX)
    across = lambda share: at["x"] + box["left"] + share * (box["right"] - box["left"])  # noqa: E731
    down = lambda share: at["y"] + box["top"] + share * (box["bottom"] - box["top"])  # noqa: E731
    visitor.page.mouse.move(across(0.1), down(0.5))
    visitor.page.mouse.down()
    visitor.page.mouse.move(across(0.9), down(0.6), steps=6)
    visitor.page.mouse.up()
    visitor.until(run.is_enabled, "it can be run")
    if touch:
        assert run.bounding_box()["height"] >= 44
    run.click()
    card = visitor.page.locator(".nv.step")
    visitor.until(lambda: card.locator(".told").count(), "it is told", patience=60)
    assert "predicted. " in card.locator(".mark").inner_text(), "and how far it was from that"
    assert canvas.count() == 0
    assert not visitor.scrolls_sideways()


def test_it_is_drawn_by_keys_or_chosen(visit):
    slug, step = FORMS[CurveSketch]
    visitor = visit(f"/{slug}?view.lesson={step.name}", panel="", fresh=True)
    canvas, run = board_of(visitor), visitor.page.locator("button.run")
    canvas.press("ArrowUp")
    for _ in range(3):
        canvas.press("ArrowRight")
    visitor.until(run.is_enabled, "it can be run")
    run.locator("..").locator("button[data-act=clear]").click()  # the pad of a page may have one, too
    visitor.until(run.is_disabled, "it is empty again")
    card = visitor.page.locator(".nv.step")
    assert not card.locator(".choice").first.is_visible()
    card.locator("summary").click()
    card.locator(".choice").first.click()
    visitor.until(lambda: canvas.count() == 0, "it runs")

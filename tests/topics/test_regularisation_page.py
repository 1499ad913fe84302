"""The page of regularisation without a browser: views, bad pixels, masks, handles, what stands in the link."""

from functools import partial

import pytest

from engine.topics.regularisation.card import Config
from engine.topics.regularisation.pixel import run as run_pixel
from engine.topics.regularisation.pixel import worst_pixels
from tests.visitor import link


@pytest.fixture
def reader(readers):
    """reader(query, locale) -> a visitor on the page."""
    return partial(readers, "regularisation")


def test_a_training_is_still_there_after_a_look_elsewhere(reader):
    visitor = reader("width=16&until=60&steps=60&data=moons")
    for _ in range(400):
        if visitor.tick() is None:
            break
    assert "<b>60</b>" in visitor.status()
    visitor.touch("regularisation-view", "pick", 1)
    assert visitor.find("regularisation-corner0")
    assert link(visitor)["view"] == "geometry"
    visitor.touch("regularisation-view", "pick", 0)
    assert link(visitor)["steps"] == "60"
    assert "<b>60</b>" in visitor.status()


def test_pixels_are_spoiled_by_clicks_and_buttons_and_repaired(reader):
    visitor = reader("view=pixel")
    visitor.touch("regularisation-pixels", "cell", {"tile": 2, "row": 2, "column": 3})
    assert link(visitor)["view.bad"] == "59"
    worst = worst_pixels(run_pixel(Config(view="pixel")), 0, 0, 1)[0]
    visitor.press("regularisation:worst1")
    assert link(visitor)["view.bad"] == f"59.{worst}"
    visitor.touch("regularisation-pixels", "cell", {"tile": 0, "row": 2, "column": 3})
    assert link(visitor)["view.bad"] == str(worst)
    visitor.press("regularisation:another")
    assert "view.bad" not in link(visitor)
    assert link(visitor)["view.digit"] == "37"
    visitor.touch("regularisation-small", "pick", 1)
    assert link(visitor)["view.small"] == "0"


def test_masks_and_strengths_are_chosen(reader):
    visitor = reader("view=masks&points=20")
    before = visitor.data("regularisation-network")[0]["layers"]
    visitor.press("regularisation:mask")
    assert link(visitor)["view.mask"] == "1"
    assert visitor.data("regularisation-network")[0]["layers"] != before
    visitor = reader("view=folds&points=20&folds=2")
    visitor.touch("regularisation-folds", "dot", {"dots": 1, "dot": 8})
    assert link(visitor)["view.alpha_shown"] == "1"


def test_the_page_in_chinese(reader):
    visitor = reader("view=descent&examples=40", locale="zh-CN")
    assert "随机特征" in str(visitor.data("regularisation-descent")[0]["xLabel"])

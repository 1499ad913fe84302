"""The page "Regularisation" where it takes a browser: training, dragging, spoiling pixels, a phone."""

from engine.topics.regularisation.card import Config
from engine.topics.regularisation.run import run


def test_training_makes_zeros_and_the_link_brings_it_back(visit):
    visitor = visit("/regularisation?method=l1&width=16&until=100")
    visitor.canvas("regularisation-weights")
    visitor.button("regularisation:play").click()
    visitor.until(lambda: visitor.step() == 100, "trained", patience=60)
    visitor.settle()
    zeros = visitor.status()[-1]
    assert zeros == int(run(Config(method="l1", width=16, until=100, steps=100)).zeros[-1]) > 0
    visitor.open("/regularisation?method=l1&width=16&until=100&steps=100")
    visitor.until(lambda: visitor.step() == 100, "the link brings the run back", patience=60)
    assert visitor.status()[-1] == zeros


def test_the_optimum_is_dragged_and_the_strength_too(visit):
    visitor = visit("/regularisation?view=geometry")
    canvas = visitor.canvas("regularisation-corner0")
    canvas.focus()
    before = visitor.picture("regularisation-corner1")
    visitor.page.keyboard.press("m")
    for _ in range(6):
        visitor.page.keyboard.press("ArrowLeft")
    visitor.page.keyboard.press("Enter")
    visitor.until(lambda: float(visitor.query.get("optimum_x", 1.2)) < 1.2, "the optimum moved")
    visitor.until(lambda: visitor.picture("regularisation-corner1") != before, "both planes follow")
    visitor.canvas("regularisation-coefficients0").focus()
    visitor.page.keyboard.press("m")
    for _ in range(4):
        visitor.page.keyboard.press("ArrowRight")
    visitor.page.keyboard.press("Enter")
    visitor.until(lambda: float(visitor.query.get("alpha", 0.8)) > 0.8, "the strength grew")


def test_a_pixel_on_a_phone_in_chinese(visit):
    visitor = visit("/regularisation?view=pixel", size=(390, 844), touch=True, theme="dark", locale="zh-CN")
    assert visitor.title == "正则化"
    assert not visitor.scrolls_sideways()
    box = visitor.canvas("regularisation-pixels").bounding_box()
    visitor.page.touchscreen.tap(box["x"] + 60, box["y"] + 60)
    visitor.until(lambda: "view.bad" in visitor.query, "a pixel was spoiled by a finger")
    visitor.button("regularisation:clean").click()
    visitor.until(lambda: "view.bad" not in visitor.query, "and repaired")

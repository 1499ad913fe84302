"""The page of kNN, SVM and softmax where it takes a browser: training, picking, a dragged row, own points."""

import pytest

from engine.data.points import decode_points
from engine.topics.linear_classifiers import explain, run
from engine.topics.linear_classifiers.card import Config, parse_edits

REACH = 1.25  # of the picture of the weight rows, over the longest weight


def test_both_are_trained_a_point_is_chosen_and_a_row_is_dragged(visit):
    visitor = visit("/linear_classifiers?until=50")
    before = visitor.picture("linear-classifiers-svm")
    visitor.key("linear_classifiers:speed").get_by_text("Fast").click()
    visitor.button("linear_classifiers:play").click()
    visitor.until(lambda: visitor.step() == 50, "trained", patience=60)
    visitor.settle()
    assert visitor.picture("linear-classifiers-svm") != before
    visitor.click_plane("linear-classifiers-softmax", -1.5, 0.75)
    at = explain.nearest_point(Config(), (-1.5, 0.75))
    visitor.until(lambda: f"Point {at + 1} (" in visitor.words, "the nearest point, term by term")
    snapshot = run.run(Config(until=50, steps=50)).snapshot
    made = explain.explain_point(Config(until=50, steps=50), snapshot, at)
    assert f"{made.cross_entropy:.3g}" in visitor.words
    visitor.page.get_by_text("Weight rows", exact=True).click()
    canvas = visitor.canvas("linear-classifiers-rows")
    canvas.scroll_into_view_if_needed()
    visitor.settle()
    box = canvas.evaluate("c => c.neurarium.box")
    reach = REACH * max(float(abs(snapshot.values["weights"][0]).max()), 0.5)
    x, y = (float(one) for one in snapshot.values["weights"][0][0])
    outer = canvas.bounding_box()

    def place(x: float, y: float) -> tuple[float, float]:
        return (outer["x"] + box["x"] + (x + reach) / (2 * reach) * box["w"],
                outer["y"] + box["y"] + (reach - y) / (2 * reach) * box["h"])  # fmt: skip

    visitor.page.mouse.move(*place(x, y))
    visitor.page.mouse.down()
    losses = visitor.page.locator("table", has_text="W of the SVM").first
    stood = losses.inner_text()
    visitor.page.mouse.move(*place(x / 4, -y / 4), steps=4)
    visitor.until(lambda: losses.inner_text() != stood, "both losses follow the row")
    visitor.page.mouse.move(*place(x / 2, -y / 2), steps=4)
    visitor.page.mouse.up()
    visitor.until(lambda: "edits" in visitor.query, "the row is set by hand")
    visitor.until(lambda: "view.carried" not in visitor.query, "nothing is in the hand any more")
    (step, model, row, _, across), (*_, upwards) = parse_edits(visitor.query["edits"])
    assert (step, model, row) == (50, "svm", 0)
    assert (across, upwards) == pytest.approx((x / 2, -y / 2), abs=0.05)


def test_a_row_is_carried_by_keys_and_taken_back(visit):
    visitor = visit("/linear_classifiers?view.look=rows")
    losses = visitor.page.locator("table", has_text="W of the SVM").first
    canvas = visitor.canvas("linear-classifiers-rows")
    visitor.settle()
    stood = losses.inner_text()
    canvas.focus()
    for key in ("n", "m", *["Shift+ArrowRight"] * 2):
        visitor.page.keyboard.press(key)
    visitor.until(lambda: "view.carried" in visitor.query, "it is in the hand")
    visitor.until(lambda: losses.inner_text() != stood, "both losses follow the row under the keys")
    visitor.page.keyboard.press("Escape")
    visitor.until(lambda: losses.inner_text() == stood, "they are again those of the row where it was")


def test_neighbours_are_joined_to_the_spot_and_own_points_are_drawn(visit):
    visitor = visit("/linear_classifiers?method=neighbours")
    before = visitor.picture("linear-classifiers-plane")
    visitor.click_plane("linear-classifiers-plane", -1.0, -1.0)
    visitor.until(lambda: visitor.query.get("view.x1") is not None, "the spot")
    assert float(visitor.query["view.x1"]) == pytest.approx(-1, abs=0.03)
    visitor.until(lambda: visitor.picture("linear-classifiers-plane") != before, "its neighbours")
    assert visitor.page.locator("table.messages tr").count() == 6
    visitor.page.get_by_text("Which k?", exact=True).click()
    visitor.until(lambda: "Best by cross-validation" in visitor.words, "every k was tried")
    visitor.open("/linear_classifiers?method=kernel&data=own&classes=2")
    for x, y in ((-1.0, 1.0), (1.5, -0.5)):
        visitor.click_plane("linear-classifiers-plane", x, y)
    visitor.until(lambda: len(visitor.query.get("points", "")) == 10, "two points")
    assert [point[2] for point in decode_points(visitor.query["points"])] == [0, 0]


def test_chinese_on_a_phone(visit):
    visitor = visit("/linear_classifiers?data=digits&learning_rate=0.3", size=(390, 844), touch=True, theme="dark",
                    locale="zh-CN")  # fmt: skip
    assert visitor.title == "k 近邻、SVM 与 softmax"
    assert not visitor.scrolls_sideways()
    visitor.page.get_by_text("答错的", exact=True).click()
    visitor.until(lambda: "个留出的数字里有" in visitor.words, "what is named wrongly")
    assert not visitor.scrolls_sideways()


def test_names_of_choices_and_switches_are_written_whole(visit):
    visitor = visit("/linear_classifiers?method=neighbours&metric=l2_squared")
    select = visitor.key("linear_classifiers.metric").locator("select")
    size, title = select.evaluate("one => [parseFloat(getComputedStyle(one).fontSize), one.title]")
    assert 12 <= size < 14, "smaller, so that it fits"
    assert title == ""
    select.select_option(index=0)
    visitor.until(lambda: select.evaluate("one => getComputedStyle(one).fontSize") == "14px", "room enough again")
    label = visitor.key("linear_classifiers.weighted").locator("p")
    assert label.evaluate("one => one.parentElement.scrollWidth <= one.parentElement.clientWidth")


def test_the_class_of_own_points_stays_as_chosen(visit):
    for method in ("linear", "neighbours", "kernel"):
        visitor = visit(f"/linear_classifiers?data=own&method={method}")
        plane = "linear-classifiers-svm" if method == "linear" else "linear-classifiers-plane"
        visitor.key(plane).locator("[data-class='1']").click()
        for x in (-1.0, 0.5, 1.5):
            visitor.click_plane(plane, x, 1.0)
        visitor.until(lambda visitor=visitor: len(visitor.query.get("points", "")) == 15, "three points")
        visitor.settle()
        assert [point[2] for point in decode_points(visitor.query["points"])] == [1, 1, 1]
        assert visitor.key(plane).locator("[data-class='1']").get_attribute("aria-pressed") == "true"

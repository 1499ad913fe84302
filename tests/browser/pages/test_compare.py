"""Pin a run, change something, see both; by link. Every page compares in test_desktop.py and test_phone.py."""

import re

import pytest

from engine.contracts.topic import catalogue
from engine.topics.mlp.card import Config
from tests.browser.expectations import TOPICS, link, telling_presets

MLP = catalogue()["mlp"]


def pins_of(visitor) -> list[str]:
    """The pinned runs that the address holds."""
    from urllib.parse import parse_qs, urlsplit

    return parse_qs(urlsplit(visitor.page.url).query, keep_blank_values=True).get("pin", [])


def pin(visitor, count: int) -> None:
    """Press Pin and wait until the address holds so many."""
    visitor.button("pin").click()
    visitor.until(lambda: len(pins_of(visitor)) == count, f"{count} pinned runs in the address")
    visitor.settle()


def open_compare(visitor, name: str = "Compare") -> None:
    visitor.page.get_by_role("tab", name=name).click()
    visitor.settle()


def to_compare(visitor) -> None:
    """By the button that Pin leaves beside itself: the tab opens and stands in the window."""
    visitor.button("to-compare").click()
    visitor.settle()
    visitor.until(lambda: is_in_window(visitor), "the tab in the window")


def is_in_window(visitor) -> bool:
    """Whether Compare is open and its tab, with the list of runs below it, stands in the window."""
    tab, height = visitor.page.get_by_role("tab", name=re.compile("Compare|对比")), visitor.page.viewport_size["height"]
    if tab.get_attribute("aria-selected") != "true" or (listed := visitor.key("compare-runs").bounding_box()) is None:
        return False
    return tab.bounding_box()["y"] >= 0 and listed["y"] + listed["height"] <= height


def rows(visitor, table: str) -> dict[str, list[str]]:
    """A table of the tab: first cell -> the others."""
    found = visitor.page.locator(f".compared[aria-label='{table}'] tr")
    cells = [row.locator("td").all_inner_texts() for row in found.all()]
    return {row[0].split("\n")[0]: row[1:] for row in cells if row}


def plain(text: str) -> float:
    return float(re.sub(r"[(),\u202f]", "", text).replace("−", "-"))


def test_a_run_is_pinned_and_compared_with_the_next(visit):
    first, second = (
        Config(data="xor", layers=(4,), steps=60),
        Config(data="xor", layers=(4,), steps=60, optimizer="sgd"),
    )
    visitor = visit(link("mlp", first))
    visitor.until(lambda: visitor.step() == 60, "the steps of the link")
    pin(visitor, 1)
    assert pins_of(visitor) == ["mlp~data~xor~layers~4~steps~60"]
    visitor.key("mlp.noise").locator("input[type=range]").focus()
    for _ in range(7):  # from 0.05 to 0.4
        visitor.page.keyboard.press("ArrowRight")
    visitor.until(lambda: visitor.query.get("noise") == "0.4", "the noise in the address")
    open_compare(visitor)
    assert rows(visitor, "Knobs that differ") == {"Noise": ["0.05", "0.4"], "Steps trained": ["60", "0"]}
    visitor.until(lambda: rows(visitor, "Numbers"), "the numbers of both")
    assert all("(" not in cell for row in rows(visitor, "Numbers").values() for cell in row), (
        "other data: no difference"
    )
    assert (
        visitor.key("mlp-tab").get_by_text("Not comparable: Pin 1 and Now look at different data (Noise).").is_visible()
    )

    # The same steps again: then nothing but the optimiser differs, and the numbers are those of the engine.
    visitor.open(link("mlp", second) + "&pin=mlp~data~xor~layers~4~steps~60")
    to_compare(visitor)
    visitor.until(lambda: rows(visitor, "Numbers"), "the numbers of both")
    assert rows(visitor, "Knobs that differ") == {"Optimiser": ["Adam", "SGD"]}
    assert "Not comparable" not in visitor.words
    one, other = (MLP.load(MLP.run)(config) for config in (first, second))
    for name in ("train_loss", "test_accuracy", "offset"):
        before, now = (float(getattr(made, name).flatten()[-1]) for made in (one, other))
        pinned, present = rows(visitor, "Numbers")[name]
        value, difference = pinned.split()
        assert plain(value) == pytest.approx(before, rel=1e-3, abs=1e-4)
        assert plain(present) == pytest.approx(now, rel=1e-3, abs=1e-4)
        assert plain(difference) == pytest.approx(now - before, rel=6e-3, abs=1e-5)
    assert visitor.canvas("mlp-compare-0").is_visible()
    assert visitor.picture("mlp-compare-0") != visitor.picture("mlp-compare-1")
    legend = visitor.key("mlp-compare-chart").locator(".legendtext").all_text_contents()
    assert legend == ["Pin 1 · train", "Pin 1 · test", "Now · train", "Now · test"]


def test_pinned_runs_stay_over_page_changes_and_are_gone_back_to(visit):
    visitor = visit("/mlp?data=moons&layers=3&steps=40")
    visitor.until(lambda: visitor.step() == 40, "the steps of the link")
    pin(visitor, 1)
    (name, _), *_ = telling_presets(TOPICS["cnn"])
    visitor.page.locator("[data-testid=stTopNavSection]", has_text=TOPICS["cnn"].group).click()
    visitor.page.locator("[data-testid=stTopNavDropdownLink]", has_text=TOPICS["cnn"].title).click()
    visitor.until(lambda: visitor.title == TOPICS["cnn"].title, "the other page")
    visitor.settle()
    assert pins_of(visitor) == ["mlp~data~moons~layers~3~steps~40"]
    pin(visitor, 2)
    visitor.preset("cnn", name)
    open_compare(visitor)
    list_of_runs = visitor.key("compare-runs")
    visitor.until(lambda: TOPICS["mlp"].title in list_of_runs.locator(".runs").inner_text(), "the list of runs")
    assert list_of_runs.get_by_role("button", name="Go back to this").count() == 1
    visitor.page.get_by_role("link", name="Open Pin 1 on its page").click()
    visitor.settle()
    visitor.until(lambda: visitor.step() == 40, "the pinned run on its page")
    assert {"data": "moons", "layers": "3", "steps": "40"}.items() <= visitor.query.items()

    visitor.preset("mlp", "Hills")
    visitor.until(lambda: visitor.query["data"] == "hills", "the preset")
    open_compare(visitor)
    visitor.key("compare-runs").get_by_role("button", name="Go back to this: Pin 1").click()
    visitor.until(lambda: visitor.query.get("steps") == "40" and visitor.step() == 40, "the pinned run again")
    assert visitor.widget("mlp", next(k for k in Config.__knobs__ if k.name == "data")) == "Moons"
    visitor.key("compare-runs").get_by_role("button", name="Remove: Pin 2").click()
    visitor.until(lambda: pins_of(visitor) == ["mlp~data~moons~layers~3~steps~40"], "one pinned run in the address")


def test_a_link_brings_pinned_runs_to_a_fresh_browser_and_only_there(visit):
    path = "/mlp?layers=5&pin=mlp~data~xor~layers~2~steps~900&pin=gnn~steps~7"
    visitor = visit(path, fresh=True)
    open_compare(visitor)
    visitor.until(lambda: rows(visitor, "Numbers"), "the pinned run, computed here", 60)
    made = MLP.load(MLP.run)(Config(data="xor", layers=(2,), steps=900))
    value = rows(visitor, "Numbers")["test_loss"][0].split()[0]
    assert plain(value) == pytest.approx(float(made.test_loss[-1]), rel=1e-3)
    visitor.page.reload()
    visitor.settle()
    assert pins_of(visitor) == ["mlp~data~xor~layers~2~steps~900", "gnn~steps~7"]
    other = visit("/mlp?layers=5", fresh=True)
    assert pins_of(other) == []
    open_compare(other)
    assert "Press Pin" in other.words
    assert other.key("compare-runs").count() == 0


def test_a_fifth_run_asks_which_one_it_may_replace(visit):
    four = [f"mlp~data~xor~layers~{size}" for size in (1, 2, 3, 4)]
    visitor = visit("/mlp?data=moons&" + "&".join(f"pin={one}" for one in four))
    visitor.button("pin").click()
    (asked,) = visitor.until(visitor.alerts, "the question")
    assert "4 runs are pinned" in asked
    assert pins_of(visitor) == four
    visitor.key("pins-full").get_by_role("button").nth(1).click()
    visitor.until(lambda: pins_of(visitor) == [four[0], four[2], four[3], "mlp~data~moons"], "the second replaced")
    assert visitor.settle().alerts() == []


def test_a_link_with_bad_pins_says_so_and_keeps_the_good_ones(visit):
    visitor = visit("/mlp?pin=banana&pin=mlp~layers~x&pin=mlp~seed~7")
    said = " ".join(visitor.alerts())
    assert "there is no page “banana”" in said
    assert "Hidden layers: expected whole numbers, got “x”" in said
    assert pins_of(visitor) == ["mlp", "mlp~seed~7"]


@pytest.mark.parametrize(("size", "locale"), [((1280, 800), "en-US"), ((390, 844), "zh-CN")])
def test_after_pin_compare_is_at_hand(visit, size, locale):
    """Its button comes beside Pin, in the window; pressed, the tab opens and the page goes there."""
    visitor = visit("/mlp?data=xor&layers=4&steps=20", size=size, locale=locale)
    visitor.until(lambda: visitor.step() == 20, "the steps of the link")
    assert visitor.key("to-compare").count() == 0
    pin(visitor, 1)
    toast = visitor.page.locator("[data-testid=stToast]").first.inner_text()
    assert ("按“固定”旁的“对比”" if locale == "zh-CN" else "then press Compare, beside Pin") in toast
    box = visitor.button("to-compare").bounding_box()
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= 160
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= size[0]
    to_compare(visitor)
    visitor.page.evaluate("document.querySelector('[data-testid=stMain]').scrollTo(0, 0)")
    visitor.until(lambda: not is_in_window(visitor), "the reader goes up")
    to_compare(visitor)

"""How every page looks and can be reached: phone, light and dark, above the fold, tabs."""

import re

import pytest

from tests.browser.expectations import TOPICS, in_turn


@pytest.mark.parametrize(("slug", "theme", "locale"), in_turn(["", *TOPICS], ("light", "en-US"), ("dark", "zh-CN")))
def test_nothing_scrolls_sideways_on_a_phone(visit, slug, theme, locale):
    visitor = visit(f"/{slug}", size=(390, 844), touch=True, theme=theme, locale=locale)
    if slug:
        visitor.until(lambda: visitor.boxes("canvas.stage[data-ready]"), "the pictures")
    assert not visitor.scrolls_sideways()
    boxes = visitor.boxes("canvas.stage")
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in boxes)
    assert bool(boxes) == bool(slug)
    tabs = visitor.page.get_by_role("tab")
    for at in range(1, tabs.count()):
        tabs.nth(at).click()
        visitor.settle()
        assert not visitor.scrolls_sideways(), tabs.nth(at).inner_text()


def contrast(visitor, selector: str) -> float:
    """Contrast ratio (WCAG 2) of an element's text against the page."""
    return visitor.page.locator(selector).first.evaluate(
        """element => {
            const paint = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
            const rgb = colour => { paint.fillStyle = colour; paint.fillRect(0, 0, 1, 1); return paint.getImageData(0, 0, 1, 1).data; };
            const linear = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
            const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
            const style = getComputedStyle(element), page = rgb(getComputedStyle(document.querySelector('.stApp')).backgroundColor);
            const behind = [...page], front = rgb(style.color), opacity = Number(style.opacity);
            const seen = behind.slice(0, 3).map((b, at) => opacity * front[at] + (1 - opacity) * b);
            const [high, low] = [light(seen), light(behind)].sort((a, b) => b - a);
            return (high + 0.05) / (low + 0.05);
        }"""  # noqa: E501 - JavaScript
    )


@pytest.mark.parametrize(("slug", "theme"), in_turn(["", *TOPICS], ("dark",), ("light",)))
def test_light_and_dark_can_be_read(visit, slug, theme):
    visitor = visit(f"/{slug}", theme=theme)
    background = visitor.page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    brightness = sum(map(int, re.findall(r"\d+", background)[:3])) / 3
    assert brightness > 230 if theme == "light" else brightness < 40
    assert contrast(visitor, ".stMainBlockContainer h1") > 7
    assert contrast(visitor, "p.question") > 4.5
    if slug:
        assert contrast(visitor, "[class*=-panel] label p") > 4.5


def test_space_plays_and_pauses(visit):
    visitor = visit("/mlp?layers=6&data=gaussians")
    label = visitor.key("mlp:play").get_by_role("button")
    assert "Play" in label.inner_text()
    visitor.page.keyboard.press("Space")
    visitor.until(lambda: visitor.step() > 0 and "Pause" in label.inner_text(), "it plays")
    visitor.page.keyboard.press("Space")
    visitor.until(lambda: "Play" in label.inner_text() and "steps" in visitor.query, "it pauses")
    visitor.settle()
    assert visitor.query["steps"] == str(visitor.step())


@pytest.mark.parametrize("slug", TOPICS)
def test_the_answer_is_above_the_fold(visit, slug):
    """At 1280 x 800: title, question, and a picture that is at least half seen, without scrolling."""
    visitor = visit(f"/{slug}")
    assert visitor.page.locator("p.question").bounding_box()["y"] < 200

    def large_and_high() -> bool:
        boxes = visitor.boxes(f".st-key-{slug}-stage canvas.stage[data-ready]")
        return any(box["y"] + box["height"] / 2 < 800 and box["height"] > 150 for box in boxes)

    visitor.until(large_and_high, "a large picture above the fold", patience=10)


@pytest.mark.parametrize("slug", TOPICS)
def test_tabs_tell_lesson_numbers_and_code(visit, slug):
    visitor = visit(f"/{slug}")
    visitor.page.get_by_role("tab", name="Numbers").click()
    visitor.page.locator(".stTable table").wait_for()
    head = visitor.page.locator(".stTable thead th").all_inner_texts()
    assert {"Name", "Axes", "Shape", "Unit", "Meaning"} <= set(head)
    assert visitor.page.locator(".stTable tbody tr").count() >= 3
    visitor.page.get_by_role("tab", name="Code").click()
    source = visitor.page.locator("[data-testid=stCode]").first
    source.wait_for()
    name = TOPICS[slug].code[0].partition(":")[2]
    assert re.search(rf"(class|def) {name}\b", source.inner_text())
    assert visitor.page.locator("[role=tabpanel] a[href^=http]").count() >= len(TOPICS[slug].sources)
    visitor.page.get_by_role("tab", name="Lesson").click()
    visitor.page.get_by_role("radiogroup").last.wait_for()

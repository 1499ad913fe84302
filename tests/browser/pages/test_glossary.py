"""Terms in a lesson, touched and by key: one definition at a time, whole on the screen, and the focus comes back."""

import pytest

from engine.contracts.glossary import term_called, terms
from tests.browser.axe import violations
from tests.browser.expectations import TOPICS

SIZES = {"desktop": ((1280, 800), False, "light", "en-US"), "phone": ((390, 844), True, "dark", "zh-CN")}
TARGET = 44  # CSS pixels on a phone

# [whether the focus is in what the card shows of a term, the term that has it]
FOCUS = """() => {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return [Boolean(at?.closest(".term-box")), at?.dataset?.term ?? null];
}"""
# The height of what a finger may touch around a word, and the height of the line that it stands in.
TOUCHED = """word => {
  const box = word.getBoundingClientRect(), x = box.left + box.width / 2, root = word.getRootNode();
  const hits = [];
  for (let y = box.top - 40; y < box.bottom + 40; y += 1) if (root.elementFromPoint(x, y) === word) hits.push(y);
  return [hits.length, box.height, parseFloat(getComputedStyle(word.closest("p")).lineHeight)];
}"""


@pytest.mark.parametrize("size", SIZES)
def test_a_word_opens_its_definition_beside_it(visit, size):
    (width, height), touch, theme, locale = SIZES[size]
    visitor = visit("/gnn", size=(width, height), touch=touch, theme=theme, locale=locale, panel="")
    page, language = visitor.page, "zh" if locale == "zh-CN" else "en"
    words, box = page.locator(".nv.step .term"), page.locator(".nv.step .term-box")
    words.first.wait_for()
    assert words.count() >= 3
    for at in range(words.count()):
        word = words.nth(at)
        word.tap() if touch else word.click()
        visitor.until(lambda: box.count() == 1 and box.is_visible(), "one definition")
        term = term_called(word.get_attribute("data-term"), language)
        assert box.locator("b").first.inner_text() == term.title
        assert word.get_attribute("aria-expanded") == "true"
        assert page.locator(".term[aria-expanded=true]").count() == 1
        there, of_word = box.bounding_box(), word.bounding_box()
        assert there["x"] >= 0
        assert there["x"] + there["width"] <= width
        assert there["y"] >= 0
        assert there["y"] + there["height"] <= height
        assert (
            min(abs(there["y"] - of_word["y"] - of_word["height"]), abs(there["y"] + there["height"] - of_word["y"]))
            < 12
        )
        if at == 0:
            assert violations(visitor, ".stMainBlockContainer") == []
        page.keyboard.press("Escape")
        visitor.until(lambda: box.count() == 0, "closed")
        assert page.evaluate(FOCUS) == [False, word.get_attribute("data-term")]
    assert not visitor.scrolls_sideways()
    if touch:
        reached, tall, line = words.first.evaluate(TOUCHED)
        assert reached >= TARGET - 2
        assert tall <= line + 1, "no line is taller for it"


def test_by_key_it_opens_and_a_touch_elsewhere_closes_it(visit):
    visitor = visit("/mlp?view.lesson=line", panel="")
    page = visitor.page
    word, box = page.locator(".nv.step .term").first, page.locator(".nv.step .term-box")
    for key in ("Enter", "Space"):
        word.focus()
        page.keyboard.press(key)
        visitor.until(lambda: box.count() == 1, f"{key} opens it")
        assert page.evaluate(FOCUS)[0], "the definition is read out"
        page.keyboard.press("Tab")
        assert page.evaluate(FOCUS)[0], "its links come next"
        page.keyboard.press("Escape")
        visitor.until(lambda: box.count() == 0, "Escape closes it")
        assert page.evaluate(FOCUS) == [False, word.get_attribute("data-term")]
    word.click()
    visitor.until(lambda: box.count() == 1, "open")
    page.locator(".nv.step h2").click()
    visitor.until(lambda: box.count() == 0, "a touch elsewhere closes it")
    assert word.get_attribute("aria-expanded") == "false"
    word.click()
    visitor.until(lambda: box.count() == 1, "open again")
    word.click()
    visitor.until(lambda: box.count() == 0, "the word itself closes it")
    word.click()
    box.locator(".close").click()
    visitor.until(lambda: box.count() == 0, "the cross closes it")
    assert visitor.query["view.lesson"] == "line"
    assert visitor.step() == 0, "no key of the page was pressed"


def test_what_came_has_terms_and_a_definition_stays_open_while_it_comes(visit):
    visitor = visit("/mlp?view.lesson=line", panel="")
    card = visitor.page.locator(".nv.step")
    choices, box = card.locator("button.choice"), card.locator(".term-box")
    choices.nth(1).click()
    visitor.until(lambda: choices.nth(1).is_disabled(), "it trains")
    name = card.locator(".text .term").first.get_attribute("data-term")
    card.locator(".text .term").first.click()
    card.locator(".told").wait_for()
    visitor.until(lambda: box.count() == 1 and box.is_visible(), "it stands there when the answer has come")
    assert card.locator(".term[aria-expanded=true]").get_attribute("data-term") == name
    visitor.page.keyboard.press("Escape")
    word = card.locator(".told .term").first
    word.click()
    visitor.until(lambda: box.locator("b").first.is_visible(), "a word of what came")
    assert box.locator("b").first.inner_text() == term_called(word.get_attribute("data-term"), "en").title


def test_all_terms_are_one_touch_away_and_lead_back(visit):
    visitor = visit("/gnn", panel="")
    word = visitor.page.locator(".nv.step .term").first
    word.click()
    with visitor.page.context.expect_page() as opened:
        visitor.page.locator(".term-box .seen a").last.click()
    href = opened.value.url
    opened.value.close()
    key = term_called(word.get_attribute("data-term"), "en").key
    assert href.endswith(f"/glossary?term={key}")
    visitor.open("/glossary?term=" + key)
    assert visitor.page.locator(".term-chosen h2").inner_text() == terms("en")[key].title
    assert violations(visitor) == []
    visitor.page.locator(".term-chosen .places a", has_text=TOPICS["gnn"].title).click()
    visitor.until(lambda: visitor.path == "/gnn", "the page that shows it")
    visitor.settle()


def test_the_search_finds_a_term_and_shows_it(visit):
    visitor = visit("/", size=(390, 844), touch=True, locale="zh-CN")
    box = visitor.page.get_by_role("textbox").first
    box.fill("激活函数")
    box.press("Enter")
    visitor.page.locator("a", has_text="术语表").first.click()
    visitor.page.locator(".term-chosen").wait_for()
    visitor.settle()
    assert visitor.query["term"] == "activation"
    assert terms("zh")["activation"].title in visitor.page.locator(".term-chosen").inner_text()
    assert not visitor.scrolls_sideways()
    assert visitor.page.evaluate("() => document.title").startswith("术语表")

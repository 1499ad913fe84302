"""The home page and the two languages. What home says of every topic: tests/pages/test_home.py, without a browser."""

import re

import pytest

from tests.browser.expectations import CHINESE, TOPICS, assert_widgets_show, zh

# ---------------------------------------------------------------- home


def found(visitor) -> set[str]:
    """Slugs of the topics shown, with cards or of many small pictures; read at once, since they come and go."""
    shown = visitor.page.locator("[class*=st-key-card-], [class*=st-key-tile-]")
    names = shown.evaluate_all("all => all.map(one => one.className)")
    return {re.search(r"st-key-(?:card|tile)-([a-z_]+)", name).group(1) for name in names}


def search(visitor, words: str) -> None:
    box = visitor.key("home:search").locator("input")
    box.fill(words)
    box.press("Enter")


CLOSEST = """() => Math.min(...[...document.querySelectorAll("[class*='-links']")].flatMap((row) => {
  const boxes = [...row.querySelectorAll("a")].map((chip) => chip.getBoundingClientRect());
  return boxes.flatMap((one, at) => boxes.slice(at + 1).map((other) => Math.max(
    other.left - one.right, one.left - other.right, other.top - one.bottom, one.top - other.bottom)));
}))"""  # CSS pixels between two chips of a card: across, or down


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_the_chips_of_presets_do_not_touch_at_any_width(visit, locale):
    visitor = visit("/", locale=locale)
    search(visitor, TOPICS["mlp"].group)  # what is sought has cards, with chips
    visitor.key("card-mlp-links").wait_for()
    for width in (1500, 1280, 1024, 768, 390, 360):
        visitor.page.set_viewport_size({"width": width, "height": 800})
        visitor.settle()
        assert 4 <= visitor.page.evaluate(CLOSEST) < 20, width


def letters(visitor) -> str:
    """The coloured boxes as they are seen: without the joiners that keep addresses from becoming links."""
    return "".join(visitor.alerts()).replace("\u2060", "")


def test_search_finds_by_english_words_and_says_when_nothing_is_found(visit):
    visitor = visit("/")
    found_by = {
        "decision boundary": {"mlp", "linear_classifiers"}, "GRAD-cam": {"image_classifier"},
        "overfitt": {"mlp", "regularisation"},
    }  # fmt: skip
    for words, wanted in found_by.items():
        search(visitor, words)
        visitor.until(lambda wanted=wanted: found(visitor) == wanted, f"{words!r} finds {wanted} alone")
        assert visitor.alerts() == []
    search(visitor, "zzqx {name} <b>")
    visitor.until(lambda: found(visitor) == set(), "nothing found")
    visitor.until(visitor.alerts, "a word about it")
    assert "Nothing is called “zzqx {name} <b>” here" in visitor.alerts()[0]
    for typed, said in (
        ("**zzqx** $x^2$ [a](https://b.c) :smile: &lt; `k`",) * 2, ("zq" * 60, "zq" * 40 + "…"),
    ):  # fmt: skip
        search(visitor, typed)
        visitor.until(lambda said=said: f"“{said}”" in letters(visitor), "it as it was typed")
    search(visitor, "")
    visitor.until(lambda: found(visitor) == set(TOPICS), "everything again")


@pytest.mark.parametrize("locale", ["zh-CN", "en-US"])
def test_search_finds_by_chinese_words_in_either_language(visit, locale):
    visitor = visit("/", locale=locale)
    search(visitor, zh(TOPICS["gnn"].title))
    visitor.until(lambda: found(visitor) == {"gnn"}, "the Chinese title finds it")
    search(visitor, "鳄梨吐司")
    visitor.until(visitor.alerts, "a word about nothing found")
    assert "鳄梨吐司" in visitor.alerts()[0]


# ---------------------------------------------------------------- language


def open_tab(visitor) -> int:
    tabs = visitor.page.get_by_role("tab")
    return next(at for at in range(tabs.count()) if tabs.nth(at).get_attribute("aria-selected") == "true")


def test_switching_the_language_keeps_config_step_and_tab(visit):
    visitor = visit("/mlp?data=xor&layers=4-4")
    visitor.page.get_by_role("tab", name="Numbers").click()
    visitor.until(lambda: "parameters" in visitor.words, "the numbers")
    for step in (1, 2):
        visitor.key("mlp:step").get_by_role("button").click()
        visitor.until(lambda step=step: visitor.step() == step, f"step {step}")
    visitor.until(lambda: visitor.query.get("steps") == "2", "the step in the link")
    before = visitor.status()
    visitor.switch_language("zh")
    visitor.until(lambda: visitor.query.get("lang") == "zh", "the language in the link")
    visitor.settle()
    assert visitor.language == "中文"
    assert visitor.query == {"data": "xor", "layers": "4-4", "steps": "2", "lang": "zh"}
    assert visitor.status() == before
    assert open_tab(visitor) == 0
    assert visitor.title == zh(TOPICS["mlp"].title)
    visitor.switch_language("en")
    visitor.until(lambda: "lang" not in visitor.query, "no language in the link")
    visitor.settle()
    assert visitor.title == TOPICS["mlp"].title
    assert visitor.status() == before
    assert open_tab(visitor) == 0
    assert_widgets_show(visitor, TOPICS["mlp"], TOPICS["mlp"].config(data="xor", layers=(4, 4)))


@pytest.mark.parametrize(
    ("path", "locale", "language"), [("/mlp?lang=zh", "en-US", "中文"), ("/mlp?lang=en", "zh-CN", "EN")]
)
def test_the_language_comes_from_the_link_or_else_the_browser(visit, path, locale, language):
    """Other languages than these two: tests/pages/test_home.py."""
    visitor = visit(path, locale=locale)
    assert visitor.language == language
    assert (TOPICS["mlp"].question in visitor.words) == (language == "EN")
    if language == "中文":
        assert CHINESE.search(visitor.words.replace("中文", ""))

"""The reader's own path on the home page: by mouse, keyboard and finger, kept by the browser, shared as a link."""

import json

import pytest

from engine.contracts.lesson import lesson_words
from tests.browser.expectations import TOPICS, zh

SLUGS = list(TOPICS)
FIRST, SECOND, THIRD = SLUGS[0], SLUGS[1], SLUGS[3]


def path(visitor) -> list[str]:
    """Slugs of the path that is shown, in their order."""
    return visitor.key("path").locator("ol a").evaluate_all("all => all.map(a => a.getAttribute('href'))")


def star(visitor, slug):
    return visitor.page.locator(f"button.star[data-slug={slug}]")


def cookie(visitor) -> str:
    kept = {one["name"]: one["value"] for one in visitor.page.context.cookies()}
    return kept.get("neurarium_path", "")


def settled(visitor, *slugs):
    """The page, the address and the browser agree on this path."""
    visitor.until(lambda: path(visitor) == list(slugs), f"the path {slugs}")
    visitor.until(lambda: visitor.query.get("path", "") == ".".join(slugs), "it stands in the address")
    pressed = visitor.page.locator("button.star[aria-pressed=true]")
    on_it = pressed.evaluate_all("all => all.map(star => star.dataset.slug)")
    assert sorted(on_it) == sorted(slugs)
    return visitor


def press(visitor, act: str, slug: str = "") -> None:
    visitor.key("path").locator(f"[data-act='{act}{' ' * bool(slug)}{slug}']").click()


def test_a_path_is_put_together_put_in_order_and_survives_the_visit(visit):
    visitor = visit("/", fresh=True)
    assert path(visitor) == []
    for slug in (SECOND, FIRST, THIRD):
        star(visitor, slug).click()
    settled(visitor, SECOND, FIRST, THIRD)
    assert visitor.key("path").get_by_role("status").inner_text().endswith("place 3")
    press(visitor, "change")
    press(visitor, "earlier", FIRST)
    settled(visitor, FIRST, SECOND, THIRD)
    press(visitor, "later", SECOND)
    settled(visitor, FIRST, THIRD, SECOND)
    press(visitor, "remove", THIRD)
    settled(visitor, FIRST, SECOND)
    assert cookie(visitor) == f"{FIRST}.{SECOND}"
    visitor.open("/")  # without the path in the address
    settled(visitor, FIRST, SECOND)
    star(visitor, FIRST).click()
    settled(visitor, SECOND)
    star(visitor, SECOND).click()
    settled(visitor)
    visitor.open("/")
    settled(visitor)


def test_the_next_on_the_path_is_the_first_whose_lesson_is_not_over(visit):
    visitor = visit(None, fresh=True)
    told = ".".join(f"{step.name}-1" for step in lesson_words(FIRST, "en").steps)
    visitor.page.context.add_cookies([
        {"name": "neurarium_progress", "value": f"{FIRST}.{told}", "url": visitor.address},
        {"name": "neurarium_path", "value": f"{FIRST}.{SECOND}.{THIRD}", "url": visitor.address},
    ])  # fmt: skip
    settled(visitor.open("/"), FIRST, SECOND, THIRD)
    names = visitor.key("path").locator("ol a").all_inner_texts()
    assert names == [f"1 · {TOPICS[FIRST].title} ✓", f"Next: 2 · {TOPICS[SECOND].title}", f"3 · {TOPICS[THIRD].title}"]
    visitor.page.evaluate("window.same = true")
    visitor.key("path").locator(".next a").click()
    visitor.until(lambda: visitor.title == TOPICS[SECOND].title, "its page")
    assert visitor.page.evaluate("window.same"), "the page was changed, not loaded anew"
    assert "path" not in visitor.query


def test_the_keyboard_does_all_of_it_and_keeps_its_place(visit):
    visitor = visit("/", fresh=True)
    for slug in (FIRST, SECOND):
        star(visitor, slug).focus()
        visitor.page.keyboard.press("Enter" if slug == FIRST else "Space")
        visitor.until(lambda slug=slug: slug in path(visitor), "it is on the path")
    settled(visitor, FIRST, SECOND)
    at = """() => { let at = document.activeElement;
      while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement; return at?.dataset.act ?? ""; }"""
    visitor.key("path").locator("[data-act=change]").focus()
    visitor.page.keyboard.press("Enter")
    visitor.until(lambda: visitor.page.evaluate(at) == "change", "the button kept the focus")
    for _ in range(40):
        if visitor.page.evaluate(at) == f"later {FIRST}":
            break
        visitor.page.keyboard.press("Shift+Tab")
    visitor.page.keyboard.press("Enter")
    settled(visitor, SECOND, FIRST)
    visitor.settle()
    assert visitor.page.evaluate(at) == "change", "at the end of the path it can go no further"


def test_a_link_gives_a_path_out_and_takes_none_away(visit):
    given = f"{THIRD}.{FIRST}"
    fresh = visit(f"/?path={given}", fresh=True)
    settled(fresh, THIRD, FIRST)
    fresh.until(lambda: cookie(fresh) == given, "who had none keeps it")
    own = visit(None, fresh=True)
    own.page.context.add_cookies([{"name": "neurarium_path", "value": SECOND, "url": own.address}])
    settled(own.open(f"/?path={given}"), THIRD, FIRST)
    assert own.alerts() == []
    assert cookie(own) == SECOND
    press(own, "back")
    settled(own, SECOND)
    settled(own.open(f"/?path={given}"), THIRD, FIRST)
    star(own, SECOND).click()  # now it becomes the reader's
    settled(own, THIRD, FIRST, SECOND)
    assert cookie(own) == f"{given}.{SECOND}"
    press(own, "back")
    settled(own, SECOND)


def test_the_course_is_offered_and_the_link_copied(visit):
    visitor = visit("/", fresh=True, permissions=("clipboard-read", "clipboard-write"))
    press(visitor, "course")
    settled(visitor, *SLUGS)
    press(visitor, "copy")
    link = f"{visitor.address}/?path={'.'.join(SLUGS)}"
    visitor.until(lambda: visitor.page.evaluate("() => navigator.clipboard.readText()") == link, "the link")
    assert not visitor.scrolls_sideways()
    other = visit(None, fresh=True)
    settled(other.open(link.removeprefix(visitor.address)), *SLUGS)


def test_a_search_keeps_the_stars_and_the_language_the_path(visit):
    visitor = visit(f"/?path={THIRD}", fresh=True)
    box = visitor.key("home:search").locator("input")
    box.fill(TOPICS[FIRST].title)
    box.press("Enter")
    visitor.key(f"card-{FIRST}").wait_for()
    star(visitor, FIRST).click()
    visitor.until(lambda: path(visitor) == [THIRD, FIRST], "both")
    box.fill("")
    box.press("Enter")
    visitor.key(f"tile-{THIRD}").wait_for()
    settled(visitor, THIRD, FIRST)
    visitor.switch_language("zh")
    name = f"2 · {zh(TOPICS[FIRST].title)}"
    visitor.until(lambda: name in visitor.key("path").locator("ol a").all_inner_texts(), "in Chinese")
    settled(visitor, THIRD, FIRST)


def test_what_the_browser_sends_beside_the_path_changes_nothing(visit):
    """Cookies may hold anything."""
    visitor = visit(None, fresh=True)
    value = f"{FIRST}.zzz.{FIRST}.<b>.{'x' * 500}"
    visitor.page.context.add_cookies([{"name": "neurarium_path", "value": value, "url": visitor.address}])
    settled(visitor.open("/"), FIRST)
    assert visitor.alerts() == []


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_a_finger_finds_everything(visit, locale):
    visitor = visit(f"/?path={'.'.join(SLUGS)}", locale=locale, size=(390, 844), touch=True, fresh=True)
    press(visitor, "change")
    visitor.until(lambda: visitor.key("path").locator("[data-act^=remove]").count() == len(SLUGS), "the buttons")
    targets = visitor.page.locator("button.star").all() + visitor.key("path").locator("button, a").all()
    sizes = [target.bounding_box() for target in targets]
    assert all(box["width"] >= 44 and box["height"] >= 44 for box in sizes), json.dumps(sizes)
    assert not visitor.scrolls_sideways()

"""Every page at 1280 × 800, opened once and looked at in all respects; test_phone.py does so at 390 × 844.

Themes and languages take turns over pages and days, those of the phone the other way round. Everything goes through the
catalogue: a new topic is tested without a change here.
"""

import re
from contextlib import suppress
from itertools import pairwise

import pytest

from engine.contracts.knob import knobs
from tests.browser.axe import lasting_violations, walk
from tests.browser.checks import Checks
from tests.browser.expectations import CHINESE, TOPICS, in_turn, telling_link, zh
from tests.browser.looks import assert_readable, english_left
from tests.browser.policy import LISTEN, open_everything, violations
from tests.patience import patience

PAGES = ["", *TOPICS]
LOOKS = [("light", "en-US"), ("dark", "zh-CN"), ("dark", "en-US"), ("light", "zh-CN")]


@pytest.mark.parametrize(("slug", "theme", "locale"), in_turn("desktop", PAGES, *LOOKS))
def test_a_page_on_a_desktop(visit, slug, theme, locale):
    chinese = locale == "zh-CN"
    visitor = visit(None, theme=theme, locale=locale)
    visitor.page.add_init_script(LISTEN)
    visitor.open(telling_link(slug) if slug and chinese else f"/{slug}")
    page, say = visitor.page, (zh if chinese else str)
    visitor.wait_for_pictures()
    with Checks(f"/{slug} at 1280 × 800, {theme}, {locale}") as check:
        with check("the answer is above the fold"):
            assert_above_the_fold(visitor, slug)
        with check("it can be read"):
            assert_readable(visitor, theme, panel=bool(slug))
        with check("no English is left on a Chinese page"):
            assert not chinese or english_left(visitor) == set()
        with check("landmarks, headings, names"):
            assert_landmarks(visitor)
        with check("Tab walks through it in order, and its place is always seen"):
            assert_walked(visitor, slug, say)
        with check("axe"):
            unfold(visitor, slug)
            assert lasting_violations(visitor) == []
        with check("the list of keys"):
            assert_keys_listed(visitor, slug)
        if slug:
            with check("there is something to open"):
                assert open_everything(visitor) + folded(visitor, slug).count() >= 1
            for name in ("Numbers", "Code", "Compare", "Download"):
                with check(f"the tab {name}"):
                    visitor.open_tab(say(name))
                    assert_tab(visitor, slug, name, say)
                with check(f"axe in the tab {name}"):
                    assert lasting_violations(visitor, "[class*='-tab ']") == []
        else:
            assert page.locator("a[href]").count() >= len(TOPICS)
        with check("the content security policy holds back nothing of it"):
            assert violations(visitor) == []


def assert_above_the_fold(visitor, slug: str) -> None:
    """Title, question, and a picture that is at least half seen, without scrolling."""
    assert visitor.page.locator("p.question").bounding_box()["y"] < 200
    place = f".st-key-{slug}-stage" if slug else ".st-key-front"

    def large_and_high() -> bool:
        boxes = visitor.boxes(f"{place} canvas.stage[data-ready]")
        return any(box["y"] + box["height"] / 2 < 800 and box["height"] > 150 for box in boxes)

    visitor.until(large_and_high, "a large picture above the fold", patience=10)


def assert_landmarks(visitor) -> None:
    page = visitor.page
    assert page.locator("h1").count() == 1
    assert page.locator("main h1").count() == 1
    assert page.locator("header nav").count() == 1
    levels = page.locator("main :is(h1, h2, h3, h4, h5)").evaluate_all("all => all.map(h => Number(h.tagName[1]))")
    assert all(b - a <= 1 for a, b in pairwise(levels)), levels
    with suppress(AssertionError):  # a picture is named in full when nothing has moved for a moment
        visitor.until(lambda: not badly_named(visitor), "names", patience=5)
    assert badly_named(visitor) == []
    assert page.locator("main img:not([alt])").count() == 0
    told = page.locator("canvas.stage").evaluate_all(
        "all => all.map(c => c.getRootNode().getElementById('keys').textContent)"
    )
    assert all(told), "each canvas says its keys to a screen reader"


def badly_named(visitor) -> list[tuple[str, str]]:
    """(role, name) of pictures that say too little of themselves."""
    short = {True: 3, False: 8}  # Chinese says it in fewer signs
    script = "all => all.map(c => [c.getAttribute('role'), c.ariaLabel ?? ''])"
    names = visitor.page.locator("canvas.stage").evaluate_all(script)
    return [
        (role, name) for role, name in names if role != "application" or len(name) <= short[bool(CHINESE.search(name))]
    ]


def assert_walked(visitor, slug: str, say) -> None:
    stops = walk(visitor)
    assert [stop for stop in stops if not stop["seen"]] == [], "an outline of 2 pixels, with contrast, shows the focus"
    assert [stop for stop in stops if not stop["name"] and stop["tag"] not in ("MAIN", "SPAN", "PRE")] == []
    canvases = visitor.page.locator("canvas.stage").count()
    assert sum(stop["tag"] == "CANVAS" for stop in stops) == canvases
    inside = [stop for stop in stops if stop["inside"] and stop["tag"] != "MAIN"]
    names = {stop["name"] for stop in stops}
    expected = {say("Share"), say("Keys"), "EN"} - ({"EN"} if say is zh else set()) | ({"中文"} if say is zh else set())
    if slug:
        config = TOPICS[slug].config
        idle = {k.name for k in knobs(config) if k.counts is not None and not k.counts(config())}  # may be left out
        left_out = {k.name for k in knobs(config) if k.hidden or k.advanced or k.kind == "choices"} | idle
        wanted = set(TOPICS[slug].presets) | {k.label for k in knobs(config) if k.name not in left_out}
        expected |= set(map(say, wanted))
    assert {name for name in expected if not any(name[:40] in found for found in names)} == set(), "never focused"
    # In reading order: within a column downwards. Only the way from stage to panel, and to a column beside, leads up.
    back = [(a, b) for a, b in pairwise(inside) if b["top"] < a["top"] - 60 and b["left"] < a["left"] + 20]
    assert back == []


def folded(visitor, slug: str):
    """The knobs that are folded away at first."""
    return visitor.key(f"{slug}:more").locator("details summary")


def unfold(visitor, slug: str) -> None:
    if slug and folded(visitor, slug).count():
        folded(visitor, slug).click()
        visitor.settle()


def assert_keys_listed(visitor, slug: str) -> None:
    visitor.page.keyboard.press("?")
    dialog = visitor.page.get_by_role("dialog")
    dialog.wait_for()
    assert "undefined" not in dialog.inner_text()
    headings = dialog.locator("h3").all_inner_texts()
    assert all(headings)
    assert len(headings) >= 2, "the keys of the pictures, beside those of the page"
    visitor.page.keyboard.press("Escape")
    dialog.wait_for(state="detached")


def assert_tab(visitor, slug: str, name: str, say) -> None:
    """What each tab must have; Compare is compared where the page was opened with a pinned run."""
    page = visitor.page
    match name:
        case "Numbers":
            page.locator(".stTable table").first.wait_for()
            head = page.locator(".stTable thead th").all_inner_texts()
            assert set(map(say, ("Name", "Axes", "Shape", "Unit", "Meaning"))) <= set(head)
            assert page.locator(".stTable tbody tr").count() >= 3
            assert page.locator("main table:not(:has(th))").count() == 0
        case "Code":
            source = page.locator("[data-testid=stCode]").first
            source.wait_for()
            first = TOPICS[slug].code[0].partition(":")[2]
            assert re.search(rf"(class|def) {first}\b", source.inner_text())
            assert page.locator("[class*='-tab '] a[href^=http]").count() >= len(TOPICS[slug].sources)
        case "Compare" if say is zh:
            table = page.locator(f".compared[aria-label='{zh('Knobs that differ')}']")
            table.wait_for(timeout=1000 * patience(60))
            assert CHINESE.search(table.inner_text())
        case "Compare":
            assert "Press Pin" in visitor.words
        case "Download":
            page.locator("[data-testid=stDownloadButton]").first.wait_for()

"""Everywhere: axe-core finds no serious violation on any page, and all of it can be done by key and be heard.

Everything goes through the catalogue, so a new topic is tested without a change here. The keys of each kind of canvas
are tested in test_keys.py.
"""

import re
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from engine.contracts.knob import knobs
from tests.browser.expectations import TOPICS, in_turn, zh

BAD = ("serious", "critical")
# What Streamlit's own front end does and nothing here can mend: (rule, selector that must match, reason).
STREAMLIT = [
    ("list", r"stSidebarNavItems|^ul$", "the menu of a phone puts the sections' boxes straight into its ul"),
    ("listitem", r"\bli\b", "and the links of a section into such a box, which is no list (nothing else here is a li)"),
]
PAGES = ["", *TOPICS]
DESK, PHONE = (1280, 800), (390, 844)
# In both themes, at both sizes, in both languages.
LOOKS = [
    ("light", "en-US", DESK), ("dark", "zh-CN", PHONE), ("dark", "en-US", DESK), ("light", "zh-CN", PHONE),
]  # fmt: skip


@cache
def axe() -> str:
    """The source of axe-core, as the Python package brings it."""
    import axe_playwright_python

    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")


def violations(visitor, within: str = "html", *, known: bool = False) -> list[str]:
    """Serious and critical ones within a part of the page, shadow roots included, as "rule: selector: message".

    Tab is pressed before: what scrolls by itself takes the focus from then on (assets/components/help.js). The size of
    targets belongs to WCAG 2.2 AA, but axe leaves it out unless asked. known: with those of STREAMLIT.
    """
    page = visitor.page
    if not page.evaluate("typeof axe == 'object'"):
        page.evaluate(axe())
    page.keyboard.press("Tab")
    options = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
    result = page.evaluate("([within, options]) => axe.run(within, options)", [within, options])
    found = []
    for violation in result["violations"]:
        for node in violation["nodes"] if violation["impact"] in BAD else ():
            selector = " >>> ".join(" >>> ".join(part) if isinstance(part, list) else part for part in node["target"])
            ours = known or not any(rule == violation["id"] and re.search(at, selector) for rule, at, _ in STREAMLIT)
            why = "; ".join(check["message"] for kind in ("any", "all", "none") for check in node[kind])
            if ours:
                found.append(f"{violation['id']}: {selector}: {node['html'][:120]}: {why}")
    return found


def lasting_violations(visitor, within: str = "html") -> list[str]:
    """What is still there a moment later: while a page is being redrawn, parts fade in and names are on their way."""
    found = violations(visitor, within)
    for _ in range(2):
        if found:
            visitor.page.wait_for_timeout(1500)
            found = sorted(set(found) & set(violations(visitor, within)))
    return found


@pytest.mark.parametrize(("slug", "theme", "locale", "size"), in_turn(PAGES, *LOOKS))
def test_axe_finds_nothing_serious_on_any_page_and_tab(visit, slug, theme, locale, size):
    """Each tab opened once, and the folded knobs unfolded."""
    visitor = visit(f"/{slug}", theme=theme, locale=locale, size=size, touch=size[0] < 500)
    if slug:
        visitor.until(lambda: visitor.boxes("canvas.stage[data-ready]"), "the pictures")
    folded = visitor.key(f"{slug}:more").locator("details summary")
    if slug and folded.count():
        folded.click()
        visitor.settle()
    found = lasting_violations(visitor)
    tabs = visitor.page.get_by_role("tab")
    for at in range(1, tabs.count()):
        tabs.nth(at).click()
        visitor.settle()
        found += lasting_violations(visitor, "[role=tabpanel]")
    assert sorted(set(found)) == []


def test_the_open_menu_of_a_phone_has_no_other_faults_than_those_named(visit):
    visitor = visit("/", size=(390, 844), touch=True)
    visitor.page.locator("[data-testid=stExpandSidebarButton]").click()
    visitor.page.locator("[data-testid=stSidebar][data-collapsed=false]").wait_for()
    visitor.settle()
    assert violations(visitor) == []
    assert {text.partition(":")[0] for text in violations(visitor, known=True)} == {rule for rule, _, _ in STREAMLIT}, (
        "one of the exceptions is not needed any more"
    )


def test_the_checker_finds_what_is_planted(visit):
    """In the page and in the shadow root of a component: a nameless button, faint words, a picture without alt."""
    visitor = visit("/mlp")
    visitor.page.evaluate(
        """() => {
            const main = document.querySelector('[data-testid=stMain] h1').parentElement;
            main.insertAdjacentHTML('beforeend', '<img src="data:,"><p style="color:#ccc;background:#fff">faint words</p>');
            const host = [...document.querySelectorAll('*')].find(e => e.shadowRoot?.querySelector('.nv'));
            host.shadowRoot.querySelector('.nv').insertAdjacentHTML('beforeend', '<button style="width:30px;height:30px"></button>');
        }"""  # noqa: E501 - JavaScript
    )
    found = violations(visitor)
    rules = {text.partition(":")[0] for text in found}
    assert {"image-alt", "color-contrast", "button-name"} <= rules
    assert any(text.startswith("button-name") and ">>>" in text for text in found), "it looks into shadow roots"


# ---------------------------------------------------------------- keys

# What has the focus. The outline may be that of a label or slider around an input.
FOCUS = """() => {
    let at = document.activeElement;
    while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
    if (!at || at === document.body) return null;
    const paint = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    const light = colour => {
        paint.clearRect(0, 0, 1, 1); paint.fillStyle = colour; paint.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...paint.getImageData(0, 0, 1, 1).data].map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const page = light(getComputedStyle(document.querySelector('.stApp')).backgroundColor);
    let seen = false;
    for (let part = at, up = 0; part && up < 4 && !seen; part = part.parentElement, up++) {
        const style = getComputedStyle(part), line = light(style.outlineColor);
        const ratio = (Math.max(line, page) + 0.05) / (Math.min(line, page) + 0.05);
        seen = style.outlineStyle === 'solid' && parseFloat(style.outlineWidth) >= 2 && ratio >= 3;
    }
    const box = at.getBoundingClientRect(), scrolled = document.querySelector('[data-testid=stMain]').scrollTop;
    const name = at.ariaLabel || at.innerText || at.title || at.labels?.[0]?.innerText || at.placeholder || '';
    const inside = Boolean(document.querySelector('[data-testid=stMain]').contains(document.activeElement));
    return {name: name.trim().slice(0, 40), tag: at.tagName, seen, inside, top: box.top + scrolled, left: box.left};
}"""  # noqa: E501 - JavaScript


def walk(visitor, most: int = 150) -> list[dict]:
    """Everything Tab comes to, from the start of the page until it is through."""
    stops = []
    for _ in range(most):
        visitor.page.keyboard.press("Tab")
        at = visitor.page.evaluate(FOCUS)
        if at is None:
            return stops
        stops.append(at)
    raise AssertionError(f"after {most} presses of Tab still at {stops[-1]}")


@pytest.mark.parametrize(("slug", "theme"), [(slug, ("light", "dark")[at % 2]) for at, slug in enumerate(PAGES)])
def test_tab_walks_through_a_page_in_order_and_its_place_is_always_seen(visit, slug, theme):
    visitor = visit(f"/{slug}", theme=theme)
    if slug:
        visitor.until(lambda: visitor.boxes("canvas.stage[data-ready]"), "the pictures")
    stops = walk(visitor)
    assert [stop for stop in stops if not stop["seen"]] == [], "an outline of 2 pixels, with contrast, shows the focus"
    assert [stop for stop in stops if not stop["name"] and stop["tag"] not in ("MAIN", "SPAN", "PRE")] == []
    canvases = visitor.page.locator("canvas.stage").count()
    assert sum(stop["tag"] == "CANVAS" for stop in stops) == canvases
    inside = [stop for stop in stops if stop["inside"] and stop["tag"] != "MAIN"]
    names = {stop["name"] for stop in stops}
    expected = {"Share", "Keys", "EN"}
    if slug:
        config = TOPICS[slug].config
        idle = {k.name for k in knobs(config) if k.counts is not None and not k.counts(config())}  # may be left out
        left_out = {k.name for k in knobs(config) if k.hidden or k.advanced or k.kind == "choices"} | idle
        expected |= set(TOPICS[slug].presets) | {k.label for k in knobs(config) if k.name not in left_out}
    assert {name for name in expected if not any(name[:40] in found for found in names)} == set(), "never focused"
    # In reading order: within a column downwards. Only the way from stage to panel, and to a column beside, leads up.
    back = [(a, b) for a, b in pairwise(inside) if b["top"] < a["top"] - 60 and b["left"] < a["left"] + 20]
    assert back == []


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_the_list_of_keys_opens_closes_and_gives_the_focus_back(visit, locale):
    visitor = visit("/mlp", locale=locale)
    page, say = visitor.page, (zh if locale == "zh-CN" else str)
    canvas = page.locator("canvas.stage[data-ready]").first
    canvas.focus()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name=say("Keys"))
    dialog.wait_for()
    words = dialog.inner_text()
    for text in ("Everywhere", "from neuron to neuron, layer to layer", "show this moment everywhere", "Play"):
        assert say(text) in words
    assert len(re.findall("Space", words)) >= 1
    assert violations(visitor) == []
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    assert canvas.evaluate("c => c.getRootNode().activeElement === c")
    assert visitor.step() == 0, "no key of the list went on to the page"
    visitor.key("share").get_by_role("button", name=say("Keys")).click()
    dialog.wait_for()
    page.keyboard.press("?")
    dialog.wait_for(state="detached")
    for part, inside in (
        ("To the knobs", ".st-key-mlp-panel"),
        ("To the tabs", "[role=tablist]"),
        ("To the pictures", ".st-key-mlp-stage"),
    ):
        visitor.settle()
        page.keyboard.press("?")
        dialog.get_by_role("button", name=say(part)).press("Enter")
        visitor.until(
            lambda inside=inside: page.evaluate(
                "at => document.querySelector(at).contains(document.activeElement)", inside
            ),
            part,
        )


def test_a_question_mark_that_is_typed_is_only_typed(visit):
    visitor = visit("/")
    box = visitor.key("home:search").locator("input")
    box.focus()
    visitor.page.keyboard.type("why?")
    assert box.input_value() == "why?"
    assert visitor.page.get_by_role("dialog").count() == 0


# ---------------------------------------------------------------- what a screen reader finds


@pytest.mark.parametrize("slug", PAGES)
def test_landmarks_headings_names_tables_and_keys(visit, slug):
    visitor = visit(f"/{slug}")
    page = visitor.page
    if slug:
        visitor.until(lambda: visitor.boxes("canvas.stage[data-ready]"), "the pictures")
    assert page.locator("h1").count() == 1
    assert page.locator("main h1").count() == 1
    assert page.locator("header nav").count() == 1
    levels = page.locator("main :is(h1, h2, h3, h4, h5)").evaluate_all("all => all.map(h => Number(h.tagName[1]))")
    assert all(b - a <= 1 for a, b in pairwise(levels)), levels
    names = page.locator("canvas.stage").evaluate_all("all => all.map(c => [c.getAttribute('role'), c.ariaLabel])")
    assert all(role == "application" and len(name) > 8 for role, name in names), names
    assert page.locator("main img:not([alt])").count() == 0
    told = page.locator("canvas.stage").evaluate_all(
        "all => all.map(c => c.getRootNode().getElementById('keys').textContent)"
    )
    assert all(told), "each canvas says its keys to a screen reader"
    if slug:
        page.get_by_role("tab", name="Numbers").click()
        page.locator(".stTable table").first.wait_for()
        assert page.locator("main table:not(:has(th))").count() == 0
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    assert "undefined" not in dialog.inner_text()
    headings = dialog.locator("h3").all_inner_texts()
    assert all(headings)
    assert (len(headings) >= 2) == bool(slug), "the keys of the pictures, beside those of the page"


def test_the_language_of_the_page_follows_the_switch(visit):
    visitor = visit("/mlp")
    language = "document.documentElement.lang"
    visitor.until(lambda: visitor.page.evaluate(language) == "en", "English")
    visitor.switch_language("zh")
    visitor.until(lambda: visitor.page.evaluate(language) == "zh-CN", "Chinese")
    canvas = visitor.page.locator("canvas.stage").first
    visitor.until(
        lambda: zh("arrow keys") in canvas.evaluate("c => c.getRootNode().getElementById('keys').textContent"),
        "its keys in Chinese",
    )


def test_a_run_is_announced_at_its_start_and_end_and_not_between(visit):
    visitor = visit("/mlp?layers=6&data=gaussians")
    visitor.page.evaluate(
        """() => {
            window.heard = [];
            for (const host of document.querySelectorAll('*')) for (const region of host.shadowRoot?.querySelectorAll('[role=status]') ?? [])
                new MutationObserver(() => heard.push(region.textContent)).observe(region, {childList: true, characterData: true, subtree: true});
        }"""  # noqa: E501 - JavaScript
    )
    visitor.page.locator("canvas.stage[data-ready]").first.focus()
    visitor.page.keyboard.press("ArrowRight")
    visitor.page.wait_for_timeout(400)
    said = len(visitor.page.evaluate("heard"))
    assert said >= 1, "the read-out under the keyboard's cursor"
    visitor.key("mlp:play").get_by_role("button").click()
    visitor.until(lambda: visitor.step() > 30, "it runs")
    visitor.key("mlp:play").get_by_role("button").click()
    visitor.until(lambda: "steps" in visitor.query, "it pauses")
    visitor.settle()
    visitor.page.wait_for_timeout(400)
    heard = [text for text in visitor.page.evaluate("heard")[said:] if text]
    assert heard[0] == "It runs."
    assert heard[-1].startswith("It stands still: frame")
    assert len(heard) <= 4, heard

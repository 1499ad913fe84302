"""Everything can be done by key and be heard; and the checker of accessibility finds what it should.

It runs on every page in tests/browser/pages/test_desktop.py and test_phone.py. The keys of each kind of canvas are
tested in test_keys.py.
"""

import re

import pytest

from tests.browser.axe import STREAMLIT, violations
from tests.browser.expectations import zh


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
    for text in ("Everywhere", "from neuron to neuron, layer to layer", "show this moment everywhere", "Train"):
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
        ("To the tabs", ".st-key-mlp-tabs"),
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


def test_space_plays_and_pauses(visit):
    visitor = visit("/mlp?layers=6&data=gaussians")
    label = visitor.key("mlp:play").get_by_role("button")
    assert "Train" in label.inner_text()
    visitor.page.keyboard.press("Space")
    visitor.until(lambda: visitor.step() > 0 and "Pause" in label.inner_text(), "it plays")
    visitor.page.keyboard.press("Space")
    visitor.until(lambda: "Train" in label.inner_text() and "steps" in visitor.query, "it pauses")
    visitor.settle()
    assert visitor.held == visitor.step()  # what was seen then; more may have been on its way
    assert visitor.held <= int(visitor.query["steps"])


def test_a_question_mark_that_is_typed_is_only_typed(visit):
    visitor = visit("/")
    box = visitor.key("home:search").locator("input")
    box.focus()
    visitor.page.keyboard.type("why?")
    assert box.input_value() == "why?"
    assert visitor.page.get_by_role("dialog").count() == 0


# ---------------------------------------------------------------- what a screen reader finds


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
    assert heard[-1].startswith("Paused: frame")
    assert len(heard) <= 4, heard

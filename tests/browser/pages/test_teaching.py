"""A teacher makes a link in the popover beside Share, and a student opens it; on a desk and on a phone."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from engine.contracts.lesson import lesson_words
from tests.browser.expectations import zh

SIZES = [((1280, 800), False, "en-US"), ((390, 844), True, "zh-CN")]


def pick(visitor, label: str, option: str) -> None:
    """Choose in a list of the popover."""
    visitor.page.get_by_role("combobox", name=re.compile(re.escape(label))).click()
    visitor.page.get_by_role("option", name=option).click()
    visitor.settle(quiet=100)


@pytest.mark.parametrize(("size", "touch", "locale"), SIZES)
def test_a_teacher_makes_a_link_and_a_student_does_what_it_asks(visit, size, touch, locale):
    say = (lambda text: text) if locale == "en-US" else zh
    words = lesson_words("gnn", "en" if locale == "en-US" else "zh").steps
    visitor = visit("/gnn", size=size, touch=touch, locale=locale)
    visitor.button("teach-popover").click()
    pick(visitor, say("The lesson begins with"), f"2 · {words[1].title}")
    pick(visitor, say("and ends with"), f"3 · {words[2].title}")
    pick(visitor, say("Knobs shown"), say("No knobs"))
    visitor.page.get_by_text(say("Answers stay hidden")).click()
    visitor.page.get_by_text(
        say("This hides, it does not lock: whoever changes the address sees everything.")
    ).wait_for()
    code = visitor.page.locator("[data-testid=stCode] pre")
    link = visitor.until(lambda: "answers=hidden" in (text := code.first.inner_text()) and text.strip(), "the link")
    asked = {"teach": [f"{words[1].name}.{words[2].name}"], "show": ["none"], "answers": ["hidden"]}
    assert parse_qs(urlsplit(link).query) == asked
    assert code.count() == 1, "no frame where this server allows none"
    box = visitor.page.locator("[data-testid=stPopoverBody]").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= size[0]

    student = visit(link.removeprefix(visitor.address), size=size, touch=touch, locale=locale, panel="", fresh=True)
    card = student.page.locator(".nv.step")
    student.until(lambda: card.locator(".contents li").count() == 2, "two steps")
    assert student.key("gnn-face").count() == 0
    card.locator("button.primary").click()
    student.until(lambda: card.locator("h2").inner_text() == words[1].title, words[1].title)
    student.settle()
    choice = card.locator("button[data-press='choose 0']")
    choice.scroll_into_view_if_needed()
    choice.click()
    told = card.locator(".told")
    told.wait_for(timeout=60_000)
    assert told.inner_text() == say("Your teacher will tell.")
    assert card.locator(".choice.right, .choice.wrong, .mark").count() == 0
    student.settle()
    assert not student.scrolls_sideways()
    now = {name: [value] for name, value in student.query.items()}
    assert asked.items() <= now.items()
    student.page.reload()
    student.settle()
    assert asked.items() <= {name: [value] for name, value in student.query.items()}.items()

"""Every page at 390 × 844, opened once, with a run to compare it with, and looked at in all respects."""

import io

import pytest
from PIL import Image

from tests.browser.axe import lasting_violations
from tests.browser.checks import Checks
from tests.browser.downloads import taken
from tests.browser.expectations import TOPICS, in_turn, telling_link, zh
from tests.browser.looks import assert_readable, english_left
from tests.browser.policy import LISTEN, violations
from tests.patience import patience

PAGES = ["", *TOPICS]
# Each page in the other theme and the other language than in test_desktop.py.
LOOKS = [("dark", "zh-CN"), ("light", "en-US"), ("light", "zh-CN"), ("dark", "en-US")]


@pytest.mark.parametrize(("slug", "theme", "locale"), in_turn("phone", PAGES, *LOOKS))
def test_a_page_on_a_phone(visit, slug, theme, locale):
    chinese = locale == "zh-CN"
    visitor = visit(None, size=(390, 844), touch=True, theme=theme, locale=locale)
    visitor.page.add_init_script(LISTEN)
    visitor.open(telling_link(slug) if slug else "/")
    say = zh if chinese else str
    visitor.wait_for_pictures()
    with Checks(f"/{slug} at 390 × 844, {theme}, {locale}") as check:
        with check("nothing scrolls sideways"):
            assert not visitor.scrolls_sideways()
            boxes = visitor.boxes(".plane > .scroll")  # a wide picture scrolls in its own frame
            assert [box for box in boxes if box["x"] < 0 or box["x"] + box["width"] > 390] == []
            assert boxes
        with check("it can be read"):
            assert_readable(visitor, theme, panel=bool(slug))
        with check("no English is left on a Chinese page"):
            assert not chinese or english_left(visitor) == set()
        with check("axe"):
            folded = visitor.key(f"{slug}:more").locator("details summary")
            if slug and folded.count():
                folded.click()
                visitor.settle()
            assert lasting_violations(visitor) == []
        for name in ("Numbers", "Code", "Compare", "Download") if slug else ():
            with check(f"the tab {name}"):
                visitor.open_tab(say(name))
                if name == "Compare":
                    assert_stacked(visitor, slug, say)
                if name == "Download":
                    visitor.page.locator("[data-testid=stDownloadButton]").first.wait_for()
                    assert Image.open(io.BytesIO(taken(visitor, "figures", "PNG"))).format == "PNG"
                assert not visitor.scrolls_sideways(), "it scrolls sideways"
            with check(f"axe in the tab {name}"):
                assert lasting_violations(visitor, "[class*='-tab ']") == []
        with check("it complains of nothing"):
            assert visitor.alerts() == []
        with check("the content security policy holds back nothing of it"):
            assert violations(visitor) == []


def assert_stacked(visitor, slug: str, say) -> None:
    """The knobs that differ, and two figures, the second below the first."""
    table = visitor.page.locator(f".compared[aria-label='{say('Knobs that differ')}']")
    table.wait_for(timeout=1000 * patience(60))
    visitor.settle()
    first, second = (
        visitor.until(lambda at=at: visitor.boxes(f".st-key-{slug}-compare-{at}"), f"figure {at}")[0] for at in (0, 1)
    )
    assert second["y"] >= first["y"] + first["height"]

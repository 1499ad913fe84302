"""The status page in a browser: it keeps itself up to date without a script, and leads to the pages."""

import pytest

from engine.contracts.topic import catalogue
from pages.components.server.status import REFRESH_SECONDS


@pytest.mark.parametrize(
    ("locale", "theme", "title", "background"),
    [
        ("en-US", "light", "Status of this server", "rgb(251, 250, 247)"),
        ("zh-CN", "dark", "服务器状态", "rgb(15, 20, 32)"),
    ],
)
def test_it_looks_like_the_pages_refreshes_itself_and_leads_home(visit, locale, theme, title, background):
    """Complaints of the browser, about the policy for instance, fail every visit."""
    visitor = visit(None, locale=locale, theme=theme, size=(390, 844))
    page, loads = visitor.page, []
    page.on("load", lambda _: loads.append(page.url))
    page.goto(f"{visitor.address}/status")
    assert page.locator("h1").inner_text() == title
    assert page.evaluate("() => getComputedStyle(document.documentElement).backgroundColor") == background
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    visitor.until(lambda: len(loads) == 2, "it loads itself again", patience=6 * REFRESH_SECONDS)
    other = "EN" if locale == "zh-CN" else "中文"
    page.get_by_role("link", name=other).click()
    page.locator("h1", has_text="服务器状态" if locale == "en-US" else "Status of this server").wait_for()
    visitor.until(lambda: len(loads) == 4, "and again, in the language that was chosen", patience=6 * REFRESH_SECONDS)
    assert page.locator("[aria-current=true]").inner_text() == other
    page.get_by_role("link", name="Neurarium").click()
    visitor.until(lambda: visitor.path == "/" and visitor.title == "Neurarium", "home")
    assert visitor.settle().language == other
    assert visitor.page.locator("[class*=st-key-tile-]").count() == len(catalogue())

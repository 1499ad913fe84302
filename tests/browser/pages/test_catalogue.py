"""The house with thirty-seven topics: home and menu stay in order, on one server for all tests of this file."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest

from engine.contracts.topic import GROUPS
from tests.app_server import start_server
from tests.browser.expectations import TOPICS, zh
from tests.catalogue import DUMMIES, copy_project, lay_dummies


class Shown(NamedTuple):
    """A topic as the reader sees it, by language."""

    slug: str
    group: str
    order: int
    title: dict[str, str]


REAL = [Shown(t.slug, t.group, t.order, {"en": t.title, "zh": zh(t.title)}) for t in TOPICS.values()]
ALL = sorted(
    [*REAL, *(Shown(d.slug, d.group, d.order, {"en": d.title, "zh": d.chinese}) for d in DUMMIES)],
    key=lambda topic: (GROUPS.index(topic.group), topic.order),
)
LAST = ALL[-1]
OF_LAST = [topic.slug for topic in ALL if topic.group == LAST.group]
SLUGS = [topic.slug for topic in ALL]
LOOKS = {
    "desktop English light": ("en-US", "light", (1280, 800)),
    "desktop Chinese dark": ("zh-CN", "dark", (1280, 800)),
    "phone English dark": ("en-US", "dark", (390, 844)),
    "phone Chinese light": ("zh-CN", "light", (390, 844)),
}


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A server of a copy of the project in which there are thirty-seven topics."""
    root = copy_project(tmp_path_factory.mktemp("house"))
    lay_dummies(root)
    server = start_server(tmp_path_factory.mktemp("log") / "log.txt", root=root)
    try:
        yield server.wait()
    finally:
        server.stop()
    assert "Traceback" not in server.log


def shown(visitor, kind: str) -> list[str]:
    """Slugs of what home shows, "tile" or "card", in the order of the page."""
    names = visitor.page.locator(f"[class*=st-key-{kind}-]").evaluate_all("all => all.map(one => one.className)")
    found = (re.search(rf"st-key-{kind}-([a-z_]+)(\s|$)", name) for name in names)
    return [match.group(1) for match in found if match]


# What does not fit into its place: text wider or higher than what shows of it, and all that reaches out of the window.
CUT = """(within) => [...document.querySelectorAll(within)].flatMap((root) => [...root.querySelectorAll("a, p, h1, h2, button, span")])
  .filter((e) => e.innerText?.trim() && e.getClientRects().length && e.dataset.testid !== "stIconMaterial")
  .flatMap((e) => {
    const box = e.getBoundingClientRect(), found = [];
    if (box.right > innerWidth + 1 || box.left < -1) found.push("out of the window");
    for (let at = e; at && at !== document.body; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (/auto|scroll/.test(style.overflowX + style.overflowY)) break; // one can scroll to it
      if (style.overflowX === "visible") continue;
      const frame = at.getBoundingClientRect();
      if (box.right > frame.right + 1 || box.bottom > frame.bottom + 2 || at.scrollWidth > at.clientWidth + 1) found.push("cut off");
    }
    return [...new Set(found)].map((what) => `${e.innerText.trim()}: ${what}`);
  })"""  # noqa: E501 - JavaScript
# The most that two of these boxes share, in pixels, across and down; 0 where none covers another.
OVERLAP = """(selector) => {
  const boxes = [...document.querySelectorAll(selector)].map((e) => e.getBoundingClientRect()).filter((box) => box.width);
  return Math.max(0, ...boxes.flatMap((one, at) => boxes.slice(at + 1).map((other) => Math.min(
    one.right - other.left, other.right - one.left, one.bottom - other.top, other.bottom - one.top))));
}"""  # noqa: E501 - JavaScript


def assert_in_order(visitor) -> None:
    """Nothing is cut off, covered or beside the window."""
    assert visitor.page.evaluate(CUT, ".stMainBlockContainer, [data-testid=stTopNav]") == []
    assert visitor.page.evaluate(OVERLAP, ":is([class*=st-key-tile-], [class*=st-key-card-]):not([class*=links])") == 0
    front = ".st-key-front-words, .st-key-front-points, .st-key-front-network"
    assert visitor.page.evaluate(OVERLAP, f".st-key-title-row, {front}, .stTextInput, .st-key-path, h2") == 0
    assert not visitor.scrolls_sideways()


def search(visitor, words: str) -> None:
    box = visitor.key("home:search").locator("input")
    box.fill(words)
    box.press("Enter")


def check_menu_of_desktop(visitor, tongue: str) -> None:
    """Each group opens below its name, with all its topics."""
    found = []
    for group in GROUPS:
        name = group if tongue == "en" else zh(group)
        visitor.page.locator("[data-testid=stTopNavSection]", has_text=name).click()
        links = visitor.page.locator("[data-testid=stTopNavDropdownLink]:visible")
        wanted = [topic for topic in ALL if topic.group == group]
        visitor.until(lambda: links.count() == len(wanted), f"the topics of {name}")
        found += [address.rpartition("/")[2] for address in links.evaluate_all("all => all.map(link => link.href)")]
        texts = [text.split("\n")[-1] for text in links.all_inner_texts()]
        assert texts == [topic.title[tongue] for topic in wanted]
        assert visitor.page.evaluate(CUT, "[data-testid=stTopNavDropdownLink]") == []
        assert visitor.boxes("[data-testid=stTopNavDropdownLink]")[-1]["y"] < 780
        visitor.page.keyboard.press("Escape")
        visitor.page.locator("h1").click()
        visitor.until(lambda: links.count() == 0, "the menu has closed")
    assert found == SLUGS


def check_menu_of_phone(visitor, tongue: str) -> None:
    """It scrolls and folds, and leads to the last page."""
    visitor.page.locator("[data-testid=stExpandSidebarButton]").click()
    visitor.page.locator("[data-testid=stSidebar][data-collapsed=false]").wait_for()
    links = visitor.page.locator("[data-testid=stSidebarNavLink]")
    assert [address.rpartition("/")[2] for address in links.evaluate_all("all => all.map(a => a.href)")] == ["", *SLUGS]
    # It glides in.
    visitor.until(lambda: visitor.page.evaluate(CUT, "[data-testid=stSidebarNav]") == [], "all titles, and whole")
    first = visitor.page.locator("[data-testid=stNavSectionHeader]").first
    first.click()
    in_first = [topic for topic in ALL if topic.group == GROUPS[0]]
    visitor.until(lambda: links.count() == 1 + len(ALL) - len(in_first), "the first group is folded")
    first.click()
    visitor.until(lambda: links.count() == 1 + len(ALL), "and unfolded")
    links.last.scroll_into_view_if_needed()
    links.last.click()
    visitor.until(lambda: visitor.title == LAST.title[tongue], "the page of the last topic")
    visitor.page.locator("canvas.stage[data-ready=true]").first.wait_for()


@pytest.mark.parametrize("look", LOOKS)
def test_home_shows_all_topics_and_what_is_sought_and_the_menu_has_all(visit, house, look):
    locale, theme, size = LOOKS[look]
    tongue = locale[:2]
    fresh = size[0] < 500  # a browser remembers that its menu is open
    visitor = visit("/", server=house, locale=locale, theme=theme, size=size, fresh=fresh)
    said = (lambda text: text) if tongue == "en" else zh
    assert shown(visitor, "tile") == SLUGS
    words = visitor.words
    places = [words.index(f"{place} · {topic.title[tongue]}") for place, topic in enumerate(ALL, 1)]
    assert places == sorted(places)
    assert_in_order(visitor)
    height = visitor.page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollHeight")
    assert height <= (2 if size[0] > 1000 else 4.5) * size[1], "one is through with it after two screens"
    assert visitor.boxes("[class*=st-key-tile-]")[0]["y"] < 0.85 * size[1], "a picture is among what one sees first"
    headings = visitor.page.locator(".st-key-tiles h2").all_inner_texts()
    assert headings == [said(group) for group in GROUPS], "each group has its name, once"
    for group in GROUPS:
        first = next(topic for topic in ALL if topic.group == group)
        assert visitor.key(f"tile-{first.slug}").locator("h2").inner_text() == said(group), "over its first"
    search(visitor, said(LAST.group))
    visitor.until(lambda: shown(visitor, "card") == OF_LAST, "the cards of the last group")
    assert shown(visitor, "tile") == []
    assert_in_order(visitor)
    search(visitor, ALL[1].title[tongue])
    visitor.until(lambda: shown(visitor, "card") == [ALL[1].slug], "what is sought")
    search(visitor, "square root")
    visitor.until(lambda: len(shown(visitor, "tile")) == len(DUMMIES), "many that fit")
    search(visitor, "")
    visitor.until(lambda: shown(visitor, "tile") == SLUGS, "everything again")
    (check_menu_of_desktop if size[0] > 1000 else check_menu_of_phone)(visitor, tongue)


STOP = """() => { let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return [at?.getAttribute("href") ?? "", at?.innerText ?? ""]; }"""  # address and text of what has the focus


def test_with_the_keyboard_one_comes_by_all_topics_and_into_the_last(visit, house):
    """Sections of the menu, topics and their stars are one stop each: no more stops than there are things to choose."""
    visitor = visit("/", server=house)
    stops = []
    while not stops or stops[-1][0] != LAST.slug:
        assert len(stops) < 2 * len(ALL) + len(GROUPS) + 24, stops
        visitor.page.keyboard.press("Tab")
        stops.append(visitor.page.evaluate(STOP))
    assert [place for place, _ in stops[1 - 2 * len(ALL) :: 2]] == SLUGS
    named = [text for _, text in stops[: 1 - 2 * len(ALL)]]
    assert [text for text in named if text in GROUPS] == list(GROUPS), "the menu comes first"
    visitor.page.keyboard.press("Enter")
    visitor.until(lambda: visitor.path == f"/{LAST.slug}" and visitor.title == LAST.title["en"], "the last topic")
    visitor.settle()
    section = visitor.page.locator("[data-testid=stTopNavSection]", has_text=GROUPS[0])
    section.focus()
    visitor.page.keyboard.press("Enter")
    visitor.page.locator("[data-testid=stTopNavDropdownLink]").last.wait_for()
    *before, wanted = [topic for topic in ALL if topic.group == GROUPS[0]]
    for _ in before:  # a menu goes by the arrows
        visitor.page.keyboard.press("ArrowDown")
    visitor.page.keyboard.press("Enter")
    visitor.until(lambda: visitor.title == wanted.title["en"], "the last topic of the first group")


def test_pictures_lead_to_pages_chips_to_presets_and_home_remembers_what_was_sought(visit, house):
    visitor = visit("/", server=house)
    visitor.key(f"tile-{LAST.slug}").locator("img.cover").click(force=True)  # the link lies over the picture
    visitor.until(lambda: visitor.title == LAST.title["en"], "the page of the picture")
    visitor.page.locator("canvas.stage[data-ready=true]").first.wait_for()
    visitor.settle()
    visitor.page.locator("[data-testid=stTopNavLink]", has_text="Home").click()
    visitor.until(lambda: visitor.title == "Neurarium", "home")
    search(visitor, "Sequences")
    visitor.key("card-tokens").locator("div.cover").wait_for()  # it has no picture
    covers = visitor.page.locator("img.cover")
    widths = "all => all.every(e => e.complete && e.naturalWidth === 640)"
    visitor.until(lambda: covers.evaluate_all(widths), "the pictures have come")
    visitor.key("card-tokens-links").get_by_role("link", name="Nine").click()
    visitor.until(lambda: visitor.title == "Tokens" and visitor.query == {"number": "9"}, "the preset's page")
    visitor.settle()
    visitor.page.locator("[data-testid=stTopNavLink]", has_text="Home").click()
    visitor.until(lambda: shown(visitor, "card") == [t.slug for t in ALL if t.group == "Sequences"], "what was sought")

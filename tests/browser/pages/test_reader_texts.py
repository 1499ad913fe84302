"""A reader's texts in a real browser: every letter as typed, and nothing of it a link, a mark or a formula."""

import itertools
import json
from urllib.parse import urlencode

import pytest

from engine.data.graph_texts.keys import key_of
from tests.hostile import HOSTILE

# What the hostile texts would become: selector -> words in it, "" for any.
BECOME = {
    "a[href*='//y'], a[href*='a.io'], a[href*='ex.org'], a[href^='mailto:']": "",
    "img[src*='//y'], img[alt='i'], img[alt='Streamlit logo']": "",
    "b, strong": "x|y", "em": "y", "del": "s", "code": "c", ".katex-error": "", "[onclick]": "",
    ".stMarkdownColoredText, span[style*='color'][class*='Colored']": "x",
    "[data-testid=stIconMaterial]": "skull",
}  # fmt: skip


def become(visitor) -> list[str]:
    """What there is of it in the page."""
    return visitor.page.evaluate(
        """table => Object.entries(table).flatMap(([selector, words]) =>
            [...document.querySelectorAll(selector)]
                .filter(e => !words || words.split('|').includes(e.textContent.trim()))
                .map(e => selector + ': ' + e.outerHTML.slice(0, 120)))""",
        BECOME,
    )


def letters(visitor) -> str:
    """All text of the page as it is seen."""
    return visitor.page.locator("body").inner_text().replace("\u2060", "")


def graph_of(texts) -> str:
    """A graph whose nodes and classes are called so."""
    nodes = [{"id": text, "class": text} for text in texts]
    links = [{"source": one, "target": other} for one, other in itertools.pairwise(texts)]
    return key_of(json.dumps({"nodes": nodes, "links": links}))


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_names_classes_and_refused_lines_are_letters(visit, locale):
    for some in (HOSTILE[:8], HOSTILE[8:16], HOSTILE[16:]):
        visitor = visit("/gnn?" + urlencode({"data": "own", "graph": graph_of(some)}), locale=locale)
        assert become(visitor) == []
        last = some[-1]  # picked at first: its name stands in a sentence, its class on a button
        assert letters(visitor).count(last) >= 2
    visitor = visit("/gnn", locale=locale)
    visitor.key("gnn-own").get_by_role("button").first.click()
    box = visitor.key("gnn:edges").locator("textarea")
    for text in HOSTILE:
        box.fill(f'a b\n# {text}\n"{text} z')
        visitor.button("gnn:use").click()
        visitor.until(lambda text=text: f'"{text} z' in "".join(visitor.alerts()).replace("\u2060", ""), "quoted")
        assert become(visitor) == []


def test_a_text_of_marks_is_read_as_text(visit):
    text = " ".join(HOSTILE)
    visitor = visit(
        "/attention?" + urlencode({"text": text[:200], "seed": "*y*", "pin": "[x](//y)", "view": "<b>x</b>"})
    )
    assert become(visitor) == []
    assert "“[x](//y)”" in letters(visitor)
    visitor.button("pin").click()
    visitor.settle()
    visitor.page.get_by_role("tab", name="Compare").click()
    visitor.settle()
    assert become(visitor) == []


def test_how_a_graph_was_read_can_be_changed_and_the_link_reads_it_so(visit):
    visitor = visit("/gnn")
    visitor.key("gnn-own").get_by_role("button").first.click()
    visitor.key("gnn:edges").locator("textarea").fill("Person;Friend\nAnn;Bob\nBob;Cy\nCy;Ann\nCy;Dee")
    visitor.button("gnn:use").click()
    visitor.until(lambda: "Now: 6 nodes, 5 edges. Names are parted by semicolons." in letters(visitor), "read")
    assert "its names stand nowhere else. If it is a header, choose that." in letters(visitor)
    visitor.key("gnn-read-first").locator("select").select_option(label="a header")
    visitor.until(lambda: "Now: 4 nodes, 4 edges." in letters(visitor), "read again")
    assert "Line 1, “Person;Friend”, is taken for a header." in letters(visitor)
    graph = visitor.query["graph"]
    assert graph.endswith(".h")
    friend = visit("/gnn?" + urlencode({"data": "own", "graph": graph}), locale="zh-CN")
    friend.key("gnn-own").get_by_role("button").first.click()
    friend.until(lambda: "现有 4 个节点" in letters(friend), "the same graph")
    assert friend.key("gnn-read-first").locator("select").evaluate("s => s.selectedOptions[0].text") == "表头"
    assert not friend.scrolls_sideways()

"""No text of a reader's is Markdown or HTML, on any page: what the server sends is looked through, field by field.

Every page of the catalogue is walked, so that a new one is among them: links with hostile values in every knob, own
texts, own graphs, files of hostile names and contents, pinned runs, all tabs.
"""

import html
import itertools
import json
import re
import urllib.parse

import numpy as np
import pytest
from safetensors.numpy import save
from websockets.exceptions import ConnectionClosed

from engine.contracts.knob import knobs, to_query
from engine.contracts.topic import catalogue
from engine.data.graph_texts.keys import key_of
from tests.hostile import HOSTILE
from tests.visitor import Visitor

# What shows letters as they are: (kind of element, field). Everything else is Markdown or HTML, or might become it.
LETTERS = {
    ("text_input", "value"), ("text_input", "default"), ("text_area", "value"), ("text_area", "default"),
    ("bidi_component", "json"), ("bidi_component", "mixed.json"), ("bidi_component", "bytes"), ("code", "code_text"),
    ("page_link", "query_string"),
}  # fmt: skip
# Only what would do something if it were taken for a mark; "{z}" does nothing in Markdown or HTML.
ACTIVE = tuple(text for text in HOSTILE if text not in ("{z}", "# h", "- a", "1. a", '" onclick="x'))

ACTIVE_IN_HTML = tuple(text for text in ACTIVE if "<" in text)


def strings(message, name=""):
    """(field, text) of all texts in one of Streamlit's messages."""
    for field, value in message.ListFields():
        path = f"{name}.{field.name}" if name else field.name
        values = value if getattr(field, "is_repeated", False) else [value]
        for one in values:
            if hasattr(one, "ListFields"):
                yield from strings(one, path)
            elif isinstance(one, str):
                yield path, one


def leaks(visitor):
    """(kind, field, text) of everything that a browser would read as Markdown or HTML and that has a reader's marks in
    it; and of our own components' texts that show the references which those have instead."""
    found = []
    for kind, element, _ in visitor.elements.values():
        if element is None:
            continue
        for field, text in strings(element):
            if field in ("id", "url", "form_id") or field.endswith((".id", "_url")):
                continue
            if kind == "markdown" and re.fullmatch(
                r"\$\$\n[^\n]*\n\$\$", text
            ):  # st.latex, in which letters are letters
                assert not re.search(r"(?<!\\)\$", text[2:-2])
            elif (kind, field) not in LETTERS:
                active = ACTIVE_IN_HTML if kind == "html" else ACTIVE
                found += [(kind, field, text[:200]) for hostile in active if hostile in text]
            elif kind == "bidi_component" and re.search(r"&#\d+;", text):
                found.append((kind, field, text[:200]))
        if kind == "bidi_component" and re.search(rb"&#\d+;", element.bytes):
            found.append((kind, "bytes", str(element.bytes[:200])))
    return found


def seen(visitor):
    """All texts of the page as letters, to be sure that the hostile ones are there."""
    parts = [html.unescape(text).replace("\u2060", "") for _, e, _ in visitor.elements.values() if e is not None
             for _, text in strings(e)]  # fmt: skip
    return "\n".join(parts)


def walk_tabs(visitor, slug):
    """Open every tab of a page and look."""
    for tab in ("Numbers", "Code", "Compare", "Download"):
        visitor.open_tab(slug, tab)
        assert leaks(visitor) == [], tab


@pytest.mark.parametrize("slug", catalogue())
def test_a_link_with_marks_in_every_value_is_told_of_in_letters(visitor, slug):
    topic = catalogue()[slug]
    texts = itertools.cycle(ACTIVE)
    query = {knob.name: next(texts) for knob in knobs(topic.config)}
    query |= {f"view.{name}": next(texts) for name in ("head", "cell", "layer", "shape", "below")}
    visitor.open(slug, urllib.parse.urlencode([*query.items(), ("pin", next(texts)), ("pin", f"{slug}~seed~<b>x</b>")]))
    assert leaks(visitor) == []
    assert sum(text in seen(visitor) for text in query.values()) >= 3, "the page says what it was given"
    walk_tabs(visitor, slug)


FREE = [(slug, knob.name) for slug, topic in catalogue().items() for knob in knobs(topic.config)
        if knob.kind == "text" and not knob.hidden]  # fmt: skip


@pytest.mark.parametrize(("slug", "name"), FREE)
def test_own_texts_stay_letters_everywhere(visitor, slug, name):
    for preset in catalogue()[slug].presets.values():  # not every preset has every box
        visitor.open()
        visitor.open(slug, urllib.parse.urlencode(to_query(preset)))
        if not visitor.find(f"{slug}.{name}") and visitor.find(f"{slug}:more"):
            visitor.move(f"{slug}:more", True)
        if visitor.find(f"{slug}.{name}"):
            break
    visitor.move(f"{slug}.{name}", " ".join(HOSTILE)[:70])
    visitor.press("pin")
    assert leaks(visitor) == []
    visitor.move(f"{slug}.{name}", " ".join(HOSTILE[::-1])[:70])
    walk_tabs(visitor, slug)
    visitor.open("mlp")  # where the pinned run of another page is named
    visitor.open_tab("mlp", "Compare")
    assert leaks(visitor) == []


@pytest.mark.parametrize("some", [HOSTILE[:8], HOSTILE[8:16], HOSTILE[16:]], ids=["one", "two", "three"])
def test_names_and_classes_of_an_own_graph_stay_letters(visitor, some):
    def quote(text):
        return '"' + text.replace('"', '""') + '"'

    nodes = [json.dumps({"id": text, "class": text}) for text in some]
    links = [json.dumps({"source": one, "target": other}) for one, other in itertools.pairwise(some)]
    text = f'{{"nodes": [{", ".join(nodes)}], "links": [{", ".join(links)}]}}'
    for view in ("node", "steps"):
        visitor.open()
        visitor.open("gnn", urllib.parse.urlencode({"data": "own", "graph": key_of(text), "view.below": view}))
        for node in range(len(some)):
            visitor.touch("gnn-graph", "pick", {"node": node})
            assert leaks(visitor) == []
            assert some[node] in seen(visitor)
    visitor.move("gnn-own", True)
    assert leaks(visitor) == []
    visitor.press("pin")
    walk_tabs(visitor, "gnn")


@pytest.mark.parametrize("text", ACTIVE)
def test_a_text_that_is_no_graph_is_quoted_in_letters(visitor, text):
    visitor.open("gnn")
    visitor.move("gnn-own", True)
    visitor.move("gnn:edges", f'a b\n# {text}\n"{text} z')
    visitor.press("gnn:use")
    assert leaks(visitor) == []
    assert f'“"{text} z”' in seen(visitor)
    assert len(visitor.alerts()) == 1


@pytest.mark.parametrize("slug", catalogue())
def test_files_and_their_names_stay_letters(visitor, slug):
    visitor.open(slug)
    visitor.open_tab(slug, "Download")
    settings = {"neurarium": 1, "topic": slug, "config": {"[x](//y)": "<b>x</b>", "*y*": "1"}}
    topic_of = {"topic": "<b>x</b> [x](//y)", "config": "{}"}
    weights = save({"*y*": np.zeros(3, np.float32)}, topic_of)
    contents = {
        "[x](//y).json": json.dumps(settings),
        "<b>x<b>.json": json.dumps(settings | {"topic": "<b>x</b> `c`"}),
        "*y*.json": json.dumps(settings | {"neurarium": ":red[x] $5 - $10"}),
        "$5 - $10.json": json.dumps(settings | {"config": {"seed": "[x](//y) http://a.io"}}),
        ":material.safetensors": weights,
    }
    for name, content in contents.items():
        visitor.upload(f"{slug}:load", name, content if isinstance(content, bytes) else content.encode())
        assert leaks(visitor) == [], name


def test_what_is_sought_and_not_found_stays_letters(visitor):
    visitor.open()
    for text in HOSTILE:
        visitor.move("home:search", text + "zzz")
        assert leaks(visitor) == []
        assert f"“{text}zzz”" in seen(visitor)


# ---------------------------------------------------------------- texts that are too long


def test_a_text_over_its_limit_is_told_of_and_what_stood_holds(visitor):
    visitor.open("attention")
    before = visitor.query
    visitor.move("attention.text", "word " * 378)
    said = visitor.alerts()
    assert len(said) == 1
    assert re.search(r"^Text: expected at most 1000 characters, got 1890\. The last text that could be used", said[0])
    assert visitor.query == before
    assert visitor.states[visitor.widget("attention.text").id].string_value == "word " * 378  # to be mended there
    visitor.move("attention.text", "mended")
    assert visitor.alerts() == []
    assert "text=mended" in visitor.query
    visitor.move("attention.text", "x" * 200_000)
    assert "got 200000" in visitor.alerts()[0]
    assert visitor.widget("attention.text").value == "mended"  # so long a text is not kept


def test_a_long_paste_of_edges_is_read_and_one_over_the_limit_is_told_of(visitor):
    visitor.open("gnn")
    visitor.move("gnn-own", True)
    text = "\n".join(f"a{k % 97} b{k % 89}" for k in range(20_000))[:148_679].rpartition("\n")[0]
    visitor.move("gnn:edges", text)
    assert visitor.press("gnn:use").errors == []
    assert "graph=upload" in visitor.query
    assert "Now: 186 nodes" in visitor.texts()
    kept = visitor.query
    visitor.move("gnn:edges", "a b\n" * 260_000)
    visitor.press("gnn:use")
    assert "expected at most 1000000 characters, got 1040000" in visitor.alerts()[0]
    assert visitor.query == kept
    assert "Now: 186 nodes" in visitor.texts()


def test_no_message_may_bring_more_than_16_megabytes(server):
    visitor = Visitor(server.address)
    visitor.open("attention")
    with pytest.raises(ConnectionClosed):
        visitor.move("attention.text", "x" * 17 * 2**20)
    assert server.health()["status"] == "ok"

"""A reader's own graph, as text or as a file; and what a node takes of its neighbours, as a table."""

from __future__ import annotations

import dataclasses

import streamlit as st

from engine.contracts.knob import KnobError
from engine.contracts.topic import Topic
from engine.data.graph_texts.content import MAXIMUM_EDGES, MAXIMUM_NODES, MAXIMUM_TEXT, Choices, GivenGraph
from engine.data.graph_texts.keys import choices_of, graph_of, key_of, text_of
from engine.data.graph_texts.reading import AUTOMATIC, decode_text, read_graph
from pages.components.own.framed import files_can_come
from pages.components.parts.controls import change
from pages.components.parts.errors import sentence
from pages.components.parts.language import gap, number, t
from pages.components.pictures.canvas import choice

MEGABYTES = 1
MOST_IN_THE_BOX = 100_000  # characters; a longer file is read, but not laid into the box
CHOICE_WIDTH = 148  # CSS pixels: four in a row of the popover, two on a phone
CHOICES = {  # field of Choices -> what it is about, and its values with their names
    "separator": ("Separator", {"": "automatic", "comma": "comma", "semicolon": "semicolon", "tab": "tab",
                                "space": "space"}),
    "first": ("First line", {"": "automatic", "header": "a header", "edge": "an edge"}),
    "marked": ("Lines with # or %", {"": "automatic", "comments": "comments", "names": "names"}),
    "lines": ("A line is", {"": "automatic", "edge": "an edge: columns 1, 2", "edge after one": "an edge: columns 2, 3",
                            "neighbours": "a node and its neighbours"}),
}  # fmt: skip


def choose_graph(topic: Topic, current: str, example: str) -> None:
    """A popover where the reader gives edges; sets the knobs data="own" and graph=<key> of `topic`.

    current: the knob's key, "" for the example. What cannot be read is explained in one sentence and changes nothing.
    """
    slug = topic.slug
    place = st.popover(
        t("Own graph"), icon=":material/edit_note:", width="stretch", key=f"{slug}-own", on_change="rerun"
    )
    if place.open:  # what nobody sees is not built
        with place:
            _box(topic, current, example)


def _box(topic: Topic, current: str, example: str) -> None:
    slug, state = topic.slug, st.session_state
    box, filled, problem, chosen = (f"{slug}:{what}" for what in ("edges", "edges-of", "problem", "choices"))
    text = text_of(current) if current else example
    read = graph_of(current) if current else read_graph(example)
    stood = text if len(text) <= MOST_IN_THE_BOX else ""
    if state.get(filled) != current or box not in state:  # another graph came: by link, by file, by preset
        state[box], state[filled], state[chosen] = stood, current, choices_of(current)
        state.pop(problem, None)
    if len(state[box]) > MAXIMUM_TEXT:
        state[problem], state[box] = _too_long(state[box]), stood
        state[f"{slug}:refused"] = stood  # pressing the button, which comes next, is no wish for what stood before
    st.text_area(
        t("Edges, one a line: “Ada, Bob”. Classes: “Ada: chess”."), key=box, height=150, persist_state="session",
        placeholder=t("This graph's text is too long for the box.") if text and not stood else "",
    )  # fmt: skip
    st.button(t("Use these edges"), key=f"{slug}:use", type="primary", on_click=_take, args=(topic, box))
    if state.get(problem):
        st.error(sentence(state[problem]), icon=":material/error:")
    if read.by_lines or state.get(problem):
        _choices(topic, {name: (t(label), [t(words) for words in values.values()], list(values))
                         for name, (label, values) in CHOICES.items()})  # fmt: skip
    elif read.attributes:
        values = ["", "none", *(str(number + 1) for number in range(len(read.attributes)))]
        _choices(topic, {"classes": (t("Classes from"), [t("automatic"), t("none"), *read.attributes], values)})
    if current or state[chosen] != AUTOMATIC:
        st.caption(how_it_was_read(read))
    if files_can_come():
        st.file_uploader(  # any file may come: its content decides, not its name
            t("Or a file, at most {most} MB: text or CSV, GraphML, GEXF, GML, Pajek, Matrix Market, JSON",
              most=MEGABYTES),
            key=f"{slug}:file", max_upload_size=MEGABYTES, on_change=_uploaded, args=(topic, f"{slug}:file"),
        )  # fmt: skip
    st.caption(t(
        "At most {nodes} nodes and {edges} edges. Where fewer than two classes are named, the communities that the "
        "method of Louvain finds are the classes.", nodes=number(MAXIMUM_NODES), edges=number(MAXIMUM_EDGES),
    ))  # fmt: skip


def how_it_was_read(read: GivenGraph) -> str:
    """What was found and how the text was read, in sentences, as Markdown."""
    nodes, edges = len(read.names), len(read.edges)
    said = (
        t("Now: {nodes} nodes, 1 edge.", nodes=number(nodes))
        if edges == 1
        else t("Now: {nodes} nodes, {edges} edges.", nodes=number(nodes), edges=number(edges))
    )
    words = [said, *(t(remark.template, **dict(remark.values)) for remark in read.remarks)]
    if not read.by_lines and not read.attributes:
        words.append(t("This format says itself what is a node and what is an edge, so nothing is left to choose."))
    return gap().join(words)


def _choices(topic: Topic, offered: dict[str, tuple[str, list[str], list[str]]]) -> None:
    """How the text is read, to be changed where we guessed wrongly. offered: field of Choices -> what it is about, and
    the names of its values, in the reader's language; its values."""
    state, slug = st.session_state, topic.slug
    with st.container(horizontal=True, gap="small", key=f"{slug}-read"):
        for name, (label, words, values) in offered.items():
            now = getattr(state[f"{slug}:choices"], name)
            choice(
                words, f"{slug}-read-{name}", label=label, show_label=True, width=CHOICE_WIDTH,
                chosen=values.index(now) if now in values else 0,
                on_pick=lambda name=name, values=values: _choose(topic, name, values),
            )  # fmt: skip


def _choose(topic: Topic, name: str, values: list[str]) -> None:
    """Callback: the text is to be read in another way."""
    state, slug = st.session_state, topic.slug
    picked = state[f"{slug}-read-{name}"].get("pick")
    if picked is None or not 0 <= picked < len(values):
        return
    state[f"{slug}:choices"] = dataclasses.replace(state[f"{slug}:choices"], **{name: values[picked]})
    current = state[f"{slug}:config"].graph
    text = state.get(f"{slug}:offered") or state[f"{slug}:edges"] or (text_of(current) if current else "")
    _use(topic, text, state[f"{slug}:choices"])


def _uploaded(topic: Topic, source: str) -> None:
    """Callback: a file has come, or was taken away."""
    state, slug = st.session_state, topic.slug
    file = state.get(source)
    foreign = state.pop(f"{slug}:foreign", None)
    if file is None:
        if foreign is not None and state.get(f"{slug}:problem") is foreign:  # what was wrong with it went with it
            state.pop(f"{slug}:problem")
        return
    state.pop(f"{slug}:offered", None)
    try:
        text = decode_text(file.getvalue())
    except KnobError as error:
        state[f"{slug}:problem"] = state[f"{slug}:foreign"] = error
        return
    if not _use(topic, text, AUTOMATIC):  # then it may be read in another way
        state[f"{slug}:choices"] = AUTOMATIC
        state[f"{slug}:edges" if len(text) <= MOST_IN_THE_BOX else f"{slug}:offered"] = text


def _take(topic: Topic, box: str) -> None:
    """Callback: the text's edges are wanted."""
    state, slug = st.session_state, topic.slug
    if state.pop(f"{slug}:refused", None) == state[box]:
        return
    state.pop(f"{slug}:offered", None)
    if not state[box].strip():
        state[f"{slug}:problem"] = KnobError(
            "Own graph: the box for the edges is empty; expected a line such as “Ada, Bob”. The graph stays as it is"
        )
        return
    _use(topic, state[box], state.get(f"{slug}:choices", AUTOMATIC))


def _use(topic: Topic, text: str, choices: Choices) -> bool:
    """Make a text the page's graph; False, with what is wrong with it kept to be said, if it is none."""
    state, slug = st.session_state, topic.slug
    try:
        read_graph(text, choices)
    except KnobError as problem:
        state[f"{slug}:problem"] = problem
        return False
    key = key_of(text, choices)
    for name in ("problem", "offered", "node"):
        state.pop(f"{slug}:{name}", None)
    if state.get(f"{slug}:edges") == text:
        state[f"{slug}:edges-of"], state[f"{slug}:choices"] = key, choices  # the box stays as it was typed
    change(topic, data="own", graph=key, labels="")
    return True


def _too_long(text: str) -> KnobError:
    return KnobError("Own graph: expected at most {most} characters, got {count}", most=MAXIMUM_TEXT, count=len(text))

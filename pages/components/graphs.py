"""A reader's own graph, as text or as a file; and what a node takes of its neighbours, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import streamlit as st

from engine.core.knob import KnobError
from engine.core.topic import Topic
from engine.data.edge_lists import MAXIMUM_EDGES, MAXIMUM_NODES, decode_text, key_of, parse_edge_list, text_of
from pages.components.controls import change
from pages.components.errors import sentence
from pages.components.language import number, t

MEGABYTES = 1
MOST_TYPED = 100_000  # characters of the text area; more come as a file
TYPES = ["csv", "tsv", "txt", "edges"]
MOST_MESSAGES = 9  # rows of a table; what the others add is one row more


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
    box, filled = f"{slug}:edges", f"{slug}:edges-of"
    text = text_of(current) if current else example
    if state.get(filled) != current or box not in state:  # another graph came: by link, by file, by preset
        state[box], state[filled] = text if len(text) <= MOST_TYPED else "", current
    st.text_area(
        t("Edges, one a line: “Ada, Bob”. Classes: “Ada: chess”."), key=box, height=190, max_chars=MOST_TYPED,
        persist_state="session",
    )  # fmt: skip
    st.button(t("Use these edges"), key=f"{slug}:use", type="primary", on_click=_take, args=(topic, box))
    st.file_uploader(
        t("Or a CSV or text file, at most {most} MB", most=MEGABYTES), TYPES, key=f"{slug}:file",
        max_upload_size=MEGABYTES, on_change=_uploaded, args=(topic, f"{slug}:file"),
    )  # fmt: skip
    if problem := state.get(f"{slug}:problem"):
        st.error(sentence(problem), icon=":material/error:")
    read = parse_edge_list(text)
    nodes, edges = len(read.names), len(read.edges)
    said = (
        t("Now: {nodes} nodes, 1 edge.", nodes=number(nodes))
        if edges == 1
        else t("Now: {nodes} nodes, {edges} edges.", nodes=number(nodes), edges=number(edges))
    )
    if read.left_out:
        said += " " + t("Repeated edges, or edges to the node itself, left out: {count}.", count=read.left_out)
    if read.weights:
        said += " " + t("Weights in a third column, not used: {count}.", count=read.weights)
    rules = t(
        "At most {nodes} nodes and {edges} edges. Where fewer than two classes are named, the communities that the "
        "method of Louvain finds are the classes.", nodes=number(MAXIMUM_NODES), edges=number(MAXIMUM_EDGES),
    )  # fmt: skip
    st.caption(f"{said} {rules}" if current else rules)


def message_table(made: Any, names: Sequence[str]) -> None:
    """Coefficient, value and product of everything that reaches a node, the largest product first, and their sum.

    made: node, total, and messages, each with node, coefficient, value and product.
    """
    head = (t("reached by"), t("coefficient"), t("value (HW)"), t("product"))
    rows = "".join(f"<th>{word}</th>" for word in head)
    most = max(abs(message.product) for message in made.messages) or 1.0
    for message in made.messages[:MOST_MESSAGES]:
        who = t("itself") if message.node == made.node else escape(names[message.node])
        bar, kind = 100 * abs(message.product) / most, "minus" if message.product < 0 else "plus"
        rows += (
            f"<tr><td>{who}</td><td>{number(message.coefficient, 3)}</td><td>{number(message.value, 3)}</td>"
            f'<td><i class="{kind}" style="width:{bar:.0f}%"></i>{number(message.product, 3)}</td></tr>'
        )
    if rest := made.messages[MOST_MESSAGES:]:
        more, added = t("and {count} more", count=len(rest)), sum(message.product for message in rest)
        rows += f"<tr><td>{more}</td><td></td><td></td><td>{number(added, 3)}</td></tr>"
    rows += f'<tr class="sum"><td>{t("sum")}</td><td></td><td></td><td>{number(made.total, 4)}</td></tr>'
    st.html(f'<table class="messages">{rows}</table>')


def _uploaded(topic: Topic, source: str) -> None:
    """Callback: a file has come, or was taken away."""
    file = st.session_state.get(source)
    if file is not None:
        _use(topic, file.getvalue())


def _take(topic: Topic, box: str) -> None:
    """Callback: the text's edges are wanted."""
    _use(topic, st.session_state[box])
    if pending := st.session_state.get(f"{topic.slug}:pending"):
        st.session_state[f"{topic.slug}:edges-of"] = pending.graph  # the text stays as it was typed


def _use(topic: Topic, given: str | bytes) -> None:
    state, slug = st.session_state, topic.slug
    try:
        text = decode_text(given) if isinstance(given, bytes) else given
        parse_edge_list(text)
    except KnobError as problem:
        state[f"{slug}:problem"] = problem
        return
    state.pop(f"{slug}:problem", None)
    state.pop(f"{slug}:node", None)
    change(topic, data="own", graph=key_of(text), labels="")

"""The frame of every topic page: title, question, the body (compose.py), then the tabs, Numbers to Download."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

import streamlit as st

from engine.contracts.axes import Quantity
from engine.contracts.topic import Topic
from engine.machinery.device import available_devices
from pages.components.parts.compare import compare
from pages.components.parts.compose import Composed, compose
from pages.components.parts.downloads import downloads
from pages.components.parts.language import LANGUAGES, language, number, t
from pages.components.parts.lesson import is_covered, veiled
from pages.components.parts.pins import keep_new, pin_button
from pages.components.parts.share import share_button, way_out
from pages.components.parts.teacher import teacher_popover
from pages.components.parts.topics import body_of
from pages.components.pictures.canvas import choice, open_one
from pages.components.pictures.show import show_veil
from pages.components.server.compute import chosen_device
from pages.components.server.streamlit_inside import parts_that_run

TABS = {"numbers": "Numbers", "code": "Code", "compare": "Compare", "download": "Download"}
DEVICE_NAMES = {"cpu": "CPU", "cuda": "CUDA GPU", "mps": "Apple GPU"}


_composed: ContextVar[Composed | None] = ContextVar("composed", default=None)  # by the body of this run


def show_topic(topic: Topic) -> None:
    """The whole page of a topic: title row and question, the body, the tabs.

    The body is a fragment: a knob moved runs it alone, and neither the title row nor the tabs are sent, compared and
    drawn again, which is a third of a page. Where an open tab speaks of the run, the whole page follows the change.
    """
    if st.context.is_embedded:
        embedded(topic)
        return
    title_row(t(topic.title), topic)
    st.html(f'<p class="question">{t(topic.question)}</p>')
    _composed.set(None)
    st.fragment(_body, key=body_of(topic))(topic)
    if (composed := _composed.get()) is not None:
        tabs(composed)


def embedded(topic: Topic) -> None:
    """The page within a page of somebody else's: the body alone, and below it the way to the whole page."""
    st.html(f'<h1 class="unseen">{t(topic.title)}</h1>')
    st.fragment(_body, key=body_of(topic))(topic)
    way_out()


def _body(topic: Topic) -> None:
    alone = bool(parts_that_run())
    if alone and st.session_state.get(f"{topic.slug}:tab"):
        st.rerun()
    _composed.set(compose(topic))


def title_row(title: str, topic: Topic | None = None) -> None:
    """The title with Share, Pin (of a topic's run), device and language at its right."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="title-row"):
        st.html(f"<h1>{title}</h1>", width="stretch")
        with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content", key="tools"):
            share_button()
            if topic is not None:
                teacher_popover(topic)
                pin_button(topic)
            device_choice()
            language_switch()


def device_choice() -> None:
    """Which device computes; switchable where there is more than one."""
    device = chosen_device()
    place = st.popover(
        DEVICE_NAMES[device], icon=":material/memory:", type="tertiary", key="device-popover", on_change="rerun"
    )
    if not place.open:  # what nobody sees would cost every change of every page a part of its time
        return
    with place:
        st.radio(
            t("Compute on"), available_devices(), index=available_devices().index(device), key="device",
            format_func=DEVICE_NAMES.get, persist_state="session",
        )  # fmt: skip
        if len(available_devices()) == 1:
            st.caption(t("This machine has no GPU that PyTorch can use; everything here runs on the CPU."))
        else:
            st.caption(t("Results on all devices agree within a small tolerance; speed differs."))


def language_switch() -> None:
    """English or Chinese, in place; nothing else changes."""
    state, languages = st.session_state, list(LANGUAGES)

    def switch() -> None:
        picked = state["language-switch"].get("pick")
        if picked is not None and picked < len(languages):
            state["language"] = languages[picked]

    choice(
        list(LANGUAGES.values()), "language-switch", label=t("Language"), chosen=languages.index(language()),
        on_pick=switch, as_buttons=True, width="content",
    )  # fmt: skip


def tabs(composed: Composed) -> None:
    """The tabs below the stage, none of them open at first. What is not open costs nothing."""
    topic, result = composed.topic, composed.result
    state, kept, place = st.session_state, f"{topic.slug}:tab", f"{topic.slug}-tabs"

    def pick() -> None:
        name = list(TABS)[state[place]["pick"]]
        state[kept] = None if state.get(kept) == name else name

    opened = state.get(kept)
    chosen = list(TABS).index(opened) if opened else None
    bring = state.get("tabs:brought", 0) if state.pop("tabs:bring", None) == topic.slug else 0
    open_one([t(name) for name in TABS.values()], place, label=t("More of this run"), chosen=chosen, on_pick=pick,
             bring=bring)  # fmt: skip
    keep_new(topic, result)
    if opened is None:
        return
    with st.container(key=f"{topic.slug}-tab"):
        match opened:
            case "numbers" | "compare" if veiled(topic):  # they would tell
                show_veil()
            case "numbers" | "compare" | "download" if is_covered(topic):
                show_veil()
            case "numbers":
                numbers(composed)
            case "code":
                code(topic)
            case "compare":
                compare(topic, result)
            case "download":
                downloads(topic, composed.config, result, composed.blocks)


def numbers(composed: Composed) -> None:
    """The formulas with the numbers of the run, and all its arrays."""
    made = composed.result() if callable(composed.result) else composed.result
    if made is None:
        st.info(t("There is nothing to count yet."))
        return
    if composed.formulas is not None:
        composed.formulas(made)
    numbers_table(made.quantities())


def numbers_table(quantities: Sequence[Quantity]) -> None:
    """Every array of the Result: name, axes, shape, range, unit, meaning."""
    rows = [
        {
            t("Name"): quantity.name,
            t("Axes"): " × ".join(t(axis) for axis in quantity.axes) or "–",
            t("Shape"): " × ".join(map(str, quantity.shape)) or "1",
            t("Lowest"): _extreme(quantity.values, "min"),
            t("Highest"): _extreme(quantity.values, "max"),
            t("Unit"): t(quantity.unit) if quantity.unit else "–",
            t("Meaning"): t(quantity.meaning),
        }
        for quantity in quantities
    ]
    st.table(rows, border="horizontal")


def _extreme(values: Any, which: str) -> str:
    flat = values[values == values] if hasattr(values, "shape") and values.shape else values
    if hasattr(flat, "shape") and 0 in flat.shape:
        return "–"
    extreme = getattr(flat, which)() if hasattr(flat, which) else flat
    value = extreme.item() if hasattr(extreme, "item") else extreme
    return t("yes") if value is True else t("no") if value is False else number(value, 4)


def code(topic: Topic) -> None:
    """The source of the very objects that ran, and where the method comes from."""
    for path in topic.code:
        module, _, name = path.partition(":")
        st.markdown(f"`{module.replace('.', '/')}.py` · **{name}**")
        st.code(inspect.getsource(topic.load(path)), language="python", line_numbers=False)
    st.markdown(f"**{t('Sources')}**\n\n" + "\n".join(f"- [{source.title}]({source.link})" for source in topic.sources))

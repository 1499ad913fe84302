"""The frame of every topic page: title, question, stage and knobs above the fold, then the tabs, Lesson to Download.

A page script, run by `show_topic`, draws what is between the title and the tabs:

page = open_page("mlp")
with page.panel:
    controls(page.topic)
with page.stage:
    ...  # compute and draw
close_page(page, result)
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from engine.core.axes import Quantity
from engine.core.blocks import Block, with_columns
from engine.core.device import available_devices
from engine.core.film import Film
from engine.core.topic import Topic, catalogue
from pages.components.background import found_result, keep_result
from pages.components.canvas import choice
from pages.components.compare import compare
from pages.components.compute import chosen_device, compute
from pages.components.controls import controls, current_config, note_progress, write_link
from pages.components.downloads import downloads
from pages.components.language import LANGUAGES, language, number, t
from pages.components.lesson import lesson
from pages.components.looks import begin_parts, change_view, current_view
from pages.components.own import own_things, stage_beside, with_what_is_here
from pages.components.own_weights import usable
from pages.components.pinning import keep_new, offer_places, pin_button
from pages.components.player import player
from pages.components.progress import is_under_way, watched_to_the_end
from pages.components.share import share_button
from pages.components.shown import begin
from pages.components.topics import body_of, page_module
from pages.components.walker import Latest, draw_part, film_now, part, status_line, walk

DEVICE_NAMES = {"cpu": "CPU", "cuda": "CUDA GPU", "mps": "Apple GPU"}


@dataclass
class Page:
    """An open page: its topic, the Config to show, and the two places above the fold."""

    topic: Topic
    config: Any
    stage: Any
    panel: Any


@dataclass
class Closed:
    """What a page script left for the tabs below it: see `close_page`."""

    page: Page
    result: Any
    formulas: Callable[[Any], None] | None
    blocks: Callable[[], Sequence[Block]] | None


_closed: ContextVar[Closed | None] = ContextVar("closed", default=None)  # by the page script of this run


def show_topic(topic: Topic) -> None:
    """The whole page of a topic: title row and question, what its page script draws, the tabs.

    The script is a fragment: a knob moved or a picture clicked runs the script alone, and neither the title row nor the
    tabs are sent, compared and drawn again, which is a third of a page. Where an open tab speaks of the run, the whole
    page follows the change.
    """
    title_row(t(topic.title), topic)
    st.html(f'<p class="question">{t(topic.question)}</p>')
    _closed.set(None)
    st.fragment(_body, key=body_of(topic))(topic)
    if (closed := _closed.get()) is not None:
        tabs(closed)


def _body(topic: Topic) -> None:
    alone = bool(get_script_run_ctx().fragment_ids_this_run)
    if alone and st.session_state.get(f"{topic.slug}:tab", "lesson") != "lesson":
        st.rerun()
    if (module := page_module(topic.slug)) is not None:
        compose(topic, module)
        return
    module = types.ModuleType("__main__")  # its own for every run: what a script names is this visitor's alone
    exec(_script(topic.slug), module.__dict__)


def compose(topic: Topic, module: types.ModuleType) -> None:
    """The page of a module of plain functions: see pages/components/walker.py."""
    page = open_page(topic.slug)
    config, film, made = with_what_is_here(topic, page.config), None, None
    at_once = st.session_state.pop(f"{topic.slug}:begin", False)  # see Press
    _follow(topic, module, config)
    begin_parts(topic)
    whole = _completed(topic, config)
    with page.stage:
        if hasattr(module, "head"):
            walk(topic, module.head(config, current_view(topic)))
        start = _first_look(topic, config) if whole is None else whole
        if start is None and topic.fallback is not None:
            config = note_progress(topic, **vars(topic.fallback(config)))
            start = _first_look(topic, config)
        stage = stage_beside(topic, page.config, page.stage) if start is not None else page.stage
    if start is not None and topic.trains(config):
        film, training = Latest(), topic.training
        experiment = training.at(training.experiment(config), training.goes(config))
        with stage:
            moments = player(
                topic, experiment, start, partial(_stage, topic, film), status=partial(_status, module, config),
                default_speed=training.speed, begin=at_once,
            )  # fmt: skip
        made = partial(_result_of, topic, config, moments)
    elif start is not None:
        film = Film.of(start)
        with stage:
            part(topic, "stage", film)
        made = start if start is whole or _looks_at_all(topic, config) else partial(_result, topic, config)
    with page.panel:  # after the pictures, which answer the change
        own_things(topic, st.session_state[f"{topic.slug}:config"])
        controls(topic, skip=tuple(topic.absent(config)) if topic.absent else ())
        if film is not None and hasattr(module, "panel"):
            part(topic, "panel", film)
    if film is not None and hasattr(module, "below"):
        part(topic, "below", film)
    close_page(
        page, made, formulas=partial(_formulas, topic) if topic.formulas else None,
        blocks=partial(_blocks, topic, module, config, film) if film is not None else None,
    )  # fmt: skip


def _follow(topic: Topic, module: types.ModuleType, config: Any) -> None:
    """Look where the page says, now that its Config is another; what a link itself says that just came goes before."""
    state, kept = st.session_state, f"{topic.slug}:followed"
    (before, known), linked = state.get(kept, (topic.config(), None)), state.get(f"{topic.slug}:linked_views", {})
    state[kept] = (config, linked)
    if before != config and hasattr(module, "follow"):
        said = {} if linked is known else linked
        view, wanted = current_view(topic), module.follow(before, config).items()
        if other := {name: to for name, to in wanted if name not in said and getattr(view, name) != to}:
            change_view(topic, **other)


def _completed(topic: Topic, config: Any) -> Any | None:
    """The whole Result, if what the first look lacks has been computed by now; it is kept for all visitors."""
    if topic.completed is None or topic.trains(config) or _looks_at_all(topic, config):
        return None
    wanted = _of_later(topic, config)
    found = found_result(topic, wanted)
    if found is None and (arrived := watched_to_the_end(topic, wanted)) is not None:
        found = topic.load(topic.completed)(_first_look(topic, config), arrived)
        keep_result(topic, wanted, found)
    return found


def _of_later(topic: Topic, config: Any) -> Any:
    """What a Later of the page is asked that makes what the first look lacks."""
    return config if _path(topic, config) == topic.run else topic.looked_at(config)


def _result(topic: Topic, config: Any) -> Any | None:
    """The whole Result, for the tabs; None while it is being watched, which ends with a run of the whole page."""
    if topic.completed is None:
        return compute(topic, config)
    wanted = _of_later(topic, config)
    return None if is_under_way(topic, wanted) else compute(topic, wanted, long=True)


def _looks_at_all(topic: Topic, config: Any) -> bool:
    """Whether the first look is the whole Result."""
    lacking = topic.completed is not None and topic.looked_at is not None and topic.looked_at(config) != config
    return _path(topic, config) == topic.run and not lacking


def _path(topic: Topic, config: Any) -> str:
    """What the page of a Config shows at first."""
    return topic.training.first if topic.trains(config) else topic.look(config) if topic.look else topic.run


def _first_look(topic: Topic, config: Any) -> Any | None:
    path = _path(topic, config)
    looked_at = topic.training.experiment if topic.trains(config) else topic.looked_at
    return compute(topic, looked_at(config) if looked_at else config, path)


def _stage(topic: Topic, latest: Latest, film: Film) -> None:
    """What the player shows; the other parts of the page speak of it, too."""
    latest.film = film
    draw_part(topic, "stage", film)


def _status(module: types.ModuleType, config: Any, moment: Any) -> str:
    return status_line(module.status(config, moment))


def _result_of(topic: Topic, config: Any, moments: Callable[[], Sequence[Any]]) -> Any:
    return topic.load(topic.training.result_of)(config, moments())


def _formulas(topic: Topic, made: Any) -> None:
    walk(topic, topic.formulas_of(made))


def _blocks(topic: Topic, module: types.ModuleType, config: Any, film: Film | Latest) -> list[Block]:
    given = (config, current_view(topic), film_now(film))
    parts = [getattr(module, part) for part in ("stage", "below") if hasattr(module, part)]
    return [block for part in parts for block in with_columns(part(*given), *given)]


@cache
def _script(slug: str) -> types.CodeType:
    path = Path(__file__).parents[1] / f"{slug}.py"
    return compile(path.read_text("utf-8"), str(path), "exec")


def open_page(slug: str) -> Page:
    """Draw the two empty places of a page script; read the Config from link and widgets."""
    topic = catalogue()[slug]
    begin(slug)
    config = usable(topic, current_config(topic))
    offer_places(topic)
    stage, panel = st.columns([2.05, 1], gap="medium")
    return Page(topic, config, stage.container(key=f"{slug}-stage"), panel.container(border=True, key=f"{slug}-panel"))


def title_row(title: str, topic: Topic | None = None) -> None:
    """The title with Share, Pin (of a topic's run), device and language at its right."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="title-row"):
        st.html(f"<h1>{title}</h1>", width="stretch")
        share_button()
        if topic is not None:
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


def close_page(
    page: Page,
    result: Any | Callable[[], Any] | None,
    *,
    formulas: Callable[[Any], None] | None = None,
    blocks: Callable[[], Sequence[Block]] | None = None,
) -> None:
    """The end of a page script: the address is written, and the tabs are told what there is to show.

    result: a Result, or a function that makes it when the Numbers tab is opened. formulas: draws the formulas with the
    live values of the Result into the Numbers tab. blocks: makes what the page shows above, for a file.
    """
    _closed.set(Closed(page, result, formulas, blocks))
    write_link(page.topic)


def tabs(closed: Closed) -> None:
    """The tabs below the stage. Tabs that are not open cost nothing."""
    topic, result = closed.page.topic, closed.result
    names = {"lesson": t("Lesson"), "numbers": t("Numbers"), "code": t("Code")}
    names |= {"compare": t("Compare"), "download": t("Download")}
    # Streamlit remembers the tab by its label, which is translated; so it is kept by name and handed over when the
    # language changes. In between the default must stay as it is: with another one these would be other tabs.
    state, kept, handed_over = st.session_state, f"{topic.slug}:tab", f"{topic.slug}:tab_handed_over"
    if state.get(handed_over, ("", ""))[0] != language():
        state[handed_over] = (language(), state.get(kept, "lesson"))
    opened = st.tabs(
        list(names.values()), key=f"{topic.slug}-tabs-{language()}", on_change="rerun",
        default=names[state[handed_over][1]],
    )  # fmt: skip
    places = dict(zip(names, opened, strict=True))
    state[kept] = next((name for name, place in places.items() if place.open), "lesson")
    if places["lesson"].open:
        with places["lesson"]:
            lesson(topic)
    if places["numbers"].open:
        with places["numbers"]:
            made = result() if callable(result) else result
            if made is None:
                st.info(t("There is nothing to count yet."))
            else:
                if closed.formulas is not None:
                    closed.formulas(made)
                numbers_table(made.quantities())
    if places["code"].open:
        with places["code"]:
            code(topic)
    keep_new(topic, result)
    if places["compare"].open:
        with places["compare"]:
            compare(topic, result)
    if places["download"].open:
        with places["download"]:
            downloads(topic, closed.page.config, result, closed.blocks)


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

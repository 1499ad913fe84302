"""The Compare tab: pinned runs of this page and the present one side by side. Needs nothing but the topic's card."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Sequence
from typing import Any

import streamlit as st

from engine.contracts.knob import said_in_full
from engine.contracts.pins import Pin, in_link, other_data
from engine.contracts.topic import Topic, catalogue
from engine.pictures.bars.values import Bars
from engine.pictures.comparison import (
    curves_together,
    is_chart,
    is_curves,
    last_step,
    on_one_scale,
)
from engine.pictures.pixels.values import PixelPicture
from engine.pictures.theme import CLASS_COLOURS, plotly_template
from pages.components.parts.compared import ComparedRun, badge, knob_table, numbers, tell_apart
from pages.components.parts.errors import sentence
from pages.components.parts.figure_choice import choose_view
from pages.components.parts.language import drawn, in_language, language, number, t
from pages.components.parts.pinned_runs import keep_pinned, pinned, pinned_in_link
from pages.components.parts.pins import config_now, go_back, pin_label, run_name
from pages.components.parts.topics import page_of
from pages.components.pictures.canvas import runs
from pages.components.pictures.mount import put
from pages.components.server.background import job_for, stored_result

TICK_SECONDS = 0.5
NOW_COLOUR, PIN_COLOURS = CLASS_COLOURS[0], (CLASS_COLOURS[1], CLASS_COLOURS[2], CLASS_COLOURS[3], CLASS_COLOURS[5])
MOST_ABREAST = 3
QUIET = {"displayModeBar": False}  # its buttons lie over the legend of a narrow chart
MEASURED = ("signed", "magnitude")  # colour scales whose ends differ from run to run, so that a legend must say them
HEIGHTS = {1: 420, 2: 400, 3: 300}  # CSS pixels of a picture, by how many stand in a row


def compare(topic: Topic, result: Any) -> None:
    """Everything of the tab. result: as `close_page` gets it."""
    pins = pinned()
    if not pins:
        st.markdown(
            t(
                "Press **Pin**, at the top, to keep this run as it is now. Then change a knob, or train on, and come "
                "back here: both stand side by side, with the knobs and the numbers in which they differ."
            )
        )
        return
    here = [(at, pin) for at, pin in enumerate(pins) if pin.slug == topic.slug]
    made = (result() if callable(result) else result) if here else None
    now = config_now(topic)
    if made is not None and topic.steps_of(now) and last_step(made) is not None:
        now = topic.training.at(now, last_step(made))
    list_of_runs(topic, pins, now)
    links_to_others(topic, pins)
    if not here:
        st.caption(t("No run of this page is pinned: press Pin, at the top, to compare it with the next one."))
        return
    compared_runs, missing = [], []
    for at, pin in here:
        pinned_result = made if pin.config == now and made is not None else stored_result(topic, pin.config)
        entry = ComparedRun(pin_label(at), PIN_COLOURS[at], pin.config, pinned_result)
        (compared_runs if pinned_result is not None else missing).append(entry)
    if made is not None and all(pin.config != now for _, pin in here):
        compared_runs.append(ComparedRun(t("Now"), NOW_COLOUR, now, made))
    if missing:
        wait_for(topic, missing)
    if len(here) == 1 and here[0][1].config == now:
        st.caption(t("The run on the page is the pinned one. Change a knob, or train on, and both stand side by side."))
    if len(compared_runs) > 1:
        reference = next((at for at, one in enumerate(compared_runs) if one.config == now), len(compared_runs) - 1)
        st.fragment(side_by_side)(topic, compared_runs, reference)


# ---------------------------------------------------------------- which runs


def list_of_runs(topic: Topic, pins: Sequence[Pin], now: Any) -> None:
    """All pinned runs with what can be done to them, those of other pages too, and the present run."""
    rows = []
    for at, pin in enumerate(pins):
        here = pin.slug == topic.slug
        name = run_name(pin, topic)
        if here and pin.config == now:
            name += f" ({t('on the page now')})"
        rows.append({"label": pin_label(at), "colour": PIN_COLOURS[at], "name": name, "pinned": True,
                     "here": here and pin.config != now})  # fmt: skip
    if all(pin != Pin(topic.slug, now) for pin in pins):
        name = run_name(Pin(topic.slug, now), topic)
        rows.append({"label": t("Now"), "colour": NOW_COLOUR, "name": name, "pinned": False, "here": False})
    state, place = st.session_state, "compare-runs"

    def back() -> None:
        at = state[place].get("back")
        if at is not None and at < len(pins) and pins[at].slug == topic.slug:
            go_back(topic, pins[at].config)

    def drop() -> None:
        at = state[place].get("drop")
        if at is not None and at < len(pins):
            keep_pinned(tuple(pins[:at]) + tuple(pins[at + 1 :]))

    runs(rows, place, label=t("Pinned runs"), back=t("Go back to this"), drop=t("Remove"), on_back=back, on_drop=drop)
    outside = [pin_label(at) for at, pin in enumerate(pins) if pin not in in_link(pins)]
    if outside:
        st.caption(t("Too long for the link, which leaves it out: {runs}.", runs=", ".join(outside)))


def links_to_others(topic: Topic, pins: Sequence[Pin]) -> None:
    """To the pages of runs that are pinned there: they open as they were."""
    for at, pin in enumerate(pins):
        if pin.slug == topic.slug:
            continue
        query = said_in_full(pin.config)  # without any knob it would show what the page showed last
        label = t("Open {run} on its page: {title}", run=pin_label(at), title=t(catalogue()[pin.slug].title))
        st.page_link(
            page_of(catalogue()[pin.slug]),
            label=label,
            query_params=query | pinned_in_link(),
            icon=":material/open_in_new:",
        )


# ---------------------------------------------------------------- waiting for those that are not computed yet


def wait_for(topic: Topic, missing: Sequence[ComparedRun]) -> None:
    """Have the missing runs computed in the background, one after the other, and say how far they are."""
    jobs = st.session_state.setdefault("compare:jobs", {})
    wanted = {(topic.slug, one.config) for one in missing}
    for known in [known for known in jobs if known not in wanted]:
        del jobs[known]
    st.fragment(_waiting, run_every=TICK_SECONDS)(topic, missing)


def _waiting(topic: Topic, missing: Sequence[ComparedRun]) -> None:
    jobs = st.session_state["compare:jobs"]
    over = False
    for one in missing:
        key = (topic.slug, one.config)
        job = jobs.get(key)
        try:
            if job is None or job.state == "stopped":
                job = jobs[key] = job_for(topic, one.config)
        except Exception as error:  # no place is free: the next look asks again
            st.caption(f"{one.label}: {sentence(error)}")
            continue
        if job is None:
            st.caption(t("{run} is next.", run=one.label))
            continue
        job.watch()
        if job.error is not None or job.state == "done":
            _ended(topic, one, job, key)
            over |= job.error is None and stored_result(topic, one.config) is not None
            continue
        progress = job.latest
        share = progress.step / progress.total if progress is not None else 0.0
        text = t("Computing {run} …", run=one.label)
        if job.place:
            text += " " + t("waiting, place {place} in the queue", place=job.place)
        elif progress is not None and progress.total > 1:
            text += " " + t("step {step} of {total}", step=number(progress.step), total=number(progress.total))
        st.progress(min(1.0, share), text=text)
    if over:
        st.rerun()


def _ended(topic: Topic, one: ComparedRun, job: Any, key: Any) -> None:
    """What a job that ended without leaving a Result has to say, and a button to begin again."""
    if job.error is not None:
        text = sentence(job.error)
    elif stored_result(topic, one.config) is None:
        text = t("the memory for results is full just now.")
    else:
        return
    st.warning(f"{one.label}: {text}", icon=":material/error:")
    st.button(
        t("Again"), key=f"compare-again-{one.label}", icon=":material/replay:",
        on_click=st.session_state["compare:jobs"].pop, args=(key, None),
    )  # fmt: skip


# ---------------------------------------------------------------- what they show


def side_by_side(topic: Topic, compared_runs: Sequence[ComparedRun], reference: int) -> None:
    """Knobs, pictures, curves and numbers of the runs; those of other data stand there and are not subtracted."""
    apart = other_data([one.config for one in compared_runs], reference)
    if apart:
        tell_apart(compared_runs, reference, apart)
    knob_table(compared_runs)
    kinds = {name: _is_chart_of_lines(topic, name, compared_runs[reference].result) for name in topic.compared}
    pictures = [name for name, curves in kinds.items() if not curves]
    if pictures:
        figure_row(topic, compared_runs, _choose(topic, "compare", t("Picture"), pictures))
    if charts := [name for name, curves in kinds.items() if curves]:
        curves(topic, compared_runs, _choose(topic, "compare_curves", t("Curves"), charts))
    numbers(topic, compared_runs, reference, apart)


def _choose(topic: Topic, name: str, label: str, options: Sequence[str]) -> str:
    if len(options) == 1:
        st.markdown(f"**{t(topic.figure_title(options[0]))}**")
        return options[0]
    return choose_view(topic, name, label, options, lambda one: t(topic.figure_title(one)))


_curves_of: dict[tuple[str, str], bool] = {}  # whether a figure of a topic is a chart of lines; as many as figures


def _is_chart_of_lines(topic: Topic, name: str, result: Any) -> bool:
    key = (topic.slug, name)
    if key not in _curves_of:
        _curves_of[key] = is_curves(_draw(topic, name, result))
    return _curves_of[key]


def _draw(topic: Topic, name: str, result: Any, beside: Sequence[Any] = ()) -> Any:
    draw = topic.load(topic.figures[name])
    taken = {"beside": beside} if "beside" in inspect.signature(draw).parameters else {}
    return draw(result, **taken, **topic.compared[name])


def figure_row(topic: Topic, compared_runs: Sequence[ComparedRun], name: str) -> None:
    """One figure of all runs on one scale, at most three in a row; below each other on a phone."""
    results = [one.result for one in compared_runs]
    figures = on_one_scale([_draw(topic, name, result, beside=results) for result in results])
    abreast = 2 if len(compared_runs) == 4 else min(len(compared_runs), MOST_ABREAST)
    for start in range(0, len(compared_runs), abreast):
        columns = st.columns(abreast, gap="small")
        for at, column in enumerate(columns[: len(compared_runs) - start], start):
            with column:
                one_figure(topic, f"{topic.slug}-compare-{at}", figures[at], compared_runs[at], HEIGHTS[abreast])
    said = {getattr(figure, "alt", "") for figure in figures}
    if len(said) == 1 and (words := in_words(said.pop())):
        st.caption(words)


def one_figure(topic: Topic, key: str, figure: Any, run: ComparedRun, height: int) -> None:
    """A figure under the short name of its run."""
    if isinstance(figure, PixelPicture):
        put(translated(figure, run), key, title=run.label, height=height, click=False)
        return
    st.html(badge(run))
    if is_chart(figure):
        figure.update_layout(plotly_template(_dark()), height=height)
        st.plotly_chart(figure, key=key, alt=f"{run.label}: {drawn(topic.title)}", config=QUIET)
    elif figure is not None:
        picture = in_language(figure)
        picture = dataclasses.replace(picture, alt=f"{run.label}: {picture.alt}")
        put(picture, key, click=False, height=None if isinstance(picture, Bars) else height)


def curves(topic: Topic, compared_runs: Sequence[ComparedRun], name: str) -> None:
    """The curves of all runs in one chart."""
    figures = [_draw(topic, name, one.result) for one in compared_runs]
    chart = curves_together(
        figures, [one.label for one in compared_runs], [one.colour for one in compared_runs], in_words
    )
    chart.update_layout(plotly_template(_dark()), height=340)
    alt = t("The curves of all runs in one chart")
    st.plotly_chart(chart, key=f"{topic.slug}-compare-chart", alt=alt, config=QUIET)


def _dark() -> bool:
    return st.context.theme.type == "dark"


# ---------------------------------------------------------------- words


def in_words(text: str) -> str:
    """A figure's own English words in the reader's language; of "neuron 3" or "head L1H3" the words before the last, of
    "L1, random" or "f: step function" each part."""
    if language() == "en" or not text:
        return text
    if (whole := drawn(text)) != text:
        return whole
    parts = re.split("(: |, )", text)
    if len(parts) > 1:
        return "".join({": ": "：", ", ": "，"}[part] if at % 2 else in_words(part) for at, part in enumerate(parts))
    words, end = re.fullmatch(r"(.*?)(\s+\S*\d\S*)?", text, re.DOTALL).groups()
    return drawn(words) + (end or "")


def translated(picture: PixelPicture, run: ComparedRun) -> PixelPicture:
    """A picture with its names in the reader's language."""
    picture = in_language(picture)
    tiles = [
        dataclasses.replace(
            tile, caption=in_words(tile.caption), unit=drawn(tile.unit) if tile.unit else "",
            cell_names=tile.cell_names and tuple(in_words(name) for name in tile.cell_names),
        )
        for tile in picture.tiles
    ]  # fmt: skip
    legend = picture.legend or any(tile.classes is None and tile.scale in MEASURED for tile in tiles)
    alt = f"{run.label}: {in_words(picture.alt)}"
    return dataclasses.replace(picture, tiles=tiles, legend=legend, alt=alt)

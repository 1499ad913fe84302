"""Knobs as widgets, kept in step with the link.

The Config of a page is kept in the session under "<slug>:config" and is the only truth. Widgets are filled from it when
a page opens, when a preset is chosen and when the link changes (back button, edited address); else they change it.
Bad values in a link fall back and are reported. The link is written here and not by Streamlit's own binding, which
drops bad values silently and writes option labels in the language of the moment.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import streamlit as st

from engine.contracts.film import MOMENT
from engine.contracts.knob import Knob, KnobError, Rejected, from_query, knobs, said_in_full, to_query, without_run
from engine.contracts.names import is_known
from engine.contracts.pins import PARAMETER
from engine.contracts.teaching import NAMES as TEACHING
from engine.contracts.topic import Topic
from pages.components.parts.errors import report_rejected, sentence
from pages.components.parts.language import browser_language, language, number, t
from pages.components.parts.link import remarks_on_link
from pages.components.parts.own_aside import bring_back, keep_aside
from pages.components.parts.pinned_runs import adopt_pinned, pinned_in_link
from pages.components.parts.taught import adopt_teaching, teaching
from pages.components.parts.topics import view_type
from pages.components.pictures.canvas import chips, choice
from pages.components.server.streamlit_inside import has_gone_back

MOST_KEPT = 100_000  # characters of a text that cannot be used and stays in its box
VIEW = "view."  # begins the names, in the link, of choices of what to see
LESSON = "lesson"  # the name, in the link, of the step of the lesson that stands there
EVERYWHERE = ("compare", "compare_curves", MOMENT, LESSON)  # those that every page has


def current_config(topic: Topic) -> Any:
    """The Config to show now: taken from the link when it changed, from the widgets otherwise."""
    state, slug = st.session_state, topic.slug
    names = {knob.name for knob in knobs(topic.config)}
    query = {name: value for name, value in st.query_params.items() if name in names}
    known, entered = state.get(f"{slug}:config"), state.get("page") != slug
    state["page"] = slug
    state["visit"] = state.get("visit", 0) + entered
    pending = state.pop(f"{slug}:pending", None)
    if pending is not None:
        state.pop(f"{slug}:rejected", None)
        adopt(topic, pending)
    elif known is None or _went_back() or (entered and (query or _asks_to_look())):
        config, rejected = from_query(topic.config, query)
        state[f"{slug}:rejected"] = [
            *_remarks(topic), *rejected, *_adopt_views(topic), *adopt_teaching(topic),
            *adopt_pinned(again=_went_back()),
        ]  # fmt: skip
        adopt(topic, config)
    elif entered or state.get(f"{slug}:unsettled") or state.get(f"{slug}:spoken") != language():
        adopt(topic, known)  # in another language too: Streamlit keeps a choice by the words it was shown with
    else:
        from_widgets = _read_widgets(topic, known)
        if from_widgets != known:
            from_widgets = bring_back(topic, known, from_widgets)
            state[f"{slug}:config"] = at_its_run(topic, known, from_widgets)
            state.pop(f"{slug}:rejected", None)
    state[f"{slug}:spoken"] = language()
    if rejected := state.get(f"{slug}:rejected"):
        report_rejected(rejected)
    return state[f"{slug}:config"]


def says_something(topic: Topic) -> bool:
    """Whether the address says what the page is to show."""
    return says_settings(topic) or any(name.startswith(VIEW) for name in st.query_params)


def says_settings(topic: Topic) -> bool:
    """Whether the address says how the page is to be set."""
    return any(knob.name in st.query_params for knob in knobs(topic.config))


def _asks_to_look() -> bool:
    """Whether the link says what to look at, or is a teacher's."""
    return any(name.startswith(VIEW) or name in TEACHING for name in st.query_params)


def _adopt_views(topic: Topic) -> list[Rejected]:
    """Take what to look at from the link, under the names of today; what could not be used."""
    slug, view = topic.slug, view_type(topic)
    views = {name.removeprefix(VIEW): value for name, value in st.query_params.items() if name.startswith(VIEW)}
    views = {name: value for name, value in views.items() if is_known(name, views_of(topic))}
    now = {name: next((knob.name for knob in knobs(view) if is_known(name, knob.was)), name) for name in views}
    views = {now[name]: value for name, value in views.items()}
    _, rejected = from_query(view, views)
    views = {name: value for name, value in views.items() if name not in {one.name for one in rejected}}
    st.session_state[f"{slug}:views"], st.session_state[f"{slug}:linked_views"] = views, dict(views)
    return [dataclasses.replace(one, name=VIEW + one.name) for one in rejected]


def views_of(topic: Topic) -> tuple[str, ...]:
    """What the choices of what to see are called on a page."""
    return (*(name for knob in knobs(view_type(topic)) for name in (knob.name, *knob.was)), *EVERYWHERE)


def _remarks(topic: Topic) -> list[Rejected]:
    """What is said of the link beside the values of its knobs."""
    known = [*(knob.name for knob in knobs(topic.config)), PARAMETER, *TEACHING,
             *(VIEW + name for name in views_of(topic))]  # fmt: skip
    return remarks_on_link(known, several=(PARAMETER,), config_type=topic.config)


def _went_back() -> bool:
    """Whether the reader came by the browser's back or forward button; the link then says what to show.

    A link that merely differs from the page's Config says nothing: the browser may not have got the newest one yet.
    """
    return has_gone_back()


def adopt(topic: Topic, config: Any) -> None:
    """Make `config` the page's Config and set the widgets to it; only before the widgets are drawn or in a callback."""
    for knob in knobs(topic.config):
        _fill(topic.slug, knob, getattr(config, knob.name))
    # Until a run has come to its end, the browser's widgets may still say what they said before.
    st.session_state[f"{topic.slug}:config"] = config
    st.session_state[f"{topic.slug}:unsettled"] = True


def adopt_preset(topic: Topic, preset: Any) -> None:
    """Set the page up as a preset says; a training that the preset does not change stays where it is."""
    keep_aside(topic)
    adopt(topic, at_its_run(topic, st.session_state[f"{topic.slug}:config"], preset))


def change(topic: Topic, **values: Any) -> None:
    """Change some knobs by a click on a picture; holds from the next run on. KnobError if a value is bad.

    A change of any knob that is not `run_only` begins a new run, unless the training does not depend on it.
    """
    known = st.session_state[f"{topic.slug}:config"]
    changed = dataclasses.replace(known, **values)
    if any(not knob.run_only for knob in knobs(topic.config) if knob.name in values):
        changed = dataclasses.replace(at_its_run(topic, known, changed), **values)
    st.session_state[f"{topic.slug}:pending"] = changed


def at_its_run(topic: Topic, known: Any, changed: Any) -> Any:
    """A changed Config as far as the run has gone where it asks for the same training, if only with another end; else
    before any run."""
    fresh = without_run(changed)
    training = topic.training
    if training is None or not (training.is_same(without_run(known), fresh) or training.goes_on(known, fresh)):
        return fresh
    runs = {knob.name: getattr(known, knob.name) for knob in knobs(topic.config) if knob.run_only}
    return dataclasses.replace(fresh, **runs)


def change_pending(topic: Topic) -> bool:
    """Whether `change` was called and the page has not followed yet."""
    return f"{topic.slug}:pending" in st.session_state


def note_progress(topic: Topic, **values: Any) -> Any:
    """Record how far a run went, so that the link brings it back; starts nothing. Returns the Config."""
    config = dataclasses.replace(st.session_state[f"{topic.slug}:config"], **values)
    st.session_state[f"{topic.slug}:config"] = config
    return config


def looked_at(topic: Topic) -> dict[str, str]:
    """The choices of what to see that are not the usual ones, as they stand in a link; without those of Compare and the
    step of the lesson."""
    views = st.session_state.get(f"{topic.slug}:views", {})
    return {VIEW + name: value for name, value in views.items() if name not in EVERYWHERE or name == MOMENT}


def write_link(topic: Topic) -> None:
    """Put the page's Config, the choices of what to see that are not the usual ones, the pinned runs, and the language
    if the reader chose another than the browser's, into the address."""
    st.session_state.pop(f"{topic.slug}:unsettled", None)
    config, views = st.session_state[f"{topic.slug}:config"], st.session_state.get(f"{topic.slug}:views", {})
    with_lesson = st.session_state.get("face") == "lesson"  # who has gone on to the knobs shares what they show
    query: dict[str, Any] = to_query(config)
    query |= {VIEW + name: value for name, value in views.items() if name != LESSON or with_lesson}
    if st.session_state.get("face:usual") == "lesson":  # an address that says nothing is then that of the opening
        query = {} if with_lesson and config == topic.opening and not views else query or said_in_full(config)
    query |= teaching(topic).query() | pinned_in_link()
    wanted = query | ({"lang": language()} if language() != browser_language() else {})
    st.session_state["language_asked"] = wanted.get("lang")
    wanted = {name: value if isinstance(value, list) else [value] for name, value in wanted.items()}
    now = {name: st.query_params.get_all(name) for name in st.query_params}
    # `now` is what the address was when the reader clicked; answers to earlier clicks may have changed it since.
    if now != wanted or st.session_state.get("link_sent", wanted) != wanted:
        st.query_params.from_dict(wanted)
    st.session_state["link_sent"] = wanted


def controls(topic: Topic, *, columns: int = 2, skip: tuple[str, ...] = ()) -> None:
    """Presets, one widget for every knob, and the advanced ones folded away. Call after `current_config`."""
    shown = teaching(topic).shown(topic)
    if teaching(topic).all_knobs:
        presets(topic)  # which would move those that a teacher leaves out
    visible_knobs = [knob for knob in knobs(topic.config) if knob.name in shown and knob.name not in skip]
    widget_grid(topic, [knob for knob in visible_knobs if not knob.advanced], columns)
    if advanced := [knob for knob in visible_knobs if knob.advanced]:
        folded = st.expander(t("More knobs"), icon=":material/tune:", key=f"{topic.slug}:more", on_change="rerun")
        if folded.open:  # widgets that nobody sees would cost every change a good part of its time
            with folded:
                widget_grid(topic, advanced, columns)


def presets(topic: Topic) -> None:
    """One small button for each preset; the one that the page shows now is marked."""
    state, place = st.session_state, f"{topic.slug}-presets"
    configs, now = list(topic.presets.values()), without_run(state[f"{topic.slug}:config"])

    def choose() -> None:
        picked = state[place].get("pick")
        if picked is not None and picked < len(configs):
            state.pop(f"{topic.slug}:rejected", None)
            adopt_preset(topic, configs[picked])

    pressed = next((at for at, config in enumerate(configs) if without_run(config) == now), None)
    chips([t(name) for name in topic.presets], place, label=t("Presets"), pressed=pressed, on_pick=choose)


def widget_grid(topic: Topic, grid_knobs: list[Knob], columns: int) -> None:
    wide = ("choices", "text")
    row: list[Any] = []
    for knob in grid_knobs:
        if knob.kind in wide:
            widget(topic, knob)
            row = []
        elif knob.kind == "sizes":
            with st.columns(2)[0] if columns == 1 else st.container():
                widget(topic, knob)
            row = []
        else:
            if not row:
                row = list(st.columns(columns, gap="small"))
            with row.pop(0):
                widget(topic, knob)


def widget(topic: Topic, knob: Knob) -> None:
    """The widget of one knob; its value is read back by `current_config` in the next run.

    What holds is passed as the default as well: a widget that a browser lost and makes anew, as it may where several
    runs of a page meet, would else stand at the lowest value and tell so as if the reader had moved it.
    """
    state, slug = st.session_state, topic.slug
    key, label, help_text = f"{slug}.{knob.name}", t(knob.label), t(knob.help) or None
    if knob.unit:
        label = t("{label} ({unit})", label=label, unit=t(knob.unit))
    if key not in state:
        _fill(slug, knob, getattr(state[f"{slug}:config"], knob.name))
    idle = knob.counts is not None and not knob.counts(state[f"{slug}:config"])
    options: dict[str, Any] = {"key": key, "help": help_text, "persist_state": "session", "disabled": idle}
    match knob.kind:
        case "bool":
            st.toggle(label, state[key], **options)
        case "choice":
            place = f"{slug}-{knob.name}"
            choice(
                [t(knob.choice_labels.get(value, value)) for value in knob.choices], place, label=label,
                chosen=knob.choices.index(state[key]), on_pick=lambda: _picked(knob, key, place), show_label=True,
                help=help_text or "", disabled=idle,
            )  # fmt: skip
        case "choices":
            st.pills(
                label, knob.choices, selection_mode="multi", default=state[key],
                format_func=lambda value: t(knob.choice_labels.get(value, value)), **options,
            )  # fmt: skip
            if state.pop(f"{key}:refused", None) is not None:
                st.caption(t("At least {low} of them stays chosen.", low=int(knob.low or 0)))
        case "text":
            st.text_input(label, state[key], **options)  # a limit here would drop a longer text without a word
            if (problem := _problem(knob, key)) is not None:
                words = t("{problem}. The last text that could be used still holds.", problem=sentence(problem))
                st.error(words, icon=":material/error:")
        case "sizes":
            _sizes_widget(topic, knob, key, label, help_text)
        case "int" if (knob.high - knob.low) / (knob.step or 1) > 1000:
            st.number_input(label, int(knob.low), int(knob.high), state[key], int(knob.step or 1), **options)
        case _ if knob.log:
            steps = log_steps(knob, state[key])
            st.select_slider(label, steps, state[key], format_func=lambda value: number(value, 2), **options)
        case "int":
            st.slider(label, int(knob.low), int(knob.high), state[key], int(knob.step or 1), **options)
        case "float":
            step = knob.step or (knob.high - knob.low) / 100
            st.slider(label, knob.low, knob.high, state[key], step, f"%.{_decimals(step)}f", **options)


def _problem(knob: Knob, key: str) -> KnobError | None:
    """What is wrong with the text in a box; None if it is the one that the page shows."""
    refused = st.session_state.pop(f"{key}:refused", None)
    try:
        knob.accept(st.session_state[key])
    except KnobError as error:
        return error
    return refused


def _picked(knob: Knob, key: str, place: str) -> None:
    """Callback: another choice was made."""
    index = st.session_state[place].get("pick")
    if index is not None and 0 <= index < len(knob.choices):
        st.session_state[key] = knob.choices[index]


def _sizes_widget(topic: Topic, knob: Knob, key: str, label: str, help_text: str | None) -> None:
    """Two sliders: how many, and how large; unequal sizes are set on the picture and survive here."""
    state, slug = st.session_state, topic.slug
    sizes = getattr(state[f"{slug}:config"], knob.name)
    left, right = st.columns(2, gap="small")
    options: dict[str, Any] = {"persist_state": "session", "on_change": _sizes_changed}
    with left:
        st.slider(
            label, 0, knob.most, state[f"{key}:count"], key=f"{key}:count", help=help_text,
            args=(topic, knob, "count"), **options,
        )  # fmt: skip
    with right:
        width = t("Neurons each") if len(set(sizes)) < 2 else t("Neurons, at most")
        st.slider(
            width, int(knob.low), int(knob.high), state[f"{key}:width"], key=f"{key}:width",
            args=(topic, knob, "width"), disabled=not sizes, **options,
        )  # fmt: skip


def _sizes_changed(topic: Topic, knob: Knob, what: str) -> None:
    state, slug = st.session_state, topic.slug
    key, sizes = f"{slug}.{knob.name}", state[f"{slug}.{knob.name}"]
    count, width = state[f"{key}:count"], state[f"{key}:width"]
    if what == "width":
        state[key] = (width,) * len(sizes)
    else:
        state[key] = (sizes + (width,) * count)[:count]


def _fill(slug: str, knob: Knob, value: Any) -> None:
    state, key = st.session_state, f"{slug}.{knob.name}"
    state[key] = list(value) if knob.kind == "choices" else value
    if knob.kind == "sizes":
        state[f"{key}:count"] = len(value)
        if value:
            state[f"{key}:width"] = max(value)
        else:
            state.setdefault(f"{key}:width", 8)


def _read_widgets(topic: Topic, known: Any) -> Any:
    """The Config the widgets say; a knob without a widget keeps what it had."""
    values = {}
    for knob in knobs(topic.config):
        value = st.session_state.get(f"{topic.slug}.{knob.name}")
        if knob.hidden or value is None:
            continue
        try:
            values[knob.name] = knob.accept(tuple(value) if isinstance(value, list) else value)
            if knob.kind == "text" and values[knob.name] != value:  # the box shows what is computed with
                _fill(topic.slug, knob, values[knob.name])
        except KnobError as error:  # the last good value stands, and the widget shows it again
            if knob.kind != "text" or len(value) > MOST_KEPT:  # a text stays in its box, to be mended
                _fill(topic.slug, knob, getattr(known, knob.name))
                st.session_state[f"{topic.slug}.{knob.name}:refused"] = error
    return dataclasses.replace(known, **values)


def log_steps(knob: Knob, value: float) -> list[float]:
    """1, 2, 3, 5 in every decade of the knob's range, its ends, and the present value."""
    import math

    low, high = math.floor(math.log10(knob.low)), math.ceil(math.log10(knob.high))
    steps = {round(m * 10.0**e, 12) for e in range(low, high + 1) for m in (1, 2, 3, 5)}
    return sorted({step for step in steps if knob.low <= step <= knob.high} | {knob.low, knob.high, value})


def _decimals(step: float) -> int:
    """Digits after the point that tell two steps of a slider apart: at most three, and of the hundredth part of a range
    that is no round number not all."""
    exact = (digits for digits in range(4) if abs(step * 10**digits - round(step * 10**digits)) < 1e-9)
    return next(exact, 2)

"""Pin: keeps the run as it is now, to compare it with the next one; names it; and goes back to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from engine.contracts.knob import Knob
from engine.contracts.pins import MOST_PINS, Pin, differing, nearest_preset
from engine.contracts.topic import Topic, catalogue
from engine.data.captions import LONGEST_TEXT as LONGEST_VALUE
from engine.data.captions import SAMPLES, value_text
from engine.pictures.comparison import last_step
from pages.components.parts.controls import adopt
from pages.components.parts.language import t
from pages.components.parts.pinned_runs import is_pinned, keep_pinned, pinned
from pages.components.pictures.canvas import chips
from pages.components.server.background import keep_result

MOST_NAMED = 3  # knobs in the name of a run
LONGEST_TEXT, BEFORE = 120, 16  # of what a reader has written, beside another text; of them before the difference


def pin_button(topic: Topic) -> None:
    """The button in the title row."""
    st.button(
        t("Pin"), key="pin", icon=":material/keep:", type="tertiary", on_click=pin_now, args=(topic,),
        help=t("Keeps this run as it is now, to compare it with the next one. Up to four, of all pages"),
    )  # fmt: skip
    if is_pinned(topic):
        st.button(
            t("Compare"), key="to-compare", icon=":material/compare:", type="tertiary", on_click=show_compare,
            args=(topic,), help=t("Shows the pinned runs of this page beside the present one, below the pictures"),
        )  # fmt: skip


def show_compare(topic: Topic) -> None:
    """Callback: the Compare tab opens, and the page goes there."""
    st.session_state[f"{topic.slug}:tab"] = "compare"
    bring_to_tabs(topic)


def bring_to_tabs(topic: Topic) -> None:
    """The browser brings the tabs below the pictures into view when the page is drawn next."""
    st.session_state["tabs:brought"] = st.session_state.get("tabs:brought", 0) + 1
    st.session_state["tabs:bring"] = topic.slug


def pin_now(topic: Topic) -> None:
    """Callback: the run of this page as it is now becomes a pinned one."""
    state, pins = st.session_state, pinned()
    pin = Pin(topic.slug, config_now(topic))
    if pin in pins:
        st.toast(t("This run is pinned already: it is {run}.", run=pin_label(pins.index(pin))))
    elif len(pins) >= MOST_PINS:
        state["pins:full"] = (topic.slug, state.get("visit"))
    else:
        keep_pinned((*pins, pin))
        state["pins:new"] = pin
        st.toast(t("{run} is kept. Now change something, then press Compare, beside Pin.", run=pin_label(len(pins))))


def config_now(topic: Topic) -> Any:
    """The page's Config with the steps trained up to this moment, also while the training goes on."""
    config, run = st.session_state[f"{topic.slug}:config"], st.session_state.get(f"{topic.slug}:run")
    latest = run.job.latest if run is not None and run.live else None
    return config if latest is None else topic.training.at(config, latest.step)


def is_live(topic: Topic) -> bool:
    """Whether the run on the page still goes on."""
    run = st.session_state.get(f"{topic.slug}:run")
    return run is not None and run.live


def offer_places(topic: Topic) -> None:
    """Where four runs are pinned and the reader pins a fifth: one sentence, and which of the four it may replace."""
    state = st.session_state
    if state.get("pins:full") != (topic.slug, state.get("visit")):
        return
    pins = pinned()

    def replace_one() -> None:
        picked = state["pins-full"].get("pick")
        state.pop("pins:full", None)
        if picked is not None and picked < len(pins):
            keep_pinned(pins[:picked] + pins[picked + 1 :])
            pin_now(topic)

    names = [f"{pin_label(at)} · {run_name(pin, here=topic)}" for at, pin in enumerate(pins)]
    st.warning(
        t("{most} runs are pinned, more there cannot be. Which one may this run replace?", most=MOST_PINS),
        icon=":material/keep:",
    )
    chips([*names, t("None of them")], "pins-full", label=t("Which pinned run to replace"), on_pick=replace_one)


def keep_new(topic: Topic, result: Any) -> None:
    """Keep what the visitor's own training has made of a run pinned just now. result: as `close_page` gets it."""
    pin = st.session_state.pop("pins:new", None)
    if pin is None or pin.slug != topic.slug or not topic.steps_of(pin.config):
        return
    made = result() if callable(result) else result
    if made is not None and last_step(made) == topic.steps_of(pin.config):  # else the training has gone on meanwhile
        keep_result(topic, pin.config, made)


def go_back(topic: Topic, config: Any) -> None:
    """Callback: the page shows a pinned run again, its knobs and its steps."""
    state, slug = st.session_state, topic.slug
    run = state.get(f"{slug}:run")
    if run is not None and config != config_now(topic):
        if run.job is not None:
            run.job.stop()
        del state[f"{slug}:run"]  # of the same experiment it would stay where it is
    state.pop(f"{slug}:rejected", None)
    adopt(topic, config)


def pin_label(at: int) -> str:
    """What the pinned run at this place is called for short."""
    return t("Pin {number}", number=at + 1)


def run_name(pin: Pin, here: Topic) -> str:
    """What a pinned run is called on the page of `here`: the preset it is nearest to, and the knobs in which it differs
    from that; what differs in kind, such as its data, is called by its knobs alone. That of another page begins with
    its title."""
    topic = catalogue()[pin.slug]
    preset, changed = nearest_preset(topic, pin.config)
    if any(knob.data or knob.kind in ("choice", "choices", "sizes") for knob, _ in changed if not knob.run_only):
        found = sorted(differing([topic.config(), pin.config]), key=lambda one: one[0].run_only)  # keeps their order
        preset, changed = "", [(knob, values[1]) for knob, values in found if values[1] is not None]
    parts = [f"{t(knob.label)} {knob_value(knob, value)}" for knob, value in changed]
    if len(parts) > MOST_NAMED:
        parts = [*parts[: MOST_NAMED - 1], t("{count} more", count=len(parts) - MOST_NAMED + 1)]
    name = " · ".join([*([t(preset)] if preset else []), *parts]) or t("settings as at first")
    return name if topic is here else f"{t(topic.title)}: {name}"


def knob_values(knob: Knob, values: Sequence[Any]) -> list[str]:
    """The values of several runs side by side; texts too long for that from shortly before where they differ."""
    most, written = LONGEST_VALUE if knob.hidden else LONGEST_TEXT, [value for value in values if value is not None]
    if knob.kind != "text" or max(map(len, written)) <= most:
        return [value if knob.kind == "text" and not knob.hidden and value else knob_value(knob, value)
                for value in values]  # fmt: skip
    apart = (at for at, letters in enumerate(zip(*written, strict=False)) if len(set(letters)) > 1)
    start = max(0, next(apart, min(map(len, written))) - BEFORE)

    def cut(text: str) -> str:
        excerpt = text[start : start + most]
        return ("…" if start else "") + excerpt + ("…" if start + most < len(text) else "")

    return [cut(value) if value and value not in SAMPLES else knob_value(knob, value) for value in values]


def knob_value(knob: Knob, value: Any) -> str:
    """The value of a knob in the reader's language; None: that the knob does nothing there."""
    return value_text(knob, value, t)

"""Pictures of blocks on the page, and what a reader's touch of one changes."""

from __future__ import annotations

import zlib
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from engine.contracts.blocks import Click, Show
from engine.contracts.film import Bar
from engine.contracts.knob import KnobError, knobs
from engine.contracts.topic import Topic, catalogue, load
from engine.pictures.kinds import Kind, kind_of, kinds
from engine.pictures.pixels.values import Spot
from pages.components.own.kinds import with_what_is_here
from pages.components.parts.contents import note_clock
from pages.components.parts.controls import change
from pages.components.parts.errors import sentence
from pages.components.parts.language import in_language, t
from pages.components.parts.topics import body_of, view_type
from pages.components.parts.view import change_view, current_view, draw_behind
from pages.components.pictures.canvas import chart, transport
from pages.components.pictures.mount import put


def show_veil(height: int | None = None) -> None:
    """What stands in the place of what would tell the answer to the question of a lesson."""
    style = f' style="min-height:{height}px"' if height else ""
    st.html(f'<div class="veil"{style}>{t("Covered until you have answered.")}</div>')


def show_covered(topic: Topic, block: Show) -> None:
    """What may be seen of a picture while the lesson asks what the whole of it would tell."""
    if block.covered is None:
        show_veil(block.height)
        return
    show(topic, Show(block.name, block.covered(block.picture), height=block.height))
    st.caption(t("What would tell is covered until you have answered."))


def show(topic: Topic, block: Show) -> None:
    """Put the picture of a block on the page; what a reader does with it changes what its `click` says."""
    picture, key = in_language(block.picture), place_of(topic, block.name)
    if isinstance(picture, Bar):
        show_bar(topic, picture, key, block)
        return
    kind, title = kinds()[type(picture)], t(block.title) if block.title else ""
    if kind.payload is None:
        if title:
            st.caption(title)
        chart(load(kind.figure)(picture), key, alt=picture.alt)
        return
    hear = revision = None
    if kind.sends and getattr(picture, "editable", True):
        revision = revision_of(topic, kind, picture, key)
    if block.click is not None:
        keys, frames = tuple(getattr(picture, "keys", ()) or ()), getattr(picture, "frames", None)
        run, kept = frames.run if frames else "", f"{key}:drawn" if revision else ""
        spots, sends = getattr(picture, "spots", ()), kind.sends
        ears = (sends,) if revision else tuple(event for event in kind.events if event != sends)
        hear = partial(clicked, topic.slug, key, block.name, block.click, keys, spots, run, ears, kept)
    put(
        picture, key, title=title, picked=block.picked, height=block.height, click=hear is not None, group=topic.slug,
        revision=revision or "", hear=hear,
    )  # fmt: skip


def is_made_anew(picture: Any) -> bool:
    """Whether Streamlit makes another picture with other content, turned as at first: Plotly's are."""
    kind = kind_of(picture)
    return kind is not None and kind.payload is None


def place_of(topic: Topic, name: str) -> str:
    """The key of an element of the page."""
    return f"{topic.slug}-{name}".replace("_", "-")


def clicked(
    slug: str, key: str, name: str, click: Click, keys: tuple[Any, ...], spots: tuple[Spot, ...], run: str,
    ears: tuple[str, ...], kept: str,
) -> None:  # fmt: skip
    """Callback of every picture. It holds names and short keys alone, so that no Result outlives its page by it. run:
    of the film that the picture is on. ears: events that it listens to; what a component keeps is not what it tells
    now. kept: where the session keeps what the reader's own content was made of."""
    reported = st.session_state.get(key) or {}
    event = event_of({event: reported.get(event) for event in ears}, name, keys, spots)
    if event is not None:
        answer(slug, click, event | {"run": run}, kept)


def answer(slug: str, click: Click, event: dict[str, Any], kept: str = "") -> None:
    """Change what a click says for an event. kept: where the session keeps the fields; what changes them does not
    come back, for a run begins."""
    topic = catalogue()[slug]
    config = with_what_is_here(topic, st.session_state[f"{slug}:config"])  # as the page's functions were given it
    fields = click(event, config, current_view(topic))
    if kept:
        st.session_state[kept] = dict(fields)
    change_fields(topic, fields)


def event_of(
    reported: dict[str, Any], name: str, keys: tuple[Any, ...] = (), spots: tuple[Spot, ...] = ()
) -> dict[str, Any] | None:
    """What a picture reports as one event: its values, "event" for its kind, "place" for the picture; "key" for what
    stands at its index or its tile, where the picture has keys, or for the smallest box around it. None for nothing."""
    for kind, value in reported.items():
        if value is None:
            continue
        event = dict(value) if isinstance(value, dict) else {"index": value}
        if keys:
            index = event.get("index", event.get("tile", 0 if len(keys) == 1 else None))
            if not isinstance(index, int) or not 0 <= index < len(keys):
                return None
            event["key"] = keys[index]
        if spots:
            x, y = event["column"] + 0.5, event["row"] + 0.5
            around = [
                ((right - left) * (bottom - top), at) for at, (tile, (left, top, right, bottom), _) in enumerate(spots)
                if tile == event["tile"] and left <= x <= right and top <= y <= bottom
            ]  # fmt: skip
            if not around:
                return None
            event["key"] = spots[min(around)[1]][2]
        return event | {"event": kind, "place": name}
    return None


def change_fields(topic: Topic, fields: Any, *, begin: bool = False) -> None:
    """Callback, in the end: change fields of the View, at once and for this page alone, and of the Config, from the
    next run on; then draw those parts of the page anew that show what has changed. begin: what is trained on the page
    then begins at once."""
    looks = {knob.name for knob in knobs(view_type(topic))}
    try:
        if views := {name: value for name, value in fields.items() if name in looks}:
            change_view(topic, **views)
        if values := {name: value for name, value in fields.items() if name not in looks}:
            change(topic, **values)
    except KnobError as error:  # too many, too large: nothing is changed
        st.toast(sentence(error), icon=":material/error:")
        return
    if values or begin:
        if begin:
            st.session_state[f"{topic.slug}:begin"] = ("play", 0)
        st.rerun(body_of(topic))  # not the part that was touched alone, nor title row and tabs
    draw_behind(topic)


# ---------------------------------------------------------------- what some pictures need beside


def show_bar(topic: Topic, bar: Bar, key: str, block: Show) -> None:
    """The bar of a film; letting it go says where the page stands."""
    steps, run = dict(zip(bar.frames.indices, bar.frames.steps, strict=True)), bar.frames.run
    hear = partial(moved, topic.slug, key, block.name, block.click, steps, run) if block.click else None
    # Of the run that the buttons of the page are about; a walk through one moment of it has a clock of its own.
    hold = f".st-key-{topic.slug}-play" if bar.frames.clock == topic.slug else ""
    transport(key, bar.frames, report=hear is not None, on_frame=hear, moment=bar.moment, hold=hold)
    if hear:  # the page says where it stands; what the bar last told may be of another film
        note_clock(bar.frames.clock, bar.frames.standing)


def moved(slug: str, key: str, name: str, click: Click, steps: dict[int, int], run: str) -> None:
    """Callback of a bar that was let go: the event's key is the step that it stands at, "run" the film it moves."""
    index, film = (st.session_state.get(key) or {}).get("frame"), st.session_state.get(f"{slug}:run")
    ours = film is not None and film.name == run and film.job is not None
    if index not in steps and ours:  # the browser has moments that are not sent again
        steps = {number: moment.step for number, moment in film.job.history}
    if index == -1 or index in steps:  # -1: the bar follows the run
        newest = (None if film.live else film.job.history[-1][0]) if ours else max(steps)  # a live run goes on
        step = -1 if index in (-1, newest) else steps[index]
        answer(slug, click, {"event": "frame", "place": name, "index": index, "key": step, "run": run})


def revision_of(topic: Topic, kind: Kind, picture: Any, key: str) -> str:
    """A name for content that a reader may replace: the one that the reader's own came under as long as the Config is
    what was made of it, for the browser may hold newer by now; else one of the content, other than the last."""
    drawn, config = st.session_state.get(f"{key}:drawn"), st.session_state[f"{topic.slug}:config"]
    last = ((st.session_state.get(key) or {}).get(kind.sends) or {}).get("revision")
    if last is not None and drawn and all(getattr(config, name) == value for name, value in drawn.items()):
        return last
    name = f"{zlib.crc32(np.asarray(getattr(picture, kind.sends), np.float32).tobytes()):08x}"
    return f"{name} again" if name == last else name

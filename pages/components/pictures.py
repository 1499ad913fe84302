"""Pictures as values -> our browser components: which component shows what, and what of it can be clicked."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from engine.core.blocks import Click, Show
from engine.core.film import Bar
from engine.core.knob import KnobError, knobs
from engine.core.topic import Topic, catalogue
from engine.plots.cloud import Cloud
from engine.plots.diagrams import Bars, Chart, CurvesPicture, NetworkDiagram, PointsInSpace, PointsPicture
from engine.plots.graphs import GraphPicture
from engine.plots.grids import Links, Matrices, Mosaic, NumberField
from engine.plots.pixels import PixelPicture
from pages.components import canvas, grids
from pages.components.controls import change
from pages.components.errors import sentence
from pages.components.language import in_language, t
from pages.components.looks import change_view, current_view, draw_behind
from pages.components.own import with_what_is_here
from pages.components.shown import note_clock
from pages.components.topics import body_of, view_type

Hear = Callable[[], None] | None
Spot = tuple[int, tuple[float, float, float, float], Any]


def show(topic: Topic, block: Show) -> None:
    """Put the picture of a block on the page; a click on it changes what its `click` says."""
    picture = in_language(block.picture)
    key = place_of(topic, block.name)
    hear = None
    if block.click is not None:
        keys, frames = tuple(getattr(picture, "keys", ()) or ()), getattr(picture, "frames", None)
        run = frames.run if frames else ""
        hear = partial(clicked, topic.slug, key, block.name, block.click, keys, spots_of(picture), run)
    KINDS[type(picture)](topic, picture, key, block, hear)


def place_of(topic: Topic, name: str) -> str:
    """The key of an element of the page."""
    return f"{topic.slug}-{name}".replace("_", "-")


def clicked(
    slug: str, key: str, name: str, click: Click, keys: tuple[Any, ...], spots: tuple[Spot, ...], run: str
) -> None:
    """Callback of every picture. It holds names and short keys alone, so that no Result outlives its page by it. run:
    of the film that the picture is on."""
    event = event_of(st.session_state.get(key) or {}, name, keys, spots)
    if event is not None:
        answer(slug, click, event | {"run": run})


def answer(slug: str, click: Click, event: dict[str, Any], kept: str = "") -> None:
    """Change what a click says for an event. kept: where the session keeps the fields; what changes them does not
    come back, for a run begins."""
    topic = catalogue()[slug]
    shown = with_what_is_here(topic, st.session_state[f"{slug}:config"])  # as the page's functions were given it
    fields = click(event, shown, current_view(topic))
    if kept:
        st.session_state[kept] = dict(fields)
    change_fields(topic, fields)


def spots_of(picture: Any) -> tuple[Spot, ...]:
    """(tile, corners, key) of the boxes in a picture that stand for something."""
    tiles = picture.tiles if isinstance(picture, PixelPicture) else ()
    return tuple((at, box.xyxy, box.key) for at, tile in enumerate(tiles) for box in tile.boxes if box.key is not None)


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
            index = event.get("index", event.get("tile"))
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
        st.session_state[f"{topic.slug}:begin"] = begin
        st.rerun(body_of(topic))  # not the part that was touched alone, nor title row and tabs
    draw_behind(topic)


# ---------------------------------------------------------------- one function a kind


def _graph(topic: Topic, picture: GraphPicture, key: str, block: Show, hear: Hear) -> None:
    _title(block)
    canvas.graph_view(picture, key, picked=block.picked, group=topic.slug, layout=_layout(picture),
                      height=block.height, click=hear is not None, legend=picture.legend, on_pick=hear)  # fmt: skip


def _layout(picture: GraphPicture) -> str:
    """A name for the places of the nodes: where a reader has dragged them they stay as long as it is the same."""
    still = picture.positions if picture.positions.ndim == 2 else picture.edges
    return f"{len(picture.names)} {zlib.crc32(still.tobytes()):08x}"


def _pixels(topic: Topic, picture: PixelPicture, key: str, block: Show, hear: Hear) -> None:
    canvas.pixels(picture, key, title=t(block.title) if block.title else "", selected=block.picked,
                  height=block.height, click=hear is not None, on_cell=hear)  # fmt: skip


def _curves(topic: Topic, picture: CurvesPicture, key: str, block: Show, hear: Hear) -> None:
    _title(block)
    canvas.curves(picture.values, picture.lines, picture.frames, key, alt=picture.alt, x_label=picture.x_label,
                  y_label=picture.y_label, log=picture.log, low=picture.low, high=picture.high,
                  height=block.height or 220)  # fmt: skip


def _bar(topic: Topic, picture: Bar, key: str, block: Show, hear: Hear) -> None:
    steps, run = dict(zip(picture.frames.indices, picture.frames.steps, strict=True)), picture.frames.run
    on_frame = partial(moved, topic.slug, key, block.name, block.click, steps, run) if block.click else None
    canvas.transport(key, picture.frames, report=on_frame is not None, on_frame=on_frame, moment=picture.moment)
    if on_frame:  # the page says where it stands; what the bar last told may be of another film
        note_clock(picture.frames.clock, picture.frames.standing)


def moved(slug: str, key: str, name: str, click: Click, steps: dict[int, int], run: str) -> None:
    """Callback of a bar that was let go: the event's key is the step that it stands at, "run" the film it moves."""
    index, film = (st.session_state.get(key) or {}).get("frame"), st.session_state.get(f"{slug}:run")
    if index not in steps and film is not None and film.name == run:  # the browser has moments that are not sent again
        steps = {number: moment.step for number, moment in film.job.history}
    if index in steps:
        step = -1 if index == max(steps) else steps[index]
        answer(slug, click, {"event": "frame", "place": name, "index": index, "key": step, "run": run})


def _bars(topic: Topic, picture: Bars, key: str, block: Show, hear: Hear) -> None:
    _title(block)
    canvas.bars(picture, key, click=hear is not None, on_pick=hear)


def _mosaic(topic: Topic, picture: Mosaic, key: str, block: Show, hear: Hear) -> None:
    _title(block)
    grids.mosaic(picture, key, on_pick=hear)


def _links(topic: Topic, picture: Links, key: str, block: Show, hear: Hear) -> None:
    grids.links(picture, key, title=t(block.title), height=block.height, on_pick=hear)


def _matrices(topic: Topic, picture: Matrices, key: str, block: Show, hear: Hear) -> None:
    _title(block)
    grids.matrices(picture, key, on_edit=hear)


def _chart(topic: Topic, picture: Chart, key: str, block: Show, hear: Hear) -> None:
    from engine.plots import figures  # brings Plotly, which most pages do without

    _title(block)
    canvas.chart(figures.chart(picture), key, alt=picture.alt)


def _space(topic: Topic, picture: PointsInSpace, key: str, block: Show, hear: Hear) -> None:
    from engine.plots import figures  # brings Plotly

    _title(block)
    canvas.chart(figures.space(picture), key, alt=picture.alt)


def _network(topic: Topic, picture: NetworkDiagram, key: str, block: Show, hear: Hear) -> None:
    _title(block)
    canvas.network(picture, key, picked=block.picked, height=block.height, on_event=hear)


def _points(topic: Topic, picture: PointsPicture, key: str, block: Show, hear: Hear) -> None:
    """Points that a click puts into the Config, or a spot to choose; picked: the spot."""
    _title(block)
    own = picture.editable
    hear = partial(pointed, topic.slug, key, block.name, block.click, own) if block.click else None
    canvas.points_editor(
        picture.points, key, domain=picture.domain, classes=picture.classes, alt=picture.alt,
        background=picture.background, frames=picture.frames, editable=own, train_mask=picture.train_mask,
        value_range=picture.value_range, spot=block.picked, revision=_revision(topic, picture, key) if own else "",
        height=block.height, axis_labels=picture.axis_labels, on_points=hear if own else None,
        on_spot=None if own else hear,
    )  # fmt: skip


def _revision(topic: Topic, picture: PointsPicture, key: str) -> str:
    """A name for the points: the one that the reader's own came under as long as the Config is what was made of them,
    for the browser may hold newer ones by now; else one of their content, other than the last."""
    drawn, config = st.session_state.get(f"{key}:drawn"), st.session_state[f"{topic.slug}:config"]
    last = ((st.session_state.get(key) or {}).get("points") or {}).get("revision")
    if last is not None and drawn and all(getattr(config, name) == value for name, value in drawn.items()):
        return last
    name = f"{zlib.crc32(np.asarray(picture.points, np.float32).tobytes()):08x}"
    return f"{name} again" if name == last else name


def pointed(slug: str, key: str, name: str, click: Click, editable: bool) -> None:
    """Callback of points: the reader changed them, or chose a spot. What a component keeps is not what it tells now."""
    kind = "points" if editable else "spot"
    told = (st.session_state.get(key) or {}).get(kind)
    if told is not None:
        answer(slug, click, {**told, "event": kind, "place": name}, f"{key}:drawn" if editable else "")


def _number(topic: Topic, picture: NumberField, key: str, block: Show, hear: Hear) -> None:
    st.session_state[key] = picture.value
    hear = partial(entered, topic.slug, key, block.name, block.click, picture.stands_for) if block.click else None
    st.number_input(
        picture.label, picture.low, picture.high, picture.value, picture.step, f"%.{picture.digits}f", key=key,
        on_change=hear, disabled=hear is None, width=260,
    )  # fmt: skip


def entered(slug: str, key: str, name: str, click: Click, stands_for: str) -> None:
    """Callback of a field: another number stands in it."""
    value = st.session_state.get(key)
    if value is not None:
        answer(slug, click, {"event": "edit", "place": name, "key": stands_for, "value": value})


def _cloud(topic: Topic, picture: Cloud, key: str, block: Show, hear: Hear) -> None:
    """Points that move; the event of a click has the point, and the frame at which it was clicked."""
    _title(block)
    canvas.cloud(picture, key, picked=block.picked, height=block.height, click=hear is not None, on_pick=hear)


def _title(block: Show) -> None:
    if block.title:
        st.caption(t(block.title))


KINDS: dict[type, Callable[[Topic, Any, str, Show, Hear], None]] = {
    GraphPicture: _graph, PixelPicture: _pixels, CurvesPicture: _curves, Bar: _bar, Bars: _bars, Mosaic: _mosaic,
    Links: _links, Matrices: _matrices, Chart: _chart, PointsInSpace: _space, NetworkDiagram: _network,
    PointsPicture: _points, NumberField: _number, Cloud: _cloud,
}  # fmt: skip
MADE_ANEW = (Chart, PointsInSpace)  # Plotly's: Streamlit makes another with other content, turned as at first

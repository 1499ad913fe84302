"""A reader's own table of points, as text or as a file, and how it is read where we guessed wrongly."""

from __future__ import annotations

import dataclasses
from typing import Any

import streamlit as st

from engine.contracts.knob import KnobError
from engine.contracts.topic import Topic
from engine.data.point_tables import AUTOMATIC, MAXIMUM_CLASSES, MAXIMUM_ROWS, PointTable, read_table
from engine.data.table_keys import choices_of, decode_table, key_of, table_of, text_of
from pages.components.own.framed import files_can_come
from pages.components.parts.controls import change
from pages.components.parts.errors import sentence
from pages.components.parts.language import gap, number, t
from pages.components.pictures.canvas import choice

MEGABYTES = 1
MOST_IN_THE_BOX = 60_000  # characters; a longer file is read, but not laid into the box
CHOICE_WIDTH = 148  # CSS pixels: four in a row of the popover, two on a phone
SEPARATORS = {"": "automatic", "comma": "comma", "semicolon": "semicolon", "tab": "tab", "space": "space"}
FIRST = {"": "automatic", "header": "a header", "data": "a point"}
EXAMPLE = "height, width, kind\n1.0, 2.1, round\n1.4, 2.6, round\n3.2, 0.8, long\n3.9, 1.1, long\n"


def choose_table(topic: Topic, current: str, valued: bool, **also: Any) -> None:
    """A popover where the reader gives a table; sets the knobs table=<key> of `topic`, and `also` along with it.

    current: the knob's key, "" where there is none. valued: whether points may have a value instead of a class. What
    cannot be read is explained in one sentence and changes nothing.
    """
    slug = topic.slug
    place = st.popover(
        t("Own table"), icon=":material/table_view:", width="stretch", key=f"{slug}-table", on_change="rerun"
    )
    if place.open:  # what nobody sees is not built
        with place:
            _box(topic, current, valued, also)


def _box(topic: Topic, current: str, valued: bool, also: dict[str, Any]) -> None:
    slug, state = topic.slug, st.session_state
    box, filled, problem = (f"{slug}:{what}" for what in ("rows", "rows-of", "table-problem"))
    text, read = EXAMPLE, None
    if current:
        try:
            text, read = text_of(current), table_of(current)
        except KnobError as error:  # such as an upload of another server
            state.setdefault(problem, error)
    stood = text if len(text) <= MOST_IN_THE_BOX else ""
    if state.get(filled) != current or box not in state:  # another table came: by link, by file, by preset
        state[box], state[filled] = stood, current
    label = (
        t("One point a line: two numbers, and a class or a value, such as “1.5, 2.3, red” or “1.5, 2.3, 40”")
        if valued
        else t("One point a line: two numbers and a class, such as “1.5, 2.3, red”")
    )
    st.text_area(
        label, key=box, height=150, persist_state="session",
        placeholder=t("This table's text is too long for the box.") if text and not stood else "",
    )  # fmt: skip
    st.button(t("Use this table"), key=f"{slug}:use-table", type="primary", on_click=_take, args=(topic, box, also))
    if state.get(problem):
        st.error(sentence(state[problem]), icon=":material/error:")
    if read is not None:
        st.caption(how_it_was_read(read))
        _choices(topic, current, read, valued, also)
    if files_can_come():
        st.file_uploader(  # any file may come: its content decides, not its name
            t("Or a file, at most {most} MB: CSV or other text", most=MEGABYTES), key=f"{slug}:table-file",
            max_upload_size=MEGABYTES, on_change=_uploaded, args=(topic, f"{slug}:table-file", also),
        )  # fmt: skip
    st.caption(t(
        "At most {rows} lines and {classes} classes. Separators are commas, semicolons, tabs or spaces; numbers may "
        "have decimal commas. Both columns are stretched to fill the plane; the axes keep their units.",
        rows=number(MAXIMUM_ROWS), classes=number(MAXIMUM_CLASSES),
    ))  # fmt: skip


def how_it_was_read(read: PointTable) -> str:
    """What was found and how the text was read, in sentences, as Markdown."""
    found = (
        t("Now: {points} points, {classes} classes.", points=number(len(read)), classes=number(len(read.classes)))
        if read.classes
        else t("Now: {points} points with a value each.", points=number(len(read)))
    )
    return gap().join([found, *(t(remark.template, **dict(remark.values)) for remark in read.remarks)])


def _choices(topic: Topic, current: str, read: PointTable, valued: bool, also: dict[str, Any]) -> None:
    """How the text is read, to be changed where we guessed wrongly."""
    slug, now = topic.slug, choices_of(current)
    x, y, target = read.chosen
    offered = {
        "separator": (t("Separator"), [t(words) for words in SEPARATORS.values()], list(SEPARATORS), now.separator),
        "first": (t("First line"), [t(words) for words in FIRST.values()], list(FIRST), now.first),
    }
    if len(read.columns) > 3 and len(read.columns) <= 12:
        there = [at for at in read.numeric if at != target]
        numbers = [read.columns[at] for at in there]
        every = list(range(len(read.columns)))
        offered |= {
            "x": (t("Across"), numbers, there, x),
            "y": (t("Upwards"), numbers, there, y),
            "target": (t("Class or value from") if valued else t("Class from"), list(read.columns), every, target),
        }
    with st.container(horizontal=True, gap="small", key=f"{slug}-table-read"):
        for name, (label, words, values, value) in offered.items():
            choice(
                words, f"{slug}-table-{name}", label=label, show_label=True, width=CHOICE_WIDTH,
                chosen=values.index(value) if value in values else 0,
                on_pick=lambda name=name, values=values: _choose(topic, current, name, values, also),
            )  # fmt: skip


def _choose(topic: Topic, current: str, name: str, values: list[Any], also: dict[str, Any]) -> None:
    """Callback: the text is to be read in another way."""
    picked = st.session_state[f"{topic.slug}-table-{name}"].get("pick")
    if picked is None or not 0 <= picked < len(values):
        return
    fresh = {"x": None, "y": None, "target": None} if name in ("separator", "first") else {}
    choices = dataclasses.replace(choices_of(current), **fresh, **{name: values[picked]})
    if name in ("x", "y") and choices.x == choices.y is not None:  # the two change places
        x, y, _ = table_of(current).chosen
        choices = dataclasses.replace(choices, x=y, y=x)
    _use(topic, text_of(current), choices, also)


def _uploaded(topic: Topic, source: str, also: dict[str, Any]) -> None:
    """Callback: a file has come, or was taken away."""
    state, problem = st.session_state, f"{topic.slug}:table-problem"
    file = state.get(source)
    if file is None:
        state.pop(problem, None)
        return
    try:
        text = decode_table(file.getvalue())
    except KnobError as error:
        state[problem] = error
        return
    if not _use(topic, text, AUTOMATIC, also) and len(text) <= MOST_IN_THE_BOX:
        state[f"{topic.slug}:rows"] = text  # to be mended there


def _take(topic: Topic, box: str, also: dict[str, Any]) -> None:
    """Callback: the text's points are wanted."""
    state = st.session_state
    text, current = state[box], getattr(state[f"{topic.slug}:config"], "table", "")
    if not text.strip():
        state[f"{topic.slug}:table-problem"] = KnobError(
            "Own table: the box is empty; expected lines such as “1.5, 2.3, red”. The points stay as they are"
        )
        return
    same = current and state.get(f"{topic.slug}:rows-of") == current and _text_or_none(current) == text
    _use(topic, text, choices_of(current) if same else AUTOMATIC, also)


def _text_or_none(key: str) -> str | None:
    try:
        return text_of(key)
    except KnobError:
        return None


def _use(topic: Topic, text: str, choices: Any, also: dict[str, Any]) -> bool:
    """Make a text the page's points; False, with what is wrong with it kept to be said, if it is no table."""
    state, slug = st.session_state, topic.slug
    try:
        read_table(text, choices)
        key = key_of(text, choices)
        change(topic, table=key, **also)
    except KnobError as problem:
        state[f"{slug}:table-problem"] = problem
        return False
    state.pop(f"{slug}:table-problem", None)
    if state.get(f"{slug}:rows") == text:
        state[f"{slug}:rows-of"] = key  # the box stays as it was typed
    return True

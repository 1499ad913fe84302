"""Shows blocks: translates their words, mounts their pictures, binds what can be clicked. The only one who does.

A page is a module with `View`, `stage(config, view, film) -> blocks`, and where it has them `panel` (beside the knobs)
and `below` (over the whole width) of the same form, `head(config, view) -> blocks` (over all of the stage, whatever can
be computed), `status(config, moment) -> Say`, and `follow(before, config) -> {field: value}`, which says what to look
at after the Config has changed.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from html import escape
from itertools import chain
from typing import Any

import streamlit as st

from engine.contracts.blocks import Amount, Block, Box, Choose, Later, Press, Row, Say, Show, Table, pictures_in
from engine.contracts.film import MOMENT, Film
from engine.contracts.formula import Formula
from engine.contracts.knob import Knob, KnobError, knobs
from engine.contracts.topic import Topic, catalogue
from engine.contracts.words import Number, Percent
from pages.components.own.kinds import with_what_is_here
from pages.components.parts.controls import change_pending
from pages.components.parts.formulas import show_formulas
from pages.components.parts.language import drawn, drawn_all, gap, language, number, t
from pages.components.parts.lesson import veiled
from pages.components.parts.player import TICK_SECONDS
from pages.components.parts.progress import watch
from pages.components.parts.sketch import is_drawn_on, show_board, with_expected
from pages.components.parts.topics import page_module, part_of, view_type
from pages.components.parts.view import (
    Reading,
    begin_part,
    current_view,
    is_following,
    note_following,
    read_by,
    told_of,
)
from pages.components.pictures.canvas import choice
from pages.components.pictures.show import change_fields, is_made_anew, place_of, show, show_covered, show_veil
from pages.components.server.compute import compute
from pages.components.server.streamlit_inside import parts_that_run

MOST_LISTED = 30  # choices in a list of the browser's own; one can type into a longer one
BOLD = re.compile(r"\*\*(.+?)\*\*")
FOLLOW_SECONDS = 3 * TICK_SECONDS  # between two looks of the other parts of a page at a film that goes on


class Latest:
    """The film that the player has shown last: what the other parts of the page speak of whenever they are drawn. What
    is computed of its moment is computed once for all of them."""

    def __init__(self, film: Film | None = None):
        self.film = film


def walk(
    topic: Topic, blocks: Iterable[Block], film: Film | Latest | None = None, within: tuple[str, ...] = ()
) -> None:
    """Show blocks one below the other, each as soon as it is there. Formulas that follow each other stand close
    together. film: what the page's functions were given, or will be. within: the parts of the page that they stand in,
    the innermost last."""
    waiting: list[Formula] = []
    for block in chain(blocks, [None]):
        if isinstance(block, Formula):
            waiting.append(block)
            continue
        show_formulas(*waiting)
        waiting = []
        match block:
            case Show() if is_drawn_on(topic, block.name):
                show_board(topic, block)
            case Show() if block.name in veiled(topic):
                show_covered(topic, block)
            case Box() if block.name in veiled(topic):
                show_veil()
            case Say(style="status") if "status" in veiled(topic):
                _say(Say("Covered until you have answered.", style="status"))
            case Show():
                show(topic, with_expected(topic, block))
            case Say():
                _say(block)
            case Table():
                _table(block)
            case Choose():
                _choose(topic, block)
            case Press():
                _press(topic, block)
            case Later():
                _later(topic, block, film, within)
            case Row():
                for place, column in zip(_places(block), block.columns, strict=True):
                    with place:
                        if callable(column):
                            part(topic, column.__name__, film, within)
                        else:
                            walk(topic, column, film, within)
            case Box():
                with st.container(border=True, key=place_of(topic, block.name)):
                    walk(topic, block.blocks, film, within)


def _places(row: Row) -> Sequence[Any]:
    """Where the columns of a row go; a single one needs no place of its own."""
    if len(row.columns) == 1:
        return [nullcontext()]
    gap = "small" if len(row.columns) > 2 and row.align == "bottom" else "medium"
    return st.columns(row.widths or len(row.columns), gap=gap, vertical_alignment=row.align)


# ---------------------------------------------------------------- parts of a page


def part(topic: Topic, name: str, film: Film | Latest, within: tuple[str, ...] = ()) -> None:
    """A part of the page, `stage`, `panel`, `below` or a column of theirs, as a fragment: a click draws those anew that
    show what it changes. A part that looks at a film which goes on follows it, but for one with a picture that would be
    made anew each time."""
    follows = isinstance(film, Latest) and film.film.live and is_following(topic, name)
    draw = st.fragment(draw_part, run_every=FOLLOW_SECONDS if follows else None, key=part_of(topic, name))
    draw(topic, name, film, within, follows)


def draw_part(
    topic: Topic, name: str, film: Film | Latest, within: tuple[str, ...] = (), timer_on: bool = False
) -> None:
    """What a part shows now; the whole page instead where the Config has changed, and after it where the part's timer
    has to start or to end."""
    if change_pending(topic):
        st.rerun()
    view, now = current_view(topic), film_now(film)
    reading, watching, part_blocks = Reading(view), Reading(now), []
    begin_part(topic, name, within, reading)
    if not within and name in veiled(topic):  # a column may be called like its picture
        show_veil()
        return
    blocks = getattr(page_module(topic.slug), name)(_config(topic), reading, watching)
    walk(topic, _noted(blocks, part_blocks), film, (*within, name))
    looks = bool(watching.read)
    if looks and hasattr(view, MOMENT):
        getattr(reading, MOMENT)  # it speaks of that moment
    if isinstance(film, Latest):
        follows = looks and not any(is_made_anew(picture) for picture in pictures_in(part_blocks))
        note_following(topic, name, follows)
        if parts_that_run() and timer_on != (follows and now.live):
            st.rerun()


def _noted(blocks: Iterable[Block], record: list[Block]) -> Iterator[Block]:
    for block in blocks:
        record.append(block)
        yield block


def film_now(film: Film | Latest | None) -> Film | None:
    """The film to speak of now."""
    return film.film if isinstance(film, Latest) else film


def _config(topic: Topic) -> Any:
    """The Config to compute with: see own.py."""
    return with_what_is_here(topic, st.session_state[f"{topic.slug}:config"])


# ---------------------------------------------------------------- one function a kind


def _say(block: Say) -> None:
    if block.style == "status":
        st.html(f'<p class="status" role="status">{status_line(block)}</p>')
        return
    text, help_text = gap().join(map(t, block.parts)), t(block.help) if block.help else None
    if block.style == "text":
        st.markdown(text, help=help_text)
    else:
        st.caption(f":material/info: {text}" if block.style == "note" else text, help=help_text)


def status_line(block: Say) -> str:
    """The live numbers of a run, as HTML."""
    return BOLD.sub(r"<b>\1</b>", "<br>".join(t(part) for part in block.parts))


def _table(block: Table) -> None:
    kind = "messages" if any(isinstance(cell, Amount) for row in block.rows for cell in row) else "facts"
    rows = f"<tr>{''.join(f'<th>{t(word)}</th>' for word in block.head)}</tr>"
    lines = [("", row) for row in block.rows] + ([(' class="sum"', block.total)] if block.total else [])
    for style, row in lines:
        rows += f"<tr{style}>{''.join(f'<td>{_cell(cell)}</td>' for cell in row)}</tr>"
    st.html(f'<table class="{kind}">{rows}</table>')


def _cell(cell: Any) -> str:
    match cell:
        case Amount():
            kind = "minus" if cell.share < 0 else "plus"
            width = f"{100 * abs(cell.share):.0f}%"
            return f'<i class="{kind}" style="width:{width}"></i>{number(cell.value, cell.digits)}'
        case Number() | Percent():
            return cell.text(language())
    return escape(drawn(cell))


def _choose(topic: Topic, block: Choose) -> None:
    state, slug = st.session_state, topic.slug
    known = {knob.name: knob for knob in knobs(view_type(topic))}
    looks = block.field in known
    knob: Knob = known[block.field] if looks else next(k for k in knobs(topic.config) if k.name == block.field)
    value = getattr(current_view(topic) if looks else state[f"{slug}:config"], block.field)
    if knob.kind == "bool":
        key = f"{slug}:{block.field}"
        state[key] = value
        st.toggle(t(knob.label), key=key, on_change=_set, args=(slug, block.field, key), help=t(knob.help) or None)
        return
    if knob.kind in ("int", "float") and not isinstance(block.choices, Mapping):
        _slide(slug, knob, block, value)
        return
    choices = block.choices or {one: knob.choice_labels.get(one, one) for one in knob.choices}
    options = list(choices)
    if value not in choices:
        reason = KnobError("{label}: expected one of {choices}, got {value!r}", label=knob.label,
                           choices=", ".join(map(str, options)), value=str(value))  # fmt: skip
        told_of(topic, block.field, reason, knob.to_text(value))
        value = options[0 if isinstance(value, str) else -1]
    if len(options) > MOST_LISTED:
        key = f"{slug}:{block.field}:{language()}"  # Streamlit keeps a choice by the words it was shown with
        state[key] = value
        labels = dict(zip(options, drawn_all(choices.values()), strict=True))
        st.selectbox(t(knob.label), options, key=key, format_func=labels.get, on_change=_set,
                     args=(slug, block.field, key))  # fmt: skip
        return
    key = place_of(topic, block.field)
    choice(
        drawn_all(choices.values()), key, label=t(knob.label), chosen=options.index(value),
        on_pick=partial(_chosen, slug, key, block.field, tuple(options)), as_buttons=block.as_buttons,
        show_label=not block.as_buttons,
    )  # fmt: skip


def _slide(slug: str, knob: Knob, block: Choose, value: float) -> None:
    low, high, step = knob.low, knob.high, knob.step or (1 if knob.kind == "int" else (knob.high - knob.low) / 100)
    if block.choices is not None:
        low, high, step = block.choices[0], block.choices[-1], block.choices.step
    low, high, step = (type(value)(one) for one in (low, high, step))
    key = f"{slug}:{block.field}"
    st.session_state[key] = min(max(value, low), high)
    st.slider(t(knob.label), low, high, step=step, key=key, on_change=_set, args=(slug, block.field, key),
              help=t(knob.help) or None)  # fmt: skip


def _chosen(slug: str, key: str, field: str, options: tuple[Any, ...]) -> None:
    """Callback: another choice was made."""
    index = (st.session_state.get(key) or {}).get("pick")
    if index is not None:
        change_fields(catalogue()[slug], {field: options[index]})


def _set(slug: str, field: str, key: str) -> None:
    """Callback: a switch or a slider was moved, or another entry of a long list chosen."""
    change_fields(catalogue()[slug], {field: st.session_state[key]})


def _press(topic: Topic, block: Press) -> None:
    st.button(
        t(block.words), key=f"{topic.slug}:{block.name}", icon=f":material/{block.icon}:" if block.icon else None,
        help=t(block.help) or None, type="primary" if block.primary else "secondary", disabled=not block.enabled,
        on_click=_pressed, args=(topic.slug, tuple(block.change.items()), block.begin), width="stretch",
    )  # fmt: skip


def _pressed(slug: str, change: tuple[tuple[str, Any], ...], begin: bool) -> None:
    """Callback: a button was pressed."""
    change_fields(catalogue()[slug], dict(change), begin=begin)


def _later(topic: Topic, block: Later, film: Film | Latest | None, within: tuple[str, ...]) -> None:
    if inspect.isgeneratorfunction(topic.load(block.path)):
        watch(topic, block.config, partial(_show_later, topic, block, film, within), path=block.path)
        return
    value = compute(topic, block.config, block.path)
    if value is not None:
        _show_later(topic, block, film, within, value)


def _show_later(topic: Topic, block: Later, film: Film | Latest | None, within: tuple[str, ...], value: Any) -> None:
    reading = Reading(current_view(topic), read_by(topic, within[-1]))
    walk(topic, block.show(_config(topic), reading, film_now(film), value), film, within)

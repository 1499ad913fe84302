"""A page between its title and its tabs: what its topic computes, shown by the functions of its module.

pages/<slug>.py is such a module; walker.py says which functions it has, and shows the blocks that they return.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from engine.contracts.blocks import Block, with_columns
from engine.contracts.film import Film
from engine.contracts.topic import Topic
from pages.components.own.kinds import own_things, stage_beside, with_what_is_here
from pages.components.own.weights import usable
from pages.components.parts.contents import begin, note_step
from pages.components.parts.controls import controls, current_config, note_progress, write_link
from pages.components.parts.lesson import ask_first, lesson, open_first
from pages.components.parts.panel import face, face_switch
from pages.components.parts.pins import offer_places
from pages.components.parts.player import player
from pages.components.parts.progress import is_under_way, watched_to_the_end
from pages.components.parts.taught import teaching
from pages.components.parts.topics import page_module
from pages.components.parts.view import begin_parts, change_view, current_view
from pages.components.parts.walker import Latest, draw_part, film_now, part, status_line, walk
from pages.components.server.background import keep_result, stored_result
from pages.components.server.compute import compute


@dataclass
class Composed:
    """What there is for the tabs below a page.

    result: a Result, or a function that makes it when a tab needs it, or None while there is none. formulas: draws the
    formulas with the live values of the Result. blocks: makes what the page shows above, for a file.
    """

    topic: Topic
    config: Any
    result: Any | Callable[[], Any] | None
    formulas: Callable[[Any], None] | None
    blocks: Callable[[], Sequence[Block]] | None


def compose(topic: Topic) -> Composed:
    """Draw the page of a module of plain functions: see walker.py. The link is written, too."""
    module = page_module(topic.slug)
    begin(topic.slug)
    current_config(topic)
    shows = face(topic)
    ask_first(topic)
    open_first(topic)
    told = usable(topic, st.session_state[f"{topic.slug}:config"])
    offer_places(topic)
    left, right = st.columns([2.05, 1], gap="medium")
    place, panel = left.container(key=f"{topic.slug}-stage"), right.container(border=True, key=f"{topic.slug}-panel")
    config, film, made = with_what_is_here(topic, told), None, None
    begin_at = st.session_state.pop(f"{topic.slug}:begin", None)  # see player
    _follow(topic, module, config)
    begin_parts(topic)
    whole = _completed(topic, config)
    with place:
        if hasattr(module, "head"):
            walk(topic, module.head(config, current_view(topic)))
        start = _first_look(topic, config) if whole is None else whole
        if start is None and topic.fallback is not None:
            config = note_progress(topic, **vars(topic.fallback(config)))
            start = _first_look(topic, config)
        stage = stage_beside(topic, told, place) if start is not None else place
    if start is not None and topic.trains(config):
        film, training = Latest(), topic.training
        experiment = training.at(training.experiment(config), training.goes(config))
        with stage:
            moments = player(
                topic, experiment, start, partial(_stage, topic, film), status=partial(_status, module, config),
                begin=begin_at,
            )  # fmt: skip
        made = partial(_result_of, topic, config, moments)
    elif start is not None:
        film = Film.of(start)
        with stage:
            part(topic, "stage", film)
        made = start if start is whole or topic.looks_at_all(config) else partial(_result, topic, config)
    with panel:  # after the pictures, which answer the change
        face_switch(topic)
        if shows == "lesson":
            lesson(topic, config, made)
        else:
            whole_panel = teaching(topic).all_knobs
            if whole_panel:
                own_things(topic, st.session_state[f"{topic.slug}:config"])
            controls(topic, skip=tuple(topic.absent(config)) if topic.absent else ())
            if film is not None and whole_panel and hasattr(module, "panel"):
                part(topic, "panel", film)
    if film is not None and hasattr(module, "below"):
        part(topic, "below", film)
    write_link(topic)
    return Composed(
        topic, told, made, formulas=partial(_formulas, topic) if topic.formulas else None,
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
    if topic.look.completed is None or topic.trains(config) or topic.looks_at_all(config):
        return None
    wanted = topic.asked_later(config)
    result = stored_result(topic, wanted)
    if result is None and (arrived := watched_to_the_end(topic, wanted)) is not None:
        result = topic.load(topic.look.completed)(_first_look(topic, config), arrived)
        keep_result(topic, wanted, result)
    return result


def _result(topic: Topic, config: Any) -> Any | None:
    """The whole Result, for the tabs; None while it is being watched, which ends with a run of the whole page."""
    if topic.look.completed is None:
        return compute(topic, config)
    wanted = topic.asked_later(config)
    return None if is_under_way(topic, wanted) else compute(topic, wanted, long=True)


def _first_look(topic: Topic, config: Any) -> Any | None:
    path, looked = topic.first_look(config)
    return compute(topic, looked, path)


def _stage(topic: Topic, latest: Latest, film: Film) -> None:
    """What the player shows; the other parts of the page speak of it, too."""
    latest.film = film
    note_step(film.now.step)
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

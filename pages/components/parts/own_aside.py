"""What a reader drew or brought, kept while a preset has put it away; it comes back when they ask for it again."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import streamlit as st

from engine.contracts.knob import Knob, knobs
from engine.contracts.topic import Topic


def _of_the_reader(topic: Topic) -> Iterator[Knob]:
    """Knobs that hold own points or the key of an own table: texts without a box, which count for some data alone."""
    return (knob for knob in knobs(topic.config) if knob.kind == "text" and knob.hidden and knob.data and knob.counts)


def keep_aside(topic: Topic) -> None:
    """A preset is to replace the page's Config: what is in it and of no preset is kept, the newest of each."""
    config, kept = st.session_state[f"{topic.slug}:config"], st.session_state.setdefault(f"{topic.slug}:aside", {})
    for knob in _of_the_reader(topic):
        value = getattr(config, knob.name)
        if value != knob.default and all(value != getattr(preset, knob.name) for preset in topic.presets.values()):
            kept[knob.name] = value


def bring_back(topic: Topic, known: Any, changed: Any) -> Any:
    """`changed`, with what was kept where it counts now, did not before, and nothing else is there."""
    kept = st.session_state.get(f"{topic.slug}:aside", {})
    values = {
        knob.name: kept[knob.name]
        for knob in _of_the_reader(topic)
        if knob.name in kept and not knob.counts(known) and knob.counts(changed)
        and getattr(changed, knob.name) == knob.default
    }  # fmt: skip
    return dataclasses.replace(changed, **values)

"""Captions of figures that leave a page, and the values of knobs as a reader reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode

from engine.contracts.caption import Caption
from engine.contracts.knob import Knob, knobs, to_query
from engine.contracts.languages import drawn_in
from engine.contracts.topic import Topic
from engine.contracts.words import number
from engine.data.photos import PHOTOS

LONGEST_TEXT = 28  # characters of a text among other values
LONGEST_TITLE, LONGEST_VALUE = 160, 60  # characters in a caption
SAMPLES = frozenset(f"sample:{name}" for name in PHOTOS)
Say = Callable[[str], str]


def caption_of(
    topic: Topic,
    config: Any,
    title: str,
    *,
    step: int | None = None,
    address: str = "",
    looks: Mapping[str, str] | None = None,
    language: str = "en",
) -> Caption:
    """The caption of a figure of a run.

    title: what the figure shows, in the language. step: the optimiser step of the moment shown, where something is
    trained. address: of the topic's page; without one the link is the path alone. looks: further parameters of the
    link, what is looked at.
    """
    say = partial(drawn_in, values={}, language=language)
    query = {**to_query(config), **(looks or {})}
    link = (address or f"/{topic.slug}") + (f"?{urlencode(query)}" if query else "")
    moment = [drawn_in("Optimiser step {step}", {"step": step}, language)] if step is not None else []
    moment += [f"{say(knob.label)} {getattr(config, knob.name)}" for knob in _seeds(topic, config)]
    changed = " · ".join(_changed(topic, config, say)) or say("All settings at their defaults")
    lines = (cut(f"{say(topic.title)} · {title}", LONGEST_TITLE), changed, " · ".join(moment))
    return Caption(tuple(filter(None, lines)), link, language)


def _seeds(topic: Topic, config: Any) -> Iterator[Knob]:
    """The knob where the randomness of a run begins, if it plays a part."""
    name = topic.training.seed if topic.training else "seed"
    return (knob for knob in knobs(topic.config) if knob.name == name and _plays_a_part(knob, config))


def _plays_a_part(knob: Knob, config: Any) -> bool:
    return knob.counts is None or knob.counts(config)


def _changed(topic: Topic, config: Any, say: Say) -> Iterator[str]:
    """The settings that are not the topic's defaults, and where the network begins if it may be trained already; steps
    and seed have a line of their own."""
    begins = topic.training.begins if topic.training else ""
    apart = {knob.name for knob in _seeds(topic, config)} | ({topic.training.steps} if topic.training else set())
    for knob in knobs(topic.config):
        value = getattr(config, knob.name)
        if knob.name not in apart and (value != knob.default or knob.name == begins) and _plays_a_part(knob, config):
            yield f"{say(knob.label)} {cut(value_text(knob, value, say), LONGEST_VALUE)}"


def cut(text: str, most: int) -> str:
    """A text of at most so many characters, with a sign where it was longer."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def value_text(knob: Knob, value: Any, say: Say = str) -> str:
    """The value of a knob as a page shows it, in the language of `say`; None: that the knob does nothing there."""
    match knob.kind:
        case _ if value is None:
            return say("has no effect")
        case "bool":
            return say("yes") if value else say("no")
        case "choice":
            return say(knob.choice_labels.get(value, value))
        case "choices":
            return ", ".join(say(knob.choice_labels.get(one, one)) for one in value) or say("none of them")
        case "sizes":
            return f"1 × {value[0]}" if len(value) == 1 else ", ".join(map(str, value)) or "0"
        case "text":
            short = value.removeprefix("sample:")
            return cut(say(PHOTOS[short].title) if value in SAMPLES else short, LONGEST_TEXT) or "–"
    digits = number(value, 3) if knob.kind == "float" else number(int(value), 5)
    return f"{digits} {say(knob.unit)}" if knob.unit else digits

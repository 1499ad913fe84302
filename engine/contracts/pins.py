"""Pinned runs: how a link holds them, what they are called after, and in which knobs runs differ."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any
from urllib.parse import quote

from engine.contracts.knob import Knob, KnobError, Rejected, from_query, knobs, to_query, without_run
from engine.contracts.names import nearest
from engine.contracts.topic import Topic

MOST_PINS = 4
LONGEST_LINK = 6000  # characters of all pinned runs together as they stand in an address; proxies cut at about 8,000
PARAMETER = "pin"  # the name they have in a link, once for each; no knob may be called so

_ESCAPES = {"%": "%25", "~": "%7E"}


@dataclasses.dataclass(frozen=True)
class Pin:
    """One run of a topic: its Config with the steps trained, which makes the run again."""

    slug: str
    config: Any

    def text(self) -> str:
        """As it stands in a link: "slug~layers~8-8~steps~300"; knobs at their default stay out."""
        parts = [part for item in to_query(self.config).items() for part in item]
        return "~".join([self.slug, *(re.sub("[%~]", lambda match: _ESCAPES[match[0]], part) for part in parts)])


def in_link(pins: Sequence[Pin]) -> list[Pin]:
    """Those that a link holds: one after the other as long as all fit into LONGEST_LINK characters."""
    room, held = LONGEST_LINK, []
    for pin in pins:
        length = len(quote(pin.text(), safe="~"))
        if length <= room:
            room -= length
            held.append(pin)
    return held


def read_pins(texts: Iterable[str], topics: Mapping[str, Topic]) -> tuple[list[Pin], list[Rejected]]:
    """Pinned runs from a link, and what of it could not be used.

    A value that does not fit its knob falls back to the default, as on a page; a run that cannot be read at all, comes
    twice, or is one too many is left out, and the Rejected of one that is lost has the name "pin".
    """
    pins, rejected, room = [], [], LONGEST_LINK
    for text in islice(texts, 2 * MOST_PINS):  # what comes after so many is not worth a word
        length = len(quote(text[: LONGEST_LINK + 1], safe="~"))
        try:
            if length > room:
                raise KnobError("Pinned run: expected at most {most} characters", most=LONGEST_LINK)
            pin, fallen_back = _read(text, topics)
        except KnobError as reason:
            rejected.append(Rejected(PARAMETER, text[:80], reason))
            continue
        if pin in pins:  # perhaps only because what was wrong with it fell back
            rejected += fallen_back
            continue
        if len(pins) == MOST_PINS:
            reason = KnobError("Pinned run: expected at most {most} of them", most=MOST_PINS)
            rejected.append(Rejected(PARAMETER, text[:80], reason))
            break
        room -= length
        pins.append(pin)
        rejected += fallen_back
    return pins, rejected


def _read(text: str, topics: Mapping[str, Topic]) -> tuple[Pin, list[Rejected]]:
    back = {code: character for character, code in _ESCAPES.items()}
    slug, *parts = (re.sub("%25|%7E", lambda match: back[match[0]], part) for part in text.split("~"))
    if slug not in topics:
        raise KnobError("Pinned run: there is no page {slug!r}", slug=slug[:40])
    if len(parts) % 2:
        raise KnobError("Pinned run: expected page~knob~value, got {text!r}", text=text[:40])
    query = dict(zip(parts[::2], parts[1::2], strict=True))
    there = [knob.name for knob in knobs(topics[slug].config)]
    for name in query:
        if name not in there:
            if near := nearest(name, there):
                raise KnobError(
                    "Pinned run: there is no knob {name!r}; the nearest is {nearest}", name=name[:40], nearest=near
                )
            raise KnobError("Pinned run: there is no knob {name!r}", name=name[:40])
    config, rejected = from_query(topics[slug].config, query)
    return Pin(slug, config), rejected


def differing(configs: Sequence[Any]) -> list[tuple[Knob, tuple[Any, ...]]]:
    """The knobs in which Configs of one type differ, each with the value of every Config.

    None stands for a knob that does nothing with the others as they are there. What does nothing anywhere is left out,
    and so is what is set alike everywhere and does nothing in some: what keeps it from it is a difference of its own.
    """
    differences = []
    for knob in knobs(type(configs[0])):
        settings = [getattr(config, knob.name) for config in configs]
        values = tuple(
            value if knob.counts is None or knob.counts(config) else None
            for value, config in zip(settings, configs, strict=True)
        )
        if any(value != values[0] for value in values) and any(value != settings[0] for value in settings):
            differences.append((knob, values))
    return differences


def other_data(configs: Sequence[Any], reference: int) -> dict[int, list[Knob]]:
    """Which of several Configs look at other data than that of the reference, and the knobs that say so; their numbers
    cannot be subtracted."""
    found = {}
    for at, config in enumerate(configs):
        if knobs_of_data := [knob for knob, _ in differing([configs[reference], config]) if knob.data]:
            found[at] = knobs_of_data
    return found


def nearest_preset(topic: Topic, config: Any) -> tuple[str, list[tuple[Knob, Any]]]:
    """The preset that a Config is nearest to, and the knobs that make the difference, with the Config's values.

    What was done in the run itself, such as the steps trained, comes last and does not decide which preset is nearest.
    """
    start = without_run(config)
    differences = {name: differing([without_run(preset), start]) for name, preset in topic.presets.items()}
    name = min(differences, key=lambda name: len(differences[name]))
    run = [(knob, values) for knob, values in differing([start, config]) if knob.run_only]
    return name, [(knob, values[1]) for knob, values in [*differences[name], *run] if values[1] is not None]

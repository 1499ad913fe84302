"""What the benchmark, the load test and the tests that go over all topics need to know of one: it stands with the
topic, as PROBE in its probe.py, in the names of its page and its knobs. All of it may be left out."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable, Mapping
from typing import Any

from engine.contracts.topic import Topic


@dataclasses.dataclass(frozen=True)
class Change:
    """A small change that a reader makes with one key, and the picture that shows it.

    name: in words. shows: name of the Show that must look otherwise. knob: whose slider is moved, or place: name of the
    block whose picture has the focus. part: what of the picture, a CSS selector; several of them take turns. keys:
    pressed in turn. link: what the page is opened with.
    """

    name: str
    shows: str
    knob: str = ""
    place: str = ""
    part: str = "canvas.stage"
    keys: tuple[str, ...] = ("ArrowRight", "ArrowLeft")
    link: str = ""


@dataclasses.dataclass(frozen=True)
class Touch:
    """Something that a reader picks. place: key of the block; event: what its picture reports, with this value; leads:
    what the link then says. link: what the page is opened with."""

    place: str
    event: str
    value: Any
    leads: str
    link: str = ""


@dataclasses.dataclass(frozen=True)
class Mistake:
    """A link that asks to look at what is not there, and what is said of it; "" where the next best is shown."""

    link: str
    said: str = ""


@dataclasses.dataclass(frozen=True)
class Goal:
    """What a training on the page reaches: the number at a place in its line of live numbers, `least` or more."""

    words: str
    number: int
    least: float


@dataclasses.dataclass(frozen=True)
class Brought:
    """What a reader brought. picture: key of one that is no sample; drawing: 28 × 28 pixels as a link has them."""

    picture: str
    drawing: str


@dataclasses.dataclass(frozen=True)
class Probe:
    """See above. picture: name of the Show that must be there at first; without it the first of the stage. cases: what
    no preset has, for exported scripts: name -> values of knobs. training: link of a run that goes on for long. goal:
    of the run that the page begins with."""

    picture: str = ""
    changes: tuple[Change, ...] = ()
    touches: tuple[Touch, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    cases: Callable[[Brought], Mapping[str, Mapping[str, Any]]] = lambda brought: {}
    training: str = ""
    goal: Goal | None = None


def probe_of(topic: Topic) -> Probe:
    """That of a topic; an empty one where it has none."""
    folder = topic.run.partition(":")[0].rpartition(".")[0]
    try:
        module = importlib.import_module(f"{folder}.probe")
    except ModuleNotFoundError as error:
        if error.name != f"{folder}.probe":  # it is there, but imports what is not
            raise
        return Probe()
    return getattr(module, "PROBE", Probe())

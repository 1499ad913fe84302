"""What a teacher's link asks of a page: which steps of the lesson, which knobs, and whether answers stay hidden.

It stands in the link as `teach=first.last`, `show=layers.seed` (or `lesson`, `none`) and `answers=hidden`. It hides, it
does not lock: whoever changes the address has the whole page.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.contracts.knob import KnobError, Rejected, knobs
from engine.contracts.lesson import lesson_steps
from engine.contracts.topic import Topic

TEACH, SHOW, ANSWERS = NAMES = ("teach", "show", "answers")  # in a link; no knob may be called so
OF_LESSON, NONE = "lesson", "none"  # instead of the names of knobs
HIDDEN = "hidden"
LONGEST = 400  # characters of a value that are looked at


@dataclasses.dataclass(frozen=True)
class Teaching:
    """first, last: names of the steps where the lesson begins and ends, "" for the whole lesson. show: names of the
    knobs that stand on the page, () for none, None for all; of_lesson: those that the chosen steps speak of. hidden:
    the reader is told neither explanation nor verdict."""

    first: str = ""
    last: str = ""
    show: tuple[str, ...] | None = None
    of_lesson: bool = False
    hidden: bool = False

    def query(self) -> dict[str, str]:
        """As it stands in a link; the usual page is nothing at all."""
        made = {}
        if self.first:
            made[TEACH] = self.first if self.first == self.last else f"{self.first}.{self.last}"
        if self.of_lesson:
            made[SHOW] = OF_LESSON
        elif self.show is not None:
            made[SHOW] = ".".join(self.show) or NONE
        if self.hidden:
            made[ANSWERS] = HIDDEN
        return made

    @property
    def all_knobs(self) -> bool:
        """Whether every knob of the page is shown."""
        return self.show is None and not self.of_lesson

    @property
    def is_lesson(self) -> bool:
        """Whether it asks for the lesson, so that the page opens with it."""
        return bool(self.first) or self.hidden

    def chosen(self, steps: Sequence[Any]) -> slice:
        """Where the steps from first to last stand among all of them: Steps, or their words."""
        names = [step.name for step in steps]
        return slice(names.index(self.first), names.index(self.last) + 1) if self.first else slice(None)

    def shown(self, topic: Topic) -> frozenset[str]:
        """The names of the knobs that stand on the page."""
        if self.of_lesson:
            steps = lesson_steps(topic)
            return frozenset(name for step in steps[self.chosen(steps)] for name in step.knobs)
        names = [knob.name for knob in choosable(topic)]
        return frozenset(names if self.show is None else self.show)


def choosable(topic: Topic) -> list[Any]:
    """The knobs that have a widget, and so can be shown or left out."""
    return [knob for knob in knobs(topic.config) if not knob.hidden]


def read_teaching(topic: Topic, query: Mapping[str, str]) -> tuple[Teaching, list[Rejected]]:
    """What a link asks; what of it cannot be used falls away, each with one sentence."""
    made, rejected = Teaching(), []
    readers: dict[str, Callable[[Topic, str], dict[str, Any]]] = {TEACH: _steps, SHOW: _knobs, ANSWERS: _answers}
    for name, reader in readers.items():
        if name not in query:
            continue
        try:
            made = dataclasses.replace(made, **reader(topic, query[name][:LONGEST]))
        except KnobError as reason:
            rejected.append(Rejected(name, query[name][:80], reason))
    return made, rejected


def _steps(topic: Topic, text: str) -> dict[str, Any]:
    names = [step.name for step in lesson_steps(topic)]
    first, dot, last = text.partition(".")
    first, last = (first or names[0], last or names[-1]) if dot else (first, first)
    for name in (first, last):
        if name not in names:
            raise KnobError(
                "Steps of the lesson: expected some of {choices}, got {value!r}",
                choices=", ".join(names), value=name[:40],
            )  # fmt: skip
    if names.index(first) > names.index(last):
        raise KnobError("Steps of the lesson: expected the first before the last, got {value!r}", value=text[:40])
    return {} if (first, last) == (names[0], names[-1]) else {"first": first, "last": last}


def _knobs(topic: Topic, text: str) -> dict[str, Any]:
    if text in (OF_LESSON, NONE):
        return {"of_lesson": True} if text == OF_LESSON else {"show": ()}
    there, asked = [knob.name for knob in choosable(topic)], text.split(".")
    for name in asked:
        if name not in there:
            raise KnobError(
                "Knobs shown: expected some of {choices}, got {value!r}", choices=", ".join(there), value=name[:40]
            )
    return {"show": tuple(name for name in there if name in asked)}


def _answers(topic: Topic, text: str) -> dict[str, Any]:
    if text != HIDDEN:
        raise KnobError("Answers: expected {choices}, got {value!r}", choices=HIDDEN, value=text[:40])
    return {"hidden": True}

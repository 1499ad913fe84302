"""A guided lesson: every step asks for a prediction, sets the page up, runs it, and reads the answer off what came.

The words of a lesson are assets/lessons/<language>/<slug>.md:

    An introduction of a sentence or two.

    ## Title of a step
    step: name of the Step in the topic's lesson.py
    What there is to see, before anything has run.
    ? The question that asks for a prediction
    - half: a possible answer, after its key
    - all: another one (right)
    > What came, and why. {share|97 %} is measured when the reader comes here; behind the bar stands what usually comes.

    = What the page's question is answered with, at the very end.

All but titles and choices may mark terms of the glossary, see glossary.py.

What a step does is a Step of the tuple LESSON in engine/topics/<slug>/lesson.py. Its verdict says which of the choices
the run bears out; that this is the one marked (right), in every language, is a test.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Collection, Mapping
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from engine.contracts.glossary import MARK, marks_in, without_marks
from engine.contracts.knob import knobs, without_run
from engine.contracts.sketch import Sketch
from engine.contracts.topic import Topic
from engine.contracts.words import Number, Percent

FOLDER = Path(__file__).parents[2] / "assets" / "lessons"
RIGHT = "(right)"
FIELD = re.compile(r"\{(\w+)\|([^{}]*)\}")
CHOICE = re.compile(r"- ([a-z0-9_]+): (.+)")
MARKS = ((re.compile(r"\*\*(.+?)\*\*"), r"<b>\1</b>"), (re.compile(r"\*(.+?)\*"), r"<i>\1</i>"),
         (re.compile(r"`(.+?)`"), r"<code>\1</code>"))  # fmt: skip
Measured = Number | Percent | str


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What a run says to a question: the key of the choice that it bears out, and the values that stand in the
    explanation."""

    choice: str
    values: Mapping[str, Measured] = dataclasses.field(default_factory=dict)


def closest(value: float, **choices: float) -> str:
    """The choice whose number lies next to a value."""
    return min(choices, key=lambda choice: abs(choices[choice] - value))


@dataclasses.dataclass(frozen=True)
class Step:
    """What a step of a lesson does.

    preset: what the page is set up with while it asks; ask: fields of Config and View that are other then. until: how
    many steps are trained, watched by the reader, once there is an answer; None where nothing is trained for it. pace:
    how fast, "slow", "normal" or "fast"; "" for as the page usually plays. show: fields of Config and View that change
    with the answer. veil: names of the pictures, boxes and parts of the page ("below") that would tell, covered until
    then ("status": the live numbers). focus: the picture that the step speaks of; the page scrolls to it. knobs: those
    that stand below the step, the ones that it speaks of.
    verdict: Result -> Verdict, a function of a module. path: dotted path of what makes that Result of the Config, where
    it is not the page's own; of a stream that the page watches, the last Snapshot. sketch: what can be drawn instead of
    choosing.
    """

    name: str
    preset: str
    verdict: Callable[[Any], Verdict]
    ask: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    until: int | None = None
    pace: str = ""
    show: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    veil: Collection[str] = ()
    focus: str = ""
    knobs: Collection[str] = ()
    path: str | None = None
    sketch: Sketch | None = None

    def config(self, topic: Topic, *, answered: bool) -> Any:
        """What the page computes while it asks, or once there is an answer; the steps that the reader watches are not
        in it."""
        fields = {**self.ask, **(self.show if answered else {})}
        names = {knob.name for knob in knobs(topic.config)}
        changes = {name: value for name, value in fields.items() if name in names}
        return dataclasses.replace(without_run(topic.presets[self.preset]), **changes)

    def whole(self, topic: Topic) -> Any:
        """The Config that a run from its beginning needs to come to what the explanation speaks of."""
        config = self.config(topic, answered=True)
        return config if self.until is None else topic.training.at(config, self.until)

    def looks(self, topic: Topic, *, answered: bool) -> dict[str, Any]:
        """The fields of the View that it sets."""
        names = {knob.name for knob in knobs(topic.config)}
        fields = {**self.ask, **(self.show if answered else {})}
        return {name: value for name, value in fields.items() if name not in names}


@dataclasses.dataclass
class StepWords:
    """The words of a step in one language. choices: key -> text; right: the key of the one that the text explains."""

    title: str
    name: str = ""
    text: str = ""
    question: str = ""
    choices: dict[str, str] = dataclasses.field(default_factory=dict)
    right: str = ""
    answer: str = ""

    def told(self, values: Mapping[str, Measured], language: str) -> str:
        """The explanation with the values of a run."""
        return FIELD.sub(lambda field: _spoken(values[field[1]], language), self.answer)

    @property
    def usual(self) -> str:
        """The explanation with what usually comes."""
        return FIELD.sub(lambda field: field[2], self.answer)


@dataclasses.dataclass(frozen=True)
class LessonWords:
    """A lesson in one language: the introduction, the steps, and at the end what the page's question is answered
    with. terms: names of the terms marked in what is read before an answer; told_terms: of those after it alone."""

    introduction: str
    steps: tuple[StepWords, ...]
    end: str
    terms: tuple[str, ...] = ()
    told_terms: tuple[str, ...] = ()


def lesson_steps(topic: Topic) -> tuple[Step, ...]:
    """What the steps of a topic's lesson do, in the order of its words."""
    return topic.load(topic.lesson)


@cache
def lesson_words(slug: str, language: str) -> LessonWords:
    """The words of a topic's lesson, without the marks of terms. FileNotFoundError if it has none in that language."""
    words = lesson_with_terms(slug, language)
    before = [words.introduction, *(part for step in words.steps for part in (step.text, step.question))]
    terms, told = (
        tuple(dict.fromkeys(marks_in("\n".join(parts))))
        for parts in (before, [*(step.answer for step in words.steps), words.end])
    )
    steps = tuple(
        dataclasses.replace(
            step, text=without_marks(step.text), question=without_marks(step.question),
            answer=without_marks(step.answer),
        )
        for step in words.steps
    )  # fmt: skip
    only_told = tuple(name for name in told if name not in terms)
    return LessonWords(without_marks(words.introduction), steps, without_marks(words.end), terms, only_told)


@cache
def lesson_with_terms(slug: str, language: str) -> LessonWords:
    """The same as it is written, for where a term can be touched."""
    return read_lesson((FOLDER / language / f"{slug}.md").read_text("utf-8"))


def read_lesson(text: str) -> LessonWords:
    """The words of a lesson file, see above. ValueError for a choice without a key, and for a line behind a question
    that is neither choice nor answer."""
    introduction, end, steps = "", "", []
    for line in text.splitlines():
        step = steps[-1] if steps else None
        if line.startswith("## "):
            steps.append(StepWords(line[3:].strip()))
        elif line.startswith("="):
            end += line[1:].strip() + "\n"
        elif step is None:
            introduction += line + "\n"
        elif line.startswith("step:"):
            step.name = line.removeprefix("step:").strip()
        elif line.startswith("? "):
            step.question = line[2:].strip()
        elif line.startswith("- ") and step.question and not step.answer:
            if (choice := CHOICE.fullmatch(line.replace(RIGHT, "").rstrip())) is None:
                raise ValueError(f"expected a choice as '- key: text', got {line!r}")
            step.choices[choice[1]] = choice[2]
            if line.rstrip().endswith(RIGHT):
                step.right = choice[1]
        elif line.startswith(">"):
            step.answer += line[1:].strip() + "\n"
        elif step.question and line.strip():
            raise ValueError(f"expected a choice or an answer behind a question, got {line!r}")
        else:
            step.text += line + "\n"
    for step in steps:
        step.text, step.answer = step.text.strip(), step.answer.strip()
    return LessonWords(introduction.strip(), tuple(steps), end.strip())


def marked(text: str, touched: Callable[[re.Match], str] | None = None) -> str:
    """Words of a lesson as HTML: **bold**, *italic*, `code`. touched: what a marked term becomes, by default a button,
    see terms.js."""
    text = escape(text.replace("\n", " "), quote=False)
    for mark, made in MARKS:
        text = mark.sub(made, text)
    return MARK.sub(touched or _button, text)


def _button(mark: re.Match) -> str:
    """No <button>: that could not be broken where a line ends."""
    return f'<span role="button" tabindex="0" class="term" data-term="{mark[1]}">{mark[2] or mark[1]}</span>'


def _spoken(value: Measured, language: str) -> str:
    return value.text(language) if isinstance(value, (Number, Percent)) else str(value)

"""The lesson of a page beside its picture: a question first; then the page sets itself up and runs; then what came.

What a step does, its words and its verdict are values, see engine/contracts/lesson.py. Which step stands there is part
of the View, so it is in the link; what the reader answered stays in the session.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import streamlit as st

from engine.contracts.knob import KnobError, knobs, without_run
from engine.contracts.lesson import Step, StepWords, Verdict, lesson_words, marked
from engine.contracts.sketch import Sketch
from engine.contracts.topic import Topic, catalogue
from engine.contracts.words import Words
from pages.components.own.kinds import with_what_is_here
from pages.components.parts.controls import LESSON, adopt, at_its_run, says_settings, says_something, widget_grid
from pages.components.parts.glossary import terms_on_card
from pages.components.parts.language import drawn, gap, language
from pages.components.parts.lesson_ends import closing_card, opening_card
from pages.components.parts.lesson_progress import note_told, progress_cookie, told_in
from pages.components.parts.path import page_after
from pages.components.parts.progress import watched_to_the_end
from pages.components.parts.taught import taught_steps, taught_words, teaching
from pages.components.parts.topics import body_of, go_to, view_type
from pages.components.parts.view import told_of
from pages.components.pictures.canvas import step_card
from pages.components.pictures.show import place_of
from pages.components.server.compute import compute

END = "end"
NO_CHOICE = ""  # instead of a choice: the reader wanted to be shown
DRAWN = "drawn"  # until the run says which choice a drawing comes to


def lesson(topic: Topic, config: Any, made: Any | Callable[[], Any] | None) -> None:
    """The step that the reader is at. config: what the page computes; made: its Result, or what makes it."""
    words, steps = taught_words(topic, language(), marks=True), taught_steps(topic)
    at = place_in(topic)
    asked = st.session_state.get(f"{topic.slug}:views", {}).get(LESSON, END)
    if asked not in (END, *(step.name for step in steps)) and not _is_step_elsewhere(asked):
        reason = KnobError("Lesson: expected one of its {count} steps, got {value!r}", count=len(steps), value=asked)
        told_of(topic, LESSON, reason, asked)
    if at in (-1, len(steps)):
        told = _answers(topic) if teaching(topic).hidden else told_in(topic.slug)
        _card(topic, (opening_card if at == -1 else closing_card)(topic, words, told))
        return
    step, said = steps[at], words.steps[at]
    answered = step.name in _answers(topic)
    verdict = _verdict(topic, step, config, made) if answered else None
    answer = _answers(topic).get(step.name)
    hidden = teaching(topic).hidden
    if verdict is not None and not hidden:
        note_told(topic.slug, step.name, right=answer == verdict.choice)
    _card(topic, {
        "title": said.title, "at": at, "count": len(steps), "text": marked(said.text),
        "question": marked(said.question),
        "choices": [marked(choice) for choice in said.choices.values()],
        "draw": _to_draw() if step.sketch is not None and not answered else None,
        "chosen": _index(said, answer), "right": None if hidden else _index(said, verdict and verdict.choice),
        "mark": "" if verdict is None or hidden else marked(_mark(topic, step, said, answer, verdict)),
        "told": "" if verdict is None else _told(topic, said, verdict),
        "waiting": _waiting(topic, step, config, verdict) if answered else "",
        "buttons": _buttons(topic, at, len(steps), answer, verdict, step, config),
        "focus": _focus(topic, step, answered=answered),
    })  # fmt: skip
    if step.knobs and answered:  # before, they could show the answer
        of = {knob.name: knob for knob in knobs(topic.config)}
        asked = teaching(topic)
        shown = [name for name in step.knobs if asked.all_knobs or name in asked.shown(topic)]
        widget_grid(topic, [of[name] for name in shown], 2)


def _card(topic: Topic, data: dict[str, Any]) -> None:
    head = {
        "lesson": drawn("Lesson"),
        "steps": drawn("All steps"),
        "of": drawn("step {k} of {n}", k=data["at"] + 1, n=data["count"]),
    }
    if terms := terms_on_card([data.get(part, "") for part in ("text", "question", "told")], topic.slug):
        head["terms"] = terms
    step_card(
        {"list": [], "choices": [], "question": "", "told": "", "mark": "", "waiting": "", "next": None, "chosen": None,
         "right": None, "focus": "", "draw": None, **head, **data, "cookie": progress_cookie(),
         "sheet": {"up": drawn("Draw up"), "down": drawn("Draw down")}},
        f"{topic.slug}-lesson", on_event=partial(_heard, topic.slug),
    )  # fmt: skip


# ---------------------------------------------------------------- where the reader is


def place_in(topic: Topic) -> int:
    """The number of the step that stands there: -1 before the first, as many as there are after the last."""
    name = st.session_state.get(f"{topic.slug}:views", {}).get(LESSON, "")
    names = [step.name for step in taught_steps(topic)]
    return len(names) if name == END else names.index(name) if name in names else -1


def veiled(topic: Topic) -> frozenset[str]:
    """The names of what would tell the answer to the question that stands there."""
    step = _asked(topic)
    return frozenset(step.veil) if step is not None else frozenset()


def _asked(topic: Topic) -> Step | None:
    """The step whose question stands there without an answer."""
    steps, at = taught_steps(topic), place_in(topic)
    if st.session_state.get("face") != "lesson" or not 0 <= at < len(steps) or steps[at].name in _answers(topic):
        return None
    return steps[at]


def is_covered(topic: Topic) -> bool:
    """Whether what is below the pictures would give an answer away that a teacher keeps hidden."""
    return teaching(topic).hidden and _asked(topic) is not None


def trains_once_answered(topic: Topic) -> bool:
    """Whether a question stands there whose answer is trained as soon as the reader has given theirs."""
    step = _asked(topic)
    return step is not None and step.until is not None


def ask_first(topic: Topic) -> None:
    """A link that comes to a step asks, whatever had been answered and trained where it was made; one that names the
    step and no setting sets the page up for it. Call before the widgets are drawn."""
    state, kept = st.session_state, f"{topic.slug}:lesson_linked"
    linked = state.get(f"{topic.slug}:linked_views")
    if state.get(kept) is linked:
        return
    state[kept] = linked
    at, steps = place_in(topic), taught_steps(topic)
    if LESSON in (linked or {}) and at == len(steps) and not says_settings(topic):
        _open(topic)
    if LESSON not in (linked or {}) or not 0 <= at < len(steps) or steps[at].name in _answers(topic):
        return
    config = with_what_is_here(topic, state[f"{topic.slug}:config"])
    if not says_settings(topic) or any(
        is_set_up(topic, steps[at], config, answered=answered) for answered in (False, True)
    ):
        set_up(topic, steps[at], answered=False)


def open_first(topic: Topic) -> None:
    """An address that says nothing opens, beside the lesson, on what the topic shows before the first step. Call before
    the widgets are drawn."""
    state, kept = st.session_state, f"{topic.slug}:opened"
    linked = state.get(f"{topic.slug}:linked_views")
    if state.get(kept) is linked:
        return
    state[kept] = linked
    if state["face"] == "lesson" and not says_something(topic):
        _open(topic)


def _open(topic: Topic) -> None:
    """Callback, or before the widgets are drawn: what the page opens on."""
    adopt(topic, topic.opening)
    st.session_state[f"{topic.slug}:begin"] = ("stand", topic.steps_of(topic.opening))


def _is_step_elsewhere(name: str) -> bool:
    """Whether another page has such a step: the browser's back button may tell a page of the link of the next."""
    return any(name == step.name for slug in catalogue() for step in lesson_words(slug, "en").steps)


def _answers(topic: Topic) -> dict[str, str]:
    return st.session_state.setdefault(f"{topic.slug}:answers", {})


def _heard(slug: str) -> None:
    """Callback of the card."""
    topic, event = catalogue()[slug], st.session_state[f"{slug}-lesson"]
    steps, at = taught_steps(topic), place_in(topic)
    go, choose, again, leave = (event.get(name) for name in ("go", "choose", "again", "leave"))
    if isinstance(go, int) and -1 <= go <= len(steps):
        _go(topic, steps, go)
    elif isinstance(choose, int) and 0 <= at < len(steps):
        keys = list(taught_words(topic, "en").steps[at].choices)
        if choose < len(keys):
            _take(topic, steps[at], keys[choose] if choose >= 0 else NO_CHOICE)
    elif again is not None and 0 <= at < len(steps):
        set_up(topic, steps[at], answered=steps[at].name in _answers(topic))
    elif leave is not None and (following := page_after(topic)) is not None:
        go_to(following)
    st.rerun(body_of(topic))


def _take(topic: Topic, step: Step, answer: str, drawing: Sequence[float] | None = None) -> None:
    """Callback: there is an answer; the page becomes what the step shows then."""
    _answers(topic)[step.name] = answer
    _drawings(topic)[step.name] = drawing
    _verdicts(topic).pop(step.name, None)
    set_up(topic, step, answered=True)


# ---------------------------------------------------------------- what is drawn instead


def _step_in_place(topic: Topic) -> Step | None:
    """The step that stands beside the picture."""
    steps, at = taught_steps(topic), place_in(topic)
    return steps[at] if st.session_state.get("face") == "lesson" and 0 <= at < len(steps) else None


def open_sketch(topic: Topic) -> Sketch | None:
    """What the reader may draw now, as the answer to the question that stands there."""
    step = _asked(topic)
    return None if step is None else step.sketch


def drawing_at(topic: Topic) -> tuple[Sketch | None, Sequence[float] | None]:
    """What was to be drawn in the step that stands there, and what was; None if nothing."""
    step = _step_in_place(topic)
    return (None, None) if step is None else (step.sketch, _drawings(topic).get(step.name))


def take_drawing(topic: Topic, drawing: Sequence[float]) -> None:
    """Callback: the reader has drawn what they expect."""
    if open_sketch(topic) is not None:
        _take(topic, _step_in_place(topic), DRAWN, drawing)


def _drawings(topic: Topic) -> dict[str, Sequence[float] | None]:
    return st.session_state.setdefault(f"{topic.slug}:drawings", {})


def _differences(topic: Topic) -> dict[str, Words]:
    return st.session_state.setdefault(f"{topic.slug}:differences", {})


def _go(topic: Topic, steps: tuple[Step, ...], at: int) -> None:
    kept = st.session_state.setdefault(f"{topic.slug}:views", {})
    kept.pop(LESSON, None)
    if at >= 0:
        kept[LESSON] = END if at == len(steps) else steps[at].name
    if at == len(steps):  # beside what was found stands a run that has come to its end
        _open(topic)
    if 0 <= at < len(steps):  # the link follows when the page is drawn: half a step is none
        answered = steps[at].name in _answers(topic)
        set_up(topic, steps[at], answered=answered, seen=answered and steps[at].name in _verdicts(topic))


# ---------------------------------------------------------------- setting up, and what came


def set_up(topic: Topic, step: Step, *, answered: bool, seen: bool = False) -> None:
    """Callback: the page becomes what the step shows, before or after there is an answer; what it has trained already
    stays where the step trains nothing itself. seen: what it trains was watched before and stands at its end at once.
    """
    state, slug = st.session_state, topic.slug
    config = step.config(topic, answered=answered)
    kept = state.setdefault(f"{slug}:views", {})
    state[f"{slug}:views"] = {name: value for name, value in kept.items() if name in (LESSON, "compare")}
    of = {knob.name: knob for knob in knobs(view_type(topic))}
    for name, value in step.looks(topic, answered=answered).items():
        if value != of[name].default:
            state[f"{slug}:views"][name] = of[name].to_text(value)
    if step.until is not None:
        adopt(topic, without_run(config))
        state[f"{slug}:speed"] = step.pace or topic.training.speed
        state[f"{slug}:begin"] = ("watch" if answered and not seen else "stand", step.until if answered else 0)
    elif topic.trains(config) and topic.training.goes(config):
        adopt(topic, config)
        state[f"{slug}:begin"] = ("stand", topic.training.goes(config))
    else:
        adopt(topic, at_its_run(topic, state[f"{slug}:config"], config))
        if topic.trains(config):  # what was still training does not go on into a step that asks about something else
            state[f"{slug}:begin"] = ("stand", topic.training.goes(state[f"{slug}:config"]))


def _verdicts(topic: Topic) -> dict[str, Verdict]:
    return st.session_state.setdefault(f"{topic.slug}:verdicts", {})


def is_set_up(topic: Topic, step: Step, config: Any, *, answered: bool = True) -> bool:
    """Whether the page computes what the step shows, before or after there is an answer."""
    wanted = with_what_is_here(topic, step.config(topic, answered=answered))
    return without_run(config) == without_run(wanted)


def _verdict(topic: Topic, step: Step, config: Any, made: Any) -> Verdict | None:
    """What the run says, once it has come to where the step looks; it stays, whatever the reader does next."""
    kept = _verdicts(topic)
    if step.name not in kept and is_set_up(topic, step, config):
        result = _result(topic, step, config, made)
        if result is not None:
            kept[step.name] = step.verdict(result)
            if (drawing := _drawings(topic).get(step.name)) is not None:
                _answers(topic)[step.name] = step.sketch.reads(drawing, result)
                _differences(topic)[step.name] = step.sketch.difference(drawing, result)
    return kept.get(step.name)


def _result(topic: Topic, step: Step, config: Any, made: Any) -> Any | None:
    if topic.trains(config) and _is_under_way(topic, step, config):
        return None
    if step.path is not None and inspect.isgeneratorfunction(topic.load(step.path)):
        return watched_to_the_end(topic, without_run(config))
    if step.path is not None:
        return compute(topic, without_run(config), step.path)
    return made() if callable(made) else made


def _is_under_way(topic: Topic, step: Step, config: Any) -> bool:
    run = st.session_state.get(f"{topic.slug}:run")
    goal = step.until if step.until is not None else topic.training.goes(step.config(topic, answered=True))
    if goal == 0:
        return False
    if run is None or run.job is None or run.job.latest is None or run.live:
        return True
    return run.job.latest.step < goal and run.job.state not in ("done", "failed")  # it may end by itself, by NaN


# ---------------------------------------------------------------- what it says


def _focus(topic: Topic, step: Step, *, answered: bool) -> str:
    """The key of what the page scrolls to: the board to draw on while it asks."""
    name = step.sketch.picture if step.sketch is not None and not answered else step.focus
    return name and place_of(topic, name)


def _to_draw() -> dict[str, str]:
    """What a card says where the answer can be drawn."""
    how = drawn("Draw your answer in the picture; then press **Run it** below it.")
    return {"how": marked(how), "instead": drawn("Choose instead")}


def _index(said: StepWords, key: str | None) -> int | None:
    keys = list(said.choices)
    return keys.index(key) if key in keys else None


def _told(topic: Topic, said: StepWords, verdict: Verdict) -> str:
    return drawn("Your teacher will tell.") if teaching(topic).hidden else marked(said.told(verdict.values, language()))


def _mark(topic: Topic, step: Step, said: StepWords, answer: str | None, verdict: Verdict) -> str:
    told = _rightness(said, answer, verdict)
    if _drawings(topic).get(step.name) is None:
        return told
    meant = drawn("Your drawing was taken for: {choice}.", choice=said.choices[answer].rstrip(".。"))
    return f"{told}{gap()}{meant}{gap()}{drawn(_differences(topic)[step.name])}"


def _rightness(said: StepWords, answer: str | None, verdict: Verdict) -> str:
    if verdict.choice != said.right:  # another processor, another rounding: what came counts
        return drawn(
            "This time it came out otherwise than usual: {choice}.", choice=said.choices[verdict.choice].rstrip(".。")
        )
    if answer == NO_CHOICE:
        return ""
    return drawn("As you predicted.") if answer == verdict.choice else drawn("Not what you predicted.")


def _waiting(topic: Topic, step: Step, config: Any, verdict: Verdict | None) -> str:
    if not is_set_up(topic, step, config):
        said = drawn("The knobs say something else now.")
        return said if verdict is None else f"{said}{gap()}{drawn('This is what came before:')}"
    if verdict is not None:
        return ""
    if topic.trains(config) and _is_under_way(topic, step, config):
        words = "It trains; watch the pictures." if _is_live(topic) else "It stands still; press Train."
        return drawn(words)
    return drawn("It is being computed.")


def _is_live(topic: Topic) -> bool:
    run = st.session_state.get(f"{topic.slug}:run")
    return run is not None and run.live


def _buttons(
    topic: Topic, at: int, count: int, answer: str | None, verdict: Verdict | None, step: Step, config: Any
) -> list[list[Any]]:
    """[event, value, words, whether it is the one to press]."""
    made = [["go", at - 1, drawn("Back"), False]]
    if answer is None:
        made.append(["choose", -1, drawn("Just show me"), False])
    stopped = answer is not None and verdict is None and topic.trains(config) and not _is_live(topic)
    if stopped or not is_set_up(topic, step, config, answered=answer is not None):
        made.append(["again", 1, drawn("Set the page up again"), verdict is None and answer is not None])
    following = drawn("Next step") if at + 1 < count else drawn("What we found")
    return [*made, ["go", at + 1, following, verdict is not None]]

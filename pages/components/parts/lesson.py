"""Guided lessons: every step sets a preset, asks for a prediction, and shows the answer only then.

A lesson is assets/lessons/<language>/<slug>.md:

    An introduction of a sentence or two.

    ## Title of a step
    preset: Name of a preset of the topic
    What to do and to look at.
    ? The question that asks for a prediction
    - a possible answer
    - the right one (right)
    > What one sees, and why.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import streamlit as st

from engine.contracts.topic import Topic
from pages.components.parts.controls import adopt_preset
from pages.components.parts.language import language, t

FOLDER = Path(__file__).parents[3] / "assets" / "lessons"
RIGHT = "(right)"


@dataclass
class Step:
    """One step of a lesson; `right` is the index of the right choice."""

    title: str
    preset: str = ""
    text: str = ""
    question: str = ""
    choices: list[str] = field(default_factory=list)
    right: int = -1
    answer: str = ""


@cache
def read_lesson(slug: str, language: str) -> tuple[str, tuple[Step, ...]]:
    """(introduction, steps) of a lesson file."""
    introduction, steps = "", []
    for line in (FOLDER / language / f"{slug}.md").read_text("utf-8").splitlines():
        step = steps[-1] if steps else None
        if line.startswith("## "):
            steps.append(Step(line[3:].strip()))
        elif step is None:
            introduction += line + "\n"
        elif line.startswith("preset:"):
            step.preset = line.removeprefix("preset:").strip()
        elif line.startswith("? "):
            step.question = line[2:].strip()
        elif line.startswith("- ") and step.question and not step.answer:
            if line.rstrip().endswith(RIGHT):
                step.right = len(step.choices)
            step.choices.append(line[2:].replace(RIGHT, "").strip())
        elif line.startswith(">"):
            step.answer += line[1:].strip() + "\n"
        else:
            step.text += line + "\n"
    return introduction.strip(), tuple(steps)


def lesson(topic: Topic) -> None:
    """Draw the lesson of a topic in the reader's language."""
    state, slug = st.session_state, topic.slug
    introduction, steps = read_lesson(slug, language())
    st.markdown(introduction)
    at = min(state.setdefault(f"{slug}:lesson", 0), len(steps) - 1)
    step = steps[at]
    with st.container(border=True, key=f"{slug}-lesson"):
        st.markdown(f"**{at + 1} · {step.title}** &nbsp; :gray[{t('step {k} of {n}', k=at + 1, n=len(steps))}]")
        st.markdown(step.text)
        st.button(
            t("Set the page up: {preset}", preset=t(step.preset)), key=f"{slug}:lesson:set:{at}",
            icon=":material/tune:", on_click=adopt_preset, args=(topic, topic.presets[step.preset]),
        )  # fmt: skip
        chosen = st.radio(
            step.question, range(len(step.choices)), index=None, key=f"{slug}:lesson:{at}",
            format_func=step.choices.__getitem__, persist_state="session",
        )  # fmt: skip
        if chosen is None:
            st.caption(t("Choose your prediction; the answer appears then."))
        else:
            show = st.success if chosen == step.right else st.info
            mark = (
                t("As you predicted.")
                if chosen == step.right
                else t("Not quite. Right is: {answer}.", answer=step.choices[step.right].rstrip("."))
            )
            show(f"**{mark}** {step.answer}")
        with st.container(horizontal=True):
            st.button(t("Back"), key=f"{slug}:lesson:back", disabled=at == 0, on_click=_go, args=(slug, at - 1))
            st.button(
                t("Next step"),
                key=f"{slug}:lesson:next",
                disabled=at == len(steps) - 1,
                on_click=_go,
                args=(slug, at + 1),
            )


def _go(slug: str, at: int) -> None:
    st.session_state[f"{slug}:lesson"] = at

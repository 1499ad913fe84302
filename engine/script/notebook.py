"""An experiment as a Jupyter notebook: the sections of its script as cells, with the lesson around them."""

from __future__ import annotations

import ast
import json
from typing import Any

import numpy as np

from engine.contracts.knob import differences
from engine.contracts.lesson import LessonWords, Step, StepWords, lesson_steps
from engine.contracts.topic import Topic

from .gather import Gathered
from .script import OUTCOME, Script
from .whole import FUTURE, blobs, configuration, constants, imports_of, main_function, opening

SHOWS = "import nbformat  # noqa: F401, without it Plotly shows no figure in a notebook"


def notebook_for(topic: Topic, config: Any, lesson: LessonWords, address: str = "", formulas: str = "") -> str:
    """A notebook (nbformat 4.5) that computes a topic with this Config; `lesson` are the words of its lesson,
    `formulas` those with the numbers of this run, as Markdown.

    Its code cells are those of `script_for`, with the figures shown in the notebook. Raises what that raises.

    Every cell with definitions says that annotations wait: some name what a later cell defines, or the class that they
    stand in, and whether one cell's `from __future__` holds for the next differs between front ends. No name is defined
    in two cells, so each can be run again by itself.
    """
    script = Script(topic, config, address)
    title, question, *rest = opening(script, of_notebook=True).strip().split("\n\n")
    cells = [
        _prose(f"# {title}\n\n**{question}**\n\n{lesson.introduction}"),
        _prose("\n\n".join(_as_markdown(part) for part in rest)),
        _code(
            "\n\n".join([f"{imports_of(script, of_notebook=True)}\n\n{SHOWS}", *constants(script, of_notebook=True)])
        ),
    ]
    for section in script.sections:
        cells.append(_prose(f"## {section.title}"))
        cells.append(_definitions(configuration(script, section)))
    cells += [_code(blob) for blob in blobs(script)]
    cells.append(_prose("## Run\n\nThe numbers that the page shows, then its figures."))
    cells.append(_definitions(main_function(script, of_notebook=True)))
    cells.append(_code(f"{OUTCOME} = main()"))
    if formulas:
        cells.append(_prose(f"## Formulas\n\nWith the numbers of the run above.\n\n{formulas}"))
    cells.append(_prose(_about_lesson(script)))
    steps = {step.name: step for step in lesson_steps(topic)} if lesson.steps else {}
    for number, words in enumerate(lesson.steps, 1):
        cells.append(_prose(_step(number, steps[words.name], words, script)))
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {
        "cells": cells, "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}}, "nbformat": 4,
        "nbformat_minor": 5,
    }  # fmt: skip
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def _about_lesson(script: Script) -> str:
    """How to follow the lesson in a notebook."""
    text = (
        "## Lesson\n\nEvery step is a call of `main` with another Config. Read the question and predict; then run the "
        "call in a cell of your own, and look."
    )
    if (training := script.topic.training) is not None:
        text += (
            f" Where it says Play, ask for more `{training.steps}` in it: "
            f"`main(replace(CONFIG, {training.steps}=200))`."
        )
    return text


def _step(number: int, step: Step, words: StepWords, script: Script) -> str:
    """A step of the lesson as prose: its title, what computes it, what there is to see, the question with its answers;
    what usually comes is folded."""
    choices = "\n".join(f"- {choice}" for choice in words.choices.values())
    parts = [
        f"### {number}. {words.title}", _values(script, step.whole(script.topic), step.preset), words.text,
        f"**{words.question}**\n\n{choices}",
        f"<details><summary>What one sees</summary>\n\n{words.usual}\n\n</details>",
    ]  # fmt: skip
    return "\n\n".join(filter(None, parts))


def _values(script: Script, wanted: Any, preset: str) -> str:
    """The knobs in which a step's Config differs from this notebook's, if that is all in which its notebook would."""
    topic, config = script.topic, script.config
    other = Gathered(topic, wanted)
    if other.run != script.gathered.run or not _equal(other.embedded, script.gathered.embedded):
        return (
            f"What this step shows is not in this notebook. Choose the preset *{preset}* on the page and download the "
            "notebook there."
        )
    changed = [f"{knob.name}={value!r}" for knob, _, value in differences(config, wanted)]
    return f"`main(replace(CONFIG, {', '.join(changed)}))`" if changed else "`main()`, the configuration as it stands."


def _equal(one: Any, other: Any) -> bool:
    """Whether two embedded values are the same, down to the arrays in them."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_equal, one, other))
    return type(one) is type(other) and np.array_equal(one, other)


def _as_markdown(part: str) -> str:
    """A paragraph of the opening: indented lines become a list."""
    lines = [f"- {line.strip()}" if line.startswith("    ") else line for line in part.splitlines()]
    return "\n".join(lines).replace(":\n- ", ":\n\n- ", 1)


def _prose(text: str) -> dict:
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def _definitions(text: str) -> dict:
    """A cell whose annotations are not evaluated, where it has any."""
    defines = any(isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AnnAssign)) for node in ast.parse(text).body)
    return _code(f"{FUTURE}\n\n{text}" if defines else text)


def _code(text: str) -> dict:
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": text.strip("\n")}

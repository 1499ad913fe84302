"""How far a reader has come in the lessons: kept in the session and, as a cookie, in their browser; nowhere else."""

from __future__ import annotations

import re

import streamlit as st

from engine.contracts.topic import catalogue

COOKIE = "neurarium_progress"  # "gnn.two_labels-1.how_far-0~mlp.line-1": slug, steps, whether predicted rightly
STEP = re.compile(r"([a-z0-9_]{1,40})-([01])")
MOST_CHARACTERS = 3500  # browsers keep about 4,000 of a cookie


def all_told() -> dict[str, dict[str, bool]]:
    """By topic: the steps that were seen to their end, and whether they were predicted rightly."""
    state = st.session_state
    if "progress" not in state:
        state["progress"] = read_progress(st.context.cookies.get(COOKIE, ""))
    return state["progress"]


def read_progress(text: str) -> dict[str, dict[str, bool]]:
    """What a cookie says; what does not fit is left out, for a browser may send anything."""
    progress: dict[str, dict[str, bool]] = {}
    for part in text[:MOST_CHARACTERS].split("~"):
        slug, *steps = part.split(".")
        read = [match for match in map(STEP.fullmatch, steps) if match]
        if slug in catalogue() and read:
            progress[slug] = {match[1]: match[2] == "1" for match in read}
    return progress


def told_in(slug: str) -> dict[str, bool]:
    """The same for one topic."""
    return all_told().get(slug, {})


def note_told(slug: str, name: str, *, right: bool) -> None:
    """A step was seen to its end; the first prediction counts."""
    all_told().setdefault(slug, {}).setdefault(name, right)


def progress_cookie() -> str:
    """What the browser is to keep."""
    parts = [
        ".".join([slug, *(f"{name}-{int(right)}" for name, right in steps.items())])
        for slug, steps in all_told().items() if steps
    ]  # fmt: skip
    return f"{COOKIE}={'~'.join(parts)[:MOST_CHARACTERS]}"

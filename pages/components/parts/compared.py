"""What the Compare tab says in words and tables: whether runs can be compared, where they differ, and by how much."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from html import escape
from typing import Any

import streamlit as st

from engine.contracts.knob import Knob
from engine.contracts.pins import differing
from engine.contracts.topic import Topic
from engine.contracts.words import listed
from engine.pictures.comparison import Row, compare_numbers
from pages.components.parts.language import drawn, number, t
from pages.components.parts.pins import knob_values


@dataclasses.dataclass(frozen=True)
class ComparedRun:
    """One run of the comparison, pinned or the present one."""

    label: str
    colour: str
    config: Any
    result: Any


def tell_apart(compared_runs: Sequence[ComparedRun], reference: int, apart: Mapping[int, Sequence[Knob]]) -> None:
    """The one sentence about runs that are not comparable."""
    labels = dict.fromkeys(t(knob.label) for knobs_of_data in apart.values() for knob in knobs_of_data)
    st.info(
        t(
            "Not comparable: {others} and {run} look at different data ({knobs}). Their numbers stand side by side; "
            "none is subtracted.",
            run=compared_runs[reference].label, knobs=t(listed(list(labels))),
            others=t(listed([compared_runs[at].label for at in apart])),
        ),
        icon=":material/difference:",
    )  # fmt: skip


def knob_table(compared_runs: Sequence[ComparedRun]) -> None:
    """The knobs in which the runs differ, and no others."""
    differences = differing([one.config for one in compared_runs])
    if not differences:
        return
    rows = [
        [escape(drawn(knob.label)), *(f'<span class="words">{escape(one)}</span>' for one in knob_values(knob, values))]
        for knob, values in differences
    ]
    st.html(table(["", *map(badge, compared_runs)], rows, t("Knobs that differ")))


def numbers(topic: Topic, compared_runs: Sequence[ComparedRun], reference: int, apart: Collection[int] = ()) -> None:
    """Single numbers with their differences; arrays by the largest difference, on demand. apart: the runs from which
    nothing is subtracted."""
    rows = compare_numbers([one.result for one in compared_runs], reference)
    single, alone = [row for row in rows if row.kind != "array"], {*apart, reference}
    none_left = len(alone) == len(compared_runs)
    if single:
        lines = [[_label(row), *(_single(row, at, alone) for at in range(len(compared_runs)))] for row in single]
        st.html(table(["", *map(badge, compared_runs)], lines, t("Numbers")))
        st.caption(
            t("Of a number that changes in training, the newest value.") if none_left else
            t("In brackets: {run} minus the run of the column. Of a number that changes in training, the newest value.",
              run=compared_runs[reference].label)
        )  # fmt: skip
    folded = st.expander(t("All arrays"), icon=":material/grid_on:", key=f"{topic.slug}:compare-arrays",
                         on_change="rerun", expanded=not single)  # fmt: skip
    if folded.open:
        with folded:
            lines = [
                [_label(row), *(_array(row, at, alone) for at in range(len(compared_runs)))]
                for row in rows if row.kind == "array"
            ]  # fmt: skip
            st.html(table(["", *map(badge, compared_runs)], lines, t("All arrays")))
            text = t(
                "Of {run} the range; of the others the largest difference from it and where it is, or their shape if "
                "that is another one.",
                run=compared_runs[reference].label,
            )
            st.caption(t("Of each run the range.") if none_left else text)


def _label(row: Row) -> str:
    unit = f" · {drawn(row.unit)}" if row.unit else ""
    return f"<b>{escape(row.name)}</b><br><small>{escape(drawn(row.meaning) + unit)}</small>"


def _single(row: Row, at: int, alone: Collection[int]) -> str:
    value, difference = row.values[at], row.differences[at]
    if value is None:
        return "–"
    text = t("yes") if value is True else t("no") if value is False else number(value, 4)
    if at in alone or difference is None or difference != difference or isinstance(value, bool):
        return text
    return f"{text} <small>({signed(difference)})</small>"


def _array(row: Row, at: int, alone: Collection[int]) -> str:
    if at in alone:
        return f"{number(row.values[at][0], 3)} … {number(row.values[at][1], 3)}" if row.values[at] else "–"
    difference = row.differences[at]
    if difference is None:
        return " × ".join(map(str, row.shapes[at])) if row.shapes[at] else "–"
    if difference == 0:
        return t("equal")
    if row.counted:
        return t("{count} of {total} differ", count=number(int(difference)), total=number(row.entries))
    where = ", ".join(f"{t(axis)} {index}" for axis, index in row.places[at])
    return f"{number(difference, 3)} <small>({escape(where)})</small>"


def signed(value: float) -> str:
    """A difference with its sign, "+0.12"; "±0" for none."""
    return "±0" if value == 0 else f"+{number(value, 3)}" if value > 0 else number(value, 3)


def badge(run: ComparedRun) -> str:
    """The short name of a run in its colour, as HTML."""
    return f'<span class="run" style="border-color:{run.colour}">{escape(run.label)}</span>'


def table(head: Sequence[str], rows: Sequence[Sequence[str]], title: str) -> str:
    """A small table as HTML; it scrolls by itself where it is wider than its place."""
    heads = "".join(f"<th>{cell}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return (
        f'<div class="compared" tabindex="0" role="region" aria-label="{escape(title)}">'
        f'<table class="facts"><caption>{escape(title)}</caption><tr>{heads}</tr>{body}</table></div>'
    )

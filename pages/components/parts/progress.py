"""Long work that is watched but not steered: its newest snapshot, a progress bar, and a button to stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from engine.contracts.topic import Topic
from pages.components.parts.errors import sentence
from pages.components.parts.language import t
from pages.components.server.compute import start_job

TICK_SECONDS = 0.3


def watch(topic: Topic, config: Any, draw: Callable[[Any], None], path: str | None = None) -> None:
    """Run `topic.stream(config)` in the background and draw its newest snapshot, None before the first.

    path: dotted path of another stream of the topic. Starts at once, goes on over widget changes, begins again for
    another config. Snapshots count steps up to `total`.
    """
    state, key = st.session_state, f"{topic.slug}:watched"
    known, job = _watched(topic)
    if job is None or known != config:
        if job is not None:
            job.stop()
        job = start_job(topic, config, path)
        state[key] = (config, job)
    if job is not None:
        st.fragment(_view, run_every=TICK_SECONDS if job.active else None)(topic, job, draw, job.active)


def _watched(topic: Topic) -> tuple[Any, Any]:
    """What this visitor watches on this page: the Config and its job, None and None before."""
    return st.session_state.get(f"{topic.slug}:watched", (None, None))


def is_under_way(topic: Topic, config: Any) -> bool:
    """Whether the work of a Config is being watched and has not come to its end."""
    known, job = _watched(topic)
    return job is not None and known == config and job.active


def watched_to_the_end(topic: Topic, config: Any) -> Any | None:
    """The last snapshot of what was watched of a Config; None if it has not come to its end, or was of another one."""
    known, job = _watched(topic)
    return job.latest if job is not None and known == config and job.state == "done" else None


def _view(topic: Topic, job: Any, draw: Callable[[Any], None], timer_on: bool) -> None:
    if _watched(topic)[1] is not job:
        st.rerun()  # "Again": the page begins anew
    job.watch()
    snapshot, active = job.latest, job.active
    draw(snapshot)
    if job.error is not None:
        st.error(sentence(job.error), icon=":material/error:")
    elif active or job.state == "stopped":
        _bar(topic, job, snapshot, active)
    if timer_on and not active:
        st.rerun()  # ends the timer


def _bar(topic: Topic, job: Any, snapshot: Any, active: bool) -> None:
    done, total = (snapshot.step, snapshot.total or 0) if snapshot is not None else (0, 0)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"{topic.slug}-progress"):
        if job.place:
            text = t("waiting, place {place} in the queue", place=job.place)
        elif total and done and active:
            left = max(1, round(job.seconds / done * (total - done)))
            text = t(
                "{done} of {total} · {spent} s, {seconds} s left",
                done=done, total=total, spent=round(job.seconds), seconds=left,
            )  # fmt: skip
        else:
            text = t("{done} of {total}", done=done, total=total) if total else t("starting")
        st.progress(done / total if total else 0.0, text=text, width="stretch")
        if active:
            st.button(t("Stop"), key=f"{topic.slug}:stop", icon=":material/stop:", on_click=job.stop)
        else:
            st.button(
                t("Again"), key=f"{topic.slug}:again", icon=":material/replay:",
                on_click=st.session_state.pop, args=(f"{topic.slug}:watched", None),
            )  # fmt: skip

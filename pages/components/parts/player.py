"""Training that can be watched: play, pause, step, reset, speed; and scrub back, in the browser, through what was seen.

The job runs in the background and survives every widget change. A fragment with a timer brings the snapshots made since
the last look; the canvas components play them until the next ones arrive. When the job ends the timer ends.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st

from engine.contracts.axes import bytes_of
from engine.contracts.film import MOMENT, Film
from engine.contracts.knob import knobs
from engine.contracts.topic import Topic
from pages.components.parts.controls import change, change_pending, note_progress, write_link
from pages.components.parts.errors import sentence
from pages.components.parts.language import language, t
from pages.components.parts.lesson import trains_once_answered, veiled
from pages.components.parts.topics import part_of
from pages.components.pictures.canvas import choice, status_line
from pages.components.server.compute import recording, start_job

TICK_SECONDS = 0.25
SPEEDS = {"slow": 12.0, "normal": 60.0, "fast": None}  # steps a second; None: as fast as the machine allows
SPEED_NAMES = {"slow": "Slow", "normal": "Normal", "fast": "Fast"}
PAYLOAD_BYTES = 900_000
MOST_LINES = 3000  # status lines of one run that are kept
_runs = itertools.count(1)


@dataclass
class Run:
    """One visitor's run of one experiment on one page, kept in the session."""

    number: int
    experiment: Any
    job: Any | None = None
    goal: int | None = None  # the step at which a lesson's run pauses by itself
    sent: int = 0  # snapshots the browser has surely got
    lines: dict[tuple[int, str], str] = field(default_factory=dict)  # (snapshot, language) -> its numbers, as HTML

    @property
    def name(self) -> str:
        return f"run-{self.number}"

    @property
    def playing(self) -> bool:
        return self.job is not None and self.job.state in ("queued", "running")

    @property
    def live(self) -> bool:
        """Whether snapshots may still come: after Pause, the steps under way are finished first."""
        return self.job is not None and self.job.busy


def player(
    topic: Topic,
    config: Any,
    first: Any,
    draw: Callable[[Film], None],
    *,
    status: Callable[[Any], str],
    begin: tuple[str, int] | None = None,
) -> Callable[[], Sequence[Any]]:
    """Draw the buttons and, through `draw`, the pictures of the run of `config`; keeps going over widget changes.

    The topic's Config has a knob `steps` (run_only, hidden): how far the run went, so that a link brings it back.
    first: the snapshot before training, shown until there is a job. status(snapshot) -> live numbers, as HTML. begin:
    ("play", 0), as if Train were pressed now; ("watch", n), a fresh run that pauses at step n; ("stand", n), one that
    stands at step n. Returns a function that gives all kept snapshots (for the Numbers tab).
    """
    run = _run_of(topic, config, begin)
    fragment = st.fragment(_view, run_every=TICK_SECONDS if run.live else None, key=part_of(topic, "stage"))
    fragment(topic, run, first, draw, status, run.live)
    return lambda: [snapshot for _, snapshot in run.job.history] if run.job and run.job.count else [first]


def _run_of(topic: Topic, config: Any, begin: tuple[str, int] | None) -> Run:
    """The session's run for this experiment; another experiment begins a new one, which plays on if the old one did."""
    state, key = st.session_state, f"{topic.slug}:run"
    experiment, wanted = replace(config, steps=0), config.steps
    run: Run | None = state.get(key)
    entered = state.get(f"{topic.slug}:visit") != state.get("visit")
    state[f"{topic.slug}:visit"] = state.get("visit")
    if run is None or run.experiment != experiment:
        played = run is not None and run.playing
        if run is not None:
            stand_at(topic, None)
        if run is not None and run.job is not None:
            run.job.stop()
        run = state[key] = Run(next(_runs), experiment)
        if wanted and not begin:  # it stands there, unless Train was pressed with what changed the experiment
            run.job = (None if played else recording(topic, experiment, wanted)) or start_job(
                topic, experiment, start_at=wanted, pause_at=None if played else wanted, pace=_speed(topic)
            )
        elif played and not begin:
            _play(topic, run)
    elif entered:
        run.sent = 0  # the page was left and opened again: the browser has forgotten its frames
    if begin is not None:
        _begin(topic, run, *begin)
    return run


def _begin(topic: Topic, run: Run, how: str, step: int) -> None:
    """See `player`."""
    if how == "play":
        _play(topic, run)
        return
    if how == "stand" and _stands(run, step):
        return
    if run.job is not None:
        run.job.stop()
        run.job = None
        _fresh(run)
    stand_at(topic, None)
    run.goal = step if how == "watch" else None
    if step:
        kept = recording(topic, run.experiment, step) if how == "stand" else None
        start_at = step if how == "stand" else 0
        run.job = kept or start_job(topic, run.experiment, start_at=start_at, pause_at=step, pace=_speed(topic))


def _stands(run: Run, step: int) -> bool:
    """Whether the run stands at a step, or is on its way to stand there."""
    job = run.job
    if job is None:
        return step == 0
    return job.start_at == job.pause_at == step or (not run.live and job.latest is not None and job.latest.step == step)


def _speed_name(topic: Topic) -> str:
    return st.session_state.setdefault(f"{topic.slug}:speed", topic.training.speed)


def _speed(topic: Topic) -> float | None:
    return SPEEDS[_speed_name(topic)]


def _play(topic: Topic, run: Run) -> None:
    """Start, or go on where the run was; a run that ended by itself starts over."""
    job = run.job
    stand_at(topic, None)
    if job is not None and job.active and not _is_over(job):
        job.pace = _speed(topic)
        job.resume()
        job.pause_at = _goal_from(run, job.latest.step if job.latest is not None else 0)
        return
    if job is not None and job.state == "stopped" and job.latest is not None:
        # Nobody watched, or a newer experiment of this visitor took the place: equal seeds lead back to the same step.
        step = job.latest.step
        run.job = start_job(topic, run.experiment, start_at=step, pause_at=_goal_from(run, step), pace=_speed(topic))
    else:
        run.job = start_job(topic, run.experiment, pause_at=_goal_from(run, 0), pace=_speed(topic))
    if job is not None:
        _fresh(run)


def _goal_from(run: Run, step: int) -> int | None:
    """Where a run that goes on from a step is to pause; None once it has been there."""
    return run.goal if run.goal is not None and step < run.goal else None


def _is_over(job: Any) -> bool:
    """Whether a run has come to its end, also one that a link told to stand there."""
    latest = job.latest
    stands_at_its_end = job.state == "paused" and latest is not None and latest.step == latest.total
    return job.state == "done" or stands_at_its_end


def _fresh(run: Run) -> None:
    run.number, run.sent = next(_runs), 0
    run.lines.clear()


def _toggle(topic: Topic, run: Run, pause: bool) -> None:
    """Callback of the one button for both. pause: what it said; a run that ended meanwhile must not start over. What
    was typed before the press may have begun another run: that one is meant then."""
    if not pause:
        _play(topic, st.session_state.get(f"{topic.slug}:run", run))
    elif run.playing:
        run.job.pause()


def _step(topic: Topic, run: Run) -> None:
    stand_at(topic, None)
    if run.job is not None and run.job.active:
        run.job.step()
        return
    at = run.job.latest.step if run.job is not None and run.job.state == "stopped" and run.job.latest else 0
    if run.job is not None:
        _fresh(run)
    # Told before it starts where to pause: by the time `job.step()` were called it would have run on.
    run.job = start_job(topic, run.experiment, start_at=at, pause_at=at + 1)


def _reset(topic: Topic, run: Run) -> None:
    if run.job is not None:
        run.job.stop()
    run.job = None
    stand_at(topic, None)
    _fresh(run)
    change(topic, **{knob.name: knob.default for knob in knobs(topic.config) if knob.run_only})


def _set_speed(topic: Topic, run: Run, place: str) -> None:
    picked = st.session_state[place].get("pick")
    if picked is not None and picked < len(SPEEDS):
        st.session_state[f"{topic.slug}:speed"] = list(SPEEDS)[picked]
    if run.job is not None:
        run.job.pace = _speed(topic)


def _view(topic: Topic, run: Run, first: Any, draw: Callable, status: Callable, timer_on: bool) -> None:
    slug, job = topic.slug, run.job
    if change_pending(topic):
        st.rerun()  # a click changed the experiment: the whole page follows
    live, playing = run.live, run.playing
    ended, asks = job is not None and _is_over(job), trains_once_answered(topic) and not playing
    latest = job.latest if job is not None and job.latest is not None else first
    now = _scrubbed(topic, run, latest) if not live else latest
    indices, moments = zip(*_to_send(topic, run, first, live, now), strict=True)
    film = Film(moments, indices, now, latest, run.name, slug, live)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"{slug}-buttons"):
        name = t("Pause") if playing else t("Train again") if ended else t("Train")
        st.button(
            name, key=f"{slug}:play", type="primary", shortcut="Space",
            icon=":material/pause:" if playing else ":material/play_arrow:", on_click=_toggle,
            args=(topic, run, playing), disabled=asks,
            help=t("Answer first; then it trains.") if asks else None,
        )  # fmt: skip
        st.button(
            t("Step"), key=f"{slug}:step", icon=":material/skip_next:",
            help=t("One optimiser step; where the bar stands before the newest moment, on to the next that was kept"),
            disabled=playing or ended or asks, on_click=_step, args=(topic, run),
        )  # fmt: skip
        st.button(
            t("Reset"), key=f"{slug}:reset", icon=":material/replay:", on_click=_reset, args=(topic, run),
            help=t("Back to the first weights"),
        )  # fmt: skip
        speeds, place = list(SPEEDS), f"{slug}-speed"
        choice(
            [t(SPEED_NAMES[name]) for name in speeds], place, label=t("Speed"), as_buttons=True, width="content",
            chosen=speeds.index(_speed_name(topic)), on_pick=lambda: _set_speed(topic, run, place),
        )  # fmt: skip
        _tell(topic, run, film, status, _progress(job, latest))
    if job is not None and job.error is not None:
        st.error(sentence(job.error), icon=":material/error:")
    draw(film)
    if not live and st.session_state[f"{slug}:config"].steps != latest.step:
        note_progress(topic, steps=latest.step)
        write_link(topic)
    if live != timer_on:
        st.rerun()  # the timer of this fragment starts or ends with the whole page


def _tell(topic: Topic, run: Run, film: Film, status: Callable[[Any], str], tail: str) -> None:
    """The live numbers of every moment that is sent; the browser shows those of the moment that its pictures show."""
    covered, tongue = "status" in veiled(topic), language()
    if len(run.lines) > MOST_LINES:
        run.lines.clear()
    for index, moment in zip(film.indices, film.moments, strict=True):
        if (index, tongue) not in run.lines:
            run.lines[index, tongue] = status(moment)
    lines = [run.lines[index, tongue] for index in film.indices]
    if covered:
        lines = [t("Covered until you have answered.")] * len(lines)
    status_line(f"{topic.slug}-status", film.frames, lines, tail=tail, veiled=covered)


def stand_at(topic: Topic, step: int | None) -> None:
    """Speak of the moment of a step from now on, None for the newest; it stands in the link."""
    kept = st.session_state.setdefault(f"{topic.slug}:views", {})
    if step is not None:
        kept[MOMENT] = str(step)
    elif kept.pop(MOMENT, None) is None:
        return
    write_link(topic)


def _scrubbed(topic: Topic, run: Run, latest: Any) -> Any:
    """The snapshot at which the reader let go of the bar; the newest if they did not, or went on."""
    asked = st.session_state.get(f"{topic.slug}:views", {}).get(MOMENT, "")
    if not re.fullmatch(r"[0-9]{1,6}", asked) or run.job is None:
        return latest
    kept = [snapshot for _, snapshot in run.job.history if snapshot.step <= int(asked)]
    return kept[-1] if kept else latest


def _progress(job: Any, latest: Any) -> str:
    """Place in the queue, or what is left to do."""
    if job is not None and _is_over(job):
        return " · " + t("finished")
    if job is None or not job.active:
        return ""
    if job.place:
        return " · " + t("waiting, place {place} in the queue", place=job.place)
    step, goal = latest.step, job.start_at
    if step < goal:
        rate = step / job.seconds if job.seconds and step else 0
        left = t(", {seconds} s left", seconds=max(1, round((goal - step) / rate))) if rate else ""
        return " · " + t("catching up with step {goal}", goal=goal) + left
    return ""


def _to_send(topic: Topic, run: Run, first: Any, live: bool, moment: Any) -> list[tuple[int, Any]]:
    """Live: what came since the last look and the one before it. Else: the whole history, thinned to a bounded size;
    the moment that is shown stays in it."""
    if run.job is None or run.job.count == 0:
        return [(0, first)]
    if live:
        pairs = run.job.since(run.sent)
        if len(pairs) > 1:
            run.sent = pairs[len(pairs) // 2][0] if run.sent == 0 else max(run.sent, pairs[-1][0] - 2)
        if not pairs:
            pairs = run.job.history[-1:]
    else:
        pairs = run.job.since(0)
    last, pictured = pairs[-1][1], topic.training.pictured
    size = (
        last.nbytes if pictured is None else bytes_of([last.values[name] for name in pictured]) + 8 * len(last.values)
    )
    most = max(2, PAYLOAD_BYTES // max(1, size))
    if len(pairs) > most:
        stride = -(-len(pairs) // most)
        at = [pair for pair in pairs if pair[1] is moment]
        pairs = sorted(dict([*pairs[:-1][::stride], *at, pairs[-1]]).items())
    return pairs

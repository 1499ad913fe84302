"""MLP playground: two set-ups trained side by side, on one clock."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import numpy as np

from engine.contracts.blocks import Choose, Later, Press, Row, Say, Show, Table
from engine.contracts.film import Bar, Film
from engine.contracts.knob import Knob, KnobError, differences, from_query, to_query, without_run
from engine.contracts.words import Number, Percent, Words
from engine.pictures.curves.values import Curve, CurvesPicture
from engine.training.fit import Snapshot, TrainingDiverged

from .card import Config, fits_values
from .draw import plane
from .experiment import Experiment

SIDE = 32  # pixels of a plane a side
LOOKS, MOST_STEPS = 60, 2000
LANES = (Words("this set-up"), Words("the other one"))
ABOUT = (
    "Both lanes begin together and are looked at after the same steps. Press the button to put the present set-up into "
    "the other lane; then turn knobs: this lane follows."
)

UNLIKE = (
    "One lane learns classes, the other one values: cross-entropy and squared error, accuracy and R² measure different "
    "things. Compare the pictures, not the numbers."
)


@dataclass(frozen=True)
class Race:
    """Two Configs and how many steps both go. brought: what of it only this server has may lie under these names."""

    one: Config
    other: Config
    steps: int
    weights: str = ""
    table: str = ""
    other_weights: str = ""
    other_table: str = ""


def check_rival(text: str) -> None:
    """KnobError unless the text is empty or a set-up as it stands in a link."""
    if text:
        _, rejected = from_query(Config, dict(parse_qsl(text)))
        if rejected:
            raise rejected[0].reason
        if not parse_qsl(text):
            raise KnobError("The other lane: expected a set-up such as layers=8-8, got {text!r}", text=text[:40])


def rival_of(config: Config, text: str) -> Config:
    """The set-up of the other lane: the one that was put there, else the present one with another optimiser."""
    if text:
        return without_run(from_query(Config, dict(parse_qsl(text)))[0])
    return replace(without_run(config), optimizer="sgd" if config.optimizer == "adam" else "adam")


def run_race(race: Race) -> Iterator[Snapshot]:
    """Train both in lockstep and yield all that was seen so far.

    values: steps (T,); plane0 and plane1 (T, S, S, K) what each says over the plane; losses (T, 2, 2) of each on its
    training and test points; scores (T, 2, 2). A lane whose loss is no number any more stays where it was.
    """
    stride = max(1, race.steps // LOOKS)
    lanes = [Experiment(config, SIDE).train(race.steps, stride) for config in (race.one, race.other)]
    seen: list[list[Snapshot]] = [[], []]
    while True:
        over = []
        for lane, moments in zip(lanes, seen, strict=True):
            try:
                moments.append(next(lane))
            except (StopIteration, TrainingDiverged):
                over.append(lane)
        longest = max(map(len, seen))
        if len(over) == 2:
            return
        for moments in seen:
            moments += [moments[-1]] * (longest - len(moments))
        steps = np.array([max(pair[0].step, pair[1].step) for pair in zip(*seen, strict=True)])
        told = {
            name: np.array([[[one.values[f"{part}_{name}"] for part in ("train", "test")] for one in pair]
                            for pair in zip(*seen, strict=True)])
            for name in ("loss", "accuracy")
        }  # fmt: skip
        planes = {f"plane{k}": np.stack([one.values["plane"] for one in moments]) for k, moments in enumerate(seen)}
        yield Snapshot(int(steps[-1]), math.nan, math.nan, {"steps": steps, **told, **planes}, race.steps)


def racing(config: Config, view: Any, film: Film) -> list[Any]:
    """What differs between the lanes, and the race once it is begun."""
    mine, rival = without_run(config), rival_of(config, view.rival)
    keep = Press("keep-rival", "Put this set-up into the other lane", {"rival": text_of(mine)}, icon="splitscreen_add")
    blocks = [
        Row([[keep], [Choose("racing")]], (1.4, 1), "center"),
        Say(ABOUT, style="small"),
        lanes_apart(mine, rival),
    ]
    if fits_values(mine) != fits_values(rival):
        blocks.append(Say(UNLIKE, style="note"))
    if not view.racing:
        return blocks
    if film.live:
        return [*blocks, Say("When the run above stands still, the race can begin: press Pause.", style="note")]
    steps = min(config.until, MOST_STEPS)
    race = Race(mine, rival, steps, mine.weights, mine.table, rival.weights, rival.table)
    return [*blocks, Later("engine.topics.mlp.race:run_race", race, show_race)]


def text_of(config: Config) -> str:
    """A set-up as the View keeps it; the defaults name one knob, for nothing means another lane."""
    return urlencode(to_query(config) or {"data": config.data})


def lanes_apart(one: Config, other: Config) -> Any:
    """The knobs in which the lanes differ."""
    rows = [[knob.label, told(knob, mine), told(knob, theirs)] for knob, mine, theirs in differences(one, other)]
    if not rows:
        return Say("Both lanes are the same: turn a knob.", style="small")
    return Table([Words("Knobs that differ"), *LANES], rows)


def told(knob: Knob, value: Any) -> str:
    """A knob's value in words; of what a reader has brought or drawn, that there is some."""
    if knob.kind == "choice":
        return Words(knob.choice_labels.get(value, value))
    if knob.kind == "text" and knob.hidden and value:
        return Words("your own")
    return knob.to_text(value)[:60] or "–"


def show_race(config: Config, view: Any, film: Film, snapshot: Snapshot | None) -> list[Any]:
    """Both planes and all losses so far, on a clock of their own."""
    if snapshot is None:
        return []
    values, rival = snapshot.values, rival_of(config, view.rival)
    name = f"race {zlib.crc32(repr((without_run(config), rival)).encode()):08x}"
    live, lanes = snapshot.step < snapshot.total and np.isfinite(values["loss"][-1]).any(), []
    for k in range(2):
        moments = [
            Snapshot(int(step), math.nan, math.nan, {"plane": plane})
            for step, plane in zip(values["steps"], values[f"plane{k}"], strict=True)
        ]
        lanes.append(Film(moments, range(len(moments)), moments[-1], moments[-1], name, name, bool(live)))
    pictures = [
        [Show(f"lane-{k + 1}", replace(plane(one, lane), editable=False), title=LANES[k], height=260)]
        for k, (one, lane) in enumerate(zip((config, rival), lanes, strict=True))
    ]
    return [
        Row(pictures), Show("race-bar", Bar(lanes[0].frames)),
        Show("race-curves", race_curves(values, lanes[0]), height=150), result_of_race(config, rival, values),
    ]  # fmt: skip


def race_curves(values: dict[str, np.ndarray], lane: Film) -> CurvesPicture:
    """The losses of both lanes over the same steps."""
    lines = [
        Curve(Words("{lane}: {part}", lane=name, part=Words(part)), k, dashed=part == "test")
        for k, name in enumerate(LANES) for part in ("train", "test")
    ]  # fmt: skip
    losses = values["loss"].reshape(len(values["steps"]), 4).astype(np.float32)
    return CurvesPicture(losses, lines, lane.frames, Words("Losses of both lanes over the same steps"), low=0.0)


def result_of_race(one: Config, other: Config, values: dict[str, np.ndarray]) -> Table:
    """Where both lanes stand."""
    rows = [
        [name, *(Number(float(loss)) for loss in values["loss"][-1, k]),
         *((Number if fits_values(config) else Percent)(float(score)) for score in values["accuracy"][-1, k])]
        for k, (name, config) in enumerate(zip(LANES, (one, other), strict=True))
    ]  # fmt: skip
    values_of = {fits_values(one), fits_values(other)}
    score = Words("score") if len(values_of) == 2 else Words("R²") if True in values_of else Words("accuracy")
    head = [Words("{part} {what}", part=Words(part), what=what) for what in (Words("loss"), score)
            for part in ("train", "test")]  # fmt: skip
    return Table([Words("step {step}", step=Number(int(values["steps"][-1]))), *head], rows)

"""kNN, SVM, softmax: the SVM with Δ = 1, and λ and rate to match, beside the one that is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from engine.contracts.blocks import Block, Later, Row, Say, Show
from engine.contracts.film import Film
from engine.contracts.knob import knobs
from engine.contracts.words import Number, Percent, Words
from engine.pictures.borders import Border
from engine.pictures.points.values import PointsPicture

from .card import Config
from .draw import HELD_OUT
from .explain import rows_at
from .plane import class_names, plane_of, rows_of
from .run import Result
from .samples import samples_of

RUN = "engine.topics.linear_classifiers.run:run"
OTHER = 2  # colour of the border with Δ = 1
TOLD = (
    "Dashed: the border of an SVM trained as long with **Δ = 1**, λ = {strength} and learning rate {rate}. It names "
    "another class in **{share}** of the plane, and W is **{times}** times as long here as there."
)


def undone(config: Config) -> Config | None:
    """The same training with Δ = 1, λ times Δ and the rate by Δ; None where Δ is 1 already, a knob does not go so far,
    or there are more than two classes."""
    if config.margin == 1 or len(samples_of(config).classes) != 2 or samples_of(config).inputs.shape[1] != 2:
        return None
    wanted = {"strength": config.strength * config.margin, "learning_rate": config.learning_rate / config.margin}
    limits = {knob.name: (knob.low, knob.high) for knob in knobs(Config) if knob.name in wanted}
    if any(not limits[name][0] <= value <= limits[name][1] for name, value in wanted.items()):
        return None
    return replace(config, margin=1.0, steps=config.until, edits="", **wanted)


def beside(config: Config, film: Film) -> list[Block]:
    """The border with Δ = 1, once the run has come to its end."""
    other = undone(config)
    at_its_end = not film.live and film.now is film.newest and config.steps >= config.until and not config.edits
    return [Later(RUN, other, both_borders)] if other is not None and at_its_end else []


def both_borders(config: Config, view: Any, film: Film, found: Result) -> Sequence[Block]:
    """Both borders in one plane, and in how much of it the answers differ."""
    samples, shown = samples_of(config), plane_of(config)
    ours = tuple(part.numpy() for part in rows_at(film.now, "svm"))
    theirs = found.svm_weights.double().numpy(), found.svm_biases.double().numpy()
    spots = samples.plane().double().numpy()
    one, other = ((spots @ rows.T + biases).argmax(1) for rows, biases in (ours, theirs))
    lines = [np.array([*(rows[0] - rows[1]), biases[1] - biases[0]]) for rows, biases in (ours, theirs)]
    picture = PointsPicture(
        rows_of(config, samples), shown.domain, class_names(config, samples),
        Words("The border of the SVM, and the one that it has with Δ = 1"), train_mask=samples.is_train.numpy(),
        axis_labels=shown.labels, ringed=HELD_OUT,
        borders=[
            Border(shown.line(lines[0]), Words("s_A = s_B with Δ = {margin}", margin=Number(config.margin))),
            Border(shown.line(lines[1]), Words("s_A = s_B with Δ = 1"), OTHER, dashed=True),
        ],
    )  # fmt: skip
    said = Say(TOLD, strength=Number(found.config.strength), rate=Number(found.config.learning_rate),
               share=Percent(float((one != other).mean()), 0),
               times=Number(float(np.linalg.norm(ours[0]) / np.linalg.norm(theirs[0])), 3))  # fmt: skip
    return [Row([[Show("margins", picture, height=210)], [said]], align="center")]

"""MLP playground: which points the network takes for what: counted in a matrix, or answers beside targets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from engine.contracts.blocks import Choose, Row, Say, Show, Table
from engine.contracts.film import Film
from engine.contracts.knob import KnobError
from engine.contracts.words import Number, Percent, Words
from engine.pictures.borders import Border
from engine.pictures.pixels.values import Box, PixelPicture, Text, Tile
from engine.pictures.plot.values import Dots, PlotPicture
from engine.training.fit import Snapshot

from .card import Config, fits_values
from .draw import class_names
from .experiment import Experiment, restore_moment

COUNTED = {"test": "test points", "train": "training points", "all": "all points"}
ABOUT_MATRIX = (
    "Row: the class a point has; column: the one it is given. On the diagonal lies what is right. Click a cell, and "
    "its points are ringed in the plane above."
)
ABOUT_ANSWERS = (
    "Each point by its target and by what the network says; on the line both are the same. Click one, and it is ringed "
    "in the plane above."
)


@dataclass(frozen=True, eq=False)
class Answers:
    """What the network of a moment says of every point.

    truth: (N,) class or target. said: (N,) class answered or value. is_train: (N,) bool. classes: how many; 0 for
    values.
    """

    truth: np.ndarray
    said: np.ndarray
    is_train: np.ndarray
    classes: int

    def counted(self, which: str) -> np.ndarray:
        """(N,) bool: the points of a choice of COUNTED."""
        return {"test": ~self.is_train, "train": self.is_train, "all": np.ones(len(self.truth), bool)}[which]

    def matrix(self, which: str) -> np.ndarray:
        """(truth, answer) numbers of points."""
        there = self.counted(which)
        pairs = self.truth[there] * self.classes + self.said[there]
        return np.bincount(pairs, minlength=self.classes**2).reshape(self.classes, self.classes)


@torch.no_grad()
def answers_at(moment: Snapshot, config: Config) -> Answers:
    """What the network of a moment says of every point."""
    experiment = Experiment(replace(config, edits=""))
    restore_moment(experiment.model, moment.values)
    output = experiment.model.eval()(experiment.features)
    answer = experiment.answer(output)
    said = torch.nan_to_num(output[:, 0]) if experiment.regression else answer.argmax(1)
    classes = 0 if experiment.regression else experiment.classes
    return Answers(experiment.targets.numpy(), said.cpu().numpy(), experiment.is_train.numpy(), classes)


def check_cell(text: str) -> None:
    """KnobError unless the text is empty or a cell "1-0": the class that points have, and the one they are given."""
    if text and not re.fullmatch("[0-7]-[0-7]", text):
        raise KnobError("Cell of the matrix: expected two classes such as 1-0, got {text!r}", text=text[:40])


def marked(config: Config, view: Any, film: Film) -> list[int]:
    """Numbers of the points that are ringed in the plane: of the cell that was clicked, or the one clicked."""
    if (not view.cell and view.point < 0) or film.live or view.below != "confusion":
        return []
    answers = film.once(answers_at, config)
    if fits_values(config):
        return [view.point] if 0 <= view.point < len(answers.truth) else []
    if not view.cell:
        return []
    truth, said = map(int, view.cell.split("-"))
    return np.flatnonzero(answers.counted(view.counted) & (answers.truth == truth) & (answers.said == said)).tolist()


def who_is_who(config: Config, view: Any, film: Film) -> list[Any]:
    """The matrix, or answers beside targets, with what can be read off it."""
    answers = film.once(answers_at, config)
    if not len(answers.truth):
        return []
    counted = Choose("counted", COUNTED, as_buttons=True)
    if fits_values(config):
        plot = Show("answers", answers_plot(config, answers, view), pick_point, height=300)
        return [Row([[plot], [counted, Say(ABOUT_ANSWERS, style="small"), off_by(answers, view.counted)]], (1, 1.2))]
    matrix = answers.matrix(view.counted)
    names = class_names(config, answers.classes)
    picture = Show("confusion", matrix_picture(matrix, names, view.cell), pick_cell, height=300)
    told = [counted, Say(ABOUT_MATRIX, style="small"), by_class(matrix, names)]
    if view.cell and (said := about_cell(matrix, names, view.cell)):
        told.insert(2, said)
    return [Row([[picture], told], (1, 1.2))]


def matrix_picture(matrix: np.ndarray, names: tuple[str, ...], cell: str = "") -> PixelPicture:
    """The matrix with its numbers written into it; cell: the one that is framed."""
    texts = [Text(k + 0.5, j + 0.5, str(count)) for (j, k), count in np.ndenumerate(matrix)]
    boxes = []
    if cell:
        row, column = map(int, cell.split("-"))
        if max(row, column) < len(names):
            boxes = [Box((column + 0.03, row + 0.03, column + 0.97, row + 0.97), colour=1)]
    tile = Tile(
        matrix.astype(np.float32), low=0.0, high=float(max(1, matrix.max())), unit=Words("points"), row_labels=names,
        column_labels=names, cell_names=("", Words("class"), Words("answer")), texts=texts, boxes=boxes,
    )  # fmt: skip
    return PixelPicture([tile], Words("Points of each class by the class they are given"))


def by_class(matrix: np.ndarray, names: tuple[str, ...]) -> Table:
    """Of each class: how many of its points are found, and how many of those called so are of it."""
    found, named = matrix.sum(1), matrix.sum(0)
    rows = [
        [name, Percent(_share(matrix[k, k], found[k])), Percent(_share(matrix[k, k], named[k]))]
        for k, name in enumerate(names)
    ]
    total = [Words("accuracy"), Percent(_share(matrix.trace(), matrix.sum())), ""]
    return Table([Words("class"), Words("recall"), Words("precision")], rows, total)


def about_cell(matrix: np.ndarray, names: tuple[str, ...], cell: str) -> Say | None:
    """What stands in the cell that was clicked."""
    row, column = map(int, cell.split("-"))
    if max(row, column) >= len(names):
        return None
    words = "**{count}** points of class {truth} are called {answer}."
    return Say(words, count=Number(int(matrix[row, column])), truth=names[row], answer=names[column])


def answers_plot(config: Config, answers: Answers, view: Any) -> PlotPicture:
    """Targets across, answers up; filled where a point is trained on."""
    there = np.flatnonzero(answers.counted(view.counted))
    points = np.stack([answers.truth, answers.said], 1)[there] if len(there) else np.zeros((0, 2))
    low, high = (float(end) for end in (answers.truth.min(), answers.truth.max()))
    margin = 0.1 * (high - low) or 1.0
    domain = (low - margin, high + margin) * 2
    colours = [1 if at == view.point else 0 for at in there.tolist()]
    dots = Dots(np.clip(points, *domain[:2]), Words("points"), colours, [not one for one in answers.is_train[there]],
                [str(at + 1) for at in there.tolist()])  # fmt: skip
    line = Border(np.array([1.0, -1.0, 0.0]), Words("answer = target"), dashed=True)
    return PlotPicture(domain, Words("What the network says of each point beside its target"),
                       (Words("target"), Words("answer")), borders=[line], dots=[dots])  # fmt: skip


def off_by(answers: Answers, which: str) -> Table:
    """How far answers and targets lie apart."""
    there = answers.counted(which)
    errors = np.abs(answers.said[there].astype(np.float64) - answers.truth[there])
    mean, largest = (float(errors.mean()), float(errors.max())) if len(errors) else (float("nan"), float("nan"))
    return Table(
        [Words("distance from the target"), ""], [[Words("mean"), Number(mean)], [Words("largest"), Number(largest)]]
    )


def pick_cell(event: Mapping[str, Any], config: Config, view: Any) -> Mapping[str, Any]:
    """Ring the points of a cell; of the same cell once more, none."""
    cell = f"{event['row']}-{event['column']}"
    return {"cell": "" if view.cell == cell else cell}


def pick_point(event: Mapping[str, Any], config: Config, view: Any) -> Mapping[str, Any]:
    """Ring the point whose dot was clicked; the same once more, none."""
    if event["event"] != "dot":
        return {"point": -1}
    experiment = Experiment(replace(config, edits=""))
    counted = Answers(experiment.targets.numpy(), np.zeros(0), experiment.is_train.numpy(), 0).counted(view.counted)
    point = int(np.flatnonzero(counted)[event["dot"]])
    return {"point": -1 if view.point == point else point}


def _share(part: float, whole: float) -> float:
    return float(part) / float(whole) if whole else float("nan")

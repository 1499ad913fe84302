"""Regularisation: arrays to pictures, of the training."""

from __future__ import annotations

import math

import numpy as np

from engine.contracts.film import Film
from engine.contracts.words import Number, Percent, Words
from engine.data.points import DOMAIN
from engine.pictures.curves.values import Curve, CurvesPicture, Level
from engine.pictures.pixels.values import PixelPicture, Point, Tile
from engine.pictures.plot.values import Path, PlotPicture
from engine.pictures.points.values import PointsPicture
from engine.training.fit import Snapshot

from .card import METHODS, Config
from .task import BINS, PLANE, WIDEST, points_of

CLASSES = ("A", "B")
SHOWN = 60  # test points drawn; all would hide the others
FEWEST = 0.5  # where a logarithmic axis of counts begins: below one


def plane(config: Config, film: Film) -> PointsPicture:
    """The points over the network's answer at each moment: discs are trained on, rings are some that only test."""
    points = points_of(config)
    parts = (points.train, (points.test[0][:SHOWN], points.test[1][:SHOWN]))
    rows = [np.column_stack([inputs.numpy(), labels.numpy()]) for inputs, labels in parts]
    return PointsPicture(
        np.concatenate(rows).astype(np.float32), (-DOMAIN, DOMAIN, -DOMAIN, DOMAIN), CLASSES,
        Words("The plane, coloured by the network's answer; discs are trained on, rings only test"),
        film.stack("plane"), film.frames, np.arange(sum(map(len, rows))) < len(rows[0]),
    )  # fmt: skip


def outline(counts: np.ndarray, zeros: np.ndarray) -> np.ndarray:
    """(T, BINS) counts, of which `zeros` (T,) are exactly 0, -> (T, 2 BINS + 2, 2) the outline of the others."""
    counts = counts.copy()
    counts[:, BINS // 2] -= zeros  # the bin that begins at 0
    edges = np.linspace(-WIDEST, WIDEST, BINS + 1)
    heights = np.maximum(np.repeat(counts, 2, axis=1), FEWEST)
    x = np.broadcast_to(np.repeat(edges, 2)[1:-1], heights.shape)
    outline = np.stack([x, heights], -1)
    ends = np.broadcast_to(np.array([[[-WIDEST, FEWEST]], [[WIDEST, FEWEST]]]), (2, 1, 2))
    first, last = (np.repeat(end[None], len(counts), 0) for end in ends)
    return np.concatenate([first, outline, last], 1)


def weights(config: Config, film: Film) -> PlotPicture:
    """How many weights have which value at each moment; those that are exactly 0 as a bar of their own."""
    zeros = np.array([moment.values["zeros"] for moment in film.moments], np.float64)
    bar = np.zeros((len(zeros), 2, 2))
    bar[:, 0, 1], bar[:, 1, 1] = FEWEST, np.maximum(zeros, FEWEST)
    total = float(film.stack("histogram")[0].sum())
    return PlotPicture(
        (-WIDEST, WIDEST, FEWEST, 1.5 * total), Words("How many weights have which value, and how many are exactly 0"),
        (Words("weight"), Words("weights of about that value")),
        paths=[
            Path(outline(film.stack("histogram").astype(np.float64), zeros), Words("weights"), 0, filled=True),
            Path(bar, Words("exactly 0"), 5, width=5.0),
        ],
        frames=film.frames, square=False, log_y=True,
    )  # fmt: skip


def losses(config: Config, film: Film) -> CurvesPicture:
    """Training and test loss over the steps; with early stopping the loss that patience looks at."""
    names = ["train_loss", "test_loss"] + ["validation_loss"] * (config.method == "early")
    lines = [Curve(Words("train loss"), 0), Curve(Words("test loss"), 1, dashed=True)]
    lines += [Curve(Words("validation loss"), 2, dashed=True)] * (config.method == "early")
    values = np.array([[moment.values[name] for name in names] for moment in film.moments], np.float32)
    newest = film.newest.values
    return CurvesPicture(
        values, lines, film.frames, Words("Loss over the steps"), y_label=Words("nat"), low=0.0,
        levels=(
            Level(math.log(2), Words("guessing: ln 2")),
            *[Level(newest["lowest"], Words("lowest test loss: step {step}", step=newest["lowest_step"]))]
            * (newest["lowest_step"] > 0),
        ),
    )  # fmt: skip


def accuracies(config: Config, film: Film) -> CurvesPicture:
    """Share of the points that are named rightly over the steps."""
    names = ("train_accuracy", "test_accuracy")
    values = np.array([[100 * moment.values[name] for name in names] for moment in film.moments], np.float32)
    lines = [Curve(Words("train accuracy"), 0), Curve(Words("test accuracy"), 1, dashed=True)]
    return CurvesPicture(
        values, lines, film.frames, Words("Accuracies over the steps"), y_label=Words("% right"), low=40.0, high=100.0,
        levels=(Level(50.0, Words("guessing: {share}", share=Percent(0.5, 0))),),
    )  # fmt: skip


def six(config: Config, snapshot: Snapshot) -> PixelPicture:
    """The plane according to the same network with each way of holding it back, as far as they are trained."""
    marks = plane_points(config)
    tiles = []
    for at, method in enumerate(METHODS):
        trained = np.isfinite(snapshot.values["numbers"][at, 0])
        caption = Words(METHODS[method])
        if trained:
            loss = Number(snapshot.values["numbers"][at, 1])
            caption = Words("{method}: test loss {loss}", method=caption, loss=loss)
        tiles.append(Tile(snapshot.values["plane"][at], caption, classes=CLASSES, points=marks, smooth=True))
    return PixelPicture(tiles, Words("Six planes: the same network and points, held back in six ways"), columns=3)


def plane_points(config: Config, held_out: np.ndarray | None = None, side: int = PLANE) -> list[Point]:
    """The training points as marks on a picture of the plane; those that are held out as rings."""
    scale = side / (2 * DOMAIN)
    inputs, labels = (part.numpy() for part in points_of(config).train)
    filled = np.ones(len(labels), bool) if held_out is None else ~held_out
    return [
        Point(float(x + DOMAIN) * scale, float(DOMAIN - y) * scale, int(label), bool(disc))
        for (x, y), label, disc in zip(inputs, labels, filled, strict=True)
    ]

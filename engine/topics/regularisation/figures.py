"""Regularisation: the figures of the card, one picture and one chart of every view."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from engine.contracts.words import Number, Words
from engine.data.points import DOMAIN
from engine.pictures.chart.figure import lines
from engine.pictures.pixels.values import Line, PixelPicture, Point, Tile

from . import folds, geometry, masks, pixel, task
from .card import REACH
from .run import AnyResult

CLASSES = ("A", "B")
SIDE = 120  # pixels a side of the two planes of weights


def draw_picture(result: AnyResult) -> PixelPicture:
    """The plane, the two penalties, the digits' weights, the planes under masks or of the folds, the errors."""
    alt, columns = "The plane coloured by the network's answer, with its points", None
    if isinstance(result, task.Result):
        points = _points(result.inputs.numpy(), result.labels.numpy(), result.is_train.numpy(), task.PLANE)
        tiles = [Tile(result.plane.numpy(), "answer", classes=CLASSES, points=points, smooth=True)]
    elif isinstance(result, geometry.Result):
        alt, tiles = "Loss and penalty of two weights", [_corner(result, which) for which in (0, 1)]
    elif isinstance(result, pixel.Result):
        alt = "A digit, and the weights of a classifier with L1 and of one with L2"
        tiles = [Tile(result.images[0].numpy(), "digit", "grey", 0.0, 1.0)]
        tiles += [
            Tile(weights.numpy().astype(np.float32), name, "signed")
            for name, weights in zip(("L1", "L2"), result.weights, strict=True)
        ]
    elif isinstance(result, masks.Result):
        alt, names = "The plane by the whole network, the mean of masks, and one mask", ("whole", "mean", "one mask")
        tiles = [
            Tile(plane.numpy(), name, classes=CLASSES, smooth=True)
            for name, plane in zip(names, result.planes, strict=True)
        ]
    elif isinstance(result, folds.Result):
        alt, columns, tiles = "The plane by the network of every fold; rings were held out", 5, []
        for at, held_out in enumerate(result.held_out.numpy()):
            points = _points(result.inputs.numpy(), result.labels.numpy(), ~held_out, folds.SIDE)
            plane = result.planes[at, int(result.chosen)].numpy()
            tiles.append(Tile(plane, f"fold {at + 1}", classes=CLASSES, points=points, smooth=True))
    else:
        alt = "Test error of every seed (rows) by the number of random features (columns)"
        errors = result.test_error.numpy().astype(np.float32)
        names = [str(one) for one in result.features.tolist()]
        tiles = [Tile(errors, "test error", low=0.0, high=1.0, column_labels=names)]
    return PixelPicture(tiles, alt=alt, columns=columns)


def draw_curves(result: AnyResult) -> go.Figure:
    """Losses over the steps, weights over the strength, accuracy over bad pixels, and what the other views measure."""
    x_title, y_title = "step", "loss (nat)"
    if isinstance(result, task.Result):
        steps = result.step.tolist()
        curves = {"train": (steps, result.train_loss.tolist()), "test": (steps, result.test_loss.tolist())}
    elif isinstance(result, geometry.Result):
        x_title, y_title, alphas = "strength", "weight", result.strength.tolist()
        curves = {
            f"{name}, w{k + 1}": (alphas, path[:, k].tolist())
            for name, path in zip(("L1", "mixture"), result.path, strict=True)
            for k in (0, 1)
        }
    elif isinstance(result, pixel.Result):
        x_title, y_title, counts = "bad pixels", "share right", result.count.tolist()
        curves = {
            f"{name}, {kind}": (counts, values[at].tolist())
            for kind, values in (("worst", result.worst), ("random", result.random))
            for at, name in enumerate(("L1", "L2"))
        }
    elif isinstance(result, masks.Result):
        x_title, y_title = "test points named rightly", "share of the masks with fewer"
        accuracy = np.sort(result.accuracy.numpy())
        curves = {"masks": (accuracy.tolist(), np.linspace(0, 1, len(accuracy)).tolist())}
    elif isinstance(result, folds.Result):
        x_title, alphas = "number of the strength", list(range(len(result.strength)))
        curves = {"mean over the folds": (alphas, result.mean.tolist()), "test": (alphas, result.test.tolist())}
    else:
        x_title, y_title, counts = "random features", "share wrong", result.features.tolist()
        curves = {
            "training": (counts, result.train_error.mean(0).tolist()),
            "test": (counts, result.test_error.mean(0).tolist()),
        }
    return lines(curves, x_title=x_title, y_title=y_title)


def _points(inputs: np.ndarray, labels: np.ndarray, filled: np.ndarray, side: int) -> list[Point]:
    scale = side / (2 * DOMAIN)
    return [
        Point(float(x + DOMAIN) * scale, float(DOMAIN - y) * scale, int(label), bool(disc))
        for (x, y), label, disc in zip(inputs, labels, filled, strict=True)
    ]


def _corner(result: geometry.Result, which: int) -> Tile:
    """The loss in colours, the outline of the penalty, the contour that touches it, and the way of the solution."""
    ticks = (np.arange(SIDE) + 0.5) / SIDE * 2 * REACH - REACH
    x, y = np.meshgrid(ticks, -ticks)
    away = np.stack([x, y], -1) - result.optimum.numpy()
    loss = 0.5 * np.einsum("rci,ij,rcj->rc", away, result.curvature.numpy(), away)
    solution, mix = result.solution[which], geometry.mixes(result.config)[which]
    scale = SIDE / (2 * REACH)

    def placed(places: np.ndarray) -> list[tuple[float, float]]:
        return [(float(a + REACH) * scale, float(REACH - b) * scale) for a, b in places]

    marks = [
        Line(placed(geometry.outline(float(geometry.price(solution, mix)), mix)), 0, 2.0),
        Line(placed(geometry.ellipse(result, float(geometry.loss(result, solution)))), 1, 2.0),
        Line(placed(result.path[which].numpy()), 2, 2.0),
    ]
    ((a, b),) = placed(solution.numpy()[None])
    name = "L1" if which == 0 else Words("share of L1: {share}", share=Number(mix))
    return Tile(loss.astype(np.float32), name, lines=marks, points=[Point(a, b, 5)])

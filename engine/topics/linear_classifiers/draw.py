"""kNN, SVM, softmax: arrays to pictures of the plane, and the figures of the card."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from engine.contracts.film import Film, Frames, still_frames
from engine.contracts.words import Words
from engine.data.points import DOMAIN, decode_points, encode_points
from engine.pictures.borders import Border
from engine.pictures.curves.values import Curve, CurvesPicture, Level
from engine.pictures.pixels.values import PixelPicture, Point, Tile
from engine.pictures.plot.contours import contours
from engine.pictures.plot.values import Dots, Field, Handle, Path, PlotPicture
from engine.pictures.points.values import PointsPicture

from . import kernel, neighbours
from .card import MODELS, Config
from .plane import class_names, plane_of, rows_of
from .run import Result, decided
from .samples import SIDE, samples_of

__all__ = ["encode_points"]  # what the page needs of the data, through its topic
MODEL_NAMES = {"svm": "SVM", "softmax": "softmax"}
ALTS = {
    "svm": "The plane, coloured by the class with the largest score of the SVM",
    "softmax": "The plane, coloured by the probabilities of the softmax classifier",
}
HELD_OUT = Words("held out")
LONGEST_ARROW = 0.3  # of the picture of the weight rows: the longest gradient of the chosen point
MOST_FIGURES = 10  # digits that a figure shows


def linear(config: Config, film: Film, model: str, chosen: int | None, editable: bool = False) -> PointsPicture:
    """The points over what one of the two linear classifiers says at each moment, with its lines.

    Of two classes the border and both edges of the margin, where the scores differ by Δ; of more classes the line on
    which each class's own score is 0, with an arrow to where it is greater.
    """
    samples, shown = samples_of(config), plane_of(config)
    weights, biases = (film_weights(film, model, part) for part in (0, 1))  # (T, K, D), (T, K)
    rest = samples.rest.numpy().copy()
    rest[list(samples.shown)] = 0
    across = weights[:, :, list(samples.shown)]  # (T, K, 2)
    offset = -(biases + weights @ rest)  # w·x = c
    names, borders = class_names(config, samples), []

    def border(rows: np.ndarray, ends: np.ndarray, **looks) -> Border:
        return Border(shown.line(np.concatenate([rows, ends[:, None]], 1)), **looks)

    if len(names) == 2:
        rows, ends = across[:, 0] - across[:, 1], offset[:, 0] - offset[:, 1]
        borders.append(border(rows, ends, name=Words("s_A = s_B")))
        edge = config.margin if model == "svm" else 0.0
        if edge:
            borders.append(border(rows, ends + edge, name=Words("s_A − s_B = ±Δ"), dashed=True))
            borders.append(border(rows, ends - edge, dashed=True))
    else:
        for at, name in enumerate(names):
            borders.append(
                border(across[:, at], offset[:, at], name=Words("{name}: score 0", name=name), colour=at, arrow=True)
            )
    return PointsPicture(
        _points(config, editable), shown.domain, names, Words(ALTS[model]), film.stack(f"{model}_plane"), film.frames,
        None if editable else samples.is_train.numpy(), axis_labels=shown.labels, editable=editable, borders=borders,
        marked=() if chosen is None or editable else (chosen,), ringed=HELD_OUT,
    )  # fmt: skip


def _points(config: Config, editable: bool) -> np.ndarray:
    if editable:
        return np.array(decode_points(config.points), np.float32).reshape(-1, 3)
    return rows_of(config, samples_of(config))


def film_weights(film: Film, model: str, part: int) -> np.ndarray:
    """(T, K, D) weight rows, or with part 1 (T, K) biases, of a classifier at every moment; what is no number is 0."""
    at = 2 * MODELS.index(model) + part
    return np.nan_to_num(np.stack([moment.values["weights"][at] for moment in film.moments]), posinf=0.0, neginf=0.0)


def losses(config: Config, film: Film, model: str) -> CurvesPicture:
    """Loss of one classifier on training and held-out points, beside what it is before anything is learned."""
    values = [[moment.values[f"{model}{part}_loss"] for part in ("", "_held_out")] for moment in film.moments]
    lines = [Curve(Words("train loss"), 0), Curve(Words("held-out loss"), 1, dashed=True)]
    count = len(samples_of(config).classes)
    if model == "svm":
        level = Level((count - 1) * config.margin, Words("all scores equal: (K − 1)Δ"))
        alt = Words("Hinge loss of the SVM over the steps")
    else:
        level, alt = Level(math.log(count), Words("guessing: ln K")), Words("Cross-entropy over the steps")
    return CurvesPicture(np.array(values, np.float32), lines, film.frames, alt, low=0.0, levels=(level,))


def weight_rows(config: Config, film: Film, model: str, arrows: np.ndarray | None) -> PlotPicture:
    """The weight rows of one classifier as points of the plane of w₁ and w₂: their way so far, where they are, to be
    dragged, and the way that a step on the chosen point alone would send each.

    arrows: (K, 2) against the gradient of that point's loss.
    """
    samples = samples_of(config)
    names, ways = class_names(config, samples), film_weights(film, model, 0)[:, :, list(samples.shown)]
    at = next((k for k, moment in enumerate(film.moments) if moment is film.now), len(film.moments) - 1)
    now = ways[at]
    reach = 1.25 * max(float(np.abs(ways).max()), 0.5)
    paths = [Path(ways[:, k], growing(name), k, 1.5, grows=True) for k, name in enumerate(names)]
    if arrows is not None and (longest := float(np.linalg.norm(arrows, axis=1).max())) > 0:
        scaled = arrows * (LONGEST_ARROW * reach / longest)
        for k, (start, way) in enumerate(zip(now, scaled, strict=True)):
            if np.linalg.norm(way) > 1e-9:
                paths.append(Path(arrow(start, way, 0.05 * reach), colour=k, width=2.5))
    handles = () if film.live or film.now is not film.newest else [
        Handle(str(k), float(w[0]), float(w[1]), Words("w of {name}", name=name), k)
        for k, (name, w) in enumerate(zip(names, now, strict=True))
    ]  # fmt: skip
    return PlotPicture(
        (-reach, reach, -reach, reach), Words("The weight rows of the classes as points, and their gradients"),
        ("w₁", "w₂"), paths=paths, handles=handles, frames=film.frames, carries=True,
    )  # fmt: skip


def growing(name: str) -> str:
    """What the way of a class's row is called."""
    return Words("w of {name}, its way", name=name)


def arrow(start: np.ndarray, way: np.ndarray, head: float) -> np.ndarray:
    """(N, 2) of an arrow drawn in one line: shaft, and both strokes of its head."""
    end, direction = start + way, way / np.linalg.norm(way)
    left = np.array([-direction[1], direction[0]])
    strokes = [end - head * direction + side * 0.6 * head * left for side in (1, -1)]
    gap = np.full(2, np.nan)
    return np.stack([start, end, gap, strokes[0], end, strokes[1]]).astype(np.float32)


def asked(
    config: Config, result: neighbours.Result, order: np.ndarray, spot: tuple[float, float], editable: bool = False
) -> PointsPicture:
    """The points over the vote of the neighbours; those of the spot are ringed and joined to it.

    order: numbers of its neighbours; spot: in the plane.
    """
    samples, shown = samples_of(config), plane_of(config)
    x, y = shown.shown(np.array(spot))
    ends = shown.shown(samples.places.numpy()[order]) if len(order) else np.zeros((0, 2))
    return PointsPicture(
        _points(config, editable), shown.domain, class_names(config, samples),
        Words("The plane, coloured by the vote of the {k} nearest points", k=config.k), bytes_of(result.plane.numpy()),
        train_mask=None if editable else samples.is_train.numpy(), axis_labels=shown.labels, editable=editable,
        ringed=HELD_OUT, marked=() if editable else tuple(order.tolist()),
        segments=[(x, y, *end) for end in ends.tolist()],
    )  # fmt: skip


def bytes_of(shares: np.ndarray) -> np.ndarray:
    """Shares (…, K) from 0 to 1 as bytes."""
    return np.rint(np.nan_to_num(shares) * 255).astype(np.uint8)


def own_points(config: Config, result: kernel.Result) -> PointsPicture:
    """The plane to draw points in, coloured by what the kernel SVM says, once there is something to tell apart."""
    names, says = class_names(config, samples_of(config)), len(result.support) > 0
    alt = "The plane, coloured by the class that the kernel SVM names" if says else "The plane, to draw points in"
    return PointsPicture(_points(config, True), plane_of(config).domain, names, Words(alt),
                         bytes_of(result.plane.numpy()) if says else None, editable=True)  # fmt: skip


def points_alone(asked: PointsPicture) -> PointsPicture:
    """The same points, and no method's answer."""
    alt = Words("The points, and no answer yet")
    return dataclasses.replace(asked, alt=alt, background=None, marked=(), segments=(), editable=False)


def other_vote(config: Config, result: neighbours.Result) -> PointsPicture:
    """The same plane with another k, without a spot."""
    shown, samples = plane_of(config), samples_of(config)
    return PointsPicture(
        rows_of(config, samples), shown.domain, class_names(config, samples),
        Words("The plane, coloured by the vote of the {k} nearest points", k=result.config.k),
        bytes_of(result.plane.numpy()), train_mask=samples.is_train.numpy(), axis_labels=shown.labels,
        ringed=HELD_OUT,
    )  # fmt: skip


def accuracy_by_k(found: neighbours.CrossValidation) -> CurvesPicture | None:
    """The accuracy of every k: mean over the folds, and on the held-out points; None where there are too few points."""
    if not len(found.k):
        return None
    mean, held_out = 100 * found.accuracy.mean(1), 100 * found.held_out
    values = np.stack([mean.numpy(), held_out.numpy()], 1).astype(np.float32)
    frames = still_frames(values)
    at = min(found.config.k, len(found.k)) - 1
    frames = Frames(frames.run, frames.indices, found.k.tolist(), clock=frames.clock, at=at)
    lines = [Curve(Words("mean of 5 folds"), 0), Curve(Words("held-out points"), 1, dashed=True)]
    samples = samples_of(found.config)
    counts = np.bincount(samples.targets[samples.is_train].numpy(), minlength=len(samples.classes))
    level = Level(100 * counts.max() / max(1, counts.sum()), Words("always the most frequent class"))
    best = Level(float(mean.max()), Words("best: k = {k}", k=int(found.k[mean.argmax()])))
    low = None if not samples.side else max(0.0, float(np.floor(values.min() / 5) * 5))  # guessing is far below
    return CurvesPicture(
        values, lines, frames, Words("Accuracy for every number of neighbours"), x_label=Words("k, neighbours asked"),
        y_label=Words("% right"), low=low, high=100.0, whole=True, levels=(best,) if samples.side else (best, level),
    )  # fmt: skip


def bent(config: Config, result: kernel.Result, pair: int, spot: tuple[float, float]) -> PlotPicture:
    """The plane as the kernel SVM sees it: regions, support vectors, and where f of a pair of classes is 0 and ±1."""
    samples, shown = samples_of(config), plane_of(config)
    x_low, x_high, y_low, y_high = shown.domain
    half = (x_high - x_low) / SIDE / 2, (y_high - y_low) / SIDE / 2
    inner = x_low + half[0], x_high - half[0], y_low + half[1], y_high - half[1]  # the middles of the outer pixels
    heights = result.f[..., pair].numpy()
    paths = [dataclasses.replace(one, name=Words("f = 0")) for one in contours(heights, [0.0], inner, width=2.2)]
    for at, level in enumerate((-1.0, 1.0)):
        paths += [dataclasses.replace(one, name=Words("f = ±1") if at else "", dashed=True)
                  for one in contours(heights, [level], inner, width=1.6)]  # fmt: skip
    points, names = rows_of(config, samples), class_names(config, samples)
    dots = [  # the support vectors below the points, so that they are rings around them
        Dots(points[result.support.numpy()][:, :2], Words("support vectors"), None,
             [True] * len(result.support), (), 7.0),
        _dots(config), Dots(shown.shown(np.array([spot])), Words("the spot asked"), None, radius=3.0),
    ]  # fmt: skip
    return PlotPicture(
        shown.domain, Words("The plane, coloured by the class that the kernel SVM names"), shown.labels,
        Field(bytes_of(result.plane.numpy()), Words("class"), classes=names), paths=paths, dots=dots,
        square=shown.alike,
    )  # fmt: skip


def not_yet_bent(config: Config) -> PlotPicture:
    """The points of the kernel SVM, and no answer."""
    shown = plane_of(config)
    return PlotPicture(shown.domain, Words("The points, and no answer yet"), shown.labels, dots=[_dots(config)],
                       square=shown.alike)  # fmt: skip


def _dots(config: Config) -> Dots:
    """The points: filled where learned from, rings where held out."""
    samples = samples_of(config)
    points, names = rows_of(config, samples), class_names(config, samples)
    labels = [names[int(label)] for label in points[:, 2]]
    return Dots(points[:, :2], "", [int(label) for label in points[:, 2]], (~samples.is_train).tolist(), labels, 4.0)


# ---------------------------------------------------------------- figures of the card


def draw_regions(result: Result | neighbours.Result | kernel.Result) -> PixelPicture:
    """What each method says of the plane, with the points: filled where learned from, rings where held out. Of digits
    the weight rows of both classifiers, or digits that are named wrongly."""
    config = result.config
    samples = samples_of(config)
    if samples.side:
        return _draw_digits(result)
    names = class_names(config, samples)
    scale = SIDE / (2 * DOMAIN)
    points = [
        Point(float(x + DOMAIN) * scale, float(DOMAIN - y) * scale, int(label), bool(train))
        for (x, y), label, train in zip(
            samples.places.tolist(), samples.targets.tolist(), samples.is_train.tolist(), strict=True
        )
    ]
    if isinstance(result, Result):
        svm = decided(result.svm_plane.reshape(SIDE * SIDE, -1), config.margin).reshape(result.svm_plane.shape)
        planes = {"SVM": svm, "softmax": result.softmax_plane}
    else:
        planes = {f"k = {config.k}" if isinstance(result, neighbours.Result) else "kernel SVM": result.plane}
    tiles = [
        Tile(plane.float().numpy(), name, classes=names, points=points, smooth=len(planes) > 1)
        for name, plane in planes.items()
    ]
    return PixelPicture(tiles, alt="The plane coloured by what each method says, with the points")


def _draw_digits(result: Result | neighbours.Result | kernel.Result) -> PixelPicture:
    samples = samples_of(result.config)
    side = samples.side
    if isinstance(result, Result):
        rows = {"SVM": result.svm_weights, "softmax": result.softmax_weights}
        tiles = [
            Tile(row.reshape(side, side).numpy(), f"{name}, {label}", scale="signed")
            for name, weights in rows.items() for label, row in enumerate(weights)
        ]  # fmt: skip
        return PixelPicture(tiles, alt="The weight rows of both classifiers as pictures", columns=10)
    held_out = samples.held_out_rows
    wrong = (result.answers != samples.targets[held_out]).nonzero().flatten().tolist()[:MOST_FIGURES]
    tiles = [
        Tile(samples.inputs[held_out[at]].reshape(side, side).numpy(), f"{int(samples.targets[held_out[at]])} → "
             f"{int(result.answers[at])}", scale="grey", low=0.0, high=1.0)
        for at in wrong or range(MOST_FIGURES)
    ]  # fmt: skip
    return PixelPicture(tiles, alt="Held-out digits, what they show and what is said of them")


def draw_curve(result: Result | neighbours.Result | kernel.Result):
    """Losses over the steps; accuracy over k; or the support vectors' coefficients, the largest first."""
    from engine.pictures.chart.figure import lines

    if isinstance(result, Result):
        steps = result.step.tolist()
        curves = {"SVM, hinge": (steps, result.svm_loss.tolist()), "softmax": (steps, result.softmax_loss.tolist())}
        return lines(curves, x_title="step", y_title="train loss")
    if isinstance(result, neighbours.Result):
        found = neighbours.cross_validation(result.config)
        counts = found.k.tolist()
        curves = {"mean of 5 folds": (counts, found.accuracy.mean(1).tolist()),
                  "held out": (counts, found.held_out.tolist())}  # fmt: skip
        return lines(curves, x_title="k", y_title="share right")
    sizes = sorted(result.coefficients.abs().amax(0).tolist(), reverse=True) if len(result.support) else []
    return lines({"α": (list(range(1, len(sizes) + 1)), sizes)}, x_title="support vector", y_title="largest α")

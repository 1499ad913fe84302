"""Regularisation: arrays to pictures, of the five closer looks."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import torch

from engine.contracts.film import still_frames
from engine.contracts.words import Number, Percent, Words
from engine.pictures.curves.values import Curve, CurvesPicture, Level
from engine.pictures.network.values import NetworkDiagram, NetworkLayer, quantise_maps
from engine.pictures.pixels.values import Box, PixelPicture, Tile
from engine.pictures.plot.values import Band, Dots, Handle, Path, PlotPicture

from . import descent, folds, geometry, masks, pixel
from .card import MOST_STRENGTH, REACH, SIDE
from .draw import CLASSES, plane_points

NAMES = ("w₁", "w₂")
HEIGHTS = (0.25, 0.5, 0.75)  # contours inside the one through the solution, as shares of its height
BAD = 5  # colour of what is bad


def corner(result: geometry.Result, which: int) -> PlotPicture:
    """The loss as contours, the penalty as the outline that the solution lies on, and the way of the solution."""
    solution, mix = result.solution[which], geometry.mixes(result.config)[which]
    height, budget = float(geometry.loss(result, solution)), float(geometry.price(solution, mix))
    rings = [Path(geometry.ellipse(result, height * share), width=1.0) for share in HEIGHTS]
    rings.append(Path(geometry.ellipse(result, 2 * height + 0.05), width=1.0))
    return PlotPicture(
        (-REACH, REACH, -REACH, REACH),
        Words("Two weights: contours of the loss, what the penalty allows, and the solution where the two touch"),
        ("w₁", "w₂"),
        paths=[
            Path(geometry.outline(budget, mix), Words("equal penalty"), 0, filled=True, closed=True),
            *rings,
            Path(geometry.ellipse(result, height), Words("equal loss"), 1),
            Path(result.path[which].numpy(), Words("solution as α grows"), 2, dashed=True),
        ],
        dots=[Dots(solution.numpy()[None], Words("solution"), BAD, radius=6.0)],
        handles=[Handle("optimum", *result.optimum.tolist(), Words("lowest loss: drag"))],
    )  # fmt: skip


def corner_asked(result: geometry.Result, which: int) -> PlotPicture:
    """Loss and penalty of the same two weights, the outline as large as at the solution, and no solution."""
    mix = geometry.mixes(result.config)[which]
    budget = geometry.outline(float(geometry.price(result.solution[which], mix)), mix)
    return PlotPicture(
        (-REACH, REACH, -REACH, REACH), Words("Two weights: contours of the loss, and an outline of equal penalty"),
        ("w₁", "w₂"),
        paths=[Path(budget, Words("equal penalty"), 0, filled=True, closed=True),
               *(Path(geometry.ellipse(result, height), Words("equal loss") if not at else "", 1)
                 for at, height in enumerate((0.1, 0.3, 0.6)))],
        dots=[Dots(result.optimum.numpy()[None], Words("lowest loss"), None, radius=5.0)],
    )  # fmt: skip


def coefficients(result: geometry.Result, which: int) -> PlotPicture:
    """Both weights of the solution for every strength; the strength that is set can be dragged."""
    strength, alpha = result.strength.numpy(), result.config.alpha
    high = max(1.0, float(result.optimum.abs().max()), float(result.path[which].abs().max())) * 1.1
    lines = [
        Path(np.column_stack([strength, result.path[which, :, k].numpy()]), name, k) for k, name in enumerate(NAMES)
    ]
    return PlotPicture(
        (0.0, MOST_STRENGTH, -high, high), Words("Both weights of the solution over the strength α"),
        ("α", Words("weight")),
        paths=[*lines, Path(np.array([[alpha, -high], [alpha, high]]), width=1.0, dashed=True),
               Path(np.array([[0.0, 0.0], [MOST_STRENGTH, 0.0]]), width=1.0)],
        handles=[Handle("alpha", alpha, -0.8 * high, Words("α: drag"))], square=False,
    )  # fmt: skip


def steps(result: geometry.Result) -> CurvesPicture:
    """The size of the weight that vanishes on both ways to the solution of L1; what is exactly 0 has no place on a
    logarithmic axis."""
    at = geometry.vanishing(result)
    values = torch.stack([result.thresholded[:, at].abs(), result.stepped[:, at].abs()], 1).numpy().astype(np.float32)
    lines = [Curve(Words("soft threshold"), 0), Curve(Words("subgradient"), 1, dashed=True)]
    return CurvesPicture(
        values, lines, still_frames(values, start="last"), Words("Size of {weight} over the steps of two ways to it",
                                                         weight=NAMES[at]), y_label=f"|{NAMES[at]}|", log=True,
    )  # fmt: skip


def spoilt(result: pixel.Result, digit: int, bad: Sequence[int]) -> PixelPicture:
    """A digit with its bad pixels, and the weights of both classifiers at the same places."""
    image = pixel.spoiled(result, digit, bad).reshape(SIDE, SIDE).numpy().astype(np.float32)
    boxes = [Box((b % SIDE, b // SIDE, b % SIDE + 1, b // SIDE + 1), colour=BAD) for b in bad]
    tiles = [Tile(image, Words("the digit, {count} bad", count=len(bad)), "grey", 0.0, 1.0, boxes=boxes)]
    for at, name in enumerate(("L1", "L2")):
        caption = Words("{name}: {count} weights, largest {size}", name=name, count=int(result.nonzero[at]),
                        size=Number(float(result.largest[at]), 2))  # fmt: skip
        most = float(result.largest[at]) or 1.0
        weights = result.weights[at].numpy().astype(np.float32)
        tiles.append(Tile(weights, caption, "signed", -most, most, Words("weight"), boxes=boxes))
    return PixelPicture(tiles, Words("A digit, and the weights of two classifiers"), columns=3, legend=False)


def bad_curves(result: pixel.Result, count: int) -> CurvesPicture:
    """Accuracy of both classifiers over the number of bad pixels, the worst and random ones."""
    values = 100 * torch.cat([result.worst, result.random]).T.numpy().astype(np.float32)
    lines = [Curve(Words("L1, worst pixels"), 0), Curve(Words("L2, worst pixels"), 1)]
    lines += [Curve(Words("L1, random pixels"), 0, dashed=True), Curve(Words("L2, random pixels"), 1, dashed=True)]
    frames = dataclasses.replace(still_frames(values, start="last"), at=min(count, pixel.MOST) if count else None)
    return CurvesPicture(
        values, lines, frames, Words("Accuracy over the number of bad pixels"), Words("bad pixels in every digit"),
        Words("% right"), low=0.0, high=100.0, levels=(Level(50.0, Words("guessing: {share}", share=Percent(0.5, 0))),),
        whole=True,
    )  # fmt: skip


def masked(result: masks.Result, number: int) -> NetworkDiagram:
    """The network under one mask: what is left out is dimmed, and no weight leads to or from it."""
    layers, factors = masks.layers_of(result.parameters), result.masks[number]
    maps = masks.maps_of(result, factors[None])
    pixels, ranges = quantise_maps(maps[None])
    kept = [np.ones(2), *(factors > 0).numpy().astype(np.float64), np.ones(1)]
    weights = [
        (one.numpy() * kept[at][None, :] * kept[at + 1][:, None])[None].astype(np.float32)
        for at, one in enumerate(layers.weights)
    ]
    names = [["x₁", "x₂"], *[[f"h{layer},{k + 1}" for k in range(masks.UNITS)] for layer in (1, 2)], ["ŷ"]]
    heads = [Words("Input"), Words("Hidden {number}", number=1), Words("Hidden {number}", number=2), Words("Output")]
    return NetworkDiagram(
        [NetworkLayer(head, name, off=frozenset(np.flatnonzero(there == 0).tolist()))
         for head, name, there in zip(heads, names, kept, strict=True)],
        pixels, ranges, weights, [one.numpy()[None] for one in layers.biases],
        alt=Words("The network under one mask: neurons that are left out are dimmed and have no lines"),
    )  # fmt: skip


def mean_against_whole(result: masks.Result) -> PlotPicture:
    """For every test point the mean over all masks over the answer of the whole network, with and without scaling."""
    whole = result.whole.numpy()
    return PlotPicture(
        (0.0, 1.0, 0.0, 1.0), Words("Mean over 1,000 masks against the whole network, one dot a test point"),
        (Words("whole network: share of A"), Words("mean over the masks")),
        paths=[Path(np.array([[0.0, 0.0], [1.0, 1.0]]), Words("equal"), width=1.0, dashed=True)],
        dots=[
            Dots(np.column_stack([whole, result.unscaled.numpy()]), Words("not divided by 1 − p"), 1,
                 rings=[True] * len(whole), radius=3.0),
            Dots(np.column_stack([whole, result.mean.numpy()]), Words("divided by 1 − p"), 0, radius=3.0),
        ],
    )  # fmt: skip


def planes(result: masks.Result, number: int) -> PixelPicture:
    """The plane according to one mask, the mean over many, and the whole network."""
    names = (
        Words("mask {number} alone", number=number + 1),
        Words("mean over {count} of them", count=masks.FEW),
        Words("whole network"),
    )
    shares = (masks.plane_under(result, number), result.planes[1].numpy(), result.planes[0].numpy())
    points = plane_points(result.config)
    tiles = [
        Tile(one, name, classes=CLASSES, points=points, smooth=True) for one, name in zip(shares, names, strict=True)
    ]
    return PixelPicture(tiles, Words("The plane under one mask, under many, and without one"), columns=3)


def one_plane(three: PixelPicture) -> PixelPicture:
    """The plane according to one mask alone."""
    return dataclasses.replace(three, tiles=three.tiles[:1], columns=1)


def fold_planes(result: folds.Result, alpha: int) -> PixelPicture:
    """The plane according to the network of every fold; the points it has not seen are rings."""
    tiles = []
    for at, held_out in enumerate(result.held_out.numpy()):
        caption = Words("fold {number}: {loss}", number=at + 1, loss=Number(float(result.loss[at, alpha])))
        points = plane_points(result.config, held_out, folds.SIDE)
        tiles.append(Tile(result.planes[at, alpha].numpy(), caption, classes=CLASSES, points=points, smooth=True))
    return PixelPicture(tiles, Words("The plane according to the network of every fold"), columns=min(5, len(tiles)))


def folds_before(result: folds.Result) -> PixelPicture:
    """Which points every fold holds back, and nothing that a network says."""
    undecided = np.full((folds.SIDE, folds.SIDE, len(CLASSES)), 1 / len(CLASSES), np.float32)
    tiles = [
        Tile(undecided, Words("fold {number}", number=at + 1), classes=CLASSES,
             points=plane_points(result.config, held_out, folds.SIDE))
        for at, held_out in enumerate(result.held_out.numpy())
    ]  # fmt: skip
    return PixelPicture(tiles, Words("The points that every fold holds back, as rings"), columns=min(5, len(tiles)))


def fold_chart(result: folds.Result, alpha: int) -> PlotPicture:
    """Mean and spread over the folds for every strength, the folds themselves, and the test loss nobody looked at."""
    x, mean, spread = result.strength.numpy(), result.mean.numpy(), result.spread.numpy()
    high = 1.15 * max(float(mean.max()), float(result.test.max()), 0.7)
    band = np.concatenate([np.column_stack([x, mean - spread]), np.column_stack([x, mean + spread])[::-1]])
    band[:, 1] = band[:, 1].clip(0, high)
    each = np.column_stack([np.tile(x, len(result.loss)), result.loss.numpy().ravel()])
    above = (each[:, 1] > high).tolist()
    return PlotPicture(
        (float(x[0]) / 1.5, float(x[-1]) * 1.5, 0.0, high),
        Words("Held-out loss over the strength: mean and spread over the folds, and the test loss"),
        (Words("strength α"), Words("loss (nat)")),
        bands=[Band(float(x[alpha]) / 1.15, float(x[alpha]) * 1.15, Words("shown below"), BAD)],
        paths=[
            Path(band, Words("mean ± spread"), 0, width=0.5, filled=True, closed=True),
            Path(np.column_stack([x, mean]), Words("mean over the folds"), 0),
            Path(np.column_stack([x, result.train.numpy()]), Words("all points, train loss"), 2, dashed=True),
            Path(np.column_stack([x, result.test.numpy()]), Words("all points, test loss"), 1, dashed=True),
        ],
        dots=[
            Dots(np.column_stack([x, mean]), Words("click: that strength"), 0, radius=5.5),
            Dots(each.clip(None, [np.inf, 0.98 * high]), Words("one fold; a ring: above the chart") if any(above) else
                 Words("one fold"), 0, above, radius=2.0),
            Dots(np.array([[x[alpha], mean[alpha]]]), "", BAD, radius=5.5),
        ],
        square=False, log_x=True,
    )  # fmt: skip


def train_loss_alone(chart: PlotPicture) -> PlotPicture:
    """Of the chart what those see who hold nothing back: the loss that they train on."""
    return dataclasses.replace(chart, bands=(), paths=chart.paths[2:3], dots=())


def descent_errors(result: descent.Result) -> CurvesPicture:
    """Share of digits named wrongly over the number of features, the mean of all seeds."""
    values = 100 * torch.stack([result.train_error.mean(0), result.test_error.mean(0)], 1).numpy().astype(np.float32)
    lines = [Curve(Words("training error"), 0), Curve(Words("test error"), 1, dashed=True)]
    return _over_features(
        result, values, lines, Words("Errors over the number of random features"), y_label=Words("% wrong"), low=0.0,
        high=100.0, levels=(Level(90.0, Words("guessing: {share}", share=Percent(0.9, 0))),),
    )  # fmt: skip


def descent_length(result: descent.Result) -> CurvesPicture:
    """Length of all weights of the read-out over the number of features."""
    values = result.length.mean(0)[:, None].numpy().astype(np.float32)
    lines = [Curve(Words("length of the weights ‖w‖"), 2)]
    return _over_features(result, values, lines, Words("Length of the weights over the features"), log=True)


def _over_features(result: descent.Result, values: np.ndarray, lines, alt, **more) -> CurvesPicture:
    counts = result.features.tolist()
    frames = dataclasses.replace(still_frames(values, indices=counts, start="last"), clock=f"descent {counts[-1]}")
    return CurvesPicture(values, lines, frames, alt, Words("random features"), **more)

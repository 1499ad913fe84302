"""MLP playground: arrays to pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np

from engine.contracts.film import Film
from engine.contracts.words import Name, Words
from engine.data.point_tables import FILLED
from engine.data.points import DOMAIN
from engine.pictures.curves.values import Curve, CurvesPicture, Level
from engine.pictures.network.values import ZERO, NetworkDiagram, NetworkLayer
from engine.pictures.pixels.values import PixelPicture, Point, Tile
from engine.pictures.points.values import PointsPicture
from engine.pictures.theme import table

from .card import FEATURES, Config, fits_values, table_in
from .experiment import BOUNDARY_SIZE, given
from .run import Result, data_of

CLASS_NAMES = ("A", "B", "C", "D", "E", "F", "G", "H")
FULL = FILLED * DOMAIN  # of an axis of a table, what stands for -1 and 1


def plane(
    config: Config, film: Film, *, discrete: bool = False, test_points: bool = True, marked: Sequence[int] = ()
) -> PointsPicture:
    """The points over the network's answer at each moment; own points can be drawn.

    discrete: the answer alone, not how sure it is. test_points: those that are not trained on are there, too; own ones
    are, for they are drawn. marked: numbers of points with a ring around them.
    """
    points, is_train = data_of(config)
    background, table = film.stack("plane"), table_in(config)
    if discrete:
        background = decided(background)
    shown = [at for at, trained in enumerate(is_train) if trained or test_points or config.data == "own"]
    domain, labels, reach, value = (-DOMAIN, DOMAIN, -DOMAIN, DOMAIN), ("x₁", "x₂"), (-1.0, 1.0), Words("value")
    if table is not None:
        domain = (*table.axes[0].ends, *table.axes[1].ends)
        labels = tuple(axis.name for axis in table.axes)
        points = [(*point, target) for point, target in zip(table.points, table.targets, strict=True)]
        if not table.classes:
            value, reach = table.target, (table.value_axis.from_plane(-FULL), table.value_axis.from_plane(FULL))
            background = table.value_axis.from_plane(background * FULL).astype(np.float32)
    return PointsPicture(
        np.array([points[at] for at in shown], np.float32).reshape(-1, 3), domain,
        (value,) if fits_values(config) else class_names(config, max(2, film.now.values["plane"].shape[-1])),
        Words("The plane, coloured by the network's answer"), background, film.frames,
        np.array([is_train[at] for at in shown], bool) if shown else None,
        reach if fits_values(config) else None, labels,
        editable=config.data == "own", marked=[shown.index(at) for at in marked if at in shown],
    )  # fmt: skip


def decided(background: np.ndarray) -> np.ndarray:
    """The answers that are nearest: the likeliest class of (T, H, W, K) uint8 alone, of values -1 or 1."""
    if background.dtype != np.uint8:
        return np.where(background < 0, -1.0, 1.0).astype(np.float32)
    likeliest = background.argmax(-1)[..., None] == np.arange(background.shape[-1])
    return np.where(likeliest, 255, 0).astype(np.uint8)


def class_names(config: Config, count: int) -> tuple[str, ...]:
    """What the classes are called: as in the reader's own table, in every language, else A, B, …"""
    return tuple(map(Name, given(config)[1] or CLASS_NAMES))[:count]


def network(config: Config, film: Film, *, fixed: bool = False, discrete: bool = False) -> NetworkDiagram:
    """The network with every neuron's own map of the plane, its weights and biases, at each moment.

    fixed: no input can be switched on and no layer resized, so what is switched off is not there. discrete: of each
    map the sign alone, so of ReLU whether it is on.
    """
    there = list(config.features if fixed else FEATURES)
    moments = [moment.values for moment in film.moments]
    outputs = moments[0]["biases"][-1].shape[0]
    names = ["ŷ"] if outputs == 1 else list(class_names(config, outputs))
    layers = [NetworkLayer(Words("Input"), [FEATURES[name] for name in there], off=frozenset(
        number for number, name in enumerate(there) if name not in config.features))]  # fmt: skip
    layers += [
        NetworkLayer(
            Words("Hidden {number}", number=number), [f"h{number},{i + 1}" for i in range(size)], resizable=not fixed
        )
        for number, size in enumerate(config.layers, 1)
    ]
    layers.append(NetworkLayer(Words("Output"), names))
    chosen, places = [there.index(name) for name in config.features], [list(FEATURES).index(name) for name in there]
    off = [part[places] for part in _feature_maps(moments[0]["maps"].shape[-1])]
    maps, ranges = [], []
    for values in moments:  # inputs that are switched off show what they would give
        full, full_ranges = off[0].copy(), off[1].copy()
        full[chosen], full_ranges[chosen] = values["maps"][: len(chosen)], values["ranges"][: len(chosen)]
        every = np.concatenate([full, values["maps"][len(chosen) :]])
        maps.append(np.select([every < ZERO, every > ZERO], [0, 255], ZERO).astype(np.uint8) if discrete else every)
        ranges.append(np.concatenate([full_ranges, values["ranges"][len(chosen) :]]))
    weights = []
    for number in range(len(config.layers) + 1):
        stacked = np.stack([values["weights"][number] for values in moments])
        if number == 0:
            wide = np.zeros((*stacked.shape[:2], len(there)), np.float32)
            wide[:, :, chosen] = stacked
            stacked = wide
        weights.append(stacked)
    return NetworkDiagram(
        layers, np.stack(maps), np.stack(ranges).astype(np.float32), [_finite(array) for array in weights],
        [_finite(np.stack([values["biases"][n] for values in moments])) for n in range(len(weights))],
        frames=film.frames, toggle_inputs=not fixed,
        alt=Words("The network: each square is a neuron's value over the plane, each line a weight"),
    )  # fmt: skip


def curves(config: Config, film: Film) -> CurvesPicture:
    """Training and test loss over the steps, beside what guessing would give."""
    losses = [[moment.values["train_loss"], moment.values["test_loss"]] for moment in film.moments]
    lines = [Curve(Words("train loss"), 0), Curve(Words("test loss"), 1, dashed=True)]
    alt = Words("Loss on training and test points over the steps")
    levels = ()
    if not fits_values(config):
        count = max(2, film.now.values["plane"].shape[-1])
        levels = (Level(math.log(count), Words("guessing: ln {count}", count=count)),)
    elif values := [value for (*_, value), trained in zip(*data_of(config), strict=True) if trained]:
        levels = (Level(float(np.var(values)), Words("always the mean: the variance")),)
    return CurvesPicture(np.array(losses, np.float32), lines, film.frames, alt, low=0.0, levels=levels)


def draw_boundary(result: Result) -> PixelPicture:
    """The plane coloured by the network's answer, with the points: filled where trained on, rings where tested."""
    scale = (BOUNDARY_SIZE / 2) / DOMAIN
    plane = result.plane.numpy()
    values = result.targets.numpy()
    regression, points = plane.shape[2] == 1, []
    limit = max(float(np.abs(plane).max()), 1e-6)  # of the signed colours, as the plane below has them
    for (x, y), value, train in zip(result.inputs.numpy(), values, result.is_train.numpy(), strict=True):
        colour = signed_colour(float(value) / limit) if regression else int(value)
        points.append(Point(float(x + DOMAIN) * scale, float(DOMAIN - y) * scale, colour, bool(train)))
    if regression:
        tile = Tile(plane[..., 0].astype(np.float32), "answer", scale="signed", points=points, smooth=True)
    else:
        tile = Tile(
            plane.astype(np.float32),
            "answer",
            classes=class_names(result.config, plane.shape[2]),
            points=points,
            smooth=True,
        )
    return PixelPicture([tile], alt="The plane coloured by the network's answer, with the points it was given")


def signed_colour(share: float) -> str:
    """The colour of a value between -1 and 1 of the end of the signed scale; beyond, that of its end."""
    at = round((max(-1.0, min(1.0, share)) + 1) / 2 * 255)
    return "#{:02X}{:02X}{:02X}".format(*table("signed")[at])


def draw_network(result: Result) -> PixelPicture:
    """Every neuron's own map of the plane, layer by layer, as tiles."""
    values = result.snapshot.values
    tiles = [
        Tile(_dequantise(pixels, reach), f"neuron {number + 1}", scale="signed")
        for number, (pixels, reach) in enumerate(zip(values["maps"], values["ranges"], strict=True))
    ]
    return PixelPicture(tiles, alt="Every neuron's value over the plane, inputs first, output last")


def draw_curves(result: Result):
    """Train and test loss over the steps."""
    from engine.pictures.chart.figure import lines

    steps = result.step.tolist()
    return lines(
        {"train": (steps, result.train_loss.tolist()), "test": (steps, result.test_loss.tolist())},
        x_title="step", y_title="loss",
    )  # fmt: skip


def _dequantise(pixels: np.ndarray, reach: float) -> np.ndarray:
    return ((pixels.astype(np.float32) - 127.5) / 127.5 * reach).astype(np.float32)


def _finite(array: np.ndarray) -> np.ndarray:
    return np.nan_to_num(array, nan=0.0, posinf=0.0, neginf=0.0).astype(np.float32)


@cache
def _feature_maps(side: int) -> tuple[np.ndarray, np.ndarray]:
    import torch

    from engine.data.points import grid
    from engine.pictures.network.values import quantise_maps

    from .experiment import FEATURE_FUNCTIONS

    x = grid(side)
    values = torch.stack([FEATURE_FUNCTIONS[name](x) for name in FEATURES]).reshape(1, len(FEATURES), side, side)
    pixels, ranges = quantise_maps(values.numpy())
    return pixels[0], ranges[0]

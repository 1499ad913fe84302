"""The points, flowers and digits of a Config, as all three methods get them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from engine.contracts.embed import embedded
from engine.data.digits import HELD_OUT_OF_EACH, load_digits
from engine.data.known_tables import IRIS_CLASSES, IRIS_FEATURES, SMALL_LEVELS, SMALL_SIDE, iris, small_digits
from engine.data.point_tables import Axis, needs_classes
from engine.data.points import DOMAIN, grid, make_points, own_points, split
from engine.data.table_keys import table_of
from engine.training.fit import seeded

from .card import DRAWN, Config

SIDE = 64  # pixels a side of the picture of the plane
LETTERS = ("A", "B", "C", "D")
MNIST_HELD_OUT_OF_EACH, MNIST_LEVELS, MNIST_SIDE = 100, 255, 28
UNIT = (-0.9 * DOMAIN, 0.9 * DOMAIN)  # of an axis that is the plane's own


@dataclass(frozen=True)
class Samples:
    """What is to be told apart.

    inputs: (N, D) float32, coordinates in the plane of -3 to 3, or pixels from 0 to 1. targets: (N,). is_train: (N,)
    bool. classes: their names. axes: the two columns of the plane, in their own units. shown: which two of the D
    features those are. rest: (D,) what the features are where the plane is cut through. side: pixels a side of a
    digit, 0 for points.
    """

    inputs: Tensor
    targets: Tensor
    is_train: Tensor
    classes: tuple[str, ...]
    axes: tuple[Axis, Axis]
    shown: tuple[int, int]
    rest: Tensor
    side: int = 0

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def train_rows(self) -> Tensor:
        """(T,) numbers of the points that are learned from."""
        return self.is_train.nonzero().flatten()

    @property
    def held_out_rows(self) -> Tensor:
        """(H,) numbers of the others."""
        return (~self.is_train).nonzero().flatten()

    @property
    def places(self) -> Tensor:
        """(N, 2) where the points lie in the plane."""
        return self.inputs[:, list(self.shown)]

    def lifted(self, places: Tensor) -> Tensor:
        """(M, 2) places in the plane -> (M, D) inputs, the other features as in `rest`."""
        inputs = self.rest.repeat(len(places), 1)
        inputs[:, list(self.shown)] = places
        return inputs

    def plane(self) -> Tensor:
        """(SIDE², D) inputs of every pixel of the plane, row by row from the top left; none where the data are
        digits."""
        return self.lifted(grid(SIDE)) if not self.side else self.inputs[:0]


def samples_of(config: Config) -> Samples:
    """The data of a Config, the same object for Configs that mean the same."""
    return _samples(
        Config(
            data=config.data, classes=config.classes, noise=config.noise, across=config.across, upwards=config.upwards,
            all_features=config.all_features, images=config.images, samples=config.samples,
            train_share=config.train_share, seed=config.seed, points=config.points, table=config.table,
        )
    )  # fmt: skip


@lru_cache(maxsize=6)
def _samples(config: Config) -> Samples:
    with seeded(config.seed) as generator:
        if config.data in DRAWN:
            points = make_points(config.data, config.samples, config.classes, config.noise, generator)
            is_train = split(len(points), config.train_share, generator)
            return _in_plane(points.inputs, points.targets, is_train, LETTERS[: config.classes])
        if config.data == "own":
            points = own_points(config.points)
            is_train = split(len(points), config.train_share, generator)
            largest = int(points.targets.max()) + 1 if len(points) else 0
            return _in_plane(points.inputs, points.targets, is_train, LETTERS[: max(config.classes, largest)])
        if config.data == "mnist":
            return _mnist(config.images, generator)
        values, labels, names, columns = given(config)
        is_train = split(len(labels), config.train_share, generator)
    inputs, targets = torch.tensor(values), torch.tensor(labels)
    if config.data == "digits":
        return _pictures(inputs, targets, is_train, SMALL_SIDE)
    axes = tuple(Axis(name, low, high) for name, low, high in columns)
    shown = (0, 1)
    if config.data == "iris" and config.all_features:
        shown = tuple(list(IRIS_FEATURES).index(name) for name in (config.across, config.upwards))
    return _in_plane(inputs, targets, is_train, names, axes, shown)


def _in_plane(inputs, targets, is_train, classes, axes=None, shown=(0, 1)) -> Samples:
    rest = inputs[is_train].mean(0) if len(inputs) else torch.zeros(2)
    axes = axes or (Axis("x₁", *UNIT), Axis("x₂", *UNIT))
    return Samples(inputs.float(), targets, is_train, tuple(classes), axes, shown, rest.float())


def _pictures(inputs, targets, is_train, side: int) -> Samples:
    axes = Axis("x₁", *UNIT), Axis("x₂", *UNIT)
    names = tuple(map(str, range(10)))
    return Samples(inputs.float(), targets, is_train, names, axes, (0, 1), torch.zeros(side * side), side)


def _mnist(count: int, generator: torch.Generator) -> Samples:
    """`count` digits at random to learn from, and 100 of each of those that no training ever sees."""
    every = load_digits()
    chosen = torch.randperm(len(every.train_labels), generator=generator)[:count].numpy()
    held_out = np.arange(len(every.held_out_labels)) % HELD_OUT_OF_EACH < MNIST_HELD_OUT_OF_EACH
    images = np.concatenate([every.train_images[chosen], every.held_out_images[held_out]])
    labels = np.concatenate([every.train_labels[chosen], every.held_out_labels[held_out]])
    inputs = torch.tensor(images.reshape(len(images), -1).astype(np.float32) / MNIST_LEVELS)
    return _pictures(inputs, torch.tensor(labels), torch.arange(len(labels)) < count, MNIST_SIDE)


@embedded
def given(
    config: Config,
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...], tuple[tuple[str, float, float], ...]]:
    """What is a table: (inputs (N, D) float32, number of the class (N,), names of the classes, (name, lowest, highest)
    of each of the two columns of the plane). Iris: the two lengths that are shown, or all four, each brought into the
    plane as a table's columns are. KnobError if a reader's table is not on this server or cannot be read."""
    if config.data == "digits":
        images, labels = small_digits()
        return images.astype(np.float32) / SMALL_LEVELS, labels.copy(), tuple(map(str, range(10))), ()
    if config.data == "iris":
        lengths, labels = iris()
        ends = zip(IRIS_FEATURES.values(), lengths.min(0).tolist(), lengths.max(0).tolist(), strict=True)
        every = [Axis(name, low, high) for name, low, high in ends]
        chosen = [list(IRIS_FEATURES).index(name) for name in (config.across, config.upwards)]
        used = range(4) if config.all_features else chosen
        inputs = np.stack([every[at].to_plane(lengths[:, at]) for at in used], 1).astype(np.float32)
        columns = tuple((every[at].name, every[at].low, every[at].high) for at in chosen)
        return inputs, labels.copy(), tuple(map(str, IRIS_CLASSES)), columns
    if not config.table:
        return np.zeros((0, 2), np.float32), np.zeros(0, np.int64), LETTERS[:2], (("x₁", *UNIT), ("x₂", *UNIT))
    table = needs_classes(table_of(config.table))
    rows = np.array(table.in_plane())
    columns = tuple((axis.name, axis.low, axis.high) for axis in table.axes)
    return rows[:, :2].astype(np.float32), rows[:, 2].astype(np.int64), table.classes, columns

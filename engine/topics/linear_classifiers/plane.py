"""Where the points lie: from the plane of -3 to 3 to the units of the axes and back; what the classes are called."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from engine.contracts.words import Name, Words
from engine.data.known_tables import IRIS_CLASSES
from engine.data.points import DOMAIN

from .card import FEATURES, Config
from .samples import Samples, samples_of

USUAL_RANGE = (-1, 5)  # powers of ten that a column may span before a power of ten goes to its label


@dataclass(frozen=True)
class Plane:
    """The axes as they are shown: a place p of the plane is at middle + p * unit, for both axes.

    labels: with their units. alike: whether both axes have the same scale, so that a right angle is one.
    """

    middle: tuple[float, float]
    unit: tuple[float, float]
    labels: tuple[str, str]

    @property
    def domain(self) -> tuple[float, float, float, float]:
        """(x low, x high, y low, y high), as shown."""
        (x, y), (u, v) = self.middle, self.unit
        return x - DOMAIN * u, x + DOMAIN * u, y - DOMAIN * v, y + DOMAIN * v

    @property
    def alike(self) -> bool:
        """Whether one unit is as long across as up."""
        return math.isclose(*self.unit)

    def shown(self, places: np.ndarray) -> np.ndarray:
        """(…, 2) places in the plane -> as shown."""
        return np.asarray(places, np.float64) * self.unit + self.middle

    def place(self, x: float, y: float) -> tuple[float, float]:
        """What is shown at (x, y) -> its place in the plane, within it."""
        pair = ((x - self.middle[0]) / self.unit[0], (y - self.middle[1]) / self.unit[1])
        return tuple(min(max(one, -DOMAIN), DOMAIN) for one in pair)

    def line(self, lines: np.ndarray) -> np.ndarray:
        """(…, 3) of a, b, c in a p + b q = c in the plane -> the same line as shown."""
        a, b, c = np.moveaxis(np.asarray(lines, np.float64), -1, 0)
        a, b = a / self.unit[0], b / self.unit[1]
        return np.stack([a, b, c + a * self.middle[0] + b * self.middle[1]], -1).astype(np.float32)


def plane_of(config: Config) -> Plane:
    """The axes of a Config's data."""
    if config.data not in ("iris", "table"):
        return Plane((0.0, 0.0), (1.0, 1.0), ("x₁", "x₂"))
    return _plane(config.data, samples_of(config).axes)


@lru_cache(maxsize=8)
def _plane(data: str, axes: tuple) -> Plane:
    middle, unit, labels = [], [], []
    for axis in axes:
        power = math.floor(math.log10(6 * axis.unit))
        power = 0 if USUAL_RANGE[0] <= power <= USUAL_RANGE[1] else power
        middle.append(axis.middle / 10**power)
        unit.append(axis.unit / 10**power)
        name = Words("{name} (cm)", name=Words(axis.name)) if data == "iris" else axis.name
        labels.append(Words("{name} · 10^{power}", name=name, power=power) if power else name)
    return Plane(tuple(middle), tuple(unit), tuple(labels))


def class_names(config: Config, samples: Samples) -> Sequence[str]:
    """The classes as the reader knows them; those of a table of theirs stay as they are in every language."""
    return IRIS_CLASSES if config.data == "iris" else tuple(map(Name, samples.classes))


def rows_of(config: Config, samples: Samples) -> np.ndarray:
    """(N, 3) of x, y, class, as shown."""
    places = plane_of(config).shown(samples.places.numpy())
    return np.concatenate([places, samples.targets.numpy()[:, None]], 1)


def feature_names(config: Config, samples: Samples) -> Sequence[str]:
    """What the numbers that a method is given are called."""
    if config.data == "iris" and config.all_features:
        return [Words(name) for name in FEATURES.values()]
    return plane_of(config).labels

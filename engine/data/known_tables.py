"""Tables that come with scikit-learn: iris (Fisher 1936), and digits of 8 × 8 pixels (Alpaydin and Kaynak 1998)."""

from __future__ import annotations

from functools import cache

import numpy as np

from engine.contracts.words import Name

IRIS_FEATURES = {  # in the order of the table; all in cm
    "sepal_length": "sepal length",
    "sepal_width": "sepal width",
    "petal_length": "petal length",
    "petal_width": "petal width",
}
IRIS_CLASSES = (
    Name("setosa", zh="山鸢尾"),
    Name("versicolor", zh="变色鸢尾"),
    Name("virginica", zh="维吉尼亚鸢尾"),
)
SMALL_SIDE, SMALL_LEVELS = 8, 16  # pixels a side of a small digit; 0 paper to 16 ink


@cache
def iris() -> tuple[np.ndarray, np.ndarray]:
    """(150, 4) lengths in cm, and (150,) the number of the species, read-only."""
    from sklearn.datasets import load_iris  # a second to import

    table = load_iris()
    return _kept(table.data.astype(np.float64), table.target.astype(np.int64))


@cache
def small_digits() -> tuple[np.ndarray, np.ndarray]:
    """(1797, 64) uint8, 0 paper to 16 ink, row by row, and (1797,) what they show, read-only."""
    from sklearn.datasets import load_digits

    table = load_digits()
    return _kept(table.data.astype(np.uint8), table.target.astype(np.int64))


def _kept(*arrays: np.ndarray) -> tuple[np.ndarray, ...]:
    for array in arrays:
        array.setflags(write=False)
    return arrays

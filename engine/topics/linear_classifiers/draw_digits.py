"""kNN, SVM, softmax: pictures of digits, of weight rows, and of what is named wrongly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.contracts.film import Film
from engine.contracts.words import Words
from engine.pictures.pixels.values import PixelPicture, Tile

from .card import Config
from .draw import MODEL_NAMES
from .samples import samples_of

MOST_WRONG = 60  # digits that are shown at once


def templates(config: Config, film: Film, model: str) -> PixelPicture:
    """The weight row of every class as a picture, at each moment in its own range."""
    rows = film.stack(f"{model}_rows")  # (T, K, S, S)
    tiles = [
        Tile(np.ascontiguousarray(rows[:, at]), name, scale="signed", low=-1.0, high=1.0,
             unit=Words("of its largest weight"), cell_names=(Words("weight row"), Words("row"), Words("column")))
        for at, name in enumerate(samples_of(config).classes)
    ]  # fmt: skip
    alt = Words("Weight rows of the {model} as pictures, one a class", model=MODEL_NAMES[model])
    return PixelPicture(tiles, alt, columns=5, frames=film.frames, legend=model == "softmax")


def digits(config: Config, numbers: Sequence[int], captions: Sequence[str], alt: str, columns: int) -> PixelPicture:
    """Some digits by their numbers, with what stands below each; a click on one means its number."""
    samples = samples_of(config)
    side = samples.side
    tiles = [
        Tile(samples.inputs[at].reshape(side, side).numpy(), caption, scale="grey", low=0.0, high=1.0)
        for at, caption in zip(numbers, captions, strict=True)
    ]
    return PixelPicture(tiles, alt, columns=columns, legend=False, keys=tuple(numbers), whole=True)


def one(config: Config, number: int) -> PixelPicture:
    """One digit, and what it shows."""
    label = samples_of(config).targets[number].item()
    return digits(config, [number], [Words("shows {label}", label=label)], Words("The digit that is asked about"), 1)


def wrong(config: Config, said: Sequence[int]) -> PixelPicture | None:
    """The held-out digits that are named wrongly: what each shows, and what is said; None where all are right. Where
    there are more than MOST_WRONG, every so many of them, so that each class has its share.

    said: class named for each held-out digit.
    """
    samples = samples_of(config)
    found = [(at, int(samples.targets[at]), answer)
             for at, answer in zip(samples.held_out_rows.tolist(), said, strict=True)]  # fmt: skip
    found = sorted((one for one in found if one[1] != one[2]), key=lambda one: one[1])
    found = [found[k * len(found) // min(len(found), MOST_WRONG)] for k in range(min(len(found), MOST_WRONG))]
    numbers, captions = [at for at, *_ in found], [f"{label} → {answer}" for _, label, answer in found]
    alt = Words("Held-out digits that are named wrongly")
    return digits(config, numbers, captions, alt, 15) if numbers else None


def neighbours(config: Config, numbers: Sequence[int], captions: Sequence[str]) -> PixelPicture:
    """The nearest training digits, nearest first."""
    shown = slice(0, 20)
    return digits(config, numbers[shown], captions[shown], Words("The nearest training digits"), 10)

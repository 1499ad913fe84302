"""Regularisation: bad pixels, for a linear classifier with few large weights and one with many small ones."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import torch
from torch import Tensor

from engine.contracts.axes import axes, note, result
from engine.data.digits import load_digits
from engine.training.fit import seeded
from engine.training.proximal import proximal_gradient

from .card import SIDE, Config

EXAMPLES = 400  # trained on
FITTING = 400  # accelerated proximal steps
MOST = 24  # pixels spoiled at once
DRAWS = 5  # choices of random pixels
PIXELS = SIDE * SIDE


@result
class Result:
    """Two logistic classifiers of the same digits, the held-out ones, and what k bad pixels in each of them do.

    The score w·x + b is positive for the first digit of the pair. A bad pixel is all ink or all paper, whichever pulls
    the score further to the wrong side.
    """

    config: Config = note("what was asked for")
    weights: Tensor = axes("classifier row column", "w of L1 and of L2")
    bias: Tensor = axes("classifier", "b, which has no price")
    images: Tensor = axes("digit row column", "the held-out digits, 0 paper and 1 ink")
    sign: Tensor = axes("digit", "1 for the first digit of the pair, −1 for the second")
    score: Tensor = axes("classifier digit", "w·x + b")
    count: Tensor = axes("amount", "k, the bad pixels in every digit", unit="pixels")
    worst: Tensor = axes("classifier amount", "share named rightly with the k worst pixels of each digit bad")
    random: Tensor = axes("classifier amount", "the same with k random pixels, the mean of five choices")
    nonzero: Tensor = axes("classifier", "weights that are not exactly 0", unit="weights")
    largest: Tensor = axes("classifier", "largest |w|")


def digits_of(pair: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Digits of a pair, (N, 784) float64 from 0 to 1, and their signs: to train on, then held out."""
    data, (first, second) = load_digits(), map(int, pair.split("-"))
    parts = []
    for images, labels, most in (
        (data.train_images, data.train_labels, EXAMPLES), (data.held_out_images, data.held_out_labels, None),
    ):  # fmt: skip
        chosen = ((labels == first) | (labels == second)).nonzero()[0][:most]
        parts += [
            torch.from_numpy(images[chosen].reshape(-1, PIXELS) / 255),
            torch.from_numpy((labels[chosen] == first) * 2.0 - 1),
        ]
    return tuple(parts)


def logistic(inputs: Tensor, signs: Tensor, strength: float, mix: float, steps: int = FITTING) -> Tensor:
    """(P + 1,) weights, then the bias, of least mean ln(1 + exp(−y (w·x + b))) + penalty, by proximal steps.

    inputs (N, P) float64, signs y (N,) of ±1.
    """
    middle = inputs.mean(0)  # taken away for the steps: the bias then minds the weights less, and arrives sooner
    with_one = torch.cat([inputs - middle, torch.ones(len(inputs), 1, dtype=inputs.dtype)], 1)
    curvature = torch.linalg.matrix_norm(with_one, 2).item() ** 2 / (4 * len(inputs))  # at most

    def gradient(w: Tensor) -> Tensor:
        return -with_one.T @ (signs * torch.sigmoid(-signs * (with_one @ w))) / len(inputs)

    start = torch.zeros(with_one.shape[1], dtype=inputs.dtype)
    moves = proximal_gradient(gradient, start, 1 / curvature, strength, mix, free=1, accelerated=True)
    w = next(islice(moves, steps, None))
    return torch.cat([w[:-1], (w[-1] - w[:-1] @ middle)[None]])


def harm(inputs: Tensor, signs: Tensor, weights: Tensor) -> Tensor:
    """(N, P) by how much each pixel can pull the score y (w·x + b) down, by becoming all paper or all ink."""
    toward_paper = signs[:, None] * weights * inputs
    return torch.maximum(toward_paper, toward_paper - signs[:, None] * weights)


def accuracies(margins: Tensor, falls: Tensor) -> Tensor:
    """(K + 1,) share of margins (N,) that stay positive after the first k of the falls (N, K), k from 0."""
    left = margins[:, None] - torch.cat([torch.zeros(len(falls), 1, dtype=falls.dtype), falls.cumsum(1)], 1)
    return (left > 0).double().mean(0)


def run(config: Config) -> Result:
    """Train both classifiers, and spoil pixels of the held-out digits."""
    inputs, signs, held_out, held_out_signs = digits_of(config.pair)
    fitted = [logistic(inputs, signs, *how) for how in ((config.pixel_l1, 1.0), (config.pixel_l2, 0.0))]
    with seeded(0) as generator:
        chosen = [torch.rand(held_out.shape, generator=generator).argsort(1)[:, :MOST] for _ in range(DRAWS)]
    scores, worst, random = [], [], []
    for w in fitted:
        scores.append(held_out @ w[:-1] + w[-1])
        harms, margins = harm(held_out, held_out_signs, w[:-1]), held_out_signs * scores[-1]
        worst.append(accuracies(margins, harms.topk(MOST, 1).values))
        random.append(torch.stack([accuracies(margins, harms.gather(1, one)) for one in chosen]).mean(0))
    weights = torch.stack([w[:-1] for w in fitted])
    return Result(
        config=config,
        weights=weights.reshape(-1, SIDE, SIDE),
        bias=torch.stack([w[-1] for w in fitted]),
        images=held_out.reshape(-1, SIDE, SIDE).float(),
        sign=held_out_signs,
        score=torch.stack(scores),
        count=torch.arange(MOST + 1),
        worst=torch.stack(worst),
        random=torch.stack(random),
        nonzero=(weights != 0).sum(1),
        largest=weights.abs().amax(1),
    )


def spoiled(result: Result, digit: int, pixels: Sequence[int]) -> Tensor:
    """A held-out digit (784,) with these pixels turned round: ink where there is little, paper where there is much."""
    image = result.images[digit].reshape(-1).double().clone()
    rows = list(pixels)
    image[rows] = (image[rows] < 0.5).double()
    return image


def scores_of(result: Result, image: Tensor) -> Tensor:
    """(classifier,) w·x + b of one picture (784,)."""
    return result.weights.flatten(1) @ image + result.bias


def worst_pixels(result: Result, digit: int, classifier: int, count: int) -> list[int]:
    """The pixels of a digit by which its score falls furthest, the worst first."""
    falls = harm(
        result.images[digit].reshape(1, -1).double(), result.sign[digit : digit + 1],
        result.weights[classifier].flatten(),
    )  # fmt: skip
    return falls[0].topk(count).indices.tolist()

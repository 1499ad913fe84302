"""Regularisation: double descent, measured on digits with random features and least squares."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.contracts.axes import axes, note, result
from engine.data.digits import CLASSES, load_digits
from engine.models.random_features import least_squares, random_relu
from engine.training.fit import breathe, seeded

from .card import Config

SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0, 1.05, 1.1, 1.2, 1.3, 1.4, 1.6, 1.8, 2.0, 2.5, 3.0,
          3.5, 4.0, 4.5, 5.0)  # features for each training digit  # fmt: skip
SEEDS = 5
EVERY = 4  # of the 2,000 held-out digits


@result
class Result:
    """The error of random features with a least-squares read-out, for every number of features, averaged over seeds."""

    config: Config = note("what was asked for")
    features: Tensor = axes("width", "number of random features", unit="features")
    test_error: Tensor = axes("seed width", "share of 500 held-out digits named wrongly")
    train_error: Tensor = axes("seed width", "share of the training digits named wrongly")
    test_loss: Tensor = axes("seed width", "mean squared error on the held-out digits")
    train_loss: Tensor = axes("seed width", "mean squared error on the training digits")
    length: Tensor = axes("seed width", "length ‖w‖ of all weights of the read-out")


def widths(config: Config) -> list[int]:
    """Numbers of features that are tried."""
    return [round(share * config.examples) for share in SHARES]


def run(config: Config) -> Result:
    """Draw features, solve for the read-out, and count what it gets wrong, SEEDS times."""
    data, ridge = load_digits(), float(config.ridge)
    train, train_labels = _flat(data.train_images), torch.from_numpy(data.train_labels.copy())
    test, test_labels = _flat(data.held_out_images[::EVERY]), torch.from_numpy(data.held_out_labels[::EVERY].copy())
    found: list[list[tuple[float, ...]]] = []
    for number in range(SEEDS):
        with seeded(1000 * config.seed + number) as generator:
            rows = torch.randperm(len(train), generator=generator)[: config.examples]
            labels = train_labels[rows]
            wrong = torch.rand(len(rows), generator=generator) < config.flips
            labels = torch.where(wrong, torch.randint(0, CLASSES, (len(rows),), generator=generator), labels)
            first = random_relu(train.shape[1], widths(config)[-1], generator)
        seen, unseen = torch.relu(train[rows] @ first.T), torch.relu(test @ first.T)
        targets, test_targets = _targets(labels), _targets(test_labels)
        found.append([])
        for count in widths(config):
            w = least_squares(seen[:, :count], targets, ridge)
            answers, others = seen[:, :count] @ w, unseen[:, :count] @ w
            found[-1].append((
                (others.argmax(1) != test_labels).double().mean().item(),
                (answers.argmax(1) != labels).double().mean().item(),
                (others - test_targets).square().sum(1).mean().item(),
                (answers - targets).square().sum(1).mean().item(),
                w.norm().item(),
            ))  # fmt: skip
            breathe(4)
    test_error, train_error, test_loss, train_loss, length = torch.tensor(found, dtype=torch.float64).unbind(-1)
    return Result(
        config=config,
        features=torch.tensor(widths(config)),
        test_error=test_error,
        train_error=train_error,
        test_loss=test_loss,
        train_loss=train_loss,
        length=length,
    )


def _flat(images) -> Tensor:
    return torch.from_numpy(images.reshape(len(images), -1) / 255)


def _targets(labels: Tensor) -> Tensor:
    """One for the right class, zero for the others, without their mean."""
    return torch.nn.functional.one_hot(labels, CLASSES).double() - 1 / CLASSES

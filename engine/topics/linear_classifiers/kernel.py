"""Kernel SVM: solved by scikit-learn, and its scores worked out here from the support vectors."""

from __future__ import annotations

import warnings
from itertools import combinations

import numpy as np
import torch
from torch import Tensor

from engine.contracts.axes import axes, note, result
from engine.contracts.embed import embedded

from .card import Config
from .samples import SIDE, Samples, samples_of

MOST_ROUNDS = 200_000  # of the solver, so that no choice of knobs takes minutes
ADDED = 1.0  # to the product of the polynomial kernel


@result
class Result:
    """An SVM for every pair of classes, its support vectors, and what it says at every spot of the plane."""

    inputs: Tensor = axes("point feature", "the points, or the pixels of the digits")
    targets: Tensor = axes("point", "class of each point")
    is_train: Tensor = axes("point", "whether the point is learned from")
    plane: Tensor = axes("row column class", "1 for the class named at each spot; nothing where the data are digits")
    f: Tensor = axes("row column pair", "f of every pair of classes at each spot: above 0 for the first of the two")
    support: Tensor = axes("support_vector", "numbers of the points that are support vectors")
    coefficients: Tensor = axes("pair support_vector", "α y of each support vector; 0 where it plays no part in a pair")
    offset: Tensor = axes("pair", "b of each pair")
    answers: Tensor = axes("held_out", "class named for each held-out point")
    accuracy: Tensor = axes("", "share of the held-out points named rightly", gaps=True)
    train_accuracy: Tensor = axes("", "share of the training points named rightly", gaps=True)
    finished: bool = note("whether the solver came to its end")
    config: Config = note("what was asked for")


def run(config: Config) -> Result:
    """Solve the SVM of every pair of classes, and let it answer everywhere."""
    samples = samples_of(config)
    support, coefficients, offset, finished = (torch.tensor(part) for part in solved(config))
    train, held_out = samples.train_rows, samples.held_out_rows
    vectors = samples.inputs[support].double()

    def f_of(inputs: Tensor) -> Tensor:
        return kernel_of(config, inputs.double(), vectors) @ coefficients.T + offset

    plane, side = f_of(samples.plane()), 0 if samples.side else SIDE
    count = len(samples.classes)
    named = voted(plane, count)
    answers, on_train = (voted(f_of(samples.inputs[part]), count) for part in (held_out, train))
    return Result(
        inputs=samples.inputs,
        targets=samples.targets,
        is_train=samples.is_train,
        plane=torch.nn.functional.one_hot(named, count).reshape(side, side, count).float(),
        f=plane.reshape(side, side, plane.shape[1]).float(),
        support=support,
        coefficients=coefficients,
        offset=offset,
        answers=answers,
        accuracy=(answers == samples.targets[held_out]).double().mean(),
        train_accuracy=(on_train == samples.targets[train]).double().mean(),
        finished=bool(finished),
        config=config,
    )


def pairs(classes: int) -> list[tuple[int, int]]:
    """The pairs of classes, in the order in which all that has a pair has them."""
    return list(combinations(range(classes), 2))


def kernel_of(config: Config, one: Tensor, other: Tensor) -> Tensor:
    """K(a, b) of all pairs: (M, D), (N, D) -> (M, N)."""
    match config.kernel:
        case "linear":
            return one @ other.T
        case "poly":
            return (config.gamma * one @ other.T + ADDED) ** config.degree
    return torch.exp(-config.gamma * torch.cdist(one, other).square())


def voted(f: Tensor, classes: int) -> Tensor:
    """f (M, P) of all pairs -> (M,) the class that wins most of its pairs; of several with as many the first."""
    won = torch.zeros(len(f), classes)
    for at, (first, second) in enumerate(pairs(classes)):
        won[:, first] += f[:, at] > 0
        won[:, second] += f[:, at] <= 0
    return won.max(1).indices


@embedded
def solved(config: Config) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(numbers of the support vectors among all points (S,), α y (P, S), b (P,), whether the solver came to its end),
    by scikit-learn's SVC, which solves one SVM for each pair of classes (libsvm, Chang and Lin 2011).

    Pairs with a class that no training point has get f = 1 for the other one: b = ±1 and no support vector.
    """
    samples = samples_of(config)
    rows = samples.train_rows.numpy()
    there = sorted(set(samples.targets[rows].tolist()))
    every = pairs(len(samples.classes))
    offset = np.array([1.0 if first in there or second not in there else -1.0 for first, second in every])
    if len(there) < 2:
        return np.zeros(0, np.int64), np.zeros((len(every), 0)), offset, np.array(True)
    from sklearn.svm import SVC  # a second to import

    machine = SVC(
        kernel=config.kernel, C=config.penalty, gamma=config.gamma, degree=config.degree, coef0=ADDED,
        decision_function_shape="ovo", cache_size=64, max_iter=MOST_ROUNDS,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it did not come to its end is said on the page
        machine.fit(samples.inputs[rows].double().numpy(), samples.targets[rows].numpy())
    coefficients = np.zeros((len(every), len(machine.support_)))
    ends = np.cumsum([0, *machine.n_support_])
    sign = -1.0 if len(there) == 2 else 1.0  # with two classes it says f of the second
    for at, (one, other) in enumerate(pairs(len(there))):
        place = every.index((there[one], there[other]))
        mine, theirs = slice(*ends[one : one + 2]), slice(*ends[other : other + 2])
        coefficients[place, mine] = sign * machine.dual_coef_[other - 1, mine]
        coefficients[place, theirs] = sign * machine.dual_coef_[one, theirs]
        offset[place] = sign * machine.intercept_[at]
    return rows[machine.support_], coefficients, offset, np.array(machine.fit_status_ == 0)


def f_at(result: Result, samples: Samples, inputs: Tensor) -> tuple[Tensor, Tensor]:
    """At one input (D,): K to every support vector (S,), and f of every pair (P,)."""
    vectors = samples.inputs[result.support].double()
    alike = kernel_of(result.config, inputs.double()[None], vectors)[0]
    return alike, result.coefficients @ alike + result.offset

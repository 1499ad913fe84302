"""Proximal steps, patience, folds, least squares: against scikit-learn, PyTorch and closed forms."""

from itertools import islice

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from engine.data.folds import folds
from engine.models.random_features import least_squares, random_relu
from engine.training.fit import seeded
from engine.training.patience import Patience
from engine.training.proximal import proximal_gradient, shrunk, soft_threshold, subgradient, subgradient_descent

N, P = 60, 12


def task():
    """A linear task, centred, in which a third of the inputs say something."""
    with seeded(3) as generator:
        x = torch.randn(N, P, generator=generator, dtype=torch.float64)
        x = x + 0.5 * x[:, :1]
        true = torch.zeros(P, dtype=torch.float64)
        true[::3] = torch.tensor([2.0, -1.5, 0.7, 0.3], dtype=torch.float64)
        y = x @ true + 0.5 * torch.randn(N, generator=generator, dtype=torch.float64)
    return x - x.mean(0), y - y.mean()


def solved(x, y, alpha, mix, **more):
    rate = len(x) / torch.linalg.matrix_norm(x, 2).item() ** 2
    start = torch.zeros(P, dtype=x.dtype)
    steps = proximal_gradient(lambda w: x.T @ (x @ w - y) / len(x), start, rate, alpha, mix, **more)
    return next(islice(steps, 3000, None))


@pytest.mark.parametrize("accelerated", [False, True])
@pytest.mark.parametrize("alpha", [0.01, 0.1, 0.5])
def test_lasso_and_elastic_net_are_those_of_scikit_learn(alpha, accelerated):
    from sklearn.linear_model import ElasticNet, Lasso

    x, y = task()
    how = {"fit_intercept": False, "tol": 1e-12, "max_iter": 100_000}
    for mix, model in ((1.0, Lasso(alpha, **how)), (0.5, ElasticNet(alpha, l1_ratio=0.5, **how))):
        wanted = model.fit(x.numpy(), y.numpy()).coef_
        found = solved(x, y, alpha, mix, accelerated=accelerated).numpy()
        assert found == pytest.approx(wanted, abs=1e-7)
        assert ((found == 0) == (wanted == 0)).all()
    assert alpha < 0.1 or (found == 0).any()


def test_ridge_is_the_closed_form_and_that_of_scikit_learn():
    from sklearn.linear_model import Ridge

    x, y = task()
    alpha, identity = 0.3, torch.eye(P, dtype=x.dtype)
    wanted = torch.linalg.solve(x.T @ x / N + alpha * identity, x.T @ y / N)
    assert torch.allclose(solved(x, y, alpha, 0.0), wanted, atol=1e-10)
    ridge = Ridge(alpha * N, fit_intercept=False).fit(x.numpy(), y.numpy())
    assert ridge.coef_ == pytest.approx(wanted.numpy(), abs=1e-9)
    assert torch.allclose(least_squares(x, y[:, None], alpha * N)[:, 0], wanted)


def test_plain_subgradient_steps_come_to_the_same_loss_and_never_to_zero():
    x, y = task()

    def price(w):
        return ((x @ w - y).square().sum() / (2 * N) + 0.1 * w.abs().sum()).item()

    best = solved(x, y, 0.1, 1.0)
    walk = subgradient_descent(lambda w: x.T @ (x @ w - y) / N, torch.ones(P, dtype=x.dtype), 0.01, 0.1)
    walked = list(islice(walk, 3000))
    assert not any((w == 0).any() for w in walked)
    assert price(walked[-1]) == pytest.approx(price(best), abs=1e-3)
    assert (best == 0).sum() >= 3


def test_the_soft_threshold_is_pytorchs_and_the_step_is_the_lowest_place():
    with seeded(0) as generator:
        values = torch.randn(200, generator=generator, dtype=torch.float64)
    assert torch.equal(soft_threshold(values, 0.4), F.softshrink(values, 0.4))
    places = torch.linspace(-4, 4, 80_001, dtype=torch.float64)
    for value in (-1.3, -0.1, 0.2, 2.0):
        costs = (places - value).square() / 2 + 0.5 * (0.6 * places.abs() + 0.4 / 2 * places.square())
        assert shrunk(torch.tensor(value), 0.5, 1.0, 0.6) == pytest.approx(places[costs.argmin()].item(), abs=1e-3)
    assert torch.equal(subgradient(torch.tensor([-2.0, 0.0, 3.0]), 0.5), torch.tensor([-0.5, 0.0, 0.5]))


def test_what_is_free_has_no_price():
    x, y = task()
    w = next(islice(proximal_gradient(
        lambda w: torch.cat([x.T @ (x @ w[:-1] + w[-1] - y - 5), (x @ w[:-1] + w[-1] - y - 5).sum()[None]]) / N,
        torch.zeros(P + 1, dtype=x.dtype), 0.1, 100.0, free=1), 500, None))  # fmt: skip
    assert (w[:-1] == 0).all()
    assert w[-1] == pytest.approx(5.0)


@pytest.mark.parametrize(("count", "parts"), [(40, 5), (41, 5), (10, 10), (7, 2)])
def test_folds_are_those_of_scikit_learn(count, parts):
    from sklearn.model_selection import KFold

    wanted = [test for _, test in KFold(parts).split(np.zeros(count))]
    assert [row.nonzero().flatten().tolist() for row in folds(count, parts)] == [one.tolist() for one in wanted]
    with seeded(1) as generator:
        mixed = folds(count, parts, generator)
    assert (mixed.sum(0) == 1).all()
    assert sorted(mixed.sum(1).tolist()) == sorted(map(len, wanted))
    with pytest.raises(ValueError, match=f"expected 2 to {count} folds"):
        folds(count, count + 1)


def test_the_shortest_fit_is_that_of_lstsq_and_ridge_goes_over_into_it():
    with seeded(2) as generator:
        first = random_relu(20, 50, generator)
        inputs = torch.randn(15, 20, generator=generator, dtype=torch.float64)
        targets = torch.randn(15, 3, generator=generator, dtype=torch.float64)
    seen = torch.relu(inputs @ first.T)
    shortest = least_squares(seen, targets)
    assert np.linalg.lstsq(seen.numpy(), targets.numpy(), rcond=None)[0] == pytest.approx(shortest.numpy(), abs=1e-9)
    assert torch.allclose(seen @ shortest, targets)
    assert torch.allclose(least_squares(seen, targets, 1e-9), shortest, atol=1e-6)
    tall = seen[:, :5]
    wanted = torch.linalg.solve(tall.T @ tall + 0.7 * torch.eye(5, dtype=torch.float64), tall.T @ targets)
    assert torch.allclose(least_squares(tall, targets, 0.7), wanted)


def test_patience_goes_back_to_the_best():
    model, patience = torch.nn.Linear(1, 1), Patience(3)
    stops = []
    for step, loss in enumerate([5.0, 3.0, 4.0, float("nan"), 4.0]):
        torch.nn.init.constant_(model.weight, step)
        stops.append(patience.look(step, loss, model))
    assert stops == [False, False, False, False, True]
    assert (patience.best_step, patience.best, patience.stopped_at) == (1, 3.0, 4)
    assert model.weight.item() == 1

"""Many small networks trained at once beside one after the other, and our Lasso beside scikit-learn's."""

from __future__ import annotations

from itertools import islice

import torch
from torch import Tensor

from engine.bench.comparison import Comparison, Prepared, close
from engine.models.mlp.mlp import MultiLayerPerceptron
from engine.training.fit import seeded
from engine.training.proximal import proximal_gradient

from .card import Config
from .folds import train_together
from .task import loss_of, points_of

NETWORKS, STEPS, WIDTH, PRICE = 12, 30, 32, 0.01


def _networks() -> list[MultiLayerPerceptron]:
    made = []
    for number in range(NETWORKS):
        with seeded(number) as generator:
            made.append(MultiLayerPerceptron(2, (WIDTH, WIDTH), 1, "relu", generator).eval())
    return made


def together() -> Prepared:
    """Twelve networks of the folds, 30 steps each: all in one backward pass, against one network after the other."""
    inputs, labels = points_of(Config()).train
    used, price = torch.ones(NETWORKS, len(inputs), dtype=torch.bool), torch.full((NETWORKS,), PRICE)

    def ours() -> Tensor:
        _, trained = train_together(_networks(), inputs, labels, used, price, 0.3, STEPS)
        return trained["output.linear.weight"].reshape(NETWORKS, -1)

    def alone() -> Tensor:
        ends = []
        for model in _networks():
            optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
            for _ in range(STEPS):
                optimizer.zero_grad()
                squares = sum(layer.linear.weight.square().sum() for layer in model.layers)
                (loss_of(model(inputs), labels) + PRICE / 2 * squares).backward()
                optimizer.step()
            ends.append(model.layers[-1].linear.weight.detach().flatten())
        return torch.stack(ends)

    return Prepared(ours, alone, lambda a, b: close(a, b, 1e-4), NETWORKS * STEPS)


def lasso() -> Prepared:
    """The Lasso of 200 examples and 50 inputs by accelerated proximal steps, against scikit-learn's by coordinates."""
    from sklearn.linear_model import Lasso

    with seeded(0) as generator:
        x = torch.randn(200, 50, generator=generator, dtype=torch.float64)
        y = x[:, :5].sum(1) + 0.3 * torch.randn(200, generator=generator, dtype=torch.float64)
    rate = len(x) / torch.linalg.matrix_norm(x, 2).item() ** 2
    left, right = x.T @ x / len(x), x.T @ y / len(x)

    def ours() -> Tensor:
        start = torch.zeros(50, dtype=torch.float64)
        return next(
            islice(proximal_gradient(lambda w: left @ w - right, start, rate, 0.1, accelerated=True), 200, None)
        )

    def theirs() -> Tensor:
        return torch.from_numpy(Lasso(0.1, fit_intercept=False, tol=1e-10).fit(x.numpy(), y.numpy()).coef_)

    return Prepared(ours, theirs, lambda a, b: close(a, b, 1e-5))


COMPARISONS = {
    "together": Comparison("12 networks trained at once", "one after the other", "step of one", together),
    "lasso": Comparison("Lasso by 200 proximal steps", "scikit-learn's by coordinates", "fit", lasso),
}

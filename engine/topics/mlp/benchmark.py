"""A watched training beside one that nobody watches."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from engine.bench.comparison import Comparison, Prepared, close, weights_of
from engine.training.fit import batches_of, seeded

from .card import Config
from .experiment import Experiment

SOLVED = 0.98  # of the points it has not seen


def spiral() -> Prepared:
    """The default spiral of the MLP playground until 98 % of its test points are right, with all that the page shows
    every 10 steps; against a bare loop of as many steps that looks at nothing."""
    config = Config()

    def solve() -> tuple[int, Tensor]:
        experiment = Experiment(config)
        for snapshot in experiment.train(config.until):
            if snapshot.values["test_accuracy"] >= SOLVED:
                return snapshot.step, weights_of(experiment.model)
        raise ArithmeticError(f"the spiral is not solved within {config.until} steps")

    steps, _ = solve()

    def bare() -> tuple[int, Tensor]:
        experiment = Experiment(config)
        model = nn.Sequential()
        for layer in experiment.model.layers:
            model.extend([layer.linear, _Function(layer.activation)])
        optimizer = experiment.optimizer()
        rows = experiment.train_rows
        with seeded(config.seed + 20_000) as generator:
            batches = batches_of(
                experiment.features[rows], experiment.device_targets[rows], config.batch_size, generator
            )
            for _ in range(steps):
                inputs, targets = next(batches)
                optimizer.zero_grad()
                experiment.loss(model(inputs), targets).backward()
                optimizer.step()
        return steps, weights_of(experiment.model)

    return Prepared(solve, bare, lambda a, b: a[0] == b[0] and close(a[1], b[1], 1e-4), steps)


class _Function(nn.Module):
    """A function as a module."""

    def __init__(self, function: Callable[[Tensor], Tensor]):
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


COMPARISONS = {
    "spiral": Comparison("spiral solved to 98 %, shown as it goes", "bare loop of as many steps", "step", spiral),
}

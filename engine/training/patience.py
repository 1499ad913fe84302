"""Early stopping: training ends when held-out points show no improvement for a while, and goes back to the best."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator

import torch
from torch import nn

from engine.training.fit import Snapshot


class Patience:
    """The lowest held-out loss so far, and its weights (Prechelt 1998). steps: how long a lower one may stay away."""

    def __init__(self, steps: int):
        self.steps, self.best, self.best_step, self.stopped_at = steps, math.inf, 0, None
        self._weights: list[torch.Tensor] = []

    def look(self, step: int, loss: float, model: nn.Module) -> bool:
        """Note the held-out loss after a step; whether to stop. If so, the model has the best weights again."""
        if loss < self.best:
            self.best, self.best_step = loss, step
            self._weights = [parameter.detach().clone() for parameter in model.parameters()]
        if step - self.best_step < self.steps:
            return False
        with torch.no_grad():
            for parameter, best in zip(model.parameters(), self._weights, strict=True):
                parameter.copy_(best)
        self.stopped_at = step
        return True


def until_patience_ends(
    training: Iterator[Snapshot],
    patience: Patience,
    loss: Callable[[], float],
    model: nn.Module,
    observe: Callable[[Snapshot], Snapshot],
    every: int,
) -> Generator[Snapshot, int | None, None]:
    """Snapshots of a training that sends one after every step, until patience ends; the last has the best weights.

    loss(): the held-out loss; observe(snapshot) -> what is shown of it. Takes .send(n) like every training. How often
    one looks changes nothing.
    """
    due = 0
    for snapshot in training:
        model.eval()
        stop = patience.look(snapshot.step, loss(), model)
        if stop or snapshot.step >= due or snapshot.step == snapshot.total or not math.isfinite(snapshot.loss):
            wanted = yield observe(snapshot)
            due = snapshot.step + (wanted or every)
        if stop:
            return

"""A training loop that yields what it sees."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from engine.contracts.axes import bytes_of

STEPS_BETWEEN_BREATHS = 4
BREATH_SECONDS = 0.0005


@dataclass(frozen=True, eq=False)
class Snapshot:
    """What a training run looks like after `step` optimiser steps.

    loss: value of the loss on the last batch (NaN at step 0, before any batch); gradient_norm: Euclidean norm of all
    gradients of that batch; values: arrays by name, made by the `observe` function; total: the last step, if known.
    """

    step: int
    loss: float
    gradient_norm: float
    values: Mapping[str, Any] = field(default_factory=dict)
    total: int | None = None

    @property
    def nbytes(self) -> int:
        """Bytes of all values, those in lists included, so that histories can be bounded."""
        return 200 + bytes_of(self.values)


class TrainingDiverged(ArithmeticError):
    """The loss is no longer a number. `step` says when; the reader learns that the learning rate is too high.

    A lesson, not a fault: `template` and `values` let a page say it in the reader's language.
    """

    template = (
        "At step {step} the loss stopped being a number: the learning rate is too high for this network. "
        "Lower it and train again."
    )

    def __init__(self, step: int, loss: float):
        super().__init__(f"the loss became {loss} at step {step}: the learning rate is too high for this network")
        self.step, self.loss = step, loss
        self.values = {"step": step}


@contextmanager
def seeded(seed: int) -> Iterator[torch.Generator]:
    """A random generator of its own for this block. The process-wide seed is never touched: visitors share it."""
    generator = torch.Generator()
    generator.manual_seed(seed)
    yield generator


def fit(
    model: nn.Module,
    batches: Iterable[tuple[Tensor, Tensor]],
    loss_function: Callable[[Tensor, Tensor], Tensor],
    optimizer: torch.optim.Optimizer,
    *,
    observe: Callable[[int], Mapping[str, Any]],
    steps: int,
    snapshot_every: int = 10,
    penalty: Callable[[], Tensor] | None = None,
    after_step: Callable[[int], None] | None = None,
) -> Generator[Snapshot, int | None, None]:
    """Train for `steps` optimiser steps and yield Snapshots: one before the first step, then every `snapshot_every`.

    `generator.send(n)` asks for the next snapshot after n steps instead. How often one looks never changes the result:
    `observe(step)` must not draw from the generators that training uses. `penalty()` is added to the loss that is
    minimised (not to the one reported); `after_step(step)` runs after every update (proximal steps, edits by hand).
    Raises TrainingDiverged when the loss is no longer finite, after a last Snapshot that shows it, and ValueError when
    `batches` end before the last step.
    """
    model.eval()
    wanted = yield Snapshot(0, math.nan, math.nan, observe(0), steps)
    due = wanted or snapshot_every
    source = iter(batches)
    for step in range(1, steps + 1):
        batch = next(source, None)
        if batch is None:
            raise ValueError(f"expected batches for {steps} steps, they ended after {step - 1}")
        inputs, targets = batch
        model.train()
        optimizer.zero_grad(set_to_none=True)
        loss = loss_function(model(inputs), targets)
        total = loss if penalty is None else loss + penalty()
        total.backward()
        optimizer.step()
        if after_step is not None:
            after_step(step)
        value = loss.item()
        if step >= due or step == steps or not math.isfinite(value):
            model.eval()
            norm = gradient_norm(model)
            wanted = yield Snapshot(step, value, norm, observe(step), steps)
            if not math.isfinite(value):
                raise TrainingDiverged(step, value)
            due = step + (wanted or snapshot_every)
        breathe(step)


def breathe(step: int) -> None:
    """Every few steps a short rest that lets other visitors' clicks in: Python runs one thread at a time."""
    if step % STEPS_BETWEEN_BREATHS == 0:
        time.sleep(BREATH_SECONDS)


def gradient_norm(model: nn.Module) -> float:
    """Euclidean norm of all gradients of a model; 0 where there are none."""
    squares = [parameter.grad.square().sum() for parameter in model.parameters() if parameter.grad is not None]
    return math.sqrt(sum(square.item() for square in squares))


def batches_of(
    inputs: Tensor, targets: Tensor, batch_size: int, generator: torch.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    """Endless batches: every epoch in a new random order; the last batch of an epoch may be smaller.

    inputs (N, ...), targets (N, ...), both on one device; `generator` lives on the CPU. ValueError for an empty set, a
    batch size below 1, or unequal numbers of inputs and targets.
    """
    count = len(inputs)
    if len(targets) != count:
        raise ValueError(f"expected as many targets as inputs, got {len(targets)} for {count}")
    if batch_size < 1:
        raise ValueError(f"expected a batch size of at least 1, got {batch_size}")
    if count == 0:
        raise ValueError("expected at least one sample, got none")
    if batch_size >= count:  # the order within one full batch changes nothing
        while True:
            yield inputs, targets
    while True:
        order = torch.randperm(count, generator=generator).to(inputs.device)
        for start in range(0, count, batch_size):
            chosen = order[start : start + batch_size]
            yield inputs[chosen], targets[chosen]

"""The training loop: step for step the loop one would write by hand, however often somebody looks."""

import itertools
import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from engine.models.mlp.mlp import SeededDropout
from engine.training.fit import Snapshot, TrainingDiverged, batches_of, fit, gradient_norm, seeded

STEPS = 23


def make(seed=0, dropout=0.0):
    """A model, its batches and its optimiser, all from one seed."""
    generator = torch.Generator().manual_seed(seed)
    model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), SeededDropout(dropout, generator), nn.Linear(8, 2))
    for parameter in model.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator)
    inputs, targets = torch.randn(50, 3, generator=generator), torch.randint(0, 2, (50,), generator=generator)
    batches = batches_of(inputs, targets, 16, generator)
    return model, batches, torch.optim.Adam(model.parameters(), lr=0.05)


def flat(model):
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


def by_hand(model, batches, optimizer, steps):
    """(loss, gradient norm, weights) after every step of the plainest possible loop."""
    seen = []
    for inputs, targets in itertools.islice(batches, steps):
        model.train()
        optimizer.zero_grad()
        loss = F.cross_entropy(model(inputs), targets)
        loss.backward()
        norm = torch.cat([parameter.grad.flatten() for parameter in model.parameters()]).double().norm().item()
        optimizer.step()
        seen.append((loss.item(), norm, flat(model)))
    return seen


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_equals_a_loop_written_by_hand(dropout):
    expected = by_hand(*make(dropout=dropout), STEPS)
    model, batches, optimizer = make(dropout=dropout)
    run = fit(model, batches, F.cross_entropy, optimizer, observe=lambda step: {}, steps=STEPS, snapshot_every=1)
    first, *rest = [(snapshot, flat(model)) for snapshot in run]
    assert (first[0].step, first[0].total) == (0, STEPS)
    assert math.isnan(first[0].loss)
    assert [snapshot.step for snapshot, _ in rest] == list(range(1, STEPS + 1))
    for (snapshot, weights), (loss, norm, expected_weights) in zip(rest, expected, strict=True):
        assert snapshot.loss == loss
        assert snapshot.gradient_norm == pytest.approx(norm, rel=1e-5)
        assert torch.equal(weights, expected_weights)


def look(model, x):
    """Observing runs the model; it must not draw from the dropout generator."""
    with torch.no_grad():
        model(x)
    return {}


def looks_by_sending(strides):
    def drive(run):
        snapshots, strides_left = [next(run)], itertools.cycle(strides)
        while True:
            try:
                snapshots.append(run.send(next(strides_left)))
            except StopIteration:
                return snapshots

    return drive


@pytest.mark.parametrize(
    ("every", "drive", "steps_seen"),
    [
        (1, list, list(range(STEPS + 1))),
        (7, list, [0, 7, 14, 21, 23]),
        (1000, list, [0, 23]),
        (10, looks_by_sending([1, 5]), [0, 1, 6, 7, 12, 13, 18, 19, 23]),
        (10, looks_by_sending([None, 4]), [0, 10, 14, 23]),
    ],
)
def test_how_often_one_looks_never_changes_the_weights(every, drive, steps_seen):
    reference = by_hand(*make(dropout=0.3), STEPS)[-1][2]
    model, batches, optimizer = make(dropout=0.3)
    x = torch.ones(4, 3)
    run = fit(
        model, batches, F.cross_entropy, optimizer, observe=lambda step: look(model, x), steps=STEPS,
        snapshot_every=every,
    )  # fmt: skip
    assert [snapshot.step for snapshot in drive(run)] == steps_seen
    assert torch.equal(flat(model), reference)


def test_penalty_is_minimised_but_not_reported_and_after_step_runs_each_time():
    model, batches, _ = make()
    weights = [layer.weight for layer in (model[0], model[3])]
    called = []
    run = fit(
        model, batches, F.cross_entropy, torch.optim.SGD(model.parameters(), lr=0.1), observe=lambda step: {}, steps=3,
        snapshot_every=1, penalty=lambda: sum(weight.square().sum() for weight in weights), after_step=called.append,
    )  # fmt: skip
    next(run)
    before = [parameter.detach().clone() for parameter in model.parameters()]
    other, other_batches, _ = make()
    loss = F.cross_entropy(other(next(iter(other_batches))[0]), next(iter(make()[1]))[1])
    gradients = torch.autograd.grad(loss, list(other.parameters()))
    snapshot = next(run)
    assert snapshot.loss == loss.item()
    for parameter, old, gradient in zip(model.parameters(), before, gradients, strict=True):
        full = gradient + (2 * old if old.dim() == 2 else 0)
        torch.testing.assert_close(parameter.detach(), old - 0.1 * full)
    list(run)
    assert called == [1, 2, 3]


def test_a_diverging_loss_is_shown_once_more_and_then_raised():
    model, batches, _ = make()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e30)
    run = fit(
        model, batches, lambda y, t: y.square().mean(), optimizer, observe=lambda step: {"at": step}, steps=100,
        snapshot_every=50,
    )  # fmt: skip
    snapshots = []
    with pytest.raises(TrainingDiverged, match="the learning rate is too high") as caught:
        snapshots.extend(run)  # keeps those that came before the error
    last = snapshots[-1]
    assert not math.isfinite(last.loss)
    assert caught.value.step == last.step == last.values["at"] < 50
    assert not math.isfinite(caught.value.loss)
    assert math.isfinite(fit_loss_before(last.step))


def fit_loss_before(step):
    """The loss one step before divergence, by hand: it was still a number."""
    model, batches, _ = make()
    optimizer, loss = torch.optim.SGD(model.parameters(), lr=1e30), torch.tensor(0.0)
    for inputs, _targets in itertools.islice(batches, step - 1):
        optimizer.zero_grad()
        loss = model(inputs).square().mean()
        loss.backward()
        optimizer.step()
    return loss.item()


def test_batches_that_end_too_early_are_named():
    model, batches, optimizer = make()
    few = list(itertools.islice(batches, 4))
    run = fit(model, few, F.cross_entropy, optimizer, observe=lambda step: {}, steps=9)
    with pytest.raises(ValueError, match="expected batches for 9 steps, they ended after 4"):
        list(run)


def test_gradient_norm_is_that_of_all_gradients_together():
    model = make()[0]
    assert gradient_norm(model) == 0
    loss = model(torch.ones(2, 3)).square().sum()
    gradients = torch.autograd.grad(loss, list(model.parameters()), retain_graph=True)
    loss.backward()
    assert gradient_norm(model) == pytest.approx(math.sqrt(sum(g.square().sum().item() for g in gradients)))


@pytest.mark.parametrize(("count", "size"), [(50, 16), (48, 16), (7, 1), (10, 10), (10, 400)])
def test_every_sample_exactly_once_an_epoch(count, size):
    inputs, targets = torch.arange(count), torch.arange(count) * 10
    batches = batches_of(inputs, targets, size, torch.Generator().manual_seed(3))
    epochs = []
    for _ in range(3):
        epoch = list(itertools.islice(batches, math.ceil(count / size)))
        assert all(torch.equal(10 * x, y) for x, y in epoch)  # inputs and targets stay together
        assert all(len(x) == min(size, count) for x, _ in epoch[:-1])
        epochs.append(torch.cat([x for x, _ in epoch]).tolist())
        assert sorted(epochs[-1]) == list(range(count))
    if size < count:
        assert epochs[0] != epochs[1]  # each epoch has its own order
        again = batches_of(inputs, targets, size, torch.Generator().manual_seed(3))
        assert torch.cat([x for x, _ in itertools.islice(again, math.ceil(count / size))]).tolist() == epochs[0]
        other = batches_of(inputs, targets, size, torch.Generator().manual_seed(4))
        assert torch.cat([x for x, _ in itertools.islice(other, math.ceil(count / size))]).tolist() != epochs[0]


@pytest.mark.parametrize(
    ("inputs", "targets", "size", "message"),
    [(0, 0, 4, "at least one sample"), (5, 5, 0, "batch size"), (5, 5, -1, "batch size"), (5, 4, 2, "4 for 5")],
)
def test_batches_refuse_what_cannot_be(inputs, targets, size, message):
    with pytest.raises(ValueError, match=message):
        next(batches_of(torch.zeros(inputs), torch.zeros(targets), size, torch.Generator()))


def test_the_process_wide_generator_stays_untouched():
    model, batches, optimizer = make(dropout=0.5)
    before, numbers = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    list(fit(model, batches, F.cross_entropy, optimizer, observe=lambda step: {}, steps=5))
    with seeded(7) as generator:
        first = torch.rand(3, generator=generator)
    assert torch.equal(torch.get_rng_state(), before)
    assert (np.random.get_state()[1] == numbers).all()  # noqa: NPY002
    with seeded(7) as generator:
        assert torch.equal(torch.rand(3, generator=generator), first)


def test_a_snapshot_knows_its_size():
    seen = {"plane": np.zeros((10, 10), np.uint8), "weights": [np.zeros(1000, np.float32), np.zeros(500, np.float32)]}
    bare = Snapshot(0, 0.0, 0.0, {"plane": np.zeros(0, np.uint8), "weights": [np.zeros(0), np.zeros(0)]})
    assert Snapshot(0, 0.0, 0.0, seen).nbytes - bare.nbytes == 100 + 6000

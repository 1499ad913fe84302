"""Batch normalisation of a layer: against PyTorch's own, and where that has no answer."""

import pytest
import torch
from torch import nn

from engine.models.mlp.batch_norm import BatchNorm
from engine.models.mlp.mlp import MultiLayerPerceptron


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_it_is_pytorchs_in_training_and_in_use():
    ours, theirs = BatchNorm(5), nn.BatchNorm1d(5)
    with torch.no_grad():
        for one, other in ((ours.gain, theirs.weight), (ours.shift, theirs.bias)):
            one.normal_(generator=generator(1))
            other.copy_(one)
    for seed in range(3):
        z = 3 * torch.randn(7, 5, generator=generator(seed)) + 1
        mine, his = (z.clone().requires_grad_() for _ in range(2))
        torch.testing.assert_close(ours(mine), theirs(his))
        weights = torch.randn(7, 5, generator=generator(9))
        (ours(mine) * weights).sum().backward()
        (theirs(his) * weights).sum().backward()
        torch.testing.assert_close(mine.grad, his.grad, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(ours.running_mean, theirs.running_mean)
    torch.testing.assert_close(ours.running_variance, theirs.running_var)
    torch.testing.assert_close(ours.eval()(z), theirs.eval()(z))


def test_a_batch_of_one_comes_out_as_its_shift_and_keeps_the_variance():
    norm = BatchNorm(3)
    with torch.no_grad():
        norm.shift.copy_(torch.tensor([1.0, 2.0, 3.0]))
    assert norm(torch.full((1, 3), 9.0)).tolist() == [[1, 2, 3]]
    assert norm.running_variance.tolist() == [1, 1, 1]
    assert torch.isfinite(norm.eval()(torch.zeros(1, 3))).all()


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_weights_that_begin_equal_are_as_large_as_drawn_ones_are_wide(activation):
    drawn, equal, zeros = (
        MultiLayerPerceptron(300, (200,), 100, activation, generator(), first=first)
        for first in ("drawn", "equal", "zeros")
    )
    for one, other, none in zip(drawn.layers, equal.layers, zeros.layers, strict=True):
        assert one.linear.weight.std().item() == pytest.approx(other.linear.weight[0, 0].item(), rel=0.02)
        assert other.linear.weight.unique().numel() == 1
        assert not none.linear.weight.any()
    with pytest.raises(ValueError, match="first weights"):
        MultiLayerPerceptron(2, (), 1, activation, generator(), first="large")


def test_every_layer_has_its_own_activation_and_its_norm():
    model = MultiLayerPerceptron(2, (3, 4), 1, ("relu", "sigmoid"), generator(), normalised=True)
    x = torch.randn(6, 2, generator=generator(3))
    hidden = torch.relu(model.hidden[0].norm(model.hidden[0].linear(x)))
    hidden = torch.sigmoid(model.hidden[1].norm(model.hidden[1].linear(hidden)))
    torch.testing.assert_close(model(x), model.output.linear(hidden))
    assert model.output.norm is None

"""The two linear classifiers: losses and gradients against PyTorch's own, and the identities of hinge loss and bias."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from engine.models.linear.linear import (
    LinearClassifier,
    TwoClassifiers,
    hinge_gradient,
    hinge_loss,
    hinge_terms,
    softmax_gradient,
)


@pytest.fixture
def scores():
    return torch.randn(40, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 2


@pytest.fixture
def targets():
    return torch.arange(40) % 5


@pytest.mark.parametrize("margin", [0.1, 1.0, 7.0])
def test_the_hinge_loss_is_that_of_pytorch_and_so_is_its_gradient(scores, targets, margin):
    scores.requires_grad_()
    found = hinge_loss(scores, targets, margin)
    expected = nn.MultiMarginLoss(margin=margin)(scores, targets) * 5  # which divides by the number of classes
    assert found.item() == pytest.approx(expected.item(), rel=1e-12)
    (wanted,) = torch.autograd.grad(found, scores)
    assert torch.allclose(hinge_gradient(scores.detach(), targets, margin) / 40, wanted)


def test_every_term_is_what_the_formula_says(scores, targets):
    terms = hinge_terms(scores, targets, 1.0)
    for n in range(40):
        for j in range(5):
            y = targets[n]
            wanted = 0.0 if j == y else max(0.0, scores[n, j].item() - scores[n, y].item() + 1)
            assert terms[n, j].item() == pytest.approx(wanted, abs=1e-12)


def test_the_gradient_of_cross_entropy_is_probability_minus_truth(scores, targets):
    scores.requires_grad_()
    (wanted,) = torch.autograd.grad(functional.cross_entropy(scores, targets, reduction="sum"), scores)
    assert torch.allclose(softmax_gradient(scores.detach(), targets), wanted)


@pytest.mark.parametrize("factor", [0.5, 10.0])
def test_margin_and_scores_scaled_together_scale_the_loss(scores, targets, factor):
    assert hinge_loss(factor * scores, targets, factor).item() == pytest.approx(
        factor * hinge_loss(scores, targets, 1.0).item()
    )


def test_a_bias_is_the_weight_of_an_input_that_is_always_1():
    apart, within = LinearClassifier(3, 4), LinearClassifier(4, 4)
    with torch.no_grad():
        for part in (apart.weight, apart.bias):
            part.normal_(generator=torch.Generator().manual_seed(1))
        within.weight.copy_(torch.cat([apart.weight, apart.bias[:, None]], 1))
    x = torch.randn(7, 3, generator=torch.Generator().manual_seed(2))
    assert torch.allclose(apart(x), within(torch.cat([x, torch.ones(7, 1)], 1)))


def test_the_two_share_nothing_and_begin_at_zero():
    both = TwoClassifiers(3, 4)
    assert [name for name, _ in both.named_parameters()] == ["svm.weight", "svm.bias", "softmax.weight", "softmax.bias"]
    assert all(not parameter.any() for parameter in both.parameters())

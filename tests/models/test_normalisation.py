"""Normalisations that are written out, beside PyTorch's own modules; and the deep network that uses them."""

import pytest
import torch
from torch import nn

from engine.models.activations import activation
from engine.models.deep_network import DeepNetwork
from engine.models.normalisation import NORMALISATIONS, Normalisation, groups_of, moments


def batch(*shape: int, seed: int = 0) -> torch.Tensor:
    return 3 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) + 2


def theirs(name: str, channels: int, groups: int, gamma: torch.Tensor, beta: torch.Tensor) -> nn.Module:
    """LayerNorm is GroupNorm with one group, where γ and β go by channel."""
    if name == "batch":
        made = nn.BatchNorm2d(channels)
    elif name == "instance":
        made = nn.InstanceNorm2d(channels, affine=True)
    else:
        made = nn.GroupNorm(1 if name == "layer" else groups, channels)
    with torch.no_grad():
        made.weight.copy_(gamma)
        made.bias.copy_(beta)
    return made.double()


@pytest.mark.parametrize("name", NORMALISATIONS)
def test_it_is_the_module_of_pytorch(name):
    """In training for five batches, then in eval mode: outputs, running statistics, gradients, all within 1e-12."""
    gamma, beta = torch.linspace(0.5, 2, 6).double(), torch.linspace(-1, 1, 6).double()
    ours, other = Normalisation(name, 6, 3).double(), theirs(name, 6, 3, gamma, beta)
    with torch.no_grad():
        ours.gamma.copy_(gamma)
        ours.beta.copy_(beta)
    for seed in range(5):
        x, y = (batch(4, 6, 3, 2, seed=seed).requires_grad_() for _ in range(2))
        torch.testing.assert_close(ours(x), other(y), rtol=0, atol=1e-12)
        ours(x).square().sum().backward()
        other(y).square().sum().backward()
        torch.testing.assert_close(x.grad, y.grad, rtol=0, atol=1e-9)
    if name == "batch":  # both went forward twice a batch
        torch.testing.assert_close(ours.running_mean, other.running_mean, rtol=0, atol=1e-12)
        torch.testing.assert_close(ours.running_variance, other.running_var, rtol=0, atol=1e-12)
    ours.eval()
    other.eval()
    x = batch(2, 6, 3, 2, seed=9)
    torch.testing.assert_close(ours(x), other(x), rtol=0, atol=1e-12)
    alone = ours(x[:1])
    torch.testing.assert_close(alone, ours(x)[:1], rtol=0, atol=1e-13)


def test_layer_norm_is_that_of_pytorch_also_without_places():
    x = batch(5, 7)
    torch.testing.assert_close(Normalisation("layer", 7).double()(x), nn.LayerNorm(7).double()(x), rtol=0, atol=1e-12)
    x = batch(5, 4, 3, 3)
    torch.testing.assert_close(
        Normalisation("layer", 4).double()(x), nn.LayerNorm([4, 3, 3]).double()(x), rtol=0, atol=1e-12
    )


def test_what_is_averaged_has_mean_0_and_variance_1():
    x = batch(4, 6, 3, 3)
    for name, size in (("batch", 36), ("layer", 54), ("group", 18), ("instance", 9)):
        mean, variance, count = moments(x, name, 3)
        standard = (x - mean) / variance.sqrt()
        assert count == size
        mean, variance, _ = moments(standard, name, 3)
        torch.testing.assert_close(mean, torch.zeros_like(mean), rtol=0, atol=1e-12)
        torch.testing.assert_close(variance, torch.ones_like(variance), rtol=0, atol=1e-12)


def test_one_number_leaves_beta_where_pytorch_refuses():
    module = Normalisation("batch", 3)
    with torch.no_grad():
        module.beta.copy_(torch.tensor([1.0, 2.0, 3.0]))
    assert module(torch.randn(1, 3, generator=torch.Generator().manual_seed(0))).tolist() == [[1.0, 2.0, 3.0]]
    with pytest.raises(ValueError, match="Expected more than 1 value per channel"):
        nn.BatchNorm1d(3)(torch.zeros(1, 3))


def test_groups_must_divide_the_channels():
    assert groups_of("instance", 6, 4) == 6
    with pytest.raises(ValueError, match="divides 6 channels"):
        groups_of("group", 6, 4)


def network(**more) -> DeepNetwork:
    generator = torch.Generator().manual_seed(0)
    return DeepNetwork(4, 8, 5, 3, activation("relu"), "zeros", generator, **more)


def test_residual_layers_of_zero_weights_pass_everything_on():
    """Layers of equal size add their input: with weights of zero it goes through as it is, and so does the gradient."""
    model = network(residual=True)
    assert [layer.residual for layer in model.layers] == [False, True, True, True, True]
    x = torch.rand(2, 8, generator=torch.Generator().manual_seed(1)).requires_grad_()
    passed = model.layers[1:](x)
    torch.testing.assert_close(passed, x)
    (gradient,) = torch.autograd.grad(passed.sum(), x)
    assert gradient.tolist() == torch.ones(2, 8).tolist()
    assert not network().layers[1].residual


def test_a_normalised_layer_gives_its_activation_sums_of_spread_1():
    generator = torch.Generator().manual_seed(0)
    model = DeepNetwork(4, 8, 3, 3, torch.tanh, "large", generator, normalisation="batch").train()
    seen = []
    model.layers[2].sum.register_forward_hook(lambda module, given, out: seen.append(out))
    model(torch.randn(64, 4, generator=generator))
    torch.testing.assert_close(seen[0].std(0, correction=0), torch.ones(8), rtol=1e-3, atol=1e-3)

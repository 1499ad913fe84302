"""The plain deep stack: its first weights, the variance of its signals, its gradients, and its product of matrices."""

import math

import pytest
import torch
from torch import nn

from engine.instrument.layer_statistics import layer_statistics, shares
from engine.instrument.trace import record
from engine.models.activations import activation, with_derivative
from engine.models.deep_network import INITIALISATIONS, DeepNetwork, deviation, initialise, one_matrix


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def made(name, depth=3, width=64, initialisation="he", inputs=64, outputs=2, bias=0.0, **more):
    return DeepNetwork(inputs, width, depth, outputs, activation(name, **more), initialisation, generator(), bias=bias)


def measured(model, x, loss, function, **more):
    names = [f"layers.{k}" for k in range(len(model.layers))]
    usual = {"threshold": 0.05, "sum_range": (-4, 4), "output_range": (-4, 4), "bins": 16}
    return layer_statistics(model, names, loss, lambda z: with_derivative(function, z)[1], **(usual | more))


# ---------------------------------------------------------------- weights and signals


@pytest.mark.parametrize("name", INITIALISATIONS)
def test_first_weights_have_the_published_deviations(name):
    weight = torch.full((300, 200), torch.nan)
    initialise(weight, name, generator())
    assert weight.std().item() == pytest.approx(deviation(name, 200, 300), rel=0.02, abs=1e-9)
    assert abs(weight.mean().item()) < 0.01
    if name == "orthogonal":
        torch.testing.assert_close(weight.T @ weight, torch.eye(200), atol=1e-5, rtol=0)
    with pytest.raises(ValueError, match="xavier"):
        deviation("best", 1, 1)


def test_it_equals_a_sequential_of_pytorch():
    model = made("tanh", bias=0.3)
    parts = [part for layer in model.layers for part in (layer.linear, nn.Tanh())]
    x = torch.randn(9, 64, generator=generator(1))
    torch.testing.assert_close(model(x), nn.Sequential(*parts, model.head)(x))
    assert all((layer.linear.bias == 0.3).all() for layer in model.layers)
    state = torch.get_rng_state()
    made("relu")
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(
    ("name", "initialisation", "kept"),
    [("relu", "he", 1.0), ("relu", "xavier", 0.5), ("relu", "lecun", 0.5), ("identity", "lecun", 1.0),
     ("identity", "xavier", 1.0), ("identity", "orthogonal", 1.0), ("relu", "large", 128.0),
     ("identity", "small", 256 * 0.01**2), ("leaky_relu", "he", 1 + 0.01**2)],
)  # fmt: skip
def test_the_mean_square_of_the_sums_is_kept_or_shrinks_as_theory_says(name, initialisation, kept):
    """E[z²] of a layer is fan_in · Var[w] · E[h²], and E[h²] of ReLU is half of E[z²] (He et al. 2015, eq. 9)."""
    width, depth = 256, 6
    model = made(name, depth, width, initialisation, inputs=width)
    with record(model) as trace, torch.no_grad():
        model(torch.randn(512, width, generator=generator(1)))
    squares = [trace[f"layers.{k}.sum"].square().mean().item() for k in range(depth)]
    assert math.log(squares[-1] / squares[0]) / (depth - 1) == pytest.approx(math.log(kept), abs=0.12)


# ---------------------------------------------------------------- gradients


def test_gradient_norms_of_a_linear_net_are_those_of_matrices_multiplied_backwards():
    model, x = made("identity", 4, 16, "xavier", inputs=8), torch.randn(5, 8, generator=generator(1))
    found = measured(model, x, lambda: model(x).square().sum() / 2, activation("identity"))
    signals, h = [], x
    for weight in model.weights:
        signals.append(h)
        h = h @ weight.T
    back = (h @ model.head.weight.T) @ model.head.weight  # ∂(y²/2)/∂y is y
    for k in reversed(range(4)):
        assert found.sum_gradient[k].item() == pytest.approx(back.norm().item(), rel=1e-5)
        assert found.weight_gradient[k].item() == pytest.approx((back.T @ signals[k]).norm().item(), rel=1e-5)
        back = back @ model.weights[k]


def test_gradient_norms_of_a_sigmoid_net_are_those_of_backward_and_parameters_keep_theirs():
    model, x = made("sigmoid", 6, 16, "xavier", inputs=16), torch.randn(20, 16, generator=generator(1))
    loss = lambda: model(x).square().mean()  # noqa: E731
    loss().backward()
    kept = [layer.linear.weight.grad.clone() for layer in model.layers]
    found = measured(model, x, loss, activation("sigmoid"))
    for layer, gradient, norm in zip(model.layers, kept, found.weight_gradient, strict=True):
        assert torch.equal(layer.linear.weight.grad, gradient)
        assert norm.item() == pytest.approx(gradient.norm().item(), rel=1e-6)
    assert (found.sum_gradient.diff() > 0).all(), "what comes back shrinks at every layer"
    ratio = found.sum_gradient[:-1] / found.sum_gradient[1:]
    norms = torch.tensor([torch.linalg.matrix_norm(w, 2).item() for w in model.weights[1:]])
    assert (ratio <= 0.25 * norms + 1e-6).all(), "by no less than σ' ≤ 1/4 times the matrix"


# ---------------------------------------------------------------- histograms and units


def test_shares_count_every_value_once():
    values = torch.tensor([-9.0, -4.0, -0.1, 0.0, 3.99, 4.0, 4.01, 1e30, math.inf, math.nan])
    found = shares(values[None], -4, 4, 4)[0]
    assert found.tolist() == pytest.approx([0.1, 0.1, 0.1, 0.1, 0.2, 0.3])
    far = shares(torch.tensor([[9.0, 60.0, -60.0, 1e38], [0.1, 0.1, math.nan, -1e38]]), -4, 4, 4)
    assert far.tolist() == [[0.25, 0, 0, 0, 0, 0.75], [0.25, 0, 0, 0.5, 0, 0]]
    spread = torch.randn(5000, generator=generator())
    counts = torch.histc(spread[spread.abs() < 2], 20, -2, 2)
    torch.testing.assert_close(shares(spread[None], -2, 2, 20)[0, 1:-1], counts.double() / 5000, atol=2e-4, rtol=0)


def test_dead_units_are_those_that_say_zero_to_all_and_saturated_sums_those_beyond_the_threshold():
    model, x = made("relu", 3, 40, bias=-3.5, inputs=40), torch.randn(64, 40, generator=generator(1))
    found = measured(model, x, lambda: model(x).square().mean(), activation("relu"))
    with record(model) as trace, torch.no_grad():
        model(x)
    for k in range(3):
        z, h = trace[f"layers.{k}.sum"], trace[f"layers.{k}.output"]
        assert found.dead[k].item() == pytest.approx((h == 0).all(0).float().mean().item())
        assert found.saturated[k].item() == pytest.approx((z <= 0).float().mean().item())
        assert found.mean[k].item() == pytest.approx(h.mean().item(), rel=1e-5)
        assert found.deviation[k].item() == pytest.approx(h.std(correction=0).item(), rel=1e-5)
    assert 0 < found.dead[0] < found.dead[2]
    tanh = made("tanh", 2, 40, "large", inputs=40)
    found = measured(tanh, x, lambda: tanh(x).square().mean(), activation("tanh"), threshold=0.19)
    with record(tanh) as trace, torch.no_grad():
        tanh(x)
    beyond = (trace["layers.1.sum"].abs() > math.atanh(0.9)).float().mean()  # 1 - tanh² < 0.19
    assert found.saturated[1].item() == pytest.approx(beyond.item(), abs=1e-3)


def test_what_overflows_is_a_gap_and_no_error():
    model, x = made("identity", 50, 100, "large", inputs=100), torch.randn(8, 100, generator=generator(1))
    found = measured(model, x, lambda: model(x).square().mean(), activation("identity"))
    assert found.finite[0] == 1
    assert found.finite[-1] < 1
    assert found.sum_gradient.isnan().all()
    assert not found.sums.isnan().any()
    zeros = made("tanh", 5, 10, "zeros", inputs=10)
    nothing = measured(zeros, x[:, :10], lambda: zeros(x[:, :10]).square().mean(), activation("tanh"))
    assert nothing.sum_gradient.tolist() == [0] * 5
    assert nothing.dead.tolist() == [0] * 5


# ---------------------------------------------------------------- one matrix


@pytest.mark.parametrize("initialisation", ["xavier", "orthogonal", "he"])
def test_without_activations_any_depth_is_one_matrix(initialisation):
    model = made("identity", 20, 32, initialisation, inputs=3, bias=0.1).double()
    x = torch.randn(50, 3, generator=generator(1)).double()
    matrix, offset = one_matrix(model)
    assert matrix.shape == (2, 3)
    torch.testing.assert_close(x @ matrix.T + offset, model(x), rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(matrix, torch.linalg.multi_dot([model.head.weight, *reversed(model.weights)]))


def test_a_value_that_rounds_up_to_the_upper_end_counts_to_the_last_bin():
    ends = torch.tensor([[1.0, 1 - 2**-24, 1 + 2**-23, -1.0, -1 - 2**-23]])
    found = shares(ends, -1.0, 1.0, 40)[0] * ends.shape[1]
    assert found.tolist() == [1, 1, *[0] * 38, 2, 1]

"""The opened training step of the MLP: equal to the run's own next step, to autograd and to PyTorch's optimisers."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.data.points import encode_points
from engine.topics.mlp.card import Config
from engine.topics.mlp.experiment import Experiment
from engine.topics.mlp.run import first
from engine.topics.mlp.step import open_step

SMALL = Config(layers=(6, 5), samples=60, data="moons", learning_rate=0.03)
CHANGES = [
    {},
    {"optimizer": "sgd", "regularisation": "l1", "strength": 0.02, "classes": 3},
    {"optimizer": "momentum", "batch_size": 16, "regularisation": "l2", "strength": 0.05, "classes": 4},
    {"dropout": 0.3, "batch_size": 7, "activation": "relu"},
    {"batch_norm": True, "batch_size": 16, "optimizer": "momentum", "activations": "relu sigmoid"},
    {"data": "hills", "optimizer": "sgd", "dropout": 0.2, "batch_norm": True, "batch_size": 1},
    {"layers": (), "features": ("x2", "x1_squared")},
]


def moments_of(config, steps):
    return list(Experiment(config).train(steps, 1))


@pytest.mark.parametrize("changes", CHANGES)
def test_the_opened_step_is_the_one_that_the_run_takes(changes):
    config = replace(SMALL, **changes)
    moments = moments_of(config, 12)
    for at in (0, 1, 11):
        opened, after = open_step(config, moments[at]), moments[at + 1].values
        assert opened.number == at + 1
        for made, name in ((opened.after_weights, "weights"), (opened.after_biases, "biases")):
            for one, other in zip(made, after[name], strict=True):
                assert np.array_equal(one.numpy(), other)
        assert opened.loss == pytest.approx(moments[at + 1].loss, rel=1e-5)


@pytest.mark.parametrize("changes", CHANGES)
def test_every_gradient_is_the_mean_of_what_each_sample_says(changes):
    """∂L/∂w = mean δ h, ∂L/∂b = mean δ, and δ comes back along the lines: slope · Σ w δ."""
    config = replace(SMALL, **changes)
    opened = open_step(config, moments_of(config, 3)[-1])
    for layer, delta in enumerate(opened.deltas):
        count = len(delta)
        torch.testing.assert_close(opened.weight_gradients[layer], delta.T @ opened.values[layer] / count,
                                   atol=1e-6, rtol=1e-4)  # fmt: skip
        torch.testing.assert_close(opened.bias_gradients[layer], delta.mean(0), atol=1e-6, rtol=1e-4)
        if layer and opened.slopes is not None:
            back = opened.slopes[layer - 1] * (delta @ opened.weights[layer])
            torch.testing.assert_close(opened.deltas[layer - 1], back, atol=1e-6, rtol=1e-4)
    output = opened.values[-1]
    if opened.regression:
        wanted = 2 * (output - opened.targets[:, None])
    elif output.shape[1] == 1:
        wanted = torch.sigmoid(output) - (opened.targets == 0).float()[:, None]
    else:
        wanted = output.softmax(1) - torch.nn.functional.one_hot(opened.targets, output.shape[1])
    torch.testing.assert_close(opened.deltas[-1], wanted, atol=1e-6, rtol=1e-4)
    assert opened.losses.dtype == torch.float64


def test_there_is_no_step_without_points_or_numbers():
    assert open_step(Config(data="own"), first(Config(data="own"))) is None
    one = Config(data="own", points=encode_points([(1.0, 1.0, 0)]), layers=(2,))
    assert len(open_step(one, first(one)).rows) == 1
    moment = first(SMALL)
    broken = [np.full_like(part, np.nan) for part in moment.values["weights"]]
    assert open_step(SMALL, replace(moment, values={**moment.values, "weights": broken})) is None

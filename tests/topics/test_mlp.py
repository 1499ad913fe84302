"""The MLP playground's engine: against PyTorch's own layers, closed forms, and itself under the same seed."""

import itertools
import math
import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from engine.contracts.formula import written
from engine.contracts.knob import KnobError, knobs, random_value
from engine.instrument.trace import record, tap_names
from engine.models.mlp.mlp import ACTIVATIONS, MultiLayerPerceptron, SeededDropout
from engine.topics.mlp import explain
from engine.topics.mlp.card import FEATURES, TOPIC, Config
from engine.topics.mlp.experiment import Experiment
from engine.topics.mlp.run import data_of, result_of, run, stream

MODULES = {
    "relu": nn.ReLU, "leaky_relu": nn.LeakyReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "gelu": nn.GELU,
    "silu": nn.SiLU, "identity": nn.Identity,
}  # fmt: skip
SMALL = Config(layers=(6, 5), samples=60, data="moons")


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def weights_of(experiment):
    return torch.cat([parameter.detach().flatten() for parameter in experiment.model.parameters()])


def last_of(config, steps, looks=1):
    """The experiment and its last snapshot after `steps` steps."""
    experiment = Experiment(config)
    snapshots = list(experiment.train(steps, looks))
    return experiment, snapshots[-1]


# ---------------------------------------------------------------- the model


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_equals_a_sequential_of_pytorch_with_the_same_weights(activation):
    model = MultiLayerPerceptron(3, (7, 4), 2, activation, generator())
    linears = [layer.linear for layer in model.layers]
    with torch.no_grad():
        for linear in linears:
            linear.bias.normal_(generator=generator(1))
    other = nn.Sequential(linears[0], MODULES[activation](), linears[1], MODULES[activation](), linears[2])
    x = torch.randn(50, 3, generator=generator(2))
    with record(model) as trace:
        output = model(x)
    torch.testing.assert_close(output, other(x))
    torch.testing.assert_close(trace["hidden.1.sum"], other[:3](x))
    torch.testing.assert_close(trace["hidden.1.output"], other[:4](x))
    torch.testing.assert_close(trace["output.output"], other(x))
    assert tap_names(model)[0] == "input"


def test_without_hidden_layers_it_is_one_linear_map():
    model = MultiLayerPerceptron(2, (), 3, "tanh", generator())
    x = torch.randn(9, 2, generator=generator(1))
    torch.testing.assert_close(model(x), F.linear(x, model.output.linear.weight, model.output.linear.bias))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_first_weights_have_the_published_standard_deviations(activation):
    model = MultiLayerPerceptron(200, (400, 300), 100, activation, generator())
    he = activation in ("relu", "leaky_relu", "gelu", "silu")
    for (fan_in, fan_out), layer in zip(itertools.pairwise((200, 400, 300, 100)), model.layers, strict=True):
        expected = math.sqrt(2 / fan_in) if he and layer is not model.output else math.sqrt(2 / (fan_in + fan_out))
        assert layer.linear.weight.std().item() == pytest.approx(expected, rel=0.02)
        assert abs(layer.linear.weight.mean().item()) < 5 * expected / math.sqrt(fan_in * fan_out)
        assert (layer.linear.bias == 0).all()


def test_dropout_is_inverted_and_only_while_training():
    dropout = SeededDropout(0.3, generator())
    x = torch.full((400, 500), 2.0)
    dropped = dropout(x)
    zero = dropped == 0
    assert zero.float().mean().item() == pytest.approx(0.3, abs=0.005)
    torch.testing.assert_close(dropped[~zero], torch.full_like(dropped[~zero], 2 / 0.7))
    assert dropped.mean().item() == pytest.approx(2.0, rel=0.01)
    assert not torch.equal(dropout(x) == 0, zero)  # a new mask each time
    state = dropout.generator.get_state()
    assert dropout.eval()(x) is x
    assert torch.equal(dropout.generator.get_state(), state)
    assert torch.equal(SeededDropout(0.3, generator())(x) == 0, zero)  # and the same under its seed


# ---------------------------------------------------------------- training


def by_hand(config, steps):
    """Full-batch training of the config's first weights with PyTorch's own parts alone."""
    experiment = Experiment(config)
    linears = []
    for layer in experiment.model.layers:
        linear = nn.Linear(layer.linear.in_features, layer.linear.out_features)
        linear.load_state_dict(layer.linear.state_dict())
        linears.append(linear)
    modules = [part for linear in linears[:-1] for part in (linear, MODULES[config.activation]())]
    model = nn.Sequential(*modules, linears[-1])
    decay = config.strength if config.regularisation == "l2" else 0.0
    groups = [
        {"params": [linear.weight for linear in linears], "weight_decay": decay},  # adds α w to the gradient
        {"params": [linear.bias for linear in linears], "weight_decay": 0.0},
    ]
    optimizer = {
        "sgd": lambda: torch.optim.SGD(groups, lr=config.learning_rate),
        "momentum": lambda: torch.optim.SGD(groups, lr=config.learning_rate, momentum=0.9),
        "adam": lambda: torch.optim.Adam(groups, lr=config.learning_rate),
    }[config.optimizer]()
    x, y = experiment.features[experiment.is_train], experiment.targets[experiment.is_train]
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        output = model(x)
        if experiment.regression:
            loss = F.mse_loss(output[:, 0], y)
        elif output.shape[1] == 1:
            loss = F.binary_cross_entropy(torch.sigmoid(output[:, 0]), (y == 0).float())  # one output says A
        else:
            loss = F.nll_loss(F.log_softmax(output, 1), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return torch.cat([p.detach().flatten() for linear in linears for p in (linear.weight, linear.bias)]), losses


@pytest.mark.parametrize(
    "changes",
    [
        {"optimizer": "sgd", "learning_rate": 0.1},
        {"optimizer": "momentum", "learning_rate": 0.05, "activation": "relu"},
        {"optimizer": "adam", "classes": 3, "features": ("x1", "x2_squared", "sin_x2")},
        {"optimizer": "sgd", "data": "hills", "learning_rate": 0.05},
        {"optimizer": "sgd", "regularisation": "l2", "strength": 0.1, "learning_rate": 0.1},
        {"optimizer": "momentum", "regularisation": "l2", "strength": 0.03, "classes": 4},
        {"layers": ()},
    ],
)
def test_training_equals_pytorch_by_hand(changes):
    config = replace(SMALL, **changes)
    expected, losses = by_hand(config, 12)
    experiment = Experiment(config)
    snapshots = list(experiment.train(12, 1))
    torch.testing.assert_close(weights_of(experiment), expected, atol=2e-5, rtol=1e-4)
    assert [snapshot.loss for snapshot in snapshots[1:]] == pytest.approx(losses, rel=1e-4)


def test_the_gradient_of_l2_is_weight_decay():
    experiment = Experiment(replace(SMALL, regularisation="l2", strength=0.25))
    weights = [layer.linear.weight for layer in experiment.model.layers]
    penalty = experiment.l2_penalty()
    assert penalty.item() == pytest.approx(0.125 * sum((w**2).sum().item() for w in weights))
    for weight, gradient in zip(weights, torch.autograd.grad(penalty, weights), strict=True):
        torch.testing.assert_close(gradient, 0.25 * weight)


def test_the_proximal_step_of_l1_is_its_closed_form_and_gives_exact_zeros():
    config = replace(SMALL, regularisation="l1", strength=0.5, learning_rate=0.4)
    experiment = Experiment(config)
    before = [parameter.detach().clone() for parameter in experiment.model.parameters()]
    experiment.after_step(1)
    threshold, zeros = 0.4 * 0.5, 0
    for parameter, w in zip(experiment.model.parameters(), before, strict=True):
        if w.dim() == 1:
            assert torch.equal(parameter, w)  # biases are left alone
            continue
        expected = torch.sign(w) * torch.clamp(w.abs() - threshold, min=0)
        torch.testing.assert_close(parameter.detach(), expected)
        assert torch.equal(parameter == 0, w.abs() <= threshold)
        zeros += int((parameter == 0).sum())
    assert zeros > 5
    config = replace(config, optimizer="sgd", strength=0.03, learning_rate=0.1)
    trained, _ = last_of(config, 150, 150)
    share = (torch.cat([layer.linear.weight.flatten() for layer in trained.model.layers]) == 0).float().mean()
    assert share > 0.2  # L1 makes a sparse network; L2 and none give no exact zero
    for kind in ("l2", "none"):
        trained, _ = last_of(replace(config, regularisation=kind), 150, 150)
        assert all((layer.linear.weight != 0).all() for layer in trained.model.layers)


VARIED = replace(SMALL, batch_size=16, dropout=0.2, regularisation="l1", activation="relu", noise=0.2, classes=3)


def test_a_run_repeats_to_the_last_bit_under_its_seed():
    first, again, other = (run(replace(VARIED, steps=40, seed=seed)) for seed in (1, 1, 2))
    for quantity, same, different in zip(first.quantities(), again.quantities(), other.quantities(), strict=True):
        torch.testing.assert_close(same.values, quantity.values, rtol=0, atol=0, equal_nan=True)
        if quantity.name in ("inputs", "is_train", "parameters", "plane", "train_loss"):
            assert not torch.equal(different.values, quantity.values), quantity.name


def test_a_stream_paused_at_a_step_equals_a_run_to_it():
    result = run(replace(VARIED, steps=37))
    opened = stream(VARIED)
    snapshot = next(opened)
    for stride in (1, 5, 30, 1):
        snapshot = opened.send(stride)
    assert snapshot.step == 37
    assert snapshot.total == VARIED.until
    layers = zip(snapshot.values["weights"], snapshot.values["biases"], strict=True)
    flat = [array.ravel() for layer in layers for array in layer]
    assert np.array_equal(np.concatenate(flat), result.parameters.numpy())
    assert snapshot.values["test_loss"] == result.test_loss[-1].item()


def test_the_process_wide_generator_stays_untouched():
    before = torch.get_rng_state()
    run(replace(VARIED, steps=5))
    assert torch.equal(torch.get_rng_state(), before)


def test_the_spiral_is_learned_within_200_steps():
    result = run(replace(TOPIC.presets["Spiral"], steps=200))
    assert result.diverged_at is None
    assert result.test_accuracy[-1] >= 0.98
    assert result.confusion.sum() == (~result.is_train).sum()
    assert result.confusion.diagonal().sum() / result.confusion.sum() == pytest.approx(result.test_accuracy[-1].item())


def test_a_straight_line_cannot_learn_the_xor_but_two_neurons_of_features_can():
    straight = run(Config(data="xor", layers=(), steps=150, learning_rate=0.1, samples=200))
    product = run(Config(data="xor", layers=(), features=("x1_x2",), steps=150, learning_rate=0.1, samples=200))
    assert straight.test_accuracy[-1] < 0.75
    assert product.test_accuracy[-1] > 0.95


def test_a_rate_too_high_ends_in_a_result_that_says_when():
    result = run(replace(TOPIC.presets["Rate too high"], steps=200))
    assert 0 < result.diverged_at <= 200
    assert result.step[-1] == result.diverged_at
    for name in ("plane", "parameters", "inputs", "confusion"):
        assert torch.isfinite(getattr(result, name)).all(), name
    assert torch.isfinite(result.train_loss[0])
    for name in ("maps", "ranges"):
        assert np.isfinite(result.snapshot.values[name]).all()


# ---------------------------------------------------------------- weights set by hand, looking closer


def test_weights_set_by_hand_take_effect_at_their_step():
    config = replace(SMALL, edits="0:0.2.1=1.5;3:1.4.b=-2;5:2.0.3=0.25")
    untouched = list(stream(SMALL))[:1][0].values["weights"][0]
    opened = stream(config)
    seen = [next(opened).values, *(opened.send(1).values for _ in range(5))]
    assert seen[0]["weights"][0][2, 1] == 1.5
    changed = np.ones_like(untouched, bool)
    changed[2, 1] = False
    assert np.array_equal(seen[0]["weights"][0][changed], untouched[changed])
    assert seen[2]["biases"][1][4] != -2
    assert seen[3]["biases"][1][4] == -2
    assert seen[4]["biases"][1][4] != -2  # training goes on from there
    assert seen[5]["weights"][2][0, 3] == 0.25
    assert run(replace(config, steps=5)).parameters[-6:][3] == 0.25


def test_a_weight_the_network_does_not_have_is_refused():
    for edit in ("1:9.0.0=1", "1:0.6.0=1", "1:0.0.2=1"):
        with pytest.raises(KnobError, match="this network has no weight"):
            run(replace(SMALL, edits=edit))


@pytest.mark.parametrize("activation", ["tanh", "relu", "gelu", "identity"])
def test_the_formula_of_every_neuron_equals_the_recorded_value(activation):
    config = replace(SMALL, activation=activation, features=("x2", "x1_squared", "sin_x1"), steps=10, classes=3)
    experiment, snapshot = last_of(config, 10)
    spot = (1.25, -0.5)
    x = experiment.lift(torch.tensor([spot]))
    with record(experiment.model.eval()) as trace:
        experiment.model(x)
    names = ["hidden.0", "hidden.1", "output"]
    for layer, name in enumerate(names, 1):
        for index, value in enumerate(trace[f"{name}.output"][0].tolist()):
            formula = explain.explain_neuron(config, snapshot, layer, index, spot)
            assert formula.value == pytest.approx(value, abs=1e-5)
            assert formula.total == pytest.approx(trace[f"{name}.sum"][0, index].item(), abs=1e-5)
            terms = sum(w * v for w, v in zip(formula.weights, formula.inputs, strict=True)) + formula.bias
            assert formula.total == pytest.approx(terms, abs=1e-5)
            assert f"= {written(formula.value)}" in formula.numbers.latex
    for layer, index in ((0, 0), (1, 6), (3, 3), (4, 0)):
        with pytest.raises(ValueError, match="no neuron"):
            explain.explain_neuron(config, snapshot, layer, index, spot)


def test_neuron_maps_are_the_recorded_values_over_the_plane():
    experiment, snapshot = last_of(SMALL, 5)
    with record(experiment.model.eval()) as trace, torch.no_grad():
        experiment.model(experiment.plane_features)
    values = torch.cat([trace[n] for n in ("input", "hidden.0.output", "hidden.1.output", "output.output")], dim=1)
    stride = experiment.map_stride
    values = values.T.reshape(-1, 64, 64)[:, stride // 2 :: stride, stride // 2 :: stride].numpy()
    ranges = snapshot.values["ranges"][:, None, None]
    shown = (snapshot.values["maps"].astype(np.float32) - 127.5) / 127.5 * ranges
    assert (np.abs(shown - values) <= ranges / 255 + 1e-6).all()


def test_the_plane_is_the_answer_at_every_spot():
    experiment, snapshot = last_of(replace(SMALL, classes=3), 5)
    result = result_of(replace(SMALL, classes=3), [snapshot])
    with torch.no_grad():
        expected = experiment.model(experiment.plane_features).softmax(1).reshape(64, 64, 3)
    torch.testing.assert_close(result.plane, expected)
    assert np.abs(snapshot.values["plane"] / 255 - expected.numpy()).max() <= 0.5 / 255 + 1e-6
    torch.testing.assert_close(result.plane.sum(-1), torch.ones(64, 64))


def test_the_border_in_the_last_hidden_space_is_that_of_the_answer():
    experiment, snapshot = last_of(SMALL, 10)
    result = result_of(SMALL, [snapshot])
    with torch.no_grad():
        output = experiment.model(experiment.features)[:, 0]
    torch.testing.assert_close(result.hidden @ result.border + result.offset, output)
    first_class = experiment.answer(output[:, None])[:, 0]
    assert torch.equal(output > 0, first_class > 0.5)


def test_features_are_their_closed_forms():
    x1, x2 = 1.3, -0.7
    lifted = Experiment(replace(SMALL, features=tuple(FEATURES))).lift(torch.tensor([[x1, x2]]))[0].tolist()
    assert lifted == pytest.approx([x1, x2, x1**2, x2**2, x1 * x2, math.sin(2 * x1), math.sin(2 * x2)], abs=1e-6)


def test_scores_are_those_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    for config in (SMALL, replace(SMALL, data="hills", samples=100), replace(SMALL, classes=4)):
        experiment, snapshot = last_of(config, 10)
        with torch.no_grad():
            output = experiment.model(experiment.features[experiment.test_rows])
        truth = experiment.targets[experiment.test_rows].numpy()
        if experiment.regression:
            assert snapshot.values["test_accuracy"] == pytest.approx(
                metrics.r2_score(truth, output[:, 0].numpy()), abs=1e-5
            )
        else:
            answers = output.argmax(1) if output.shape[1] > 1 else (output[:, 0] < 0).long()
            assert snapshot.values["test_accuracy"] == pytest.approx(metrics.accuracy_score(truth, answers.numpy()))
            confusion = result_of(config, [snapshot]).confusion.numpy()
            assert np.array_equal(confusion, metrics.confusion_matrix(truth, answers, labels=range(experiment.classes)))


def test_the_seed_changes_points_split_and_first_weights():
    first, other = Experiment(SMALL), Experiment(replace(SMALL, seed=2))
    for one, two in (
        (first.inputs, other.inputs),
        (first.is_train, other.is_train),
        (weights_of(first), weights_of(other)),
    ):
        assert one.shape == two.shape
        assert not torch.equal(one, two)


def test_a_new_network_keeps_the_points_and_the_points_of_the_page_are_those_trained_on():
    rows, is_train = data_of(SMALL)
    assert data_of(replace(SMALL, layers=(3,), activation="relu", learning_rate=1.0)) == (rows, is_train)
    assert rows == torch.cat([Experiment(SMALL).inputs, Experiment(SMALL).targets[:, None]], dim=1).tolist()


def test_own_points_and_none_at_all():
    nothing = run(Config(data="own", steps=10))
    assert nothing.inputs.shape == (0, 2)
    assert nothing.step.tolist() == [0]
    assert torch.isnan(nothing.test_accuracy).all()
    one = run(Config(data="own", points="aaaab", steps=10))
    assert (one.targets.tolist(), one.is_train.tolist()) == ([1], [True])
    three = run(Config(data="own", points="aaaabbbbbdccccc", steps=5))
    assert three.plane.shape[-1] == 4  # class 4 was drawn, so there are four


@pytest.mark.parametrize("seed", range(24))
def test_any_config_in_range_runs_and_repeats(seed):
    source = random.Random(seed)
    config = Config(**{knob.name: random_value(knob, source) for knob in knobs(Config)})
    if config.data == "own":
        config = replace(config, points="".join(source.choices("abcd", k=5 * source.randrange(12))))
    config = replace(config, steps=3)
    first, again = run(config), run(config)
    assert first.step.tolist() in ([0, 1, 2, 3], [0]) or first.diverged_at == first.step[-1]
    assert torch.equal(first.parameters, again.parameters)
    assert torch.equal(first.plane, again.plane)
    if first.plane.shape[-1] > 1 and not first.diverged_at:
        torch.testing.assert_close(first.plane.sum(-1), torch.ones(64, 64))

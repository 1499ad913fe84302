"""Activations: what the page shows is what the networks did, and what it claims is so."""

import inspect
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from engine.contracts.film import Film
from engine.contracts.knob import KnobError
from engine.data.activations import NAMES
from engine.models.activations import ACTIVATIONS
from engine.topics.activations import draw, explain
from engine.topics.activations.card import INITIALISATIONS, TOPIC, Config, functions_of
from engine.topics.activations.run import (
    MEASURES,
    Experiment,
    NumbersLost,
    batch_of,
    course,
    first,
    network,
    output_range,
    run,
    stream,
)

SMALL = Config(depth=5, width=16, samples=64)


def measured(snapshot, name, number=0):
    return snapshot.values["layers"][number, MEASURES.index(name)]


# ---------------------------------------------------------------- functions


def test_the_card_offers_every_function_and_every_first_weights():
    from engine.models.deep_network import INITIALISATIONS as KNOWN

    assert set(NAMES) == set(ACTIVATIONS)
    assert len(NAMES) >= 12
    assert set(INITIALISATIONS) == set(KNOWN)


def test_largest_slopes_and_zones_are_those_of_closed_forms():
    assert explain.steepest(SMALL, "sigmoid") == pytest.approx((0.25, 0), abs=1e-9)
    assert explain.steepest(SMALL, "tanh") == pytest.approx((1, 0), abs=1e-9)
    assert explain.steepest(SMALL, "relu")[0] == 1
    (left, right), lost = explain.zones_of(SMALL, "sigmoid")
    edge = math.log(1 / ((1 - math.sqrt(1 - 4 * 0.05)) / 2) - 1)  # where σ(1 - σ) = 0.05
    assert right[0] == pytest.approx(edge, abs=0.006)
    assert left == (-5.0, pytest.approx(-edge, abs=0.006))
    assert not lost
    assert explain.zones_of(SMALL, "relu")[0] == [(-5.0, 0.0)]
    assert explain.zones_of(SMALL, "step")[0] == [(-5.0, 5.0)]
    assert explain.zones_of(SMALL, "identity")[0] == []


def test_an_own_formula_says_where_it_has_no_value_and_a_bad_one_what_is_wrong():
    own = replace(SMALL, activation="own", formula="log(x)")
    assert explain.zones_of(own, "own")[1] == [(-5.0, 0.0)]
    assert "no finite value below 0" in explain.about_function(own, "own")
    assert "finite" in str(explain.warnings(own, first(own))[0].blocks[0].parts[0])
    with pytest.raises(KnobError, match="ends too early"):
        Config(formula="x +")
    for text in ("__import__('os')", "exit()", "y + 1"):
        with pytest.raises(KnobError, match=r"no meaning|unknown"):
            Config(formula=text)


def test_the_tangent_touches_the_curve_at_the_handle():
    picture = draw.function(SMALL, 1.2, 0, Film.of(first(SMALL)))
    (handle,) = picture.handles
    assert handle.y == pytest.approx(torch.tensor(1.2).sigmoid().item(), abs=1e-6)
    (x0, y0), (x1, y1) = picture.paths[-1].points
    assert (y1 - y0) / (x1 - x0) == pytest.approx(handle.y * (1 - handle.y), rel=1e-6)
    assert (y0 + y1) / 2 == pytest.approx(handle.y)


def test_a_function_keeps_within_the_range_of_its_histogram():
    for name in NAMES:
        low, high = output_range(SMALL, name)
        x, values, _ = course(SMALL, name)
        there = values[np.abs(x) <= 4]
        assert low <= max(there.min(), -4) + 1e-9, name
        assert min(there.max(), 4) <= high + 1e-9, name
    assert output_range(SMALL, "sigmoid") == (0.0, 1.0)
    assert output_range(SMALL, "tanh") == (-1.0, 1.0)


# ---------------------------------------------------------------- layers


@pytest.mark.parametrize("name", ["sigmoid", "relu", "own"])
def test_what_is_shown_of_a_layer_is_that_of_an_ordinary_network_of_pytorch(name):
    """Weights copied into a Sequential; sums, dead units and gradients by hooks-free autograd."""
    config = replace(SMALL, activation=name, formula="x sin(x)", second="none")
    module = {"sigmoid": torch.sigmoid, "relu": F.relu, "own": lambda x: x * x.sin()}[name]
    model, (x, y, _) = network(config).each[0], batch_of(config)
    h, sums = x, []
    for layer in model.layers:
        sums.append(F.linear(h, layer.linear.weight, layer.linear.bias))
        h = module(sums[-1])
    loss = F.cross_entropy(F.linear(h, model.head.weight, model.head.bias), y)
    moment = first(config)
    assert moment.values["loss"][0] == pytest.approx(loss.item(), rel=1e-5)
    for k, gradient in enumerate(torch.autograd.grad(loss, sums)):
        assert measured(moment, "sum_gradient")[k] == pytest.approx(gradient.norm().item(), rel=1e-4)
        assert measured(moment, "sum_deviation")[k] == pytest.approx(sums[k].std(correction=0).item(), rel=1e-4)
        assert moment.values["sums"][0, k].sum() == pytest.approx(1, abs=1e-6)
        if name == "relu":
            assert measured(moment, "dead")[k] == pytest.approx((sums[k] <= 0).all(0).float().mean().item())


def test_both_networks_begin_with_the_same_weights_and_zeros_have_no_gradient():
    one, other = network(SMALL).each
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
    zeros = replace(SMALL, initialisation="zeros")
    assert (measured(first(zeros), "sum_gradient") == 0).all()
    assert "exactly 0" in str(explain.warnings(zeros, first(zeros))[0].blocks[0].parts[0])


def test_hes_weights_keep_relu_alive_through_fifty_layers_and_xaviers_do_not():
    deep = Config(activation="relu", second="none", depth=50, width=100, data="normal")
    kept = [measured(first(replace(deep, initialisation=one)), "sum_deviation") for one in ("he", "xavier")]
    assert 0.2 < kept[0][-1] / kept[0][0] < 5
    assert kept[1][-1] / kept[1][0] == pytest.approx(0.5 ** (49 / 2), rel=4), "half the square a layer"


# ---------------------------------------------------------------- training


def test_each_network_learns_as_if_it_were_alone():
    together = run(replace(SMALL, steps=12, learning_rate=0.2))
    for number, name in enumerate(("sigmoid", "relu")):
        alone = run(replace(SMALL, activation=name, second="none", steps=12, learning_rate=0.2))
        torch.testing.assert_close(together.loss[number, -1], alone.loss[0, -1], rtol=1e-6, atol=0)


def test_training_is_gradient_descent_by_torch_optim():
    config = replace(SMALL, activation="tanh", second="none", steps=5)
    model, (x, y, _) = network(config).each[0], batch_of(config)
    parts = [part for layer in model.layers for part in (layer.linear, nn.Tanh())]
    plain = nn.Sequential(*parts, model.head)
    optimizer = torch.optim.SGD(plain.parameters(), lr=config.learning_rate)
    for _ in range(5):
        optimizer.zero_grad()
        F.cross_entropy(plain(x), y).backward()
        optimizer.step()
    trained = network(config, run(config)).each[0]
    torch.testing.assert_close(trained(x), plain(x), rtol=1e-4, atol=1e-6)


def test_one_network_that_overflows_leaves_the_other_alone_and_two_end_the_run_with_a_sentence():
    config = replace(SMALL, activation="own", formula="log(x)", second="tanh", steps=3)
    result = run(config)
    assert result.loss[0].isnan().all()
    assert result.loss[1].isfinite().all()
    assert result.loss[1, -1] < result.loss[1, 0]
    lost = replace(config, second="none")
    with pytest.raises(NumbersLost) as raised:
        list(stream(lost))
    assert raised.value.step == 1
    assert "finite number" in raised.value.template


# ---------------------------------------------------------------- one matrix


@pytest.mark.parametrize("steps", [0, 8])
def test_any_depth_without_activations_is_one_matrix_and_one_line(steps):
    config = replace(SMALL, activation="identity", second="none", depth=20, initialisation="orthogonal", steps=steps)
    result, (x, *_) = run(config), batch_of(config)
    assert result.matrix.shape == (2, 2)
    assert result.difference <= 1e-12 * max(1.0, result.size)
    said = network(config, result).each[0](x).double()
    torch.testing.assert_close(x.double() @ result.matrix.T + result.offset, said, rtol=1e-4, atol=1e-5)
    picture = draw.one_matrix(config, first(config))
    (a, b, c), field = picture.borders[0].values, picture.field.values
    side = field.shape[0]
    at = (np.arange(side) + 0.5) / side * 2 - 1
    x1, x2 = np.meshgrid(at * draw.REACH, -at * draw.REACH)
    beyond = a * x1 + b * x2 > c
    away = np.abs(a * x1 + b * x2 - c) > 0.02 * math.hypot(a, b)
    assert ((field[..., 1] > field[..., 0]) == beyond)[away & (field[..., 0] != field[..., 1])].all()


def test_digits_have_no_plane_and_a_matrix_of_ten_rows():
    config = replace(SMALL, data="digits", samples=32)
    moment = first(config)
    assert draw.planes(config, Film.of(moment)) == []
    assert draw.one_matrix(config, moment) is None
    assert run(config).matrix.shape == (10, 196)


def test_presets_are_not_what_the_lesson_asks_and_the_opening_is_none_of_them():
    assert TOPIC.opening not in TOPIC.presets.values()
    assert Experiment(TOPIC.opening).config == TOPIC.opening


def test_the_code_tab_has_sources_to_show():
    for path in TOPIC.code:
        assert inspect.getsource(TOPIC.load(path)).strip(), path


def test_a_function_beside_itself_is_drawn_once():
    config = Config(activation="tanh", second="tanh", depth=2)
    assert functions_of(config) == ("tanh",)
    assert functions_of(replace(config, second="relu")) == ("tanh", "relu")
    assert len(draw.function_alone(config).paths) == 1


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("1/x", "near 0 as steep as you like; saturated below −4.47, above 4.47; no finite value at 0"),
        ("sqrt(x)", "near 0 as steep as you like; saturated nowhere here; no finite value below 0"),
        ("abs(x)", "largest slope **1**; saturated nowhere here"),
        ("max(0, x)", "largest slope **1**; saturated below 0"),
        ("9^9^9^9", "no finite value everywhere"),
        ("x^3", "largest slope **75**; saturated from −0.13 to 0.13"),  # |3 x²| < 0.05 where |x| < 0.129
    ],
)
def test_what_is_said_of_an_own_formula(formula, said):
    assert str(explain.about_function(Config(activation="own", formula=formula), "own")) == f"**{formula}**: {said}"

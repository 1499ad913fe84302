"""Training dynamics: races beside torch.optim, signals beside closed forms, blocks beside PyTorch's modules."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from engine.contracts.blocks import Say, with_columns
from engine.contracts.film import Film
from engine.contracts.knob import KnobError
from engine.contracts.topic import load
from engine.topics.training_dynamics import about, draw, explain, grid, picks, rules
from engine.topics.training_dynamics import signal as signals
from engine.topics.training_dynamics.block import activations, block, refused
from engine.topics.training_dynamics.card import RULES, TOPIC, Config, only, parse_start, start_of, start_text
from engine.topics.training_dynamics.race import formula_of, heights, race, settings_of
from engine.topics.training_dynamics.schedule import rates, stream_schedules
from engine.topics.training_dynamics.signal import recipe_of, signal
from engine.topics.training_dynamics.trainings import INPUTS, QUANTITIES, Recipe, small_digits, together
from engine.training.optimisers import Settings
from pages import training_dynamics as page

# ---------------------------------------------------------------- the race


def of_pytorch(config: Config, rule: str, parameter: torch.Tensor) -> torch.optim.Optimizer:
    s = settings_of(config, rule)
    return {
        "sgd": lambda: torch.optim.SGD([parameter], s.rate),
        "momentum": lambda: torch.optim.SGD([parameter], s.rate, momentum=s.momentum),
        "nesterov": lambda: torch.optim.SGD([parameter], s.rate, momentum=s.momentum, nesterov=True),
        "adagrad": lambda: torch.optim.Adagrad([parameter], s.rate, eps=s.epsilon),
        "rmsprop": lambda: torch.optim.RMSprop([parameter], s.rate, alpha=s.forgets, eps=s.epsilon),
        "adam": lambda: torch.optim.Adam([parameter], s.rate, (0.9, s.beta_2), s.epsilon),
        "adamw": lambda: torch.optim.AdamW([parameter], s.rate, (0.9, s.beta_2), s.epsilon, weight_decay=s.decay),
    }[rule]()


@pytest.mark.parametrize("surface", ["ravine", "saddle", "beale", "own"])
def test_every_way_is_that_of_torch_optim(surface):
    """All seven, 60 steps in float64, within 1e-9 of what grows and shrinks on the way."""
    config = Config(surface=surface, rules=tuple(RULES), race_steps=60)
    made, formula = race(config), formula_of(config)
    for at, rule in enumerate(RULES):
        parameter = torch.tensor(start_of(config), dtype=torch.float64).requires_grad_()
        optimiser = of_pytorch(config, rule, parameter)
        for moment in range(61):
            torch.testing.assert_close(made.position[at, moment], parameter.detach(), rtol=1e-9, atol=1e-9)
            optimiser.zero_grad()
            height = heights(formula, parameter)
            height.backward()
            assert made.height[at, moment].item() == pytest.approx(height.item(), rel=1e-9, abs=1e-12)
            torch.testing.assert_close(made.gradient[at, moment], parameter.grad, rtol=1e-8, atol=1e-9)
            optimiser.step()


def test_gradients_are_finite_differences():
    config = Config(surface="own", formula="sin(x y) + x^2/5 + y", race_steps=10, rules=("sgd",))
    made, h = race(config), 1e-6
    for moment in (0, 4, 9):
        place = made.position[0, moment]
        for k in range(2):
            step = torch.zeros(2, dtype=torch.float64)
            step[k] = h
            slope = (heights(formula_of(config), place + step) - heights(formula_of(config), place - step)) / (2 * h)
            assert made.gradient[0, moment, k].item() == pytest.approx(slope.item(), abs=1e-7)


def test_sgd_on_a_parabola_is_a_geometric_series():
    """Across the ravine y becomes (1 − 8 η) y with every step: below η = 0.25 it dies away, above it grows."""
    for rate in (0.24, 0.26):
        made = race(Config(rules=("sgd",), rate=rate, race_steps=30))
        want = 1.2 * (1 - 8 * rate) ** np.arange(31)
        np.testing.assert_allclose(made.position[0, :, 1].numpy(), want, rtol=1e-9)


def test_noise_is_the_same_for_all_and_belongs_to_the_seed():
    config = Config(rules=("sgd", "adam"), noise=0.5, race_steps=10)
    one, same, other = race(config), race(config), race(replace(config, seed=1))
    assert torch.equal(one.position, same.position)
    assert not torch.equal(one.position, other.position)
    assert torch.equal(one.gradient[0, 0], one.gradient[1, 0])


@pytest.mark.parametrize("formula", ["1", "x", "log(x)", "1/x", "exp(exp(x y))", "log(-1 - x^2)", "step(x)", "abs(y)"])
def test_formulas_without_height_or_slope_are_drawn(formula):
    config = Config(surface="own", formula=formula, rules=tuple(RULES), race_steps=20)
    made = race(config)
    frames = draw.race_frames(made)
    assert draw.plane(config, made, frames).alt
    assert draw.fall(made, frames).values.shape == (21, 7)
    for rule in RULES:
        assert rules.one_step(config, made, rule, -1, 0)


def test_who_leaves_is_nowhere_from_then_on_and_it_is_said():
    config = Config(rules=("sgd", "adam"), rate=1.0)
    made = race(config)
    gone = made.height[0].isnan()
    assert gone[-1]
    assert not made.height[1].isnan().any()
    first = int(gone.nonzero()[0])
    assert gone[first:].all()
    assert rules.update(config, made, 0, 149, 0) is None
    words = [part for one in rules.one_step(config, made, "sgd", -1, 0) if isinstance(one, Say) for part in one.parts]
    assert any("left for good" in one for one in words)


@pytest.mark.parametrize(("formula", "anywhere"), [("log(x)", True), ("x^9^9^9", True), ("1/0", False)])
def test_nobody_takes_a_step_from_where_there_is_no_height(formula, anywhere):
    config = Config(surface="own", formula=formula, start="-2_1.5", rules=("sgd", "momentum", "adam"))
    made = race(config)
    assert made.position[:, 1:].isnan().all()
    assert made.surface.isfinite().any() == anywhere
    notes = [block.parts[0] for block in about.surface(config, made, -1) if isinstance(block, Say)]
    assert notes == [about.NO_START if anywhere else about.NO_HEIGHT]
    *_, said = rules.one_step(config, made, "momentum", -1, 0)
    assert "there is no height" in said.parts[0]


@pytest.mark.parametrize(("x", "y", "start"), [(-2.0, 0.007, "-2_0"), (0.006, -0.02, "0_-0.02"), (0.5, 0.5, "0.5_0.5")])
def test_a_start_dragged_next_to_an_axis_is_on_it(x, y, start):
    dragged = picks.drag_start({"event": "drop", "x": x, "y": y}, Config(surface="saddle"), None)
    assert dragged == {"start": start}
    assert picks.drag_start({"event": "dot"}, Config(), None) == {}


def test_starts_travel_in_the_link():
    assert parse_start("") is None
    assert parse_start(start_text(-2.00049, 1.5)) == (-2.0, 1.5)
    assert start_text(1e9, -1e9) == "100_-100"
    assert parse_start("100_-100") == (100, -100)
    assert start_text(math.nan, 0) == ""
    for text in ("here", "1", "1_2_3", "1e3_2", "--1_2", "_"):
        with pytest.raises(KnobError, match="expected two numbers"):
            parse_start(text)
    with pytest.raises(KnobError, match="-100 to 100"):
        parse_start("900_0")
    let_go = {"event": "handle", "key": "start", "x": 1.23456, "y": -0.5}
    assert picks.drag_start(let_go, Config(), None) == {"start": "1.235_-0.5"}


# ---------------------------------------------------------------- the signal


def test_the_signal_shrinks_and_grows_as_the_weights_say():
    """Without an activation each layer multiplies the signal by √n σ on average, and the gradient as much."""
    config = Config(look="signal", function="identity", depth=20, width=64)
    made = signal(config)
    for name, factor in (("small", 8 * 0.01), ("he", math.sqrt(2)), ("large", 8.0), ("xavier", 1.0)):
        at = made.networks.index(name)
        grown = (made.deviation[at, -1] / made.deviation[at, 0]).item() ** (1 / 19)
        back = (made.gradient[at, 0] / made.gradient[at, -1]).item() ** (1 / 19)
        assert grown == pytest.approx(factor, rel=0.1)
        assert back == pytest.approx(factor, rel=0.1)
    zeros = made.networks.index("zeros")
    assert made.deviation[zeros].tolist() == made.gradient[zeros].tolist() == [0.0] * 20


def test_gradients_are_those_of_autograd_and_clipping_is_one_factor():
    config = Config(look="signal", signal="cures", initialisation="large", function="tanh", depth=4, longest=0.5)
    made, model = signal(config), recipe_of(config).network().double().train()
    digits = small_digits()
    nn.functional.cross_entropy(model(digits.inputs[:64].double()), digits.targets[:64]).backward()
    plain, clipped = made.networks.index("plain"), made.networks.index("clip")
    want = torch.stack([layer.linear.weight.grad.norm() for layer in model.layers])
    torch.testing.assert_close(made.weight_gradient[plain], want)
    whole = torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5)
    assert made.whole[clipped].item() == pytest.approx(whole.item())
    torch.testing.assert_close(made.weight_gradient[clipped], want * 0.5 / whole, rtol=1e-5, atol=0)
    assert made.factor[plain] == 1


def test_what_is_not_ill_is_not_cured():
    """With ReLU and He's first weights the gradient arrives as it left; two cures make it grow."""
    made = signal(Config(look="signal", signal="cures"))
    factors = {name: float(made.gradient[at, 0] / made.gradient[at, -1]) for at, name in enumerate(made.networks)}
    assert 0.5 < factors["plain"] < 2
    assert min(factors["batch"], factors["residual"]) > 100 * factors["plain"]


def test_cures_bring_the_gradient_back():
    made = signal(Config(look="signal", signal="cures", initialisation="small"))
    ratio = dict(zip(made.networks, (made.gradient[:, 0] / made.gradient[:, -1]).tolist(), strict=True))
    assert ratio["plain"] == ratio["clip"] < 1e-38
    assert 0.5 < ratio["residual"] < 2
    assert 0.5 < ratio["layer"] < 2
    assert ratio["batch"] > 100


def test_every_pair_has_a_factor():
    ratios = signals.all_pairs(Config(look="signal", depth=6, width=16))
    assert ratios.shape == (7, 5, 2)
    assert np.isnan(ratios[:, 0]).all(), "zeros"
    assert draw.pairs(ratios, Config(look="signal")).tiles[0].pixels.shape == (7, 5)
    picked = picks.pick_network({"tile": 0, "row": 2, "column": 2}, None, None)
    assert picked == {"function": "tanh", "initialisation": "xavier"}


# ---------------------------------------------------------------- normalisation


@pytest.mark.parametrize("mode", ["train", "eval"])
@pytest.mark.parametrize("norm", ["batch", "layer", "group", "instance"])
def test_a_block_is_what_pytorch_makes_of_it(norm, mode):
    config = Config(
        look="norm", norm=norm, mode=mode, batch=3, channels=6, side=3, groups=3, gamma=1.5, beta=-0.5, batches=7
    )
    made = block(config)
    theirs = {
        "batch": lambda: nn.BatchNorm2d(6), "layer": lambda: nn.GroupNorm(1, 6), "group": lambda: nn.GroupNorm(3, 6),
        "instance": lambda: nn.InstanceNorm2d(6, affine=True),
    }[norm]().double()  # fmt: skip
    if norm == "batch":
        for number in range(7):
            theirs(activations(config, number))
    nn.init.constant_(theirs.weight, 1.5)
    nn.init.constant_(theirs.bias, -0.5)
    if norm == "batch":
        torch.testing.assert_close(made.running_mean[-1], theirs.running_mean, rtol=0, atol=1e-12)
        torch.testing.assert_close(made.running_variance[-1], theirs.running_var, rtol=0, atol=1e-12)
    theirs.train(mode == "train")
    given = made.given.reshape(3, 6, 3, 3)
    torch.testing.assert_close(made.output.reshape(3, 6, 3, 3), theirs(given).detach(), rtol=0, atol=1e-12)
    if made.count:
        sizes = {int((made.group == number).sum()) for number in made.group.unique()}
        assert sizes == {made.count}
        assert explain.about_cell(config, made, (2, 5, 8))
    else:
        assert (made.group == -1).all()


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("side", [1, 2])
@pytest.mark.parametrize("norm", ["batch", "layer", "group", "instance"])
def test_what_is_refused_is_what_pytorch_refuses(norm, side, batch):
    for groups in (1, 2, 4):
        config = Config(look="norm", norm=norm, side=side, batch=batch, channels=4, groups=groups)
        theirs = {
            "batch": nn.BatchNorm2d(4), "layer": nn.GroupNorm(1, 4), "group": nn.GroupNorm(groups, 4),
            "instance": nn.InstanceNorm2d(4),
        }[norm]  # fmt: skip
        try:
            theirs(torch.zeros(batch, 4, side, side))
            refuses = False
        except ValueError as error:
            refuses = re.search("“(.*)”", explain.REFUSALS[norm])[1] in str(error)
        assert refused(config) == refuses
        made = block(config)
        if made.count == 1:
            assert made.output.abs().max() < 1e-12, "only β is left"


def test_in_eval_mode_nobody_else_in_the_batch_matters():
    for mode, alone in (("train", False), ("eval", True)):
        one, many = (block(Config(look="norm", mode=mode, batch=size, batches=0)) for size in (1, 4))
        assert torch.equal(one.given[0], many.given[0])
        assert torch.allclose(one.output[0], many.output[0]) == alone


def test_layer_norm_leaves_channels_apart_and_batch_norm_does_not():
    made = block(Config(look="norm", channels=6))
    apart = made.channel_mean.amax(1) - made.channel_mean.amin(1)
    assert apart[1] < 1e-9
    assert apart[2] > 1
    assert apart[4] < 1e-9


def test_cells_no_farther_than_there_are():
    config = Config(look="norm", batch=2, channels=4, side=2)
    assert explain.cell_of(config, "9-9-99") == (1, 3, 3)
    assert picks.pair_of("9-9") == (5, 6)
    for check, text in ((picks.check_cell, "1-2"), (picks.check_pair, "a-b")):
        with pytest.raises(KnobError, match="expected"):
            check(text)


# ---------------------------------------------------------------- trainings


def test_networks_side_by_side_train_as_each_alone_and_belong_to_the_seed():
    recipes = [Recipe(rule, Settings(0.05), 32, 3, width=8) for rule in ("sgd", "adam")]
    *_, both = together(recipes, 20, 10)
    *_, alone = together(recipes[1:], 20, 10)
    for name in QUANTITIES:
        assert both.values[name].shape == (3, 2)
        np.testing.assert_array_equal(both.values[name][:, 1:], alone.values[name])
    assert both.values["loss"][-1, 0] < both.values["loss"][0, 0]


def test_a_recipe_is_plain_pytorch_training():
    """Own layers and own momentum, against nn.Linear and torch.optim, from the same weights and batches."""
    recipe = Recipe("momentum", Settings(0.05), 1024, 0, width=8)
    *_, ours = together([recipe], 10, 10)
    source, digits = recipe.network(), small_digits()
    model = nn.Sequential(nn.Linear(INPUTS, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 10))
    with torch.no_grad():
        for one, other in zip(model.parameters(), source.parameters(), strict=True):
            one.copy_(other)
    optimiser = torch.optim.SGD(model.parameters(), 0.05, momentum=0.9)
    for _ in range(10):
        optimiser.zero_grad()
        nn.functional.cross_entropy(model(digits.inputs), digits.targets).backward()
        optimiser.step()
    loss = nn.functional.cross_entropy(model(digits.inputs), digits.targets).item()
    assert ours.values["loss"][-1, 0] == pytest.approx(loss, rel=1e-4)


def test_a_run_whose_loss_is_no_number_ends_in_a_gap():
    *_, last = together([Recipe("sgd", Settings(1e6), 64, 0, depth=6, width=8)], 20, 5)
    assert math.isnan(last.values["loss"][-1, 0])
    assert math.isfinite(last.values["loss"][0, 0])
    assert draw.trained(last, "x", ("loss", "held_out"), ["a"], [0])


def test_the_grid_fills_pair_by_pair():
    config = Config(look="grid", epochs=1)
    stream = grid.stream_grid(config)
    first, second = next(stream), next(stream)
    assert np.isnan(first.values["loss"]).all()
    assert np.isfinite(second.values["loss"]).sum() == 2, "before the first epoch and after it"
    assert (first.total, second.step) == (42, 1)
    told = lambda snapshot: len(explain.about_network(config, snapshot, (5, 0)))  # noqa: E731
    assert told(replace(second, step=6)) == told(first) < told(replace(second, step=7)), "the best of a whole row"
    for cell in ((5, 0), (0, 0)):
        assert bool(draw.one_network(second, cell)) == (cell == (5, 0))
        assert explain.about_network(config, second, cell)
    assert grid.grid_rates(replace(config, trainer="adam"))[-1] == 0.1
    stream.close()


def test_schedules_are_trained_at_the_rates_that_are_drawn():
    config = Config(look="schedule", train_steps=160, peak=0.001)
    made = rates(config)
    assert made.rate.shape == (5, 160)
    assert made.rate.max().item() == pytest.approx(0.001)
    first = next(stream_schedules(config))
    assert len({round(float(loss), 6) for loss in first.values["loss"][0]}) == 1, "all from the same first weights"


def test_digits_are_standardised_and_small():
    digits = small_digits()
    assert digits.inputs.shape == (1024, INPUTS)
    assert digits.held_out_targets.bincount().tolist() == [50] * 10
    torch.testing.assert_close(digits.inputs.mean(0), torch.zeros(INPUTS), rtol=0, atol=1e-5)


# ---------------------------------------------------------------- the page


@pytest.mark.parametrize("name", TOPIC.presets)
def test_every_preset_is_shown_and_its_look_computes_no_other(name):
    config = TOPIC.presets[name]
    path, looked = TOPIC.first_look(config)
    film = Film.of(load(path)(looked))
    view = page.View()
    assert with_columns(page.stage(config, view, film), config, view, film)
    assert only(config) == looked == only(looked)


@pytest.mark.parametrize("rule", ["adagrad", "rmsprop", "adam", "adamw"])
def test_a_square_of_a_power_of_ten_stands_in_brackets(rule):
    """A gradient of 10^-129 is squared: without brackets KaTeX refuses 10^{-129}^2."""
    config = Config(surface="bowl", rules=(rule,))
    made = race(config)
    tiny = replace(made, gradient=torch.full_like(made.gradient, 1.25e-129))
    latex = rules.update(config, tiny, 0, 5, 0).latex
    assert r"(1.250 \times 10^{-129})^2" in latex
    assert not re.search(r"\^\{[^}]*\}\^", latex)

"""Neuron and perceptron: what the page shows is what the neuron did, and what it claims is so."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.contracts.film import Film
from engine.contracts.knob import KnobError
from engine.data.half_planes import overlapping, parted
from engine.data.points import encode_points
from engine.models.perceptron.neuron import FUNCTIONS
from engine.models.perceptron.rule import HalfPlane, corrected
from engine.pictures.plot.values import PlotPicture, plot_payload
from engine.pictures.sketch.plot_regions import PlotRegionSketch
from engine.pictures.sketch.values import SIDE
from engine.topics.perceptron import draw, explain
from engine.topics.perceptron.card import (
    DATA,
    LARGEST,
    OR_NAND_AND,
    TOPIC,
    Config,
    absent,
    check_own,
    parse_units,
    units_text,
)
from engine.topics.perceptron.lesson import how_it_goes_on, side_of
from engine.topics.perceptron.run import (
    Experiment,
    best_line_of,
    bound_of,
    margin_of,
    network,
    points_of,
    presented,
    result_of,
    run,
)
from engine.topics.perceptron.slopes import cut, losses, quotients, slopes
from engine.training.fit import seeded

OWN = encode_points([(-1.0, 1.0, 0), (1.0, -1.0, 1), (-1.2, 0.8, 0), (1.1, -0.7, 1)])
LINES = torch.tensor([[0.7, -1.2, 0.3], [1.5, 0.4, -0.9], [-2.0, 1.1, 0.25]], dtype=torch.float64)


def moments(config, steps=400):
    return list(Experiment(config).train(steps, 1))


# ---------------------------------------------------------------- the run


@pytest.mark.parametrize("data", ["and", "xor", "parted", "overlapping"])
def test_every_moment_is_the_rule_applied_to_the_sample_it_names(data):
    config = Config(data=data, samples=20, rate=0.7, w1=0.3)
    seen, points, corrections = moments(config, 60), points_of(config), 0
    for number, (before, after) in enumerate(itertools.pairwise(seen)):
        shown = presented(config, after.values)
        assert shown.number == number % len(points)
        assert [shown.x1, shown.x2] == points.inputs[shown.number].double().tolist()
        assert shown.before.parts == tuple(before.values["line"])
        assert shown.after == corrected(shown.before, shown.x1, shown.x2, shown.target, 0.7)
        corrections += shown.after != shown.before
        assert after.values["corrections"] == corrections
        assert after.values["wrong"] == shown.after.wrong(points.inputs.double(), points.targets)
        assert after.values["best_wrong"] == min(one.values["wrong"] for one in seen[: number + 2])
        assert (
            HalfPlane(*after.values["best"]).wrong(points.inputs.double(), points.targets) == after.values["best_wrong"]
        )


@pytest.mark.parametrize("data", ["and", "or", "nand", "parted"])
def test_what_can_be_parted_is_learned_within_the_bound_and_then_it_stops(data):
    seen = moments(Config(data=data))
    count = len(points_of(Config(data=data)))
    assert seen[-1].values["wrong"] == 0
    assert seen[-1].step % count == 0
    assert seen[-1].values["corrections"] == seen[-1 - count].values["corrections"], "a whole pass without one"
    assert seen[-1].values["corrections"] <= bound_of(Config(data=data))
    assert seen[-1].values["pass_mistakes"] == 0


def test_xor_goes_round_for_ever_and_the_weights_come_back():
    seen = moments(Config(data="xor"))
    assert math.isnan(bound_of(Config(data="xor")))
    assert best_line_of(Config(data="xor"))[0] == 1
    assert seen[-1].values["cycle"] == 1
    lines = [tuple(one.values["line"]) for one in seen]
    assert lines[-1] == lines[-5] == lines[-9]
    assert len({*lines[100:]}) == 4
    assert all(one.values["wrong"] >= 2 for one in seen)
    shuffled = moments(Config(data="xor", order="random"), 200)
    assert shuffled[-1].values["best_wrong"] == 1
    assert shuffled[-1].values["cycle"] == 0
    assert shuffled[-1].values["wrong"] > 0


def test_how_often_one_looks_changes_nothing():
    config = Config(data="overlapping", order="random")
    often, seldom = moments(config, 200), list(Experiment(config).train(200, 37))
    assert np.array_equal(often[-1].values["line"], seldom[-1].values["line"])
    assert often[-1].values["best_wrong"] == seldom[-1].values["best_wrong"]
    assert often[-1].step == seldom[-1].step == 200


def test_a_run_leaves_out_no_sample():
    """Through every tenth of XOR's samples its mistakes would look steady."""
    result = run(Config(data="xor", steps=400))
    assert result.step.tolist() == list(range(401))
    assert set(result.wrong[20:].tolist()) == {2, 3}
    film = Film(moments(Config(data="xor"), 12)[::4], (0, 4, 8, 12), None, None)
    assert "4 samples apart" in str(draw.mistakes(Config(data="xor"), film).lines[0].name)


def test_from_zero_the_rate_changes_nothing_but_the_scale():
    one, other = (moments(Config(data="parted", rate=rate)) for rate in (1.0, 0.5))
    assert [m.values["corrections"] for m in one] == [m.values["corrections"] for m in other]
    np.testing.assert_allclose(0.5 * one[-1].values["line"], other[-1].values["line"])


def test_points_have_two_decimals_and_the_gap_that_was_asked_for():
    with seeded(3) as generator:
        points, clouds = parted(40, 0.8, generator), overlapping(41, generator)
    for one, count in ((points, 40), (clouds, 41)):
        assert len(one) == count
        assert abs(int(one.targets.sum()) - count / 2) <= 0.5
        np.testing.assert_allclose(one.inputs.numpy() * 100, np.round(one.inputs.numpy() * 100), atol=1e-3)
    nearest = torch.cdist(points.inputs[points.targets == 0], points.inputs[points.targets == 1]).min()
    assert nearest >= 0.8


def test_own_points_are_what_was_drawn_and_none_are_no_run():
    config = Config(data="own", points=OWN)
    assert points_of(config).targets.tolist() == [1, 0, 1, 0]
    assert moments(config)[-1].values["wrong"] == 0
    nothing = moments(Config(data="own"))
    assert len(nothing) == 1
    assert run(Config(data="own", steps=9)).attainable == 0
    with pytest.raises(KnobError, match="class 0 or 1, got class 2"):
        check_own(encode_points([(0, 0, 2)]))
    with pytest.raises(KnobError, match="at most 100 points, got 101"):
        check_own(encode_points([(0, 0, 0)] * 101))


@pytest.mark.parametrize(
    ("text", "said"),
    [("1_2", "three times w₁_w₂_θ"), ("1_1_x~1_1_1~1_1_1", "three times"), ("9_1_1~1_1_1~1_1_1", "from -5 to 5, got 9"),
     ("nan_1_1~1_1_1~1_1_1", "from -5 to 5"), ("", "three times")],
)  # fmt: skip
def test_neurons_that_cannot_be_read_get_a_sentence(text, said):
    with pytest.raises(KnobError, match=said):
        parse_units(text)
    assert units_text(parse_units(OR_NAND_AND)) == OR_NAND_AND


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("name", ["hand", "layers"])
def test_what_is_set_by_hand_is_what_the_network_says(name, function):
    config = Config(network=name, function=function, data="xor", w1=0.6, w2=-1.1, theta=0.2)
    result, x = run(config), points_of(config).inputs.double()
    torch.testing.assert_close(result.answers, network(config)(x)[:, 0].detach())
    if name == "hand":
        z = 0.6 * x[:, 0] - 1.1 * x[:, 1] - 0.2
        assert result.hidden.shape == (4, 0)
    else:
        h = FUNCTIONS[function](torch.stack([x.sum(1) - 0.5, -x.sum(1) + 1.5], 1))
        torch.testing.assert_close(result.hidden, h)
        z = h.sum(1) - 1.5
    torch.testing.assert_close(result.sums, z)
    torch.testing.assert_close(result.answers, FUNCTIONS[function](z))
    assert result.wrong[-1] == ((z >= 0) != (result.targets == 1)).sum()
    assert result.plane[0, 0] == pytest.approx(
        network(config)(torch.tensor([[-0.75 + 2.5 / 160, 1.75 - 2.5 / 160]], dtype=torch.float64)).item()
    )


def test_a_run_that_was_watched_has_the_same_result():
    config = Config(steps=12)
    watched, alone = result_of(config, moments(config, 12)), run(config)
    assert torch.equal(watched.neuron_weights, alone.neuron_weights)
    assert watched.bound == pytest.approx(51)
    assert network(config, alone).weight.tolist() == alone.neuron_weights.tolist()


# ---------------------------------------------------------------- the loss and its slope


@pytest.mark.parametrize("data", ["and", "xor", "parted"])
def test_the_slope_through_the_sigmoid_is_the_quotient_and_through_the_step_it_is_zero(data):
    points = points_of(Config(data=data))
    for line in LINES:
        found = slopes(points.inputs, points.targets, tuple(line.tolist()), "sigmoid")
        want = quotients(points.inputs, points.targets, line[None], "sigmoid")[0]
        assert found == pytest.approx(want.tolist(), abs=1e-8)
        assert slopes(points.inputs, points.targets, tuple(line.tolist()), "step") == (0, 0, 0)
        assert quotients(points.inputs, points.targets, line[None], "step").tolist() == [[0, 0, 0]]


def test_the_loss_through_the_step_is_the_share_of_wrong_points_and_a_cut_is_flat_but_for_its_jumps():
    points = points_of(Config(data="and"))
    line = HalfPlane(1.0, 1.0, 0.5)
    loss = losses(points.inputs, points.targets, torch.tensor([line.parts], dtype=torch.float64), "step").item()
    assert loss == line.wrong(points.inputs, points.targets) / 4 == 0.5
    values, along = cut(points.inputs, points.targets, line.parts, "theta", "step")
    assert (np.diff(along.numpy()) != 0).sum() == 3, "at θ = 0, 1 and 2"
    assert along[len(values) // 2] == loss
    assert values[len(values) // 2] == 0.5


# ---------------------------------------------------------------- pictures and what can be done with them


def test_the_moving_picture_has_the_lines_and_the_samples_of_the_run():
    config = Config(data="or")
    seen = moments(config, 8)
    film = Film(seen, range(len(seen)), seen[-1], seen[-1], "run", "perceptron")
    picture = draw.learning(config, film, pocket=True)
    before, now, best = (border.values for border in picture.borders)
    assert np.array_equal(now, [one.values["line"] for one in seen])
    assert np.array_equal(best, [one.values["best"] for one in seen])
    moved = (now[1:] != now[:-1]).any(1)
    assert np.array_equal(before[1:][moved], now[:-1][moved])
    assert not before[1:][~moved].any(), "no dashed line where nothing changed"
    ring = picture.dots[0].points[:, 0]
    assert np.isnan(ring[0]).all()
    assert ring[1:].tolist() == points_of(config).inputs.repeat(2, 1).tolist()
    assert draw.corrections(config, film).levels[0].value == pytest.approx(27)
    assert [level.value for level in draw.mistakes(Config(data="xor"), film).levels] == [2, 1]


@pytest.mark.parametrize("data", ["and", "parted"])
def test_the_arrow_stands_on_the_line_and_dragging_it_turns_or_moves_it(data):
    config = Config(network="hand", data=data, w1=1.0, w2=-0.5, theta=0.5)
    line = HalfPlane(config.w1, config.w2, config.theta)
    foot, tip = draw.arrow_of(line, config)
    assert line.sum_at(*foot) == pytest.approx(0)
    assert np.subtract(tip, foot) == pytest.approx(np.array([1.0, -0.5]) * draw.arrow_scale(config))
    assert draw.dragged(config, {"key": "w", "x": tip[0], "y": tip[1]}) == {"w1": 1.0, "w2": -0.5, "theta": 0.5}
    moved = draw.dragged(config, {"key": "line", "x": 1.0, "y": 0.2})
    assert moved == {"w1": 1.0, "w2": -0.5, "theta": 0.9}
    far = draw.dragged(config, {"key": "w", "x": 60.0, "y": -60.0})
    assert (far["w1"], far["w2"]) == (LARGEST, -LARGEST)
    nowhere = draw.by_hand(replace(config, w1=0.0, w2=0.0), run(replace(config, w1=0.0, w2=0.0)))
    assert [handle.key for handle in nowhere.handles] == ["w"]
    assert nowhere.paths == []


def test_one_number_of_three_neurons_is_set():
    changed = draw.edited(Config(), {"matrix": 0, "row": 1, "column": 2, "value": 0.25})
    assert parse_units(changed["units"]) == ((1, 1, 0.5), (-1, -1, 0.25), (1, 1, 1.5))


def test_the_widest_margin_can_be_set_and_leaves_that_room():
    config = Config(network="hand", data="parted", gap=1.0)
    _, press = explain.best_neuron(config)
    set_by_hand = replace(config, **press.change)
    line, points = HalfPlane(set_by_hand.w1, set_by_hand.w2, set_by_hand.theta), points_of(config)
    assert line.wrong(points.inputs.double(), points.targets) == 0
    signs = 2 * points.targets - 1
    room = (run(set_by_hand).sums * signs).min().item() / line.length
    assert room == pytest.approx(margin_of(config).margin, rel=5e-3)
    assert not [one for one in explain.best_neuron(replace(config, data="xor")) if hasattr(one, "change")]


def test_knobs_that_play_no_part_have_no_place():
    everything = {knob.name for knob in Config.__knobs__ if not knob.hidden}
    for name in ("rule", "hand", "layers"):
        for data in DATA:
            assert {*absent(Config(network=name, data=data))} <= everything
    assert {"w1", "rate"} <= {*absent(Config(network="layers"))}
    assert "function" in absent(Config())
    assert TOPIC.trains(Config())
    assert not TOPIC.trains(Config(network="hand"))


# ---------------------------------------------------------------- drawings of the lesson


def test_a_region_drawn_in_a_plane_is_read_and_its_edge_is_shown():
    cells = np.zeros((SIDE, SIDE), int)
    cells[:, : SIDE // 2] = 1
    sketch = PlotRegionSketch("plane", ("1", "0"), lambda result: cells, side_of)
    config = Config(network="hand", w1=1.0, w2=-1.0, theta=0.5)
    picture = draw.by_hand(config, run(config))
    board = sketch.board(picture)
    assert (board.form, board.names, board.x) == ("region", ("1", "0"), (-0.75, 1.75))
    assert sorted(point[2] for point in board.points) == [0, 1, 1, 1]
    shown = sketch.over(picture, cells.ravel().tolist())
    assert isinstance(shown, PlotPicture)
    assert plot_payload(shown)[0]["expected"] == cells.ravel().tolist()
    with pytest.raises(ValueError, match="as wide as high"):
        replace(shown, domain=(0, 1, 0, 2))
    assert sketch.truth(None) == cells.ravel().tolist()


@pytest.mark.parametrize(
    ("painted", "choice"),
    [(lambda r, c: r + c < SIDE, "upper_left"), (lambda r, c: r + c >= SIDE, "lower_right"),
     (lambda r, c: r + c < SIDE - 6, "upper_left"), (lambda r, c: abs(r + c - SIDE) < 5, "along"),
     (lambda r, c: r > c, "along"), (lambda r, c: False, "along")],
)  # fmt: skip
def test_a_painted_side(painted, choice):
    cells = np.array([[int(painted(row, column)) for column in range(SIDE)] for row in range(SIDE)])
    assert side_of(cells) == choice


@pytest.mark.parametrize(
    ("heights", "choice"),
    [(np.linspace(0, 78, 33), "goes_on"), (np.r_[np.linspace(0, 12, 11), [12] * 22], "ends"),
     (np.linspace(0, 9, 33) ** 1.3, "goes_on"), (np.sqrt(np.linspace(0, 1, 33)) * 60, "slows"),
     (1 - np.exp(-np.linspace(0, 2.5, 33)), "slows"), ([0] * 33, "ends")],
)  # fmt: skip
def test_a_drawn_number_of_corrections(heights, choice):
    assert how_it_goes_on(list(heights)) == choice


def test_points_that_share_a_place_are_one_larger_dot():
    config = Config(network="layers", data="xor")
    result = run(config)
    points, places = draw.places_shared(result)
    assert (points, places) == (4, 3)  # AND of both, OR of both: (0, 1) and (1, 0) give the same
    dots = draw.hidden_space(config, result).dots
    assert [str(one.labels[0]) for one in dots if one.radius > draw.DOT] == ["(0, 1), (1, 0), t = 1"]
    assert [len(one.points) for one in dots] == [1, 1, 1]
    same = Config(network="layers", data="xor", units="0_0_1~0_0_1~1_1_1")  # both hidden neurons are silent
    dots = draw.hidden_space(same, run(same)).dots
    assert [one.colours for one in dots] in ([[0], [1]], [[1], [0]])
    assert dots[0].radius > dots[1].radius  # what lies below is seen around what lies above


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ((1, 1, 0.5), None),
        ((1, 1, 9), (explain.OUTSIDE, 0)),
        ((1, -1, -9), (explain.OUTSIDE, 1)),
        ((0, 0, 0), (explain.NOWHERE, 1)),
        ((0, 0, 1), (explain.NOWHERE, 0)),
    ],
)
def test_a_line_that_is_not_to_be_seen_is_told_of(line, told):
    said = explain.out_of_sight(Config(data="or"), HalfPlane(*line))
    assert [(words.english, words.values["side"]) for one in said for words in one.parts] == ([told] if told else [])

"""What a reader does on the page of the MLP: sets weights, draws points, resizes layers, opens the hidden space."""

import re
from dataclasses import replace
from urllib.parse import urlencode

import numpy as np
import pytest

from engine.contracts.film import Film
from engine.contracts.knob import KnobError, to_query
from engine.data.points import encode_points
from engine.pictures.theme import table
from engine.topics.mlp import draw, explain
from engine.topics.mlp.benchmark import SOLVED, spiral
from engine.topics.mlp.card import FEATURES, REGRESSION, TOPIC, Config
from engine.topics.mlp.experiment import Experiment
from engine.topics.mlp.run import first, run
from engine.topics.mlp.texts import MAXIMUM_EDITS, check_picked, parse_edits, with_edit
from tests.visitor import Visitor

SMALL = Config(layers=(6, 5), samples=60, data="moons", features=("x2", "x1_x2"))


def end_of(visitor):
    """Wait until the run of the page stands still."""
    for _ in range(400):
        if not visitor.data("mlp-bar")[0]["frames"]["live"]:
            return
        visitor.tick()
    raise AssertionError("the run goes on and on")


def test_every_weight_and_bias_can_be_set_by_hand_where_it_is_picked():
    moment = first(SMALL)
    film = Film.of(moment)
    inputs = [len(FEATURES), *SMALL.layers]
    for layer, weights in enumerate(moment.values["weights"], 1):
        for index in range(len(weights)):
            for origin in (None, *range(inputs[layer - 1])):
                asked = f"{layer}-{index}" + ("" if origin is None else f"-{origin}")
                check_picked(asked)
                picked = explain.picked_in(moment, asked)
                assert explain.name_of(picked) == asked
                made = explain.explain_neuron(SMALL, moment, *explain.neuron_of(picked), (0.5, 1.0))
                field = explain.field_of(SMALL, film, picked, made)
                if layer == 1 and origin is not None and list(FEATURES)[origin] not in SMALL.features:
                    assert field is None  # an input that is switched off
                    continue
                changed = replace(SMALL, **with_edit(SMALL, field.keys[0], field.value + 1))
                again = first(changed)
                for name in ("weights", "biases"):
                    before, after = moment.values[name][layer - 1], again.values[name][layer - 1]
                    differs = np.argwhere(before != after).tolist()
                    if (name == "biases") != (origin is None):
                        assert differs == []
                        continue
                    ((to, *column),) = differs
                    assert to == index
                    assert after[to, *column] == np.float32(round(field.value + 1, 4))
                    assert abs(field.value - before[to, *column]) <= 5.1e-5


def test_an_edit_takes_the_place_of_the_one_before_and_the_rest_stay():
    config = replace(SMALL, edits="3:0.1.0=2;3:0.1.b=1", steps=9)
    assert with_edit(config, "3:0.1.0", 0.123456) == {"edits": "3:0.1.b=1;3:0.1.0=0.1235", "steps": 3}
    assert with_edit(config, "30:0.1.0", 1) == {"edits": "3:0.1.0=2;3:0.1.b=1;30:0.1.0=1.0", "steps": 30}
    assert parse_edits(with_edit(config, "9:1.2.b", -100.0)["edits"])[-1] == (9, 1, 2, -1, -100.0)


def test_nothing_is_set_by_hand_in_the_past_while_it_runs_or_where_there_is_no_number():
    moment = first(SMALL)
    later, picked = replace(moment, step=5), {"kind": "neuron", "layer": 1, "index": 0}
    made = explain.explain_neuron(SMALL, moment, 1, 0, (0.5, 1.0))
    assert explain.field_of(SMALL, Film((moment, later), (0, 1), later, later), picked, made) is not None
    assert explain.field_of(SMALL, Film((moment, later), (0, 1), moment, later), picked, made) is None
    assert explain.field_of(SMALL, Film((moment, later), (0, 1), later, later, live=True), picked, made) is None
    assert explain.field_of(SMALL, Film.of(moment), picked, replace(made, bias=float("nan"))) is None
    assert explain.field_of(SMALL, Film.of(moment), picked, replace(made, bias=1e9)).value == 100
    for gone in ("7-0", "1-6", "3-1", "9-63-63", ""):
        assert explain.picked_in(moment, gone) is None
    for wrong in ("0-1", "1", "1-2-3-4", "a-b", "1-100", "-1-2", "1-٣"):
        with pytest.raises(KnobError, match="Neuron or weight"):
            check_picked(wrong)


def test_layers_keep_to_1_to_64_neurons_and_the_last_input_stays():
    config = Config(layers=(1, 64, 5), features=("x2",))
    for at, delta, sizes in ((1, -1, (1, 64, 5)), (2, 1, (1, 64, 5)), (3, -1, (1, 64, 4)), (1, 1, (2, 64, 5))):
        assert explain.touched(config, {"event": "resize", "layer": at, "delta": delta}) == {"layers": sizes}
    assert explain.touched(config, {"event": "resize", "layer": 4, "delta": 1}) == {}  # a layer that has just gone
    assert explain.touched(config, {"event": "toggle", "index": 1}) == {}
    assert set(explain.touched(config, {"event": "toggle", "index": 0})["features"]) == {"x1", "x2"}


# ---------------------------------------------------------------- as the page shows it


def status(visitor) -> list[float]:
    """The bold numbers of the page's status line: the step, then the scores in per cent."""
    line = visitor.status()
    return [float(number.replace("−", "-")) for number in re.findall(r"<b>(−?[\d.]+)\W*</b>", line)]


def scores(config: Config) -> list[float]:
    """What that must say, from a run of the engine."""
    seen = run(config).snapshot.values
    factor, digits = (1, 3) if config.data in REGRESSION else (100, 1)
    return [config.steps, *(round(factor * seen[f"{part}_accuracy"], digits) for part in ("train", "test"))]


def test_single_steps_are_single_and_in_the_link(visitor):
    visitor.open("mlp", "data=gaussians&layers=5&seed=3")
    for step in (1, 2, 3):
        visitor.press("mlp:step")
        end_of(visitor)
        assert status(visitor) == scores(Config(data="gaussians", layers=(5,), seed=3, steps=step))
        assert visitor.query == f"data=gaussians&layers=5&seed=3&steps={step}"


def test_regression_shows_r_squared(visitor):
    visitor.open("mlp", "data=plane&layers=4&steps=20")
    end_of(visitor)
    assert "R²" in visitor.texts()
    assert status(visitor) == scores(Config(data="plane", layers=(4,), steps=20))


@pytest.mark.parametrize(("locale", "part"), [("en-US", "the learning rate is too high"), ("zh-CN", "学习率")])
def test_a_rate_too_high_is_explained(server, locale, part):
    config = Config(data="circles", activation="relu", optimizer="sgd", learning_rate=10.0, layers=(32, 32, 32))
    visitor = Visitor(server.address, locale=locale)
    try:
        visitor.open("mlp", urlencode(to_query(config)))
        visitor.press("mlp:play")
        end_of(visitor)
        (sentence,) = visitor.alerts()
        assert part in sentence
        assert str(run(replace(config, steps=2000)).diverged_at) in sentence
        assert bool(re.search(r"[\u4e00-\u9fff]", sentence)) == (locale == "zh-CN")
        visitor.press("mlp:reset")
        assert visitor.alerts() == []
    finally:
        visitor.close()


def test_a_run_ends_where_it_was_told_and_plays_again_from_the_start(visitor):
    visitor.open("mlp", "data=gaussians&layers=4&until=50")
    visitor.touch("mlp-speed", "pick", 2)  # fast
    visitor.press("mlp:play")
    end_of(visitor)
    assert "Train again" in visitor.widget("mlp:play").label
    assert visitor.query == "data=gaussians&layers=4&until=50&steps=50"
    assert status(visitor) == scores(Config(data="gaussians", layers=(4,), until=50, steps=50))
    visitor.touch("mlp-speed", "pick", 0)  # slow
    visitor.press("mlp:play")
    for _ in range(400):
        if status(visitor)[0] not in (0, 50):
            break
        visitor.follow(0.1)
    assert 0 < status(visitor)[0] < 50


def test_a_number_typed_becomes_an_edit_and_too_many_are_told_of(visitor):
    visitor.open("mlp", "layers=3&view.picked=1-2")
    assert not visitor.touch("mlp-hand", "edit", {"value": -2.5}).errors
    assert "edits=0%3A0.2.b%3D-2.5" in visitor.query
    assert visitor.data("mlp-hand")[0]["value"] == -2.5
    visitor.touch("mlp-network", "pick", {"kind": "edge", "layer": 1, "to": 1, "from": 0})
    assert visitor.data("mlp-hand")[0]["label"] == "Weight from x₁, set by hand"
    weight = first(Config(layers=(3,))).values["weights"][0][1, 0]
    assert visitor.data("mlp-hand")[0]["value"] == pytest.approx(weight, abs=5.1e-5)
    many = ";".join(["0:0.0.0=1"] * MAXIMUM_EDITS)
    visitor.open("")
    visitor.open("mlp", f"layers=3&view.picked=1-2&edits={many}")
    query = visitor.query
    assert not visitor.touch("mlp-hand", "edit", {"value": 3.0}).errors
    toasts = [element.body for kind, element, _ in visitor.elements.values() if kind == "toast"]
    assert toasts == ["Weights set by hand: expected at most 50, got 51"]
    assert visitor.query == query
    assert visitor.data("mlp-hand")[0]["value"] == 0  # the bias as it was


def test_the_run_goes_on_from_a_weight_set_at_a_step(server, visitor):
    visitor.open("mlp", "layers=3&data=gaussians&steps=12&view.picked=1-2")
    end_of(visitor)
    assert not visitor.touch("mlp-hand", "edit", {"value": -2.5}).errors
    end_of(visitor)
    assert visitor.query == "data=gaussians&layers=3&steps=12&edits=12%3A0.2.b%3D-2.5&view.picked=1-2"
    assert visitor.data("mlp-hand")[0]["value"] == -2.5
    config = Config(data="gaussians", layers=(3,), steps=12, edits="12:0.2.b=-2.5")
    assert status(visitor) == scores(config)
    friend = Visitor(server.address)
    try:
        friend.open("mlp", visitor.query)
        end_of(friend)
        assert status(friend) == scores(config), "the same scores from the link"
    finally:
        friend.close()
    visitor.press("mlp:step")
    end_of(visitor)
    assert status(visitor) == scores(replace(config, steps=13)), "the run goes on from the changed network"


def test_own_points_are_the_reader_s_as_long_as_nobody_else_set_others(visitor):
    def drawn(points):
        return visitor.keep("mlp-points", "points", {"revision": revision(), "points": points})

    def revision():
        return visitor.data("mlp-points")[0]["revision"]

    one, two = [[1.0, 2.0, 0]], [[1.0, 2.0, 0], [-2.0, 0.5, 1]]
    visitor.open("mlp", "data=own&layers=4")
    empty = revision()
    for points in (one, two, one):
        assert not drawn(points).errors
        assert f"points={encode_points(points)}" in visitor.query
        assert revision() == empty  # so that newer points of the browser are not taken away
        shown = visitor.data("mlp-points")[0]["points"]  # as they travel in the link
        assert np.array(shown) == pytest.approx(np.array(points), abs=2e-3)
    presets = list(TOPIC.presets.values())
    visitor.touch("mlp-presets", "pick", next(at for at, one in enumerate(presets) if one.data == "own"))
    others = visitor.data("mlp-points")[0]["points"]
    assert others != shown
    assert revision() != empty  # the browser still held the point
    query = visitor.query
    for wrong in ([[9, 0, 0]], [[0, 0, 7]], [[0, 0]], 3, [[0.1, 0.1, 0]] * 401):
        assert not drawn(wrong).errors
        assert visitor.query == query
        assert visitor.data("mlp-points")[0]["points"] == others


@pytest.mark.parametrize("spot", [{"x": 9, "y": 0}, {"x": 0}, {"x": "a", "y": 1}, "x", 3, []])
def test_a_spot_that_is_none_changes_nothing(visitor, spot):
    visitor.open("mlp", "layers=4&view.x1=2")
    assert not visitor.touch("mlp-points", "spot", spot).errors
    assert visitor.query == "layers=4&view.x1=2"


def test_edits_that_do_not_fit_are_told_of_and_left_out(visitor):
    visitor.open("mlp", "layers=3&seed=5&steps=7&edits=1:9.0.0=1;0:0.0.0=2")
    assert visitor.alerts() == ["Weights set by hand: this network has no weight 9.0.0"]
    assert visitor.query == "layers=3&seed=5"
    assert visitor.data("mlp-network")[0]["layers"][1]["neurons"] == ["h1,1", "h1,2", "h1,3"]


def test_the_spiral_is_solved_and_not_before():
    steps, _ = spiral().ours()
    seen = [snapshot.values["test_accuracy"] for snapshot in Experiment(Config()).train(steps)]
    assert seen[-1] >= SOLVED
    assert all(accuracy < SOLVED for accuracy in seen[:-1])
    assert steps <= 500


def test_the_bar_may_stand_at_every_moment_that_the_browser_has(visitor):
    """Of a long run the server sends some moments again; those in between the browser has from when they came."""
    visitor.open("mlp", "steps=240")
    end_of(visitor)
    sent = visitor.data("mlp-bar")[0]["frames"]
    between = sent["indices"][1] - 1
    assert between not in sent["indices"]
    assert not visitor.touch("mlp-bar", "frame", between).errors
    now = visitor.data("mlp-bar")[0]["frames"]
    step = now["steps"][now["indices"].index(between)]
    assert now["at"] == between
    assert sent["steps"][0] < step < sent["steps"][1]
    assert f"view.moment={step}" in visitor.query
    assert f"step <b>{step}</b>" in visitor.texts()


def test_points_of_a_regression_have_the_colours_of_their_values():
    """Beside other runs too: the colour that the plane has where the network answers that value."""
    result = run(Config(data="hills", layers=(4,), steps=20))
    picture = draw.draw_boundary(result)
    limit = float(result.plane.abs().max())
    for point, value in zip(picture.tiles[0].points, result.targets.tolist(), strict=True):
        at = round((min(1, max(-1, value / limit)) + 1) / 2 * 255)
        assert point.colour == "#{:02X}{:02X}{:02X}".format(*table("signed")[at])
    assert len({point.colour for point in picture.tiles[0].points}) > 20

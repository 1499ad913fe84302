"""What stands below the MLP playground: the step, the matrix, the hidden spaces, the slice of the loss, the race."""

from dataclasses import replace
from urllib.parse import parse_qsl

import numpy as np
import pytest
import torch
from sklearn.metrics import confusion_matrix

from engine.contracts.blocks import Say
from engine.contracts.film import Film
from engine.contracts.knob import KnobError, knobs
from engine.data.points import encode_points
from engine.data.table_keys import key_of
from engine.instrument.loss_slice import filter_normalised, main_directions, places_in
from engine.topics.mlp import confusion, draw, explain, landscape, race, spaces, step_panel
from engine.topics.mlp.card import REGRESSION, Config, usable
from engine.topics.mlp.experiment import Experiment
from engine.topics.mlp.run import first, run
from engine.topics.mlp.step import open_step
from engine.topics.mlp.step_draw import stages_of, step_network
from engine.topics.mlp.texts import ACTIVATION_NAMES, activations_of, other_activations, parse_activations
from pages.mlp import View

SMALL = Config(layers=(6, 5), samples=60, data="moons", features=("x2", "x1_x2"), steps=12)
FLAT = replace(SMALL, layers=(2, 2), features=("x1", "x2"), steps=20)


def moment_of(config):
    return run(config).snapshot


def film_of(config):
    return Film.of(moment_of(config))


# ---------------------------------------------------------------- knobs


def test_every_layer_may_have_its_own_activation():
    config = replace(SMALL, layers=(4, 4, 4), activation="tanh", activations="relu, sigmoid")
    assert activations_of(config) == ("relu", "sigmoid", "tanh")
    for layer in (1, 2, 3):
        choices = other_activations(config, layer)
        assert choices[config.activations] == {1: "ReLU", 2: "sigmoid", 3: "tanh"}[layer]
        for text, label in choices.items():
            changed = activations_of(replace(config, activations=text))
            assert [one == two for one, two in zip(changed, activations_of(config), strict=True)].count(False) <= 1
            assert ACTIVATION_NAMES[changed[layer - 1]] == label
    with pytest.raises(KnobError, match="Activation by layer"):
        parse_activations("relu step")


@pytest.mark.parametrize(("first_weights", "spread"), [("zeros", 0), ("equal", 0), ("drawn", 1)])
def test_neurons_that_begin_alike_stay_alike(first_weights, spread):
    config = Config(data="moons", layers=(6, 6), activation="sigmoid", first_weights=first_weights, steps=30)
    weights = moment_of(config).values["weights"]
    for layer in weights[:-1]:
        apart = np.ptp(layer, axis=0).max()
        assert (apart > 0.1) == spread
        assert spread or apart < 1e-3 * max(np.abs(layer).max(), 1e-9)


# ---------------------------------------------------------------- the step on the page


def test_the_film_of_a_step_goes_forward_and_back():
    moment = moment_of(SMALL)
    opened = open_step(SMALL, moment)
    picture = step_network(opened, 3, 2)
    kinds = [stage.kind for stage in stages_of(opened)]
    assert kinds == ["in", *["forward"] * 3, "loss", *["backward"] * 3, "update"]
    assert picture.frames.standing == 2
    known = np.isfinite(picture.values).sum(1)
    assert (np.diff(known[:4]) > 0).all()  # layer after layer
    assert picture.values[5, -1] == pytest.approx(opened.deltas[-1][3, 0].item())
    whole = step_network(opened, None)
    for layer, lines in enumerate(whole.weights):
        columns = [1, 4] if layer == 0 else slice(None)  # of the inputs that are switched on
        assert np.array_equal(lines[-2][:, columns], opened.weight_gradients[layer].numpy())
        change = opened.after_weights[layer] - opened.weights[layer]
        assert np.array_equal(lines[-1][:, columns], change.numpy())
    wide = replace(SMALL, layers=(64,) * 8)
    assert len(stages_of(open_step(wide, first(wide)))) == 5  # a large network's passes are one moment each


def test_the_strongest_weight_is_opened_until_another_is_picked():
    film = film_of(SMALL)
    opened = film.once(step_panel.opened_at, SMALL)
    picked = step_panel.strongest(opened)
    layer, (index, column) = picked["layer"], (picked["to"], explain.column_of(SMALL, picked["layer"], picked["from"]))
    most = max(one.abs().max().item() for one in opened.weight_gradients)
    assert abs(opened.weight_gradients[layer - 1][index, column].item()) == most
    assert step_panel.pick({"kind": "neuron", "layer": 0, "index": 3}, SMALL, None) == {}
    assert step_panel.pick({"kind": "edge", "layer": 2, "to": 1, "from": 0}, SMALL, None) == {"picked": "2-1-0"}


def test_a_reader_walks_through_a_step(visitor):
    visitor.open("mlp", "layers=3&data=gaussians&steps=5&view.below=step")
    while visitor.data("mlp-bar")[0]["frames"]["live"]:
        visitor.tick()
    spot = visitor.data("mlp-points")[0]["picked"]
    visitor.press("mlp:next-sample")
    assert visitor.data("mlp-points")[0]["picked"] != spot
    assert not visitor.touch("mlp-step-bar", "frame", 3).errors
    assert "view.stage=3" in visitor.query
    assert "That costs" in visitor.texts()
    visitor.touch("mlp-step-network", "pick", {"kind": "edge", "layer": 2, "to": 0, "from": 1})
    assert "view.picked=2-0-1" in visitor.query
    assert "Weight h1,2 → ŷ" in visitor.texts()


# ---------------------------------------------------------------- the matrix


@pytest.mark.parametrize("config", [SMALL, replace(SMALL, data="gaussians", classes=4, noise=0.8)])
def test_the_matrix_is_that_of_scikit_learn_and_a_cell_leads_to_its_points(config):
    film = film_of(config)
    answers = film.once(confusion.answers_at, config)
    for which in confusion.COUNTED:
        there = answers.counted(which)
        wanted = confusion_matrix(answers.truth[there], answers.said[there], labels=range(answers.classes))
        assert np.array_equal(answers.matrix(which), wanted)
        for (truth, said), count in np.ndenumerate(wanted):
            view = View(below="confusion", counted=which, cell=f"{truth}-{said}")
            points = confusion.marked(config, view, film)
            assert len(points) == count
            assert all(answers.truth[at] == truth and answers.said[at] == said and there[at] for at in points)
    assert confusion.marked(config, View(cell="0-0"), film) == []  # another thing is looked into
    assert np.array_equal(run(config).confusion.numpy(), answers.matrix("test"))


def test_answers_of_a_regression_stand_beside_their_targets():
    config = replace(SMALL, data="hills")
    film = film_of(config)
    answers, view = film.once(confusion.answers_at, config), View(below="confusion", counted="train")
    plot = confusion.answers_plot(config, answers, view)
    assert len(plot.dots[0].points) == answers.is_train.sum()
    event = {"event": "dot", "dots": 0, "dot": 5}
    picked = confusion.pick_point(event, config, view)["point"]
    assert picked == np.flatnonzero(answers.is_train)[5]
    assert confusion.marked(config, replace(view, point=picked), film) == [picked]
    assert confusion.pick_point(event, config, replace(view, point=picked)) == {"point": -1}


def test_a_click_on_a_cell_rings_its_points_in_the_plane(visitor):
    visitor.open("mlp", "layers=3&data=gaussians&noise=0.9&view.below=confusion")
    assert not visitor.touch("mlp-confusion", "cell", {"tile": 0, "row": 0, "column": 1}).errors
    assert "view.cell=0-1" in visitor.query
    meta = visitor.data("mlp-points")[0]
    assert meta["marked"]
    assert all(meta["points"][at][2] == 0 and not meta["train"][at] for at in meta["marked"])
    visitor.touch("mlp-confusion", "cell", {"tile": 0, "row": 0, "column": 1})
    assert "view.cell" not in visitor.query
    visitor.open("")
    visitor.open("mlp", "data=hills&layers=3&view.below=confusion")
    assert not visitor.touch("mlp-answers", "dot", {"dots": 0, "dot": 2}).errors
    assert len(visitor.data("mlp-points")[0]["marked"]) == 1


# ---------------------------------------------------------------- hidden spaces


def test_a_layer_of_two_neurons_is_a_film_that_ends_where_its_values_are():
    result = run(FLAT)
    space = spaces.space_at(result.snapshot, FLAT, 2)
    assert np.allclose(space.hidden, result.hidden.numpy(), atol=1e-6)
    picture = spaces.flat_picture(FLAT, space, -1)
    count = sum(dots.points.shape[1] for dots in picture.dots)
    assert count == len(space.hidden) == FLAT.samples
    for dots, (_, _, there) in zip(picture.dots, space.groups(FLAT), strict=True):
        assert np.allclose(dots.points[-1], space.hidden[there], atol=1e-6)
        assert np.allclose(dots.points[0] * space.shrunk[0], space.steps[0][: len(space.hidden)][there], atol=1e-5)
    (border,) = picture.borders
    a, b, c = border.values[-1]
    said = space.hidden @ np.array([a, b]) - c
    answers = confusion.answers_at(result.snapshot, FLAT)
    assert np.array_equal(said < 0, answers.said == 1)


@pytest.mark.parametrize("layers", [(6, 5), (4, 3), (1,)])
def test_the_space_of_any_layer_holds_every_point(layers):
    config = replace(SMALL, layers=layers)
    moment = moment_of(config)
    for layer in range(1, len(layers) + 1):
        space = spaces.space_at(moment, config, layer)
        shown = spaces.in_space(config, space)
        assert sum(map(len, shown.groups.values())) == config.samples
        assert (shown.plane is not None) == (layer == len(layers))
        if layers[layer - 1] == 3:
            assert shown.axis_titles == tuple(f"h{layer},{k}" for k in (1, 2, 3))
    normal, offset = shown.plane
    answers = confusion.answers_at(moment, config)
    if layers[-1] <= 3:  # no direction is left out
        for k, name in enumerate("AB"):
            said = shown.groups[name] @ normal + offset < 0
            assert np.array_equal(said, answers.said[answers.truth == k] == 1)


def test_an_old_link_opens_the_hidden_space_and_it_stands_still_while_it_trains(visitor):
    """Else the space that a reader has turned would be turned back at every tick."""
    visitor.open("mlp", "layers=4&samples=60&view.hidden_space=yes")
    assert visitor.alerts() == []
    assert visitor.kind("mlp-hidden-space") == "plotly_chart"
    visitor.press("mlp:play")
    assert len(visitor.timers) == 1
    before = visitor.widget("mlp-hidden-space")
    visitor.follow(0.8)
    assert visitor.widget("mlp-hidden-space") is before
    visitor.press("mlp:play")
    while visitor.tick():
        pass
    newest = visitor.widget("mlp-hidden-space").SerializeToString()
    visitor.touch("mlp-bar", "frame", visitor.data("mlp-bar")[0]["frames"]["indices"][0])
    assert visitor.widget("mlp-hidden-space").SerializeToString() != newest  # of the moment that the page speaks of
    visitor.touch("mlp-presets", "pick", 1)  # a straight line has no hidden layer
    assert visitor.find("mlp-hidden-space") is None


# ---------------------------------------------------------------- the slice of the loss


@pytest.mark.parametrize("changes", [{}, {"batch_norm": True, "classes": 3}, {"data": "hills", "layers": (7,)}])
def test_the_losses_of_a_slice_are_those_of_the_networks_in_it(changes):
    config = replace(SMALL, **changes)
    asked = landscape.Asked(config, "path")
    values = list(landscape.slice_of(asked))[-1].values
    experiment = Experiment(config)
    *_, last = experiment.train(config.steps, config.steps)
    assert np.allclose(values["path"][-1], 0, atol=1e-6)
    rows, centre = experiment.train_rows, torch.nn.utils.parameters_to_vector(experiment.model.parameters()).detach()

    def loss_at(parameters):
        torch.nn.utils.vector_to_parameters(parameters, experiment.model.parameters())
        experiment.model.train()  # batch normalisation by the points themselves
        return experiment.loss(experiment.model(experiment.features[rows]), experiment.device_targets[rows]).item()

    assert values["path_losses"][-1] == pytest.approx(loss_at(centre), rel=1e-4)
    moments = landscape.run_of(Experiment(config, 8), config.steps)
    path = torch.stack([landscape.flat(Experiment(config, 8), moment) for moment in moments])
    directions, share = main_directions(path)
    assert values["share"] == pytest.approx(share)
    side, domain = len(values["losses"]), values["domain"]
    for row, column in ((0, 0), (3, side - 2), (side - 1, side // 2)):
        x = np.linspace(*domain[:2], side)[column]
        y = np.linspace(domain[3], domain[2], side)[row]
        there = centre + (x * directions[0] + y * directions[1]).float()
        assert values["losses"][row, column] == pytest.approx(loss_at(there), rel=1e-3, abs=1e-6)
    assert last.step == config.steps


def test_directions_are_those_of_the_path_or_as_long_as_the_weights():
    generator = torch.Generator().manual_seed(0)
    path = torch.randn(9, 20, generator=generator).double()
    directions, share = main_directions(path)
    away = (path[:-1] - path[-1]).numpy()
    values, vectors = np.linalg.eigh(away.T @ away)
    assert share == pytest.approx(values[-2:].sum() / values.sum())
    assert np.allclose(np.abs((directions.numpy() @ vectors[:, [-1, -2]]).diagonal()), 1)
    assert torch.allclose(places_in(directions, path - path[-1]), (path - path[-1]) @ directions.T)
    parts = [torch.randn(4, 3, generator=generator), torch.zeros(2, 5)]
    drawn = filter_normalised(parts, generator)
    for one, other in zip(drawn, parts, strict=True):
        assert torch.allclose(one.norm(dim=1), other.norm(dim=1))
    values = list(landscape.slice_of(landscape.Asked(SMALL, "random")))[-1].values
    assert np.isnan(values["share"])
    assert values["domain"][0] <= -1 <= 1 <= values["domain"][1]
    picture = landscape.slice_picture(values)
    assert picture.field.values.shape == values["losses"].shape
    assert len(picture.paths) > 3


def test_what_has_no_slice_says_so():
    for config in (replace(SMALL, data="own"), replace(SMALL, steps=1), replace(SMALL, first_weights="zeros")):
        asked = landscape.Asked(config, "random")
        snapshots = list(landscape.slice_of(asked))
        said = landscape.show_slice(config, View(), None, snapshots[-1])
        assert config.first_weights == "zeros" or not snapshots[-1].values
        assert said


# ---------------------------------------------------------------- two in a race


def test_both_lanes_are_the_runs_of_their_set_ups():
    other = replace(SMALL, optimizer="sgd", learning_rate=0.3, steps=0)
    mine = replace(SMALL, steps=0)
    *_, last = race.run_race(race.Race(mine, other, 40))
    assert last.step == last.total == 40
    for k, config in enumerate((mine, other)):
        result = run(replace(config, steps=40))
        assert last.values["loss"][-1, k].tolist() == [result.train_loss[-1].item(), result.test_loss[-1].item()]
    assert last.values["plane0"].shape == (41, race.SIDE, race.SIDE, 2)


def test_a_lane_that_breaks_off_stays_where_it_was_and_the_other_goes_on():
    wild = Config(data="circles", activation="relu", optimizer="sgd", learning_rate=10.0, layers=(32, 32), samples=60)
    *_, last = race.run_race(race.Race(SMALL, wild, 60))
    assert last.step == 60
    assert np.isnan(last.values["loss"][-1, 1, 0])
    assert np.isfinite(last.values["loss"][-1, 0]).all()


def test_the_other_lane_travels_in_the_link(visitor):
    assert race.rival_of(SMALL, "") == replace(SMALL, steps=0, optimizer="sgd")
    assert race.rival_of(SMALL, race.text_of(SMALL)) == replace(SMALL, steps=0)
    assert race.rival_of(Config(), race.text_of(Config())) == Config()
    with pytest.raises(KnobError, match="Learning rate"):
        race.check_rival("learning_rate=99")
    with pytest.raises(KnobError, match="The other lane"):
        race.check_rival("nonsense")
    visitor.open("mlp", "layers=3&data=gaussians&until=50&view.below=race")
    visitor.press("mlp:keep-rival")
    assert dict(parse_qsl(visitor.query))["view.rival"] == "data=gaussians&layers=3&until=50"
    assert "Both lanes are the same" in visitor.texts()
    visitor.touch("mlp-presets", "pick", 1)
    assert "Knobs that differ" in visitor.texts()


# ---------------------------------------------------------------- own points and tables


def test_own_points_say_which_are_trained_on():
    config = Config(data="own", points=encode_points([(x / 2, -x / 3, x % 2) for x in range(6)]))
    picture = draw.plane(config, Film.of(first(config)), test_points=False)
    assert picture.train_mask.tolist() == Experiment(config).is_train.tolist()
    assert picture.editable  # and none is left out: it would be taken for deleted


TABLE = "width, height, kind\n" + "\n".join(f"{k}, {k * k % 7}, {'rgb'[k % 3]}" for k in range(30))
VALUES = "a, b, c\n" + "\n".join(f"{k}.5, {k % 5}.25, {k * 1.5}" for k in range(30))


def test_a_table_of_classes_is_learned_in_the_plane_and_shown_in_its_units():
    config = Config(data="table", table=key_of(TABLE), layers=(4,), classes=2, steps=3)
    film, experiment = film_of(config), Experiment(config)
    picture = draw.plane(config, film)
    assert (list(picture.classes), experiment.outputs, len(experiment.inputs)) == (["r", "g", "b"], 3, 30)
    assert picture.axis_labels == ("width", "height")
    assert picture.points[5].tolist() == [5, 25 % 7, 2]
    view = View(x1=1.2, x2=-0.4)
    x, y = explain.spot_of(config, view)
    back = explain.on_plane({"event": "spot", "x": x, "y": y}, config)
    assert (back["x1"], back["x2"]) == pytest.approx((1.2, -0.4))
    assert [layer.name for layer in draw.network(config, film).layers][-1] == "Output"
    assert draw.network(config, film).layers[-1].neurons == ["r", "g", "b"]


def test_a_table_of_values_is_a_regression_in_its_units():
    config = Config(data="table", table=key_of(VALUES), layers=(3,), steps=3)
    film, experiment = film_of(config), Experiment(config)
    assert experiment.regression
    low, high = draw.plane(config, film).value_range
    assert (low, high) == pytest.approx((0, 29 * 1.5))
    assert experiment.targets.min() == pytest.approx(-1)
    plain = film.stack("plane")
    assert np.allclose((draw.plane(config, film).background - low) / (high - low) * 2 - 1, plain, atol=1e-5)
    assert usable(replace(config, table="upload:0123456789abcdef")).data == "spiral"
    assert first(Config(data="table")).values["plane"].shape[-1] == 2


def test_the_plane_shows_the_answer_alone_and_leaves_out_test_points():
    film = film_of(replace(SMALL, classes=3))
    picture = draw.plane(replace(SMALL, classes=3), film, discrete=True, test_points=False)
    assert set(np.unique(picture.background)) <= {0, 255}
    assert (picture.background.sum(-1) == 255).all()
    assert picture.train_mask.all()
    maps = draw.network(SMALL, film_of(SMALL), discrete=True).maps
    assert all(one in (0, 128, 255) for one in np.unique(maps))
    rectified = replace(SMALL, activation="relu")
    (hidden,) = [draw.network(rectified, film_of(rectified), discrete=True).maps[-1, 7:-1]]
    assert set(np.unique(hidden)) == {128, 255}, "off, or on"
    assert len(picture.points) == 0.7 * 60


def test_lanes_of_unlike_tasks_are_told_apart_and_codes_are_no_words():
    values = replace(SMALL, data=next(iter(REGRESSION)))
    for rival, unlike in ((values, True), (replace(SMALL, seed=5), False)):
        view = View(rival=race.text_of(rival))
        said = [block.parts for block in race.racing(SMALL, view, film_of(SMALL)) if isinstance(block, Say)]
        assert ((race.UNLIKE,) in said) == unlike
        numbers = {"steps": [0], "loss": np.ones((1, 2, 2)), "accuracy": np.ones((1, 2, 2))}
        heads = [str(head) for head in race.result_of_race(SMALL, rival, numbers).head]
        assert any("score" in head for head in heads) == unlike
        assert any("accuracy" in head for head in heads) != unlike
    (brought,) = [knob for knob in knobs(Config) if knob.name == "table"]
    assert str(race.told(brought, key_of("1,2,a"))) == "your own"
    assert race.told(brought, "") == "–"

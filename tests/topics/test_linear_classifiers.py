"""kNN, SVM and softmax agree with scikit-learn, and what is said of a point is what the tensors say."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC
from torch.nn import functional

from engine.contracts.film import Film
from engine.contracts.knob import KnobError
from engine.data.points import encode_points
from engine.data.table_keys import key_of
from engine.instrument.neighbours import winners
from engine.topics.linear_classifiers import explain, explain_kernel, explain_neighbours, kernel, neighbours, run
from engine.topics.linear_classifiers.card import LARGEST_EDIT, TOPIC, Config, parse_edits, with_edits
from engine.topics.linear_classifiers.methods import all_methods
from engine.topics.linear_classifiers.plane import plane_of, rows_of
from engine.topics.linear_classifiers.samples import samples_of
from engine.training.fit import Snapshot

TABLE = "length;weight;kind\n0,5;1200;x\n0,75;1500;x\n1,5;900;y\n1,25;950;y\n1,5;1000;z\n0,9;1100;z\n"


def train_and_rest(config):
    samples = samples_of(config)
    train, rest = samples.train_rows, samples.held_out_rows
    return (samples.inputs[train].double().numpy(), samples.targets[train].numpy(),
            samples.inputs[rest].double().numpy(), samples.targets[rest].numpy())  # fmt: skip


# ---------------------------------------------------------------- neighbours


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("data", "k"), [("moons", 1), ("moons", 7), ("digits", 5)])
def test_knn_names_what_scikit_learn_names(data, k, weighted):
    config = Config(method="neighbours", data=data, k=k, noise=0.6, weighted=weighted)
    x, y, asked, truth = train_and_rest(config)
    machine = KNeighborsClassifier(k, weights="distance" if weighted else "uniform", algorithm="brute").fit(x, y)
    found = run.run(config)
    assert found.answers.tolist() == machine.predict(asked).tolist()
    assert found.accuracy.item() == pytest.approx(machine.score(asked, truth))
    assert k > 1 or found.train_accuracy == 1


def test_cross_validation_is_the_mean_over_folds_that_scikit_learn_gives():
    config = Config(method="neighbours", data="moons", classes=2, noise=0.8)
    found = neighbours.cross_validation(config)
    x, y, asked, truth = train_and_rest(config)
    with_generator = torch.Generator()
    with_generator.manual_seed(config.seed + 40_000)
    fold = (torch.arange(len(y)) % 5)[torch.randperm(len(y), generator=with_generator)].numpy()
    for k in (1, 8, 50):
        machine = KNeighborsClassifier(k)
        scores = [machine.fit(x[fold != f], y[fold != f]).score(x[fold == f], y[fold == f]) for f in range(5)]
        assert found.accuracy[k - 1].tolist() == pytest.approx(scores)
        assert found.held_out[k - 1].item() == pytest.approx(machine.fit(x, y).score(asked, truth))


def test_with_few_points_cross_validation_goes_as_far_as_there_are_others():
    few = [(0.5 * at, 0.0, at % 2) for at in range(-4, 5)]
    config = Config(method="neighbours", data="own", points=encode_points(few))
    count = int(samples_of(config).is_train.sum())
    assert len(neighbours.cross_validation(config).k) == count - -(-count // 5)
    for points in ([], few[:1]):
        config = replace(config, points=encode_points(points))
        assert len(neighbours.cross_validation(config).k) == 0
        assert neighbours.run(config).plane.sum(-1).allclose(torch.ones(64, 64))


def test_a_spot_is_named_as_the_plane_is_coloured():
    config = Config(method="neighbours", data="xor", k=9, noise=0.4)
    samples, found = samples_of(config), neighbours.run(config)
    for at in (0, 700, 2222, 4095):
        asked = explain_neighbours.explain_spot(config, samples.plane()[at])
        assert torch.allclose(asked.shares.float(), found.plane.reshape(4096, -1)[at])
        assert (np.diff(asked.far.numpy()) >= 0).all()


# ---------------------------------------------------------------- linear classifiers


@pytest.mark.parametrize(("data", "strength"), [("gaussians", 0.1), ("iris", 0.2)])
def test_softmax_comes_to_the_optimum_of_logistic_regression(data, strength):
    config = Config(data=data, strength=strength, learning_rate=0.4, until=500, noise=0.5)
    *_, last = run.Experiment(config).train(500, 500)
    x, y, *_ = train_and_rest(config)
    best = LogisticRegression(C=1 / (strength * len(y)), tol=1e-9, max_iter=5000).fit(x, y)

    def objective(weights, biases):
        scores = torch.tensor(x) @ torch.as_tensor(weights).double().T + torch.as_tensor(biases).double()
        return (functional.cross_entropy(scores, torch.tensor(y)) + 0.5 * strength * (weights**2).sum()).item()

    ours = objective(*last.values["weights"][2:])
    assert ours == pytest.approx(objective(best.coef_, best.intercept_), abs=1e-3)


def test_ten_times_the_margin_and_a_tenth_of_the_penalty_are_the_same_svm():
    config = Config(noise=0.5, steps=200)
    usual = run.run(config)
    for factor in (0.1, 10.0):
        scaled = run.run(replace(config, margin=factor, strength=config.strength / factor,
                                 learning_rate=config.learning_rate * factor))  # fmt: skip
        assert torch.allclose(scaled.svm_weights, factor * usual.svm_weights, rtol=1e-3, atol=1e-4)
        assert torch.equal(winners(scaled.svm_plane.reshape(4096, -1)), winners(usual.svm_plane.reshape(4096, -1)))


def test_a_training_is_gradient_descent_on_both_losses():
    config = Config(steps=3)
    moments = list(run.Experiment(config).train(3, 1))
    samples = samples_of(config)
    x, y = samples.inputs[samples.train_rows], samples.targets[samples.train_rows]
    for name, at in (("svm", 0), ("softmax", 2)):
        for before, after in pairwise(moments):
            weight = torch.tensor(before.values["weights"][at], requires_grad=True)
            bias = torch.tensor(before.values["weights"][at + 1], requires_grad=True)
            scores = x @ weight.T + bias
            hinge = torch.nn.MultiMarginLoss(margin=config.margin)(scores, y) * 3
            loss = hinge if name == "svm" else functional.cross_entropy(scores, y)
            (loss + 0.5 * config.strength * weight.square().sum()).backward()
            stepped = weight.detach() - config.learning_rate * weight.grad
            assert torch.allclose(stepped, torch.tensor(after.values["weights"][at]), atol=1e-6)
    assert moments[0].values["softmax_loss"] == pytest.approx(np.log(3), abs=1e-6)
    assert moments[0].values["svm_loss"] == pytest.approx(2 * config.margin)


def test_an_svm_on_its_way_is_told_from_one_that_has_arrived():
    """Softmax may have run ahead, even by the hinge loss; at its lowest place the SVM's own sum is the smaller one."""
    for steps, arrived in ((300, False), (2000, True)):
        made = run.run(replace(TOPIC.presets["Two losses"], steps=steps))
        x, y = made.inputs[made.is_train].double(), made.targets[made.is_train]
        sums = []
        for name in ("svm", "softmax"):
            weight, bias = (getattr(made, f"{name}_{part}").double() for part in ("weights", "biases"))
            hinge = torch.nn.MultiMarginLoss()(x @ weight.T + bias, y) * 3
            sums.append((hinge + 0.5 * made.config.strength * weight.square().sum()).item())
        assert (sums[0] < sums[1]) == arrived
        _, told, *more = explain.both_losses(made.config, Film.of(made.snapshot))
        assert [told.parts[0].values[name].value for name in ("svm", "softmax")] == pytest.approx(sums, rel=1e-5)
        assert bool(more) != arrived


def test_the_terms_of_a_point_are_those_of_the_tensors():
    config = Config(noise=0.6, margin=2.0)
    *_, last = run.Experiment(config).train(40, 40)
    samples = samples_of(config)
    for at in (0, 17, 299):
        made = explain.explain_point(config, last, at)
        y = samples.targets[at : at + 1]
        assert made.hinge == pytest.approx(torch.nn.MultiMarginLoss(margin=2.0)(made.scores["svm"][None], y).item() * 3)
        assert made.cross_entropy == pytest.approx(functional.cross_entropy(made.scores["softmax"][None], y).item())
        for model, loss in (("svm", lambda s, y: torch.nn.MultiMarginLoss(margin=2.0)(s, y) * 3),
                            ("softmax", functional.cross_entropy)):  # fmt: skip
            weight, bias = (part.requires_grad_() for part in explain.rows_at(last, model))
            loss(made.x[None] @ weight.T + bias, y).backward()
            assert np.allclose(explain.arrows(made, model, samples), -weight.grad.numpy())
    sure = torch.tensor([60.0, 0.0], dtype=torch.float64)
    assert explain.cross_entropy_of(sure, 0) == pytest.approx(np.exp(-60), rel=1e-9)
    assert explain.cross_entropy_of(sure, 1) == pytest.approx(60)
    assert explain.cross_entropy_of(1e4 * sure, 1) == pytest.approx(6e5)


def test_the_svm_is_in_full_colour_where_its_class_has_no_loss():
    scores = torch.tensor([[3.0, 1.0, 0.0], [3.0, 2.5, 0.0], [0.0, 0.0, 0.0]])
    shares = run.decided(scores, 1.0)
    assert shares.sum(1).tolist() == pytest.approx([1, 1, 1])
    assert shares[0].tolist() == [1, 0, 0]
    assert shares[1, 0].item() == pytest.approx(0.5 + 0.5 / 3)
    assert shares[2].tolist() == pytest.approx([1 / 3] * 3), "nothing is decided where all scores are equal"


# ---------------------------------------------------------------- weights by hand


def test_weights_by_hand_are_in_the_run_and_losses_follow():
    config = Config(steps=2, edits="2:svm.0.1=1.5;2:softmax.2.b=-1;0:svm.1.0=3")
    last = run.run(config)
    assert last.svm_weights[0, 1] == 1.5
    assert last.softmax_biases[2] == -1
    assert last.svm_weights[1, 0] != 3, "it was trained since"
    usual = run.run(Config(steps=2))
    assert last.svm_loss[-1] != usual.svm_loss[-1]
    changed = with_edits(config, 2, {"svm.0.1": -99.0, "svm.0.b": 0.25})
    assert parse_edits(changed["edits"])[-2:] == [(2, "svm", 0, 1, -LARGEST_EDIT), (2, "svm", 0, -1, 0.25)]
    assert "0.1=1.5" not in changed["edits"]
    for wrong in ("x", "1:svm.0.1", "1:knn.0.1=2", "1:svm.0.-1=2", "9999:svm.0.1=2", "1:svm.0.1=nan", "1:svm.-1.0=1",
                  ";".join(["1:svm.0.1=2"] * 61)):  # fmt: skip
        with pytest.raises(KnobError, match="Weights set by hand"):
            Config(edits=wrong)
    with pytest.raises(KnobError, match=r"have no weight svm\.7\.0"):
        run.first(Config(edits="0:svm.7.0=1"))


# ---------------------------------------------------------------- kernels


@pytest.mark.parametrize(
    "config",
    [
        Config(method="kernel", data="circles", classes=2),
        Config(method="kernel", kernel="poly", degree=3, noise=0.6),
        Config(method="kernel", kernel="linear", noise=0.6, penalty=10.0, classes=4),
        Config(method="kernel", data="iris", all_features=True),
        Config(method="kernel", data="digits", gamma=0.05),
    ],
    ids=lambda config: f"{config.data} {config.kernel}",
)
def test_f_of_the_support_vectors_is_what_scikit_learn_decides(config):
    x, y, asked, truth = train_and_rest(config)
    machine = SVC(kernel=config.kernel, C=config.penalty, gamma=config.gamma, degree=config.degree, coef0=1.0,
                  decision_function_shape="ovo").fit(x, y)  # fmt: skip
    found, samples = run.run(config), samples_of(config)
    assert found.finished
    assert found.answers.tolist() == machine.predict(asked).tolist()
    assert found.accuracy.item() == pytest.approx(machine.score(asked, truth))
    assert found.support.tolist() == samples.train_rows[machine.support_].tolist()
    for row in (0, 7):
        decided = np.atleast_1d(machine.decision_function(asked[row : row + 1])[0])
        _, f = kernel.f_at(found, samples, samples.inputs[samples.held_out_rows[row]])
        wanted = -decided if len(samples.classes) == 2 else decided
        assert f.tolist() == pytest.approx(wanted.tolist(), abs=1e-6)
        made = explain_kernel.explain_sum(config, found, samples.inputs[samples.held_out_rows[row]], 0)
        assert sum(made.products) + made.offset == pytest.approx(made.f, abs=1e-9)


def test_support_vectors_lie_on_the_margin_or_beyond_it():
    config = Config(method="kernel", data="circles", classes=2)
    found, samples = run.run(config), samples_of(config)
    for at in samples.train_rows.tolist():
        _, f = kernel.f_at(found, samples, samples.inputs[at])
        ahead = f.item() * (1 if samples.targets[at] == 0 else -1)
        assert (ahead <= 1 + 2e-3) if at in found.support else (ahead >= 1 - 2e-3)
    assert found.coefficients.sum(1).abs().max() < 1e-6
    assert found.coefficients.abs().max() <= config.penalty + 1e-9


def test_a_kernel_svm_of_one_class_or_none_says_so_and_breaks_nothing():
    for points in ([], [(0, 0, 1), (1, 1, 1), (2, 0, 1)]):
        config = Config(method="kernel", data="own", classes=3, points=encode_points(points))
        found = run.run(config)
        assert len(found.support) == 0
        if points:
            assert found.plane[..., 1].min() == 1


# ---------------------------------------------------------------- data


def test_a_table_keeps_its_units_on_the_axes():
    config = Config(data="table", table=key_of(TABLE), method="neighbours", k=1)
    samples, shown = samples_of(config), plane_of(config)
    assert samples.classes == ("x", "y", "z")
    assert shown.labels == ("length", "weight")
    assert np.allclose(rows_of(config, samples)[0], [0.5, 1200, 0])
    for row in samples.places.tolist():
        assert shown.place(*shown.shown(np.array(row))) == pytest.approx(row, abs=1e-6)
    line = shown.line(np.array([1.0, 2.0, 0.5]))  # p + 2 q = 0.5 in the plane
    for p in (-1.0, 0.0, 2.0):
        x, y = shown.shown(np.array([p, (0.5 - p) / 2]))
        assert line[0] * x + line[1] * y == pytest.approx(line[2], abs=1e-3)
    small = Config(data="table", table=key_of("1e-9,1,a\n3e-9,2,b\n2e-9,1,a"))
    assert plane_of(small).labels[0] == "x₁ · 10^-9"
    with pytest.raises(KnobError, match="got numbers; choose another column"):
        samples_of(Config(data="table", table=key_of("1,2,3.5\n3,4,4.5\n5,6,.1")))


def test_iris_with_all_lengths_is_cut_at_the_mean_of_the_others():
    config = Config(data="iris", all_features=True, across="sepal_width", upwards="petal_length")
    samples = samples_of(config)
    assert (samples.inputs.shape[1], samples.shown) == (4, (1, 2))
    plane = samples.plane()
    assert torch.allclose(plane[:, 0], samples.inputs[samples.is_train][:, 0].mean())
    assert plane[:, 1].max() > 2.9
    two = samples_of(replace(config, all_features=False))
    assert torch.allclose(two.inputs, samples.inputs[:, [1, 2]])


def test_digits_are_split_and_mnist_holds_out_others():
    small, large = samples_of(Config(data="digits")), samples_of(Config(data="mnist", images=400))
    assert (len(small), int(small.is_train.sum()), small.side) == (1797, 1258, 8)
    assert (len(large), int(large.is_train.sum()), large.side) == (1400, 400, 28)
    assert torch.bincount(large.targets[large.held_out_rows]).tolist() == [100] * 10
    assert (small.inputs.min(), small.inputs.max(), large.inputs.max()) == (0, 1, 1)


def test_all_methods_on_digits_are_as_good_as_they_should_be():
    found = all_methods(Config(data="digits", learning_rate=0.3, gamma=0.05))
    knn, svm, softmax, bent = found.accuracy.tolist()
    assert knn == pytest.approx(0.985, abs=0.01)
    assert svm == pytest.approx(0.97, abs=0.015)
    assert softmax == pytest.approx(0.95, abs=0.02)
    assert bent == pytest.approx(0.985, abs=0.015)


def test_no_points_at_all_are_one_moment_without_numbers():
    for config in (Config(data="own"), Config(data="table")):
        (only,) = run.Experiment(config).train(10, 1)
        assert isinstance(only, Snapshot)
        assert np.isnan(only.values["svm_loss"])
        assert run.run(replace(config, steps=5)).diverged_at is None

"""Regularisation: every view against what it should come to."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from engine.contracts.knob import KnobError
from engine.models.mlp.mlp import MultiLayerPerceptron
from engine.topics.regularisation import about, draw, draw_parts, explain, folds, geometry, masks, pixel, task
from engine.topics.regularisation.card import Config, absent, bad_pixels, of_training, only
from engine.topics.regularisation.lesson import LESSON, how_it_goes_on, where_it_ends
from engine.training.fit import seeded

SMALL = Config(width=16, until=60)


def end_of(config, steps=None):
    *_, last = task.Experiment(config).train(steps or config.until, 1000)
    return last


# ---------------------------------------------------------------- the task


def test_more_points_are_added_and_no_set_meets_another():
    few, many = task.points_of(Config()), task.points_of(Config(points=100))
    assert torch.equal(many.train[0][:40], few.train[0])
    assert torch.equal(many.test[0], few.test[0])
    together = torch.cat([many.train[0], many.validation[0], many.test[0]])
    assert len(together) == 400
    inside = (together.abs() < 2.999).all(1)  # what was clamped to the edge may meet there
    assert len(torch.unique(together[inside], dim=0)) == inside.sum()


@pytest.mark.parametrize("method", ["l2", "elastic"])
def test_a_step_is_the_gradient_step_of_pytorch_with_its_weight_decay(method):
    """Weights decay, biases do not; the soft threshold comes after."""
    config = replace(SMALL, method=method)
    ours, theirs = task.Experiment(config), task.Experiment(config)
    list(ours.train(5, 5))
    groups = [
        {"params": [p for p in theirs.model.parameters() if p.dim() == 2], "weight_decay": config.l2},
        {"params": [p for p in theirs.model.parameters() if p.dim() == 1]},
    ]
    optimizer = torch.optim.SGD(groups, lr=config.learning_rate)
    for _ in range(5):
        optimizer.zero_grad()
        task.loss_of(theirs.model(theirs.train_points[0]), theirs.train_points[1]).backward()
        optimizer.step()
        for weight in theirs.priced if method == "elastic" else ():
            weight.data = nn.functional.softshrink(weight.data, config.learning_rate * config.l1)
    for one, other in zip(ours.model.parameters(), theirs.model.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-6)


def test_the_soft_threshold_makes_zeros_and_the_subgradient_does_not():
    soft, sub, l2 = (
        end_of(replace(SMALL, until=300, l1=0.01, **how))
        for how in ({"method": "l1"}, {"method": "l1", "threshold": "subgradient"}, {"method": "l2"})
    )
    assert soft.values["zeros"] > 150
    assert sub.values["zeros"] == l2.values["zeros"] == 0
    assert sub.values["train_loss"] == pytest.approx(soft.values["train_loss"], abs=0.03)


def test_early_stopping_goes_back_to_the_best_however_often_one_looks():
    config = Config(method="early", patience=20, width=16)
    often, seldom = (list(task.Experiment(config).train(400, every)) for every in (1, 50))
    assert often[-1].step == seldom[-1].step < 400
    best = min(range(len(often) - 1), key=lambda at: often[at].values["validation_loss"])
    assert often[-1].step == often[best].step + 20
    for name in ("plane", "validation_loss", "test_loss"):
        assert np.array_equal(often[-1].values[name], often[best].values[name])
        assert np.array_equal(often[-1].values[name], seldom[-1].values[name])
    assert often[-1].values["lowest"] <= min(moment.values["test_loss"] for moment in often)


def test_dropout_is_off_where_the_network_is_used_and_on_where_it_learns():
    experiment = task.Experiment(Config(method="dropout", width=16))
    inputs = experiment.test[0]
    assert torch.equal(experiment.model.eval()(inputs), experiment.model.eval()(inputs))
    first, second = experiment.model.train()(inputs), experiment.model(inputs)
    assert not torch.equal(first, second)
    state = torch.get_rng_state()
    experiment.model(inputs)
    assert torch.equal(torch.get_rng_state(), state)


def test_the_histogram_counts_every_weight_once_and_zeros_apart():
    moment = end_of(replace(SMALL, method="l1", l1=0.02))
    counts, zeros = moment.values["histogram"], moment.values["zeros"]
    assert counts.sum() == 2 * 16 + 16 * 16 + 16
    heights = draw.outline(counts[None].astype(float), np.array([float(zeros)]))[0, 1:-1, 1]
    assert np.where(heights > draw.FEWEST, heights, 0)[::2].sum() == counts.sum() - zeros


def test_all_six_are_trained_side_by_side():
    *_, last = task.stream_all(replace(SMALL, until=50))
    assert np.isfinite(last.values["numbers"]).all()
    alone = end_of(replace(SMALL, method="l2", until=50))
    assert last.values["numbers"][2][1] == pytest.approx(alone.values["test_loss"])
    assert len(about.compared(last).rows) == len(draw.six(SMALL, last).tiles) == 6


def test_a_look_elsewhere_leaves_the_training_where_it_is():
    elsewhere = Config(view="geometry", alpha=1.5, steps=300)
    assert of_training(elsewhere) == Config()
    assert only(Config(view="folds", alpha=1.5, method="l1")) == Config(view="folds")
    assert {"alpha", "folds", "l1", "patience"} <= set(absent(Config()))
    assert "l1" not in absent(Config(method="l1"))


# ---------------------------------------------------------------- two weights


def by_signs(optimum, curvature, alpha):
    """The solution of L1 from its conditions, by trying every pattern of signs."""
    for signs in np.ndindex(3, 3):
        sign = np.array(signs) - 1.0
        free = sign != 0
        w = np.zeros(2)
        if free.any():
            pull = (curvature @ optimum)[free] - alpha * sign[free]
            w[free] = np.linalg.solve(curvature[np.ix_(free, free)], pull)
        slope = curvature @ (w - optimum)
        if (np.sign(w) == sign).all() and (np.abs(slope[~free]) <= alpha + 1e-12).all():
            return w
    raise AssertionError("no solution")


@pytest.mark.parametrize("place", [(1.2, 0.5), (-1.7, 1.9), (0.3, -0.2)])
@pytest.mark.parametrize("tilt", [0.3, -0.9])
def test_solutions_are_the_closed_forms(place, tilt):
    config = Config(view="geometry", optimum_x=place[0], optimum_y=place[1], tilt=tilt, alpha=0.6)
    result = geometry.run(config)
    optimum, curvature = result.optimum.numpy(), result.curvature.numpy()
    assert result.solution[0].numpy() == pytest.approx(by_signs(optimum, curvature, 0.6), abs=1e-9)
    ridge = np.linalg.solve(curvature + 0.6 * np.eye(2), curvature @ optimum)
    assert result.solution[1].numpy() == pytest.approx(ridge, abs=1e-9)
    for strength, w in zip(result.strength.numpy(), result.path[0].numpy(), strict=True):
        assert w == pytest.approx(by_signs(optimum, curvature, strength), abs=1e-7)
    assert (result.stepped[1:, 1] != 0).all()
    assert torch.allclose(result.thresholded[-1], result.solution[0], atol=0.1)


@pytest.mark.parametrize("mix", [0.0, 0.4, 1.0])
def test_contour_and_outline_touch_at_the_solution(mix):
    result = geometry.run(Config(view="geometry", mix=mix, alpha=0.5))
    w = result.solution[1]
    budget, height = float(geometry.price(w, mix)), float(geometry.loss(result, w))
    outline = torch.from_numpy(geometry.outline(budget, mix))
    assert torch.allclose(geometry.price(outline, mix), torch.tensor(budget, dtype=torch.float64))
    assert float(geometry.loss(result, outline).min()) >= height - 1e-9
    ellipse = torch.from_numpy(geometry.ellipse(result, height))
    assert torch.allclose(geometry.loss(result, ellipse), torch.tensor(height, dtype=torch.float64))


def test_the_question_shows_the_outlines_that_the_solutions_lie_on():
    result = geometry.run(Config(view="geometry", alpha=0.8))
    for which, mix in enumerate(geometry.mixes(result.config)):
        asked, told = draw_parts.corner_asked(result, which), draw_parts.corner(result, which)
        np.testing.assert_array_equal(asked.paths[0].points, told.paths[0].points)
        assert geometry.price(result.solution[which], mix) < geometry.price(result.optimum, mix)  # it lies outside
        assert not any("solution" in str(part.name) for part in (*asked.dots, *asked.paths))


# ---------------------------------------------------------------- bad pixels


def test_the_classifiers_are_those_of_scikit_learn_and_l1_breaks_first():
    from sklearn.linear_model import LogisticRegression

    result = pixel.run(Config(view="pixel"))
    inputs, signs, *_ = pixel.digits_of("3-8")
    model = LogisticRegression(C=1 / (0.1 * len(inputs)), max_iter=5000, tol=1e-8).fit(inputs.numpy(), signs.numpy())
    assert result.weights[1].flatten().numpy() == pytest.approx(model.coef_[0], abs=2e-3)
    assert float(result.bias[1]) == pytest.approx(model.intercept_[0], abs=5e-3)
    assert int(result.nonzero[0]) < 40
    assert result.worst[:, 1].tolist() == pytest.approx([0.675, 0.925], abs=0.01)


def test_bad_pixels_do_what_is_said_of_them():
    result = pixel.run(Config(view="pixel"))
    worst = pixel.worst_pixels(result, 3, 0, 1)[0]
    for bad in (worst, 100):
        changed = pixel.scores_of(result, pixel.spoiled(result, 3, (bad,)))
        assert torch.equal(pixel.spoiled(result, 3, ()), result.images[3].flatten().double())
        fall = (result.score[:, 3] - changed) * result.sign[3]
        harm = pixel.harm(result.images[3:4].reshape(1, -1).double(), result.sign[3:4], result.weights[0].flatten())
        assert fall[0] <= harm[0, bad] + 1e-6
    margins = torch.tensor([1.0, 2.0, -1.0])
    assert pixel.accuracies(margins, torch.tensor([[0.5, 1.0], [0.5, 1.0], [0.0, 0.0]])).tolist() == pytest.approx(
        [2 / 3, 2 / 3, 1 / 3]
    )
    assert bad_pixels("3.5.3") == (3, 5)
    assert about.with_bad("3.5", 3) == "5"
    assert len(bad_pixels(about.with_bad(".".join(map(str, range(60))), 700))) == 60
    for wrong in ("784", "a", "1..2", ".".join(map(str, range(61)))):
        with pytest.raises(KnobError):
            bad_pixels(wrong)


# ---------------------------------------------------------------- masks


def test_masked_networks_are_the_networks_and_their_mean_is_near():
    result = masks.run(Config(view="masks"))
    with seeded(0) as generator:
        model = MultiLayerPerceptron(2, (masks.UNITS, masks.UNITS), 1, "relu", generator).eval()
    nn.utils.vector_to_parameters(result.parameters, model.parameters())
    with torch.no_grad():
        assert torch.allclose(torch.sigmoid(model(result.inputs)[:, 0]), result.whole, atol=1e-6)
    factors = result.masks
    assert set(factors.unique().tolist()) == {0.0, 2.0}
    assert float(factors.mean()) == pytest.approx(1.0, abs=0.02), "what stays is divided by 1 − p"
    last_alone = factors.clone()
    last_alone[:, 0] = 1  # masks before the last layer alone: there nothing bends any more
    layers = masks.layers_of(result.parameters)
    logits, _ = masks.forward(layers, result.inputs, last_alone)
    whole, _ = masks.forward(layers, result.inputs, torch.ones(1, 2, masks.UNITS))
    error = (logits.mean(0) - whole[0]).abs() / (logits.std(0) / len(logits) ** 0.5 + 1e-4)
    assert float(error.max()) < 6, "the mean of the logits is that of the whole network but for chance"
    assert float((result.mean - result.whole).abs().mean()) < float((result.unscaled - result.whole).abs().mean())
    maps = masks.maps_of(result, factors[:1])
    off = (factors[0].flatten() == 0).numpy()
    assert (maps[2:-1][off] == 0).all()


# ---------------------------------------------------------------- folds, descent, lesson


def test_networks_trained_together_are_those_trained_alone():
    points = task.points_of(Config())
    inputs, labels = points.train
    used = torch.ones(2, 40, dtype=torch.bool)
    used[0, :8] = False
    models = []
    for _ in range(2):
        with seeded(1) as generator:
            models.append(MultiLayerPerceptron(2, (8, 8), 1, "relu", generator).eval())
    _, together = folds.train_together(models, inputs, labels, used, torch.tensor([0.1, 0.0]), 0.3, 20)
    for at, (rows, strength) in enumerate(zip(used, (0.1, 0.0), strict=True)):
        with seeded(1) as generator:
            alone = MultiLayerPerceptron(2, (8, 8), 1, "relu", generator)
        for _ in range(20):
            price = strength / 2 * sum(p.square().sum() for p in alone.parameters() if p.dim() == 2)
            alone.zero_grad()
            (task.loss_of(alone(inputs[rows]), labels[rows]) + price).backward()
            with torch.no_grad():
                for parameter in alone.parameters():
                    parameter -= 0.3 * parameter.grad
        for name, parameter in alone.named_parameters():
            assert torch.allclose(together[name][at], parameter, atol=1e-5), name


def test_the_lesson_reads_curves_as_people_draw_them():
    assert where_it_ends([0.6, 0.3, 1.5]) == "rises"
    assert where_it_ends([0.6, 0.4, 0.3]) == "falls"
    assert where_it_ends([0.6, 0.6, 0.55]) == "stays"
    line = np.linspace
    assert how_it_goes_on([*line(70, 55, 4), *line(60, 85, 4), *line(80, 35, 25)]) == "twice"
    assert how_it_goes_on(line(70, 20, 33)) == "falls"
    assert how_it_goes_on([*line(70, 40, 10), *line(42, 85, 23)]) == "rises"
    assert len({step.name for step in LESSON}) == len(LESSON) == 8


def test_formulas_have_the_numbers_of_the_run():
    result = task.run(replace(SMALL, method="l1", steps=3))
    rows = explain.formulas(result)
    assert rows
    assert "sign" in rows[0].columns[1][0].latex
    assert explain.formulas(task.run(replace(SMALL, method="dropout", steps=1))) == []


@pytest.mark.parametrize(("optimum", "vanishing"), [((1.2, 0.5), 1), ((0.5, 1.2), 0)])
def test_the_walks_show_the_weight_that_vanishes(optimum, vanishing):
    result = geometry.run(Config(view="geometry", optimum_x=optimum[0], optimum_y=optimum[1]))
    assert (result.solution[0] == 0).tolist() == [vanishing == 0, vanishing == 1]
    assert geometry.vanishing(result) == vanishing
    picture = draw_parts.steps(result)
    assert np.array_equal(picture.values[:, 0], result.thresholded[:, vanishing].abs().float().numpy())
    said = about.walked(result).parts[0]
    assert draw_parts.NAMES[vanishing] in str(said)


def test_dots_of_the_fold_chart_lead_to_their_strength_and_none_is_lost():
    config = Config(view="folds")
    result = folds.run(config)
    chart = draw_parts.fold_chart(result, 2)
    (_, high), count = chart.domain[2:], len(folds.STRENGTHS)
    assert all((dots.points[:, 1] <= high).all() for dots in chart.dots)
    assert chart.dots[1].rings == (result.loss > high).flatten().tolist()
    dot = lambda number: about.on_strength({"event": "dot", "dot": number}, config, None)  # noqa: E731
    assert [dot(number)["alpha_shown"] for number in (0, count - 1, count + 3)] == [0, count - 1, 3]
    assert dot(sum(len(dots.points) for dots in chart.dots) - 1) == {}, "it is shown already"

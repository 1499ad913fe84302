"""Numbers that formulas stand beside: whose gradient it is, what the written rule does, what is counted."""

from dataclasses import replace
from random import Random

import pytest
import torch

from engine.contracts.formula import written
from engine.topics.mlp import formulas as mlp
from engine.topics.mlp.card import Config as Mlp
from engine.topics.mlp.probe import formulas_at
from engine.topics.mlp.run import Experiment
from engine.topics.mlp.run import run as run_mlp
from engine.topics.one_stage import explain as one_stage
from engine.topics.one_stage.card import Config as OneStage
from engine.topics.one_stage.detection import find, see
from engine.topics.one_stage.run import run as run_one_stage
from tests.formulas import check

SMALL = Mlp(layers=(6, 5), samples=60, data="moons")


def test_the_gradient_beside_the_loss_is_that_of_this_loss():
    """At step 40 of the defaults: not what the last step took, which was another batch and the weights before."""
    config = replace(Mlp(), steps=40)
    result = run_mlp(config)
    experiment = Experiment(config)
    torch.nn.utils.vector_to_parameters(result.parameters, experiment.model.parameters())
    rows = experiment.train_rows
    loss = experiment.loss(experiment.model(experiment.features[rows]), experiment.device_targets[rows])
    loss.backward()
    length = sum(one.grad.square().sum().item() for one in experiment.model.parameters()) ** 0.5
    formulas = dict(mlp.live_formulas(config, result))
    assert length == pytest.approx(0.548, abs=0.02)
    assert result.gradient_norm[-1].item() == pytest.approx(0.243, abs=0.02)
    assert formulas["Length of the gradient of this loss"].latex.endswith(f"= {written(length)}")
    with_penalty = replace(config, regularisation="l2", strength=0.5)
    of_loss = mlp.live_formulas(with_penalty, result)[3][1]
    assert of_loss == formulas["Length of the gradient of this loss"]  # the loss beside it has no penalty either


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
@pytest.mark.parametrize("regularisation", ["none", "l1", "l2"])
def test_the_written_rule_replays_the_training(optimizer, regularisation):
    """Every arrow of it, read as displayed, gives what PyTorch's optimiser made of the same gradients."""
    config = replace(SMALL, optimizer=optimizer, regularisation=regularisation, strength=0.02, learning_rate=0.03)
    *_, step = formulas_at(config, Random(optimizer + regularisation))
    assert (r"\alpha\,w" in step.latex) == (regularisation == "l2")
    assert ("sign" in step.latex) == (regularisation == "l1")
    lines = {"sgd": 2, "momentum": 3, "adam": 4}[optimizer] + (regularisation == "l1")
    assert check(step.latex, step.values, step.where) == len(step.values) == lines


@pytest.mark.parametrize(("score", "count"), [(0.05, 628), (0.1, 229), (0.35, 31)])
def test_all_that_pass_the_threshold_are_counted(score, count):
    """The suppression looks at the best 150; the number of candidates is that of all, in every file that leaves."""
    result = run_one_stage(OneStage(score=score))
    assert int((result.picture.scores.amax(1) >= score).sum()) == count == result.candidate_count
    assert len(result.candidate_boxes) == min(count, 150)
    (value,) = [one.values for one in result.quantities() if one.name == "candidate_count"]
    assert value == count


def test_bins_that_hardly_matter_are_counted_together():
    four = see(OneStage())
    kept, sharp = find(four, OneStage()), 0
    for index in kept.kept:
        cell = one_stage.explain_cell(four, int(kept.cells[index]))
        shares = cell.distributions[0].double()
        left = sum(at * share for at, share in enumerate(shares.tolist()) if share < 0.01)
        assert (written(left) in one_stage.expectation_formula(cell).latex) == bool((shares < 0.01).any())
        sharp += left > 0
    assert sharp

"""MLP playground: loss, accuracy and update rule with the numbers of a moment."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import torch

from engine.contracts.blocks import Row, Say
from engine.contracts.formula import Formula, aligned, exact, written

from .card import Config
from .experiment import Experiment
from .run import Result, fill


def live_formulas(config: Config, result: Result) -> list[tuple[str, Formula]]:
    """(what it is, the formula with the numbers of this moment) for the Numbers tab."""
    experiment = _experiment_of(config, result)
    sizes = [len(config.features), *config.layers, experiment.outputs]
    more = [rf" + 2 \cdot {o}" if config.batch_norm else "" for o in config.layers]  # γ and β of each neuron
    terms = " + ".join(rf"({i} \cdot {o} + {o}{two})" for (i, o), two in zip(pairwise(sizes), [*more, ""], strict=True))
    loss, trained = float(result.train_loss[-1]), int(result.is_train.sum())
    formulas = [("Weights and biases, layer by layer", Formula(rf"{terms} = {len(result.parameters)}"))]
    if not trained:
        return formulas
    if experiment.regression:
        formulas.append(
            ("Loss on the training points: mean squared error",
             Formula(rf"L = \frac{{1}}{{{trained}}}\sum_n (\hat y_n - y_n)^2 = {written(loss)}"))
        )  # fmt: skip
    else:
        right = round(float(result.train_accuracy[-1]) * trained)
        formulas += [
            ("Loss on the training points: mean cross-entropy",
             Formula(rf"L = -\frac{{1}}{{{trained}}}\sum_n \log p(y_n\,|\,x_n) = {written(loss)}\ \text{{nat}}")),
            ("Accuracy on the training points",
             Formula(rf"\frac{{{right}}}{{{trained}}} = {written(right / trained)}")),
        ]  # fmt: skip
    if math.isfinite(norm := length_of_gradient(experiment)):
        formulas.append(("Length of the gradient of this loss", Formula(rf"\lVert\nabla L\rVert = {written(norm)}")))
    formulas.append(
        ("What one step does to a weight w; L_B: the loss of the step's batch. Biases: the same without α.",
         update_rule(config, max(1, int(result.step[-1]))))  # before the first: of the first
    )  # fmt: skip
    return formulas


def _experiment_of(config: Config, result: Result) -> Experiment:
    """The experiment with the weights of a Result, ready to be used and not trained on."""
    experiment = Experiment(replace(config, edits=""))
    fill(experiment.model, result)
    experiment.model.eval()
    return experiment


def length_of_gradient(experiment: Experiment) -> float:
    """‖∇L‖ of the loss L over all training points, without any penalty, by all weights and biases."""
    rows = experiment.train_rows
    with torch.enable_grad():
        loss = experiment.loss(experiment.model(experiment.features[rows]), experiment.device_targets[rows])
        gradients = torch.autograd.grad(loss, list(experiment.model.parameters()))
    return math.sqrt(sum(gradient.double().square().sum().item() for gradient in gradients))


def update_rule(config: Config, step: int) -> Formula:
    """What step t does to one weight, in the order in which it is done; η, α and t with their numbers.

    Adam: Kingma and Ba 2015, algorithm 1. L1: the soft threshold, as `Experiment.after_step` does it.
    """
    penalty = r" + \alpha\,w" if config.regularisation == "l2" else ""
    rows = [rf"g &= \nabla L_B{penalty}"]
    rows += {
        "sgd": [r"w &\leftarrow w - \eta\,g"],
        "momentum": [r"v &\leftarrow 0{.}9\,v + g", r"w &\leftarrow w - \eta\,v"],
        "adam": [
            r"m &\leftarrow 0{.}9\,m + 0{.}1\,g", r"v &\leftarrow 0{.}999\,v + 0{.}001\,g^2",
            r"w &\leftarrow w - \eta\,\frac{m / (1 - 0{.}9^t)}{\sqrt{v / (1 - 0{.}999^t)} + 10^{-8}}",
        ],
    }[config.optimizer]  # fmt: skip
    if config.regularisation == "l1":
        rows.append(r"w &\leftarrow \operatorname{sign}(w)\,\max(|w| - \eta\,\alpha,\ 0)")
    strength = rf",\qquad \alpha = {exact(config.strength)}" if config.regularisation != "none" else ""
    rows.append(rf"\eta &= {exact(config.learning_rate)}{strength},\qquad t = {step}")
    return aligned(rows)


def formulas(result: Result) -> list[Row]:
    """Loss, accuracy and update rule with the numbers of this moment."""
    pairs = live_formulas(result.config, result)
    return [Row([[Say(what)], [formula]], (1, 2.6), "center") for what, formula in pairs]

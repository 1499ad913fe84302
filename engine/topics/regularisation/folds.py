"""Regularisation: k-fold cross-validation, each network really trained, to choose a strength without a test set."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap
from torch.nn import functional as F

from engine.contracts.axes import axes, note, result
from engine.data.folds import folds
from engine.data.points import grid
from engine.models.mlp.mlp import MultiLayerPerceptron
from engine.training.fit import breathe, seeded

from .card import Config
from .task import plane_of, points_of

STRENGTHS = (0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3)  # α₂ that are tried
STEPS = 300
WIDTH = 32  # hidden neurons in each of two layers
SIDE = 40  # pixels a side of a plane


@result
class Result:
    """k networks for each strength, each trained without one fold and judged on it; and one for each on all points."""

    config: Config = note("what was asked for")
    inputs: Tensor = axes("point coordinate", "the training points")
    labels: Tensor = axes("point", "class of each")
    held_out: Tensor = axes("fold point", "which points each fold holds out")
    strength: Tensor = axes("alpha", "α of the penalty α/2 Σw²")
    loss: Tensor = axes("fold alpha", "mean cross-entropy on the points that were held out", unit="nat")
    accuracy: Tensor = axes("fold alpha", "share of them named rightly")
    mean: Tensor = axes("alpha", "mean of this loss over the folds", unit="nat")
    spread: Tensor = axes("alpha", "standard deviation of this loss over the folds", unit="nat")
    chosen: Tensor = axes("", "number of the strength with the lowest mean")
    train: Tensor = axes("alpha", "loss of the network trained on all points, on these points", unit="nat")
    test: Tensor = axes("alpha", "its loss on 200 test points, which played no part", unit="nat")
    planes: Tensor = axes("fold alpha row column class", "the plane according to each network, in 1/255")


def train_together(
    models: list[nn.Module], inputs: Tensor, labels: Tensor, used: Tensor, strength: Tensor, rate: float, steps: int
) -> tuple[nn.Module, dict[str, Tensor]]:
    """Gradient descent on many networks of one shape at once; each sees its own points only.

    used: (M, N) bool, the points of each; strength: (M,) of α/2 Σw² on the weights. Returns a network of that shape and
    all parameters, (M, ...) by name, for `functional_call`. What one of them does is what it would do alone.
    """
    parameters, _ = stack_module_state(models)
    parameters = {name: value.detach().requires_grad_() for name, value in parameters.items()}
    share = used.float() / used.sum(1, keepdim=True)
    wanted = (labels == 0).float().expand_as(share)
    forward = vmap(lambda own: functional_call(models[0], own, (inputs,))[:, 0])
    left = steps
    while left:
        each = F.binary_cross_entropy_with_logits(forward(parameters), wanted, reduction="none")
        squares = sum(value.square().flatten(1).sum(1) for name, value in parameters.items() if "weight" in name)
        loss = (each * share).sum() + (strength / 2 * squares).sum()  # no network sees another: each gets its own slope
        slopes = torch.autograd.grad(loss, list(parameters.values()))
        with torch.no_grad():
            for value, slope in zip(parameters.values(), slopes, strict=True):
                value -= rate * slope
        left -= 1
        breathe(left)
    return models[0], {name: value.detach() for name, value in parameters.items()}


def run(config: Config) -> Result:
    """Train (k + 1) × 7 networks from the same first weights, and ask each about what it has not seen."""
    points = points_of(config)
    (inputs, labels), (test, test_labels) = points.train, points.test
    with seeded(config.seed + 30_000) as generator:
        held_out = folds(len(inputs), config.folds, generator)
    used = torch.cat([~held_out, torch.ones(1, len(inputs), dtype=torch.bool)])
    strength, models = torch.tensor(STRENGTHS), []
    for _ in range(len(used) * len(strength)):
        with seeded(config.seed + 10_000) as generator:
            models.append(MultiLayerPerceptron(2, (WIDTH, WIDTH), 1, "relu", generator).eval())
    model, trained = train_together(
        models, inputs, labels, used.repeat_interleave(len(strength), 0), strength.repeat(len(used)),
        config.learning_rate, STEPS,
    )  # fmt: skip

    def answers(where: Tensor) -> Tensor:
        logits = vmap(lambda own: functional_call(model, own, (where,))[:, 0])(trained)
        return logits.nan_to_num().reshape(len(used), len(strength), len(where))

    def losses(logits: Tensor, of: Tensor) -> Tensor:
        wanted = (of == 0).float().expand_as(logits)
        return F.binary_cross_entropy_with_logits(logits, wanted, reduction="none")

    seen, unseen = answers(inputs), answers(test)
    each, right = losses(seen, labels), ((seen < 0).long() == labels).float()
    share = held_out.float() / held_out.sum(1, keepdim=True)
    loss = torch.einsum("fan,fn->fa", each[:-1], share)
    planes = answers(grid(SIDE))[:-1]
    return Result(
        config=config,
        inputs=inputs,
        labels=labels,
        held_out=held_out,
        strength=strength,
        loss=loss,
        accuracy=torch.einsum("fan,fn->fa", right[:-1], share),
        mean=loss.mean(0),
        spread=loss.std(0),
        chosen=loss.mean(0).argmin(),
        train=each[-1].mean(-1),
        test=losses(unseen[-1], test_labels).mean(-1),
        planes=torch.stack([
            torch.stack([torch.from_numpy(plane_of(one[:, None])) for one in fold]) for fold in planes
        ]),
    )  # fmt: skip

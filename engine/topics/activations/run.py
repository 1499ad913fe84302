"""Activations: the same deep network with one or two activation functions, looked through and trained."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.contracts.axes import axes, note, result
from engine.contracts.expressions import parse
from engine.data.digits import load_digits
from engine.data.points import DOMAIN, grid, make_points
from engine.instrument.layer_statistics import LayerStatistics, layer_statistics
from engine.machinery.device import current_device
from engine.models.activations import Function, activation, with_derivative
from engine.models.deep_network import DeepNetwork, one_matrix
from engine.training.fit import Snapshot, TrainingDiverged, fit, seeded
from engine.training.moments import history, moments_of, restore
from engine.training.own_weights import start_from

from .card import PLANE_SETS, Config, functions_of

INPUTS = 32  # numbers of a standard normal sample
SCALE = math.sqrt(3)  # by which points are divided: spread evenly over -3 to 3 they then have a variance of 1
REACH = DOMAIN / SCALE  # of the plane, in the units that the network is given
SIDE = 40  # pixels a side of a picture of the plane
BINS, SUM_RANGE = 40, (-4.0, 4.0)
X_RANGE, PLACES = (-5.0, 5.0), 401  # where a function is drawn
MEASURES = ("sum_gradient", "weight_gradient", "deviation", "sum_deviation", "mean", "dead", "saturated", "finite")


class NumbersLost(TrainingDiverged):
    """No network has a finite loss any more."""

    template = (
        "At step {step} no loss was a finite number any more. The numbers in the network grew too large (smaller first "
        "weights, a lower learning rate or fewer layers help), or the formula has no value at some of its sums."
    )


@result
class Result:
    """One or two activation functions; their networks after `steps` steps, layer by layer; the history of the
    training; and the one matrix that all matrices multiply to."""

    place: Tensor = axes("place", "where the functions are looked at", unit="x")
    value: Tensor = axes("function place", "f(x)", gaps=True)
    slope: Tensor = axes("function place", "f'(x), by automatic differentiation", gaps=True)
    sums: Tensor = axes("function layer bin", "share of a layer's sums in each bin; the first and the last: beyond")
    outputs: Tensor = axes("function layer bin", "share of a layer's outputs in each bin; first and last: beyond")
    output_range: Tensor = axes("function end", "from where to where the bins of the outputs reach")
    sum_gradient: Tensor = axes("function layer", "norm of the gradient at a layer's sums", gaps=True)
    weight_gradient: Tensor = axes("function layer", "norm of the gradient of a layer's weights", gaps=True)
    mean: Tensor = axes("function layer", "mean of a layer's outputs", gaps=True)
    deviation: Tensor = axes("function layer", "standard deviation of a layer's outputs", gaps=True)
    sum_deviation: Tensor = axes("function layer", "standard deviation of a layer's sums", gaps=True)
    dead: Tensor = axes("function layer", "share of units whose slope is 0 for every sample")
    saturated: Tensor = axes("function layer", "share of sums at which the slope is below the threshold")
    finite: Tensor = axes("function layer", "share of sums that are finite numbers")
    logits: Tensor = axes("function sample output", "what each network says of every sample", gaps=True)
    step: Tensor = axes("moment", "optimiser step of each moment looked at", unit="step")
    loss: Tensor = axes("function moment", "mean cross-entropy over the batch", unit="nat", gaps=True)
    accuracy: Tensor = axes("function moment", "share of the batch named rightly", gaps=True)
    matrix: Tensor = axes("output input", "product of all matrices of the first network")
    offset: Tensor = axes("output", "what is added to it: the biases, multiplied along")
    difference: Tensor = axes("", "largest difference from the network without activations, over the batch")
    size: Tensor = axes("", "largest number that the network without activations says")
    functions: tuple[str, ...] = note("names of the functions")
    classes: int = note("number of classes")
    weights: tuple[np.ndarray, ...] = note("all weights and biases, network by network")
    config: Config = note("what was asked for")


# ---------------------------------------------------------------- functions


def function_of(config: Config, name: str) -> Function:
    """The activation of this name."""
    formula = parse(config.formula, ("x",)) if name == "own" else None
    return activation(name, slope=config.slope, formula=formula)


def slope_of(function: Function, x: Tensor) -> Tensor:
    """f'(x)."""
    return with_derivative(function, x)[1]


def course(config: Config, name: str, places: int = PLACES) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(x, f(x), f'(x)), each (places,) float64 over X_RANGE; NaN where there is no finite value."""
    x = torch.arange(places, dtype=torch.float64) - (places - 1) / 2  # so that 0 is exactly one of them
    x = x * (X_RANGE[1] - X_RANGE[0]) / (places - 1)
    value, slope = with_derivative(function_of(config, name), x)
    lost = ~(value.isfinite() & slope.isfinite())
    return x.numpy(), _without(value, ~value.isfinite()), _without(slope, lost)


def _without(values: Tensor, lost: Tensor) -> np.ndarray:
    return values.where(~lost, torch.full_like(values, math.nan)).numpy()


def output_range(config: Config, name: str) -> tuple[float, float]:
    """From where to where the histogram of a function's outputs reaches: what it makes of the range of the sums, to a
    tenth outwards, and no farther than that range."""
    value, _ = with_derivative(function_of(config, name), torch.linspace(*SUM_RANGE, 801, dtype=torch.float64))
    known = value[value.isfinite()]
    if not len(known):
        return SUM_RANGE
    low = math.floor(max(SUM_RANGE[0], known.min().item()) * 10) / 10
    high = math.ceil(min(SUM_RANGE[1], known.max().item()) * 10) / 10
    return (low, high) if high - low >= 0.2 else (low - 0.5, high + 0.5)


# ---------------------------------------------------------------- batch


def batch_of(config: Config) -> tuple[Tensor, Tensor, int]:
    """(inputs (N, I), classes (N,), number of classes) of a Config, the same for all that ask for the same batch."""
    return _batch(config.data, config.samples, config.seed)


@lru_cache(maxsize=8)
def _batch(data: str, samples: int, seed: int) -> tuple[Tensor, Tensor, int]:
    with seeded(seed) as generator:
        if data == "normal":  # two classes: whether the first two numbers have the same sign
            inputs = torch.randn(samples, INPUTS, generator=generator)
            return inputs, (inputs[:, 0] * inputs[:, 1] > 0).long(), 2
        if data == "digits":
            digits = load_digits()
            chosen = torch.randperm(len(digits.train_images), generator=generator)[:samples].numpy()
            images = torch.from_numpy(digits.train_images[chosen].astype(np.float32) / 255)
            small = F.avg_pool2d(images[:, None], 2).flatten(1)  # (N, 196)
            return (small - small.mean()) / small.std(), torch.from_numpy(digits.train_labels[chosen].copy()), 10
        points = make_points(data, samples, 2, 0.05, generator)
    return points.inputs / SCALE, points.targets, 2


# ---------------------------------------------------------------- networks


class Networks(nn.Module):
    """The same network once for each function, from the same first weights. (N, I) -> a list of (N, K)."""

    def __init__(self, config: Config, inputs: int, classes: int):
        super().__init__()
        self.functions = [function_of(config, name) for name in functions_of(config)]
        self.each = nn.ModuleList()
        for function in self.functions:
            with seeded(config.seed + 10_000) as generator:
                self.each.append(
                    DeepNetwork(inputs, config.width, config.depth, classes, function, config.initialisation, generator,
                                bias=config.bias)
                )  # fmt: skip

    def forward(self, x: Tensor) -> list[Tensor]:
        return [network(x) for network in self.each]


class Experiment:
    """Batch and networks of one Config, freshly made; equal Configs make equal Experiments."""

    def __init__(self, config: Config):
        self.config, device = config, current_device()
        inputs, targets, self.classes = batch_of(config)
        self.inputs, self.targets = inputs.to(device), targets.to(device)
        self.model = Networks(config, inputs.shape[1], self.classes)
        start_from(self.model, config)
        self.model.to(device)
        self.ranges = [output_range(config, name) for name in functions_of(config)]

    def loss(self, answers: Sequence[Tensor], targets: Tensor) -> Tensor:
        """The sum of the networks' mean cross-entropies: each learns as if it were alone. One whose loss is no finite
        number is left out and stays as it is; where none is left the sum is NaN."""
        losses = [F.cross_entropy(logits, targets) for logits in answers]
        there = [loss for loss in losses if loss.isfinite()]
        return sum(there) if there else losses[0] * math.nan

    def statistics(self, number: int) -> LayerStatistics:
        """What the batch becomes in every layer of a network, and what comes back."""
        network, function = self.model.each[number], self.model.functions[number]
        return layer_statistics(
            network, [f"layers.{layer}" for layer in range(self.config.depth)],
            lambda: F.cross_entropy(network(self.inputs), self.targets), partial(slope_of, function),
            threshold=self.config.threshold, sum_range=SUM_RANGE, output_range=self.ranges[number], bins=BINS,
        )  # fmt: skip

    def observe(self, step: int) -> Mapping[str, Any]:
        """All that the page shows of one moment, as small NumPy arrays."""
        found = [self.statistics(number) for number in range(len(self.ranges))]
        with torch.no_grad():
            answers = self.model(self.inputs)
            losses = [F.cross_entropy(logits, self.targets).item() for logits in answers]
            right = [
                (logits.argmax(1) == self.targets).float().mean().item() if math.isfinite(loss) else math.nan
                for logits, loss in zip(answers, losses, strict=True)
            ]
        measures = [torch.stack([getattr(one, name) for name in MEASURES]) for one in found]
        return {
            "sums": np.stack([one.sums.float().numpy() for one in found]),  # (F, L, B + 2)
            "outputs": np.stack([one.outputs.float().numpy() for one in found]),
            "layers": torch.stack(measures).numpy(),  # (F, measure, L)
            "loss": np.array(losses),
            "accuracy": np.array(
                [one if math.isfinite(loss) else math.nan for one, loss in zip(right, losses, strict=True)]
            ),
            "plane": self.plane(),
            "weights": tuple(part.detach().cpu().numpy().copy() for part in self.model.parameters()),
        }

    @torch.no_grad()
    def plane(self) -> np.ndarray:
        """(F, SIDE, SIDE, 2) uint8: what the networks say of each spot of the plane; (F, 0) for what has no plane."""
        if self.config.data not in PLANE_SETS:
            return np.zeros((len(self.ranges), 0), np.uint8)
        answers = self.model(grid(SIDE, str(self.inputs.device)) / SCALE)
        shares = torch.stack([logits.softmax(1).nan_to_num(0.5) for logits in answers])
        return (shares * 255).round().byte().reshape(len(answers), SIDE, SIDE, -1).cpu().numpy()

    def optimizer(self) -> torch.optim.Optimizer:
        """As the Config says."""
        kind = torch.optim.SGD if self.config.optimizer == "sgd" else torch.optim.Adam
        return kind(self.model.parameters(), lr=self.config.learning_rate)

    def train(self, steps: int, snapshot_every: int = 5) -> Iterator[Snapshot]:
        """Steps on the whole batch, the same for all networks."""
        try:
            yield from fit(
                self.model, itertools.repeat((self.inputs, self.targets)), self.loss, self.optimizer(),
                observe=self.observe, steps=steps, snapshot_every=snapshot_every,
            )  # fmt: skip
        except TrainingDiverged as error:
            raise NumbersLost(error.step, math.nan) from error


def network(config: Config, result: Result | None = None) -> Networks:
    """The networks of a Config with the weights of a Result; without one, before their first step."""
    model = Experiment(config).model
    if result is not None:
        restore(model, result.weights)
    return model


def stream(config: Config) -> Iterator[Snapshot]:
    """Train the networks of `config` and yield what they look like; takes `.send(steps)` like every stream."""
    return Experiment(config).train(max(config.until, config.steps))


def first(config: Config) -> Snapshot:
    """The networks of `config` before their first step."""
    return next(Experiment(config).train(0))


def run(config: Config) -> Result:
    """Train to `config.steps` and return everything about the networks there."""
    return result_of(config, moments_of(Experiment(config).train, config.steps))


def result_of(config: Config, moments: Sequence[Snapshot]) -> Result:
    """The Result of a run from its snapshots; the last one holds the weights."""
    last, names = moments[-1].values, functions_of(config)
    courses = [course(config, name) for name in names]
    columns = {name: torch.from_numpy(last["layers"][:, at]) for at, name in enumerate(MEASURES)}
    matrix, offset, difference, size = linear(config, last["weights"])
    numbers = range(len(names))
    with torch.no_grad():
        model = Networks(config, matrix.shape[1], len(offset))
        restore(model, last["weights"])
        logits = torch.stack(model(batch_of(config)[0]))
    return Result(
        place=torch.from_numpy(courses[0][0]),
        value=torch.from_numpy(np.stack([value for _, value, _ in courses])),
        slope=torch.from_numpy(np.stack([slope for *_, slope in courses])),
        sums=torch.from_numpy(last["sums"]),
        outputs=torch.from_numpy(last["outputs"]),
        output_range=torch.tensor([output_range(config, name) for name in names]),
        **columns,
        logits=logits,
        step=torch.tensor([moment.step for moment in moments]),
        loss=torch.stack([history(moment.values["loss"][k] for moment in moments) for k in numbers]),
        accuracy=torch.stack([history(moment.values["accuracy"][k] for moment in moments) for k in numbers]),
        matrix=matrix,
        offset=offset,
        difference=torch.tensor(difference),
        size=torch.tensor(size),
        functions=names,
        classes=len(offset),
        weights=last["weights"],
        config=config,
    )


# ---------------------------------------------------------------- without activations


def without_activations(config: Config, weights: Sequence[np.ndarray]) -> DeepNetwork:
    """The first network with these weights, in double precision on the CPU, and every activation taken out."""
    inputs, _, classes = batch_of(config)
    plain = Networks(config, inputs.shape[1], classes)
    restore(plain, weights)
    model = plain.each[0].double()
    for layer in model.layers:
        layer.activation = activation("identity")
    return model


@torch.no_grad()
def linear(config: Config, weights: Sequence[np.ndarray]) -> tuple[Tensor, Tensor, float, float]:
    """(M, c, largest difference, largest number): all matrices of the first network multiplied, and how far M x + c is
    from what the network says of the batch without its activations."""
    model, (inputs, _, _) = without_activations(config, weights), batch_of(config)
    matrix, offset = one_matrix(model)
    said, x = model(inputs.double()), inputs.double()
    return matrix, offset, (x @ matrix.T + offset - said).abs().max().item(), said.abs().max().item()


@lru_cache(maxsize=4)
def linear_at(config: Config, moment: Snapshot) -> tuple[Tensor, Tensor, float, float]:
    """The same of a moment, once for all that ask."""
    return linear(config, moment.values["weights"])


@torch.no_grad()
def answers_without(config: Config, weights: Sequence[np.ndarray]) -> np.ndarray:
    """(SIDE, SIDE, 2) uint8: what the first network says of the plane, layer after layer, without its activations."""
    logits = without_activations(config, weights)(grid(SIDE).double() / SCALE)
    return (logits.softmax(1).nan_to_num(0.5) * 255).round().byte().reshape(SIDE, SIDE, -1).numpy()

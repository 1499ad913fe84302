"""Neuron and perceptron: the experiment."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.contracts.axes import axes, note, result
from engine.data.half_planes import gate, overlapping, parted
from engine.data.points import DOMAIN, PointSet, own_points
from engine.instrument.margin import Margin, fewest_mistakes, widest_margin
from engine.instrument.trace import record
from engine.models.perceptron.neuron import Neurons, TwoLayers
from engine.models.perceptron.rule import HalfPlane, corrected, most_corrections
from engine.training.fit import Snapshot, breathe, seeded
from engine.training.moments import history
from engine.training.own_weights import start_from

from .card import GATES, Config, parse_units

SIDE = 80  # pixels of the plane along each side
GATE_DOMAIN = (-0.75, 1.75, -0.75, 1.75)


@result
class Result:
    """Neurons, what they answer at every point, and the history of how they came to it."""

    inputs: Tensor = axes("point coordinate", "the points")
    targets: Tensor = axes("point", "what the neuron shall answer at each point")
    sums: Tensor = axes("point", "z of the output neuron at each point: weighted sum less the threshold")
    answers: Tensor = axes("point", "y of the output neuron at each point")
    hidden: Tensor = axes("point unit", "what the hidden neurons say of each point; none with one neuron alone")
    plane: Tensor = axes("row column", "y at each spot of the plane")
    neuron_weights: Tensor = axes("neuron coordinate", "w₁ and w₂ of every neuron, the output last")
    thresholds: Tensor = axes("neuron", "θ of every neuron, the output last")
    step: Tensor = axes("moment", "samples presented up to each moment looked at", unit="sample")
    corrections: Tensor = axes("moment", "how often the rule had corrected by then")
    wrong: Tensor = axes("moment", "points on the wrong side of the line", unit="points")
    best_wrong: Tensor = axes("moment", "fewest points on the wrong side of any line so far", unit="points")
    pass_mistakes: Tensor = axes("moment", "corrections in the last whole pass", gaps=True)
    radius: Tensor = axes("", "R: length of the longest (x₁, x₂, −1)")
    margin: Tensor = axes(
        "", "γ: smallest distance from the best (w₁, w₂, θ) of length 1; 0 if no line parts the points"
    )
    bound: Tensor = axes("", "most corrections that the theorem allows", gaps=True)
    attainable: Tensor = axes("", "points on the wrong side of the best line there is", unit="points")
    config: Config = note("what was asked for")
    cycle: int = note("passes after which the rule comes round to the same weights; 0 if it was not seen to")


def points_of(config: Config) -> PointSet:
    """The points of a Config, with targets 0 and 1; the same object for all Configs that mean the same points."""
    usual = Config()
    kept = {"seed": config.seed, "samples": config.samples} if config.data in ("parted", "overlapping") else {}
    if config.data == "parted":
        kept["gap"] = config.gap
    if config.data == "own":
        kept["points"] = config.points
    return _points(replace(usual, data=config.data, **kept))


@lru_cache(maxsize=16)
def _points(config: Config) -> PointSet:
    if config.data in GATES:
        return gate(config.data)
    if config.data == "own":  # its first class is drawn in the colour of what is above zero: of y = 1
        drawn = own_points(config.points)
        return PointSet(drawn.inputs.round(decimals=2), 1 - drawn.targets)
    with seeded(config.seed) as generator:
        if config.data == "parted":
            return parted(config.samples, config.gap, generator)
        return overlapping(config.samples, generator)


def domain_of(config: Config) -> tuple[float, float, float, float]:
    """The part of the plane that is shown."""
    return GATE_DOMAIN if config.data in GATES else (-DOMAIN, DOMAIN, -DOMAIN, DOMAIN)


def margin_of(config: Config) -> Margin:
    """The best separation of the points of a Config; the same object for the same points."""
    return _measured(points_of(config))[0]


def best_line_of(config: Config) -> tuple[int, HalfPlane]:
    """The fewest points that any straight line has on the wrong side, and such a line."""
    _, wrong, line = _measured(points_of(config))
    return wrong, HalfPlane(*line)


@lru_cache(maxsize=16)
def _measured(points: PointSet) -> tuple[Margin, int, tuple[float, float, float]]:
    inputs, positive = points.inputs.double().numpy(), points.targets.numpy() == 1
    margin = widest_margin(inputs, positive)
    return (margin, 0, margin.line) if margin.separable else (margin, *fewest_mistakes(inputs, positive))


def start_of(config: Config) -> HalfPlane:
    """The neuron before its first sample: as the knobs say, or a reader's own."""
    model = Neurons([[config.w1, config.w2]], [config.theta])
    start_from(model, config)
    return HalfPlane(*model.weight[0].tolist(), model.threshold.item())


def bound_of(config: Config) -> float:
    """The most corrections that the theorem allows; NaN where no line parts the points."""
    margin = margin_of(config)
    if not margin.separable:
        return math.nan
    return most_corrections(margin.radius, margin.margin, start_of(config).length, config.rate)


class Experiment:
    """The points of a Config, and the perceptron rule on them; equal Configs make equal Experiments."""

    def __init__(self, config: Config):
        self.config, points = config, points_of(config)
        self.inputs, self.targets = points.inputs.double(), points.targets
        self.samples = [(*at, target) for at, target in zip(self.inputs.tolist(), self.targets.tolist(), strict=True)]

    def order(self) -> Iterator[tuple[int, bool]]:
        """Endlessly: the number of the sample to present, and whether a pass ends with it."""
        count = len(self.samples)
        with seeded(self.config.seed + 10_000) as generator:
            while True:
                shuffled = self.config.order == "random"
                numbers = torch.randperm(count, generator=generator).tolist() if shuffled else range(count)
                for place, number in enumerate(numbers, 1):
                    yield number, place == count

    def train(self, steps: int, snapshot_every: int = 1) -> Iterator[Snapshot]:
        """Present up to `steps` samples, one by one; it ends with the first whole pass that needs no correction.

        Snapshots as `fit` makes them; how often one looks changes nothing.
        """
        line = before = start_of(self.config)
        best, fewest = line, line.wrong(self.inputs, self.targets)
        wrong, corrections, in_pass, last_pass, sample, cycle = fewest, 0, 0, math.nan, -1, 0
        passes, met = 0, {line.parts: 0}  # the weights at the end of every pass

        def seen(step: int) -> Snapshot:
            values = {
                "weights": [np.array([line.theta]), np.array([line.parts[:2]])], "line": np.array(line.parts),
                "before": np.array(before.parts), "best": np.array(best.parts), "sample": sample, "wrong": wrong,
                "best_wrong": fewest, "corrections": corrections, "pass_mistakes": last_pass, "passes": passes,
                "cycle": cycle,
            }  # fmt: skip
            return Snapshot(step, wrong / len(self.samples) if self.samples else math.nan, math.nan, values, steps)

        wanted = yield seen(0)
        due = wanted or snapshot_every
        if not self.samples:
            return
        order = self.order()
        for step in range(1, steps + 1):
            sample, ends = next(order)
            before, line = line, corrected(line, *self.samples[sample], self.config.rate)
            if line != before:
                corrections, in_pass = corrections + 1, in_pass + 1
                wrong = line.wrong(self.inputs, self.targets)
                if wrong < fewest:
                    best, fewest = line, wrong
            over = ends and in_pass == 0
            if ends:
                passes, last_pass, in_pass = passes + 1, in_pass, 0
                if self.config.order == "turn" and not (cycle or over):
                    cycle = passes - met.setdefault(line.parts, passes)
            if step >= due or step == steps or over:
                wanted = yield seen(step)
                due = step + (wanted or snapshot_every)
            if over:
                return
            breathe(step)


def network(config: Config, result: Result | None = None) -> Neurons | TwoLayers:
    """The network of a Config with the weights of a Result; without one, before its first sample."""
    if config.network == "layers":
        return TwoLayers(parse_units(config.units), config.function)
    function = "step" if config.network == "rule" else config.function
    if result is None:
        line = start_of(config)
        return Neurons([line.parts[:2]], [line.theta], function)
    return Neurons(result.neuron_weights.tolist(), result.thresholds.tolist(), function)


def stream(config: Config) -> Iterator[Snapshot]:
    """Present samples to the neuron of `config` and yield what it looks like; takes `.send(steps)`."""
    return Experiment(config).train(max(config.until, config.steps))


def first(config: Config) -> Snapshot:
    """The neuron of `config` before its first sample."""
    return next(Experiment(config).train(0))


def run(config: Config) -> Result:
    """Present `config.steps` samples and return everything about the neuron there; or what is set by hand."""
    learns = config.network == "rule"
    return result_of(config, list(Experiment(config).train(config.steps))) if learns else by_hand(config)


def by_hand(config: Config) -> Result:
    """What a network that was set by hand says."""
    model, points = network(config), points_of(config)
    wrong = int((look(model, points.inputs.double())["sum"] >= 0).ne(points.targets == 1).sum())
    moment = {"wrong": wrong, "best_wrong": wrong, "corrections": 0, "pass_mistakes": math.nan, "cycle": 0}
    return _result(config, model, [Snapshot(0, math.nan, math.nan, moment)])


def result_of(config: Config, moments: Sequence[Snapshot]) -> Result:
    """The Result of a run from its snapshots; the last one holds the weights."""
    threshold, weight = moments[-1].values["weights"]
    return _result(config, Neurons(weight.tolist(), threshold.tolist()), moments)


@torch.no_grad()
def look(model: Neurons | TwoLayers, inputs: Tensor) -> Mapping[str, Tensor]:
    """sum, output (N,) of the output neuron and hidden (N, H) of the hidden ones, at inputs (N, 2) in double
    precision."""
    with record(model) as trace:
        output = model(inputs)[:, 0]
    within = "output." if isinstance(model, TwoLayers) else ""
    hidden = trace["hidden.output"] if within else inputs.new_zeros(len(inputs), 0)
    return {"sum": trace[f"{within}sum"][:, 0], "output": output, "hidden": hidden}


def grid(domain: tuple[float, float, float, float], side: int = SIDE) -> Tensor:
    """(side², 2) float64 centres of a picture of the domain, row by row from the top left."""
    ticks = (torch.arange(side, dtype=torch.float64) + 0.5) / side
    x_low, x_high, y_low, y_high = domain
    x2, x1 = torch.meshgrid(y_high - ticks * (y_high - y_low), x_low + ticks * (x_high - x_low), indexing="ij")
    return torch.stack([x1.flatten(), x2.flatten()], dim=1)


def plane_of(model: Neurons | TwoLayers, domain: tuple[float, float, float, float]) -> Tensor:
    """(SIDE, SIDE) float64: y at each spot."""
    return look(model, grid(domain))["output"].reshape(SIDE, SIDE)


@torch.no_grad()
def _result(config: Config, model: Neurons | TwoLayers, moments: Sequence[Snapshot]) -> Result:
    points, margin = points_of(config), margin_of(config)
    seen = look(model, points.inputs.double())
    neurons = [model.hidden, model.output] if isinstance(model, TwoLayers) else [model]

    def counted(name: str) -> Tensor:
        return torch.tensor([moment.values[name] for moment in moments])

    return Result(
        inputs=points.inputs,
        targets=points.targets,
        sums=seen["sum"],
        answers=seen["output"],
        hidden=seen["hidden"],
        plane=plane_of(model, domain_of(config)),
        neuron_weights=torch.cat([part.weight for part in neurons]),
        thresholds=torch.cat([part.threshold for part in neurons]),
        step=torch.tensor([moment.step for moment in moments]),
        corrections=counted("corrections"),
        wrong=counted("wrong"),
        best_wrong=counted("best_wrong"),
        pass_mistakes=history(moment.values["pass_mistakes"] for moment in moments),
        radius=torch.tensor(margin.radius, dtype=torch.float64),
        margin=torch.tensor(margin.margin, dtype=torch.float64),
        bound=torch.tensor(bound_of(config) if config.network == "rule" else math.nan, dtype=torch.float64),
        attainable=torch.tensor(best_line_of(config)[0]),
        config=config,
        cycle=moments[-1].values["cycle"],
    )


@dataclass(frozen=True)
class Presented:
    """The sample of a moment: its number, x₁, x₂ and target, and the line before and after it."""

    number: int
    x1: float
    x2: float
    target: int
    before: HalfPlane
    after: HalfPlane

    @property
    def answer(self) -> int:
        """What the line before said."""
        return self.before.fires(self.x1, self.x2)


def presented(config: Config, values: Mapping[str, Any]) -> Presented | None:
    """The sample that a moment has looked at; None before the first."""
    if values["sample"] < 0:
        return None
    points, number = points_of(config), values["sample"]
    x1, x2 = points.inputs[number].double().tolist()
    before, after = (HalfPlane(*values[name].tolist()) for name in ("before", "line"))
    return Presented(number, x1, x2, int(points.targets[number]), before, after)

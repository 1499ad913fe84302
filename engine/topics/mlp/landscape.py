"""MLP playground: a slice of the loss landscape around the network that was trained, and the run above it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from engine.contracts.blocks import Choose, Later, Row, Say, Show
from engine.contracts.film import Film
from engine.contracts.words import Number, Percent, Words
from engine.instrument.loss_slice import filter_normalised, main_directions, places_in
from engine.models.mlp.batch_norm import EPSILON
from engine.models.mlp.mlp import MultiLayerPerceptron
from engine.pictures.plot.contours import contours
from engine.pictures.plot.values import Dots, Field, Path, PlotPicture
from engine.training.fit import Snapshot, TrainingDiverged, seeded

from .card import Config
from .experiment import Experiment, restore_moment

DIRECTIONS = {"path": "along the run", "random": "at random"}
MOST_SIDE, LEAST_SIDE = 41, 15  # networks a side
MOST_PRODUCTS = 2e10  # of all of them together
CHUNK = 2_000_000  # values of a layer at once
LOOKS = 60  # at the run
LEVELS = 12
ABOUT = (
    "**{count}** networks, each really run on all **{points}** training points: heights are their losses. Two "
    "directions of **{parameters}**: what is a valley here may be a slope in one of the others."
)
ABOUT_PATH = "The two directions in which the run moved most hold **{share}** of its way (squared)."
ABOUT_RANDOM = (
    "Two random directions, each as long for every neuron as its own weights are (filter normalisation); the run "
    "hardly moves in them."
)
ABOUT_START = (
    "The run itself lies beside the slice, not in it: at step {step} its loss was **{loss}**; below its mark the slice "
    "has **{below}**."
)


@dataclass(frozen=True)
class Asked:
    """A slice that is wanted: of the network of a Config, along which directions. weights, table: its own things."""

    config: Config
    directions: str
    weights: str = ""
    table: str = ""


def slice_of(asked: Asked) -> Iterator[Snapshot]:
    """Losses over the plane of two directions around the last network of a run, row by row.

    values: losses (S, S) with row 0 at the top, NaN where they are not there yet; domain; path (T, 2), steps (T,) and
    losses (T,) of the run; share of the path that lies in the directions; below: loss of the slice under each moment;
    parameters, points: how many. No values where the run is too short, broke off at once, or stands still.
    """
    config = asked.config
    experiment = Experiment(config, 8)
    moments = run_of(experiment, config.steps)
    nothing = Snapshot(1, math.nan, math.nan, {}, 1)
    if len(moments) < 3 or not len(experiment.train_rows):
        yield nothing
        return
    path = torch.stack([flat(experiment, moment) for moment in moments])
    last, share = path[-1], math.nan
    if asked.directions == "path":
        directions, share = main_directions(path)
    else:
        directions = random_directions(experiment, moments[-1], config.seed)
    if not (torch.isfinite(path).all() and (directions.norm(dim=1) > 0).all()):
        yield nothing
        return
    places = places_in(directions, path - last)
    domain = domain_around(places, 1.0 if asked.directions == "random" else 0.0)
    points = len(experiment.train_rows)
    side = int(math.sqrt(MOST_PRODUCTS / (2 * points * len(last))))
    side = min(MOST_SIDE, max(LEAST_SIDE, side)) // 2 * 2 + 1
    across, up = np.linspace(*domain[:2], side), np.linspace(*domain[3:1:-1], side)
    losses = np.full((side, side), np.nan)
    below = losses_at(experiment, last + (places.float() @ directions.float()))
    facts = {
        "domain": np.array(domain), "path": places.numpy(), "steps": np.array([moment.step for moment in moments]),
        "path_losses": losses_at(experiment, path).numpy(), "below": below.numpy(), "share": share,
        "parameters": len(last), "points": points,
    }  # fmt: skip
    for row in range(side):
        spots = torch.tensor(np.stack([across, np.full(side, up[row])], 1)).float()
        losses[row] = losses_at(experiment, last + spots @ directions.float()).numpy()
        yield Snapshot(row + 1, math.nan, math.nan, facts | {"losses": losses.copy()}, side)


def run_of(experiment: Experiment, steps: int) -> list[Snapshot]:
    """Moments of a run, the first and the last among them; up to the one before it diverges."""
    moments = []
    try:
        for moment in experiment.train(steps, max(1, steps // LOOKS)):
            moments.append(moment)
    except TrainingDiverged:
        moments.pop()
    return moments


def flat(experiment: Experiment, moment: Snapshot) -> Tensor:
    """(P,) all that is learned, as one vector."""
    restore_moment(experiment.model, moment.values)
    return nn.utils.parameters_to_vector(experiment.model.parameters()).detach().cpu()


def random_directions(experiment: Experiment, moment: Snapshot, seed: int) -> Tensor:
    """(2, P) filter-normalised ones; of each neuron its weights and its bias belong together, γ and β stay."""
    restore_moment(experiment.model, moment.values)
    found = []
    with seeded(seed + 30_000) as generator:
        for _ in range(2):
            parts = []
            for layer in experiment.model.layers:
                weight, bias = layer.linear.weight.detach().cpu(), layer.linear.bias.detach().cpu()
                (drawn,) = filter_normalised([torch.cat([weight, bias[:, None]], 1)], generator)
                parts += [drawn[:, :-1].flatten(), drawn[:, -1]]
                if layer.norm is not None:
                    parts.append(torch.zeros(2 * len(bias)))
            found.append(torch.cat(parts))
    return torch.stack(found).double()


def domain_around(places: Tensor, least: float) -> tuple[float, float, float, float]:
    """The part of the plane that holds a path with room around it, and at least -least to least."""
    ends = []
    for column in places.T.tolist():
        low, high = min(*column, -least), max(*column, least)
        room = 0.0 if least else 0.25 * (high - low) or 0.5
        ends += [low - room, high + room]
    return tuple(ends)


@torch.no_grad()
def losses_at(experiment: Experiment, parameters: Tensor) -> Tensor:
    """(G,) float64: the mean loss over the training points of G networks, given as (G, P) vectors; without a penalty.

    Without dropout; batch normalisation by the mean and variance of all training points.
    """
    features = experiment.features[experiment.train_rows].cpu()
    targets = experiment.device_targets[experiment.train_rows].cpu()
    widest = max(layer.linear.out_features for layer in experiment.model.layers)
    size = max(1, CHUNK // (len(features) * widest))
    found = []
    for some in parameters.split(size):
        output = outputs_of(experiment.model, some, features)  # (g, N, O)
        wanted = targets.repeat(len(some))
        losses = experiment.loss(output.flatten(0, 1), wanted, "none").reshape(len(some), -1)
        found.append(losses.double().mean(1))
    return torch.cat(found)


def outputs_of(model: MultiLayerPerceptron, parameters: Tensor, features: Tensor) -> Tensor:
    """(g, N, O): what g networks of the model's form say, their parameters in the order of `model.parameters()`."""
    at, value = 0, features.expand(len(parameters), -1, -1)

    def take(*shape: int) -> Tensor:
        nonlocal at
        at += math.prod(shape)
        return parameters[:, at - math.prod(shape) : at].reshape(-1, *shape)

    for layer in model.layers:
        outputs, inputs = layer.linear.weight.shape
        weight, bias = take(outputs, inputs), take(1, outputs)
        value = torch.baddbmm(bias, value, weight.transpose(1, 2))
        if layer.norm is not None:
            gain, shift = take(1, outputs), take(1, outputs)
            mean, variance = value.mean(1, keepdim=True), value.var(1, correction=0, keepdim=True)
            value = gain * (value - mean) / torch.sqrt(variance + EPSILON) + shift
        value = layer.activation(value)
    return value


def landscape(config: Config, view: Any, film: Film) -> list[Any]:
    """The slice around the newest network of the run."""
    choice = Choose("directions", DIRECTIONS, as_buttons=True)
    if film.live:
        return [choice, Say("When the run stands still, its surroundings can be measured: press Pause.", style="note")]
    if film.newest.step < 2:
        return [choice, Say("There is no way to show yet: train first.", style="note")]
    asked = Asked(replace(config, steps=film.newest.step), view.directions, config.weights, config.table)
    return [choice, Later("engine.topics.mlp.landscape:slice_of", asked, show_slice)]


def show_slice(config: Config, view: Any, film: Film, snapshot: Snapshot | None) -> list[Any]:
    """The slice as far as it has been measured, and what it does not show."""
    if snapshot is None:
        return []
    values, whole = snapshot.values, snapshot.step == snapshot.total
    if not values:
        return [Say("This run has no two directions to look along: it broke off, or its weights stand still.")]
    told = Say(ABOUT, count=Number(values["losses"].size), points=Number(values["points"]),
               parameters=Number(values["parameters"]))  # fmt: skip
    about = Say(ABOUT_RANDOM, style="small")
    if math.isfinite(values["share"]):
        about = Say(ABOUT_PATH, share=Percent(values["share"]))
    begin = Say(ABOUT_START, step=Number(int(values["steps"][0])), loss=Number(float(values["path_losses"][0])),
                below=Number(float(values["below"][0])))  # fmt: skip
    picture = Show("slice", slice_picture(values, whole), height=360)
    return [Row([[picture], [told, about, begin] if whole else [told]], (1.5, 1))]


def slice_picture(values: dict[str, Any], whole: bool = True) -> PlotPicture:
    """Heights in colours and lines, the run on them."""
    heights = np.log10(np.maximum(values["losses"], 1e-12))
    known = heights[np.isfinite(heights)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    high = high if high > low else low + 1.0
    domain = tuple(float(end) for end in values["domain"])
    paths, dots = [], []
    if whole:
        levels = np.linspace(low, high, LEVELS + 2)[1:-1]
        way = values["path"].astype(np.float32)
        paths = [*contours(heights, levels, domain), Path(way, Words("the run"), "#D55E00", 2.5)]
        labels = [str(step) for step in values["steps"].tolist()]
        dots = [
            Dots(way, Words("its moments"), "#D55E00", labels=labels, radius=2.5),
            Dots(way[:1], Words("first weights"), "#D55E00", [True], labels[:1], 6.0),
            Dots(way[-1:], Words("now"), "#D55E00", None, labels[-1:], 6.0),
        ]
    field = Field(
        np.nan_to_num(heights, nan=high).astype(np.float32), Words("log₁₀ of the loss"), "magnitude", low, high
    )
    return PlotPicture(
        domain, Words("The training loss over a plane of parameters, and the way of the run"),
        (Words("first direction"), Words("second direction")), field=field, paths=paths, dots=dots, square=False,
    )  # fmt: skip

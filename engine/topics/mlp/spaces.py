"""MLP playground: the space of a hidden layer: where it puts the points, and how it bends the plane on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from engine.contracts.blocks import Choose, Row, Say, Show
from engine.contracts.film import Bar, Film, still_frames
from engine.contracts.words import Number, Percent, Words
from engine.data.points import DOMAIN
from engine.pictures.borders import Border
from engine.pictures.plot.values import Dots, Path, PlotPicture
from engine.pictures.space.values import PointsInSpace
from engine.training.fit import Snapshot

from .card import Config
from .draw import class_names
from .experiment import Experiment, restore_moment
from .run import Result

LINES, ALONG = 13, 61  # of the plane's grid each way, and points on each
BETWEEN = 8  # moments from one place to the next
ABOUT_FLAT = (
    "Every point, and the grid of the plane, where this layer puts them: first its weighted sums stretch, turn and "
    "shift what comes in, then the activation bends it. Move the bar."
)
ABOUT_SHRUNK = "So that all of it fits, the sums are drawn {times} times smaller."
ABOUT_SPACE = (
    "Every point where this layer puts it, in the three directions in which the points differ most. Turn it with the "
    "mouse."
)
ABOUT_THREE = "Every point where this layer puts it: one direction a neuron. Turn it with the mouse."
ABOUT_LINE = "The border of the output is straight here; in the plane above the same border is bent."
ABOUT_BORDER = (
    "The border of the output is flat here; in the plane above the same border is bent. (Grey; other directions at "
    "their mean.)"
)


@dataclass(frozen=True, eq=False)
class Space:
    """Where a hidden layer puts the points.

    hidden: (N, W) of the points. steps: (M, W or 2) of points, then of the grid, on the way through the layer, where
    it has two neurons: what comes in (if that is flat, too), the sums, after batch normalisation, the values. border:
    (normal (W,), offset) of the only output behind the last layer. targets: (N,); is_train: (N,).
    """

    layer: int
    hidden: np.ndarray
    steps: Sequence[np.ndarray]
    border: tuple[np.ndarray, float] | None
    targets: np.ndarray
    is_train: np.ndarray

    @property
    def shrunk(self) -> list[float]:
        """By how much each of the steps is drawn smaller, so that the points fit where the last one has them."""
        reach = [float(np.abs(one[: len(self.hidden)]).max()) for one in self.steps]
        return [max(1.0, one / max(reach[-1], 1e-6)) for one in reach]

    def groups(self, config: Config) -> list[tuple[str, int, np.ndarray]]:
        """(name, number, (N,) bool: its points) of each class that has any; of values the signs."""
        if self.targets.dtype.kind == "f":
            labels, names = (self.targets < 0).astype(int), ("> 0", "< 0")
        else:
            labels, names = self.targets, class_names(config, 8)
        return [(names[k], k, labels == k) for k in sorted(set(labels.tolist()))]


@torch.no_grad()
def space_at(moment: Snapshot, config: Config, layer: int) -> Space:
    """The space of hidden layer `layer`, from 1, at a moment."""
    experiment = Experiment(replace(config, edits=""))
    model = experiment.model.eval()
    restore_moment(model, moment.values)
    flow = torch.cat([experiment.features, experiment.lift(grid_lines()).to(experiment.features.device)])
    for before in model.hidden[: layer - 1]:
        flow = before(flow)
    here, steps = model.hidden[layer - 1], []
    if flow.shape[1] == 2:
        steps.append(flow)
    z = here.linear(flow)
    steps.append(z)
    if here.norm is not None:
        steps.append(here.norm(z))
    value = here(flow)
    steps.append(value)
    flat, count = value.shape[1] == 2, len(experiment.features)
    border, output = None, model.output.linear
    if layer == len(model.hidden) and len(output.weight) == 1:
        border = output.weight[0].cpu().numpy(), output.bias[0].item()
    return Space(
        layer, torch.nan_to_num(value[:count]).cpu().numpy(),
        [torch.nan_to_num(one).cpu().numpy() for one in steps] if flat else [], border,
        experiment.targets.numpy(), experiment.is_train.numpy(),
    )  # fmt: skip


def grid_lines() -> torch.Tensor:
    """(2 · LINES · ALONG, 2): the lines of the plane's grid, across and up, point after point."""
    places, along = torch.linspace(-DOMAIN, DOMAIN, LINES), torch.linspace(-DOMAIN, DOMAIN, ALONG)
    across = torch.stack([along.repeat(LINES), places.repeat_interleave(ALONG)], 1)
    return torch.cat([across, across.flip(1)])


def hidden_layers(config: Config, view: Any, film: Film) -> list[Any]:
    """The space of the layer that was chosen, counted from the last one."""
    count = len(config.layers)
    if not count:
        return [Say(Words("This network has no hidden layer: the output sees the inputs as they are."), style="small")]
    back = min(view.back, count - 1)
    names = {count - layer: Words("Hidden {number}", number=layer) for layer in range(1, count + 1)}
    choice = [Choose("back", names, as_buttons=True)] if count > 1 else []
    space = film.once(space_at, config, count - back)
    if not len(space.hidden):
        return choice
    if space.steps:
        picture = flat_picture(config, space, view.way)
        times = max(space.shrunk)
        told = [
            Say(ABOUT_FLAT, style="small"),
            *([Say(ABOUT_SHRUNK, times=Number(times, 2), style="small")] if times > 1.05 else []),
            *([Say(ABOUT_LINE, style="small")] if space.border else []),
        ]
        shown = [
            Show("flat-space", picture, height=360),
            Show("space-bar", Bar(picture.frames, Words("moment {frame} of {count}")), click_way),
        ]
        return [*choice, Row([shown, told], (1.6, 1))]
    about = [ABOUT_THREE if space.hidden.shape[1] == 3 else ABOUT_SPACE, *([ABOUT_BORDER] if space.border else [])]
    return [*choice, Say(*about, style="small"), Show("hidden-space", in_space(config, space))]


def click_way(event: dict[str, Any], config: Config, view: Any) -> dict[str, Any]:
    """Where the bar of the way through a layer was let go."""
    return {"way": event["key"]}


def flat_picture(config: Config, space: Space, at: int) -> PlotPicture:
    """A layer of two neurons as a film: points and grid on their way through it. at: the moment to stand at, -1 for the
    last."""
    shares, steps = (
        np.linspace(0, 1, BETWEEN + 1)[1:],
        [one / shrunk for one, shrunk in zip(space.steps, space.shrunk, strict=True)],
    )
    moving = [steps[0]]
    for one, other in pairwise(steps):
        moving += [(1 - share) * one + share * other for share in shares]
    places = np.stack(moving).astype(np.float32)  # (T, M, 2)
    count, last = len(space.hidden), len(places) - 1
    points, lines = places[:, :count], places[:, count:]
    gap = np.full((len(places), 2 * LINES, 1, 2), np.nan, np.float32)
    net = np.concatenate([lines.reshape(len(places), 2 * LINES, ALONG, 2), gap], 2).reshape(len(places), -1, 2)
    frames = replace(still_frames(places, start="last"), at=last if at < 0 else min(at, last))
    reach = np.nanmax(np.abs(points), axis=(0, 1)) * 1.1 + 1e-6
    reach = np.full(2, reach.max())  # one unit is as long across as up
    borders = []
    if space.border is not None:
        normal, offset = space.border
        values = np.zeros((len(places), 3), np.float32)  # nowhere before the way is at its end
        values[-1] = (*normal, -offset)
        borders = [Border(values, Words("border of the output"))]
    dots = [
        Dots(points[:, there], name, k, [not one for one in space.is_train[there]], radius=3.5)
        for name, k, there in space.groups(config)
    ]
    alt = Words("Points and grid on their way through a layer of two neurons")
    return PlotPicture(
        (-reach[0], reach[0], -reach[1], reach[1]), alt,
        (f"h{space.layer},1", f"h{space.layer},2"), borders=borders,
        paths=[Path(net, Words("grid of the plane"), "#8893AA", 0.7)], dots=dots, frames=frames,
    )  # fmt: skip


def in_space(config: Config, space: Space) -> PointsInSpace:
    """A layer in space: its three neurons, else up to three principal components.

    With one output the border is a plane there: h = mean + P u turns border · h + offset = 0 into a plane in u.
    """
    alt, hidden = Words("The points in the space of a hidden layer"), space.hidden.astype(np.float64)
    if not len(hidden):
        return PointsInSpace({}, ("1", "2", "3"), alt)
    if hidden.shape[1] == 3:
        mean, directions = np.zeros(3), np.eye(3)
        titles: list[Any] = [f"h{space.layer},{k}" for k in (1, 2, 3)]
    else:
        mean = hidden.mean(0)
        _, singular, directions = np.linalg.svd(hidden - mean, full_matrices=False)
        directions = directions[:3]
        share = (singular**2 / max((singular**2).sum(), 1e-12))[:3]
        titles = [
            Words("direction {number} ({share})", number=number, share=Percent(float(one), 0))
            for number, one in enumerate(share, 1)
        ]
    positions = (hidden - mean) @ directions.T
    positions = np.pad(positions, ((0, 0), (0, 3 - positions.shape[1])))
    groups = {name: positions[there] for name, _, there in space.groups(config)}
    border = None
    if space.border is not None and len(directions):
        normal, offset = space.border
        border = np.pad(directions @ normal, (0, 3 - len(directions))), offset + float(normal @ mean)
    return PointsInSpace(groups, (*titles, *["–"] * (3 - len(titles))), alt, border)


def draw_hidden_space(result: Result):
    """The space of the last hidden layer as a figure to turn; without hidden layers that of the inputs."""
    from engine.pictures.space.figure import space

    layer = len(result.config.layers)
    border = (result.border.numpy(), result.offset.item()) if result.plane.shape[2] <= 2 else None
    there = Space(layer, result.hidden.numpy(), (), border, result.targets.numpy(), result.is_train.numpy())
    return space(in_space(result.config, there))

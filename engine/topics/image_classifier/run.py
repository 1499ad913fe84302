"""Image classifier: the experiment."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.contracts.axes import axes, note, result
from engine.contracts.embed import embedded
from engine.data.augment import augment
from engine.data.photos import find_picture
from engine.instrument.attribution import drop_per_pixel, grad_cam_of, occlusion, walk
from engine.instrument.trace import record
from engine.machinery.device import current_device
from engine.models.efficientnet.lite0 import EfficientNetLite0, load_lite0, middle_square, normalised
from engine.training.fit import Snapshot

from .card import Config

LAYERS = ("stem", "stage1", "stage2", "stage3", "stage4", "stage5", "stage6", "stage7", "head")
NEAR = 0.05  # share of the goal that the sum of integrated gradients is to come within
HEAT_CELL = 4  # pixels a side of one cell of the occlusion map that is shown


def _maps(layer: str) -> Tensor:
    return axes(f"{layer}_channel {layer}_row {layer}_column", f"feature maps after {layer}")


def _weights(layer: str) -> Tensor:
    meaning = f"how strongly each channel after {layer} argues for the class: alpha of Grad-CAM, eq. 1"
    return axes(f"{layer}_channel", meaning, unit="score per activation")


@result
class Result:
    """The answer of the network, everything it computed on the way, and the evidence for one class."""

    square: Tensor = axes("row column colour", "the picture as the network sees it", unit="0 to 255")
    probabilities: Tensor = axes("class", "softmax of the scores", unit="probability")
    scores: Tensor = axes("class", "the network's outputs before the softmax (logits)", unit="nat")
    untouched: Tensor = axes("class", "probabilities for the picture before it was changed", unit="probability")
    saliency: Tensor = axes("cell_row cell_column", "largest magnitude over the colours, averaged over each cell")
    saliency_sum: float = axes("", "integrated gradients: sum over all pixels; gradient: 0", unit="nat")
    saliency_goal: float = axes("", "integrated gradients: what that sum should be, score - score of grey", unit="nat")
    saliency_steps: int = axes("", "gradients taken for the saliency: more where the score changes abruptly")
    stem: Tensor = _maps("stem")
    stage1: Tensor = _maps("stage1")
    stage2: Tensor = _maps("stage2")
    stage3: Tensor = _maps("stage3")
    stage4: Tensor = _maps("stage4")
    stage5: Tensor = _maps("stage5")
    stage6: Tensor = _maps("stage6")
    stage7: Tensor = _maps("stage7")
    head: Tensor = _maps("head")
    stem_weights: Tensor = _weights("stem")
    stage1_weights: Tensor = _weights("stage1")
    stage2_weights: Tensor = _weights("stage2")
    stage3_weights: Tensor = _weights("stage3")
    stage4_weights: Tensor = _weights("stage4")
    stage5_weights: Tensor = _weights("stage5")
    stage6_weights: Tensor = _weights("stage6")
    stage7_weights: Tensor = _weights("stage7")
    head_weights: Tensor = _weights("head")
    grad_cam: Tensor = axes("head_row head_column", "Grad-CAM after head, eq. 2", unit="score per position")
    explained: int = note("index of the class whose evidence is shown")
    changed: bool = note("whether the picture was mirrored, cropped, coloured or cut before the network saw it")


def run(config: Config) -> Result:
    """One picture, one forward and one backward pass: answer, feature maps, Grad-CAM and saliency.

    Raises PictureError if the picture is not on this server.
    """
    model = load_lite0()
    x, square, original = see(config)
    x.requires_grad_()
    with torch.enable_grad(), record(model, "taps.*", gradients=True) as trace:
        scores = model(x)[0]  # class
        explained = int(scores.argmax()) if config.target < 0 else config.target
        scores[explained].backward()  # fills the gradient of every tap and of x
    maps = {layer: trace[f"taps.{layer}"][0].detach() for layer in LAYERS}  # channel, row, column
    cams = {layer: grad_cam_of(maps[layer], trace.gradient(f"taps.{layer}")[0]) for layer in LAYERS}

    saliency, total, goal, steps = x.grad[0], 0.0, 0.0, 1  # colour, row, column
    if config.saliency == "integrated":
        *_, whole = walk(model, x, explained, within=NEAR)
        with torch.no_grad():
            goal = (scores[explained] - model(torch.zeros_like(x))[0, explained]).item()
        saliency, total, steps = whole.attribution, whole.attribution.sum().item(), whole.looks

    changed = not np.array_equal(square, original)
    probabilities = scores.detach().softmax(0)
    return Result(
        square=torch.from_numpy(square),
        probabilities=probabilities.cpu(),
        scores=scores.detach().cpu(),
        untouched=answer(model, original).cpu() if changed else probabilities.cpu(),
        saliency=_coarse(saliency.abs().amax(0), config.cell).cpu(),
        saliency_sum=total,
        saliency_goal=goal,
        saliency_steps=steps,
        **{layer: values.cpu() for layer, values in maps.items()},
        **{f"{layer}_weights": cam.channel_weights.cpu() for layer, cam in cams.items()},
        grad_cam=cams["head"].heat.cpu(),
        explained=explained,
        changed=changed,
    )


def stream(config: Config) -> Iterator[Snapshot]:
    """The occlusion map, window after window; step counts the windows done.

    values: heat (56, 56), mean fall of the class's probability when a cell is covered, NaN where not yet known;
    probability, of the uncovered picture; explained, the class.
    """
    model = load_lite0()
    x, square, _ = see(config)
    with torch.no_grad():
        probabilities = model(x)[0].softmax(0)
    explained = int(probabilities.argmax()) if config.target < 0 else config.target
    fixed = {"probability": probabilities[explained].item(), "explained": explained}
    side = square.shape[0]
    unknown = torch.full((side // HEAT_CELL, side // HEAT_CELL), torch.nan)
    yield Snapshot(0, math.nan, math.nan, {"heat": unknown, **fixed})

    def probability(pictures: Tensor) -> Tensor:
        return model(pictures).softmax(1)

    cover = {"grey": 0.0, "black": -127 / 128, "white": 1.0, "average": x[0].mean((1, 2))}[config.cover]
    for occluded in occlusion(probability, x, explained, config.window, config.stride, cover):
        heat = drop_per_pixel(occluded, config.window, side, side)[::HEAT_CELL, ::HEAT_CELL].clone()  # 56, 56
        yield Snapshot(occluded.done, math.nan, math.nan, {"heat": heat, **fixed}, occluded.total)


def walk_from_grey(config: Config) -> Iterator[Snapshot]:
    """The integrated gradients, part after part of the way from grey to the picture; step counts the whole steps done,
    and where the score changes abruptly several parts are one step.

    values: way, the share of the way walked; saliency (cells down, cells across), as in the Result, of the way so far;
    sum, of all pixels of it; goal, what the sum of the whole way should be; steps, gradients taken so far; explained,
    the class.
    """
    model = load_lite0()
    x, _, _ = see(config)
    with torch.no_grad():
        scores = model(x)[0]
        explained = int(scores.argmax()) if config.target < 0 else config.target
        goal = (scores[explained] - model(torch.zeros_like(x))[0, explained]).item()
    for walked in walk(model, x, explained, within=NEAR):
        saliency = _coarse(walked.attribution.abs().amax(0), config.cell).cpu()
        values = {
            "way": (walked.done / walked.total) ** 2, "saliency": saliency, "sum": walked.attribution.sum().item(),
            "goal": goal, "steps": walked.looks, "explained": explained,
        }  # fmt: skip
        yield Snapshot(int(walked.done), math.nan, math.nan, values, walked.total)


def with_walk(looked: Result, snapshot: Snapshot) -> Result:
    """The Result of one look with the saliency of a walk in place of the gradient's."""
    values = snapshot.values
    return replace(
        looked, saliency=values["saliency"], saliency_sum=values["sum"], saliency_goal=values["goal"],
        saliency_steps=values["steps"],
    )  # fmt: skip


def see(config: Config) -> tuple[Tensor, np.ndarray, np.ndarray]:
    """The network's input (1, 3, 224, 224) on the current device, that square as pixels, and the square unchanged."""
    square, original = squares(config)
    return normalised(square).to(current_device()), square, original


@embedded
def squares(config: Config) -> tuple[np.ndarray, np.ndarray]:
    """The middle square of the picture, changed as the Config asks, and unchanged, (224, 224, 3) uint8 each.

    PictureError if the picture is not on this server.
    """
    original = middle_square(find_picture(config.picture).rgb)
    square = augment(
        original, flip=config.flip, crop=config.crop, brightness=config.brightness, colour=config.colour,
        cutout=config.cutout, seed=config.seed,
    )  # fmt: skip
    return square, original


@torch.no_grad()
def answer(model: EfficientNetLite0, square: np.ndarray) -> Tensor:
    """Class probabilities (1000) of a square (224, 224, 3) uint8."""
    return model(normalised(square).to(current_device()))[0].softmax(0)


def _coarse(values: Tensor, cell: int) -> Tensor:
    """Mean over squares of `cell` pixels; what does not fill a whole cell at the far edges is averaged alone."""
    return F.avg_pool2d(values[None, None], cell, ceil_mode=True, count_include_pad=False)[0, 0]

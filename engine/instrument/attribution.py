"""Which pixels made the network say so: four answers to one question, for one class and one picture.

Each takes a model that maps (B, channels, H, W) to scores (B, classes); scores are usually logits, and any function
will do, such as `lambda x: model(x).softmax(1)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn

from engine.instrument.trace import record

Scores = Callable[[Tensor], Tensor]


class GradCam(NamedTuple):
    """heat (rows, columns) >= 0; channel_weights (channels): how strongly each channel argues for the class."""

    heat: Tensor
    channel_weights: Tensor


def grad_cam_of(activation: Tensor, gradient: Tensor) -> GradCam:
    """Selvaraju et al. 2017, "Grad-CAM", eq. 1 and 2, from A (channels, rows, columns) and dy/dA of the same shape.

    alpha_k = mean over positions of dy/dA_k (eq. 1); heat = ReLU(sum_k alpha_k A_k) (eq. 2): what argues against the
    class is cut off. Unit of heat: score per position.
    """
    channel_weights = gradient.mean((1, 2))  # channels
    return GradCam(torch.einsum("k,kij->ij", channel_weights, activation).relu(), channel_weights)


def grad_cam(model: nn.Module, x: Tensor, class_index: int, tap: str) -> GradCam:
    """Grad-CAM of one picture x (1, channels, H, W) at a tap with the axes (batch, channel, row, column).

    For a network that ends in average pooling and one linear layer, at its last maps, this is ReLU(CAM) divided by the
    number of positions (Zhou et al. 2016). Raises KeyError if there is no such tap, ValueError for another batch size.
    """
    _demand_one(x)
    with torch.enable_grad(), record(model, only=tap, gradients=True) as trace:
        scores = model(x)
        if tap not in trace:
            raise KeyError(f"the model has no tap {tap!r}")
        scores[0, class_index].backward()
        return grad_cam_of(trace[tap][0].detach(), trace.gradient(tap)[0])


def input_gradient(scores: Scores, x: Tensor, class_index: int) -> Tensor:
    """Simonyan et al. 2014, "Deep Inside Convolutional Networks": dy/dx, (channels, H, W), for one picture x.

    Its largest magnitude over the channels is the saliency map: where the smallest change matters most.
    """
    _demand_one(x)
    x = x.detach().requires_grad_()
    with torch.enable_grad():
        (gradient,) = torch.autograd.grad(scores(x)[0, class_index], x)
    return gradient[0]


PARTS_HALVED = 4  # how often a part of a walk may be halved
OF_A_PART, OF_ALL = 0.4, 0.8  # of what is allowed: the error of one part, and that of the walk before its last part


class Walked(NamedTuple):
    """attribution (channels, H, W) of the way so far, its first `done` of `total` steps; looks: gradients taken.

    `done` is no whole number within a step that is walked in shorter ones.

    Its sum over all pixels is the score where the walk has come to, less the score of the baseline.
    """

    attribution: Tensor
    done: float
    total: int
    looks: int


def integrated_gradients(
    scores: Scores,
    x: Tensor,
    class_index: int,
    *,
    baseline: Tensor | None = None,
    steps: int = 32,
    within: float | None = None,
    most: int = 128,
) -> Tensor:
    """Sundararajan et al. 2017: (x - x') * integral of dy/dx along the straight line from x' to x; (channels, H, W).

    Completeness (its axiom): the sum over all pixels is y(x) - y(x'), up to the error of the sum of `steps` terms, or
    of as many as it takes to come `within` that share of it. baseline x' has the shape of x and is zero unless given.
    """
    *_, whole = walk(scores, x, class_index, baseline=baseline, steps=steps, within=within, most=most)
    return whole.attribution


def walk(
    scores: Scores,
    x: Tensor,
    class_index: int,
    *,
    baseline: Tensor | None = None,
    steps: int = 32,
    within: float | None = None,
    most: int = 128,
) -> Iterator[Walked]:
    """The integral of `integrated_gradients` part by part, beginning at the baseline.

    The point at the share s of the way is taken at s = u^2 with u in equal steps (midpoint rule): scores of trained
    networks change most near x', where equal steps in s would be too coarse.

    within: how near the sum shall come to y(x) - y(x'), as a share of it. What a part should add up to is known without
    any gradient, it is y at its end less y at its beginning; so a part that misses it by too much is walked in two
    halves, these in halves again, up to PARTS_HALVED times and while fewer than `most` gradients were taken.
    """
    _demand_one(x)
    x = x.detach()
    baseline = torch.zeros_like(x) if baseline is None else baseline.detach()

    def at(u: float) -> Tensor:
        return baseline + u**2 * (x - baseline)

    @torch.no_grad()
    def score(u: float) -> float:
        return scores(at(u))[0, class_index].item()

    finest = 2**PARTS_HALVED if within is not None else 1
    ends = {0: score(0.0), steps * finest: score(1.0)} if within is not None else {}  # y where a part ends
    allowed = within * abs(ends[steps * finest] - ends[0]) if within is not None else 0.0
    total, missed, looks = torch.zeros_like(x[0]), 0.0, 0
    left = [(first * finest, finest) for first in reversed(range(steps))]  # (beginning, length) of the parts to come
    while left:
        begin, length = left.pop()
        u, du = (begin + length / 2) / (steps * finest), length / (steps * finest)
        part = 2 * u * du * input_gradient(scores, at(u), class_index)  # ds = 2 u du
        looks += 1
        if within is not None:
            end = begin + length
            if end not in ends:
                ends[end] = score(end / (steps * finest))
            miss = ((x - baseline)[0] * part).sum().item() - (ends[end] - ends[begin])
            near = abs(miss) <= OF_A_PART * allowed and abs(missed + miss) <= OF_ALL * allowed
            if not near and length > 1 and looks < most:
                left += [(begin + length // 2, length // 2), (begin, length // 2)]
                continue
            missed += miss
        total += part
        yield Walked((x - baseline)[0] * total, (begin + length) / finest, steps, looks)


class Occlusion(NamedTuple):
    """drops (rows, columns): y(x) - y(x with the window grey), NaN where not yet computed; done of total windows.

    Row i belongs to the window whose upper edge is at tops[i], column j to the left edge lefts[j].
    """

    drops: Tensor
    tops: tuple[int, ...]
    lefts: tuple[int, ...]
    done: int
    total: int


def occlusion(
    scores: Scores, x: Tensor, class_index: int, window: int, stride: int, fill: float | Tensor, *, batch_size: int = 1
) -> Iterator[Occlusion]:
    """Zeiler and Fergus 2014, section 4.2: cover a square window of the picture and see how the score falls.

    x (1, channels, H, W); window and stride in pixels; fill: what covers it, a number or (channels,). Windows lie
    every `stride` pixels and, so that nothing is left out, flush with the far edges. Yields after every batch; coarse
    positions come first, so that the picture is rough early and sharp later. Raises ValueError for a window that does
    not fit. Larger batches pay on a GPU; on a CPU a picture takes longer in a batch than alone, for its maps leave the
    cache.
    """
    _demand_one(x)
    height, width = x.shape[-2:]
    most = min(height, width)
    if not 1 <= window <= most or stride < 1:
        raise ValueError(f"expected a window of 1 to {most} and a stride of at least 1, got {window} and {stride}")
    tops, lefts = _starts(height, window, stride), _starts(width, window, stride)
    cover = torch.as_tensor(fill, dtype=x.dtype, device=x.device).reshape(-1, 1, 1)
    order = sorted(
        ((i, j) for i in range(len(tops)) for j in range(len(lefts))),
        key=lambda place: -min(_evenness(place[0]), _evenness(place[1])),
    )
    drops = torch.full((len(tops), len(lefts)), torch.nan)
    with torch.no_grad():
        whole = scores(x)[0, class_index]
    for start in range(0, len(order), batch_size):
        places = order[start : start + batch_size]
        covered = x.repeat(len(places), 1, 1, 1)
        for number, (i, j) in enumerate(places):
            covered[number, :, tops[i] : tops[i] + window, lefts[j] : lefts[j] + window] = cover
        with torch.no_grad():
            fallen = (whole - scores(covered)[:, class_index]).cpu()
        rows, columns = zip(*places, strict=True)
        drops[list(rows), list(columns)] = fallen
        yield Occlusion(drops.clone(), tops, lefts, start + len(places), len(order))


def drop_per_pixel(occluded: Occlusion, window: int, height: int, width: int) -> Tensor:
    """(height, width): the mean drop of all computed windows that cover a pixel; NaN where none does yet."""
    total, count = torch.zeros(height, width), torch.zeros(height, width)
    for i, top in enumerate(occluded.tops):
        for j, left in enumerate(occluded.lefts):
            drop = occluded.drops[i, j]
            if not drop.isnan():
                total[top : top + window, left : left + window] += drop
                count[top : top + window, left : left + window] += 1
    return total / count  # 0 / 0 is NaN


def _starts(length: int, window: int, stride: int) -> tuple[int, ...]:
    starts = list(range(0, length - window + 1, stride))
    if starts[-1] != length - window:
        starts.append(length - window)
    return tuple(starts)


def _evenness(number: int) -> int:
    """How often 2 divides a number (0 counts as 4 times): 0, 4, 8 … come before 2, 6 …, and those before 1, 3, 5 …"""
    return min((number & -number).bit_length() - 1, 4) if number else 4


def _demand_one(x: Tensor) -> None:
    if x.dim() != 4 or x.shape[0] != 1:
        raise ValueError(f"expected one picture (1, channels, H, W), got shape {tuple(x.shape)}")

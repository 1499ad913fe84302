"""NanoDet-g (RangiLyu 2020, https://github.com/RangiLyu/nanodet): a one-stage, anchor-free detector for 80 kinds of
objects (COCO), 3,786,068 parameters.

One pass answers at 3,549 cells: 52 × 52, 26 × 26 and 13 × 13 of them, 8, 16 and 32 pixels a side. Every cell says how
much it is each of the 80 classes, and how far away the four edges of its object are, each as a distribution over 11
distances (Li et al. 2020, "Generalized focal loss"). Convolution and batch normalisation were merged by the authors.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from engine import weights
from engine.instrument.trace import Tap
from engine.machinery.device import current_device

NAME = "nanodet"
SIDE = 416  # pixels a side of what the network sees
STRIDES = (8, 16, 32)  # pixels between the cells of each level
CLASSES = 80
BINS = 11  # distances 0, 1 … 10, in strides
LEAKY_SLOPE = 0.1
GREY = 128  # of the bars beside a picture that is not square
MEAN = (103.53, 116.28, 123.675)  # of ImageNet's blue, green and red
DEVIATION = (57.375, 57.12, 58.395)


class Convolution(nn.Module):
    """Convolution that keeps the size (or halves it), then leaky ReLU. (B, I, H, W) -> (B, O, H / s, W / s)."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2)

    def forward(self, x: Tensor) -> Tensor:
        return F.leaky_relu(self.conv(x), LEAKY_SLOPE)


class SplitBlock(nn.Module):
    """Two narrow convolutions, one after the other, and the outputs of both side by side. C channels -> C."""

    def __init__(self, channels: int):
        super().__init__()
        self.first = Convolution(channels, channels // 2)
        self.second = Convolution(channels // 2, channels // 2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        return torch.cat([self.second(x), x], 1)


class CrossStagePartial(nn.Module):
    """Cross-stage partial block (Wang et al. 2020, "CSPNet"): what went through the blocks beside what did not.

    (B, C, H, W) -> (B, 2 C, H / stride, W / stride).
    """

    def __init__(self, channels: int, blocks: int, stride: int):
        super().__init__()
        self.enter = Convolution(channels, channels, stride=stride)
        self.blocks = nn.Sequential(*(SplitBlock(channels) for _ in range(blocks)))
        self.leave = Convolution(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        x = self.enter(x)
        return torch.cat([self.leave(self.blocks(x)), x], 1)


class Backbone(nn.Module):
    """Pictures (B, 3, S, S) -> maps of 128, 256 and 512 channels, at 1/8, 1/16 and 1/32 of the size."""

    def __init__(self):
        super().__init__()
        self.stem = Convolution(3, 32, stride=2)
        self.stage1 = CrossStagePartial(32, blocks=1, stride=1)
        self.stage2 = CrossStagePartial(64, blocks=2, stride=2)
        self.stage3 = CrossStagePartial(128, blocks=2, stride=2)
        self.stage4 = CrossStagePartial(256, blocks=3, stride=2)

    def forward(self, x: Tensor) -> list[Tensor]:
        x = F.max_pool2d(self.stem(x), 3, stride=2, padding=1)  # B, 32, S/4, S/4
        fine = self.stage2(self.stage1(x))  # B, 128, S/8, S/8
        middle = self.stage3(fine)  # B, 256, S/16, S/16
        return [fine, middle, self.stage4(middle)]  # the last: B, 512, S/32, S/32


class PathAggregation(nn.Module):
    """Neck after PANet (Liu et al. 2018): what coarse maps know goes down to the fine ones, and back up again.

    Maps of 128, 256, 512 channels -> three maps of 128 channels, sizes unchanged. Nothing is learned but the three
    1 × 1 convolutions: sizes change by interpolation, maps meet by addition.
    """

    def __init__(self, inputs: tuple[int, ...] = (128, 256, 512), channels: int = 128):
        super().__init__()
        self.lateral = nn.ModuleList(nn.Conv2d(count, channels, 1) for count in inputs)

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        fine, middle, coarse = (conv(x) for conv, x in zip(self.lateral, maps, strict=True))
        middle = middle + resized(coarse, 2.0)
        fine = fine + resized(middle, 2.0)
        middle = middle + resized(fine, 0.5)
        coarse = coarse + resized(middle, 0.5)
        return [fine, middle, coarse]


def resized(x: Tensor, factor: float) -> Tensor:
    """(B, C, H, W) -> (B, C, H · factor, W · factor), bilinear."""
    return F.interpolate(x, scale_factor=factor, mode="bilinear", align_corners=False)


class Head(nn.Module):
    """What a level says at each of its cells. (B, 128, H, W) -> (B, H · W, 80 + 4 · 11), rows of the map in turn."""

    def __init__(self, channels: int = 128):
        super().__init__()
        self.hidden = Convolution(channels, channels)
        self.answer = nn.Conv2d(channels, CLASSES + 4 * BINS, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.answer(self.hidden(x)).flatten(2).transpose(1, 2)


class Raw(NamedTuple):
    """What the network says, before anything is decided: N cells, those of stride 8 first, each level row by row.

    classes: (B, N, 80) logits, each class by itself (a sigmoid, no softmax: a cell may be of no class at all).
    distances: (B, N, 4, 11) logits over the distances 0 … 10 strides from the cell's centre to the left, upper, right
    and lower edge.
    """

    classes: Tensor
    distances: Tensor


class NanoDet(nn.Module):
    """Prepared pictures (B, 3, 416, 416) -> Raw; `prepared(letterbox(rgb).square)` makes one.

    Taps: taps.stride8, taps.stride16, taps.stride32 (after the neck), taps.classes, taps.distances.
    """

    def __init__(self):
        super().__init__()
        self.backbone = Backbone()
        self.neck = PathAggregation()
        self.heads = nn.ModuleList(Head() for _ in STRIDES)  # each level has its own
        self.taps = nn.ModuleDict({f"stride{stride}": Tap("batch channel row column") for stride in STRIDES})
        self.taps["classes"] = Tap("batch cell class")
        self.taps["distances"] = Tap("batch cell edge bin")

    def forward(self, x: Tensor) -> Raw:
        maps = self.neck(self.backbone(x))
        maps = [self.taps[f"stride{stride}"](each) for stride, each in zip(STRIDES, maps, strict=True)]
        said = torch.cat([head(each) for head, each in zip(self.heads, maps, strict=True)], 1)  # B, N, 124
        classes, distances = said.split([CLASSES, 4 * BINS], 2)
        return Raw(self.taps["classes"](classes), self.taps["distances"](distances.unflatten(2, (4, BINS))))


class Cells(NamedTuple):
    """Where the N cells lie: centres (N, 2) in pixels (x, y), strides (N,), level (N,): index into STRIDES."""

    centres: Tensor
    strides: Tensor
    level: Tensor


@cache
def cells(side: int = SIDE) -> Cells:
    """The cells of a picture of side × side pixels, in the order of Raw. ValueError if side is no multiple of 32."""
    if side % STRIDES[-1]:
        raise ValueError(f"expected a multiple of {STRIDES[-1]} pixels, got {side}")
    centres, strides, levels = [], [], []
    for level, stride in enumerate(STRIDES):
        along = (torch.arange(side // stride) + 0.5) * stride
        y, x = torch.meshgrid(along, along, indexing="ij")
        centres.append(torch.stack([x, y], -1).flatten(0, 1))
        strides.append(torch.full((len(along) ** 2,), float(stride)))
        levels.append(torch.full((len(along) ** 2,), level))
    return Cells(torch.cat(centres), torch.cat(strides), torch.cat(levels))


def expected_distances(logits: Tensor) -> Tensor:
    """(..., 4, 11) logits -> (..., 4): mean of each distribution, in strides (eq. 3 of "Generalized focal loss")."""
    return logits.softmax(-1) @ torch.arange(BINS, dtype=logits.dtype, device=logits.device)


def decode(distances: Tensor, side: int = SIDE) -> Tensor:
    """(N, 4, 11) logits -> (N, 4) boxes, left, top, right, bottom in pixels, cut off at the picture's edges."""
    place = cells(side)
    reach = expected_distances(distances) * place.strides[:, None]
    return torch.cat([place.centres - reach[:, :2], place.centres + reach[:, 2:]], 1).clamp(0, side)


class Letterbox(NamedTuple):
    """A picture fitted into a square: scale is square pixels for one of the picture; left, top: grey pixels before."""

    square: np.ndarray
    scale: float
    left: int
    top: int


def letterbox(rgb: np.ndarray, side: int = SIDE) -> Letterbox:
    """(H, W, 3) uint8 -> the whole picture in a square of `side` pixels, shape kept, the rest grey (bilinear).

    Raises ValueError for another shape or dtype.
    """
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        raise ValueError(f"expected a picture (H, W, 3) of uint8, got {rgb.shape} of {rgb.dtype}")
    height, width = rgb.shape[:2]
    scale = side / max(height, width)
    tall, wide = max(1, round(height * scale)), max(1, round(width * scale))
    left, top = (side - wide) // 2, (side - tall) // 2
    square = np.full((side, side, 3), GREY, np.uint8)
    resampled = Image.fromarray(rgb).resize((wide, tall), Image.Resampling.BILINEAR)
    square[top : top + tall, left : left + wide] = np.asarray(resampled)
    return Letterbox(square, scale, left, top)


def prepared(square: np.ndarray) -> Tensor:
    """(S, S, 3) uint8 RGB -> the input (1, 3, S, S): blue, green, red, each less its mean, over its spread."""
    bgr = torch.from_numpy(np.ascontiguousarray(square[..., ::-1])).permute(2, 0, 1).float()
    mean, deviation = (torch.tensor(values).view(3, 1, 1) for values in (MEAN, DEVIATION))
    return ((bgr - mean) / deviation).unsqueeze(0)


def load_nanodet() -> NanoDet:
    """The trained network on the current device, frozen and in eval mode; one for the whole process.

    Source: see `engine.weights.card("nanodet")`. Raises WeightsError if the file is missing or does not fit.
    """
    return _load(current_device())


@cache
def _load(device: str) -> NanoDet:
    with torch.inference_mode(False):
        with torch.device("meta"):  # no first weights: they would be drawn from the generator all visitors share
            model = NanoDet()
        model.to_empty(device="cpu")
        weights.fill(model, NAME)
        model.eval().requires_grad_(False)
        return model.to(device, memory_format=torch.channels_last)

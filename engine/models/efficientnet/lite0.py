"""EfficientNet-Lite0: Tan and Le 2019, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks",
Table 1, in the Lite variant for small devices: no squeeze-excitation, ReLU6 instead of SiLU.

4,652,008 parameters, 407 million multiply-adds for one 224 x 224 picture, 75.1 % top-1 on ImageNet as published.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from engine import weights
from engine.instrument.trace import Tap
from engine.machinery.device import current_device

RESOLUTION = 224  # pixels a side that the network was trained on
SHORT_SIDE = 256  # a picture is resized to this before the middle is cut out


class StageShape(NamedTuple):
    """One row of Table 1: `blocks` blocks, of which the first strides and changes the channels."""

    blocks: int
    kernel: int
    stride: int
    expansion: int
    channels: int


STAGES = (
    #          blocks kernel stride expansion channels     output for a 224 x 224 picture
    StageShape(1, 3, 1, 1, 16),  # 16 x 112 x 112
    StageShape(2, 3, 2, 6, 24),  # 24 x 56 x 56
    StageShape(2, 5, 2, 6, 40),  # 40 x 28 x 28
    StageShape(3, 3, 2, 6, 80),  # 80 x 14 x 14
    StageShape(3, 5, 1, 6, 112),  # 112 x 14 x 14
    StageShape(4, 5, 2, 6, 192),  # 192 x 7 x 7
    StageShape(1, 3, 1, 6, 320),  # 320 x 7 x 7
)


class SamePaddingConv2d(nn.Conv2d):
    """Convolution whose output has ceil(n / stride) pixels a side, padded with zeros as TensorFlow's "SAME" does.

    Where the padding is odd, the extra zero goes right and below: with stride 2 and an even picture PyTorch's own
    symmetrical padding would look at other pixels, and the trained weights would answer wrongly.
    """

    def forward(self, x: Tensor) -> Tensor:
        top, bottom = self._zeros(x.shape[-2], 0)
        left, right = self._zeros(x.shape[-1], 1)
        if (top, left) == (bottom, right):  # spares a copy of x
            return F.conv2d(x, self.weight, self.bias, self.stride, (top, left), self.dilation, self.groups)
        x = F.pad(x, (left, right, top, bottom))
        return F.conv2d(x, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)

    def _zeros(self, length: int, axis: int) -> tuple[int, int]:
        outputs = -(-length // self.stride[axis])  # ceil
        total = max((outputs - 1) * self.stride[axis] + self.kernel_size[axis] - length, 0)
        return total // 2, total - total // 2


class FoldedBatchNorm2d(nn.BatchNorm2d):
    """Batch normalisation that is one factor and one summand a channel once it is trained.

    In eval mode the same numbers as nn.BatchNorm2d's, up to rounding. The gradient then needs the factor alone, where
    PyTorch's own keeps its whole input for the way back: a third of the memory of a look at a picture.
    """

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            return super().forward(x)
        factor = self.weight * (self.running_var + self.eps).rsqrt()  # channel
        summand = self.bias - self.running_mean * factor
        return torch.addcmul(summand[:, None, None], x, factor[:, None, None])


class RememberedReLU6(torch.autograd.Function):
    """ReLU6 that remembers its output for the way back, where PyTorch's own remembers its input.

    Both tell equally well where the gradient passes: where the output is between 0 and 6, its ends left out. But the
    output is kept by the convolution that follows in any case, so each map is kept once and not twice.
    """

    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        y = x.clamp(0.0, 6.0)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor) -> Tensor:
        (y,) = ctx.saved_tensors
        return torch.ops.aten.hardtanh_backward(gradient, y, 0.0, 6.0)


relu6 = RememberedReLU6.apply


def convolve_and_normalise(
    channels_in: int, channels_out: int, kernel: int, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    """Convolution without bias (the normalisation has one), then batch normalisation with the original's epsilon."""
    return nn.Sequential(
        SamePaddingConv2d(channels_in, channels_out, kernel, stride, groups=groups, bias=False),
        FoldedBatchNorm2d(channels_out, eps=1e-3, momentum=0.01),
    )


class InvertedResidual(nn.Module):
    """Widen, filter each channel by itself, narrow again; add the input where the shapes allow (MobileNetV2's block).

    The narrow end has no activation: ReLU6 on few channels would throw information away.
    """

    def __init__(self, channels_in: int, channels_out: int, kernel: int, stride: int, expansion: int):
        super().__init__()
        wide = channels_in * expansion
        self.expand = convolve_and_normalise(channels_in, wide, kernel=1) if expansion > 1 else None
        self.filter = convolve_and_normalise(wide, wide, kernel, stride, groups=wide)  # depthwise
        self.project = convolve_and_normalise(wide, channels_out, kernel=1)
        self.has_shortcut = stride == 1 and channels_in == channels_out

    def forward(self, x: Tensor) -> Tensor:
        y = x  # B, channels_in, H, W
        if self.expand is not None:
            y = relu6(self.expand(y))  # B, expansion * channels_in, H, W
        y = relu6(self.filter(y))  # B, expansion * channels_in, H / stride, W / stride
        y = self.project(y)  # B, channels_out, H / stride, W / stride
        return x + y if self.has_shortcut else y


class EfficientNetLite0(nn.Module):
    """Prepared pictures (B, 3, H, W) -> logits (B, classes). `normalised(middle_square(rgb))` makes one.

    Taps: taps.stem, taps.stage1 ... taps.stage7, taps.head, taps.pooled, taps.logits.
    """

    def __init__(self, classes: int = 1000):
        super().__init__()
        self.stem = convolve_and_normalise(3, 32, kernel=3, stride=2)
        self.stages = nn.ModuleList()
        channels = 32
        for shape in STAGES:
            blocks = []
            for number in range(shape.blocks):
                stride = shape.stride if number == 0 else 1
                blocks.append(InvertedResidual(channels, shape.channels, shape.kernel, stride, shape.expansion))
                channels = shape.channels
            self.stages.append(nn.Sequential(*blocks))
        self.head = convolve_and_normalise(channels, 1280, kernel=1)
        self.dropout = nn.Dropout(0.2)
        self.classifier = nn.Linear(1280, classes)

        maps = ("stem", *(f"stage{number}" for number in range(1, len(STAGES) + 1)), "head")
        self.taps = nn.ModuleDict({name: Tap("batch channel row column") for name in maps})
        self.taps["pooled"] = Tap("batch channel")
        self.taps["logits"] = Tap("batch class")

    def forward(self, x: Tensor) -> Tensor:
        x = self.taps["stem"](relu6(self.stem(x)))  # B, 32, 112, 112
        for number, stage in enumerate(self.stages, start=1):
            x = self.taps[f"stage{number}"](stage(x))  # shapes: see STAGES
        x = self.taps["head"](relu6(self.head(x)))  # B, 1280, 7, 7
        x = self.taps["pooled"](x.mean((2, 3)))  # B, 1280: where in the picture no longer matters
        return self.taps["logits"](self.classifier(self.dropout(x)))  # B, classes


def middle_square(rgb: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 -> the part the network sees, (224, 224, 3) uint8.

    The short side becomes 256 (bicubic) and the middle is cut out. Raises ValueError for another shape or dtype.
    """
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        raise ValueError(f"expected a picture (H, W, 3) of uint8, got {rgb.shape} of {rgb.dtype}")
    height, width = rgb.shape[:2]
    scale = SHORT_SIDE / min(height, width)
    tall, wide = round(height * scale), round(width * scale)
    left, top = (wide - RESOLUTION) // 2, (tall - RESOLUTION) // 2
    # Only the square is resampled, to the pixels that resizing everything and cutting then would give: ± 1 for
    # photos, by rounding; up to 24 of 255 for noise in a tall strip such as 243 x 49. A picture of 1024 x 2 would
    # become 131072 x 256 on the way.
    box = (
        left * width / wide, top * height / tall,
        (left + RESOLUTION) * width / wide, (top + RESOLUTION) * height / tall,
    )  # fmt: skip
    return np.array(Image.fromarray(rgb).resize((RESOLUTION, RESOLUTION), Image.Resampling.BICUBIC, box=box))


def normalised(square: np.ndarray) -> Tensor:
    """(H, W, 3) uint8 -> the network's input (1, 3, H, W), (v - 127) / 128 float32: the numbers it was trained with."""
    return ((torch.from_numpy(square).permute(2, 0, 1).float() - 127) / 128).unsqueeze(0)


def load_lite0() -> EfficientNetLite0:
    """The trained network on the current device, frozen and in eval mode; one for the whole process.

    Source: see `engine.weights.card("efficientnet_lite0")`. Raises WeightsError if the file is missing or does not fit.
    """
    return _load(current_device())


@cache
def _load(device: str) -> EfficientNetLite0:
    with torch.inference_mode(False):  # weights born in inference mode could never take part in a gradient
        with torch.device("meta"):  # no first weights: they would be drawn from the generator all visitors share
            model = EfficientNetLite0()
        model.to_empty(device="cpu")
        weights.fill(model, "efficientnet_lite0")
        model.eval().requires_grad_(False)
        return model.to(device, memory_format=torch.channels_last)

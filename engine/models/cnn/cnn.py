"""A small convolutional network that can be looked at everywhere: before and after every ReLU and every pooling."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.instrument.receptive_field import Window
from engine.instrument.trace import Tap

POOL = 2  # side and stride of the pooling windows
HIDDEN = 32  # neurons between the last maps and the ten answers


class Convolution(nn.Module):
    """Convolution that keeps the size, ReLU, 2 × 2 max pooling. x (B, I, H, W) -> (B, O, H/2, W/2).

    The sum of products of a cell is Σ_c Σ_i Σ_j w[o, c, i, j] x[c, row + i - k//2, column + j - k//2] + bias[o]; what
    lies outside the picture counts as 0. (Strictly a cross-correlation: the kernel is not turned round.)
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, generator: torch.Generator):
        super().__init__()
        # On the meta device first: nn.Conv2d would fill itself from the process-wide generator.
        self.conv = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, device="meta").to_empty(device="cpu")
        self.sum = Tap("batch channel row column")  # before the ReLU
        self.relu = Tap("batch channel row column")
        self.pool = Tap("batch channel row column")
        nn.init.kaiming_normal_(self.conv.weight, nonlinearity="relu", generator=generator)  # He et al. 2015
        nn.init.zeros_(self.conv.bias)

    def forward(self, x: Tensor) -> Tensor:
        z = self.sum(self.conv(x))  # (B, O, H, W)
        return self.pool(F.max_pool2d(self.relu(z.relu()), POOL))  # (B, O, H/2, W/2)


class SmallCNN(nn.Module):
    """Two convolutions, one hidden layer, ten logits, after LeNet (LeCun et al. 1998) with ReLU and max pooling.

    channels: of the first convolution, the second has twice as many; kernel: odd side of all kernels; side: pixels a
    side of the picture, a multiple of 4. All random numbers come from `generator`. With 8 channels and kernels of 5
    it has 28,874 parameters. forward: pictures (B, 1, side, side), ink 1 and paper 0 -> logits (B, 10).
    """

    def __init__(self, channels: int, kernel: int, generator: torch.Generator, side: int = 28):
        super().__init__()
        if kernel % 2 == 0 or side % POOL**2:
            raise ValueError(f"expected an odd kernel and a side divisible by 4, got {kernel} and {side}")
        self.conv1 = Convolution(1, channels, kernel, generator)
        self.conv2 = Convolution(channels, 2 * channels, kernel, generator)
        maps = 2 * channels * (side // POOL**2) ** 2
        self.hidden = nn.Linear(maps, HIDDEN, device="meta").to_empty(device="cpu")
        self.output = nn.Linear(HIDDEN, 10, device="meta").to_empty(device="cpu")
        self.hidden_sum, self.hidden_relu, self.logits = Tap("batch neuron"), Tap("batch neuron"), Tap("batch class")
        for linear, gain in ((self.hidden, "relu"), (self.output, "linear")):
            nn.init.kaiming_normal_(linear.weight, nonlinearity=gain, generator=generator)
            nn.init.zeros_(linear.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv2(self.conv1(x))  # (B, 2 C, side/4, side/4)
        x = self.hidden_relu(self.hidden_sum(self.hidden(x.flatten(1))).relu())  # (B, 32)
        return self.logits(self.output(x))  # (B, 10)

    def windows(self) -> dict[str, list[Window]]:
        """The windows that lie between the input and each map, first to last, for `receptive_field`."""
        pooling, windows, path = Window(POOL, POOL, 0), {}, []
        for name in ("conv1", "conv2"):
            kernel = getattr(self, name).conv.kernel_size[0]
            path = [*path, Window(kernel, 1, kernel // 2)]
            windows[f"{name}.sum"] = windows[f"{name}.relu"] = path
            path = [*path, pooling]
            windows[f"{name}.pool"] = path
        return windows

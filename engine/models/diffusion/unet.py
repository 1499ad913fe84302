"""A small U-Net that predicts the noise in a picture of 16 × 16, told the time and the class."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.instrument.trace import Tap
from engine.models.diffusion.schedule import sinusoids

SIDE = 16
CLASSES = 10
NO_CLASS = CLASSES  # the label of a picture whose class is not told
GROUPS = 8


class Block(nn.Module):
    """Residual block told the time and the class: each of its channels is scaled and shifted by the condition.

    x (B, I, H, W), condition (B, C) -> (B, O, H, W). Norm, SiLU, convolution, twice, as in Ho et al. 2020; the scale
    and the shift as in Dhariwal and Nichol 2021.
    """

    def __init__(self, inputs: int, outputs: int, condition: int):
        super().__init__()
        self.norm1, self.norm2 = nn.GroupNorm(GROUPS, inputs), nn.GroupNorm(GROUPS, outputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.to_scale_shift = nn.Linear(condition, 2 * outputs)
        self.shortcut = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        h = self.conv1(F.silu(self.norm1(x)))  # (B, O, H, W)
        scale, shift = self.to_scale_shift(F.silu(condition))[:, :, None, None].chunk(2, dim=1)  # (B, O, 1, 1)
        h = self.norm2(h) * (1 + scale) + shift
        return self.shortcut(x) + self.conv2(F.silu(h))


class SmallUNet(nn.Module):
    """x_t (B, 1, 16, 16), time (B,) as a share 0 to 1 of the chain, label (B,) 0 to 9 or NO_CLASS -> ε̂ (B, 1, 16, 16).

    Down to 8 × 8 and 4 × 4 and up again; what the way down saw at each size joins the way up through a skip. The taps
    `skip16` and `skip8` let these be looked at or, edited to zero, switched off. All random numbers come from
    `generator`.
    """

    def __init__(self, generator: torch.Generator, channels: int = 32, condition: int = 64):
        super().__init__()
        self.condition_size = condition
        wide = 2 * channels
        with torch.device("meta"):  # the layers would fill themselves from the process-wide generator
            self.time = nn.Sequential(nn.Linear(condition, condition), nn.SiLU(), nn.Linear(condition, condition))
            self.label = nn.Embedding(CLASSES + 1, condition)
            self.stem = nn.Conv2d(1, channels, 3, padding=1)
            self.down16 = Block(channels, channels, condition)
            self.down8 = Block(channels, wide, condition)
            self.middle = Block(wide, wide, condition)
            self.up8 = Block(2 * wide, wide, condition)
            self.up16 = Block(wide + channels, channels, condition)
            self.norm = nn.GroupNorm(GROUPS, channels)
            self.output = nn.Conv2d(channels, 1, 3, padding=1)
        self.condition_tap = Tap("batch channel")
        self.skip16, self.skip8 = Tap("batch channel row column"), Tap("batch channel row column")
        self.bottom = Tap("batch channel row column")
        self.to_empty(device="cpu")
        initialise(self, generator)

    def forward(self, x: Tensor, time: Tensor, label: Tensor) -> Tensor:
        condition = self.time(sinusoids(1000 * time, self.condition_size)) + self.label(label)  # (B, 64)
        condition = self.condition_tap(condition)
        h16 = self.down16(self.stem(x), condition)  # (B, 32, 16, 16)
        h8 = self.down8(F.avg_pool2d(h16, 2), condition)  # (B, 64, 8, 8)
        h = self.bottom(self.middle(F.avg_pool2d(h8, 2), condition))  # (B, 64, 4, 4)
        h = torch.cat([F.interpolate(h, scale_factor=2.0), self.skip8(h8)], dim=1)
        h = self.up8(h, condition)  # (B, 64, 8, 8)
        h = torch.cat([F.interpolate(h, scale_factor=2.0), self.skip16(h16)], dim=1)
        h = self.up16(h, condition)  # (B, 32, 16, 16)
        return self.output(F.silu(self.norm(h)))  # (B, 1, 16, 16)


@torch.no_grad()
def initialise(model: nn.Module, generator: torch.Generator) -> None:
    """He's start for convolutions and linear layers, zeros where a branch joins: every block begins as the identity."""
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(module.weight, nonlinearity="linear", generator=generator)
            nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Embedding):
            module.weight.normal_(generator=generator)
        elif isinstance(module, nn.GroupNorm):
            module.reset_parameters()
    for module in model.modules():
        if isinstance(module, Block):
            module.conv2.weight.zero_()
    model.output.weight.zero_()


def guided_noise(model: SmallUNet, x: Tensor, time: Tensor, label: Tensor, guidance: float) -> Tensor:
    """ε̃ = ε̂(x, none) + w (ε̂(x, class) - ε̂(x, none)): classifier-free guidance, Ho and Salimans 2022, eq. 6.

    guidance: w; 0 ignores the class, 1 is the plain conditional model, above 1 exaggerates what the class changes. (The
    paper's own w is one less.) Both predictions are made in one batch; w = 0 and w = 1 need only one.
    """
    if guidance == 1.0:
        return model(x, time, label)
    nothing = torch.full_like(label, NO_CLASS)
    if guidance == 0.0:
        return model(x, time, nothing)
    both = model(torch.cat([x, x]), torch.cat([time, time]), torch.cat([nothing, label]))
    without, told = both.chunk(2)
    return without + guidance * (told - without)

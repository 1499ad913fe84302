"""Diffusion of digits: the shipped U-Net, what it was trained on, its judge, and a walk from noise to pictures."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from engine import weights
from engine.contracts.axes import axes, note, result
from engine.data.digits import CLASSES, HELD_OUT_OF_EACH, load_digits
from engine.data.resample import resampled
from engine.instrument.trace import record
from engine.machinery.device import current_device
from engine.models.cnn.cnn import SmallCNN
from engine.models.diffusion.samplers import walk
from engine.models.diffusion.schedule import Schedule, make_schedule, q_sample
from engine.models.diffusion.unet import SIDE, SmallUNet, guided_noise
from engine.training.fit import Snapshot, seeded

from .card import SEVERAL, Config, only_digits

__all__ = ["only_digits"]

NAME, JUDGE = "digit_diffusion", "digit_cnn"
JUDGE_SCORE = "real held-out digits, 16 × 16, that the judge names rightly"  # its name in the card of the weights
CHAIN = 400  # T
MARGIN = 2  # pixels cut off each side of a 28 × 28 digit: 0.2 % of the ink
CROP = 28 - 2 * MARGIN
SAMPLES = 10


@cache
def digit_schedule() -> Schedule:
    """The schedule that the U-Net was trained with."""
    return make_schedule("cosine", CHAIN)


def shrunk(images: np.ndarray) -> Tensor:
    """Digits (N, 28, 28) uint8 -> (N, 1, 16, 16) float32 between -1 (paper) and 1 (ink)."""
    inner = images[:, MARGIN : MARGIN + CROP, MARGIN : MARGIN + CROP]
    return torch.from_numpy(resampled(inner, (SIDE, SIDE), "bilinear"))[:, None].float() / 127.5 - 1


def new_unet(generator: torch.Generator) -> SmallUNet:
    """An untrained U-Net; channels last, which is how convolutions are quickest on a CPU."""
    return SmallUNet(generator).to(memory_format=torch.channels_last)


@cache
def load_unet() -> SmallUNet:
    """The shipped U-Net, shared by all visitors: never train it."""
    with seeded(0) as generator:
        model = new_unet(generator)
    weights.fill(model, NAME)
    return model.eval().requires_grad_(False)


@cache
def load_judge() -> SmallCNN:
    """The shipped classifier of the page "Inside a CNN": it never saw a sample of the U-Net."""
    with seeded(0) as generator:
        model = SmallCNN(8, 5, generator)
    weights.fill(model, JUDGE)
    return model.eval().requires_grad_(False)


def judge_accuracy() -> float:
    """Share of real held-out digits of 16 × 16 pixels that the judge names rightly, from the card of the weights."""
    return weights.card(NAME).score[JUDGE_SCORE]


@torch.no_grad()
def judged(images: Tensor) -> Tensor:
    """What the judge says: pictures (N, 1, 16, 16) from -1 to 1 -> class probabilities (N, 10).

    It reads 28 × 28; so the pictures are enlarged to 24 × 24 (bicubic) and get the margin back.
    """
    ink = F.interpolate((images.clamp(-1, 1) + 1) / 2, size=(CROP, CROP), mode="bicubic").clamp(0, 1)
    return load_judge()(F.pad(ink, (MARGIN,) * 4)).softmax(1)


@result
class Result:
    """Ten digits on their way from noise, and what the judge sees in them."""

    config: Config = note("what was asked for")
    time: Tensor = axes("moment", "times that the way back visits, T first and 0 last", unit="step of the chain")
    alpha_bar: Tensor = axes("moment", "ᾱ at these times: share of the variance that is data")
    x: Tensor = axes("moment sample row column", "the pictures at these times: -1 paper, 1 ink")
    x_0: Tensor = axes("moment sample row column", "x̂₀: the digit that the network expects")
    judgement: Tensor = axes(
        "moment sample class", "what the judge sees in x̂₀, in the end in the sample", unit="probability"
    )
    label: Tensor = axes("sample", "the digit asked for")
    agreement: Tensor = axes("", "share of the samples in which the judge sees the digit asked for")
    variety: Tensor = axes(
        "", "mean distance between samples of one digit, over that between real digits of it", gaps=True
    )
    novelty: Tensor = axes(
        "", "mean distance of the samples to the nearest training digit, over that of real digits never trained on"
    )


@dataclass(frozen=True, eq=False)
class _Moment:
    """One moment of a walk: its time, the pictures and the guesses (N, 16, 16), and what the judge sees in these."""

    time: int
    x: Tensor
    x_0: Tensor
    judgement: Tensor


def labels_of(config: Config) -> list[int]:
    """The digit that each sample is asked to be."""
    return list(range(CLASSES)) if config.digit == SEVERAL else [int(config.digit)] * SAMPLES


def known_mask(config: Config) -> Tensor | None:
    """(16, 16), True where digits are given; None where none are."""
    if config.known == "nothing":
        return None
    mask = torch.zeros(SIDE, SIDE, dtype=torch.bool)
    rows, columns = {"left": (SIDE, SIDE // 2), "top": (SIDE // 2, SIDE)}[config.known]
    mask[:rows, :columns] = True
    return mask


def known_part(config: Config) -> tuple[Tensor, Tensor] | None:
    """What is known where digits are to be completed: real held-out digits (N, 1, 16, 16) and a mask (16, 16), True
    where they are given. None where nothing is known. Another seed of the samples takes other digits."""
    mask = known_mask(config)
    if mask is None:
        return None
    numbers = [
        HELD_OUT_OF_EACH * label + (config.sample_seed + (0 if config.digit == SEVERAL else place)) % HELD_OUT_OF_EACH
        for place, label in enumerate(labels_of(config))
    ]
    return shrunk(load_digits().held_out_images[numbers]), mask


@torch.no_grad()
def moments(config: Config) -> Iterator[_Moment]:
    """The walk from noise to digits, one moment a step, the last at time 0."""
    model, schedule, device = load_unet(), digit_schedule(), current_device()
    if str(device) != "cpu":
        model = copy.deepcopy(model).to(device)
    labels = torch.tensor(labels_of(config), device=device)
    cut = {"on": (), "16": ("skip16",), "8": ("skip8",), "none": ("skip16", "skip8")}[config.skips]

    def predict(x: Tensor, t: int) -> Tensor:
        times = torch.full((len(x),), t / CHAIN, device=device)
        if not cut:
            return guided_noise(model, x, times, labels, config.guidance)
        with record(model, "none", edits=dict.fromkeys(cut, torch.zeros_like)):
            return guided_noise(model, x, times, labels, config.guidance)

    given = known_part(config)

    def keep(x: Tensor, t: int) -> Tensor:
        """Eq. 8 of Lugmayr et al. 2022, without their steps back and forth: the known part comes from the data."""
        pictures, mask = given
        with seeded(config.sample_seed + 1000 * t) as generator:
            noise = torch.randn(pictures.shape, generator=generator)
        return torch.where(mask.to(device), q_sample(pictures, noise, float(schedule.alpha_bar(t))).to(device), x)

    with seeded(config.sample_seed) as generator:
        start = torch.randn(len(labels), 1, SIDE, SIDE, generator=generator).to(device)
        step = None
        for step in walk(predict, start, schedule, config.digit_steps, generator, sampler=config.sampler,
                         eta=config.eta, clip=1.0, keep=None if given is None else keep):  # fmt: skip
            x_0 = step.x_0.cpu()
            yield _Moment(step.time, step.x_t[:, 0].cpu(), x_0[:, 0], judged(x_0))
        end = step.previous.cpu()
        yield _Moment(0, end[:, 0], end[:, 0], judged(end))


def result_of(config: Config, path: Sequence[_Moment]) -> Result:
    """The Result of a walk as far as it went."""
    labels = torch.tensor(labels_of(config))
    x_0 = torch.stack([one.x_0 for one in path])
    times, judgement = torch.tensor([one.time for one in path]), torch.stack([one.judgement for one in path])
    return Result(
        config=config,
        time=times,
        alpha_bar=digit_schedule().alpha_bar(times),
        x=torch.stack([one.x for one in path]),
        x_0=x_0,
        judgement=judgement,
        label=labels,
        agreement=(judgement[-1].argmax(1) == labels).float().mean(),
        novelty=torch.tensor(novelty(x_0[-1])),
        variety=torch.tensor(variety(x_0[-1], int(labels[0])) if config.digit != SEVERAL else math.nan),
    )


@lru_cache(maxsize=16)
def run(config: Config) -> Result:
    """The whole walk. Kept for the last few Configs asked for."""
    return result_of(config, list(moments(config)))


def stream(config: Config) -> Iterator[Snapshot]:
    """The walk as it goes on, one snapshot a step; `values["moments"]` is what there is of it, for `result_of`."""
    path: tuple[_Moment, ...] = ()
    for moment in moments(config):
        path = (*path, moment)
        yield Snapshot(len(path) - 1, math.nan, math.nan, {"moments": path}, config.digit_steps)


def asked(config: Config) -> Config:
    """What there is to see of a walk before its first step: what is asked for."""
    return config


def arrived(config: Config, last: Snapshot) -> Result:
    """The Result of a walk that was watched to its end."""
    return result_of(config, last.values["moments"])


def variety(images: Tensor, digit: int) -> float:
    """How much pictures (N, 16, 16) of one digit differ: mean distance of two of them over that of two real ones."""
    return _spread(images) / _real_spread(digit)


def _spread(images: Tensor) -> float:
    return torch.pdist(images.flatten(1)).mean().item()


@cache
def _real_spread(digit: int) -> float:
    held_out = load_digits()
    return _spread(shrunk(held_out.held_out_images[held_out.held_out_labels == digit])[:, 0])


def novelty(images: Tensor) -> float:
    """How far pictures (N, 16, 16) are from the nearest of the 8,000 training digits, over the same for real digits
    that were never trained on: 0 for copies, about 1 for what is as new as these."""
    return _nearest(images) / _real_nearest()


def _nearest(images: Tensor) -> float:
    return torch.cdist(images.flatten(1), _training_digits()).min(1).values.mean().item()


@cache
def _training_digits() -> Tensor:
    return shrunk(load_digits().train_images).flatten(1)


@cache
def _real_nearest() -> float:
    return _nearest(shrunk(load_digits().held_out_images[::10])[:, 0])

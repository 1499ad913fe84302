"""Trains the shipped class-conditional U-Net of the page "Diffusion" on 8,000 digits: about ten minutes on one core."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine import weights
from engine.data.digits import CLASSES, load_digits
from engine.models.diffusion.samplers import walk
from engine.models.diffusion.schedule import q_sample
from engine.models.diffusion.unet import NO_CLASS, SIDE, SmallUNet, guided_noise
from engine.recipes import Progress
from engine.topics.diffusion.digits import CHAIN, JUDGE_SCORE, NAME, digit_schedule, judged, new_unet, shrunk
from engine.training.average import Average
from engine.training.fit import fit, seeded
from engine.weights import Card, WeightsError

STEPS, SEED, BATCH, RATE, DROPPED = 3000, 0, 96, 0.002, 0.1
LEAST, SAMPLES, WALK, GUIDANCE = 0.95, 500, 20, 3.0


class ClassConditioned(nn.Module):
    """The U-Net as `fit` calls a model: one argument, the noisy pictures with their times and labels."""

    def __init__(self, unet: SmallUNet):
        super().__init__()
        self.unet = unet

    def forward(self, inputs: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        return self.unet(*inputs)


def noisy_batches(
    images: Tensor, labels: Tensor, generator: torch.Generator
) -> Iterator[tuple[tuple[Tensor, Tensor, Tensor], Tensor]]:
    """Endless ((x_t, time, label), ε): algorithm 1 of Ho et al. 2020; a tenth of the labels is left out, algorithm 1 of
    Ho and Salimans 2022."""
    schedule = digit_schedule()
    while True:
        rows = torch.randint(len(images), (BATCH,), generator=generator)
        t = torch.randint(1, CHAIN + 1, (BATCH,), generator=generator)
        noise = torch.randn(BATCH, 1, SIDE, SIDE, generator=generator)
        untold = torch.rand(BATCH, generator=generator) < DROPPED
        x_t = q_sample(images[rows], noise, schedule.alpha_bar(t)[:, None, None, None])
        label = torch.where(untold, NO_CLASS, labels[rows])
        yield (x_t.to(memory_format=torch.channels_last), t / CHAIN, label), noise


def agreement(model: SmallUNet, guidance: float, count: int, seed: int) -> float:
    """Share of `count` samples, as many of each digit, in which the judge sees the digit that was asked for."""
    labels = torch.arange(count) % CLASSES
    with seeded(seed) as generator:
        x = torch.randn(count, 1, SIDE, SIDE, generator=generator).to(memory_format=torch.channels_last)

        def predict(x: Tensor, t: int) -> Tensor:
            return guided_noise(model, x, torch.full((count,), t / CHAIN), labels, guidance)

        *_, last = walk(predict, x, digit_schedule(), WALK, generator, clip=1.0)
    return (judged(last.previous).argmax(1) == labels).float().mean().item()


def make(progress: Progress) -> Card:
    """Write assets/weights/digit_diffusion.{safetensors,json,LICENSE}. WeightsError if the judge agrees with less than
    0.95 of the guided samples, or half precision costs."""
    digits = load_digits()
    images, labels = shrunk(digits.train_images), torch.from_numpy(digits.train_labels.copy())
    progress(0.0, "training")
    with seeded(SEED) as generator:
        told = ClassConditioned(new_unet(generator))
        average, optimizer = Average(told.unet, 0.998), torch.optim.Adam(told.parameters(), lr=RATE)

        def after_step(step: int) -> None:
            optimizer.param_groups[0]["lr"] = RATE * min(step / 100, max(0.01, 1 - step / STEPS))
            average.update(told.unet)

        snapshots = fit(
            told, noisy_batches(images, labels, generator), F.mse_loss, optimizer, observe=lambda step: {},
            steps=STEPS, snapshot_every=100, after_step=after_step,
        )  # fmt: skip
        for snapshot in snapshots:
            progress(0.9 * snapshot.step / STEPS, f"step {snapshot.step}: loss {snapshot.loss:.4f}")
    model = average.model
    held_out = shrunk(digits.held_out_images)
    real = (judged(held_out).argmax(1) == torch.from_numpy(digits.held_out_labels.copy())).float().mean().item()
    exact = agreement(model, GUIDANCE, SAMPLES, 1)
    for parameter in model.parameters():
        parameter.copy_(parameter.half().float())
    progress(0.92, "sampling")
    guided, plain = agreement(model, GUIDANCE, SAMPLES, 1), agreement(model, 1.0, SAMPLES, 1)
    if guided < max(LEAST, exact - 0.01):
        raise WeightsError(f"expected at least {LEAST} and no loss by half precision, got {guided} and {exact}")
    card = weights.save_weights(
        NAME,
        {key: value.contiguous(memory_format=torch.contiguous_format) for key, value in model.state_dict().items()},
        Card(
            title="Class-conditional diffusion of digits, 16 × 16",
            source="trained here",
            licence="MIT",
            data="8,000 digits of MNIST (assets/data/digits.npz), cut to 24 × 24 and shrunk to 16 × 16",
            command=f"python -m engine train {NAME}",
            score={
                f"guided samples (w = {GUIDANCE:g}) in which the judge sees the digit asked for": round(guided, 5),
                "the same without guidance (w = 1)": round(plain, 5),
                "the same, guided, before rounding to half precision": round(exact, 5),
                JUDGE_SCORE: round(real, 5),
                "samples of each": SAMPLES,
                "DDIM steps, η = 0": WALK,
                "training steps": STEPS,
                "seed": SEED,
            },
            remarks=f"Predicts the noise; cosine schedule of {CHAIN} steps; Adam, rate {RATE} falling to a hundredth, "
            f"batches of {BATCH}, average of the weights; {DROPPED:.0%} of the labels left out. The judge is "
            "digit_cnn, which reads 28 × 28: samples are enlarged for it. Pictures from -1 (paper) to 1 (ink).",
        ),
        licence_text=LICENCE,
    )
    progress(1.0, "done")
    return card


LICENCE = """MIT License

Permission is hereby granted, free of charge, to any person obtaining a copy of these weights, to deal in them without
restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense,
and/or sell copies of them, and to permit persons to whom they are furnished to do so, subject to the following
condition: this permission notice shall be included in all copies or substantial portions of the weights.

The weights are provided "as is", without warranty of any kind, express or implied.
"""

"""Trains the shipped network of the page "Inside a CNN" on the 8,000 training digits: under a minute on one core."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from engine import weights
from engine.data.digits import load_digits
from engine.recipes import Progress
from engine.topics.cnn.card import Config
from engine.topics.cnn.run import NAME, Experiment, accuracy, new_model
from engine.training.fit import fit, seeded
from engine.weights import Card, WeightsError

STEPS, SEED, LEAST = 3000, 0, 0.97
CONFIG = Config(start="fresh", shift=2, batch_size=64, learning_rate=0.002, seed=SEED)


def make(progress: Progress) -> Card:
    """Write assets/weights/digit_cnn.{safetensors,json,LICENSE}. WeightsError if the score is below 0.97 or suffers
    from half precision."""
    progress(0.0, "training")
    experiment, digits = Experiment(CONFIG), load_digits()
    optimizer = experiment.optimizer()

    def slow_down(step: int) -> None:
        """The rate falls in equal steps to a hundredth: small last steps average the noise of the batches out."""
        optimizer.param_groups[0]["lr"] = CONFIG.learning_rate * max(0.01, 1 - step / STEPS)

    with seeded(SEED) as generator:
        snapshots = fit(
            experiment.model, experiment.batches(generator), F.cross_entropy, optimizer, observe=experiment.observe,
            steps=STEPS, snapshot_every=100, after_step=slow_down,
        )  # fmt: skip
        for snapshot in snapshots:
            share = snapshot.values["held_out_accuracy"]
            progress(0.9 * snapshot.step / STEPS, f"step {snapshot.step}: {share:.3f} of 200 held-out digits")
    model = experiment.model.cpu().eval()
    exact = accuracy(model, digits.held_out_images, digits.held_out_labels)
    halved = new_model(CONFIG)
    halved.load_state_dict({key: value.half().float() for key, value in model.state_dict().items()})
    score = accuracy(halved, digits.held_out_images, digits.held_out_labels)
    if score < max(LEAST, exact - 0.0005):
        raise WeightsError(f"expected at least {LEAST} held out and no loss by half precision, got {score}, {exact}")
    card = weights.save_weights(
        NAME,
        {key: value.contiguous(memory_format=torch.contiguous_format) for key, value in halved.state_dict().items()},
        Card(
            title="Small CNN for digits",
            source="trained here",
            licence="MIT",
            data="8,000 digits of MNIST (assets/data/digits.npz); 2,000 others, 200 of each digit, held out",
            command=f"python -m engine train {NAME}",
            score={
                "accuracy on the 2,000 held-out digits": round(score, 5),
                "the same before rounding to half precision": round(exact, 5),
                "optimiser steps": STEPS,
                "seed": SEED,
            },
            remarks=f"Adam, rate {CONFIG.learning_rate} falling to a hundredth, batches of {CONFIG.batch_size}, "
            f"shifts of up to {CONFIG.shift} pixels. Inputs: ink 1, paper 0, no further normalisation.",
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

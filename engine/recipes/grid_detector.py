"""Trains the shipped grid detector on scenes drawn as it goes, on backgrounds that the app never shows: some ten
minutes on one core.

The backgrounds come with scikit-image, which is needed only here. The score is taken on the bundled photographs.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from engine import weights
from engine.data.scenes import CLASSES, MOST_HIDDEN, SIDE, Scene, crop, make_scene, paint, random_shapes
from engine.instrument.detection import (
    Detections,
    MeanAveragePrecision,
    Truths,
    mean_average_precision,
    pairwise_iou,
)
from engine.models.detection.grid import (
    CELLS,
    NAME,
    GridDetector,
    Targets,
    assign,
    detect,
    loss_terms,
    normalised,
    read,
    stack_targets,
)
from engine.recipes import Progress
from engine.recipes.digit_cnn import LICENCE
from engine.training.fit import fit, seeded
from engine.weights import Card, WeightsError

STEPS, BATCH, RATE, SEED = 2600, 32, 0.003, 0
LEAST = 0.90
HELD_OUT = range(10**6, 10**6 + 300)  # seeds of the scenes that are scored
LEAST_SCORE, MOST_OVERLAP = 0.01, 0.5  # of the detections that are scored
PACKAGE, VERSION = "scikit-image", "0.26.0"
BACKGROUNDS = (
    "brick.png", "grass.png", "gravel.png", "hubble_deep_field.jpg", "ihc.png", "moon.png", "motorcycle_left.png",
    "page.png", "retina.jpg", "text.png",
)  # fmt: skip


def make(progress: Progress) -> Card:
    """Write assets/weights/grid_detector.{safetensors,json,LICENSE}. WeightsError if the mAP is below 0.90, suffers
    from half precision, or the package with the backgrounds is missing."""
    progress(0.0, "reading the backgrounds")
    photos = training_photos()
    validation = [make_scene(seed) for seed in range(100)]  # to watch; nothing is chosen by them
    with seeded(SEED) as generator:
        model = GridDetector(generator).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), RATE, weight_decay=0.01)

    def set_rate(step: int) -> None:
        """Up over the first hundred steps, then down to zero along half a cosine."""
        share = step / STEPS
        optimizer.param_groups[0]["lr"] = RATE * min(1, step / 100) * (1 + np.cos(np.pi * share)) / 2

    def observe(step: int) -> dict[str, float]:
        return {"score": evaluate(model, validation).mean if step else 0.0}

    set_rate(1)
    snapshots = fit(
        model, training_batches(photos, SEED), lambda raw, targets: loss_terms(read(raw), targets).loss.mean(),
        optimizer, observe=observe, steps=STEPS, snapshot_every=250, after_step=set_rate,
    )  # fmt: skip
    for snapshot in snapshots:
        text = f"step {snapshot.step}: loss {snapshot.loss:.3f}, mAP@0.5 {snapshot.values['score']:.3f} of 100 scenes"
        progress(0.95 * snapshot.step / STEPS, text)
    scenes = held_out_scenes()
    exact = evaluate(model.eval(), scenes).mean
    halved = GridDetector(torch.Generator()).to(memory_format=torch.channels_last).eval()
    halved.load_state_dict({key: value.half().to(value.dtype) for key, value in model.state_dict().items()})
    score = evaluate(halved, scenes)
    if score.mean < max(LEAST, exact - 0.002):
        raise WeightsError(f"expected mAP {LEAST} held out and no loss by half precision, got {score.mean}, {exact}")
    card = weights.save_weights(
        NAME,
        {key: value.contiguous(memory_format=torch.contiguous_format) for key, value in halved.state_dict().items()},
        Card(
            title="Grid detector after YOLO v1, 8 × 8 cells, six shapes",
            source="trained here",
            licence="MIT",
            data=f"{STEPS * BATCH:,} scenes of shapes drawn on {len(BACKGROUNDS)} photographs of {PACKAGE}, recoloured "
            "and cut together; scored on 300 scenes on the 7 photographs of assets/pictures, none used in training",
            command=f"python -m engine train {NAME}",
            score={
                "mAP@0.5 on the 300 held-out scenes": round(score.mean, 4),
                **{
                    f"AP@0.5 of {name}": round(curve.average_precision, 4)
                    for name, curve in zip(CLASSES, score.of_class, strict=True)
                },
                "mAP@0.75 on the same": round(evaluate(halved, scenes, 0.75).mean, 4),
                **recall_of_collisions(halved),
                "mAP@0.5 before rounding to half precision": round(exact, 4),
                "optimiser steps": STEPS,
                "seed": SEED,
            },
            package=f"{PACKAGE}=={VERSION} (PyPI), for the backgrounds: {', '.join(BACKGROUNDS)}",
            remarks=f"Inputs: {SIDE} x {SIDE} pixels, (v - 127.5) / 127.5. AdamW, rate {RATE} falling to 0 along a "
            f"cosine, batches of {BATCH}. No two middles share a cell in the 300 held-out scenes. Scored with boxes "
            f"from score {LEAST_SCORE} up, suppression within a class at IoU {MOST_OVERLAP}.",
        ),
        licence_text=LICENCE,
    )
    progress(1.0, "done")
    return card


def held_out_scenes() -> list[Scene]:
    """The 300 scenes that are scored, on the bundled photographs."""
    return [make_scene(seed) for seed in HELD_OUT]


def evaluate(model: GridDetector, scenes: Sequence[Scene], threshold: float = 0.5) -> MeanAveragePrecision:
    """mAP of a model in eval mode on scenes, at this IoU threshold."""
    predictions = [one for start in range(0, len(scenes), 50) for one in detections(model, scenes[start : start + 50])]
    true = [Truths(torch.tensor(scene.boxes), torch.tensor(scene.labels)) for scene in scenes]
    return mean_average_precision(predictions, true, len(CLASSES), threshold)


def recall_of_collisions(model: GridDetector) -> dict[str, float]:
    """Where two middles share a cell: how many of those that own the cell are found, and of those that lost it.

    Found: the right class, IoU at least 0.5, score at least 0.25; of 300 other scenes on the bundled photographs.
    """
    scenes = [make_scene(10**7 + seed, 2, collide=True) for seed in range(300)]
    counts = np.zeros(2)
    for scene, prediction in zip(scenes, detections(model, scenes), strict=True):
        for which in range(2):
            right = (prediction.labels == scene.labels[which]) & (prediction.scores >= 0.25)
            boxes = torch.tensor(scene.boxes[which : which + 1]).float()
            counts[which] += bool((pairwise_iou(prediction.boxes[right], boxes) >= 0.5).any())
    names = ("found where two share a cell, of those that own it", "found where two share a cell, of the others")
    return {name: round(share, 4) for name, share in zip(names, (counts / len(scenes)).tolist(), strict=True)}


@torch.no_grad()
def detections(model: GridDetector, scenes: Sequence[Scene]) -> list[Detections]:
    """What the model finds in each of the scenes, all in one batch."""
    prediction = read(model(normalised(np.stack([scene.pixels for scene in scenes]))))
    return [detect(prediction.of(place), LEAST_SCORE, MOST_OVERLAP).kept for place in range(len(scenes))]


def training_batches(photos: Sequence[np.ndarray], seed: int) -> Iterator[tuple[Tensor, Targets]]:
    """Endless batches of new scenes with one to six objects."""
    random = np.random.default_rng(seed)
    while True:
        scenes = [training_scene(random, photos) for _ in range(BATCH)]
        targets = [assign(torch.tensor(s.boxes), torch.tensor(s.labels), SIDE, CELLS).targets for s in scenes]
        yield normalised(np.stack([scene.pixels for scene in scenes])), stack_targets(targets)


def training_scene(random: np.random.Generator, photos: Sequence[np.ndarray]) -> Scene:
    """Shapes on one recoloured piece of a photograph, or on two with a straight edge between them.

    Three scenes in twenty may hide anything, and as many have two middles in one cell: what the network then finds is
    what it has learned to do, not a surprise.
    """
    background = training_background(random, photos)
    if random.uniform() < 0.6:
        other = training_background(random, photos)
        angle, edge = random.uniform(0, 2 * np.pi), random.uniform(-0.6, 0.6) * SIDE / 2
        middle = np.arange(SIDE) - SIDE / 2
        beyond = middle * np.cos(angle) + middle[:, None] * np.sin(angle) > edge
        background[beyond] = other[beyond]
    hidden, collide = ((MOST_HIDDEN, False), (1.0, False), (MOST_HIDDEN, True))[random.choice(3, p=(0.7, 0.15, 0.15))]
    objects = int(random.integers(2 if collide else 1, 7))
    return paint(background, random_shapes(random, background, objects, most_hidden=hidden, collide=collide))


def training_background(random: np.random.Generator, photos: Sequence[np.ndarray]) -> np.ndarray:
    """A recoloured piece of any of the photographs, (SIDE, SIDE, 3) uint8."""
    return recoloured(random, crop(random, photos[random.integers(len(photos))], least=0.25))


def recoloured(random: np.random.Generator, piece: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 with its colours mixed, its contrast changed and, half of the time, mirrored.

    Ten photographs, most of them grey, have few colours; the network is not to learn those by heart.
    """
    mixing = random.dirichlet((0.6, 0.6, 0.6), 3)  # each new channel is a mean of the old ones
    if random.uniform() < 0.3:
        mixing = np.eye(3)
    gain = random.uniform(0.4, 1.2) * random.choice((1, 1, -1)) * random.uniform(0.6, 1.4, 3)
    matrix = (mixing * gain[:, None]).T
    shift = random.uniform(30, 225) + random.uniform(-60, 60, 3) - piece.mean((0, 1)) @ matrix
    values = piece.astype(np.float32) @ matrix.astype(np.float32) + shift.astype(np.float32)
    return values[:, :: random.choice((1, -1))].clip(0, 255).astype(np.uint8)


def training_photos() -> list[np.ndarray]:
    """The backgrounds (H, W, 3) uint8, the shorter side at most 2 × SIDE. WeightsError with the pip command."""
    command = f"pip install {PACKAGE}=={VERSION}"
    try:
        version = importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        raise WeightsError(f"the package {PACKAGE} is not installed; install it with: {command}") from None
    if version != VERSION:
        raise WeightsError(f"expected {PACKAGE} {VERSION}, found {version}; install it with: {command}")
    folder = Path(str(importlib.metadata.distribution(PACKAGE).locate_file("skimage/data")))
    photos = []
    for name in BACKGROUNDS:
        image = Image.open(folder / name).convert("RGB")
        image.thumbnail((3 * SIDE, 3 * SIDE), Image.Resampling.LANCZOS)
        photos.append(np.asarray(image))
    return photos

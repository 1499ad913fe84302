"""Inside a CNN: the experiment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from engine.contracts.axes import axes, note, result
from engine.data.digits import HELD_OUT_OF_EACH, centred, digit_of, load_digits, true_label
from engine.instrument.trace import record
from engine.machinery.device import current_device
from engine.models.cnn.cnn import SmallCNN
from engine.training.fit import Snapshot, batches_of, fit, seeded
from engine.training.moments import history, moments_of, restore
from engine.training.own_weights import start_from
from engine.weights import fill

from .card import SHIPPED_CHANNELS, SHIPPED_KERNEL, Config

NAME = "digit_cnn"  # of the shipped weights
LAYERS = ("conv1.sum", "conv1.relu", "conv1.pool", "conv2.sum", "conv2.relu", "conv2.pool")
DENSE = ("hidden.sum", "hidden.relu", "logits")
WATCHED_OF_EACH = 20  # held-out digits of each class looked at in every snapshot: all 2,000 would slow training down


def _maps(layer: str) -> Tensor:
    name = layer.replace(".", "_")
    what = {"sum": "sums of products, before the ReLU", "relu": "after the ReLU", "pool": "after max pooling"}
    convolution = {"1": "first", "2": "second"}[name[4]]
    return axes(f"{name[:5]}_channel {name}_row {name}_column", f"{convolution} convolution: {what[name[6:]]}")


@result
class Result:
    """One digit on its way through the network: every map, every sum, and how the network was trained."""

    pixels: Tensor = axes("row column", "the digit as the network sees it: 0 paper, 1 ink")
    conv1_sum: Tensor = _maps("conv1.sum")
    conv1_relu: Tensor = _maps("conv1.relu")
    conv1_pool: Tensor = _maps("conv1.pool")
    conv2_sum: Tensor = _maps("conv2.sum")
    conv2_relu: Tensor = _maps("conv2.relu")
    conv2_pool: Tensor = _maps("conv2.pool")
    hidden_sum: Tensor = axes("neuron", "hidden layer: weighted sums, before the ReLU")
    hidden_relu: Tensor = axes("neuron", "hidden layer: after the ReLU")
    logits: Tensor = axes("class", "the network's outputs before the softmax (logits)", unit="nat")
    probabilities: Tensor = axes("class", "softmax of the logits", unit="probability")
    conv1_kernels: Tensor = axes("conv1_channel kernel_row kernel_column", "kernels of the first convolution")
    conv2_kernels: Tensor = axes(
        "conv2_channel conv1_channel kernel_row kernel_column", "kernels of the second convolution, one for each input"
    )
    step: Tensor = axes("moment", "optimiser step of each moment looked at", unit="step")
    train_loss: Tensor = axes("moment", "mean loss over the batch just trained on", unit="nat", gaps=True)
    held_out_loss: Tensor = axes("moment", "mean loss over 200 held-out digits", unit="nat", gaps=True)
    held_out_accuracy: Tensor = axes("moment", "share of 200 held-out digits named rightly", gaps=True)
    weights: tuple[np.ndarray, ...] = note("all weights and biases, in the order of the model")
    label: int | None = note("what a held-out digit shows; None for a drawing")


class Experiment:
    """Model, data and optimiser of one Config, freshly made; equal Configs make equal Experiments."""

    def __init__(self, config: Config):
        self.config, self.device = config, current_device()
        self.model = new_model(config).to(self.device, memory_format=torch.channels_last)
        self.images, self.labels = training_digits()
        digits = load_digits()
        watched = torch.arange(len(digits.held_out_labels)) % HELD_OUT_OF_EACH < WATCHED_OF_EACH
        self.watched = inputs_of(digits.held_out_images[watched.numpy()]).to(self.device)  # (200, 1, 28, 28)
        self.watched_labels = torch.tensor(digits.held_out_labels)[watched].to(self.device)

    def optimizer(self) -> torch.optim.Optimizer:
        config, parameters = self.config, self.model.parameters()
        if config.optimizer == "adam":
            return torch.optim.Adam(parameters, lr=config.learning_rate)
        return torch.optim.SGD(
            parameters, lr=config.learning_rate, momentum=0.9 if config.optimizer == "momentum" else 0.0
        )

    def batches(self, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        """Training digits in random order, shifted anew each time if that is asked for."""
        for images, labels in batches_of(self.images, self.labels, self.config.batch_size, generator):
            if self.config.shift:
                images = shifted(images, self.config.shift, generator)
            yield images.to(self.device), labels.to(self.device)

    @torch.inference_mode()
    def observe(self, step: int) -> Mapping[str, Any]:
        """The weights, and how well they do on 200 held-out digits."""
        logits = self.model(self.watched)
        return {
            "weights": weights_of(self.model),
            "held_out_loss": F.cross_entropy(logits, self.watched_labels).item(),
            "held_out_accuracy": (logits.argmax(1) == self.watched_labels).float().mean().item(),
        }

    def train(self, steps: int, snapshot_every: int = 10) -> Iterator[Snapshot]:
        with seeded(self.config.seed + 20_000) as generator:
            yield from fit(
                self.model, self.batches(generator), F.cross_entropy, self.optimizer(), observe=self.observe,
                steps=steps, snapshot_every=snapshot_every,
            )  # fmt: skip


@cache
@torch.inference_mode(False)  # whoever asks first: they are trained on
def training_digits() -> tuple[Tensor, Tensor]:
    """(8000, 1, 28, 28) float32 and (8000,) int64: the same for every Experiment, which only reads them. 25 MB."""
    digits = load_digits()
    return inputs_of(digits.train_images), torch.tensor(digits.train_labels)


def new_model(config: Config) -> SmallCNN:
    """The network of a Config before its first step, on the CPU: the reader's own weights, shipped weights, or random
    ones from the seed."""
    model = _blank(config)
    if config.weights:
        start_from(model, config)
    elif config.start == "trained":
        fill(model, NAME)
    return model.eval()


def _blank(config: Config) -> SmallCNN:
    trained = config.start == "trained"
    channels, kernel = (SHIPPED_CHANNELS, SHIPPED_KERNEL) if trained else (config.channels, config.kernel)
    with seeded(config.seed + 10_000) as generator:
        return SmallCNN(channels, int(kernel), generator)


def model_of(config: Config, weights: Sequence[np.ndarray]) -> SmallCNN:
    """The network of a Config with the weights of one moment, on the current device. Values that are no longer numbers
    (the run diverged) become 0."""
    model = _blank(config).eval()
    restore(model, weights)
    return model.to(current_device())


def weights_of(model: SmallCNN) -> tuple[np.ndarray, ...]:
    """Copies of all weights and biases, in the order of the model."""
    return tuple(parameter.detach().cpu().contiguous().numpy().copy() for parameter in model.parameters())


def inputs_of(images: np.ndarray) -> Tensor:
    """(N, 28, 28) uint8 -> (N, 1, 28, 28) float32, 0 paper and 1 ink."""
    return torch.from_numpy(images.astype(np.float32) / 255)[:, None]


def shifted(images: Tensor, most: int, generator: torch.Generator) -> Tensor:
    """Each picture (B, 1, H, W) moved by up to `most` pixels both ways; paper comes in from outside."""
    count, _, height, width = images.shape
    padded = F.pad(images, (most,) * 4)
    moves = torch.randint(0, 2 * most + 1, (2, count, 1), generator=generator)
    rows, columns = torch.arange(height) + moves[0], torch.arange(width) + moves[1]  # (B, H), (B, W)
    return padded[torch.arange(count)[:, None, None], 0, rows[:, :, None], columns[:, None, :]][:, None]


def input_digit(config: Config) -> np.ndarray:
    """The digit of a Config as the network sees it, (28, 28) uint8: drawings centred if asked for, MNIST's own left as
    they are, for they have been centred before."""
    pixels = digit_of(config.digit)
    return centred(pixels) if config.centre and true_label(config.digit) is None else pixels


def network(config: Config, result: Result | None = None) -> SmallCNN:
    """The network of a Config with the weights of a Result; without one, before its first step."""
    return new_model(config) if result is None else model_of(config, result.weights)


def stream(config: Config) -> Iterator[Snapshot]:
    """Train the network of `config`; takes `.send(steps)` like every stream. The digit plays no part in it."""
    return Experiment(config).train(max(config.until, config.steps))


def run(config: Config) -> Result:
    """Train to `config.steps` and look at the digit there."""
    if config.start == "trained" and config.steps == 0:
        return look(config, [first(config)])
    return look(config, moments_of(Experiment(config).train, config.steps))


@cache
def shipped() -> Snapshot:
    """The shipped network as a moment before any step."""
    return next(Experiment(Config()).train(0))


def first(config: Config) -> Snapshot:
    """The network of `config` before its first step."""
    return shipped() if config.start == "trained" and not config.weights else next(Experiment(config).train(0))


@torch.no_grad()
def look(config: Config, moments: Sequence[Snapshot], model: SmallCNN | None = None) -> Result:
    """The digit of `config` in the network of the last of these moments: one forward pass. model: that network, if it
    is there already."""
    model = model or model_of(config, moments[-1].values["weights"])
    pixels = inputs_of(input_digit(config)[None])
    with record(model) as trace:
        logits = model(pixels.to(current_device()))[0]
    maps = {name.replace(".", "_"): trace[name][0].cpu() for name in LAYERS}

    return Result(
        pixels=pixels[0, 0],
        **maps,
        hidden_sum=trace["hidden_sum"][0].cpu(),
        hidden_relu=trace["hidden_relu"][0].cpu(),
        logits=logits.cpu(),
        probabilities=logits.softmax(0).cpu(),
        conv1_kernels=model.conv1.conv.weight[:, 0].detach().cpu(),
        conv2_kernels=model.conv2.conv.weight.detach().cpu(),
        step=torch.tensor([moment.step for moment in moments]),
        train_loss=history(moment.loss for moment in moments),
        held_out_loss=history(moment.values["held_out_loss"] for moment in moments),
        held_out_accuracy=history(moment.values["held_out_accuracy"] for moment in moments),
        weights=tuple(moments[-1].values["weights"]),
        label=true_label(config.digit),
    )


@torch.inference_mode()
def accuracy(model: SmallCNN, images: np.ndarray, labels: np.ndarray) -> float:
    """Share of digits (N, 28, 28) uint8 named rightly."""
    device = next(model.parameters()).device
    answers = torch.cat([model(inputs_of(part).to(device)).argmax(1).cpu() for part in np.array_split(images, 8)])
    return (answers == torch.tensor(labels)).float().mean().item()

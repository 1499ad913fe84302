"""MLP playground: one training step as a small film of the network: forward, loss, backward, update."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.contracts.film import still_frames
from engine.contracts.words import Words
from engine.pictures.network.values import NetworkDiagram, NetworkLayer

from .card import FEATURES, Config
from .draw import class_names
from .step import OpenedStep

MOST_NUMBERS = 150_000  # weights of all moments together; of a larger network each pass is one moment


@dataclass(frozen=True)
class Stage:
    """A moment within a step: "in", "forward", "loss", "backward" or "update"; layer: the one it has come to, the
    inputs being 0."""

    kind: str
    layer: int = 0


def stages_of(opened: OpenedStep) -> list[Stage]:
    """The stages of a step in order."""
    last, count = len(opened.weights), sum(weight.numel() for weight in opened.weights)
    forward, backward = range(1, last + 1), range(last, 0, -1)
    if count * (2 * last + 3) > MOST_NUMBERS:
        forward, backward = (last,), (1,)
    return [
        Stage("in"), *(Stage("forward", layer) for layer in forward), Stage("loss", last),
        *(Stage("backward", layer) for layer in backward), Stage("update"),
    ]  # fmt: skip


def step_network(opened: OpenedStep, sample: int | None, at: int = 0) -> NetworkDiagram:
    """The network at every stage of a step.

    sample: place in the batch of the point that is followed; None: means over the batch. at: the stage to stand at.
    """
    config, stages = opened.config, stages_of(opened)
    moments = [_moment(opened, stage, sample) for stage in stages]
    values = np.stack([np.concatenate([_all_inputs(config, one[0]), *one[1:]]) for one, *_ in moments])
    colours = np.stack([
        np.concatenate([_colours(_all_inputs(config, one[0])), *map(_colours, one[1:])]) for one, *_ in moments
    ])  # fmt: skip
    weights = [np.stack([lines[k] for _, lines, *_ in moments]) for k in range(len(opened.weights))]
    wide = np.full((*weights[0].shape[:2], len(FEATURES)), np.nan, np.float32)
    wide[:, :, _chosen(config)] = weights[0]
    frames = still_frames(values, *weights)
    return NetworkDiagram(
        layers_of(config, opened), colours[..., None, None], np.ones_like(values), [wide, *weights[1:]],
        [np.stack([discs[k] for *_, discs, _ in moments]) for k in range(len(opened.weights))],
        frames=replace(frames, at=min(at, len(stages) - 1)), values=values, signs=[signs for *_, signs in moments],
        alt=Words("One training step: values forward, gradients backward, then the change of every weight"),
    )  # fmt: skip


def layers_of(config: Config, opened: OpenedStep) -> list[NetworkLayer]:
    """The columns of the network, inputs that are switched off among them."""
    outputs = len(opened.biases[-1])
    names = ["ŷ"] if outputs == 1 else list(class_names(config, outputs))
    return [
        NetworkLayer(Words("Input"), list(FEATURES.values()), off=frozenset(
            at for at, name in enumerate(FEATURES) if name not in config.features)),
        *(
            NetworkLayer(Words("Hidden {number}", number=number), [f"h{number},{i + 1}" for i in range(size)])
            for number, size in enumerate(config.layers, 1)
        ),
        NetworkLayer(Words("Output"), names),
    ]  # fmt: skip


Moment = tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray], Sequence[Sequence[str]]]


def _moment(opened: OpenedStep, stage: Stage, sample: int | None) -> Moment:
    """(squares of each layer, lines into each layer behind the inputs, their discs, what all of these are called)."""
    last = len(opened.weights)
    mean = (lambda sign: f"⟨{sign}⟩") if sample is None else (lambda sign: sign)
    one = (lambda values: values.mean(0)) if sample is None else (lambda values: values[sample])
    loss = "L" if sample is None else "ℓ"
    forward, backward = {
        "in": (0, last + 1), "forward": (stage.layer, last + 1), "loss": (last, last + 1),
        "backward": (last, stage.layer), "update": (last, 1),
    }[stage.kind]  # fmt: skip
    squares, signs, lines, line_signs, discs, disc_signs = [], [], [], [], [], []
    for layer in range(last + 1):
        there, sign = one(opened.values[layer]).numpy(), "x" if layer == 0 else "h" if layer < last else "z"
        if layer >= backward:
            there, sign = one(opened.deltas[layer - 1]).numpy(), "δ"
        elif stage.kind == "loss" and layer == last and not opened.regression:
            there, sign = one(answers_of(opened)).numpy(), "p"
        hidden = layer > forward or (stage.kind == "update" and layer)
        squares.append(np.full_like(there, np.nan) if hidden else there)
        signs.append("" if hidden else mean(sign))
        if layer:
            line, disc, names = opened.weights[layer - 1], opened.biases[layer - 1], ("w", "b")
            if stage.kind == "update":
                names = ("Δw", "Δb")
                line, disc = opened.after_weights[layer - 1] - line, opened.after_biases[layer - 1] - disc
            elif layer >= backward:
                line, disc, names = *gradients_of(opened, layer, sample), (f"∂{loss}/∂w", f"∂{loss}/∂b")
            elif layer > forward:
                line, disc = line.new_full(line.shape, float("nan")), disc.new_full(disc.shape, float("nan"))
            for made, array in ((lines, line), (discs, disc)):
                made.append(array.numpy())
            line_signs.append(names[0])
            disc_signs.append(names[1])
    return squares, lines, discs, (signs, line_signs, disc_signs)


def answers_of(opened: OpenedStep):
    """(B, O) what the outputs mean: probabilities of the classes, with one output that of the first."""
    outputs = opened.values[-1]
    return outputs.sigmoid() if outputs.shape[1] == 1 else outputs.softmax(1)


def gradients_of(opened: OpenedStep, layer: int, sample: int | None):
    """The gradients of the weights (O, I) and biases (O,) of a layer, from 1: of the loss of one sample, or of the
    batch."""
    if sample is None:
        return opened.weight_gradients[layer - 1], opened.bias_gradients[layer - 1]
    delta = opened.deltas[layer - 1][sample]
    return delta[:, None] * opened.values[layer - 1][sample], delta


def _chosen(config: Config) -> list[int]:
    return [list(FEATURES).index(name) for name in config.features]


def _all_inputs(config: Config, values: np.ndarray) -> np.ndarray:
    """The inputs that are switched off have no value."""
    every = np.full(len(FEATURES), np.nan, np.float32)
    every[_chosen(config)] = values
    return every


def _colours(values: np.ndarray) -> np.ndarray:
    """Of the signed scale, as bytes; the strongest of the layer is at an end of it."""
    most = max(float(np.abs(np.nan_to_num(values)).max()), 1e-12)
    return np.floor(np.nan_to_num(values) / most * 127.5 + 128).clip(0, 255).astype(np.uint8)

"""All methods on the same data: how right each is on the held-out points."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from engine.contracts.axes import axes, note, result

from . import kernel, neighbours
from .card import Config
from .run import Experiment

NAMES = ("kNN", "SVM", "softmax", "kernel SVM")


@result
class Methods:
    """The share of held-out points that each method names rightly, learned from the same training points."""

    accuracy: Tensor = axes("method", "share of the held-out points named rightly", gaps=True)
    config: Config = note("what was asked for")


def all_methods(config: Config) -> Methods:
    """kNN, both linear classifiers trained to their last step, and the kernel SVM, each with its knobs as they are."""
    asked = neighbours.run(replace(config, method="neighbours", steps=0, edits=""))
    fresh = replace(config, method="linear", steps=0, edits="", weights="")
    *_, last = Experiment(fresh).train(config.until, config.until)
    solved = kernel.run(replace(config, method="kernel", steps=0, edits=""))
    shares = [asked.accuracy.item(), *(last.values[f"{name}_held_out_accuracy"] for name in ("svm", "softmax")),
              solved.accuracy.item()]  # fmt: skip
    return Methods(torch.tensor(shares, dtype=torch.float64), config)

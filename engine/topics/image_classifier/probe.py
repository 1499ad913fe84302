"""Image classifier: formulas with the numbers of a look, for the check of all formulas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from engine.contracts.formula import FormulaValues
from engine.contracts.probe import Change, Mistake, Probe, Touch

from . import explain
from .card import Config
from .run import LAYERS, run, walk_from_grey, with_walk


def formulas_at(config: Config, random: Random) -> Iterator[FormulaValues]:
    """The softmax, Grad-CAM after a layer, and what integrated gradients add up to.

    Of a walk its first part: the formula shows the numbers of any, and a whole one takes a hundred times as long.
    """
    result = run(replace(config, saliency="gradient"))
    yield FormulaValues(explain.softmax_formula(result).latex, (result.probabilities[result.explained].item(),))
    for layer in ("head", random.choice(LAYERS)):
        maps, weights = getattr(result, layer), getattr(result, f"{layer}_weights")
        largest = (weights[:, None, None] * maps).sum(0).relu().max().item()
        yield FormulaValues(explain.grad_cam_formula(result, layer).latex, (largest,))
    begun = next(walk_from_grey(config))
    walked = explain.completeness_formula(with_walk(result, begun))
    yield FormulaValues(walked.latex, (begun.values["sum"], begun.values["goal"]))


PROBE = Probe(
    picture="evidence",
    changes=(
        Change("class explained", "evidence", place="classes", part=".share-row", keys=("Enter",)),
        Change("evidence method", "evidence", place="method", part="button", keys=("Enter",)),
    ),
    touches=(
        Touch("image-classifier-method", "pick", 3, "view.method=none"),
        Touch("image-classifier-layer", "pick", 2, "view.layer=stage6"),
        Touch("image-classifier-answers", "pick", 0, "view.answers=3"),
        Touch("image-classifier-classes", "pick", 2, "target=281"),
        Touch("image-classifier-maps", "pick", 8, "view.maps=head"),
        Touch("image-classifier-scale", "pick", 1, "view.scale=common", "view.maps=stem"),
        Touch(
            "image-classifier-maps-stem", "cell", {"tile": 31, "row": 0, "column": 0}, "view.channel=stem-8",
            "view.order=evidence&view.maps=stem",
        ),
    ),
    mistakes=(
        Mistake("view.channel=stem", "Channel: expected a layer and a number such as stage2-5"),
        Mistake("view.answers=11", "Answers: expected 3 to 10, got 11"),
        Mistake("view.maps=stem&view.channel=stem-999"),
        Mistake("view.maps=stem&view.channel=head-999"),
    ),
    cases=lambda brought: {"upload": {"picture": brought.picture, "crop": 0.8, "flip": True, "cell": 7}},
)  # fmt: skip

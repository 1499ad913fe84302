"""What the steps of the lesson on kNN, SVM and softmax set up, and how the answer is read off the run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.contracts.lesson import Step, Verdict, closest
from engine.contracts.words import Number, Percent
from engine.instrument.neighbours import winners
from engine.pictures.sketch.sketches import CurveSketch

from . import kernel, neighbours, run
from .card import MOST_NEIGHBOURS, Config
from .explain import zero_terms
from .explain_neighbours import differing
from .neighbours import CrossValidation

LOWEST, HIGHEST = 70.0, 100.0  # of the axis on which the accuracy is drawn
FEW, MANY = 4, 40  # below and above these a k counts as few and as many
SCALE = 10  # of margin and strength


def by_heart(result: neighbours.Result) -> Verdict:
    """What share of the held-out points the nearest one names rightly."""
    share = result.accuracy.item()
    return Verdict(
        closest(share, all=1.0, three_quarters=0.77, half=0.5),
        {"held_out": Percent(share, 0), "train": Percent(result.train_accuracy.item(), 0)},
    )


def best_k(found: CrossValidation) -> Verdict:
    """Where the accuracy by cross-validation is highest."""
    mean = found.accuracy.mean(1)
    at = int(mean.argmax())
    return Verdict(
        _where(at + 1),
        {"k": Number(at + 1), "first": Percent(mean[0].item(), 0), "best": Percent(mean[at].item(), 0),
         "last": Percent(mean[-1].item(), 0), "other": Number(int(found.k[found.held_out.argmax()]))},
    )  # fmt: skip


def _where(k: float) -> str:
    return "one" if k < FEW else "all" if k > MANY else "between"


def highest(heights: np.ndarray) -> str:
    """A drawn curve of accuracies as a choice: by where it is highest."""
    return _where(1 + float(np.argmax(heights)) / (len(heights) - 1) * (MOST_NEIGHBOURS - 1))


def accuracies(found: CrossValidation) -> tuple[list[float], list[float]]:
    """(k, accuracy by cross-validation in per cent)."""
    return found.k.tolist(), (100 * found.accuracy.mean(1)).tolist()


def without_root(result: neighbours.Result) -> Verdict:
    """In what share of the plane the answer is another one without the root."""
    with_root = neighbours.run(replace(result.config, metric="l2"))
    share = differing(result, with_root)
    return Verdict(closest(share, none=0.0, twentieth=0.05, third=0.33), {"share": Percent(share, 0)})


def no_longer_count(result: run.Result) -> Verdict:
    """How many training points have a loss of exactly 0."""
    hinge, entropy, count = zero_terms(result.config, result.snapshot)
    choice = "hinge" if hinge > count / 2 and entropy == 0 else "both" if min(hinge, entropy) > count / 2 else "none"
    return Verdict(choice, {"hinge": Number(hinge), "count": Number(count), "entropy": Number(entropy)})


def of_a_zero(result: run.Result) -> Verdict:
    """Whether the row of the 0 is negative in the middle and positive around it."""
    row = result.svm_weights[0].reshape(8, 8)
    middle, ring = row[3:5, 3:5].mean().item(), (row[2:6, [2, 5]].mean().item() + row[[1, 6], 3:5].mean().item()) / 2
    choice = "hole" if middle < 0 < ring else "disc" if middle > 0 else "nothing"
    return Verdict(choice, {"middle": Number(middle, 2), "ring": Number(ring, 2)})


def traded(result: run.Result) -> Verdict:
    """What ten times the margin does where the penalty is a tenth: to the answers of the SVM, and to its weights."""
    config = result.config
    before = replace(
        config, margin=config.margin / SCALE, strength=config.strength * SCALE,
        learning_rate=config.learning_rate / SCALE,
    )  # fmt: skip
    usual = run.run(before)
    planes = (each.svm_plane.reshape(-1, each.svm_plane.shape[-1]) for each in (result, usual))
    one, other = map(winners, planes)
    share = float((one != other).double().mean())
    times = float(result.svm_weights.norm() / usual.svm_weights.norm())
    return Verdict(
        closest(share, same=0.0, wider=0.1, other=0.4),
        {"share": Percent(share, 0), "times": Number(times, 3)},
    )


def how_many_support(result: kernel.Result) -> Verdict:
    """What share of the training points are support vectors."""
    count = int(result.is_train.sum())
    share = len(result.support) / count
    return Verdict(
        closest(share, two=0.01, sixth=0.17, all=1.0),
        {"support": Number(len(result.support)), "count": Number(count), "right": Percent(result.accuracy.item(), 0)},
    )


def margin_knobs(margin: float = 1.0) -> dict[str, float]:
    """Margin, strength and learning rate that belong together."""
    usual = Config()
    return {"margin": margin, "strength": usual.strength / margin, "learning_rate": usual.learning_rate * margin}


LESSON = (
    Step("by_heart", "One neighbour", by_heart, veil=("plane",), focus="plane", knobs=("k",)),
    Step(
        "which_k", "One neighbour", best_k, ask={"beside": "curve"}, veil=("accuracy", "best"), focus="accuracy",
        knobs=("k", "weighted"), path="engine.topics.linear_classifiers.neighbours:cross_validation",
        sketch=CurveSketch(
            "accuracy", MOST_NEIGHBOURS, (LOWEST, HIGHEST), accuracies, highest, percent=True, since=1
        ),
    ),
    Step(
        "root", "Twenty neighbours", without_root, show={"metric": "l2_squared"}, focus="plane",
        knobs=("metric", "weighted"),
    ),
    Step(
        "two_losses", "Two losses", no_longer_count, until=300, show={"look": "set"}, focus="svm", knobs=("until",),
    ),
    Step(
        "margin", "Two classes, one margin", traded, until=300, ask=margin_knobs(10.0), show={"look": "set"},
        knobs=("margin", "strength"), focus="svm",
    ),
    Step("template", "Templates of digits", of_a_zero, until=100, focus="svm-rows"),
    Step("kernel", "Curved border", how_many_support, veil=("bent", "sum"), focus="bent", knobs=("penalty", "gamma")),
)  # fmt: skip

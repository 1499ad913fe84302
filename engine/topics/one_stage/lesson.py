"""What the steps of the lesson on one-stage detectors set up, and how the answer is read off what is found."""

from __future__ import annotations

import torch

from engine.contracts.lesson import Step, Verdict, closest
from engine.contracts.words import Number, Percent
from engine.data.coco import COCO_CLASSES
from engine.models.detection.nanodet import STRIDES

from . import explain
from .card import TOPIC
from .picks import marked, picture_mark
from .run import Result
from .scene import CELLS, picked_cell

FAR = explain.number_of(2, 3, 12)  # a cell at the right edge of the photograph, near the top
EMPTY = CELLS * CELLS - 1  # the cell in the corner at the bottom right, where no object is


def place(preset: str, cell: int) -> str:
    """The mark of a cell of the picture of a preset, for the View."""
    return marked(picture_mark(TOPIC.presets[preset]), cell)


def names(result: Result) -> list[str]:
    """What stays, best first, of NanoDet."""
    return [COCO_CLASSES[result.candidates.labels[at]] for at in result.candidates.kept]


def speakers(result: Result) -> Verdict:
    """How many cells lie above the score threshold."""
    choice = closest(result.candidate_count, one_each=5, some=31, all=3549)
    return Verdict(choice, {"count": Number(result.candidate_count, 4), "kept": str(result.kept_count)})


def level_of_the_photographer(result: Result) -> Verdict:
    """Which level the best box of a person comes from."""
    best = result.candidates.kept[names(result).index("person")]
    stride = STRIDES[explain.place_of(int(result.candidates.cells[best]))[0]]
    choice = {8: "finer", 16: "same", 32: "coarser"}[stride]
    return Verdict(choice, {"stride": str(stride), "score": Number(result.candidates.scores[best].item(), 2)})


def spread_of(result: Result, number: int) -> float:
    """The standard deviation of what a cell says of its four edges, on average, in strides."""
    cell = explain.explain_cell(result.picture, number)
    shares, bins = cell.distributions, torch.arange(cell.distributions.shape[1])
    return (shares * (bins - cell.reach[:, None]) ** 2).sum(1).sqrt().mean().item()


def far_away(result: Result) -> Verdict:
    """How broad the distributions of a cell far from the cat are, beside those of the cell that found it."""
    near, far = (spread_of(result, number) for number in (int(result.candidates.cells[result.candidates.kept[0]]), FAR))
    choice = closest(far, narrow=near, broad=2.6)
    if explain.explain_cell(result.picture, FAR).reach.max() < 0.5:
        choice = "zero"
    return Verdict(choice, {"near": Number(near, 2), "far": Number(far, 2)})


def left_on_the_table(result: Result) -> Verdict:
    """Which of the two is left, and how far the cups overlapped the table."""
    left = {"cup": "cup", "dining table": "table"}
    kept = {left[name] for name in names(result)}
    cups = [
        other.iou for other in result.candidates.suppression.steps[0].removed
        if COCO_CLASSES[result.candidates.labels[other.box]] == "cup"
    ]  # fmt: skip
    overlap = {"overlap": Number(sum(cups) / len(cups), 2)} if cups else {"overlap": "–"}
    return Verdict("both" if len(kept) == 2 else kept.pop(), overlap)


def said_of_the_flower(result: Result) -> Verdict:
    """The best box, if there is one."""
    if not result.kept_count:
        return Verdict("nothing", {"score": "–"})
    choice = {"potted plant": "plant", "cake": "cake"}.get(names(result)[0], "other")
    return Verdict(choice, {"score": Number(result.best_score, 2)})


def goal_of_the_confidence(result: Result) -> Verdict:
    """Which goal the loss compares the confidence of the responsible box with."""
    cell = picked_cell(result.scene, result.candidates, None)
    sure, iou, term = (
        cell.confidences[cell.responsible].item(),
        cell.ious[cell.responsible].item(),
        cell.terms[2].item(),
    )
    goals = {"one": 1.0, "iou": iou, "class": cell.probabilities[cell.label].item()}
    choice = min(goals, key=lambda name: abs((sure - goals[name]) ** 2 - term))
    return Verdict(choice, {"sure": Number(sure, 2), "iou": Number(iou, 2), "term": Number(term, 1)})


def asked_for(result: Result) -> Verdict:
    """How many of the two a cell is told to find; how often such objects are found on scenes held out."""
    there, lost = len(result.scene.true_labels), len(result.scene.view.collisions)
    owners, others = explain.shared_cell_scores()
    values = {"owners": Percent(owners, 0), "others": Percent(others, 0)}
    return Verdict(closest(there - lost, both=2, one=1, none=0), values)


LESSON = (
    Step(
        "look", "Four in one", speakers, veil=("status", "levels", "below"), focus="levels", knobs=("score",),
    ),
    Step(
        "small", "Four in one", level_of_the_photographer, show={"size": 0.5, "score": 0.25}, focus="levels",
        knobs=("size", "score"),
    ),
    Step("far", "A cat", far_away, show={"cell": place("A cat", FAR)}, focus="levels"),
    Step(
        "cup", "Cup on a table", left_on_the_table, ask={"class_wise": True}, show={"class_wise": False},
        focus="picture", knobs=("iou", "class_wise"),
    ),
    Step(
        "flower", "A flower", said_of_the_flower, ask={"score": 0.95}, show={"score": 0.3}, veil=("levels",),
        focus="picture", knobs=("score",),
    ),
    Step("grid", "The grid", goal_of_the_confidence, veil=("detail",), focus="grid"),
    Step(
        "two", "Two in one cell", asked_for, ask={"score": 0.95, "cell": place("Two in one cell", EMPTY)},
        show={"score": 0.35, "cell": ""}, focus="shapes",
    ),
)  # fmt: skip

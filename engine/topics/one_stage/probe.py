"""One-stage detectors: formulas at random places, for the check of all formulas."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import torch

from engine.contracts.formula import FormulaValues
from engine.contracts.probe import Change, Mistake, Probe, Touch
from engine.instrument.detection import paired_iou

from . import explain
from .card import Config
from .picks import marked, picture_mark
from .run import run

PLACES = 4


def formulas_at(config: Config, random: Random) -> Iterator[FormulaValues]:
    """Boxes of some cells, the loss of the scene, and the overlap that decided first."""
    result = run(config)
    kept = [int(result.candidates.cells[at]) for at in result.candidates.kept[:1]] if not result.grid else []
    for number in [*kept, *(random.randrange(len(result.picture.scores)) for _ in range(PLACES))]:
        cell = explain.explain_cell(result.picture, number)
        reach = result.picture.distances[number].double().softmax(-1) @ torch.arange(11.0, dtype=torch.float64)
        yield FormulaValues(explain.expectation_formula(cell).latex, (reach[0].item(),))
        sides = zip((cell.x, cell.y, cell.x, cell.y), (-1, -1, 1, 1), reach.tolist(), strict=True)
        for text, (centre, sign, far) in zip(explain.box_sums(cell), sides, strict=True):
            yield FormulaValues(text, (centre + sign * far * cell.stride,))
    totals = result.scene.view.totals
    yield FormulaValues(explain.loss_formula(totals).latex, (*totals.tolist(), result.scene.view.loss))
    formula = explain.iou_formula(result.candidates)
    step = next((step for step in result.candidates.suppression.steps if step.removed), None)
    assert (formula is None) == (step is None)
    if formula is not None:
        pair = result.candidates.boxes[step.taken], result.candidates.boxes[step.removed[0].box]
        yield FormulaValues(formula.latex, (paired_iou(*pair).item(),))


def _cell(config: Config, number: int) -> str:
    return f"view.cell={marked(picture_mark(config), number)}"


PROBE = Probe(
    picture="picture",
    changes=(
        Change("score threshold", "picture", knob="score", keys=("ArrowLeft", "ArrowRight")),
        Change("another cell", "picture", place="found", part=".share-row", keys=("Enter",)),
    ),
    touches=(
        Touch("one-stage-found", "pick", 1, _cell(Config(), 2877)),
        Touch("one-stage-levels", "cell", {"tile": 0, "row": 3, "column": 5}, _cell(Config(), 3 * 52 + 5)),
        Touch(
            "one-stage-grid", "cell", {"tile": 1, "row": 3, "column": 5}, _cell(Config(detector="grid"), 3 * 8 + 5),
            "detector=grid",
        ),
    ),
    mistakes=(
        Mistake("view.cell=12", "Cell: expected a number and a mark such as 12-0f3c9a2b"),
        Mistake("view.step=2-0f3c9a2b"),
    ),
    cases=lambda brought: {
        "upload": {"picture": brought.picture, "detector": "grid", "scene": "picture", "size": 0.6},
    },
)  # fmt: skip

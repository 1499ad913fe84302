"""One-stage detectors: what is said about boxes, cells and the suppression, as blocks."""

from __future__ import annotations

from engine.contracts.blocks import Block, Box, Row, Say, Show, Table
from engine.contracts.formula import Formula
from engine.contracts.words import Number, Percent, Words
from engine.topics.one_stage.detection import Candidates

from . import draw, draw_scene, explain
from .card import Config
from .explain import MOST_LISTED, Cell
from .run import Result
from .scene import SHAPES, GridCell, ScenePredictions

TRAINED = {
    "nanodet": "NanoDet-g was trained by others, on 118,000 photographs of COCO and their 80 classes; published mean average precision over IoU 0.5 to 0.95: {score}.",  # noqa: E501
    "grid": "The grid detector was trained here, on drawn shapes alone; mAP@0.5 on 300 held-out scenes with backgrounds it never saw: {score}.",  # noqa: E501
}
BOX = "Click a box, or any cell of the maps: yellow shows how far that cell sees its four edges."
DISCS = "Discs: middles of the objects. Yellow: the clicked cell and its two boxes, the responsible one thick."
SHAPES_ALONE = "It knows six shapes and nothing else: what it finds in a photograph is a mistake."
TERMS = (
    (Words("centre"), "5 [(x − x̂)² + (y − ŷ)²]"),
    (Words("size"), "5 [(√w − √ŵ)² + (√h − √ĥ)²]"),
    (Words("confidence, object"), "(C − IoU)²"),
    (Words("confidence, no object"), "½ Σ C²"),
    (Words("class"), "Σ (p − p̂)²"),
)


def kept_boxes(candidates: Candidates) -> Say:
    """How many boxes stay."""
    kept, count = len(candidates.kept), Number(len(candidates.boxes) + candidates.dropped)
    if not len(candidates.boxes):
        said = Words("No box reaches the score threshold; lower it to see more.")
    elif kept > draw.MOST_BARS:
        said = Words("**{kept}** of **{count}** boxes above the score threshold stay; the {most} best:",
                     kept=kept, count=count, most=draw.MOST_BARS)  # fmt: skip
    else:
        said = Words("**{kept}** of **{count}** boxes above the score threshold stay", kept=kept, count=count)
    most = Words("(only the {most} best take part in the suppression)", most=len(candidates.boxes))
    return Say(said, *[most] * bool(candidates.dropped), style="status")


def levels(only: str) -> Say:
    """What the maps of the three levels show."""
    if only == "all":
        return Say("Best score of all 3,549 cells, on three levels; rings: their boxes stay", style="small")
    name = draw.NAMES[draw.COCO_CLASSES.index(only)]
    return Say("Score of all 3,549 cells for **{name}**, on three levels; rings: their boxes stay", name=name,
               style="small")  # fmt: skip


def one_box(cell: Cell) -> Box:
    """Four distributions, four distances, one box; and the classes of the cell."""
    where = Say(
        "Cell in row **{row}**, column **{column}** of the level with stride **{stride}** px, centre ({x}, {y}) px",
        row=cell.row, column=cell.column, stride=cell.stride, x=f"{cell.x:g}", y=f"{cell.y:g}",
    )  # fmt: skip
    distances = Show("distances", draw.draw_distances(cell), height=150)
    edges = list(zip(draw.EDGE_NAMES, explain.box_sums(cell), strict=True))
    columns = [
        [distances, Say("How far to each edge, in strides", style="small")],
        [Table((Words("edge"), Words("centre ∓ mean distance × stride = edge (px)")), edges)],
        [Show("classes", draw.draw_classes(cell))],
    ]
    return Box("detail", [where, Row(columns, (1.15, 1.1, 1))])


def one_grid_cell(predictions: ScenePredictions, cell: GridCell) -> Box:
    """What the cell owns, its boxes, its classes, and the five terms of the loss."""
    owns = "Cell in row **{row}**, column **{column}** owns no object: the confidence of its boxes should be 0."
    if not predictions.known:
        owns = "Cell in row **{row}**, column **{column}**. Nobody has said what is in this picture: there is no loss."
    elif cell.owner >= 0:
        owns = "Cell in row **{row}**, column **{column}** owns the **{name}**, whose middle lies in it."
    lost = [SHAPES[int(predictions.true_labels[other])] for other in cell.lost]
    said = Say(
        Words(owns, row=cell.row, column=cell.column, name=SHAPES[cell.label]),
        *(Words("The middle of the **{name}** lies here too: it is lost.", name=name) for name in lost),
        *[_shared()] * bool(lost),
    )
    confidence = "The confidence is to be the IoU with the object: 1 only for a perfect box."
    columns = [
        [Show("classes", draw_scene.draw_probabilities(cell))],
        [_boxes(cell), Say(confidence, style="small")],
        [_terms(cell)] if predictions.known else [],
    ]
    return Box("detail", [said, Row(columns, (0.75, 1.15, 2))])


def _boxes(cell: GridCell) -> Table:
    rows = []
    for at, (sure, iou) in enumerate(zip(cell.confidences.tolist(), cell.ious.tolist(), strict=True)):
        responsible = Words("{number} · {what}", number=at + 1, what=Words("responsible"))
        name = responsible if at == cell.responsible else str(at + 1)
        rows.append((name, f"{sure:.3f}", f"{iou:.3f}" if cell.owner >= 0 else "–"))
    return Table((Words("box"), Words("confidence C"), Words("IoU")), rows)


def _terms(cell: GridCell) -> Table:
    parts = zip(TERMS, cell.terms.tolist(), cell.totals.tolist(), strict=True)
    rows = [(*names, f"{here:.4f}", f"{total:.4f}") for names, here, total in parts]
    total = (Words("sum"), "", f"{cell.terms.sum():.4f}", f"{cell.totals.sum():.4f}")
    return Table((Words("term of the loss"), "", Words("this cell"), Words("all cells")), rows, total)


def trained(config: Config) -> Say:
    """What the detector was trained on, and how good it is."""
    return Say(TRAINED[config.detector], score=Percent(explain.published_score(config.detector)), style="small")


def _shared() -> Words:
    """How often what shares a cell is found."""
    owners, others = map(Percent, explain.shared_cell_scores())
    shared = (
        "On held-out scenes with a shared cell it finds {owners} of the objects that own it and {others} of the others."
    )
    return Words(shared, owners=owners, others=others)


def one_step(candidates: Candidates, step: int) -> Say:
    """What a step of the suppression takes, removes and spares; after the last, what is left."""
    if step >= len(candidates.suppression.steps):
        return Say("The end: {count} boxes are left.", count=len(candidates.kept), style="small")
    this = candidates.suppression.steps[step]
    said = [Words("Step {step} takes **{taken}**.", step=step + 1, taken=candidates.title(this.taken))]
    if not this.removed:
        said.append(Words("It removes none."))
    else:
        more = len(this.removed) > MOST_LISTED
        template = "Removed, with the IoU: {boxes} …" if more else "Removed, with the IoU: {boxes}."
        said.append(Words(template, boxes=explain.in_words(candidates, this.removed)))
    if this.spared:
        more = len(this.spared) > MOST_LISTED
        template = "Overlapping, but spared: {boxes} …" if more else "Overlapping, but spared: {boxes}."
        said.append(Words(template, boxes=explain.in_words(candidates, this.spared)))
    return Say(*said, style="small")


def formulas(result: Result) -> list[Block | Formula]:
    """The formulas with the numbers of this picture."""
    blocks: list[Block | Formula] = []
    if result.grid:
        blocks = [Say("The five terms of the loss in this picture (eq. 3 of YOLO v1):"),
                 explain.loss_formula(result.scene.view.totals)]  # fmt: skip
    elif (best := explain.picked_cell(result.picture, result.candidates, None)) is not None:
        blocks = [Say("Of the best box: its mean distance to the left edge, in strides:"),
                 explain.expectation_formula(best)]  # fmt: skip
    if (formula := explain.iou_formula(result.candidates)) is not None:
        blocks += [Say("The overlap that decided first in the suppression, from areas in square pixels:"), formula]
    return blocks

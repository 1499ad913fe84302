"""One-stage detectors: the grid detector's answers as pictures."""

from __future__ import annotations

from collections.abc import Sequence

from engine.contracts.words import Words, listed
from engine.models.detection.grid import CELLS, SIDE
from engine.pictures.bars.values import Bars
from engine.pictures.pixels.values import Box, Line, PixelPicture, Point, Tile
from engine.topics.one_stage.detection import Candidates

from .run import Result
from .scene import SHAPES, GridCell, ScenePredictions

TRUE, CHOSEN = "#FFFFFF", "#F0E442"
STEP = SIDE // CELLS  # pixels a side of a cell


def draw_scene(
    predictions: ScenePredictions | Result, candidates: Candidates | None = None, *, cell: GridCell | None = None
) -> PixelPicture:
    """The scene under its grid: boxes that stay in the colour of their class, middles of the objects as discs in the
    colour of theirs. The chosen cell is framed, its two boxes are drawn, the responsible one thick."""
    if isinstance(predictions, Result):
        predictions, candidates = predictions.scene, predictions.candidates if predictions.grid else None
    lines = [Line([(at, 0), (at, SIDE)], "#FFFFFF66", 1) for at in range(STEP, SIDE, STEP)]
    lines += [Line([(0, at), (SIDE, at)], "#FFFFFF66", 1) for at in range(STEP, SIDE, STEP)]
    boxes = []
    for index in reversed(candidates.kept if candidates else []):
        boxes.append(
            Box(tuple(candidates.boxes[index].tolist()), candidates.title(index), int(candidates.labels[index]))
        )
    points = []
    for label, (left, top, right, bottom) in zip(
        predictions.true_labels.tolist(), predictions.true_boxes.tolist(), strict=True
    ):
        points.append(Point((left + right) / 2, (top + bottom) / 2, label, label=SHAPES[label]))
    if cell is not None:
        for number, corners in enumerate(cell.boxes.tolist()):
            if number == cell.responsible:
                boxes.append(Box(tuple(corners), "", CHOSEN))
            else:
                lines.append(Line(outline(*corners), CHOSEN, 1.5))
        left, top = cell.column * STEP, cell.row * STEP
        lines.append(Line(outline(left, top, left + STEP, top + STEP), CHOSEN, 3))
    tile = Tile(predictions.square.numpy(), smooth=True, boxes=boxes, lines=lines, points=points)
    return PixelPicture([tile], alt=Words("The scene, the grid over it, and the boxes found"), columns=1)


def outline(left: float, top: float, right: float, bottom: float) -> list[tuple[float, float]]:
    """The outline of a rectangle, closed."""
    return [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]


def draw_grid(predictions: ScenePredictions | Result) -> PixelPicture:
    """What the 64 cells say: confidence, class by colour, and the loss of each; discs where a cell owns an object."""
    predictions = predictions.scene if isinstance(predictions, Result) else predictions
    view = predictions.view
    owned = (view.owner >= 0).nonzero().tolist()
    labels = [int(predictions.true_labels[view.owner[row, column]]) for row, column in owned]
    points = [
        Point(column + 0.5, row + 0.5, label, label=SHAPES[label])
        for (row, column), label in zip(owned, labels, strict=True)
    ]
    loss = view.terms.sum(-1).numpy()
    tiles = [
        Tile(view.confidence.amax(-1).numpy(), Words("confidence"), "probability", 0.0, 1.0, points=points),
        Tile(view.probability.numpy(), Words("class"), classes=SHAPES, points=points),
        Tile(loss, Words("loss"), "magnitude", 0.0, max(float(loss.max()), 1e-6), points=points),
    ]
    tiles = tiles if predictions.known else tiles[:2]  # without truth there is no loss
    return PixelPicture(tiles, alt=Words("Confidence, class and loss of every cell"), columns=3)


def draw_probabilities(cell: GridCell) -> Bars:
    """The class probabilities of a cell, in the order of the classes; the class of its object is marked."""
    shares = cell.probabilities.tolist()
    return Bars(SHAPES, [min(share, 1.0) for share in shares], shares_in_words(SHAPES, shares),
                marked=cell.label if cell.label >= 0 else None, marked_name=Words("its object"))  # fmt: skip


def shares_in_words(names: Sequence[str], shares: Sequence[float]) -> str:
    """ "circle 0.91; star 0.05" """
    pairs = zip(names, shares, strict=True)
    return listed([Words("{name} {score}", name=name, score=f"{share:.2f}") for name, share in pairs], "; ")

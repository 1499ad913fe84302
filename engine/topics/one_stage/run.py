"""One-stage detectors: NanoDet on a picture, and the grid detector on a scene."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.contracts.axes import axes, note, result
from engine.topics.one_stage.detection import Candidates, Predictions, find, see

from .card import Config
from .scene import ScenePredictions, find_in_scene, see_scene


@result
class Result:
    """Both detectors: what they say, and what the thresholds leave of the boxes of the one chosen."""

    picture: Predictions = note("NanoDet and what it sees")
    scene: ScenePredictions = note("the grid detector and what it sees")
    candidate_boxes: Tensor = axes("candidate edge", "left, top, right, bottom of each box", unit="px")
    candidate_scores: Tensor = axes(
        "candidate", "score of each box that takes part in the suppression, best first", unit="probability"
    )
    candidate_cells: Tensor = axes("candidate", "number of the cell that each box comes from")
    candidate_labels: Tensor = axes("candidate", "number of the class of each box")
    kept: Tensor = axes("box", "numbers of the candidates that non-maximum suppression keeps")
    candidate_count: int = axes("", "how many boxes pass the score threshold")
    kept_count: int = axes("", "how many boxes stay after the suppression")
    best_score: float = axes("", "score of the best box that stays, none without one", unit="probability", gaps=True)
    candidates: Candidates = note("the candidates and how the suppression went")
    grid: bool = note("whether the candidates are those of the grid detector")

    @property
    def aside(self) -> tuple[str, ...]:
        """The part of the detector that was not chosen: nothing of it is looked at."""
        return ("picture",) if self.grid else ("scene",)


def find_boxes(predictions: Predictions | ScenePredictions, config: Config) -> Candidates:
    """What the thresholds leave of the boxes of the detector chosen: no network runs."""
    return find_in_scene(predictions, config) if config.detector == "grid" else find(predictions, config)


def run(config: Config) -> Result:
    """Both detectors on what they look at, and the thresholds. PictureError if the picture is not on this server."""
    picture, scene, grid = see(config), see_scene(config), config.detector == "grid"
    candidates = find_boxes(scene if grid else picture, config)
    kept = torch.tensor(candidates.kept, dtype=torch.int64)
    best = float(candidates.scores[kept].max()) if len(kept) else float("nan")
    count = len(candidates.boxes) + candidates.dropped  # the suppression looks at no more than the best of them
    return Result(
        picture, scene, candidates.boxes, candidates.scores, candidates.cells, candidates.labels, kept, count,
        len(kept), best, candidates, grid,
    )  # fmt: skip

"""One-stage detectors: the marks of what a reader can pick in, see engine/contracts/picks.py."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from engine.contracts.knob import to_query
from engine.contracts.picks import check_pick, mark_of, marked, number_in

from .card import Config, detector_config

if TYPE_CHECKING:
    from engine.topics.one_stage.detection import Candidates

__all__ = ["marked", "number_in"]  # what the page needs of it
check_cell, check_step = partial(check_pick, "Cell"), partial(check_pick, "Step")


def picture_mark(config: Config) -> str:
    """The mark of what the detector looks at."""
    return mark_of(to_query(detector_config(config)))


def course(candidates: Candidates) -> str:
    """The mark of a course of the suppression; the browser's film of it has this name, too."""
    return mark_of((candidates.cells.tolist(), candidates.labels.tolist(), candidates.suppression))

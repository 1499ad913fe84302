"""Diffusion: the marks of the walks in which a reader can stand at a moment, see engine/contracts/picks.py."""

from __future__ import annotations

from functools import partial

from engine.contracts.knob import to_query
from engine.contracts.picks import check_pick, mark_of, marked

from .card import ONLY_DIGITS, Config, only_digits

__all__ = ["marked"]  # what the page needs of it
check_at = partial(check_pick, "Moment of the walk")


def walk_mark(config: Config, direction: str, step: int) -> str:
    """The mark of a walk of the points in a direction, with the network after a step of the training; the browser's
    film of the walk has this name, too."""
    idle = ("steps", *ONLY_DIGITS)
    return mark_of((direction, step, [pair for pair in to_query(config).items() if pair[0] not in idle]))


def digits_mark(config: Config) -> str:
    """The mark of a walk to digits, and the name of its film."""
    return mark_of(to_query(only_digits(config)))

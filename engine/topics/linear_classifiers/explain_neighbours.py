"""k nearest neighbours: who is asked about one spot, how far they are, and what they vote for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.contracts.blocks import Amount, Say, Table
from engine.contracts.formula import TERM_DIGITS, Formula, aligned, as_base, rest_of, written
from engine.contracts.words import Number, Percent, Words
from engine.instrument.neighbours import weights_of_votes, winners

from .card import METRICS, Config
from .neighbours import Result, vote
from .plane import class_names
from .samples import samples_of

MOST_ROWS, MOST_TERMS = 8, 3  # of the table of neighbours; of a long sum that are written out


@dataclass(frozen=True)
class Asked:
    """What the neighbours say of one input.

    order: numbers of the neighbours among all points, nearest first; far: their distances; votes: what each counts;
    shares: (K,) of the votes; answer: the class named, None where there is nobody to ask; tied: whether another class
    has as many votes.
    """

    x: Tensor
    order: np.ndarray
    far: Tensor
    votes: Tensor
    shares: Tensor
    answer: int | None
    tied: bool


def explain_spot(config: Config, x: Tensor) -> Asked:
    """Ask the neighbours about an input (D,)."""
    samples = samples_of(config)
    shares, order, far = vote(config, samples, x[None])
    there = order.shape[1] > 0
    tied = bool(there and (shares[0] == shares[0].max()).sum() > 1)
    return Asked(x, order[0].numpy(), far[0], weights_of_votes(far, config.weighted)[0], shares[0].double(),
                 int(winners(shares)[0]) if there else None, tied)  # fmt: skip


def at_spot(config: Config, spot: tuple[float, float]) -> Asked:
    """The same for a spot of the plane."""
    return explain_spot(config, samples_of(config).lifted(torch.tensor([spot]))[0])


def answer(config: Config, asked: Asked) -> Say:
    """What is said of the spot, and the rule for ties."""
    if asked.answer is None:
        return Say("There is nobody to ask yet: draw points.", style="note")
    names = class_names(config, samples_of(config))
    share = Percent(float(asked.shares[asked.answer]), 0)
    if asked.tied:
        return Say("The vote is a tie at {share}. The class that is first in the legend wins: **{name}**.", share=share,
                   name=names[asked.answer])  # fmt: skip
    return Say("The answer is **{name}**, with {share} of the votes.", share=share, name=names[asked.answer])


def neighbour_table(config: Config, asked: Asked) -> Table:
    """The neighbours, nearest first: class, distance (of L2 also its square, which gives the same order), vote."""
    samples = samples_of(config)
    names, squared = class_names(config, samples), config.metric == "l2"
    total, rows = float(asked.votes.sum()) or 1.0, []
    for place, at in enumerate(asked.order[:MOST_ROWS].tolist()):
        far, share = float(asked.far[place]), float(asked.votes[place]) / total
        middle = (Number(far * far),) if squared else ()
        rows.append((str(place + 1), names[int(samples.targets[at])], Number(far), *middle, Amount(share, share)))
    if (left := len(asked.order) - MOST_ROWS) > 0:
        rest = float(asked.votes[MOST_ROWS:].sum()) / total
        rows.append(("", Words("and {count} more", count=left), "", *[""] * squared, Number(rest)))
    head = ("", Words("class"), Words("distance d"), *(("d²",) if squared else ()), Words("share of the vote"))
    return Table(head, rows)


def distance_formula(config: Config, asked: Asked) -> Formula | None:
    """The distance to the nearest neighbour with its numbers; None where there is none, or a direction is none."""
    if not len(asked.order):
        return None
    x, a = asked.x.double(), samples_of(config).inputs[int(asked.order[0])].double()
    if config.metric == "cosine":
        if not float(x.norm()) or not float(a.norm()):
            return None
        x, a = x / x.norm(), a / a.norm()
    gaps = (x - a).tolist()
    power = "" if config.metric == "l1" else "^2"
    parts = [abs(gap) if not power else gap * gap for gap in gaps]
    strongest = sorted(sorted(range(len(parts)), key=lambda at: -parts[at])[:MOST_TERMS])
    rest = rest_of([part for at, part in enumerate(parts) if at not in strongest], TERM_DIGITS + 1)
    shown = " + ".join(_part(gaps[at], power) for at in strongest) + rest
    symbols, numbers = {
        "l1": (r"\lVert x - a \rVert_1", shown),
        "l2": (r"\sqrt{\sum_i (x_i - a_i)^2}", rf"\sqrt{{{shown}}}"),
        "l2_squared": (r"\sum_i (x_i - a_i)^2", shown),
        "cosine": (r"1 - \cos(x, a)", rf"\frac{{1}}{{2}} \left({shown}\right)"),
    }[config.metric]
    return aligned([rf"d_1 &= {symbols} = {written(float(asked.far[0]))}", f"&= {numbers}"])


def _part(gap: float, power: str) -> str:
    return rf"|{written(gap, 4)}|" if not power else f"{as_base(gap)}{power}"


def vote_formula(config: Config, asked: Asked) -> Formula | None:
    """The share of the class that wins, as votes over votes."""
    if asked.answer is None:
        return None
    targets = samples_of(config).targets[torch.from_numpy(asked.order)]
    votes = asked.votes[targets == asked.answer]
    share = written(float(asked.shares[asked.answer]))
    if not config.weighted:
        return Formula(rf"\frac{{n_y}}{{k}} = \frac{{{len(votes)}}}{{{len(asked.order)}}} = {share}")
    mine, every = float(votes.sum()), float(asked.votes.sum())
    symbols = r"\frac{\sum_{y_i = y} 1 / d_i}{\sum_i 1 / d_i}"
    return Formula(rf"{symbols} = \frac{{{written(mine)}}}{{{written(every)}}} = {share}")


def differing(first: Result, second: Result) -> float:
    """Share of the plane in which two results name different classes."""
    if not first.plane.numel():
        return math.nan
    one, other = (winners(each.plane.reshape(-1, each.plane.shape[-1])) for each in (first, second))
    return float((one != other).double().mean())


def whole(result: Result) -> list[tuple[str, Formula]]:
    """(what it is, the accuracy on the held-out points as a fraction)."""
    count = len(result.answers)
    if not count:
        return []
    right = round(float(result.accuracy) * count)
    return [("Accuracy on the held-out points", Formula(rf"\frac{{{right}}}{{{count}}} = {written(right / count)}"))]


def metric_name(config: Config) -> str:
    """The distance in use, in words."""
    return METRICS[config.metric]


def captions(config: Config, asked: Asked) -> Sequence[str]:
    """What stands below the picture of each neighbour: its class and its distance."""
    samples = samples_of(config)
    return [
        Words("{name} · {distance}", name=samples.classes[int(samples.targets[at])], distance=Number(float(far)))
        for at, far in zip(asked.order.tolist(), asked.far, strict=True)
    ]

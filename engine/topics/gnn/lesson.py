"""What the steps of the lesson on graph neural networks set up, and how the answer is read off the run."""

from __future__ import annotations

import numpy as np

from engine.contracts.lesson import Step, Verdict, closest
from engine.contracts.words import Number, Percent

from .card import Config
from .explain import inside, signal
from .run import Result, first

MEMBER_17 = 16  # its place among the nodes, which are counted from 0


def spread(config: Config) -> np.ndarray:
    """(steps, nodes) how a 1 that stands at member 17 spreads over the club."""
    return signal(inside(config, first(config)), MEMBER_17)


def rightly_placed(result: Result) -> Verdict:
    """Of the members whose side was not told, how many are on the right one."""
    others = int((~result.known).sum())
    right = round(others * result.other_accuracy[-1].item())
    choice = closest(right / others, half=0.5, three_quarters=0.75, all_but_one=1.0)
    return Verdict(choice, {"right": Number(right), "others": Number(others)})


def reached(moments: np.ndarray) -> Verdict:
    """How many members the 1 has reached after two steps."""
    counts = [int((moment > 0).sum()) for moment in moments]
    choice = closest(counts[2], three=3, six=6, everyone=34)
    return Verdict(choice, {"one": Number(counts[1]), "two": Number(counts[2]), "all": Number(counts.index(34))})


def named_rightly(result: Result) -> Verdict:
    """The share of the nodes that were not told which are named rightly."""
    share = result.other_accuracy[-1].item()
    return Verdict(closest(share, few=0.35, more=0.6, most=0.82), {"share": Percent(share, 0)})


def how_deep(result: Result) -> Verdict:
    """The same for the network of twelve layers, and how alike the nodes are after six of them."""
    share = result.other_accuracy[-1].item()
    return Verdict(closest(share, guessing=0.25, two_layers=0.82, better=0.95), {"share": Percent(share, 0)})


def trains_now(result: Result) -> Verdict:
    """Whether the network with shortcuts comes to anything."""
    share = result.other_accuracy[-1].item()
    return Verdict(closest(share, alike=0.25, trains=0.9), {"share": Percent(share, 0)})


def unlike(result: Result) -> Verdict:
    """What summing over neighbours of other classes makes of good features."""
    share = result.other_accuracy[-1].item()
    return Verdict(closest(share, better=1.0, same=0.87, half=0.5), {"share": Percent(share, 0)})


LESSON = (
    Step("two_labels", "Two labels", rightly_placed, until=50, show={"node": 8}, focus="graph"),
    Step(
        "two_steps", "Two labels", reached, ask={"below": "steps", "node": MEMBER_17}, show={"flow_step": 2},
        veil=("flow", "flow-bar"), focus="flow", path="engine.topics.gnn.lesson:spread",
    ),
    Step("no_edges", "Without the edges", named_rightly, until=200, focus="graph", knobs=("coefficients",)),
    Step("edges", "Block model", named_rightly, until=200, focus="graph",
         knobs=("coefficients", "known")),
    Step("twelve", "Twelve layers", how_deep, until=200, show={"below": "depth"}, focus="layers", knobs=("depth",)),
    Step(
        "shortcuts", "Twelve with shortcuts", trains_now, until=200, show={"below": "depth"}, focus="layers",
        knobs=("shortcut",),
    ),
    Step("unlike", "Unlike neighbours", unlike, until=200, focus="graph", knobs=("coefficients",)),
)  # fmt: skip

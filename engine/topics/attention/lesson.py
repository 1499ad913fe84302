"""What the steps of the lesson on attention set up, and how the answer is read off the encoder."""

from __future__ import annotations

import numpy as np
import torch

from engine.contracts.lesson import Step, Verdict, closest
from engine.contracts.words import Number, Percent

from .card import ANIMAL, HEAD_NAMES, HEADS
from .run import HABITS, Result

LOOKS_BACK, LOOKS_FROM_IT, LOOKS_AT_FIRST = "L1H3", "L4H2", "L5H6"
PASSIVE = "The street was not crossed by the animal because it was too tired."
OTHER_VALUES = "3_1_0_-2~0_2_-1_1~1_0_2_2~-1_3_0_2"


def habit(result: Result, name: str) -> torch.Tensor:
    """(6, 12) how much of a habit each head has."""
    return result.habits[HABITS.index(name)]


def looks_back(result: Result) -> Verdict:
    """How much of its look the head that looks back gives to the token before."""
    share = habit(result, "previous")[divmod(HEAD_NAMES.index(LOOKS_BACK), HEADS)].item()
    return Verdict(closest(share, all=1.0, half=0.5, tenth=0.1), {"share": Percent(share, 0)})


def at_first(result: Result) -> Verdict:
    """How many heads give more than half of their look to [CLS]."""
    by_layer = (habit(result, "first") > 0.5).sum(1).tolist()  # of 12 each
    choice = closest(sum(by_layer), few=3, third=27, most=60)
    values = {"all": by_layer, "first": by_layer[:1], "fifth": by_layer[4:5]}
    return Verdict(choice, {name: Number(sum(counts)) for name, counts in values.items()})


def from_it(result: Result) -> Verdict:
    """What the word "it" looks at, in the head that looks at the animal."""
    row = result.pattern[divmod(HEAD_NAMES.index(LOOKS_FROM_IT), HEADS)][result.tokens.index("it")]
    animal, street = (row[result.tokens.index(word)].item() for word in ("animal", "street"))
    choice = closest(animal / (animal + street), street=0.2, alike=0.5, animal=0.8)
    shares = {"animal": animal, "street": street, "first": row[0].item()}
    return Verdict(choice, {name: Percent(share, 0) for name, share in shares.items()})


def without_order(result: Result) -> Verdict:
    """How alike the two sentences are that have the same words."""
    return Verdict(
        closest(result.similarity, half=0.5, same=0.973, one=1.0), {"similarity": Number(result.similarity, 4)}
    )


def one_less(changes: np.ndarray) -> Verdict:
    """By how much a single head changes the similarity at most."""
    raises, lowers = int(changes.argmax()), int(changes.argmin())
    most = float(np.abs(changes).max())
    return Verdict(closest(most, little=0.03, much=0.2, everything=0.57), {
        "raises": HEAD_NAMES[raises], "up": Number(changes.flat[raises], 2),
        "lowers": HEAD_NAMES[lowers], "down": Number(-changes.flat[lowers], 2),
        "mean": Number(float(np.abs(changes).mean()), 1),
    })  # fmt: skip


def how_sharp(result: Result) -> Verdict:
    """The largest weight of a row, on average over all heads and tokens."""
    weight = result.pattern.amax(-1).mean().item()
    return Verdict(closest(weight, flatter=0.25, same=0.53, sharper=0.91), {"weight": Number(weight, 2)})


def two_alike(result: Result) -> Verdict:
    """Whether the word that stands there twice gets the same output twice."""
    first, second = (result.mechanism.output[at] for at in (1, 3))
    return Verdict("same" if torch.equal(first, second) else "differ")


LESSON = (
    Step(
        "back", "Tired animal", looks_back, ask={"head": LOOKS_BACK}, show={"positions": False}, focus="head",
        knobs=("positions",),
    ),
    Step(
        "nowhere", "Tired animal", at_first, ask={"habit": "first", "head": LOOKS_AT_FIRST}, veil=("heads", "best"),
        focus="heads",
    ),
    Step(
        "it", "Tired animal", from_it, ask={"shape": "lines"}, show={"text": ANIMAL.replace("tired", "wide")},
        focus="lines", knobs=("text",),
    ),
    Step(
        "subject", "Tired animal", from_it, ask={"shape": "lines"}, show={"text": PASSIVE}, focus="lines",
        knobs=("text",),
    ),
    Step("bag", "Dog bites man", without_order, show={"positions": False}, knobs=("second", "positions")),
    Step(
        "one_less", "Tired animal", one_less, show={"every": True}, focus="ablation",
        path="engine.topics.attention.run:ablation",
    ),
    Step(
        "root", "Tired animal", how_sharp, show={"scaling": False}, focus="heads", knobs=("scaling", "temperature"),
    ),
    Step(
        "by_hand", "By hand", two_alike, show={"values": OTHER_VALUES}, veil=("chain", "toy-detail"), focus="chain",
        knobs=("sinusoid", "causal"),
    ),
)  # fmt: skip

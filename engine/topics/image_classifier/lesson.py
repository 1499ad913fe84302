"""What the steps of the lesson on the image classifier set up, and how the answer is read off the network."""

from __future__ import annotations

import numpy as np
import torch

from engine.contracts.lesson import Step, Verdict, closest
from engine.contracts.words import Number, Percent
from engine.pictures.sketch.sketches import BarsSketch
from engine.training.fit import Snapshot

from .run import NEAR, Result

TIGER_CAT, DOMESTIC_CATS, LYNX, PEOPLE = 282, range(281, 286), 287, range(981, 984)  # classes
WORN_OR_DRIVEN = (450, 518, 560, 573)  # bobsled, crash helmet, football helmet, go-kart: driven in such suits
MUZZLE = (slice(4, 7), slice(1, 6))  # of the 7 × 7 places of a Grad-CAM map: nose, mouth and whiskers
FAINT = 0.1  # a quarter of what speaks for the best answer
COFFEE = (slice(14, 42), slice(14, 42))  # of the 56 × 56 places where a window may lie: the middle of the cup


def sure_of_a_cat(result: Result) -> Verdict:
    """How probable all domestic cats are together."""
    shares = result.probabilities[list(DOMESTIC_CATS)]
    values = {"best": Percent(shares.max().item(), 0), "cats": Percent(shares.sum().item(), 0)}
    return Verdict(closest(shares.sum().item(), best=0.38, most=0.91), values)


def evidence_for_a_lynx(result: Result) -> Verdict:
    """Where the evidence lies: whether there is any to speak of, and whether nose, mouth and whiskers, which fill the
    middle of the lower half, hold more of it than the rest of the picture does, place for place."""
    heat = result.grad_cam
    inside = torch.zeros(heat.shape, dtype=torch.bool)
    inside[MUZZLE] = True
    on_face = heat[inside].clamp(min=0).mean() > heat[~inside].clamp(min=0).mean()
    choice = "nowhere" if heat.max() < FAINT else "face" if on_face else "background"
    return Verdict(choice, {"peak": Number(heat.max().item(), 2)})


def largest_fall(snapshot: Snapshot) -> Verdict:
    """Whether the probability falls by more than a half anywhere, and where."""
    heat = snapshot.values["heat"].nan_to_num().numpy()
    in_cup = np.zeros(heat.shape, bool)
    in_cup[COFFEE] = True
    choice = "none" if heat.max() <= 0.5 else "coffee" if in_cup[np.unravel_index(heat.argmax(), heat.shape)] else "rim"
    return Verdict(choice, {"fall": Number(float(heat.max()), 2), "windows": str(snapshot.step)})


def adds_up(result: Result) -> Verdict:
    """What the integrated gradients of all pixels add up to."""
    total, goal = result.saliency_sum, result.saliency_goal
    near = goal != 0 and abs(total - goal) <= NEAR * abs(goal)  # both are 0 where nothing was added up
    choice = "difference" if near else "one" if abs(total - 1) <= NEAR else "nothing"
    return Verdict(choice, {"sum": Number(total), "goal": Number(goal), "steps": str(result.saliency_steps)})


def without_a_class(result: Result) -> Verdict:
    """Whether the network says anything of what it has no class for."""
    share, best = result.probabilities.max().item(), int(result.probabilities.argmax())
    named = "person" if best in PEOPLE else "other" if best in WORN_OR_DRIVEN else "unrelated"
    choice = "nothing" if share < 0.01 else named
    return Verdict(choice, {"share": Percent(share, 0)})


def without_colour(result: Result) -> Verdict:
    """What it takes the grey cat for."""
    best = int(result.probabilities.argmax())
    choice = "same" if best == TIGER_CAT else "other" if best in DOMESTIC_CATS else "none"
    return Verdict(choice, {"share": Percent(result.probabilities[best].item(), 0)})


def share_of_the_tiger_cat(result: Result) -> float:
    """What is left of its first answer."""
    return result.probabilities[TIGER_CAT].item()


def as_a_tiger_cat(share: float) -> str:
    """A share of the first answer, 38 % with colour, as a choice."""
    return "same" if share > 0.3 else "other" if share > 0.03 else "none"


LESSON = (
    Step("cat", "Which cat?", sure_of_a_cat, ask={"method": "none"}, veil=("classes",), focus="classes"),
    Step("lynx", "Which cat?", evidence_for_a_lynx, show={"target": LYNX}, focus="evidence"),
    Step(
        "cup", "What is in the cup", largest_fall, ask={"window": 48, "method": "none"},
        show={"window": 64, "stride": 24, "method": "occlusion"}, focus="evidence", knobs=("window", "stride"),
        path="engine.topics.image_classifier.run:stream",
    ),
    Step(
        "sum", "Coffee, integrated", adds_up, ask={"saliency": "gradient", "method": "saliency"},
        show={"saliency": "integrated"}, focus="evidence", knobs=("saliency", "cell"),
    ),
    Step(
        "astronaut", "Not a class", without_a_class, ask={"method": "none"}, show={"method": "grad_cam"},
        veil=("classes", "status", "below"), focus="classes",
    ),
    Step(
        "grey", "Cat without colour", without_colour, ask={"colour": 1.0, "flip": False, "method": "none"},
        show={"colour": 0.0, "flip": True}, focus="classes", knobs=("colour", "brightness", "flip"),
        sketch=BarsSketch("classes", "tiger cat", share_of_the_tiger_cat, as_a_tiger_cat),
    ),
)  # fmt: skip

"""kNN, SVM, softmax."""

from engine.contracts.blocks import Choose
from engine.contracts.knob import configuration, knob
from engine.topics.linear_classifiers import about, draw, stages
from engine.topics.linear_classifiers.card import MAXIMUM_STEPS, METHODS, MOST_NEIGHBOURS, parse_carried


@configuration
class View:
    """What to look at: the moment, the spot or the digit, and what is looked into."""

    moment: int = knob(-1, "Moment", low=-1, high=MAXIMUM_STEPS, hidden=True)
    x1: float = knob(1.0, "x₁", low=-3.0, high=3.0, hidden=True)
    x2: float = knob(0.5, "x₂", low=-3.0, high=3.0, hidden=True)
    digit: int = knob(0, "Held-out digit", low=0, high=1999)
    look: str = knob("point", "Look into", choices=about.LOOKS)
    part: str = knob("one", "Look into", choices=about.PARTS)
    beside: str = knob("votes", "Look into", choices=about.BESIDE)
    carried: str = knob("", "Row in the hand", hidden=True, most=60, check=parse_carried)
    model: str = knob("svm", "Classifier", choices=draw.MODEL_NAMES)
    other_k: int = knob(1, "k beside", low=1, high=MOST_NEIGHBOURS)
    pair: int = knob(0, "f of which pair", low=0, high=27)
    drawing: bool = knob(True, "Click adds points")


def head(config, view):
    """Which method; the data stay."""
    return [Choose("method", METHODS, as_buttons=True)]


def status(config, moment):
    """The live numbers of a run."""
    return about.status(config, moment)


def stage(config, view, film):
    """The method in the plane, or on digits."""
    return stages.stage(config, view, film)

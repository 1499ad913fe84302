"""kNN, SVM, softmax: what the page asks and what can be set."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.contracts.knob import KnobError, configuration, knob, without_run
from engine.contracts.topic import Source, Topic, Training
from engine.data.point_codes import check_points
from engine.data.table_keys import LONGEST_KEY, check_key
from engine.machinery.own import check_upload_key

METHODS = {"linear": "SVM and softmax", "neighbours": "k nearest neighbours", "kernel": "Kernel SVM"}
DATA = {
    "gaussians": "Gaussians",
    "moons": "Moons",
    "circles": "Circles",
    "xor": "XOR",
    "spiral": "Spiral",
    "own": "Own points",
    "table": "Own table",
    "iris": "Iris",
    "digits": "Digits 8 × 8",
    "mnist": "MNIST 28 × 28",
}
DRAWN = ("gaussians", "moons", "circles", "xor", "spiral")  # sets that are made here
OF_DIGITS = ("digits", "mnist")
METRICS = {
    "l2": "L2: √Σ(a − b)²",
    "l1": "L1: Σ|a − b|",
    "l2_squared": "L2 without the root",
    "cosine": "cosine: 1 − cos",
}
KERNELS = {"linear": "linear: a·b", "poly": "polynomial: (γ a·b + 1)ᵈ", "rbf": "RBF: exp(−γ‖a − b‖²)"}
FEATURES = {
    "sepal_length": "sepal length",
    "sepal_width": "sepal width",
    "petal_length": "petal length",
    "petal_width": "petal width",
}
MOST_NEIGHBOURS, FOLDS = 50, 5
MAXIMUM_STEPS, MAXIMUM_EDITS, LARGEST_EDIT = 5000, 60, 20
MODELS = ("svm", "softmax")
MOST_CLASSES = 10


def parse_edits(text: str) -> list[tuple[int, str, int, int, float]]:
    """Weights set by hand, "step:model.class.place=value" joined by ";" -> (step, model, class, place, value).

    model: svm or softmax. class and place count from 0; place b, -1 here, is the bias. KnobError if malformed.
    """
    edits = []
    for part in filter(None, text.split(";")):
        try:
            place, value = part.split("=")
            step, address = place.split(":")
            model, row, column = address.split(".")
            edit = int(step), model, int(row), -1 if column == "b" else int(column), float(value)
            if model not in MODELS or edit[2] < 0 or edit[3] < -1 or (edit[3] == -1 and column != "b"):
                raise ValueError
        except ValueError:
            raise KnobError(
                "Weights set by hand: expected step:model.class.place=value, got {value!r}", value=part[:40]
            ) from None
        if not (0 <= edit[0] <= MAXIMUM_STEPS and abs(edit[4]) <= LARGEST_EDIT):  # NaN is not either
            raise KnobError(
                "Weights set by hand: expected a step from 0 to {steps}, a value from -{most} to {most}, got {value!r}",
                steps=MAXIMUM_STEPS, most=LARGEST_EDIT, value=part[:40],
            )  # fmt: skip
        edits.append(edit)
    if len(edits) > MAXIMUM_EDITS:
        raise KnobError(
            "Weights set by hand: expected at most {most}, got {count}", most=MAXIMUM_EDITS, count=len(edits)
        )
    return edits


def parse_carried(text: str) -> tuple[str, int, float, float] | None:
    """A weight row in the reader's hand, "model.class=x_y" -> (model, class, x, y); None for none. KnobError if it is
    malformed."""
    if not text:
        return None
    try:
        row, place = text.split("=")
        (model, number), (x, y) = row.split("."), map(float, place.split("_"))
        if model not in MODELS or not 0 <= int(number) < MOST_CLASSES or not max(abs(x), abs(y)) < math.inf:
            raise ValueError
    except ValueError:
        raise KnobError("Row in the hand: expected model.class=x_y, got {value!r}", value=text[:40]) from None
    return model, int(number), x, y


def with_edits(config: Any, step: int, values: Mapping[str, float]) -> Mapping[str, Any]:
    """The fields of a Config that set some weights by hand after a step, in place of what was set there before.

    values: "model.class.place" -> number. Beyond the most there may be, the oldest go.
    """
    now = {f"{step}:{place}": round(min(max(float(value), -LARGEST_EDIT), LARGEST_EDIT), 4)
           for place, value in values.items()}  # fmt: skip
    others = [edit for edit in config.edits.split(";") if edit and edit.partition("=")[0] not in now]
    edits = [*others, *(f"{place}={value:g}" for place, value in now.items())][-MAXIMUM_EDITS:]
    return {"edits": ";".join(edits), "steps": step}


def trains(config: Any) -> bool:
    """Whether the two linear classifiers are what is looked at."""
    return config.method == "linear"


def by_neighbours(config: Any) -> bool:
    """Whether the neighbours are asked."""
    return config.method == "neighbours"


def by_kernel(config: Any) -> bool:
    """Whether a kernel SVM is solved."""
    return config.method == "kernel"


def in_plane(config: Any) -> bool:
    """Whether the data are points of a plane and no pictures."""
    return config.data not in OF_DIGITS


def _is_drawn(config: Any) -> bool:
    return config.data in DRAWN


def _is_iris(config: Any) -> bool:
    return config.data == "iris"


@configuration
class Config:
    """Data, a method, and what it takes. Equal Configs give equal runs."""

    method: str = knob(
        "linear", "Method", "Ask the nearest points, learn one weight row for each class by two losses, or let kernels "
        "bend the border.", choices=METHODS, hidden=True,
    )  # fmt: skip
    data: str = knob(
        "gaussians", "Data", "What is to be told apart: points of the plane, iris flowers, handwritten digits, or your "
        "own.", choices=DATA, data=True,
    )  # fmt: skip
    k: int = knob(5, "k", "How many neighbours are asked.", low=1, high=MOST_NEIGHBOURS, counts=by_neighbours)
    metric: str = knob(
        "l2", "Distance", "What near means.", choices=METRICS, counts=by_neighbours,
    )  # fmt: skip
    weighted: bool = knob(
        False, "Near ones count more", "A neighbour's vote counts one over its distance; one at distance 0 decides "
        "alone.", counts=by_neighbours,
    )  # fmt: skip
    margin: float = knob(
        1.0, "Margin Δ", "How much larger the right score must be before the hinge loss of the SVM is 0.", low=0.01,
        high=100.0, log=True, counts=trains,
    )  # fmt: skip
    strength: float = knob(
        0.001, "L2 strength λ", "Weight of the penalty λ/2 Σw² on all weights of both classifiers; biases are left "
        "alone.", low=0.00001, high=10.0, log=True, counts=trains,
    )  # fmt: skip
    learning_rate: float = knob(
        0.1, "Learning rate", "Length of each step against the gradient.", low=0.001, high=10.0, log=True, counts=trains
    )
    kernel: str = knob(
        "rbf", "Kernel", "How alike two points are, as the SVM sees them.", choices=KERNELS, counts=by_kernel
    )
    penalty: float = knob(
        1.0, "C", "What a point within the margin costs: ½‖w‖² + C Σ max(0, 1 − y f). Large C: hardly any is allowed.",
        low=0.01, high=1000.0, log=True, counts=by_kernel,
    )  # fmt: skip
    gamma: float = knob(
        0.5, "γ", "RBF: how fast likeness falls with distance; polynomial: weight of the product. A usual start is "
        "1 / (number of inputs × their variance).", low=0.001, high=100.0, log=True,
        counts=lambda config: by_kernel(config) and config.kernel != "linear",
    )  # fmt: skip
    degree: int = knob(
        3, "Degree d", "Of the polynomial.", low=2, high=6,
        counts=lambda config: by_kernel(config) and config.kernel == "poly",
    )  # fmt: skip
    classes: int = knob(
        3, "Classes", "Number of classes.", low=2, high=4,
        counts=lambda config: _is_drawn(config) or config.data == "own", data=True,
    )  # fmt: skip
    noise: float = knob(
        0.3, "Noise", "Standard deviation of the noise added to the points; what it throws off the plane stands at the "
        "edge.", low=0.0, high=1.0, step=0.05,
        counts=_is_drawn, data=True,
    )  # fmt: skip
    across: str = knob(
        "petal_length", "Across", "The flower's length that is drawn across.", choices=FEATURES, counts=_is_iris,
        data=True,
    )  # fmt: skip
    upwards: str = knob(
        "petal_width", "Upwards", "The flower's length that is drawn upwards.", choices=FEATURES, counts=_is_iris,
        data=True,
    )  # fmt: skip
    all_features: bool = knob(
        False, "All four lengths", "The methods are given all four lengths. The plane then shows what they say where "
        "the other two are at their mean.", counts=_is_iris, data=True,
    )  # fmt: skip
    images: int = knob(
        2000, "Digits to learn from", "Of MNIST; 1,000 others are held out.", low=200, high=4000, step=200,
        counts=lambda config: config.data == "mnist", data=True,
    )  # fmt: skip
    samples: int = knob(
        300, "Points", "Number of points drawn.", low=20, high=1000, step=20, advanced=True, counts=_is_drawn, data=True
    )
    train_share: float = knob(
        0.7, "Train share", "Share of the points that is learned from; the rest are held out.", low=0.1, high=0.9,
        step=0.05, advanced=True, counts=lambda config: config.data != "mnist", data=True,
    )  # fmt: skip
    batch_size: int = knob(
        500, "Batch size", "Points averaged in one gradient; at or above the training set, all of them.", low=1,
        high=4000, advanced=True, counts=trains,
    )  # fmt: skip
    until: int = knob(
        300, "Stop at step", "Training ends by itself here.", low=50, high=MAXIMUM_STEPS, step=50, advanced=True,
        counts=trains,
    )  # fmt: skip
    seed: int = knob(
        0, "Seed", "Start of all randomness: the points, the split, the folds, the batches.", low=0, high=9999,
        advanced=True,
    )  # fmt: skip
    steps: int = knob(
        0, "Steps trained", "How far this run has been trained; a link brings it back.", low=0, high=MAXIMUM_STEPS,
        hidden=True, run_only=True, counts=trains,
    )  # fmt: skip
    weights: str = knob(
        "", "Own weights", "What the classifiers start from, if a reader brought it.", hidden=True,
        check=check_upload_key, counts=trains,
    )  # fmt: skip
    points: str = knob(
        "", "Own points", "Points drawn by hand.", hidden=True, most=2000, check=check_points,
        counts=lambda config: config.data == "own", data=True,
    )  # fmt: skip
    table: str = knob(
        "", "Own table", "The reader's table.", hidden=True, most=LONGEST_KEY, check=check_key,
        counts=lambda config: config.data == "table", data=True,
    )  # fmt: skip
    edits: str = knob(
        "", "Weights set by hand", "step:model.class.place=value; …", hidden=True, run_only=True, most=2400,
        check=parse_edits, counts=trains,
    )  # fmt: skip


OF_METHOD = {
    "neighbours": ("k", "metric", "weighted"),
    "linear": ("margin", "strength", "learning_rate", "batch_size", "until"),
    "kernel": ("kernel", "penalty", "gamma", "degree"),
}
OF_DATA = {
    "classes": (*DRAWN, "own"), "noise": DRAWN, "samples": DRAWN, "across": ("iris",), "upwards": ("iris",),
    "all_features": ("iris",), "images": ("mnist",),
}  # fmt: skip


def absent(config: Config) -> tuple[str, ...]:
    """Knobs that have no place beside the picture: those of other methods and of other data."""
    others = [name for method, names in OF_METHOD.items() if method != config.method for name in names]
    return (*others, *(name for name, sets in OF_DATA.items() if config.data not in sets))


def before_training(config: Config) -> Config:
    """What the training depends on: knobs of other methods at their defaults, and no step."""
    usual = Config()
    others = [*OF_METHOD["neighbours"], *OF_METHOD["kernel"]]
    return replace(config, steps=0, **{name: getattr(usual, name) for name in others})


DIGITS = {"data": "digits", "gamma": 0.05}

TOPIC = Topic(
    slug="linear_classifiers",
    title="kNN, SVM, softmax",
    group="Foundations",
    question="Ask the nearest points, or learn one row of weights a class: who decides, and where do they differ?",
    icon=":material/border_style:",
    config=Config,
    order=2,
    run="engine.topics.linear_classifiers.run:run",
    formulas="engine.topics.linear_classifiers.explain:formulas",
    lesson="engine.topics.linear_classifiers.lesson:LESSON",
    training=Training(
        stream="engine.topics.linear_classifiers.run:stream",
        first="engine.topics.linear_classifiers.run:first",
        result_of="engine.topics.linear_classifiers.run:result_of",
        network="engine.topics.linear_classifiers.run:network",
        experiment=before_training,
    ),
    absent=absent,
    fallback=lambda config: replace(without_run(config), data="gaussians", table="", weights=""),
    own={"table": {"data": "table"}},
    figures={
        "regions": "engine.topics.linear_classifiers.draw:draw_regions",
        "scores": "engine.topics.linear_classifiers.draw:draw_curve",
    },
    called={"regions": "What the methods say", "scores": "Loss and accuracy"},
    presets={
        "Two losses": Config(),
        "Two classes, one margin": Config(classes=2, noise=0.5),
        "One neighbour": Config(method="neighbours", k=1, data="moons", classes=2, noise=0.8),
        "Twenty neighbours": Config(method="neighbours", k=20, data="moons", classes=2, noise=0.8),
        "Iris": Config(data="iris"),
        "Templates of digits": Config(**DIGITS, learning_rate=0.3),
        "Neighbours of digits": Config(**DIGITS, method="neighbours"),
        "MNIST": Config(data="mnist", learning_rate=0.05, batch_size=200, gamma=0.02),
        "Curved border": Config(method="kernel", data="circles", classes=2),
    },
    opening=Config(data="iris", steps=300),
    cover=("regions", Config(data="spiral", method="neighbours", k=5, classes=3, noise=0.1)),
    sources=(
        Source("Cover, Hart 1967: Nearest neighbor pattern classification", "https://doi.org/10.1109/TIT.1967.1053964"),
        Source("Cortes, Vapnik 1995: Support-vector networks", "https://doi.org/10.1007/BF00994018"),
        Source("Weston, Watkins 1999: Support vector machines for multi-class pattern recognition", "https://www.esann.org/sites/default/files/proceedings/legacy/es1999-461.pdf"),
        Source("Cox 1958: The regression analysis of binary sequences", "https://doi.org/10.1111/j.2517-6161.1958.tb00292.x"),
        Source("Fisher 1936: The use of multiple measurements in taxonomic problems (iris)", "https://doi.org/10.1111/j.1469-1809.1936.tb02137.x"),
        Source("Alpaydin, Kaynak 1998: Optical recognition of handwritten digits", "https://doi.org/10.24432/C50P49"),
        Source("LeCun, Bottou, Bengio, Haffner 1998: Gradient-based learning applied to document recognition (MNIST)", "https://doi.org/10.1109/5.726791"),
    ),
    code=(
        "engine.instrument.neighbours:distances",
        "engine.instrument.neighbours:nearest",
        "engine.instrument.neighbours:weights_of_votes",
        "engine.topics.linear_classifiers.neighbours:cross_validation",
        "engine.models.linear.linear:TwoClassifiers",
        "engine.models.linear.linear:hinge_terms",
        "engine.topics.linear_classifiers.run:Experiment",
        "engine.topics.linear_classifiers.kernel:solved",
    ),
    keywords=(
        "kNN", "k-nearest neighbours", "nearest neighbor", "SVM", "support vector machine", "hinge loss", "softmax",
        "logistic regression", "cross-entropy", "linear classifier", "margin", "kernel", "RBF", "L1", "L2", "cosine",
        "cross-validation", "template", "decision boundary", "digits", "MNIST", "iris", "CSV",
    ),
)  # fmt: skip

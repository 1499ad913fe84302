"""Regularisation: what the page asks and what can be set."""

import re
from dataclasses import replace
from functools import lru_cache

from engine.contracts.knob import KnobError, configuration, knob
from engine.contracts.topic import Look, Source, Topic, Training
from engine.machinery.own import check_upload_key

VIEWS = {
    "task": "One task",
    "geometry": "Corners",
    "pixel": "One bad pixel",
    "masks": "Dropout masks",
    "folds": "Folds",
    "descent": "Double descent",
}
METHODS = {
    "none": "nothing",
    "l1": "L1",
    "l2": "L2",
    "elastic": "L1 and L2 (elastic net)",
    "dropout": "dropout",
    "early": "early stopping",
}
THRESHOLDS = {"proximal": "soft threshold", "subgradient": "subgradient"}
PAIRS = {"3-8": "3 and 8", "4-9": "4 and 9", "3-5": "3 and 5", "2-7": "2 and 7", "0-1": "0 and 1"}
RIDGES = {"0": "0 (shortest exact fit)", "0.01": "0.01", "0.1": "0.1", "1": "1", "10": "10"}
MAXIMUM_STEPS = 5000
REACH = 2.0  # of the plane in which the optimum is dragged
MOST_STRENGTH = 2.0  # α there
SIDE = 28  # pixels a side of a digit
MOST_BAD = 60  # pixels spoiled by hand
TEST_DIGITS = 400  # held-out digits of a pair


def bad_pixels(text: str) -> tuple[int, ...]:
    """Pixels spoiled by hand, "379.406" row by row from the top left, -> their numbers. KnobError if malformed."""
    parts = text.split(".") if text else []
    for part in parts:
        if not re.fullmatch(r"[0-9]{1,3}", part) or int(part) >= SIDE * SIDE:
            raise KnobError(
                "Bad pixels: expected numbers from 0 to {last} joined by points, got {value!r}",
                last=SIDE * SIDE - 1, value=part[:40],
            )  # fmt: skip
    if len(parts) > MOST_BAD:
        raise KnobError("Bad pixels: expected at most {most}, got {count}", most=MOST_BAD, count=len(parts))
    return tuple(dict.fromkeys(int(part) for part in parts))


def _at(*views):
    """Whether one of these views is shown, as knobs ask."""
    return lambda config: config.view in views


def _holds(*methods):
    return lambda config: config.view == "task" and config.method in methods


@configuration
class Config:
    """A task with too few points for its network and what holds the network back; and five closer looks at that."""

    view: str = knob("task", "Look at", "One training, or one of its parts alone.", choices=VIEWS, hidden=True,
                     data=True)  # fmt: skip
    method: str = knob(
        "none", "Held back by", "What keeps the network from learning its points by heart.", choices=METHODS,
        counts=_at("task"),
    )  # fmt: skip
    l1: float = knob(
        0.003, "Strength of L1, α₁", "Price α₁ Σ|w| on all weights; biases are free.", low=0.0001, high=0.1, log=True,
        counts=_holds("l1", "elastic"),
    )  # fmt: skip
    l2: float = knob(
        0.02, "Strength of L2, α₂", "Price α₂/2 Σw² on all weights; biases are free.", low=0.0001, high=1.0, log=True,
        counts=_holds("l2", "elastic"),
    )  # fmt: skip
    threshold: str = knob(
        "proximal", "L1 by", "After each step the soft threshold moves every weight towards 0 by ηα₁, never past it; "
        "a subgradient step adds α₁ sign(w) to the slope instead.", choices=THRESHOLDS, counts=_holds("l1", "elastic"),
    )  # fmt: skip
    dropout: float = knob(
        0.5, "Dropout rate p", "Share of the hidden neurons that are left out at random in each training step.",
        low=0.0, high=0.9, step=0.05, counts=lambda config: config.view == "masks" or _holds("dropout")(config),
    )  # fmt: skip
    patience: int = knob(
        100, "Patience", "Steps without a new lowest validation loss after which training stops.", low=10, high=1000,
        step=10, unit="steps", counts=_holds("early"),
    )  # fmt: skip
    points: int = knob(
        40, "Training points", "As many again are the validation set; 200 others only test.", low=20, high=200, step=10,
        counts=_at("task", "masks", "folds"), data=True,
    )  # fmt: skip
    noise: float = knob(
        0.5, "Noise of the points", "Standard deviation of what is added to both coordinates.", low=0.0, high=1.0,
        step=0.05, counts=_at("task", "masks", "folds"), data=True,
    )  # fmt: skip
    folds: int = knob(5, "Folds k", "Parts of the training set; each is held out once.", low=2, high=10,
                      counts=_at("folds"))  # fmt: skip
    optimum_x: float = knob(1.2, "Optimum, w₁", low=-REACH, high=REACH, hidden=True, counts=_at("geometry"))
    optimum_y: float = knob(0.5, "Optimum, w₂", low=-REACH, high=REACH, hidden=True, counts=_at("geometry"))
    alpha: float = knob(0.8, "Strength α", "Weight of the penalty beside the loss.", low=0.0, high=MOST_STRENGTH,
                        step=0.02, counts=_at("geometry"))  # fmt: skip
    mix: float = knob(
        0.0, "Share of L1, ρ", "Of the second picture: 0 is L2 alone, 1 is L1 alone, between them elastic net.",
        low=0.0, high=1.0, step=0.05, counts=_at("geometry"),
    )  # fmt: skip
    tilt: float = knob(
        0.3, "Correlation of the inputs", "0: the valley of the loss is round; near ±1: long, narrow and slanted.",
        low=-0.9, high=0.9, step=0.05, counts=_at("geometry"),
    )  # fmt: skip
    pair: str = knob("3-8", "Digits", "Which two are told apart.", choices=PAIRS, counts=_at("pixel"), data=True)
    pixel_l1: float = knob(0.01, "Strength of L1", "α of the one trained with L1.", low=0.001, high=0.1, log=True,
                           counts=_at("pixel"))  # fmt: skip
    pixel_l2: float = knob(0.1, "Strength of L2", "α of the one trained with L2.", low=0.001, high=10.0, log=True,
                           counts=_at("pixel"))  # fmt: skip
    examples: int = knob(100, "Training digits n", "The test error peaks where there are as many features.", low=40,
                         high=160, step=20, counts=_at("descent"), data=True)  # fmt: skip
    ridge: str = knob("0", "L2 on the read-out, λ", "With 0 the shortest of all weights that fit equally well.",
                      choices=RIDGES, counts=_at("descent"))  # fmt: skip
    flips: float = knob(0.0, "Wrong labels", "Share of the training digits whose label is drawn anew.", low=0.0,
                        high=0.5, step=0.05, counts=_at("descent"), data=True)  # fmt: skip
    data: str = knob(
        "moons", "Shape of the data", "What the two classes look like without noise.",
        choices={"moons": "Moons", "circles": "Circles", "xor": "XOR", "gaussians": "Gaussians"}, advanced=True,
        counts=_at("task", "masks", "folds"), data=True,
    )  # fmt: skip
    width: int = knob(64, "Hidden neurons", "In each of the two hidden layers.", low=8, high=96, step=8, advanced=True,
                      counts=_at("task"))  # fmt: skip
    learning_rate: float = knob(
        0.3, "Learning rate η", "Length of a step of plain gradient descent on all training points.", low=0.003,
        high=3.0, log=True, advanced=True, counts=_at("task", "masks", "folds"),
    )  # fmt: skip
    seed: int = knob(
        4, "Seed", "Start of all randomness: points, first weights, masks, folds, random features.", low=0, high=9999,
        advanced=True, counts=_at("task", "masks", "folds", "descent"),
    )  # fmt: skip
    until: int = knob(
        800, "Stop at step", "Training ends by itself here.", low=50, high=MAXIMUM_STEPS, step=50, advanced=True,
        counts=_at("task"),
    )  # fmt: skip
    steps: int = knob(
        0, "Steps trained", "How far this run has been trained; a link brings it back.", low=0, high=MAXIMUM_STEPS,
        hidden=True, run_only=True, counts=_at("task"),
    )  # fmt: skip
    weights: str = knob(
        "", "Own weights", "What the network starts from, if a reader brought it.", hidden=True,
        check=check_upload_key, counts=_at("task"),
    )  # fmt: skip


POINTS = ("points", "noise", "data", "learning_rate", "seed")
OF_VIEW = {
    "task": (*POINTS, "method", "l1", "l2", "threshold", "dropout", "patience", "width", "until", "weights"),
    "geometry": ("optimum_x", "optimum_y", "alpha", "mix", "tilt"),
    "pixel": ("pair", "pixel_l1", "pixel_l2"),
    "masks": (*POINTS, "dropout"),
    "folds": (*POINTS, "folds"),
    "descent": ("examples", "ridge", "flips", "seed"),
}  # view -> knobs that it obeys


@lru_cache(maxsize=64)  # asked several times for one answer
def only(config: Config) -> Config:
    """The Config with every knob that its view does not obey at its default: one key in the store for what is equal."""
    return Config(view=config.view, **{name: getattr(config, name) for name in OF_VIEW[config.view]})


@lru_cache(maxsize=64)
def of_training(config: Config) -> Config:
    """What the training depends on, whichever view is shown: a look elsewhere leaves it where it is."""
    return only(replace(config, view="task", steps=0))


def absent(config: Config) -> tuple[str, ...]:
    """Knobs that do nothing with the view that is shown, or with the way of holding back that is chosen."""
    there = [one.name for one in Config.__knobs__ if one.counts is None or one.counts(config)]
    return tuple(one.name for one in Config.__knobs__ if one.name not in there)


TOPIC = Topic(
    slug="regularisation",
    title="Regularisation",
    group="Foundations",
    question="A network has a hundred weights for every point: what keeps it from learning the points by heart?",
    icon=":material/compress:",
    config=Config,
    order=6,
    run="engine.topics.regularisation.run:run",
    formulas="engine.topics.regularisation.explain:formulas",
    training=Training(
        stream="engine.topics.regularisation.task:stream",
        first="engine.topics.regularisation.task:first",
        result_of="engine.topics.regularisation.task:result_of",
        network="engine.topics.regularisation.task:network",
        experiment=of_training,
        speed="fast",
    ),
    look=Look(config=only),
    absent=absent,
    lesson="engine.topics.regularisation.lesson:LESSON",
    figures={
        "picture": "engine.topics.regularisation.figures:draw_picture",
        "curves": "engine.topics.regularisation.figures:draw_curves",
    },
    presets={
        "Learn by heart": Config(),
        "Mostly zeros": Config(method="l1"),
        "Hardly ever zero": Config(method="l1", threshold="subgradient"),
        "Half of the neurons": Config(method="dropout"),
        "Stop in time": Config(method="early"),
        "Diamond and circle": Config(view="geometry"),
        "One bad pixel": Config(view="pixel"),
        "Masks": Config(view="masks"),
        "Five folds": Config(view="folds"),
        "Double descent": Config(view="descent"),
    },
    opening=Config(data="circles", noise=0.4, method="elastic", seed=1, steps=400),
    cover=("picture", Config(view="geometry")),
    sources=(
        Source("Tibshirani 1996: Regression shrinkage and selection via the lasso", "https://doi.org/10.1111/j.2517-6161.1996.tb02080.x"),
        Source("Hoerl, Kennard 1970: Ridge regression", "https://doi.org/10.1080/00401706.1970.10488634"),
        Source("Zou, Hastie 2005: Regularization and variable selection via the elastic net", "https://doi.org/10.1111/j.1467-9868.2005.00503.x"),
        Source("Beck, Teboulle 2009: A fast iterative shrinkage-thresholding algorithm", "https://doi.org/10.1137/080716542"),
        Source("Parikh, Boyd 2014: Proximal algorithms", "https://doi.org/10.1561/2400000003"),
        Source("Srivastava et al. 2014: Dropout", "https://jmlr.org/papers/v15/srivastava14a.html"),
        Source("Prechelt 1998: Early stopping, but when?", "https://doi.org/10.1007/3-540-49430-8_3"),
        Source("Stone 1974: Cross-validatory choice and assessment of statistical predictions", "https://doi.org/10.1111/j.2517-6161.1974.tb00994.x"),
        Source(
            "Belkin et al. 2019: Reconciling modern machine-learning practice and the classical "
            "bias–variance trade-off",
            "https://doi.org/10.1073/pnas.1903070116",
        ),
        Source("Loshchilov, Hutter 2019: Decoupled weight decay regularization (AdamW)", "https://arxiv.org/abs/1711.05101"),
        Source("MNIST, 10,000 digits as packed by Juan Cazala (MIT)", "https://github.com/cazala/mnist"),
    ),
    code=(
        "engine.training.proximal:soft_threshold",
        "engine.training.proximal:shrunk",
        "engine.training.proximal:proximal_gradient",
        "engine.training.proximal:subgradient",
        "engine.models.mlp.mlp:SeededDropout",
        "engine.models.mlp.mlp:MultiLayerPerceptron",
        "engine.training.patience:Patience",
        "engine.topics.regularisation.task:Experiment",
        "engine.data.folds:folds",
        "engine.topics.regularisation.folds:train_together",
        "engine.models.random_features:least_squares",
    ),
    keywords=(
        "L1", "L2", "lasso", "ridge", "elastic net", "weight decay", "dropout", "early stopping", "overfitting",
        "sparsity", "soft threshold", "proximal", "ISTA", "cross-validation", "k-fold", "double descent",
        "bias and variance", "validation", "robustness", "AdamW",
    ),
)  # fmt: skip

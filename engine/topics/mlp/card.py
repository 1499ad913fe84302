"""MLP playground: what it asks and what can be set."""

from dataclasses import replace
from typing import Any

from engine.contracts.knob import KnobError, configuration, knob
from engine.contracts.topic import Front, Source, Topic, Training
from engine.data.point_codes import check_points
from engine.data.point_tables import PointTable
from engine.data.table_keys import LONGEST_KEY, check_key, table_of
from engine.machinery.own import check_upload_key

from .texts import ACTIVATION_NAMES, MAXIMUM_STEPS, parse_activations, parse_edits

FEATURES = {
    "x1": "x₁",
    "x2": "x₂",
    "x1_squared": "x₁²",
    "x2_squared": "x₂²",
    "x1_x2": "x₁x₂",
    "sin_x1": "sin 2x₁",
    "sin_x2": "sin 2x₂",
}
DATA = {
    "spiral": "Spiral",
    "circles": "Circles",
    "xor": "XOR",
    "gaussians": "Gaussians",
    "moons": "Moons",
    "own": "Own points",
    "table": "Own table",
    "plane": "Plane (regression)",
    "hills": "Hills (regression)",
}
REGRESSION = ("plane", "hills")
TWO_POINTS = "QQV_aqavvb"  # A at (1, 1.5) and B at (-1.5, -1)


def table_in(config: Any) -> PointTable | None:
    """The reader's own table that a Config looks at; None for other data, and where there is none or it is not here."""
    try:
        return table_of(config.table) if config.data == "table" and config.table else None
    except KnobError:
        return None


def fits_values(config: Any) -> bool:
    """Whether there is a value to fit and not a class to name."""
    table = table_in(config)
    return config.data in REGRESSION or (table is not None and not table.classes)


@configuration
class Config:
    """A network, its data and how it is trained. Equal Configs give equal runs."""

    data: str = knob(
        "spiral",
        "Data",
        "What the network has to learn: classes to tell apart, or a surface to fit.",
        choices=DATA,
        data=True,
    )
    noise: float = knob(
        0.05,
        "Noise",
        "Standard deviation of the noise added to the points, which stand at the edge where it throws them off the "
        "plane (regression: to the target).",
        low=0.0,
        high=1.0,
        step=0.05,
        counts=lambda config: config.data not in ("own", "table"),
        data=True,
    )
    layers: tuple[int, ...] = knob(
        (16, 16, 16),
        "Hidden layers",
        "Neurons in each hidden layer; none at all leaves a straight line.",
        low=1,
        high=64,
        most=8,
    )
    activation: str = knob(
        "tanh", "Activation", "What every hidden neuron does to its weighted sum. Click one to give its layer another.",
        choices=ACTIVATION_NAMES, counts=lambda config: bool(config.layers),
    )  # fmt: skip
    learning_rate: float = knob(
        0.02, "Learning rate", "Length of each step against the gradient.", low=0.0001, high=10.0, log=True
    )
    features: tuple[str, ...] = knob(
        ("x1", "x2"), "Input features", "What the network is given about a point.", choices=FEATURES, low=1
    )
    classes: int = knob(
        2,
        "Classes",
        "Number of classes; regression has none.",
        low=2,
        high=4,
        counts=lambda config: config.data not in ("table", *REGRESSION),
        data=True,
    )
    train_share: float = knob(
        0.7,
        "Train share",
        "Share of the points used for training; the rest are only tested.",
        low=0.1,
        high=0.9,
        step=0.05,
        data=True,
    )
    optimizer: str = knob(
        "adam",
        "Optimiser",
        "How a gradient becomes a step.",
        choices={"sgd": "SGD", "momentum": "Momentum 0.9", "adam": "Adam"},
        advanced=True,
    )
    batch_size: int = knob(
        400,
        "Batch size",
        "Points averaged in one gradient; at or above the training set, all of them.",
        low=1,
        high=400,
        advanced=True,
    )
    samples: int = knob(
        400,
        "Points",
        "Number of points drawn (own points: as many as you draw or bring).",
        low=20,
        high=1000,
        step=20,
        advanced=True,
        counts=lambda config: config.data not in ("own", "table"),
        data=True,
    )
    regularisation: str = knob(
        "none",
        "Regularisation",
        "L1 pulls weights to exactly zero (soft-thresholding), L2 shrinks them all; biases are left alone.",
        choices={"none": "none", "l1": "L1", "l2": "L2"},
        advanced=True,
    )
    strength: float = knob(
        0.001,
        "Strength",
        "Weight α of the penalty: α Σ|w|, or α/2 Σw².",
        low=0.00001,
        high=1.0,
        log=True,
        advanced=True,
        counts=lambda config: config.regularisation != "none",
    )
    dropout: float = knob(
        0.0,
        "Dropout",
        "Share of hidden neurons switched off at random in each training step.",
        low=0.0,
        high=0.8,
        step=0.05,
        advanced=True,
        counts=lambda config: bool(config.layers),
    )
    batch_norm: bool = knob(
        False, "Batch norm",
        "Every hidden sum is brought to mean 0 and spread 1 over the batch, then scaled and shifted by γ and β, which "
        "are learned; when the network is used, by running means instead.",
        advanced=True, counts=lambda config: bool(config.layers),
    )  # fmt: skip
    first_weights: str = knob(
        "drawn", "First weights", "Where training begins; biases begin at 0.",
        choices={"drawn": "He or Xavier", "zeros": "all zero", "equal": "all equal"}, advanced=True,
    )  # fmt: skip
    seed: int = knob(
        0,
        "Seed",
        "Start of all randomness: the points, the split, the first weights, the batches.",
        low=0,
        high=9999,
        advanced=True,
    )
    until: int = knob(
        2000, "Stop at step", "Training ends by itself here.", low=50, high=MAXIMUM_STEPS, step=50, advanced=True
    )
    steps: int = knob(
        0,
        "Steps trained",
        "How far this run has been trained; a link brings it back.",
        low=0,
        high=MAXIMUM_STEPS,
        hidden=True,
        run_only=True,
    )
    weights: str = knob(
        "", "Own weights", "What the network starts from, if a reader brought it.", hidden=True, check=check_upload_key
    )
    points: str = knob(
        "", "Own points", "Points drawn by hand.", hidden=True, most=2000, check=check_points,
        counts=lambda config: config.data == "own", data=True,
    )  # fmt: skip
    activations: str = knob(
        "", "Activation of this layer", "Layer by layer, where one has another than all.", hidden=True, most=100,
        check=parse_activations, counts=lambda config: bool(config.layers),
    )  # fmt: skip
    table: str = knob(
        "", "Own table", "The reader's table.", hidden=True, most=LONGEST_KEY, check=check_key,
        counts=lambda config: config.data == "table", data=True,
    )  # fmt: skip
    edits: str = knob(
        "",
        "Weights set by hand",
        "step:layer.to.from=value; …",
        hidden=True,
        run_only=True,
        most=1500,
        check=parse_edits,
    )


def without_steps(config: Config) -> Config:
    """What the training depends on: all but how far it went. Weights set by hand at a step are part of the run."""
    return replace(config, steps=0)


def usable(config: Config) -> Config:
    """Without what this network or this server may not have: weights set by hand, a table that was given elsewhere."""
    lost = {"data": "spiral", "table": ""} if config.data == "table" and table_in(config) is None else {}
    return replace(config, steps=0, edits="", **lost)


TOPIC = Topic(
    slug="mlp",
    title="MLP playground",
    group="Foundations",
    question="What shape can a network of this size cut the plane into, and how does it find it?",
    icon=":material/scatter_plot:",
    config=Config,
    order=5,
    run="engine.topics.mlp.run:run",
    formulas="engine.topics.mlp.formulas:formulas",
    training=Training(
        stream="engine.topics.mlp.run:stream",
        first="engine.topics.mlp.run:first",
        result_of="engine.topics.mlp.run:result_of",
        network="engine.topics.mlp.run:network",
        experiment=without_steps,
        pictured=("plane", "maps", "ranges", "weights", "biases"),
    ),
    lesson="engine.topics.mlp.lesson:LESSON",
    fallback=usable,
    own={"values": {"data": "table"}},
    figures={
        "boundary": "engine.topics.mlp.draw:draw_boundary",
        "network": "engine.topics.mlp.draw:draw_network",
        "loss": "engine.topics.mlp.draw:draw_curves",
        "hidden space": "engine.topics.mlp.spaces:draw_hidden_space",
    },
    compared={"boundary": {}, "network": {}, "loss": {}},
    called={"boundary": "Decision boundary", "hidden space": "Space of the last hidden layer"},
    presets={
        "Spiral": Config(),
        "Straight line": Config(data="moons", layers=(), learning_rate=0.1),
        "Two neurons on XOR": Config(data="xor", layers=(2,), learning_rate=0.05),
        "Four classes": Config(classes=4, layers=(24, 24), activation="relu", learning_rate=0.01),
        "Squared features": Config(data="circles", layers=(), features=("x1_squared", "x2_squared"), learning_rate=0.1),
        "Overfitting": Config(
            data="moons", noise=0.5, layers=(64, 64), activation="relu", train_share=0.1, learning_rate=0.01, seed=1
        ),
        "Rate too high": Config(data="hills", layers=(24, 24), activation="relu", optimizer="sgd", learning_rate=1.0),
        "Hills": Config(data="hills", layers=(24, 24)),
        "One point": Config(
            data="own", points=TWO_POINTS, train_share=0.5, layers=(2,), optimizer="sgd", learning_rate=0.5, seed=2
        ),
        "All weights 0": Config(
            data="circles", layers=(8,), activation="sigmoid", first_weights="zeros", learning_rate=0.05
        ),
    },
    opening=Config(classes=4, layers=(24, 24), activation="relu", learning_rate=0.01, steps=300),
    front=Front({
        DATA["spiral"]: Config(layers=(8, 8), learning_rate=0.05, steps=300),
        DATA["circles"]: Config(data="circles", noise=0.1, layers=(4, 4), learning_rate=0.03, steps=200),
        DATA["moons"]: Config(data="moons", noise=0.1, layers=(4, 4), learning_rate=0.03, steps=200),
        DATA["xor"]: Config(data="xor", noise=0.1, layers=(4, 4), learning_rate=0.03, steps=200),
    }, "engine.topics.mlp.front:moments"),
    cover=("boundary", Config(classes=3, layers=(24, 24), steps=220, seed=4)),
    sources=(
        Source("Rumelhart, Hinton, Williams 1986: Learning representations by back-propagating errors", "https://doi.org/10.1038/323533a0"),
        Source("Glorot, Bengio 2010: Understanding the difficulty of training deep feedforward neural networks", "https://proceedings.mlr.press/v9/glorot10a.html"),
        Source("He, Zhang, Ren, Sun 2015: Delving deep into rectifiers", "https://arxiv.org/abs/1502.01852"),
        Source("Kingma, Ba 2015: Adam: a method for stochastic optimization", "https://arxiv.org/abs/1412.6980"),
        Source("Ioffe, Szegedy 2015: Batch normalization", "https://arxiv.org/abs/1502.03167"),
        Source("Li, Xu, Taylor, Studer, Goldstein 2018: Visualizing the loss landscape of neural nets", "https://arxiv.org/abs/1712.09913"),
    ),
    code=(
        "engine.models.mlp.mlp:MultiLayerPerceptron",
        "engine.models.mlp.mlp:Layer",
        "engine.topics.mlp.run:stream",
        "engine.topics.mlp.step:open_step",
        "engine.training.fit:fit",
        "engine.data.points:make_points",
    ),
    keywords=(
        "neural network", "decision boundary", "hidden layer", "training", "overfitting", "playground",
        "classification", "regression", "backpropagation", "loss", "gradient descent", "Adam", "activation",
        "backward pass", "confusion matrix", "loss landscape", "batch normalisation", "CSV",
    ),
)  # fmt: skip

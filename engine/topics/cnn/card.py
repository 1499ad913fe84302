"""Inside a CNN: what it asks and what can be set."""

import re
from dataclasses import replace

from engine.contracts.knob import KnobError, configuration, knob, without_run
from engine.contracts.topic import Source, Topic, Training
from engine.data.digit_keys import MOST_TEXT, check_digit
from engine.machinery.own import check_upload_key

MAXIMUM_STEPS = 5000
SHIPPED_CHANNELS, SHIPPED_KERNEL = 8, "5"  # the network whose weights are shipped
CELL = re.compile(r"(conv[12]-(?:sum|relu|pool))((?:-[0-9]{1,2}){3})|(hidden-sum|hidden-relu|logits)(-[0-9]{1,2})")
RANKS = {"strength": "By strength", "share": "By share", "number": "By number"}  # orders of the maps
COVERED = {
    "": "Nothing", "kernels": "Kernels", "maps": "Maps", "second": "Second convolution", "deep": "Before the answer",
    "answer": "Answer",
}  # fmt: skip
FIRST_CELL = "conv1-sum-0-12-13"  # the middle of the first map


def cell_named(text: str) -> tuple[str, tuple[int, ...]]:
    """A cell as it stands in a link, "conv1-sum-0-12-13" (layer, channel, row, column) or "hidden-sum-5" (layer,
    neuron) -> the layer's name and the place in it, which a network may or may not have. KnobError if malformed."""
    match = CELL.fullmatch(text)
    if match is None:
        raise KnobError(
            "Cell: expected layer-channel-row-column such as conv1-sum-0-12-13, or layer-neuron such as hidden-sum-5, "
            "got {text!r}", text=text[:40],
        )  # fmt: skip
    layer, place = filter(None, match.groups())
    return layer.replace("-", "."), tuple(int(number) for number in place[1:].split("-"))


@configuration
class Config:
    """A digit to look at, and a network: shipped, or trained here from random weights."""

    digit: str = knob(
        "sample:604", "Digit", "A held-out digit of MNIST, or a drawing.", hidden=True, most=MOST_TEXT + 10,
        check=check_digit, data=True,
    )  # fmt: skip
    start: str = knob(
        "trained", "Weights", "Shipped: a network already trained (8 channels, kernels of 5; the knobs of that name do "
        "nothing). Untrained: random weights that have learned nothing yet; press Train.",
        choices={"trained": "Shipped, trained", "fresh": "Untrained"},
    )  # fmt: skip
    centre: bool = knob(
        True, "Centre it", "Scale a drawing into 20 × 20 pixels and move its centre of mass to the middle, as "
        "was done to every digit of MNIST.",
    )  # fmt: skip
    learning_rate: float = knob(
        0.002, "Learning rate", "Length of each step against the gradient.", low=0.00001, high=1.0, log=True
    )
    channels: int = knob(
        SHIPPED_CHANNELS, "Channels", "Kernels of the first convolution; the second has twice as many.",
        low=2, high=16, advanced=True,
    )  # fmt: skip
    kernel: str = knob(
        SHIPPED_KERNEL, "Kernel size", "Side of every kernel.", choices={"3": "3 × 3", "5": "5 × 5", "7": "7 × 7"},
        advanced=True,
    )  # fmt: skip
    batch_size: int = knob(64, "Batch size", "Digits averaged in one gradient.", low=8, high=256, step=8, advanced=True)
    optimizer: str = knob(
        "adam", "Optimiser", "How a gradient becomes a step.",
        choices={"sgd": "SGD", "momentum": "Momentum 0.9", "adam": "Adam"}, advanced=True,
    )  # fmt: skip
    shift: int = knob(
        0, "Random shifts", "Every training digit is moved by up to this many pixels, anew each time it is seen.",
        low=0, high=4, unit="px", advanced=True,
    )  # fmt: skip
    seed: int = knob(
        0, "Seed", "Start of all randomness: the first weights, the batches, the shifts.", low=0, high=9999,
        advanced=True,
    )  # fmt: skip
    until: int = knob(
        600, "Stop at step", "Training ends by itself here.", low=50, high=MAXIMUM_STEPS, step=50, advanced=True
    )
    steps: int = knob(
        0, "Steps trained", "How far this run has been trained; a link brings it back.",
        low=0, high=MAXIMUM_STEPS, hidden=True, run_only=True,
    )  # fmt: skip
    weights: str = knob(
        "", "Own weights", "What the network starts from, if a reader brought it.", hidden=True, check=check_upload_key
    )


def without_digit(config: Config) -> Config:
    """What the training depends on: not on the digit looked at, nor on how that is centred, nor on how far it went."""
    usual = Config()
    return replace(without_run(config), digit=usual.digit, centre=usual.centre)


TOPIC = Topic(
    slug="cnn",
    title="Inside a CNN",
    group="Convolution",
    question="What happens to a digit on its way through a convolutional network, and who taught the kernels?",
    icon=":material/filter_center_focus:",
    config=Config,
    order=3,
    run="engine.topics.cnn.run:run",
    formulas="engine.topics.cnn.explain:formulas",
    training=Training(
        stream="engine.topics.cnn.run:stream",
        first="engine.topics.cnn.run:first",
        result_of="engine.topics.cnn.run:look",
        network="engine.topics.cnn.run:network",
        experiment=without_digit,
        speed="fast",
        pictured=(),
        begins="start",
    ),
    lesson="engine.topics.cnn.lesson:LESSON",
    shipped=("digit_cnn",),
    own=("digit",),
    figures={
        "maps": "engine.topics.cnn.draw:draw_maps",
        "mosaic": "engine.topics.cnn.draw:draw_mosaic",
        "kernels": "engine.topics.cnn.draw:draw_kernels",
        "loss": "engine.topics.cnn.draw:draw_curves",
        "accuracy": "engine.topics.cnn.draw:draw_accuracy",
    },
    compared={"maps": {}, "kernels": {}, "loss": {}, "accuracy": {}},
    called={"maps": "Feature maps", "mosaic": "Maps side by side"},
    presets={
        "A three": Config(),
        "Sure and wrong": Config(digit="sample:1457"),
        "Before training": Config(start="fresh"),
        "Three by three": Config(start="fresh", kernel="3", channels=4),
        "With shifts": Config(start="fresh", shift=3),
        "Plain gradient descent": Config(start="fresh", optimizer="sgd", learning_rate=0.05),
        "Rate too high": Config(start="fresh", learning_rate=0.1),
    },
    opening=Config(digit="sample:1700"),
    cover=("mosaic", Config()),
    sources=(
        Source("LeCun, Bottou, Bengio, Haffner 1998: Gradient-based learning applied to document recognition", "https://doi.org/10.1109/5.726791"),
        Source("Zeiler, Fergus 2014: Visualizing and understanding convolutional networks", "https://arxiv.org/abs/1311.2901"),
        Source("Erhan, Bengio, Courville, Vincent 2009: Visualizing higher-layer features of a deep network", "https://www.researchgate.net/publication/265022827"),
        Source("MNIST, 10,000 digits as packed by Juan Cazala (MIT)", "https://github.com/cazala/mnist"),
    ),
    code=(
        "engine.models.cnn.cnn:SmallCNN",
        "engine.models.cnn.cnn:Convolution",
        "engine.topics.cnn.run:Experiment",
        "engine.topics.cnn.explain:explain_cell",
        "engine.topics.cnn.ranks:falls",
        "engine.instrument.receptive_field:receptive_field",
        "engine.data.digits:centred",
        "engine.instrument.exciting:gradient_ascent",
        "engine.training.fit:fit",
    ),
    keywords=(
        "convolution", "MNIST", "handwritten digits", "feature maps", "kernel", "filter", "receptive field", "pooling",
        "ReLU", "LeNet", "draw", "occlusion", "softmax", "logits",
    ),
)  # fmt: skip

"""Activations: what the page asks and what can be set."""

from engine.contracts.expressions import parse
from engine.contracts.knob import configuration, knob, without_run
from engine.contracts.topic import Source, Topic, Training
from engine.data.activations import NAMES, OWN
from engine.machinery.own import check_upload_key

NOTHING = "none"
INITIALISATIONS = {
    "zeros": "all zeros", "small": "too small, N(0, 0.01²)", "lecun": "LeCun, 1/n", "xavier": "Xavier, 2/(n + m)",
    "he": "He, 2/n", "orthogonal": "orthogonal", "large": "too large, N(0, 1)",
}  # fmt: skip
DATA = {
    "normal": "Standard normal, 32 numbers", "spiral": "Spiral", "circles": "Circles", "moons": "Moons", "xor": "XOR",
    "digits": "Digits (MNIST)",
}  # fmt: skip
PLANE_SETS = ("spiral", "circles", "moons", "xor")
MAXIMUM_STEPS, MOST_LAYERS = 2000, 50
MOST_FORMULA = 200


def check_formula(text: str) -> None:
    """KnobError unless the text is a formula in x."""
    parse(text, ("x",))


def asks(name: str):
    """Whether one of the functions of a Config is this one."""
    return lambda config: name in functions_of(config)


@configuration
class Config:
    """One or two activation functions, and the same deep network with each of them. Equal Configs give equal runs."""

    activation: str = knob("sigmoid", "Activation", "What every hidden unit does to its sum.",
                           choices={**NAMES, OWN: "own formula"})  # fmt: skip
    second: str = knob(
        "relu", "Compared with", "The same network, from the same first weights, with another function.",
        choices={NOTHING: "nothing else", **NAMES, OWN: "own formula"},
    )  # fmt: skip
    formula: str = knob(
        "x sin(x)", "Own formula", "In x, such as sin(x), x sigmoid(2x), max(x, 0.1x), tanh(x) + x; its derivative "
        "comes by automatic differentiation.", most=MOST_FORMULA, check=check_formula, counts=asks(OWN),
    )  # fmt: skip
    slope: float = knob(
        0.01, "Slope of Leaky ReLU", "Of its negative half.", low=0.0, high=1.0, step=0.01, counts=asks("leaky_relu")
    )  # fmt: skip
    depth: int = knob(10, "Depth", "Hidden layers, all equal, one after the other.", low=1, high=MOST_LAYERS)
    initialisation: str = knob(
        "he", "First weights", "How large the random weights are at first: the variance of each, by the number n of "
        "inputs and m of outputs of its layer.", choices=INITIALISATIONS,
    )  # fmt: skip
    data: str = knob("spiral", "Batch", "What is sent through the network, and trained on.", choices=DATA, data=True)
    width: int = knob(64, "Width", "Units of every hidden layer.", low=2, high=128)
    bias: float = knob(
        0.0, "First bias", "Where the biases of all hidden units begin.", low=-5.0, high=5.0, step=0.1, advanced=True
    )
    threshold: float = knob(
        0.05, "Saturated below", "A slope that is smaller than this in size counts as saturated.", low=0.001, high=0.5,
        log=True, advanced=True,
    )  # fmt: skip
    samples: int = knob(
        256, "Samples in the batch", "How many are sent through at once.", low=32, high=512, step=32, advanced=True,
        data=True,
    )  # fmt: skip
    optimizer: str = knob(
        "sgd", "Optimiser", "How a gradient becomes a step.", choices={"sgd": "SGD", "adam": "Adam"}, advanced=True
    )
    learning_rate: float = knob(
        0.1, "Learning rate", "Length of each step against the gradient.", low=0.0001, high=100.0, log=True
    )
    until: int = knob(
        300, "Stop at step", "Training ends by itself here.", low=50, high=MAXIMUM_STEPS, step=50, advanced=True
    )
    seed: int = knob(0, "Seed", "Start of all randomness: the batch, the first weights.", low=0, high=9999,
                     advanced=True)  # fmt: skip
    steps: int = knob(
        0, "Steps trained", "How far this run has been trained; a link brings it back.", low=0, high=MAXIMUM_STEPS,
        hidden=True, run_only=True,
    )  # fmt: skip
    weights: str = knob(
        "", "Own weights", "What the networks start from, if a reader brought them.", hidden=True,
        check=check_upload_key,
    )  # fmt: skip


def functions_of(config: Config) -> tuple[str, ...]:
    """The keys of the one or two functions that are looked at; beside itself a function is drawn once."""
    return (config.activation,) if config.second in (NOTHING, config.activation) else (config.activation, config.second)


TOPIC = Topic(
    slug="activations",
    title="Activations",
    group="Foundations",
    question="What does the bend in every neuron do to a signal on its way through many layers, and to the gradient on "
    "its way back?",
    icon=":material/show_chart:",
    config=Config,
    order=3,
    run="engine.topics.activations.run:run",
    formulas="engine.topics.activations.explain:formulas",
    lesson="engine.topics.activations.lesson:LESSON",
    training=Training(
        stream="engine.topics.activations.run:stream",
        first="engine.topics.activations.run:first",
        result_of="engine.topics.activations.run:result_of",
        network="engine.topics.activations.run:network",
        experiment=without_run,
        pictured=("sums", "outputs", "layers", "plane"),
    ),
    figures={
        "function": "engine.topics.activations.draw:draw_function",
        "layers": "engine.topics.activations.draw:draw_layers",
        "gradients": "engine.topics.activations.draw:draw_gradients",
        "curves": "engine.topics.activations.draw:draw_curves",
    },
    called={"layers": "Outputs layer by layer", "gradients": "Gradients layer by layer"},
    presets={
        "Sigmoid and ReLU": Config(),
        "Sigmoid alone": Config(second=NOTHING),
        "Thirty layers, Xavier": Config(
            activation="relu", second="tanh", depth=30, initialisation="xavier", data="normal"
        ),
        "Thirty layers, He": Config(activation="relu", second="tanh", depth=30, data="normal"),
        "Much too large": Config(activation="tanh", second="relu", depth=20, initialisation="large", data="normal"),
        "Born dead": Config(
            activation="relu", second="leaky_relu", slope=0.1, depth=4, bias=-1.0, optimizer="adam", learning_rate=0.01
        ),
        "A step too long": Config(
            activation="relu", second="leaky_relu", slope=0.1, depth=4, optimizer="adam", learning_rate=1.0
        ),
        "Steps in place of slopes": Config(activation="step", second=NOTHING, depth=4),
        "Twenty layers, no activation": Config(
            activation="identity", second=NOTHING, depth=20, initialisation="orthogonal"
        ),
        "A sine": Config(activation=OWN, formula="sin(x)", second=NOTHING, depth=4),
        "Digits, self-normalising": Config(
            activation="selu", second="sigmoid", depth=16, initialisation="lecun", data="digits"
        ),
    },
    opening=Config(activation="tanh", second="selu", depth=12, initialisation="lecun", data="circles", steps=100),
    cover=(
        "layers", Config(activation="tanh", second=NOTHING, depth=50, width=128, initialisation="xavier", data="normal")
    ),
    sources=(
        Source("Glorot, Bengio 2010: Understanding the difficulty of training deep feedforward neural networks", "https://proceedings.mlr.press/v9/glorot10a.html"),
        Source("He, Zhang, Ren, Sun 2015: Delving deep into rectifiers", "https://arxiv.org/abs/1502.01852"),
        Source("LeCun, Bottou, Orr, Müller 1998: Efficient backprop", "https://doi.org/10.1007/3-540-49430-8_2"),
        Source("Saxe, McClelland, Ganguli 2014: Exact solutions … in deep linear neural networks", "https://arxiv.org/abs/1312.6120"),
        Source("Nair, Hinton 2010: Rectified linear units improve restricted Boltzmann machines", "https://icml.cc/Conferences/2010/papers/432.pdf"),
        Source("Maas, Hannun, Ng 2013: Rectifier nonlinearities … acoustic models (Leaky ReLU)", "https://ai.stanford.edu/~amaas/papers/relu_hybrid_icml2013_final.pdf"),
        Source("Clevert, Unterthiner, Hochreiter 2016: … by exponential linear units (ELU)", "https://arxiv.org/abs/1511.07289"),
        Source("Klambauer et al. 2017: Self-normalizing neural networks (SELU)", "https://arxiv.org/abs/1706.02515"),
        Source("Hendrycks, Gimpel 2016: Gaussian error linear units (GELU)", "https://arxiv.org/abs/1606.08415"),
        Source("Ramachandran, Zoph, Le 2017: Searching for activation functions (swish)", "https://arxiv.org/abs/1710.05941"),
        Source("Lu, Shin, Su, Karniadakis 2020: Dying ReLU and initialization", "https://arxiv.org/abs/1903.06733"),
    ),
    code=(
        "engine.models.activations:activation",
        "engine.models.activations:with_derivative",
        "engine.models.deep_network:initialise",
        "engine.models.deep_network:DeepLayer",
        "engine.models.deep_network:DeepNetwork",
        "engine.models.deep_network:one_matrix",
        "engine.instrument.layer_statistics:layer_statistics",
        "engine.topics.activations.run:Experiment",
    ),
    keywords=(
        "activation function", "sigmoid", "tanh", "ReLU", "Leaky ReLU", "ELU", "SELU", "GELU", "SiLU", "swish",
        "softplus", "step", "derivative", "saturation", "vanishing gradient", "exploding gradient", "dying ReLU",
        "initialisation", "Xavier", "Glorot", "He", "Kaiming", "LeCun", "orthogonal", "linear network",
    ),
)  # fmt: skip

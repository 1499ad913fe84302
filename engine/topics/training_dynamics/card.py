"""Training dynamics: what the page asks and what can be set."""

import math
import re
from dataclasses import replace

from engine.contracts.expressions import parse
from engine.contracts.knob import KnobError, configuration, knob
from engine.contracts.topic import Look, Source, Topic
from engine.data.surfaces import OWN_DOMAIN, OWN_START, SURFACES

LOOKS = {
    "race": "The race",
    "signal": "Signal through depth",
    "norm": "Normalisation",
    "grid": "Rate × batch",
    "schedule": "Schedule",
}
RULES = {
    "sgd": "SGD",
    "momentum": "Momentum",
    "nesterov": "Nesterov",
    "adagrad": "AdaGrad",
    "rmsprop": "RMSprop",
    "adam": "Adam",
    "adamw": "AdamW",
}
ADAPTIVE = ("adagrad", "rmsprop", "adam", "adamw")  # rules that divide by the size of past gradients
SURFACE_NAMES = {
    "bowl": "Bowl",
    "ravine": "Ravine",
    "saddle": "Saddle",
    "rosenbrock": "Rosenbrock",
    "beale": "Beale",
    "own": "own formula",
}
FUNCTIONS = {
    "relu": "ReLU",
    "leaky_relu": "Leaky ReLU",
    "tanh": "tanh",
    "sigmoid": "sigmoid",
    "gelu": "GELU",
    "silu": "SiLU",
    "identity": "none (linear)",
}
INITIALISATIONS = {
    "zeros": "zeros",
    "small": "too small, σ = 0.01",
    "xavier": "Xavier, 2/(in + out)",
    "he": "He, 2/in",
    "large": "too large, σ = 1",
}
NORMS = {"batch": "BatchNorm", "layer": "LayerNorm", "group": "GroupNorm", "instance": "InstanceNorm", "none": "None"}
SCHEDULES = {
    "constant": "constant",
    "step": "falls in steps",
    "cosine": "cosine",
    "warm_cosine": "warm-up, cosine",
    "one_cycle": "one cycle",
}
BATCHES = (8, 16, 32, 64, 128, 256)  # of the grid
RATES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
ADAPTIVE_RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)
MOST_STEPS, MOST_DEPTH = 500, 60
FURTHEST = 100.0  # from zero: of a start


def parse_start(text: str) -> tuple[float, float] | None:
    """ "-2_1.5" -> (-2, 1.5); None for "", which means the surface's own start. KnobError for anything else."""
    if not text:
        return None
    match = re.fullmatch(r"(-?\d{1,3}(?:\.\d{1,6})?)_(-?\d{1,3}(?:\.\d{1,6})?)", text)
    if match is None:
        raise KnobError("Start: expected two numbers such as -2_1.5, got {text!r}", text=text[:40])
    place = float(match[1]), float(match[2])
    if max(map(abs, place)) > FURTHEST:
        raise KnobError(
            "Start: expected numbers from -{most} to {most}, got {text!r}", most=int(FURTHEST), text=text[:40]
        )
    return place


def start_text(x: float, y: float) -> str:
    """The inverse of `parse_start`, to three decimals and no further from zero than it takes."""
    if not (math.isfinite(x) and math.isfinite(y)):
        return ""
    return "_".join(f"{round(max(-FURTHEST, min(FURTHEST, float(one))), 3) + 0:g}" for one in (x, y))


def check_formula(text: str) -> None:
    """KnobError unless it is a formula in x and y."""
    parse(text, ("x", "y"))


def _at(*looks: str):
    return lambda config: config.look in looks


def _among(*rules: str):
    return lambda config: config.look == "race" and any(rule in rules for rule in config.rules)


@configuration
class Config:
    """What is looked at, and all that can be set for it. Equal Configs give equal numbers."""

    look: str = knob("race", "Look", "What of the training is looked at.", choices=LOOKS, hidden=True, data=True)
    # the race
    surface: str = knob(
        "ravine", "Surface", "What they go down on.", choices=SURFACE_NAMES, counts=_at("race"), data=True
    )
    formula: str = knob(
        "(x^2 + 6 y^2)/4 + sin(3 x)/2", "Formula of your own", "Of x and y: + − × / ^, sin, cos, exp, log, sqrt, abs …",
        most=200, check=check_formula, counts=lambda config: config.look == "race" and config.surface == "own",
        data=True,
    )  # fmt: skip
    rules: tuple[str, ...] = knob(
        ("sgd", "momentum", "adagrad", "adam"), "Optimisers", "Who takes part.", choices=RULES, low=1,
        counts=_at("race"),
    )  # fmt: skip
    rate: float = knob(
        0.1, "Learning rate", "Of SGD, momentum and Nesterov, whose steps are as long as the gradient makes them.",
        low=0.0001, high=10.0, log=True, counts=_among("sgd", "momentum", "nesterov"),
    )  # fmt: skip
    adaptive_rate: float = knob(
        0.1, "Rate of adaptive ones", "Of AdaGrad, RMSprop, Adam and AdamW: a step of theirs in each direction is "
        "about as long as this, however large the gradient; RMSprop's first is longer, AdaGrad's grow shorter.",
        low=0.0001, high=10.0, log=True, counts=_among(*ADAPTIVE),
    )  # fmt: skip
    race_steps: int = knob(
        150, "Steps", "Of each optimiser.", low=10, high=MOST_STEPS, step=10, advanced=True, counts=_at("race")
    )
    momentum: float = knob(
        0.9, "Momentum μ", "The share of its velocity that is kept from step to step.", low=0.0, high=0.99, step=0.01,
        advanced=True, counts=_among("momentum", "nesterov"),
    )  # fmt: skip
    forgets: float = knob(
        0.99, "RMSprop's α", "The share of its mean square that is kept from step to step.", low=0.5, high=0.999,
        step=0.001, advanced=True, counts=_among("rmsprop"),
    )  # fmt: skip
    beta_2: float = knob(
        0.999, "Adam's β₂", "The share of its mean square that is kept from step to step; β₁ is 0.9.", low=0.5,
        high=0.999, step=0.001, advanced=True, counts=_among("adam", "adamw"),
    )  # fmt: skip
    decay: float = knob(
        0.01, "AdamW's weight decay λ", "Each step also takes η λ of the weights themselves away.", low=0.0, high=1.0,
        step=0.01, advanced=True, counts=_among("adamw"),
    )  # fmt: skip
    noise: float = knob(
        0.0, "Gradient noise", "Standard deviation of what is added to each gradient, the same for all, as random "
        "batches would.", low=0.0, high=2.0, step=0.05, advanced=True, counts=_at("race"),
    )  # fmt: skip
    start: str = knob("", "Start", "Where all begin; drag it.", hidden=True, most=24, check=parse_start)
    # the signal through depth
    signal: str = knob(
        "starts", "Compare", "First weights with one another, or what is done against vanishing and exploding.",
        choices={"starts": "Initialisations", "cures": "Cures"}, hidden=True, data=True,
    )  # fmt: skip
    function: str = knob("relu", "Activation", "Of every hidden layer.", choices=FUNCTIONS, counts=_at("signal"))
    initialisation: str = knob(
        "he", "Initialisation", "How large the first weights are: their variance, or their standard deviation σ.",
        choices=INITIALISATIONS, counts=_at("signal"),
    )  # fmt: skip
    depth: int = knob(30, "Depth", "Hidden layers, one after the other.", low=1, high=MOST_DEPTH, counts=_at("signal"))
    width: int = knob(
        32, "Units in a layer", "Of every hidden layer.", low=4, high=128, advanced=True, counts=_at("signal")
    )
    longest: float = knob(
        1.0, "Clip at", "The norm of all gradients together is brought down to this where it is larger.", low=0.01,
        high=100.0, log=True, counts=lambda config: config.look == "signal" and config.signal == "cures",
    )  # fmt: skip
    deep_rate: float = knob(
        0.1, "Learning rate", "Of the networks that are trained (SGD).", low=0.001, high=3.0, log=True,
        counts=lambda config: config.look == "signal" and config.signal == "cures",
    )  # fmt: skip
    # normalisation
    norm: str = knob("batch", "Normalisation", "Which numbers are averaged together.", choices=NORMS,
                     counts=_at("norm"))  # fmt: skip
    mode: str = knob(
        "train", "Mode", "BatchNorm alone makes a difference: in eval mode it takes the statistics that it stored.",
        choices={"train": "train", "eval": "eval"}, counts=lambda config: config.look == "norm",
    )  # fmt: skip
    batch: int = knob(4, "Batch size B", "Digits that are looked at together.", low=1, high=6, counts=_at("norm"))
    channels: int = knob(4, "Channels C", "Kernels of the convolution.", low=2, high=8, step=2, counts=_at("norm"))
    side: int = knob(
        3, "Places a side H = W", "1: one number a channel, as behind a dense layer.", low=1, high=4, counts=_at("norm")
    )
    groups: int = knob(
        2, "Groups", "Of GroupNorm: channels that are averaged together stand next to one another.", low=1, high=4,
        counts=lambda config: config.look == "norm" and config.norm == "group",
    )  # fmt: skip
    gamma: float = knob(
        1.0, "Scale γ", "Learned; what the normalised numbers are multiplied by.", low=-3.0, high=3.0, step=0.1,
        advanced=True, counts=_at("norm"),
    )  # fmt: skip
    beta: float = knob(
        0.0,
        "Shift β",
        "Learned; what is added at last.",
        low=-3.0,
        high=3.0,
        step=0.1,
        advanced=True,
        counts=_at("norm"),
    )
    batches: int = knob(
        20, "Batches seen", "Training batches from which BatchNorm has stored running statistics.", low=0, high=100,
        advanced=True, counts=lambda config: config.look == "norm" and config.norm == "batch",
    )  # fmt: skip
    running_momentum: float = knob(
        0.1, "Share of the newest batch", "In the running statistics; PyTorch calls it momentum.", low=0.01, high=1.0,
        advanced=True, counts=lambda config: config.look == "norm" and config.norm == "batch",
    )  # fmt: skip
    # learning rate and batch size
    trainer: str = knob("sgd", "Optimiser", "Of the networks that are trained.", choices=RULES,
                        counts=_at("grid", "schedule"))  # fmt: skip
    epochs: int = knob(
        6, "Epochs", "How often each network sees every one of the 1,024 digits.", low=1, high=20, counts=_at("grid")
    )
    # schedules
    peak: float = knob(
        1.0, "Highest rate", "What every schedule reaches at its top.", low=0.001, high=5.0, log=True,
        counts=_at("schedule"),
    )  # fmt: skip
    warm_up: int = knob(
        30, "Warm-up steps", "In which the rate rises, of warm-up and cosine.", low=0, high=150, step=5,
        counts=_at("schedule"),
    )  # fmt: skip
    train_steps: int = knob(
        300, "Steps", "Of each network, 32 digits a step.", low=160, high=800, step=20, advanced=True,
        counts=_at("schedule"),
    )  # fmt: skip
    seed: int = knob(
        0, "Seed", "Start of all randomness: noise, first weights, order of the digits, kernels.", low=0, high=9999,
        advanced=True,
    )  # fmt: skip


OF_LOOK = {
    "race": ("surface", "formula", "rules", "rate", "adaptive_rate", "race_steps", "momentum", "forgets", "beta_2",
             "decay", "noise", "start"),
    "signal": ("signal", "function", "initialisation", "depth", "width", "longest", "deep_rate"),
    "norm": ("norm", "mode", "batch", "channels", "side", "groups", "gamma", "beta", "batches", "running_momentum"),
    "grid": ("trainer", "epochs"),
    "schedule": ("trainer", "peak", "warm_up", "train_steps"),
}  # fmt: skip
OF_ANY = tuple(dict.fromkeys(name for names in OF_LOOK.values() for name in names))


def absent(config: Config) -> tuple[str, ...]:
    """The knobs of the other looks."""
    return tuple(name for name in OF_ANY if name not in OF_LOOK[config.look])


def only(config: Config) -> Config:
    """The Config with every knob of other looks at its default: one key in the store for what is equal."""
    usual = Config()
    return replace(config, **{name: getattr(usual, name) for name in absent(config)})


def domain_of(config: Config) -> tuple[float, float, float, float]:
    """(x low, x high, y low, y high) of the surface's picture."""
    return SURFACES[config.surface].domain if config.surface in SURFACES else OWN_DOMAIN


def start_of(config: Config) -> tuple[float, float]:
    """Where the race begins."""
    own = SURFACES[config.surface].start if config.surface in SURFACES else OWN_START
    return parse_start(config.start) or own


PARTS = {"race": "race:race", "signal": "signal:signal", "norm": "block:block", "grid": "schedule:rates",
         "schedule": "schedule:rates"}  # fmt: skip

TOPIC = Topic(
    slug="training_dynamics",
    title="Training dynamics",
    group="Foundations",
    question="Same network, same data: why does one training arrive and another one never leave?",
    icon=":material/speed:",
    config=Config,
    order=7,
    run="engine.topics.training_dynamics.run:run",
    formulas="engine.topics.training_dynamics.explain:formulas",
    lesson="engine.topics.training_dynamics.lesson:LESSON",
    figures={
        "race": "engine.topics.training_dynamics.draw:draw_race",
        "heights": "engine.topics.training_dynamics.draw:draw_heights",
        "signal": "engine.topics.training_dynamics.draw:draw_signal",
        "block": "engine.topics.training_dynamics.draw:draw_block",
        "rates": "engine.topics.training_dynamics.draw:draw_rates",
    },
    called={
        "race": "The race", "heights": "Heights over the steps", "signal": "Gradients by layer", "rates": "Schedules",
    },
    presets={
        "Ravine": Config(),
        "All seven": Config(rules=tuple(RULES), surface="beale"),
        "Rosenbrock": Config(surface="rosenbrock", rules=("sgd", "momentum", "nesterov", "adam"), race_steps=400),
        "Beside a saddle": Config(surface="saddle", rules=("sgd", "momentum", "rmsprop", "adam")),
        "Too large a step": Config(rules=("sgd", "momentum"), rate=0.26),
        "Thirty layers": Config(look="signal"),
        "Small weights": Config(look="signal", signal="cures", initialisation="small"),
        "Deep and plain": Config(look="signal", signal="cures", function="tanh", initialisation="xavier", depth=24),
        "BatchNorm": Config(look="norm"),
        "LayerNorm": Config(look="norm", norm="layer"),
        "A batch of one": Config(look="norm", batch=1, side=1),
        "Rate × batch": Config(look="grid"),
        "Schedules": Config(look="schedule", trainer="momentum", peak=0.3),
    },
    opening=Config(surface="beale"),
    cover=("race", Config(surface="beale")),
    sources=(
        Source("Glorot, Bengio 2010: Understanding the difficulty of training deep feedforward neural networks", "https://proceedings.mlr.press/v9/glorot10a.html"),
        Source("He, Zhang, Ren, Sun 2015: Delving deep into rectifiers", "https://arxiv.org/abs/1502.01852"),
        Source("He, Zhang, Ren, Sun 2016: Deep residual learning for image recognition", "https://arxiv.org/abs/1512.03385"),
        Source("Ioffe, Szegedy 2015: Batch normalization", "https://arxiv.org/abs/1502.03167"),
        Source("Ba, Kiros, Hinton 2016: Layer normalization", "https://arxiv.org/abs/1607.06450"),
        Source("Wu, He 2018: Group normalization", "https://arxiv.org/abs/1803.08494"),
        Source("Ulyanov, Vedaldi, Lempitsky 2016: Instance normalization", "https://arxiv.org/abs/1607.08022"),
        Source("Pascanu, Mikolov, Bengio 2013: On the difficulty of training recurrent neural networks", "https://arxiv.org/abs/1211.5063"),
        Source("Polyak 1964: Some methods of speeding up the convergence of iteration methods", "https://doi.org/10.1016/0041-5553(64)90137-5"),
        Source("Sutskever et al. 2013: On the importance of initialization and momentum", "https://proceedings.mlr.press/v28/sutskever13.html"),
        Source("Duchi, Hazan, Singer 2011: Adaptive subgradient methods", "https://jmlr.org/papers/v12/duchi11a.html"),
        Source("Tieleman, Hinton 2012: Lecture 6e, RMSprop", "https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf"),
        Source("Kingma, Ba 2015: Adam: a method for stochastic optimization", "https://arxiv.org/abs/1412.6980"),
        Source("Loshchilov, Hutter 2019: Decoupled weight decay regularization", "https://arxiv.org/abs/1711.05101"),
        Source("Loshchilov, Hutter 2017: SGDR: stochastic gradient descent with warm restarts", "https://arxiv.org/abs/1608.03983"),
        Source("Goyal et al. 2017: Accurate, large minibatch SGD", "https://arxiv.org/abs/1706.02677"),
        Source("Smith, Topin 2018: Super-convergence", "https://arxiv.org/abs/1708.07120"),
    ),
    code=(
        "engine.training.optimisers:take_step",
        "engine.topics.training_dynamics.race:race",
        "engine.models.normalisation:moments",
        "engine.models.normalisation:Normalisation",
        "engine.models.deep_network:initialise",
        "engine.models.deep_network:DeepLayer",
        "engine.training.clipping:clip",
        "engine.training.schedules:share_of_peak",
        "engine.topics.training_dynamics.trainings:looks",
    ),
    look=Look(
        config=only,
        path=lambda config: f"engine.topics.training_dynamics.{PARTS[config.look]}",
    ),
    absent=absent,
    keywords=(
        "optimiser", "optimizer", "SGD", "momentum", "Nesterov", "AdaGrad", "RMSprop", "Adam", "AdamW", "learning rate",
        "batch size", "schedule", "warm-up", "cosine", "one cycle", "initialisation", "Xavier", "Glorot", "He",
        "vanishing gradient", "exploding gradient", "clipping", "residual", "skip connection", "BatchNorm",
        "LayerNorm", "GroupNorm", "InstanceNorm", "running statistics", "saddle point", "ravine", "Rosenbrock", "Beale",
        "loss surface", "degradation",
    ),
)  # fmt: skip

"""Neuron and perceptron: what the page asks and what can be set."""

from dataclasses import replace

from engine.contracts.knob import KnobError, configuration, knob, shortest, without_run
from engine.contracts.topic import Look, Source, Topic, Training
from engine.data.point_codes import LENGTH, SIGNS, check_points
from engine.machinery.own import check_upload_key

NETWORKS = {"hand": "One, by hand", "rule": "One, learning", "layers": "Two layers"}
GATES = ("and", "or", "nand", "xor")
DATA = {
    "and": "AND",
    "or": "OR",
    "nand": "NAND",
    "xor": "XOR",
    "parted": "Two sides of a gap",
    "overlapping": "Overlapping clouds",
    "own": "Own points",
}
FUNCTIONS = {"step": "step function", "sigmoid": "sigmoid", "tanh": "tanh", "relu": "ReLU"}
MAXIMUM_STEPS = 5000
MOST_POINTS = 100  # of a reader's own
LARGEST = 5.0  # of a weight or threshold set by hand
OR_NAND_AND = "1_1_0.5~-1_-1_-1.5~1_1_1.5"
UNITS = ("h1", "h2", "y")


def parse_units(text: str) -> tuple[tuple[float, float, float], ...]:
    """ "1_1_0.5~-1_-1_-1.5~1_1_1.5" -> w₁, w₂, θ of h₁, h₂ and y. KnobError for anything else."""
    try:
        units = tuple(tuple(float(number) for number in unit.split("_")) for unit in text.split("~"))
    except ValueError:
        units = ()
    if len(units) != len(UNITS) or any(len(unit) != 3 for unit in units):
        raise KnobError("Neurons: expected three times w₁_w₂_θ joined by ~, such as {such}, got {text!r}",
                        such=OR_NAND_AND, text=text[:40])  # fmt: skip
    for number in (number for unit in units for number in unit):
        if not abs(number) <= LARGEST:  # NaN is not either
            raise KnobError(
                "Neurons: expected numbers from -{most} to {most}, got {value}",
                most=shortest(LARGEST), value=shortest(number),
            )  # fmt: skip
    return units


def units_text(units) -> str:
    """The inverse of `parse_units`, to two decimals."""
    return "~".join("_".join(f"{round(float(number), 2) + 0:g}" for number in unit) for unit in units)


def check_own(text: str) -> None:
    """KnobError unless the text encodes at most 100 points of the first two classes."""
    check_points(text)
    if len(text) > LENGTH * MOST_POINTS:
        raise KnobError(
            "Own points: expected at most {most} points, got {count}", most=MOST_POINTS, count=len(text) // LENGTH
        )
    for sign in text[LENGTH - 1 :: LENGTH]:
        if SIGNS.index(sign) > 1:
            raise KnobError("Own points: expected class 0 or 1, got class {count}", count=SIGNS.index(sign))


def _learns(config) -> bool:
    return config.network == "rule"


def _by_hand(config) -> bool:
    return config.network == "hand"


def _drawn(config) -> bool:
    return config.data in ("parted", "overlapping")


@configuration
class Config:
    """Neurons, what they are to answer, and how one of them learns. Equal Configs give equal runs."""

    network: str = knob(
        "rule", "Neurons", "One neuron that you set or that learns by the perceptron rule, or two layers of "
        "neurons that you set.", choices=NETWORKS,
    )  # fmt: skip
    data: str = knob("and", "Task", "Which points shall give 1, and which 0.", choices=DATA, data=True)
    function: str = knob(
        "step", "Function f", "What a neuron makes of its sum z. The perceptron rule is about the step.",
        choices=FUNCTIONS, counts=lambda config: not _learns(config),
    )  # fmt: skip
    w1: float = knob(
        0.0, "Weight w₁", "Of the first input. When the neuron learns: what it starts from.", low=-LARGEST,
        high=LARGEST, step=0.05, counts=lambda config: config.network != "layers",
    )  # fmt: skip
    w2: float = knob(
        0.0, "Weight w₂", "Of the second input. When the neuron learns: what it starts from.", low=-LARGEST,
        high=LARGEST, step=0.05, counts=lambda config: config.network != "layers",
    )  # fmt: skip
    theta: float = knob(
        0.0, "Threshold θ", "What the weighted sum has to reach. When the neuron learns: what it starts from.",
        low=-LARGEST, high=LARGEST, step=0.05, counts=lambda config: config.network != "layers",
    )  # fmt: skip
    gap: float = knob(
        0.5, "Width of the gap", "Of the empty strip between the two classes.", low=0.0, high=3.0, step=0.05,
        counts=lambda config: config.data == "parted", data=True,
    )  # fmt: skip
    order: str = knob(
        "turn", "Order of the samples", "In which the samples are presented, pass after pass.",
        choices={"turn": "in turn", "random": "shuffled"}, advanced=True, counts=_learns,
    )  # fmt: skip
    rate: float = knob(
        1.0, "Learning rate η", "Length of a correction. From w = 0 and θ = 0 it changes nothing but the scale.",
        low=0.1, high=2.0, step=0.1, advanced=True, counts=_learns,
    )  # fmt: skip
    samples: int = knob(
        40, "Points", "How many are drawn.", low=4, high=100, step=2, advanced=True, counts=_drawn, data=True
    )
    seed: int = knob(
        0, "Seed", "Start of all randomness: the points, and the order of a shuffled pass.", low=0, high=9999,
        advanced=True,
    )  # fmt: skip
    until: int = knob(
        400, "Stop after", "Samples presented; sooner where a whole pass needs no correction.", low=20,
        high=MAXIMUM_STEPS, step=20, advanced=True, counts=_learns,
    )  # fmt: skip
    steps: int = knob(
        0, "Samples presented", "How far this run has gone; a link brings it back.", low=0, high=MAXIMUM_STEPS,
        hidden=True, run_only=True, counts=_learns,
    )  # fmt: skip
    weights: str = knob(
        "", "Own weights", "What the neuron starts from, if a reader brought it.", hidden=True, check=check_upload_key
    )
    units: str = knob(
        OR_NAND_AND, "Neurons by hand", "w₁, w₂, θ of both hidden neurons and of the output.", hidden=True, most=120,
        check=parse_units, counts=lambda config: config.network == "layers",
    )  # fmt: skip
    points: str = knob(
        "", "Own points", "Points drawn by hand.", hidden=True, most=2000, check=check_own,
        counts=lambda config: config.data == "own", data=True,
    )  # fmt: skip


ABSENT = {
    "rule": ("function",),
    "hand": ("order", "rate", "until"),
    "layers": ("w1", "w2", "theta", "order", "rate", "until"),
}


def absent(config: Config) -> tuple[str, ...]:
    """Knobs that have no place beside the picture."""
    of_data = () if _drawn(config) else ("samples",)
    seeded = () if _drawn(config) or _learns(config) else ("seed",)
    return (*ABSENT[config.network], *of_data, *seeded, *(() if config.data == "parted" else ("gap",)))


TOPIC = Topic(
    slug="perceptron",
    title="Neuron and perceptron",
    group="Foundations",
    question="Two weights and a threshold: what can one neuron tell apart, how does it learn to, and what never?",
    icon=":material/linear_scale:",
    config=Config,
    order=1,
    run="engine.topics.perceptron.run:run",
    formulas="engine.topics.perceptron.explain:formulas",
    lesson="engine.topics.perceptron.lesson:LESSON",
    training=Training(
        stream="engine.topics.perceptron.run:stream",
        first="engine.topics.perceptron.run:first",
        result_of="engine.topics.perceptron.run:result_of",
        network="engine.topics.perceptron.run:network",
        experiment=without_run,
        speed="slow",
        every_step=True,
    ),
    look=Look(config=without_run),
    absent=absent,
    fallback=lambda config: replace(without_run(config), weights=""),
    figures={
        "plane": "engine.topics.perceptron.draw:draw_plane",
        "corrections": "engine.topics.perceptron.draw:draw_curves",
        "loss": "engine.topics.perceptron.draw:draw_stairs",
    },
    compared={"plane": {}, "corrections": {}},
    called={"plane": "The plane", "corrections": "Corrections and mistakes", "loss": "Loss over the threshold"},
    presets={
        "AND, learning": Config(),
        "AND by hand": Config(network="hand", w1=1.0, w2=1.0, theta=0.5),
        "Soft neuron": Config(network="hand", function="sigmoid", data="parted", w1=1.0, w2=-2.0, theta=0.5, seed=2),
        "Wide gap": Config(data="parted", gap=2.0, seed=1),
        "Narrow gap": Config(data="parted", gap=0.2, seed=1, until=1000),
        "XOR, learning": Config(data="xor"),
        "XOR in two layers": Config(network="layers", data="xor"),
        "Overlapping": Config(data="overlapping", until=1000, order="random"),
    },
    opening=Config(data="parted", gap=0.5, seed=3, steps=80),
    cover=("plane", Config(network="layers", data="xor")),
    sources=(
        Source("McCulloch, Pitts 1943: A logical calculus of the ideas immanent in nervous activity", "https://doi.org/10.1007/BF02478259"),
        Source("Rosenblatt 1958: The perceptron: a probabilistic model for information storage", "https://doi.org/10.1037/h0042519"),
        Source("Novikoff 1962: On convergence proofs on perceptrons", "https://apps.dtic.mil/sti/citations/AD0298258"),
        Source("Minsky, Papert 1969: Perceptrons", "https://mitpress.mit.edu/9780262630221/perceptrons/"),
        Source("Gallant 1990: Perceptron-based learning algorithms (the pocket)", "https://doi.org/10.1109/72.80230"),
        Source("Wolfe 1976: Finding the nearest point in a polytope", "https://doi.org/10.1007/BF01580381"),
    ),
    code=(
        "engine.models.perceptron.neuron:step",
        "engine.models.perceptron.neuron:Neurons",
        "engine.models.perceptron.neuron:TwoLayers",
        "engine.models.perceptron.rule:HalfPlane",
        "engine.models.perceptron.rule:corrected",
        "engine.models.perceptron.rule:most_corrections",
        "engine.instrument.margin:widest_margin",
        "engine.instrument.margin:nearest_in_hull",
        "engine.topics.perceptron.run:Experiment",
    ),
    keywords=(
        "perceptron", "neuron", "McCulloch-Pitts", "threshold", "step function", "logic gate", "AND", "OR", "NAND",
        "XOR", "Rosenblatt", "convergence theorem", "margin", "linearly separable", "half-plane", "truth table",
    ),
)  # fmt: skip

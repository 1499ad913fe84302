"""Backpropagation: what the page asks and what can be set."""

import re
from dataclasses import replace

from engine.contracts.expressions import Operation, Variable, inside, parse
from engine.contracts.knob import KnobError, configuration, knob, shortest, without_run
from engine.contracts.topic import Source, Topic, Training
from engine.machinery.own import check_upload_key

DATA = {"expression": "An expression", "network": "A small network"}
VARIABLES = ("a", "b", "c", "d", "f", "u", "w", "w1", "w2", "x", "x1", "x2", "y", "z")
LARGEST = 1000.0  # of a number that a reader sets
MOST_NODES = 60
MAXIMUM_STEPS = 2000
USUAL = 1.0  # the value of a variable that no value is given for
TASKS = {"xor": "XOR", "and": "AND", "or": "OR"}
ACTIVATIONS = {"tanh": "tanh", "sigmoid": "sigmoid", "relu": "ReLU"}
LOSSES = {"squared": "squared error", "cross_entropy": "cross-entropy"}
HIDDEN = (1, 4)
_PAIR = re.compile(r"\s*([A-Za-z]\w*)\s*=\s*([-+−]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*")


def check_formula(text: str) -> None:
    """KnobError unless it can be read, uses a variable, and fits into a picture."""
    parts = list(inside(parse(text, VARIABLES)))
    names = {part.name for part in parts if isinstance(part, Variable)}
    if not names:
        raise KnobError("Formula: expected at least one of the names {names}", names=", ".join(VARIABLES))
    if not any(isinstance(part, Operation) for part in parts):
        raise KnobError("Formula: expected at least one operation, such as {example}", example=f"2*{min(names)}")
    count = len(names) + sum(not isinstance(part, Variable) for part in parts)
    if count > MOST_NODES:
        raise KnobError(
            "Formula: expected at most {most} nodes in its graph, got {count}", most=MOST_NODES, count=count
        )


def read_numbers(text: str, names: tuple[str, ...], label: str) -> dict[str, float]:
    """ "a=2, b=-3" -> {"a": 2.0, "b": -3.0}. KnobError that calls it `label` for anything else."""
    found: dict[str, float] = {}
    for part in re.split(r"[,;，；]", text) if text.strip() else ():
        pair = _PAIR.fullmatch(part)
        if pair is None:
            raise KnobError(
                "{label}: expected names and numbers such as {example}, got {value!r}",
                label=label, example=f"{names[0]}=2, {names[1]}=-3", value=part.strip()[:40],
            )  # fmt: skip
        name, value = pair[1], float(pair[2].replace("−", "-"))
        if name not in names:
            raise KnobError(
                "{label}: there is no {name!r}, only {names}", label=label, name=name[:40], names=", ".join(names)
            )
        if not abs(value) <= LARGEST:
            raise KnobError(
                "{label}: expected numbers from -{most} to {most}, got {value}",
                label=label, most=shortest(LARGEST), value=shortest(value),
            )  # fmt: skip
        if name in found:
            raise KnobError("{label}: expected one number for {name}, got two", label=label, name=name)
        found[name] = value
    return found


def numbers_text(values: dict[str, float]) -> str:
    """The inverse of `read_numbers`, to six digits that count."""
    return ", ".join(f"{name}={value:.6g}" for name, value in values.items())


def read_values(text: str) -> dict[str, float]:
    """The values of a formula's variables."""
    return read_numbers(text, VARIABLES, "Values")


PARAMETERS = (
    *(f"w{to}{origin}" for to in range(1, HIDDEN[1] + 1) for origin in (1, 2)),
    *(f"b{to}" for to in range(1, HIDDEN[1] + 1)), *(f"u{to}" for to in range(1, HIDDEN[1] + 1)), "c",
)  # fmt: skip


def read_weights(text: str) -> dict[str, float]:
    """First weights set by hand."""
    return read_numbers(text, PARAMETERS, "Weights by hand")


def read_names(text: str) -> tuple[str, ...]:
    """ "a.x1" -> ("a", "x1"): the variables that descent leaves alone. KnobError for others."""
    names = tuple(text.split(".")) if text else ()
    for name in names:
        if name not in VARIABLES:
            raise KnobError("Kept fixed: expected names such as a.x1, got {value!r}", value=name[:40])
    return names


def variables_of(config) -> tuple[str, ...]:
    """The variables of an expression, in the order of their first use."""
    parts = inside(parse(config.formula, VARIABLES))
    return tuple(dict.fromkeys(part.name for part in parts if isinstance(part, Variable)))


def values_of(config) -> dict[str, float]:
    """What the variables of an expression begin with."""
    given = read_values(config.values)
    return {name: given.get(name, USUAL) for name in variables_of(config)}


def _expression(config) -> bool:
    return config.data == "expression"


def _network(config) -> bool:
    return config.data == "network"


@configuration
class Config:
    """A computation that ends in one number L, and how its inputs move against the gradient. Equal Configs give equal
    runs."""

    data: str = knob(
        "expression", "Computation", "A formula of yours, or a network of a few neurons with its loss.", choices=DATA,
        data=True,
    )  # fmt: skip
    formula: str = knob(
        "(a*b + c)*f", "Formula",
        "L, of a, b, c, d, f, u, w, w1, w2, x, x1, x2, y and z; with + - * / ^ and functions such as tanh, exp, relu, "
        "max(a, b).", most=200, check=check_formula, counts=_expression, data=True,
    )  # fmt: skip
    values: str = knob(
        "a=2, b=-3, c=10, f=-2", "Values", "Where each variable begins; 1 for those not named.", most=300,
        check=read_values, counts=_expression, data=True,
    )  # fmt: skip
    task: str = knob(
        "xor", "Task", "Four samples: what is to be said of two switches that are −1 or 1.", choices=TASKS,
        counts=_network, data=True,
    )  # fmt: skip
    hidden: int = knob(2, "Hidden neurons", "Of the one hidden layer.", low=HIDDEN[0], high=HIDDEN[1], counts=_network)
    activation: str = knob(
        "tanh", "Activation", "What every hidden neuron does to its sum.", choices=ACTIVATIONS, counts=_network
    )
    loss: str = knob(
        "squared", "Loss", "(z − y)², or ln(1 + e^z) − y z, which is the cross-entropy of σ(z).", choices=LOSSES,
        counts=_network,
    )  # fmt: skip
    learning_rate: float = knob(
        0.01, "Learning rate", "η: each step takes away η times the gradient.", low=0.001, high=10.0, log=True
    )
    zero: bool = knob(
        True, "Zero gradients",
        "Before every backward pass. Without it each pass adds to what the ones before have left.",
    )  # fmt: skip
    until: int = knob(
        50, "Stop at step", "Descent ends by itself here.", low=10, high=MAXIMUM_STEPS, step=10, advanced=True
    )
    seed: int = knob(0, "Seed", "Of the first weights.", low=0, high=9999, advanced=True, counts=_network)
    by_hand: str = knob(
        "",
        "Weights by hand",
        "First weights that were set.",
        hidden=True,
        most=400,
        check=read_weights,
        counts=_network,
    )
    fixed: str = knob(
        "", "Kept fixed", "Variables that descent leaves alone.", hidden=True, most=80, check=read_names,
        counts=_expression,
    )  # fmt: skip
    steps: int = knob(
        0, "Steps trained", "How far this run has been trained; a link brings it back.", low=0, high=MAXIMUM_STEPS,
        hidden=True, run_only=True,
    )  # fmt: skip
    weights: str = knob(
        "", "Own weights", "What the network starts from, if a reader brought it.", hidden=True, check=check_upload_key
    )


NEURON = "tanh(w1*x1 + w2*x2 + b)"
XOR = Config(data="network", learning_rate=0.2, until=200, seed=1)

TOPIC = Topic(
    slug="backpropagation",
    title="Backpropagation",
    group="Foundations",
    question="How does one pass backward tell every number in a computation how much the result depends on it?",
    icon=":material/account_tree:",
    config=Config,
    order=4,
    run="engine.topics.backpropagation.run:run",
    formulas="engine.topics.backpropagation.explain:formulas",
    lesson="engine.topics.backpropagation.lesson:LESSON",
    training=Training(
        stream="engine.topics.backpropagation.run:stream",
        first="engine.topics.backpropagation.run:first",
        result_of="engine.topics.backpropagation.run:result_of",
        network="engine.topics.backpropagation.run:network",
        experiment=without_run,
        speed="slow",
    ),
    fallback=lambda config: replace(without_run(config), weights=""),
    absent=lambda config: (
        ("task", "hidden", "activation", "loss", "seed") if config.data == "expression" else ("formula", "values")
    ),
    figures={
        "graph": "engine.topics.backpropagation.draw:draw_graph",
        "loss": "engine.topics.backpropagation.draw:draw_loss",
        "check": "engine.topics.backpropagation.draw:draw_check",
    },
    called={"graph": "The computation", "loss": "The loss over the steps", "check": "Error of finite differences"},
    presets={
        "Product and sum": Config(),
        "Used twice": Config(formula="x*x + x", values="x=3", learning_rate=0.05),
        "Times zero": Config(formula="(a + b)*(c - 2)", values="a=3, b=4, c=2", learning_rate=0.05),
        "Saturated": Config(formula="sigmoid(w*x + b)", values="w=4, x=2, b=1", learning_rate=0.05),
        "One neuron": Config(
            formula=NEURON, values="w1=-3, x1=2, w2=1, x2=0, b=6.88", fixed="x1.x2", learning_rate=0.05
        ),
        "Squared error": Config(
            formula="(w*x - y)^2", values="w=2, x=2, y=1", fixed="x.y", learning_rate=0.1, until=20
        ),
        "At the kink": Config(formula="relu(x) + abs(y) + max(a, b)", values="x=0, y=0, a=1, b=1", learning_rate=0.05),
        "XOR, nine weights": XOR,
        "XOR, thirteen weights": replace(XOR, hidden=3, loss="cross_entropy", learning_rate=0.5),
        "Dead neurons": replace(XOR, activation="relu", learning_rate=0.5, seed=0),
    },
    opening=replace(XOR, steps=130),
    cover=("graph", Config(formula=NEURON, values="w1=-1, x1=2, w2=1.5, x2=1, b=0.2")),
    sources=(
        Source("Rumelhart, Hinton, Williams 1986: Learning representations by back-propagating errors", "https://doi.org/10.1038/323533a0"),
        Source("Linnainmaa 1976: Taylor expansion of the accumulated rounding error", "https://doi.org/10.1007/BF01931367"),
        Source("Baydin, Pearlmutter, Radul, Siskind 2018: Automatic differentiation in machine learning: a survey", "https://arxiv.org/abs/1502.05767"),
        Source("Griewank, Walther 2008: Evaluating derivatives", "https://doi.org/10.1137/1.9780898717761"),
        Source("Paszke et al. 2019: PyTorch: an imperative style, high-performance deep learning library", "https://arxiv.org/abs/1912.01703"),
    ),
    code=(
        "engine.models.scalar_engine:Value",
        "engine.models.scalar_engine:Function",
        "engine.models.scalar_engine:apply",
        "engine.models.scalar_engine:forward",
        "engine.models.scalar_checks:central_differences",
        "engine.models.scalar_checks:autograd_gradients",
        "engine.topics.backpropagation.run:Experiment",
    ),
    keywords=(
        "backpropagation", "backprop", "gradient", "chain rule", "derivative", "autograd", "automatic differentiation",
        "computational graph", "micrograd", "finite differences", "gradient check", "gradient descent", "learning rate",
        "fan-out", "zero_grad", "vanishing gradient",
    ),
)  # fmt: skip

"""Training dynamics: one step of an optimiser with its live numbers."""

from __future__ import annotations

import math

from engine.contracts.blocks import Block, Say
from engine.contracts.formula import Formula, aligned, as_base, bracketed, exact, written
from engine.contracts.words import Number
from engine.data.surfaces import SURFACES

from .card import RULES, Config
from .race import Race, settings_of

PLACE = 6  # digits of where it stands: a step moves it a little
COORDINATES = {0: "x", 1: "y"}
ABOUT_RULES = {
    "sgd": "SGD: straight down the slope, as far as the slope is steep.",
    "momentum": "Momentum: steps add up in a velocity v; what points to and fro cancels, what points one way grows.",
    "nesterov": "Nesterov: as momentum, but the gradient counts as if the velocity had already moved on.",
    "adagrad": "AdaGrad: each direction is divided by the root of all its squared gradients so far, a sum that can "
    "only grow: steps become ever shorter.",
    "rmsprop": "RMSprop: as AdaGrad, but with a mean that forgets, so steps need not die away.",
    "adam": "Adam: a mean of gradients over the root of a mean of their squares; both are 0 at first, and the hats "
    "undo that.",
    "adamw": "AdamW: Adam, and apart from it the weights shrink by the share η λ; here that pulls towards the origin.",
}
ABOUT_NETWORKS = (
    "One network (49 inputs, two hidden layers of 32 ReLU, 10 digits), the same first weights and batches of 32 for "
    "all. Rates: {rate} for SGD, momentum and Nesterov, {adaptive} for the adaptive ones, a tenth of that on surfaces."
)


def moment_of(race: Race, asked: int) -> int:
    """The moment before the step that is spoken of: the one that leads to moment `asked`; -1: the last one."""
    last = race.height.shape[1] - 2
    return last if asked < 0 else min(max(asked - 1, 0), last)


def rule_at(race: Race, asked: str) -> int:
    """The place of a rule among those that take part; the first where it does not."""
    return race.rules.index(asked) if asked in race.rules else 0


def update(config: Config, race: Race, rule: int, moment: int, coordinate: int) -> Formula | None:
    """Step `moment` (0 first) of a rule in x or y, with all numbers; None where it has left."""
    name, letter = race.rules[rule], COORDINATES[coordinate]
    at, after = (race.position[rule, k, coordinate].item() for k in (moment, moment + 1))
    g = race.gradient[rule, moment, coordinate].item()
    first, second = (memory[rule, moment, coordinate].item() for memory in (race.first, race.second))
    new_first, new_second = (memory[rule, moment + 1, coordinate].item() for memory in (race.first, race.second))
    if not all(map(math.isfinite, (at, after, g, new_first, new_second))):
        return None
    settings = settings_of(config, name)
    rate, mu = exact(settings.rate), exact(settings.momentum)
    now, epsilon, square = bracketed(g, 4), exact(settings.epsilon), f"{as_base(g)}^2"
    noise = r" + \text{noise}" if config.noise else ""
    rows = [rf"g &= \frac{{\partial f}}{{\partial {letter}}}{noise} = {written(g)}"]
    if name in ("momentum", "nesterov"):
        rows.append(r"v &= \mu\, v_{\text{old}} + g")
        rows += [rf"&= {mu} \cdot {bracketed(first, 4)} + {now}", rf"&= {written(new_first)}"]
    if name == "adagrad":
        rows.append(rf"s &= s_{{\text{{old}}}} + g^2 = {written(second)} + {square}")
        rows.append(rf"&= {written(new_second)}")
    if name == "rmsprop":
        rows += _mean("v", r"\alpha", settings.forgets, second, square, "g^2", new_second)
    if name in ("adam", "adamw"):
        count = moment + 1
        first_hat, second_hat = (
            value / (1 - beta**count) for value, beta in ((new_first, settings.beta_1), (new_second, settings.beta_2))
        )
        rows += [
            *_mean("m", r"\beta_1", settings.beta_1, first, now, "g", new_first),
            *_mean("v", r"\beta_2", settings.beta_2, second, square, "g^2", new_second),
            _hat("m", r"\beta_1", settings.beta_1, count, new_first, first_hat),
            _hat("v", r"\beta_2", settings.beta_2, count, new_second, second_hat),
        ]
        divided = rf"\frac{{{written(first_hat)}}}{{\sqrt{{{written(second_hat)}}} + {epsilon}}}"
        symbols = r"\frac{\hat m}{\sqrt{\hat v} + \epsilon}"
    start, kept = bracketed(at, PLACE) if name != "adamw" else None, rf"{letter}_{{\text{{old}}}}"
    match name:
        case "sgd":
            change = rf"{rate} \cdot {now}", r"\eta\, g"
        case "momentum":
            change = rf"{rate} \cdot {bracketed(new_first, 4)}", r"\eta\, v"
        case "nesterov":
            change = rf"{rate} \cdot ({now} + {mu} \cdot {bracketed(new_first, 4)})", r"\eta\,(g + \mu\, v)"
        case "adagrad" | "rmsprop":
            root = "s" if name == "adagrad" else "v"
            change = (rf"{rate} \cdot \frac{{{now}}}{{\sqrt{{{written(new_second)}}} + {epsilon}}}",
                      rf"\eta\, \frac{{g}}{{\sqrt{{{root}}} + \epsilon}}")  # fmt: skip
        case _:
            change = rf"{rate} \cdot {divided}", rf"\eta\, {symbols}"
    if name == "adamw":
        kept = rf"(1 - \eta \lambda)\, {kept}"
        start = rf"(1 - {rate} \cdot {exact(settings.decay)}) \cdot {bracketed(at, PLACE)}"
    rows.append(rf"{letter} &= {kept} - {change[1]}")
    rows += [rf"&= {start} - {change[0]}", rf"&= {written(after, PLACE)}"]
    return aligned(rows)


def _mean(letter: str, symbol: str, beta: float, old: float, new: str, of: str, value: float) -> list[str]:
    """A running mean: β old + (1 − β) new."""
    rest = exact(round(1 - beta, 8))
    return [
        rf"{letter} &= {symbol}\, {letter}_{{\text{{old}}}} + (1 - {symbol})\, {of}",
        rf"&= {exact(beta)} \cdot {bracketed(old, 4)} + {rest} \cdot {new}",
        rf"&= {written(value)}",
    ]


def _hat(letter: str, symbol: str, beta: float, count: int, value: float, hat: float) -> str:
    """A running mean without its bias towards 0."""
    return (rf"\hat {letter} &= \frac{{{letter}}}{{1 - {symbol}^{{{count}}}}} = \frac{{{written(value)}}}"
            rf"{{1 - {exact(beta)}^{{{count}}}}} = {written(hat)}")  # fmt: skip


def rules_in(config: Config) -> dict[str, str]:
    """Those that take part, by their names."""
    return {rule: RULES[rule] for rule in config.rules}


def one_step(config: Config, race: Race, asked: str, step: int, coordinate: int) -> list[Block]:
    """A step of an optimiser in words and numbers; step: -1 for the last."""
    rule, moment = rule_at(race, asked), moment_of(race, step)
    made = update(config, race, rule, moment, coordinate)
    about = Say(ABOUT_RULES[race.rules[rule]], style="small")
    if not race.height[rule, 0].isfinite():
        return [about, Say("There is no step to write out: at the start there is no height.")]
    if made is None:
        return [
            about,
            Say("It has left for good: its steps are too large for this surface, or there is no height where it went."),
        ]
    return [about, Say("Step **{step}**, in {letter}:", step=Number(moment + 1), letter=COORDINATES[coordinate]), made]


def about_surface(config: Config) -> Say:
    """The surface's formula."""
    text = config.formula if config.surface == "own" else SURFACES[config.surface].formula
    return Say("f(x, y) = {formula}", style="small", formula=text)


def about_rules(config: Config) -> list[Block]:
    """Which network is trained, and how."""
    values = {"rate": Number(config.rate), "adaptive": Number(config.adaptive_rate / 10)}
    return [Say(ABOUT_NETWORKS, style="small", **values)]

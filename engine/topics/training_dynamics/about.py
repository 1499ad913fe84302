"""Training dynamics: parts of the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.contracts.blocks import Block, Box, Choose, Later, Pick, Row, Say, Show
from engine.contracts.film import Bar
from engine.contracts.words import Words
from engine.training.fit import Snapshot

from . import draw, explain, picks, rules
from .block import Block as Normalised
from .card import Config, only
from .race import Race
from .schedule import Rates
from .signal import Signal

PATH = "engine.topics.training_dynamics."
WHERE = Choose("where", as_buttons=True)

NO_HEIGHT = "This formula has no finite value anywhere on the plane shown, so there is nothing to go down on."
NO_START = (
    "At the start this formula has no finite value, so nobody can take a step: drag the start to where there is a "
    "height."
)


def side_by_side(charts: Mapping[str, Any], height: int, **covered: Callable[[Any], Any]) -> list[Block]:
    """Charts that belong together; none where there are none yet. covered: see Show, under the name of a chart."""
    shown = [[Show(name, chart, height=height, covered=covered.get(name))] for name, chart in charts.items()]
    return [Row(shown)] if shown else []


def later(path: str, config: Config, show: Callable[..., Sequence[Block]]) -> Later:
    """Networks that are trained for the present look."""
    return Later(PATH + path, only(config), show)


def surface(config: Config, race: Race, step: int) -> list[Block]:
    """The surface with the ways, the bar, and the heights on the same clock."""
    frames = draw.race_frames(race, step)
    nowhere = []
    if not race.height[0, 0].isfinite():
        nowhere = [Say(NO_START if race.surface.isfinite().any() else NO_HEIGHT, style="note")]
    plane = draw.plane(config, race, frames)
    return [
        *nowhere,
        Show("plane", plane, picks.drag_start, height=270, covered=draw.before),
        Show("race-bar", Bar(frames, Words("step {step}")), Pick("step", "key")),
        Show("fall", draw.fall(race, frames), height=150),
    ]


def one_step(config: Config, race: Race, rule: str, step: int, coordinate: int) -> list[Block]:
    """Which optimiser, and one step of it in numbers."""
    choices = [[Choose("rule", rules.rules_in(config))], [Choose("coordinate", rules.COORDINATES)]]
    return [Row(choices, (1.6, 1)), *rules.one_step(config, race, rule, step, coordinate)]


def signal(config: Config, made: Signal) -> list[Block]:
    """Which networks are compared, and both charts."""
    head = Row([[Choose("signal", as_buttons=True)], [Say(explain.ABOUT_SIGNAL, style="small")]], (1, 2), "center")
    charts = draw.signal(made)
    return [head, *side_by_side(charts, 240, gradient=draw.last_layer)]


def one_layer(config: Config, made: Signal, layer: int) -> list[Block]:
    """How far the sums of one layer spread."""
    return [Choose("layer", range(1, config.depth + 1)), *explain.about_spread(config, made, layer)]


def every_pair(config: Config, ratios: Any) -> list[Block]:
    """What comes back to the first layer, for every pair."""
    picture = Show("every-pair", draw.pairs(ratios, config), picks.pick_network, height=260)
    return [picture, Say(explain.ABOUT_PAIRS, style="small")]


def cured(config: Config, made: Signal) -> Row:
    """What comes back with each cure, and what clipping does."""
    clipping = [Say(explain.ABOUT_CURES, style="small"), explain.shortened(config, made)]
    return Row([[ends(made)], clipping], (1.2, 1))


def ends(made: Signal) -> Box:
    """The gradient at the last layer and at the first."""
    return Box("ends", [explain.gradients(made)])


def normalised(config: Config, made: Normalised, picked: str) -> list[Block]:
    """The batch as a block, one cell in numbers; below, running statistics and what sets the kinds apart."""
    cell, click = explain.cell_of(config, picked), Pick("cell", "sample", "channel", "position")
    block = Show("block", draw.block(config, made), click, picked=list(cell), height=290)
    left = [block, Box("averaged", [explain.about_norm(config)])]
    return [
        Row([left, explain.about_cell(config, made, cell)], (1.35, 1)),
        *side_by_side(draw.running(config, made, cell[1]), 130),
        Box("kinds", [explain.compared(config, made), Say(explain.ABOUT_LAYER_NORM, style="small")]),
    ]


def grid(config: Config, snapshot: Snapshot | None, metric: str, pair: str) -> list[Block]:
    """What all networks came to, and the curves of the picked one."""
    cell = picks.pair_of(pair)
    heat = draw.heat(config, snapshot, metric, cell)
    heat = Show("heat", heat, picks.pick_pair, height=330, covered=draw.first_row)
    one = side_by_side(draw.one_network(snapshot, cell), 230)
    return [Row([[heat], [*explain.about_network(config, snapshot, cell), *one]], (1.5, 1))]


def schedule(config: Config, made: Rates, name: str, step: int) -> Row:
    """The rate over the steps, and that of one step in numbers; step: 1 for the first."""
    rates = Show("rates", draw.schedules(made, step - 1), height=190)
    choices = [Choose("schedule"), Choose("rate_step", range(1, config.train_steps + 1))]
    return Row([[rates], [*choices, *explain.about_rate(config, made, name, step - 1)]], (1.4, 1))

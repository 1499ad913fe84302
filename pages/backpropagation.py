"""Backpropagation."""

from engine.contracts.blocks import Box, Choose, Row, Say, Show
from engine.contracts.knob import configuration, knob
from engine.topics.backpropagation import checks, draw, explain
from engine.topics.backpropagation.card import MAXIMUM_STEPS
from engine.topics.backpropagation.explain import status
from engine.topics.backpropagation.passes import passes

__all__ = ["status"]  # which the player asks for
BELOW = {"check": "Finite differences", "step": "One step", "left": "Without zeroing"}


@configuration
class View:
    """What to look at: the moment of the descent, that of the passes, a node, and what stands below."""

    moment: int = knob(-1, "Moment", low=-1, high=MAXIMUM_STEPS, hidden=True)
    pass_moment: int = knob(-1, "Moment of the passes", low=-1, high=400, hidden=True)
    node: int = knob(-1, "Node", low=-1, high=119, hidden=True)
    backward: bool = knob(True, "Backward pass")
    sample: int = knob(1, "Sample", low=0, high=3)
    below: str = knob("check", "Look into", choices=BELOW)
    power: int = knob(-5, "h = 10 to the power of", "Half the width of the finite difference.", low=-15, high=0)


def stage(config, view, film):
    """The computation on a clock of its own; below it the rule of one node beside the loss of the descent."""
    made = passes(config, film.now, view.sample)
    picture = draw.graph(made, view.pass_moment, view.backward)
    node = made.node(view.node, picture.frames.standing)
    samples = [Choose("sample", explain.samples(), as_buttons=True)] if config.data == "network" else []
    return [
        *samples,
        *checks.no_number(made),
        Show("graph", picture, pick, picked=node if view.node >= 0 else None, height=250),
        Row([[Show("passes", draw.graph_bar(picture), stand_at)], [Choose("backward")]], (3.6, 1), "center"),
        *explain.fields(config, film.now),
        Row([
            [Box("rule", rule(config, view, film.now, made, node))],
            [film.bar(draw.MOMENT), Show("curves", draw.curves(config, film), height=150)],
        ], (1, 1.1)),
    ]  # fmt: skip


def rule(config, view, moment, made, node):
    """A node's formula, and what changes the node."""
    by_hand = explain.hand(made, config, moment, node)
    return [
        *explain.about_node(made, config, moment, node, view.backward),
        *(Show("weight", field, explain.set_value) for field in by_hand),
        *explain.fixing(made, config, node),
        *([Say(explain.HINT, style="small")] if view.node < 0 else []),
    ]


def below(config, view, film):
    """Every gradient another way, one step with all its numbers, or what is left where gradients are not zeroed."""
    parts = {"check": check, "step": step, "left": left}
    return [Choose("below", as_buttons=True), *parts[view.below](config, view, film.now)]


def check(config, view, moment):
    """All gradients beside finite differences and autograd; the error of one over h."""
    made = passes(config, moment, view.sample)
    name = explain.checked_input(made, made.node(view.node, view.pass_moment))
    plot = draw.error_plot(*checks.errors_of(config, moment, view.sample, name, view.power))
    table = checks.check_table(config, moment, view.sample, view.power)
    about = [*checks.kinks(made), Say(checks.ABOUT_CHECK, style="small")]
    return [
        Row([
            [table, *about],
            [Choose("power"), Show("errors", plot, height=250), Say(checks.ABOUT_ERROR, style="small")],
        ], (1.5, 1)),
    ]  # fmt: skip


def step(config, view, moment):
    """One step of descent, really taken."""
    return checks.step_table(config, moment, view.sample)


def left(config, view, moment):
    """Several backward passes one after the other."""
    about = checks.ABOUT_LEFT if config.zero else checks.ABOUT_UNZEROED
    return [checks.left_table(config, moment, view.sample), Say(about, style="small")]


def pick(event, config, view):
    """A node was clicked; once more, and the rule follows the passes again."""
    return {"node": -1 if event["node"] == view.node else event["node"]}


def stand_at(event, config, view):
    """The bar of the passes was let go: the rule is that of the node at work there."""
    return {"pass_moment": event["key"], "node": -1}

"""Neuron and perceptron."""

from engine.contracts.blocks import Box, Choose, Row, Show
from engine.contracts.knob import configuration, knob
from engine.topics.perceptron import draw, explain
from engine.topics.perceptron.card import MAXIMUM_STEPS

BELOW = {"theorem": "How many corrections?", "slope": "Why not the gradient?"}
BY_HAND = {**BELOW, "theorem": "The best neuron"}
DRAG = "Drag w to turn the line, θ to move it"


@configuration
class View:
    """What to look at: the moment, what is looked into below, the spot to compute at, the neuron that is opened."""

    moment: int = knob(-1, "Moment", low=-1, high=MAXIMUM_STEPS, hidden=True)
    below: str = knob("theorem", "Look at", choices=BELOW)
    x1: float = knob(1.0, "x₁", low=-3.0, high=3.0, hidden=True)
    x2: float = knob(0.0, "x₂", low=-3.0, high=3.0, hidden=True)
    along: str = knob("theta", "Along", choices=draw.SYMBOLS)
    unit: str = knob("y", "Neuron", choices=explain.UNIT_NAMES)
    pocket: bool = knob(False, "Show the best line so far")


def status(config, moment):
    """The live numbers of a run."""
    return explain.status(config, moment)


def stage(config, view, film):
    """One neuron that learns, one set by hand, or two layers of them."""
    return {"rule": learning, "hand": by_hand, "layers": two_layers}[config.network](config, view, film)


def learning(config, view, film):
    """The line at every moment, the sample and what it did to w and θ; below, the bound and the slope of the loss."""
    update, drawn = explain.update(config, film.now), own(config)
    if drawn and not config.points:
        return [Row([drawn, update])]
    plane = Show("plane", draw.learning(config, film, view.pocket), height=300)
    corrections, mistakes = draw.corrections(config, film), draw.mistakes(config, film)
    return [
        Row([drawn, [plane]]) if drawn else Row([[plane], update], (1, 1.1)),
        film.bar(explain.MOMENT),
        Row([[Show("corrections", corrections, height=140)], [Show("mistakes", mistakes, height=140)]]),
        *(update if drawn else ()),
        *look_into(config, view, film, film.now.values),
    ]


def by_hand(config, view, film):
    """One neuron whose weights and threshold are set with sliders or dragged."""
    spot = view.x1, view.x2
    plane = Show("plane", draw.by_hand(config, film.now), touch, DRAG, spot, 330)
    table = explain.truth_table(config, explain.line_now(config, film.now), config.function)
    numbers = Box("numbers", [explain.score(film.now), *table, *explain.at_spot(config, *spot)])
    return [Row([[plane], [numbers, *own(config)]], (1, 1.1)), *look_into(config, view, film, {})]


def two_layers(config, view, film):
    """Two half-planes, the space of what they say, and the three neurons opened."""
    spot, result = (view.x1, view.x2), film.now
    plane = Show("plane", draw.two_layers(config, result), touch, "The plane · click a place", spot, 290)
    hidden = Show("hidden", draw.hidden_space(config, result), None, "What the output neuron sees", None, 290)
    opened = Box("neuron", [Choose("unit", as_buttons=True), *explain.unit_at(config, view.unit, *spot)])
    table = [explain.score(result), *explain.layers_table(config, result), *own(config)]
    units = Show("units", draw.units(config), edit)
    return [Row([[plane], [hidden, *explain.sharing(result)]]), Row([[units], table, [opened]], (0.85, 1.1, 1.5))]


def look_into(config, view, film, values):
    """How often the rule can correct, or what the gradient says."""
    choice = Choose("below", BELOW if values else BY_HAND, as_buttons=True)
    if view.below == "theorem":
        told = [*explain.theorem(config, values), Choose("pocket"), explain.pocket(config, values)] if values else None
        return [choice, Box("theorem", told or explain.best_neuron(config))]
    line = explain.line_now(config, film.now)
    stairs = [Show("stairs", draw.stairs(config, line, view.along), height=230), Choose("along", as_buttons=True)]
    return [choice, Row([stairs, [Box("slopes", explain.about_slopes(config, line))]])]


def own(config):
    """Where own points are drawn."""
    return [Show("editor", draw.editor(config), points, "Your points", height=300)] if config.data == "own" else []


def touch(event, config, view):
    """A place or a point was clicked, or a handle dragged."""
    return draw.touched(config, event)


def points(event, config, view):
    """Own points were drawn, moved or removed."""
    return {"points": draw.encode_points(event["points"])}


def edit(event, config, view):
    """One number of a neuron was set."""
    return draw.edited(config, event)

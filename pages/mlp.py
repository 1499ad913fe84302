"""MLP playground."""

from engine.contracts.blocks import Box, Choose, Row, Say, Show
from engine.contracts.knob import configuration, knob
from engine.topics.mlp import draw, explain
from engine.topics.mlp.texts import MAXIMUM_STEPS, check_picked, with_edit


@configuration
class View:
    """What to look at: the moment, a neuron or a weight, the spot to compute at, the space of the last hidden layer."""

    moment: int = knob(-1, "Moment", low=-1, high=MAXIMUM_STEPS, hidden=True)
    picked: str = knob("", "Neuron or weight", hidden=True, most=7, check=check_picked)
    x1: float = knob(1.0, "x₁", low=-draw.DOMAIN, high=draw.DOMAIN, hidden=True)
    x2: float = knob(0.5, "x₂", low=-draw.DOMAIN, high=draw.DOMAIN, hidden=True)
    hidden_space: bool = knob(False, "Show the space of the last hidden layer")


def status(config, moment):
    """The live numbers of a run."""
    return explain.status(config, moment)


def front(config, film):
    """What the home page shows of a short training: the plane and the network."""
    return [
        Show("points", draw.plane(config, film), height=228),
        Show("network", draw.network(config, film, fixed=True), height=188),
    ]


def stage(config, view, film):
    """The plane, the network and the losses on one clock; below, the formula of the picked neuron."""
    picked = explain.picked_in(film.now, view.picked)
    spot = None if config.data == "own" else (view.x1, view.x2)
    return [
        Row([
            [Show("points", draw.plane(config, film), on_plane, picked=spot, height=315)],
            [Show("network", draw.network(config, film), on_network, picked=picked, height=315)],
        ], (1.12, 1.25)),
        film.bar(),
        Show("curves", draw.curves(config, film), height=115),
        *inspect(config, view, film, picked),
    ]  # fmt: skip


def inspect(config, view, film, picked):
    """The picked neuron's formula with live numbers, and its weight or bias to set by hand."""
    if config.data == "own" and not config.points:
        return [Say(explain.DRAW_POINTS, style="note")]
    if picked is None:
        return [Say(explain.CLICK, style="small")]
    spot = view.x1, view.x2
    made = explain.explain_neuron(config, film.now, *explain.neuron_of(picked), spot)
    field = explain.field_of(config, film, picked, made)
    hand = [Show("hand", field, set_by_hand)] if field else []
    said = explain.about_neuron(config, film.now, picked, spot, made.value)
    return [Box("formula", [said, made.symbols, made.numbers, *hand])]


def below(config, view, film):
    """Where the last hidden layer puts the points: a flat border there is the bent border above."""
    if not config.layers:
        return []
    if not view.hidden_space:
        return [Choose("hidden_space")]
    space = Show("hidden-space", draw.hidden_space(config, film.now))
    return [Choose("hidden_space"), Say(explain.ABOUT_HIDDEN_SPACE, style="small"), space]


def on_plane(event, config, view):
    """Own points were drawn, moved or removed; of other data, another spot was chosen."""
    if event["event"] == "points":
        return {"points": draw.encode_points(event["points"])}
    return {"x1": event["x"], "x2": event["y"]}


def on_network(event, config, view):
    """A click on the network: look at a neuron or a weight, resize a layer, switch an input."""
    if event["event"] == "pick":
        return {"picked": explain.name_of(event)}
    return explain.touched(config, event)


def set_by_hand(event, config, view):
    """A weight or a bias was set; the run goes on from the changed network."""
    return with_edit(config, event["key"], event["value"])

"""MLP playground."""

from engine.contracts.blocks import Choose, Row, Show
from engine.contracts.knob import configuration, knob
from engine.topics.mlp import confusion, draw, explain, landscape, race, spaces, step_panel
from engine.topics.mlp.texts import MAXIMUM_STEPS, check_picked, with_edit

BELOW = {
    "": "Folded",
    "step": "One training step",
    "confusion": "Confusion matrix",
    "yes": "Hidden spaces",  # as links say it that ask for hidden_space=yes
    "landscape": "Loss landscape",
    "race": "Two runs racing",
}
LOOK_INTO = Choose("below", as_buttons=True)


@configuration
class View:
    """What to look at: the moment, a neuron or a weight, the spot to compute at, and what is looked into below."""

    moment: int = knob(-1, "Moment", low=-1, high=MAXIMUM_STEPS, hidden=True)
    picked: str = knob("", "Neuron or weight", hidden=True, most=7, check=check_picked)
    x1: float = knob(1.0, "x₁", low=-draw.DOMAIN, high=draw.DOMAIN, hidden=True)
    x2: float = knob(0.5, "x₂", low=-draw.DOMAIN, high=draw.DOMAIN, hidden=True)
    test_points: bool = knob(True, "Show the test points")
    discrete: bool = knob(
        False, "Discretise the output", "The likeliest class alone, and of every neuron whether it is above 0."
    )
    below: str = knob("", "Opened below", choices=BELOW, was=("hidden_space",))
    scope: str = knob("sample", "Follow", choices=step_panel.SCOPES)
    stage: int = knob(0, "Stage", low=0, high=step_panel.LAST_STAGE, hidden=True)
    counted: str = knob("test", "Counted", choices=confusion.COUNTED)
    cell: str = knob("", "Cell of the matrix", hidden=True, most=3, check=confusion.check_cell)
    point: int = knob(-1, "Point", low=-1, high=1999, hidden=True)
    back: int = knob(0, "Layer", low=0, high=7)
    way: int = knob(-1, "Moment of the way", low=-1, high=99, hidden=True)
    directions: str = knob("path", "Directions", choices=landscape.DIRECTIONS)
    rival: str = knob("", "The other lane", hidden=True, most=3500, check=race.check_rival)
    racing: bool = knob(False, "Race")


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
    picked, marked = explain.picked_in(film.now, view.picked), confusion.marked(config, view, film)
    points = draw.plane(config, film, discrete=view.discrete, test_points=view.test_points, marked=marked)
    network = draw.network(config, film, discrete=view.discrete)
    return [
        Row([
            [Show("points", points, on_plane, picked=explain.spot_of(config, view), height=315)],
            [Show("network", network, on_network, picked=picked, height=315)],
        ], (1.12, 1.25)),
        film.bar(),
        Show("curves", draw.curves(config, film), height=115),
        *explain.inspect(config, view, film, picked, set_by_hand),
    ]  # fmt: skip


def panel(config, view, film):
    """How the plane is shown."""
    return [Choose("test_points"), Choose("discrete")]


def below(config, view, film):
    """What the reader looks into."""
    shown = {"step": step_panel.one_step, "confusion": confusion.who_is_who, "yes": spaces.hidden_layers,
             "landscape": landscape.landscape, "race": race.racing}.get(view.below)  # fmt: skip
    return [LOOK_INTO, *(shown(config, view, film) if shown else [])]


def on_plane(event, config, view):
    """Own points were drawn, moved or removed; of other data, another spot was chosen."""
    return explain.on_plane(event, config)


def on_network(event, config, view):
    """A click on the network: look at a neuron or a weight, resize a layer, switch an input."""
    if event["event"] == "pick":
        return {"picked": explain.name_of(event)}
    return explain.touched(config, event)


def set_by_hand(event, config, view):
    """A weight or a bias was set; the run goes on from the changed network."""
    return with_edit(config, event["key"], event["value"])

"""Training dynamics."""

from engine.contracts.blocks import Choose, Row
from engine.contracts.knob import configuration, knob
from engine.topics.training_dynamics import about, draw, picks, rules
from engine.topics.training_dynamics.card import MOST_DEPTH, MOST_STEPS, RULES, SCHEDULES

WHERE = {"surface": "On a surface", "network": "On a real network"}
METRICS = {"held_out_accuracy": "Held-out digits, % right", "loss": "Training loss"}


@configuration
class View:
    """What to look at: an optimiser and one of its steps, a layer, a cell of the batch, a network of the grid."""

    where: str = knob("surface", "Where", choices=WHERE)
    rule: str = knob("momentum", "Optimiser", choices=RULES)
    coordinate: int = knob(0, "Coordinate", low=0, high=1)
    step: int = knob(-1, "Step", low=-1, high=MOST_STEPS, hidden=True)
    layer: int = knob(2, "Layer", low=1, high=MOST_DEPTH)
    train: bool = knob(False, "Train all of them")
    pairs: bool = knob(False, "Every activation with every initialisation")
    cell: str = knob("0-0-0", "Cell", hidden=True, most=9, check=picks.check_cell)
    metric: str = knob("held_out_accuracy", "Shown", choices=METRICS)
    pair: str = knob("2-3", "Pair", hidden=True, most=5, check=picks.check_pair)
    schedule: str = knob("warm_cosine", "Schedule", choices=SCHEDULES)
    rate_step: int = knob(20, "Step of the run", low=1, high=800)


def stage(config, view, film):
    """One of the five looks."""
    looks = {"race": race, "signal": signal, "norm": norm, "grid": grid, "schedule": schedule}
    return [Choose("look", as_buttons=True), *looks[config.look](config, view, film.now)]


def race(config, view, made):
    """Optimisers on a surface and one step in numbers; or all of them on one network."""
    if view.where == "network":
        return [about.WHERE, about.later("grid:stream_rules", config, networks)]
    head = Row([[about.WHERE], [rules.about_surface(config)]], (1, 1.4), "center")
    return [head, Row([about.surface(config, made, view.step), one_step], (1.2, 1))]


def one_step(config, view, film):
    """A step of one of those that take part, with its numbers."""
    return about.one_step(config, film.now, view.rule, view.step, view.coordinate)


def networks(config, view, film, snapshot):
    """Loss and accuracy of one network with every optimiser that takes part."""
    return [*about.side_by_side(draw.rules(config, snapshot), 340), *rules.about_rules(config)]


def signal(config, view, made):
    """Signal and gradient, layer by layer; below, the arithmetic of one layer, or what cures are worth."""
    charts = about.signal(config, made)
    if config.signal == "cures":
        trained = about.later("signal:stream_cures", config, cured)
        return [*charts, Choose("train"), trained if view.train else about.cured(config, made)]
    pairs = about.later("signal:all_pairs", config, every_pair) if view.pairs else about.ends(made)
    return [*charts, Row([about.one_layer(config, made, view.layer), [Choose("pairs"), pairs]])]


def every_pair(config, view, film, ratios):
    """What comes back to the first layer, for every activation and first weights."""
    return about.every_pair(config, ratios)


def cured(config, view, film, snapshot):
    """Loss and accuracy of the network with every cure, and of a shallow one."""
    return about.side_by_side(draw.cures(config, snapshot), 250)


def norm(config, view, made):
    """The batch as a block, one cell in numbers, and what sets the kinds apart."""
    return about.normalised(config, made, view.cell)


def grid(config, view, made):
    """A network for every learning rate and batch size."""
    return [Choose("metric", as_buttons=True), about.later("grid:stream_grid", config, trained)]


def trained(config, view, film, snapshot):
    """What all of them came to, and the curves of the picked one."""
    return about.grid(config, snapshot, view.metric, view.pair)


def schedule(config, view, made):
    """The rate over the steps, and what each schedule comes to."""
    parts = about.schedule(config, made, view.schedule, view.rate_step)
    return [parts, about.later("schedule:stream_schedules", config, scheduled)]


def scheduled(config, view, film, snapshot):
    """Loss and accuracy of one network under every schedule."""
    return about.side_by_side(draw.scheduled(snapshot), 240)

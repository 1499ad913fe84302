"""Diffusion."""

from engine.contracts.blocks import Choose, Later, Row, Show
from engine.contracts.film import Bar
from engine.contracts.knob import configuration, knob
from engine.topics.diffusion import about, digits, draw, explain, walks
from engine.topics.diffusion.card import MAXIMUM_STEPS, brings_up, of_points
from engine.topics.diffusion.picks import check_at, marked


@configuration
class View:
    """What to look at: the moment of the training, a direction, a point, and where the bar of this very walk stands."""

    moment: int = knob(-1, "Moment", low=-1, high=MAXIMUM_STEPS, hidden=True)
    direction: str = knob("usual", "Direction", choices={"usual": "usual", **about.DIRECTIONS})
    arrows: bool = knob(False, "Arrows: −ε̂, where the network pulls")
    point: int = knob(-1, "Point", low=-1, high=walks.COUNT - 1, hidden=True)
    at: str = knob("", "Moment of the walk", hidden=True, most=13, check=check_at)


def follow(before, config):
    """A turned knob of the way back brings the way back up; after more training its samples are what to look at."""
    return brings_up(before, config)


def head(config, view):
    """Points or digits; a training of the points stays where it is."""
    return [Choose("view", about.KINDS, as_buttons=True)]


def status(config, moment):
    """The live numbers of a run."""
    return about.status(moment)


def stage(config, view, film):
    """Points: while they train their samples, then their walk. Digits: a walk that is watched, and stays."""
    if not of_points(config):
        later = Later("engine.topics.diffusion.digits:stream", film.now, walking)
        return ten_digits(config, view, film.now) if isinstance(film.now, digits.Result) else [later]
    if film.live:
        training = Show("training", draw.training(config, film), height=320)
        return [training, in_a_row(draw.curves(film))]
    return walk(config, view, film)


def walk(config, view, film):
    """The points on their way; below, the schedule and the training so far, and last the way back in the training."""
    schedule = draw.walk_charts(*draw.walked(config, film, view.direction))
    direction = Choose("direction", about.directions(view.direction, film.newest), as_buttons=True)
    return [
        Row([[direction], [Choose("arrows")]], (1.55, 1), "center"),
        Row([moving]),
        in_a_row(schedule), in_a_row(draw.curves(film)), *about.back_in_training(film),
    ]  # fmt: skip


def in_a_row(charts):
    """Charts beside each other."""
    return Row([[Show(name, chart, height=150)] for name, chart in charts.items()])


def moving(config, view, film):
    """Where the points are, what the network expects, how good that is, and the step of the point that was clicked."""
    walked, frames = draw.walked(config, film, view.direction, view.at)
    return [
        Show("walk", draw.walk(config, film, walked, frames, view.arrows), on_walk, "", about.picked(view.point), 280),
        Show("walk-bar", Bar(frames, about.MOMENT), stand),
        about.point(config, walked, frames, view.point), *about.verdict(config, film.now, walked),
    ]  # fmt: skip


def walking(config, view, film, snapshot):
    """The digits as far as their walk went."""
    return ten_digits(config, view, digits.arrived(film.now, snapshot)) if snapshot else [about.WALKING]


def ten_digits(config, view, result):
    """Ten digits at every step of the way back, what the network expects of each, and what the judge says."""
    frames = draw.digit_frames(config, result, view.at)
    return [
        Row([[Show("digits-x", draw.digit_pictures(config, result, frames), title=about.pictures(config), height=210)],
             [Show("digits-x0", draw.expected_digits(config, result, frames), title=about.EXPECTED, height=210)]]),
        Show("digits-bar", Bar(frames, about.MOMENT), stand),
        about.judgement(result),
        in_a_row(draw.digit_charts(result, frames)),
        explain.guidance_formula(config.guidance),
    ]  # fmt: skip


def on_walk(event, config, view):
    """A point, at the moment at which it was clicked."""
    return {"point": event["point"], "at": marked(event["run"], event["frame"])}


def stand(event, config, view):
    """The bar of a walk was let go."""
    return {"at": marked(event["run"], event["index"])}

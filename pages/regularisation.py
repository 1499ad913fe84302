"""Regularisation."""

from engine.contracts.blocks import Box, Choose, Row, Say, Show
from engine.contracts.knob import configuration, knob
from engine.topics.regularisation import about, draw, draw_parts
from engine.topics.regularisation.card import MAXIMUM_STEPS, TEST_DIGITS, bad_pixels


@configuration
class View:
    """What to look at: the moment, all ways beside each other, the bad pixels of a digit, a mask, a strength."""

    moment: int = knob(-1, "Moment", low=-1, high=MAXIMUM_STEPS, hidden=True)
    beside: bool = knob(False, "Train all six side by side")
    digit: int = knob(0, "Digit", low=0, high=TEST_DIGITS - 1, hidden=True)
    bad: str = knob("", "Bad pixels", hidden=True, most=240, check=bad_pixels)
    small: int = knob(-1, "Bad input", low=-1, high=3)
    mask: int = knob(0, "Mask", low=0, high=999, hidden=True)
    alpha_shown: int = knob(-1, "Strength shown", low=-1, high=6, hidden=True)


def head(config, view):
    """One training, or one of its parts alone."""
    return [Choose("view", as_buttons=True)]


def status(config, moment):
    """The live numbers of a run."""
    return about.status(config, moment)


def stage(config, view, film):
    """What the view shows."""
    parts = {"task": task, "geometry": corners, "pixel": pixels, "masks": masks, "folds": folds, "descent": descent}
    return parts[config.view](config, view, film)


def task(config, view, film):
    """The plane, the weights and the losses on one clock."""
    plane, weights = draw.plane(config, film), draw.weights(config, film)
    losses, right = draw.losses(config, film), draw.accuracies(config, film)
    return [
        Row([[Show("plane", plane, height=275)], [Show("weights", weights, height=275)]]),
        film.bar(),
        Row([[Show("losses", losses, height=155)], [Show("accuracies", right, height=155)]]),
        *about.held_back(config, film),
    ]


def corners(config, view, film):
    """L1 on the left, a mixture on the right: where the solution lies, and where it goes as α grows."""
    return [Row([about.corner(film.now, 0), about.corner(film.now, 1)]), Say(about.CORNERS, style="small")]


def pixels(config, view, film):
    """A digit and the weights of two classifiers; what bad pixels do to its score, and to all digits."""
    result, bad = film.now, bad_pixels(view.bad)
    digit = min(view.digit, len(result.sign) - 1)
    return [
        about.true_digit(result, config, digit),
        Show("pixels", draw_parts.spoilt(result, digit, bad), about.on_pixel, height=260),
        about.spoil(result, digit, view.bad),
        Row([[about.scores(result, config, digit, bad), Say(about.PIXELS, style="small")],
             [Show("bad-curves", draw_parts.bad_curves(result, len(bad)), height=170)]], (1, 1.2)),
    ]  # fmt: skip


def masks(config, view, film):
    """The network under one mask, the planes, and the mean over many masks against the whole network."""
    result, mask = film.now, view.mask
    network = Show("network", draw_parts.masked(result, mask), height=290)
    planes = Show("planes", draw_parts.planes(result, mask), height=170, covered=draw_parts.one_plane)
    mean = [Show("mean", draw_parts.mean_against_whole(result), height=290), about.measured(result, mask)]
    return [Row([[network, about.mask_button(mask), planes], mean], (1.5, 1))]


def folds(config, view, film):
    """The loss over the strength, and the network of every fold at one strength."""
    result = film.now
    alpha = int(result.chosen) if view.alpha_shown < 0 else view.alpha_shown
    chart, planes = draw_parts.fold_chart(result, alpha), draw_parts.fold_planes(result, alpha)
    chart = Show("folds", chart, about.on_strength, height=240, covered=draw_parts.train_loss_alone)
    planes = Show("fold-planes", planes, height=300, covered=lambda _: draw_parts.folds_before(result))
    return [Say(about.CHOSEN, style="small"), chart, about.fold_words(result, alpha), planes]


def descent(config, view, film):
    """The error and the length of the weights over the number of features."""
    errors = Show("descent", draw_parts.descent_errors(film.now), height=260)
    length = Show("length", draw_parts.descent_length(film.now), height=130)
    return [about.about_fit(config), errors, about.descent_words(film.now), length]


def below(config, view, film):
    """What goes further: the arithmetic of the view, and all six ways beside each other."""
    if config.view == "pixel":
        return [*about.pixel_change(film.now, view.digit, view.bad), Box("example", about.small_example(view.small))]
    if config.view != "task":
        return about.numbers(config, film.now)
    return [*about.next_step(config, film), Choose("beside"), *about.side_by_side(config) * view.beside]

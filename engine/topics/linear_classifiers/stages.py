"""kNN, SVM, softmax: what stands on the stage, by method, for points and for digits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.contracts.blocks import Block, Choose, Later, Row, Say, Show
from engine.contracts.film import Film
from engine.contracts.words import Words

from . import about, draw, draw_digits, explain, explain_neighbours, kernel, margins, neighbours
from .card import MODELS, Config
from .clicks import by_hand, drag, on_plane, on_plot, pick_digit
from .explain import PointTerms
from .methods import Methods
from .plane import plane_of
from .samples import samples_of

CROSS_VALIDATION = "engine.topics.linear_classifiers.neighbours:cross_validation"
ALL_METHODS = "engine.topics.linear_classifiers.methods:all_methods"
PARTS = Choose("part", as_buttons=True)


def stage(config: Config, view: Any, film: Film) -> list[Block]:
    """The method of the Config on its data."""
    of_digits = samples_of(config).side > 0
    made = {"linear": (linear, linear_digits), "neighbours": (asked, asked_digits), "kernel": (bent, bent_digits)}
    return [*about.notes(config, view.drawing), *made[config.method][of_digits](config, view, film)]


# ---------------------------------------------------------------- points


def _editing(config: Config, view: Any) -> tuple[bool, list[Block]]:
    """Whether a click adds a point, and the switch for it."""
    own = config.data == "own"
    return own and (view.drawing or not config.points), [Choose("drawing")] if own and config.points else []


def linear(config: Config, view: Any, film: Film) -> list[Block]:
    """Both classifiers on one clock, their losses, and whatever is looked into."""
    editable, switch = _editing(config, view)
    chosen = explain.nearest_point(config, (view.x1, view.x2))
    made = None if chosen is None else explain.explain_point(config, film.now, chosen)
    planes, curves = [], []
    for model in MODELS:
        picture = draw.linear(config, film, model, chosen, editable)
        planes.append([Say(about.TITLES[model], help=about.LINES), Show(model, picture, on_plane, height=250)])
        curves.append([Show(f"{model}-loss", draw.losses(config, film, model), height=90)])
    looks = {
        "point": lambda: about.one_point(config, film.now, made),
        "rows": lambda: [_rows(config, view, film, made)],
        "set": lambda: [*margins.beside(config, film), *about.set_blocks(config, film)],
    }
    return [Row(planes), film.bar(), *switch, Row(curves), Choose("look", as_buttons=True), *looks[view.look]()]


def _rows(config: Config, view: Any, film: Film, made: PointTerms | None) -> Row:
    model = view.model
    arrows = None if made is None else explain.arrows(made, model, samples_of(config))
    rows = Show("rows", draw.weight_rows(config, film, model, arrows), drag, height=290)
    beside: list[Block] = [Choose("model", as_buttons=True), *explain.both_losses(config, film, view.carried)]
    if made is not None:
        beside += about.gradient(config, made, model)
        if field := explain.bias_field(config, film, model, made.target):
            beside.append(Show("bias", field, by_hand))
    return Row([[rows, *about.dragging(config, film), Say(about.ABOUT_ROWS, style="small")], beside], (1, 1.15))


def asked(config: Config, view: Any, film: Film) -> list[Block]:
    """The vote over the plane and the neighbours of the spot; beside it who they are, which k is best, or another k."""
    editable, switch = _editing(config, view)
    spot = view.x1, view.x2
    found = explain_neighbours.at_spot(config, spot)
    picture = draw.asked(config, film.now, found.order, spot, editable)
    picked = None if editable else tuple(plane_of(config).shown(spot).tolist())
    looks = {
        "votes": lambda: about.votes(config, found),
        "curve": lambda: [Later(CROSS_VALIDATION, config, every_k)],
        "other": lambda: about.other(config, film.now, view.other_k),
    }
    beside = [Choose("beside", as_buttons=True), *looks[view.beside]()]
    plane = Show("plane", picture, on_plane, picked=picked, height=400, covered=draw.points_alone)
    return [Row([[plane, *switch], beside], (1.15, 1))]


def every_k(config: Config, view: Any, film: Film, found: neighbours.CrossValidation) -> list[Block]:
    """The accuracy of every k."""
    return about.curve(found)


def bent(config: Config, view: Any, film: Film) -> list[Block]:
    """The plane of the kernel SVM; beside it f at the spot."""
    editable, switch = _editing(config, view)
    if editable:  # points are drawn on the plane of the neighbours' kind
        told = Say(about.DRAWING if len(film.now.support) else about.NOTHING, style="note")
        return [Show("plane", draw.own_points(config, film.now), on_plane, height=400), *switch, told]
    spot, pairs = (view.x1, view.x2), len(kernel.pairs(len(samples_of(config).classes)))
    pair = min(view.pair, pairs - 1)
    picture = draw.bent(config, film.now, pair, spot)
    plane = [Show("bent", picture, on_plot, height=400, covered=lambda _: draw.not_yet_bent(config)), *switch]
    return [Row([plane, about.kernel_blocks(config, film.now, spot, pair)], (1.15, 1))]


# ---------------------------------------------------------------- digits


def linear_digits(config: Config, view: Any, film: Film) -> list[Block]:
    """The weight rows of both classifiers as pictures, on one clock, and whatever is looked into."""
    pictures, curves = [], []
    for model in MODELS:
        templates = Show(f"{model}-rows", draw_digits.templates(config, film, model), height=210)
        pictures.append([Say(about.TEMPLATES[model]), templates])
        curves.append([Show(f"{model}-loss", draw.losses(config, film, model), height=95)])
    stage = [Row(pictures), Say(about.ABOUT_TEMPLATES, style="small"), film.bar(), Row(curves), PARTS]
    if view.part != "one":
        return [*stage, *_part(config, view, lambda: about.wrong_of_both(config, film, pick_digit))]
    made = explain.explain_point(config, film.now, explain.held_out_digit(samples_of(config), view.digit))
    tables, formulas = zip(*(about.point_blocks(config, made, model) for model in MODELS), strict=True)
    chosen = about.digit_chosen(config, view.digit)
    return [
        *stage, about.about_point(config, made), Row([chosen, *([table] for table in tables)], (0.6, 1, 1)),
        Row([[formula] for formula in formulas]),
    ]  # fmt: skip


def asked_digits(config: Config, view: Any, film: Film) -> list[Block]:
    """A digit and its neighbours, or what is named wrongly; below, which k is best."""
    if view.part != "one":
        return [PARTS, *_part(config, view, lambda: about.wrong(config, film.now.answers.tolist(), "kNN", pick_digit))]
    at = explain.held_out_digit(samples_of(config), view.digit)
    found = explain_neighbours.explain_spot(config, samples_of(config).inputs[at])
    captions = explain_neighbours.captions(config, found)
    near = draw_digits.neighbours(config, found.order.tolist(), captions)
    answer = explain_neighbours.answer(config, found)
    right = [answer, Show("near", near, height=200), *about.sums(config, found)]
    return [
        PARTS,
        Row([about.digit_chosen(config, view.digit), right], (1, 2.4)),
        Later(CROSS_VALIDATION, config, every_k),
    ]


def bent_digits(config: Config, view: Any, film: Film) -> list[Block]:
    """The support vectors that count most, and a digit's closest call; or what is named wrongly."""
    result = film.now
    if view.part != "one":
        said = result.answers.tolist()
        return [PARTS, *_part(config, view, lambda: about.wrong(config, said, Words("kernel SVM"), pick_digit))]
    return [PARTS, *about.digit_bent(config, result, view.digit)]


def _part(config: Config, view: Any, wrong: Any) -> Sequence[Block]:
    """The wrong answers, or all methods on this data."""
    return wrong() if view.part == "wrong" else [Later(ALL_METHODS, config, compared)]


def compared(config: Config, view: Any, film: Film, found: Methods) -> list[Block]:
    """All methods on the same held-out digits."""
    return about.methods(found)

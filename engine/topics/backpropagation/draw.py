"""Backpropagation: arrays to pictures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.contracts.film import Bar, Film, still_frames
from engine.contracts.words import Number, Words
from engine.pictures.computation.values import ComputationPicture
from engine.pictures.curves.values import Curve, CurvesPicture, Level
from engine.pictures.plot.values import Dots, Path, PlotPicture

from .card import Config
from .passes import Passes, passes_of
from .rules import RULES, recipe
from .run import WIDTHS, Result, guessing

PACE = 1.5  # moments of the passes a second
ALT = "The computation: values forward, gradients backward"
MOMENT = Words("step {step}")  # what the bar of the descent says
LEAST_ERROR = 1e-17  # of the picture; an error of 0 has no place on a logarithmic axis


def graph(made: Passes, moment: int, backward: bool) -> ComputationPicture:
    """Both passes, standing at a moment, -1 for the last; the forward pass alone if not `backward`."""
    count = made.last + 1 if backward else made.turned + 1
    still = still_frames(np.stack([made.values, made.gradients]), np.stack(2 * [made.flows]))
    steps = range(count)
    standing = count - 1 if moment < 0 else min(moment, count - 1)
    frames = replace(still, indices=steps, steps=steps, clock="both passes", start="play", at=standing, pace=PACE)
    order, edges = made.graph.order, made.graph.edges
    parts = [[made.names[edges[edge][0]] for edge in made.parents(node)] for node in range(len(order))]
    roles = [
        "end" if value is made.graph.end else "made" if value.parents else "input" if value.wanted else "fixed"
        for value in order
    ]
    return ComputationPicture(
        made.names, [RULES[value.function].symbol if value.parents else "" for value in order],
        [recipe(value.function, names) for value, names in zip(order, parts, strict=True)], roles,
        np.array(edges, np.int64).reshape(-1, 2), made.values, made.partial[:count], made.flows, made.states[:count],
        made.passed[:count], made.work[:count], made.marks[:count], frames, Words(ALT),
    )  # fmt: skip


def graph_bar(picture: ComputationPicture) -> Bar:
    """The bar of both passes."""
    return Bar(picture.frames, Words("moment {frame} / {count}"))


def curves(config: Config, film: Film) -> CurvesPicture:
    """L over the steps of descent; of a network its mean, beside what guessing would give."""
    with np.errstate(over="ignore"):  # of what float32 cannot hold the line breaks
        losses = np.array([[moment.values["loss"]] for moment in film.moments]).astype(np.float32)
    losses[~np.isfinite(losses)] = np.nan
    if config.data == "network":
        line, low = Curve(Words("mean loss of the four samples"), 0), 0.0
        levels = (Level(guessing(config), Words("always the same answer")),)
    else:
        line, low, levels = Curve("L", 0), None, ()
    return CurvesPicture(losses, [line], film.frames, Words("L over the steps of descent"), low=low, levels=levels)


def error_plot(name: str, errors: np.ndarray, width: float, error: float) -> PlotPicture:
    """How far the finite difference of one input is from its gradient, over h; a dot at one h. errors: at WIDTHS."""
    shown = np.maximum(errors, LEAST_ERROR)
    known = shown[np.isfinite(shown)]
    low = 10.0 ** np.floor(np.log10(known.min())) if len(known) else 1e-12
    high = 10.0 ** np.ceil(np.log10(known.max()) + 0.1) if len(known) else 1.0
    points = np.stack([WIDTHS, np.where(np.isfinite(shown), shown, np.nan)], 1)
    dot = [[width, min(max(error, low), high)]] if np.isfinite(error) else []
    return PlotPicture(
        (WIDTHS[0], WIDTHS[-1], float(low), float(max(high, 10 * low))),
        Words("Error of the finite difference of {name} over h", name=name), ("h", Words("error")),
        paths=[Path(points, Words("error of the finite difference of {name}", name=name), 0)],
        dots=[Dots(np.array(dot, np.float64).reshape(-1, 2), Words("h = {width}", width=Number(width, 1)), 1)],
        square=False, log_x=True, log_y=True,
    )  # fmt: skip


# ---------------------------------------------------------------- for files and comparisons


def draw_graph(result: Result) -> ComputationPicture:
    """The computation after both passes."""
    return graph(passes_of(result), -1, True)


def draw_loss(result: Result):
    """L over the steps of descent."""
    from engine.pictures.chart.figure import lines

    return lines({"L": (result.step.tolist(), result.loss.tolist())}, x_title="step", y_title="L")


def draw_check(result: Result):
    """The error of finite differences over h, for every input."""
    from engine.pictures.chart.figure import lines

    widths = result.width.tolist()
    errors = {name: (widths, result.error[:, at].tolist()) for at, name in enumerate(result.inputs)}
    figure = lines(errors, x_title="h", y_title="error of the finite difference", log=True)
    figure.update_xaxes(type="log")
    return figure

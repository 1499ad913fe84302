"""Activations: arrays to pictures."""

from __future__ import annotations

import math

import numpy as np

from engine.contracts.film import Film
from engine.contracts.words import Number, Percent, Words
from engine.pictures.borders import Border
from engine.pictures.curves.values import Curve, CurvesPicture, Level
from engine.pictures.histograms.values import HistogramsPicture
from engine.pictures.pixels.values import PixelPicture, Tile
from engine.pictures.plot.values import Band, Dots, Field, Handle, Path, PlotPicture
from engine.pictures.points.values import PointsPicture
from engine.training.fit import Snapshot

from .card import PLANE_SETS, Config, functions_of
from .explain import LOST, SATURATED, clear_name, name_of, zones_of
from .run import (
    BINS,
    MEASURES,
    REACH,
    SUM_RANGE,
    X_RANGE,
    Result,
    answers_without,
    batch_of,
    course,
    linear_at,
    output_range,
)

MOST_HEIGHT = 2.0  # of a function, where it is drawn
PEAK = 0.25  # of the height: the fullest bin of the sums, drawn below a function
MOST_NOTES = 1500
HALF_TANGENT = 1.6
GREY = "#808080"
SHOWN = {"outputs": "outputs f(z)", "sums": "sums z"}
CHARTS = {
    "sum_gradient": "gradient at the sums", "weight_gradient": "gradient of the weights",
    "deviation": "spread of the outputs", "dead": "dead units", "saturated": "saturated sums",
}  # fmt: skip
UNITS = {
    "sum_gradient": Words("‖∂L/∂z‖ (log)"), "weight_gradient": Words("‖∂L/∂W‖ (log)"),
    "deviation": Words("standard deviation (log)"), "dead": Words("% of the units"),
    "saturated": Words("% of the sums"),
}  # fmt: skip
CLASS_NAMES = ("A", "B")


# ---------------------------------------------------------------- the functions


def function(config: Config, x: float, layer: int, film: Film) -> PlotPicture:
    """The functions and their derivatives, the tangent at x, where the first is saturated, and where a layer's sums
    are."""
    low, high = _heights(config)
    paths, handles = [], []
    for number, name in enumerate(functions_of(config)):
        paths.append(_sums(film, number, layer, low, high))
        paths += _curves(config, name, number, low, high)
    at, value, slope = at_place(config, config.activation, x)
    if math.isfinite(value) and math.isfinite(slope):
        ends = np.array([at - HALF_TANGENT, at + HALF_TANGENT])
        paths.append(Path(np.stack([ends, value + slope * (ends - at)], 1), "", GREY, 1.5))
    height = float(np.clip(value, low, high)) if math.isfinite(value) else 0.0
    handles.append(Handle("x", at, height, Words("drag"), 0))
    return PlotPicture(
        (*X_RANGE, low, high), Words("The functions f and their derivatives f′; the bands are where f′ is small"),
        ("x", "f(x), f′(x)"), bands=_bands(config), paths=paths, handles=handles, frames=film.frames, square=False,
    )  # fmt: skip


def function_alone(config: Config) -> PlotPicture:
    """The functions without what a lesson asks: no derivatives, no bands."""
    low, high = _heights(config)
    paths = [_curves(config, name, number, low, high)[0] for number, name in enumerate(functions_of(config))]
    return PlotPicture((*X_RANGE, low, high), Words("The functions f"), ("x", "f(x)"), paths=paths, square=False)


def at_place(config: Config, name: str, x: float) -> tuple[float, float, float]:
    """(x, f(x), f'(x)), NaN for what is no finite number."""
    places, values, slopes = course(config, name, 2001)
    at = int(np.abs(places - x).argmin())
    return float(places[at]), float(values[at]), float(slopes[at])


def _heights(config: Config) -> tuple[float, float]:
    """The y axis: all that the functions and derivatives come to, up to a limit."""
    found = np.concatenate([one for name in functions_of(config) for one in course(config, name)[1:]])
    found = np.clip(found[np.isfinite(found)], -MOST_HEIGHT, MOST_HEIGHT)
    low, high = (found.min(), found.max()) if len(found) else (0.0, 1.0)
    return float(min(low, 0.0) - 0.25), float(max(high, 1.0) + 0.15)


def _curves(config: Config, name: str, number: int, low: float, high: float) -> list[Path]:
    x, value, slope = course(config, name)
    title, far = clear_name(config, name), high - low
    kept = [np.where((one > low - far) & (one < high + far), one, np.nan) for one in (value, slope)]
    return [
        Path(np.stack([x, kept[0]], 1), Words("f: {name}", name=title), number, 2.5),
        Path(np.stack([x, kept[1]], 1), Words("f′: {name}", name=title), number, 2.0, dashed=True),
    ]


def _bands(config: Config) -> list[Band]:
    saturated, lost = zones_of(config, config.activation)
    bands = [Band(a, b, SATURATED, 0) for a, b in saturated]
    return [*bands, *(Band(a, b, LOST, GREY) for a, b in lost)]


def _sums(film: Film, number: int, layer: int, low: float, high: float) -> Path:
    """The histogram of a layer's sums as a wash along the foot of the plot, moving with the film."""
    shares = film.stack("sums")[:, number, layer, 1:-1].astype(np.float64)  # (T, B)
    top = low + shares / np.maximum(shares.max(1, keepdims=True), 1e-12) * PEAK * (high - low)
    edges = np.linspace(*SUM_RANGE, BINS + 1)
    x = np.repeat(edges, 2)  # (2 B + 2,)
    y = np.concatenate([np.full((len(top), 1), low), np.repeat(top, 2, axis=1), np.full((len(top), 1), low)], 1)
    points = np.stack([np.broadcast_to(x, y.shape), y], 2)
    return Path(points, "", number, 1.0, closed=True, filled=True)


# ---------------------------------------------------------------- layers


def histograms(config: Config, film: Film, number: int, shown: str) -> HistogramsPicture:
    """What a network's layers hold, a column each, at every moment."""
    name = functions_of(config)[number]
    low, high = SUM_RANGE if shown == "sums" else output_range(config, name)
    layers = film.stack("layers")[:, number]  # (T, measure, L)
    notes = _notes(layers) if layers.shape[0] * layers.shape[2] <= MOST_NOTES else ()
    axis = Words("sums z, {name}" if shown == "sums" else "outputs, {name}", name=clear_name(config, name))
    return HistogramsPicture(
        film.stack(shown)[:, number], low, high, [str(layer + 1) for layer in range(config.depth)],
        Words("What every layer holds: {what}", what=axis), axis, Words("layer"), notes, number, film.frames,
    )  # fmt: skip


def all_histograms(config: Config, film: Film, shown: str) -> list[HistogramsPicture]:
    """Those of every network."""
    return [histograms(config, film, number, shown) for number in range(len(functions_of(config)))]


def _notes(layers: np.ndarray) -> list[list[str]]:
    at = {name: layers[:, MEASURES.index(name)] for name in ("deviation", "dead", "sum_gradient")}
    return [
        [
            f"σ {Number(float(d)).text()} · ‖∂L/∂z‖ {Number(float(g)).text()}"
            for d, g in zip(at["deviation"][t], at["sum_gradient"][t], strict=True)
        ]
        for t in range(len(layers))
    ]


def measure(config: Config, film: Film, what: str, layer: int) -> PlotPicture:
    """One number of every layer, for each network, at every moment: norms and spreads on a logarithmic axis."""
    values = film.stack("layers")[:, :, MEASURES.index(what)].astype(np.float64)  # (T, F, L)
    logarithmic = what not in ("dead", "saturated")
    values = np.where(values > 0, values, np.nan) if logarithmic else 100 * values
    low, high = _decades(values) if logarithmic else (-4.0, 104.0)
    places = np.arange(1.0, config.depth + 1)
    paths, dots = [], []
    for number, name in enumerate(functions_of(config)):
        points = np.stack([np.broadcast_to(places, values[:, number].shape), values[:, number]], 2)
        title = clear_name(config, name)
        paths.append(Path(points, title, number, 2.0, dashed=number == 1))
        dots.append(Dots(points, "", number, labels=[_label(title, k) for k in range(config.depth)], radius=3.5))
    edge = (layer + 1.0, layer + 1.0)
    paths.append(Path(np.array([[edge[0], low], [edge[1], high]]), "", GREY, 1.0, dashed=True))
    return PlotPicture(
        (0.5, config.depth + 0.5, low, high), Words("Layer by layer: {what}", what=Words(CHARTS[what])),
        (Words("layer"), UNITS[what]), paths=paths, dots=dots, frames=film.frames, square=False, log_y=logarithmic,
    )  # fmt: skip


def _label(title: str, layer: int) -> str:
    return Words("{name}, layer {layer}", name=title, layer=layer + 1)


def _decades(values: np.ndarray) -> tuple[float, float]:
    """Powers of ten around all positive values; far from everything, one decade each way."""
    known = values[np.isfinite(values) & (values > 0)]
    if not len(known):
        return 0.1, 10.0
    low, high = np.log10(known.min()), np.log10(known.max())
    return float(10.0 ** max(-300, math.floor(low - 0.1))), float(10.0 ** min(300, math.ceil(high + 0.1)))


# ---------------------------------------------------------------- training


def planes(config: Config, film: Film) -> list[PointsPicture]:
    """What each network says of the plane, at every moment, with the points; none where the batch has no plane."""
    if config.data not in PLANE_SETS:
        return []
    inputs, targets, _ = batch_of(config)
    points = np.concatenate([inputs.numpy(), targets.numpy()[:, None]], 1)
    domain = (-REACH, REACH, -REACH, REACH)
    return [
        PointsPicture(
            points, domain, CLASS_NAMES, Words("What the network with {name} says", name=clear_name(config, name)),
            np.ascontiguousarray(film.stack("plane")[:, number]), film.frames,
        )
        for number, name in enumerate(functions_of(config))
    ]  # fmt: skip


def curves(config: Config, film: Film) -> dict[str, CurvesPicture]:
    """Loss and accuracy of each network over the steps, beside what guessing would give."""
    classes = batch_of(config)[2]
    lines = [Curve(clear_name(config, name), k, dashed=k == 1) for k, name in enumerate(functions_of(config))]
    loss, accuracy = (np.stack([moment.values[name] for moment in film.moments]) for name in ("loss", "accuracy"))
    loss = np.where(np.isfinite(loss), loss, np.nan).astype(np.float32)
    return {
        "curves": CurvesPicture(
            loss, lines, film.frames, Words("Loss over the steps"), y_label=Words("loss (nat)"), low=0.0,
            high=_highest(loss, classes),
            levels=(Level(math.log(classes), Words("guessing: ln {count}", count=classes)),),
        ),
        "accuracy": CurvesPicture(
            (100 * accuracy).astype(np.float32), lines, film.frames, Words("Accuracy of each network over the steps"),
            y_label=Words("% right"), low=0.0, high=100.0,
            levels=(Level(100 / classes, Words("guessing: {share}", share=Percent(1 / classes, 0))),),
        ),
    }  # fmt: skip


def _highest(loss: np.ndarray, classes: int) -> float:
    """The top of the axis: a loss far above guessing is cut, or nothing else could be seen."""
    known = loss[np.isfinite(loss)]
    return float(np.clip(1.1 * known.max() if len(known) else 0, 1.2 * math.log(classes), 4 * math.log(classes)))


# ---------------------------------------------------------------- one matrix


def one_matrix(config: Config, moment: Snapshot) -> PlotPicture | None:
    """The plane as the first network answers without its activations, its points, and the one line that the product of
    all its matrices draws; None where the batch has no plane."""
    if config.data not in PLANE_SETS:
        return None
    inputs, targets, _ = batch_of(config)
    matrix, offset, _, _ = linear_at(config, moment)
    a, b = (matrix[1] - matrix[0]).tolist()
    border = Border(np.array([a, b, (offset[0] - offset[1]).item()]), Words("the product of all matrices"), None)
    domain = (-REACH, REACH, -REACH, REACH)
    field = Field(
        answers_without(config, moment.values["weights"]), Words("the layers, one after another"), classes=CLASS_NAMES
    )
    dots = Dots(inputs.numpy(), "", [int(label) for label in targets], radius=3)
    return PlotPicture(
        domain, Words("What the network says without activations"), ("x₁", "x₂"), field, borders=(border,), dots=(dots,)
    )


# ---------------------------------------------------------------- figures of a Result


def draw_function(result: Result):
    """The functions and their derivatives."""
    from engine.pictures.chart.figure import lines

    drawn = {}
    for name, value, slope in zip(result.functions, result.value.tolist(), result.slope.tolist(), strict=True):
        title = name_of(result.config, name)
        drawn |= {f"f: {title}": (result.place.tolist(), value), f"f': {title}": (result.place.tolist(), slope)}
    figure = lines(drawn, x_title="x", y_title="f(x), f'(x)")
    figure.update_yaxes(range=list(_heights(result.config)))
    return figure


def draw_layers(result: Result) -> PixelPicture:
    """What the layers put out: a column a layer, a row a bin, each column in shares of its fullest bin."""
    tiles = []
    for name, shares, ends in zip(result.functions, result.outputs, result.output_range.tolist(), strict=True):
        columns = shares[:, 1:-1].float().numpy()  # (L, B)
        columns = (columns / np.maximum(columns.max(1, keepdims=True), 1e-12)).T[::-1]
        title = Words("{name}: outputs {low} to {high}, layer by layer", name=clear_name(result.config, name),
                      low=Number(ends[0]), high=Number(ends[1]))  # fmt: skip
        tiles.append(
            Tile(np.ascontiguousarray(columns), title, "probability", 0.0, 1.0, cell_names=("", "bin", "layer"))
        )
    return PixelPicture(tiles, alt="What the layers put out: a column a layer, shares of its fullest bin")


def draw_gradients(result: Result):
    """Norms of the gradients at the sums of every layer."""
    from engine.pictures.chart.figure import lines

    layers = list(range(1, result.config.depth + 1))
    drawn = {
        name_of(result.config, name): (layers, [value if value > 0 else math.nan for value in norms])
        for name, norms in zip(result.functions, result.sum_gradient.tolist(), strict=True)
    }
    return lines(_apart(drawn, result), x_title="layer", y_title="norm of the gradient at the sums", log=True)


def draw_curves(result: Result):
    """Loss of each network over the steps."""
    from engine.pictures.chart.figure import lines

    steps = result.step.tolist()
    drawn = {
        name_of(result.config, name): (steps, values)
        for name, values in zip(result.functions, result.loss.tolist(), strict=True)
    }
    return lines(_apart(drawn, result), x_title="step", y_title="loss (nat)")


def _apart(drawn: dict, result: Result) -> dict:
    """Two equal functions are one curve."""
    return drawn if len(drawn) == len(result.functions) else dict(list(drawn.items())[:1])

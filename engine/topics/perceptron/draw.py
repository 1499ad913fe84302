"""Neuron and perceptron: arrays to pictures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.contracts.film import Film
from engine.contracts.words import Number, Words, listed
from engine.data.points import DOMAIN, decode_points, encode_points
from engine.models.perceptron.rule import HalfPlane
from engine.pictures.borders import Border, ends
from engine.pictures.curves.values import Curve, CurvesPicture, Level
from engine.pictures.matrices.values import Matrices
from engine.pictures.pixels.values import Line, PixelPicture, Point, Tile
from engine.pictures.plot.values import Dots, Field, Handle, Path, PlotPicture
from engine.pictures.points.values import PointsPicture

from .card import GATES, LARGEST, MOST_POINTS, Config, parse_units, units_text
from .run import Result, best_line_of, bound_of, domain_of, grid, look, margin_of, network, points_of
from .slopes import PARAMETERS, REACH, cut

__all__ = ["encode_points"]  # what the page needs of the data, through its topic
CLASSES = ("1", "0")  # in the colours of what is above zero and of what is below
FIRES, H1, H2, BEST, INK = 0, 2, 3, 5, "#1E2430"  # colours of the borders
TWO_COLOURS = ("step", "sigmoid")  # functions whose y is between 0 and 1, and painted in the colours of the points
AXES = ("x₁", "x₂")
SYMBOLS = {"w1": "w₁", "w2": "w₂", "theta": "θ"}
DOT, GROWS = 6.0, 2.5  # CSS pixels: of one point's dot, and of more where they share a place
MOST_NAMED = 3  # points that one dot's read-out names
HIDDEN_ROOM = 0.5  # around what the hidden neurons say
STEP, SIGMOID = 1, 0  # colours of the two losses


# ---------------------------------------------------------------- the plane


def points_in(config: Config) -> Dots:
    """The points of a Config, each in the colour of what it shall give."""
    points = points_of(config)
    labels = [Words("t = {target}", target=target) for target in points.targets.tolist()]
    colours = [1 - target for target in points.targets.tolist()]
    return Dots(points.inputs.numpy(), "", colours, labels=labels, radius=7 if config.data in GATES else 4.5)


def _named(function: str) -> list[Dots]:
    """The colours of the points for the legend, where the plane has others."""
    nowhere = np.zeros((0, 2), np.float32)
    return [] if function in TWO_COLOURS else [Dots(nowhere, name, at, radius=7) for at, name in enumerate(CLASSES)]


def learning(config: Config, film: Film, pocket: bool = False) -> PlotPicture:
    """The line at every moment, the one before it, and the sample that was looked at."""
    lines, befores = film.stack("line"), film.stack("before")
    points, samples = points_of(config).inputs.numpy(), film.stack("sample")
    places = np.full((len(samples), 1, 2), np.nan, np.float32)
    there = samples >= 0
    places[there, 0] = points[samples[there]]
    changed = (lines != befores).any(1)
    borders = [
        Border(np.where(changed[:, None], befores, 0.0), Words("line before"), None, dashed=True),
        Border(lines, Words("line now"), FIRES, arrow=True, shaded=True),
    ]
    if pocket:
        borders.append(Border(film.stack("best"), Words("best line so far"), BEST, dashed=True))
    ring = Dots(places, Words("sample"), None, rings=[True], radius=12 if config.data in GATES else 9)
    return PlotPicture(
        domain_of(config), Words("The plane: the neuron fires on the shaded side, to which its weights point"), AXES,
        borders=borders, dots=[ring, points_in(config)], frames=film.frames,
    )  # fmt: skip


def by_hand(config: Config, result: Result) -> PlotPicture:
    """What one neuron says everywhere, its line, and its weights as an arrow to drag."""
    line, domain = HalfPlane(config.w1, config.w2, config.theta), domain_of(config)
    foot, tip = arrow_of(line, config)
    paths = [Path(np.array([foot, tip], np.float32), width=2.5)] if math.dist(foot, tip) > 0 else []
    handles = [Handle("w", *_within(tip, domain), Words("w"), None)]
    if (line.w1, line.w2) != (0, 0):
        handles.append(Handle("line", *_within(foot, domain), Words("θ"), None))
    return PlotPicture(
        domain, Words("The plane, coloured by y; drag the tip of w to turn the line, or the line itself"), AXES,
        _field(result.plane.numpy(), config.function),
        borders=[Border(np.array(line.parts), Words("line: w₁x₁ + w₂x₂ = θ"))],
        paths=paths, dots=[points_in(config), *_named(config.function)], handles=handles,
    )  # fmt: skip


def arrow_of(line: HalfPlane, config: Config) -> tuple[tuple[float, float], tuple[float, float]]:
    """Where the arrow of the weights begins, on the line nearest to the middle of the plane, and where it ends."""
    x_low, x_high, y_low, y_high = domain_of(config)
    middle, square = ((x_low + x_high) / 2, (y_low + y_high) / 2), line.w1**2 + line.w2**2
    away = -line.sum_at(*middle) / square if square else 0.0
    foot = middle[0] + away * line.w1, middle[1] + away * line.w2
    scale = arrow_scale(config)
    return foot, (foot[0] + scale * line.w1, foot[1] + scale * line.w2)


def arrow_scale(config: Config) -> float:
    """Length of the arrow of a weight of 1, in units of the plane."""
    return 0.4 if config.data in GATES else 0.8


def dragged(config: Config, event: Mapping[str, Any]) -> Mapping[str, float]:
    """The weights and the threshold after a handle was let go: the tip turns and stretches w about its foot on the
    line, the foot takes the line along."""
    line, domain = HalfPlane(config.w1, config.w2, config.theta), domain_of(config)
    at = event["x"], event["y"]
    w1, w2 = line.w1, line.w2
    if event["key"] == "w":
        foot = _within(arrow_of(line, config)[0], domain)
        w1, w2 = ((end - start) / arrow_scale(config) for end, start in zip(at, foot, strict=True))
        at = foot
    w1, w2 = _set(w1), _set(w2)
    return {"w1": w1, "w2": w2, "theta": _set(w1 * at[0] + w2 * at[1])}


def touched(config: Config, event: Mapping[str, Any]) -> Mapping[str, float]:
    """The fields of View or Config that a click on the plane, or a handle let go, changes."""
    if event["event"] == "handle":
        return dragged(config, event)
    if event["event"] == "dot":
        x1, x2, _ = shown_samples(config)[event["dot"]]
        return {"x1": round(x1, 3), "x2": round(x2, 3)}
    return {"x1": round(event["x"], 2), "x2": round(event["y"], 2)}


def edited(config: Config, event: Mapping[str, Any]) -> Mapping[str, str]:
    """The field that changes when one number of the three neurons is set."""
    numbers = [list(unit) for unit in parse_units(config.units)]
    numbers[event["row"]][event["column"]] = event["value"]
    return {"units": units_text(numbers)}


def _set(value: float) -> float:
    """A number as a slider can show it."""
    return min(max(round(round(value * 20) / 20, 2), -LARGEST), LARGEST) + 0.0


def _within(place: tuple[float, float], domain: tuple[float, float, float, float]) -> tuple[float, float]:
    x_low, x_high, y_low, y_high = domain
    edge = 0.02 * (x_high - x_low)
    return min(max(place[0], x_low + edge), x_high - edge), min(max(place[1], y_low + edge), y_high - edge)


def _field(values: np.ndarray, function: str) -> Field:
    """y in the colours of the points where it lies between 0 and 1, else in those of signed values."""
    if function in TWO_COLOURS:
        shares = np.round(255 * np.stack([values, 1 - values], -1)).astype(np.uint8)
        return Field(shares, "y", classes=CLASSES)
    most = max(1.0, float(np.abs(values).max()))
    return Field(values.astype(np.float32), "y", "signed", -most, most)


# ---------------------------------------------------------------- two layers


def two_layers(config: Config, result: Result) -> PlotPicture:
    """The half-planes of both hidden neurons, and over them what the output makes of them."""
    one, other, _ = parse_units(config.units)
    return PlotPicture(
        domain_of(config), Words("The plane, coloured by y, with the half-planes of both hidden neurons"), AXES,
        _field(result.plane.numpy(), config.function),
        borders=[
            Border(np.array(one), Words("h₁ fires"), H1, arrow=True, shaded=True),
            Border(np.array(other), Words("h₂ fires"), H2, arrow=True, shaded=True),
        ],
        dots=[points_in(config), *_named(config.function)],
    )  # fmt: skip


def hidden_space(config: Config, result: Result) -> PlotPicture:
    """The points where the output neuron sees them, and its line there."""
    hidden = result.hidden.numpy()
    low, high = min(0.0, float(hidden.min(initial=0.0))), max(1.0, float(hidden.max(initial=1.0)))
    domain = (low - HIDDEN_ROOM, high + HIDDEN_ROOM) * 2
    output = network(config).output
    said = look(output, grid(domain))["output"].reshape(80, 80).numpy()
    line = np.array(parse_units(config.units)[2])
    return PlotPicture(
        domain, Words("The same points where the output neuron sees them: by what h₁ and h₂ say"), ("h₁", "h₂"),
        _field(said, config.function), borders=[Border(line, Words("line of the output"), None, arrow=True)],
        dots=[*_by_place(config, hidden), *_named(config.function)],
    )  # fmt: skip


def _by_place(config: Config, hidden: np.ndarray) -> list[Dots]:
    """The points where the hidden neurons send them, larger where several of a class share a place; where both classes
    do, both are seen, the larger one around the other."""
    points, shared = points_of(config), {}
    for at, (place, target) in enumerate(zip(hidden.round(3).tolist(), points.targets.tolist(), strict=True)):
        shared.setdefault((*place, target), []).append(at)
    dots, above = [], {}
    for (h1, h2, target), members in sorted(shared.items(), key=lambda one: len(one[1])):
        radius = max(DOT + GROWS * math.log2(len(members)), above.get((h1, h2), 0.0) + GROWS)
        above[h1, h2] = radius
        names = [Words("({x1}, {x2})", x1=Number(x1), x2=Number(x2))
                 for x1, x2 in points.inputs[members[:MOST_NAMED]].tolist()]  # fmt: skip
        label = Words("{points}, t = {target}", points=listed(names), target=target)
        if (left := len(members) - MOST_NAMED) > 0:
            label = Words("{points} and {count} more, t = {target}", points=listed(names), count=left, target=target)
        dots.insert(0, Dots(hidden[members[:1]].astype(np.float32), "", [1 - target], labels=[label], radius=radius))
    return dots


def places_shared(result: Result) -> tuple[int, int]:
    """(how many points there are, at how many places the hidden neurons put them)."""
    hidden = result.hidden.numpy().round(3)
    return len(hidden), len(np.unique(hidden, axis=0))


def units(config: Config) -> Matrices:
    """Weights and thresholds of all three neurons, to be changed."""
    return Matrices(
        {Words("neuron"): np.array(parse_units(config.units))}, ("h₁", "h₂", "y"),
        Words("Weights and thresholds of the three neurons; type numbers of your own"), -LARGEST, LARGEST,
        columns=tuple(SYMBOLS.values()),
    )  # fmt: skip


def editor(config: Config) -> PointsPicture:
    """Own points, to be drawn."""
    points = np.array(decode_points(config.points), np.float32).reshape(-1, 3)
    domain = (-DOMAIN, DOMAIN, -DOMAIN, DOMAIN)
    alt = Words("Own points: click to add one, drag to move it")
    return PointsPicture(points, domain, CLASSES, alt, editable=True, most=MOST_POINTS)


# ---------------------------------------------------------------- curves


def corrections(config: Config, film: Film) -> CurvesPicture:
    """How often the rule has corrected, beside the most that the theorem allows."""
    bound = bound_of(config)
    levels = ()
    if math.isfinite(bound):
        levels = (Level(bound, Words("at most: {bound}", bound=Number(math.floor(bound + 1e-9)))),)
    return CurvesPicture(
        film.stack("corrections").astype(np.float32)[:, None], [Curve(Words("corrections so far"), 0)], film.frames,
        Words("Corrections over the samples presented"), Words("samples presented"), low=0.0,
        levels=levels,
    )  # fmt: skip


def mistakes(config: Config, film: Film) -> CurvesPicture:
    """Points on the wrong side now, and corrections in the last whole pass; beside guessing and the best line."""
    table = np.stack([film.stack("wrong"), film.stack("pass_mistakes")], 1).astype(np.float32)
    targets = points_of(config).targets
    guessing = min(int(targets.sum()), int((1 - targets).sum()))
    levels = [Level(guessing, Words("one answer for all: {count} wrong", count=guessing))]
    if not margin_of(config).separable and len(targets):
        best = best_line_of(config)[0]
        levels.append(Level(best, Words("best line: {count} wrong", count=best)))
    apart = int(np.diff([moment.step for moment in film.moments]).max(initial=1))  # a long run keeps not all samples
    wrong = Words("wrong now") if apart == 1 else Words("wrong now, {count} samples apart", count=apart)
    return CurvesPicture(
        table, [Curve(wrong, 1), Curve(Words("corrections a pass"), 2, dashed=True)],
        film.frames, Words("Points on the wrong side, and corrections a pass"), Words("samples presented"), low=0.0,
        levels=levels,
    )  # fmt: skip


def stairs(config: Config, line: HalfPlane, along: str) -> PlotPicture:
    """The loss over one of w₁, w₂, θ, through the step and through the sigmoid; the dot is where the neuron stands."""
    points = points_of(config)
    made = {
        function: cut(points.inputs, points.targets, line.parts, along, function) for function in ("step", "sigmoid")
    }
    here = line.parts[PARAMETERS.index(along)]
    top = max(0.1, *(float(loss.max()) for _, loss in made.values()))
    names = {"step": Words("through the step"), "sigmoid": Words("through the sigmoid")}
    paths = [
        Path(np.stack([values, loss], 1).astype(np.float32), names[function], colour, 2.2, function == "sigmoid")
        for (function, (values, loss)), colour in zip(made.items(), (STEP, SIGMOID), strict=True)
    ]
    dots = [
        Dots(np.array([[here, float(loss[len(loss) // 2])]], np.float32), "", colour, labels=[Words("here")])
        for (_, loss), colour in zip(made.values(), (STEP, SIGMOID), strict=True)
    ]
    return PlotPicture(
        (here - REACH, here + REACH, 0.0, 1.08 * top), Words("The loss over one weight or over the threshold"),
        (SYMBOLS[along], Words("loss: mean (y − t)²")), paths=paths, dots=dots, square=False,
    )  # fmt: skip


# ---------------------------------------------------------------- figures


def draw_plane(result: Result) -> PixelPicture:
    """The plane coloured by y, with the line of every neuron that reads x₁ and x₂, its arrow, and the points."""
    config, plane, domain = result.config, result.plane.numpy(), domain_of(result.config)
    (x_low, x_high, y_low, y_high), side = domain, len(plane)

    def at(place: tuple[float, float]) -> tuple[float, float]:
        return (place[0] - x_low) / (x_high - x_low) * side, (y_high - place[1]) / (y_high - y_low) * side

    weights, thresholds = result.neuron_weights.numpy(), result.thresholds.numpy()
    marks = []
    for number in range(max(1, len(weights) - 1)):
        (a, b), c = weights[number], thresholds[number]
        crossing = ends(a, b, c, domain)
        if not crossing:
            continue
        middle = np.mean(crossing, axis=0)
        tip = middle + (x_high - x_low) / 10 * np.array([a, b]) / np.hypot(a, b)
        colour = (H1, H2)[number] if len(weights) > 1 else INK
        marks += [
            Line([at(end) for end in crossing], colour, 2.5),
            Line([at(middle), at(tip)], colour, 2.5, arrow=True),
        ]
    points = [
        Point(*at(place), 1 - target)
        for place, target in zip(result.inputs.tolist(), result.targets.tolist(), strict=True)
    ]
    if config.network == "rule" or config.function in ("step", "sigmoid"):
        shares = np.stack([plane, 1 - plane], -1).astype(np.float32)
        tile = Tile(shares, "y", classes=CLASSES, points=points, lines=marks, smooth=True)
    else:
        most = max(1.0, float(np.abs(plane).max()))
        tile = Tile(plane.astype(np.float32), "y", "signed", -most, most, points=points, lines=marks, smooth=True)
    return PixelPicture([tile], alt="The plane, coloured by what the network answers")


def draw_curves(result: Result):
    """Corrections so far, points on the wrong side, and the most corrections that the theorem allows."""
    from engine.pictures.chart.figure import lines

    steps = result.step.tolist()
    curves = {
        "corrections": (steps, result.corrections.tolist()),
        "wrong now": (steps, result.wrong.tolist()),
        "fewest wrong so far": (steps, result.best_wrong.tolist()),
    }
    if result.bound == result.bound:
        curves["the theorem's most corrections"] = (steps, [result.bound.item()] * len(steps))
    return lines(curves, x_title="samples presented", y_title="corrections, points")


def draw_stairs(result: Result):
    """The loss over the threshold of the output neuron, through the step and through the sigmoid."""
    from engine.pictures.chart.figure import lines

    inputs = result.hidden if result.hidden.shape[1] else result.inputs
    line = (*result.neuron_weights[-1].tolist(), result.thresholds[-1].item())
    made = {function: cut(inputs, result.targets, line, "theta", function) for function in ("step", "sigmoid")}
    curves = {f"through the {name}": (values.tolist(), loss.tolist()) for name, (values, loss) in made.items()}
    return lines(curves, x_title="θ", y_title="loss: mean (y − t)²")


def shown_samples(config: Config) -> Sequence[Sequence[float]]:
    """(x₁, x₂, target) of all points."""
    points = points_of(config)
    return [[*at, target] for at, target in zip(points.inputs.tolist(), points.targets.tolist(), strict=True)]

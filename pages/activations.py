"""Activations."""

from engine.contracts.blocks import Choose, Pick, Row, Say, Show
from engine.contracts.knob import configuration, knob
from engine.topics.activations import draw, explain
from engine.topics.activations.card import MAXIMUM_STEPS, MOST_LAYERS

LOOKS = {
    "layers": "Layer by layer",
    "training": "Trained",
    "function": "In numbers",
    "matrix": "Without activations",
}
IN_COLUMNS, IN_CHART = Pick("layer", "index"), Pick("layer", "dot")


@configuration
class View:
    """What to look at: the moment, a place of the functions, a layer, what its histogram is of, what stands below."""

    moment: int = knob(-1, "Moment", low=-1, high=MAXIMUM_STEPS, hidden=True)
    look: str = knob("layers", "Look at", choices=LOOKS)
    x: float = knob(1.0, "x", low=-5.0, high=5.0, hidden=True)
    layer: int = knob(0, "Layer", low=0, high=MOST_LAYERS - 1, hidden=True)
    shown: str = knob("outputs", "Histograms of", choices=draw.SHOWN)
    measure: str = knob("sum_gradient", "Drawn below", choices=draw.CHARTS)


def status(config, moment):
    """The live numbers of a run."""
    return explain.status(config, moment)


def stage(config, view, film):
    """The functions, and what every layer holds, on one clock; below, what is looked into."""
    layer = explain.layer_of(config, view.layer)
    plot, alone = draw.function(config, view.x, layer, film), lambda _: draw.function_alone(config)
    return [
        *explain.warnings(config, film.now),
        Row([
            [Show("function", plot, drag, explain.plot_title(config, layer), height=255, covered=alone)],
            [Choose("shown", as_buttons=True), *layers(config, view, film, layer)],
        ], (1, 1.1)),
        film.bar(),
        Row([[Choose("look", as_buttons=True)], [Choose("measure")] * (view.look == "layers")], (1.9, 1), "bottom"),
        *{"layers": by_layer, "training": trained, "function": numbers, "matrix": flat}[view.look](config, view, film),
    ]  # fmt: skip


def layers(config, view, film, layer):
    """The histograms of one network or two."""
    pictures = draw.all_histograms(config, film, view.shown)
    names, height = ("histograms", "other-histograms"), 275 if len(pictures) == 1 else 135
    return [Show(name, one, IN_COLUMNS, "", layer, height) for name, one in zip(names, pictures, strict=False)]


def by_layer(config, view, film):
    """One number of every layer as a curve, and all numbers of the picked layer."""
    layer = explain.layer_of(config, view.layer)
    chart = Show("chart", draw.measure(config, film, view.measure, layer), IN_CHART, height=190)
    table = explain.table_of(config, film.now, layer)
    return [Row([[chart], [table]], (1.4, 1)), *explain.gradient_formulas(config, film.now),
            Say(explain.ABOUT_GRADIENT, style="small")]  # fmt: skip


def trained(config, view, film):
    """What the networks say of the plane, and how well they learn."""
    planes = [
        Show(f"plane{k}", one, title=explain.network_title(config, k), height=215)
        for k, one in enumerate(draw.planes(config, film))
    ]
    curves = [Show(name, chart, height=150) for name, chart in draw.curves(config, film).items()]
    return [Row([*([plane] for plane in planes), curves], [*[1] * len(planes), 1.3])]


def numbers(config, view, film):
    """What was measured of the functions, and both at x."""
    formulas = explain.function_formulas(config, view.x)
    facts = explain.about(config)
    return [Row([[fact, made] for fact, made in zip(facts, formulas, strict=True)]),
            Say(explain.ABOUT_OTHERS, style="small")]  # fmt: skip


def flat(config, view, film):
    """The same weights without activations: one matrix, one line."""
    words = [explain.about_matrix(config, film.now), *explain.matrix_formulas(config, film.now)]
    plane = draw.one_matrix(config, film.now)
    return [Row([[Show("one-matrix", plane, height=260)], words], (1, 1.3)) if plane else Row([words])]


def drag(event, config, view):
    """The handle was let go at another x."""
    return {"x": round(event["x"], 2)}

"""Inside a CNN."""

from engine.contracts.blocks import Box, Choose, Press, Row, Say, Show
from engine.contracts.knob import configuration, knob
from engine.topics.cnn import about, draw, explain, pipeline
from engine.topics.cnn.card import COVERED, FIRST_CELL, MAXIMUM_STEPS, RANKS, cell_named

SCRATCH = Press("scratch", "Train from scratch", {"start": "fresh", "weights": ""}, "restart_alt", begin=True)


@configuration
class View:
    """What to look at: the moment, a cell and a probability, the order of the maps, and what is looked into besides."""

    moment: int = knob(-1, "Moment", low=-1, high=MAXIMUM_STEPS, hidden=True)
    cell: str = knob(FIRST_CELL, "Cell", hidden=True, most=20, check=cell_named)
    probability: int = knob(-1, "Probability", low=-1, high=9, hidden=True)
    rank: str = knob("strength", "Maps in the order of", choices=RANKS)
    covered: str = knob("", "Covered", hidden=True, choices=COVERED)
    excites: bool = knob(False, "What excites this channel?")
    occlude: bool = knob(False, "Which pixels does the answer hang on?")


def status(config, moment):
    """The live numbers of a run."""
    return about.status(config, moment)


def stage(config, view, film):
    """The answer, the whole network, how the training goes, and where one number comes from."""
    result, trained = explain.inside(config, film), film.live or film.newest.step
    yield about.answer(result)
    cell = explain.cell_at(config, result, view.cell)
    picture = pipeline.draw_pipeline(
        result, cell, explain.ranks(config, film, view.rank), explain.at_first(config, film), view.covered,
        about.order(view.rank, film.live),
    )  # fmt: skip
    yield Show("pipeline", picture, open_cell, picked=pipeline.place(picture, cell), height=280)
    scratch = [] if trained or config.start != "trained" else [SCRATCH]
    yield Row([[Choose("rank", as_buttons=True)], scratch or about.score(config, film)], align="center")
    if trained or config.start != "trained":
        yield film.bar()
        loss, accuracy = draw.curves(film), draw.accuracy(film)
        yield Row([[Show("curves", loss, height=160)], [Show("accuracy", accuracy, height=160)]])
    softmax = [] if view.covered else [explain.softmax_formula(result, view.probability)]
    if view.probability >= 0:
        yield from softmax
    yield Row([opened])
    if view.probability < 0:
        yield from softmax
    if scratch:
        yield from about.score(config, film)


def opened(config, view, film):
    """One channel: the number at the clicked cell, what it is made of, and the map to click another in."""
    result = explain.inside(config, film)
    cell = explain.cell_at(config, result, view.cell)
    products = Show("products", draw.draw_products(cell), height=110 if len(cell.inputs) == 1 else 240)
    symbols = Say(about.CLICK, style="small") if cell.weights is None else Say(about.SYMBOLS, style="small")
    numbers = [about.cell(cell), products, symbols, explain.cell_formulas(cell)]
    if cell.in_maps and not cell.layer.endswith("sum"):
        name = cell.layer[:5]
        kernels = draw.draw_kernels(result, name, cell.channel)
        numbers.append(Show("kernels", kernels, title=about.kernels(name, cell.channel), height=70))
    more = [Row([looked_into])] if cell.in_maps and not film.live else []
    return [Box("opened", [Row([numbers, maps(result, cell)], (1.9, 1)), *more])]


def maps(result, cell):
    """The map of a cell, large, to click another cell in; and the part of the digit that the cell sees."""
    field = [Show("field", draw.draw_field(result, cell), height=140), about.field(cell)]
    if not cell.in_maps:
        return field
    return [Show("map", draw.draw_map(result, cell), cell_of_map, picked=draw.in_map(cell), height=160), *field]


def looked_into(config, view, film):
    """What excites the cell's channel, and which pixels the answer hangs on; made only where it is asked for."""
    result = explain.inside(config, film)
    yield Choose("excites")
    if view.excites:
        cell = explain.cell_at(config, result, view.cell)
        made = explain.explain_channel(config, result, cell.layer, cell.channel)
        yield Show("channel", draw.draw_channel(made), height=220)
        yield about.channel(cell, made)
    yield Choose("occlude")
    if view.occlude:
        yield Show("occlusion", draw.draw_evidence(result, explain.evidence(config, result)), height=190)
        yield Say(about.OCCLUSION, style="small")


def open_cell(event, config, view):
    """A cell of a map, a neuron, a logit, or a probability."""
    return about.opened_by(event["key"], event["channel"], event["row"], event["column"])


def cell_of_map(event, config, view):
    """Another cell of the map that is open."""
    return {"cell": f"{event['key']}-{event['row']}-{event['column']}"}

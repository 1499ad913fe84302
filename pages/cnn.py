"""Inside a CNN."""

from engine.contracts.blocks import Box, Choose, Pick, Press, Row, Say, Show
from engine.contracts.knob import configuration, knob
from engine.topics.cnn import about, draw, explain
from engine.topics.cnn.card import FIRST_CELL, MAXIMUM_STEPS, cell_named

CELL = Pick("cell", "place", "tile", "row", "column")  # the place of a layer's maps has the layer's name


@configuration
class View:
    """What to look at: the moment, a cell and a probability, and what is looked into beside the cell."""

    moment: int = knob(-1, "Moment", low=-1, high=MAXIMUM_STEPS, hidden=True)
    cell: str = knob(FIRST_CELL, "Cell", hidden=True, most=20, check=cell_named)
    probability: int = knob(-1, "Probability", low=-1, high=9, hidden=True)
    excites: bool = knob(False, "What excites this channel?")
    occlude: bool = knob(False, "Which pixels does the answer hang on?")


def status(config, moment):
    """The live numbers of a run."""
    return about.status(config, moment)


def stage(config, view, film):
    """The answer, and how the training goes."""
    result = explain.inside(config, film)
    yield about.answer(result)
    yield Show("answers", draw.answers(result))
    yield from about.score(config, film)
    if film.live or film.newest.step:
        yield film.bar()
        yield Show("curves", draw.curves(film), height=130)
    elif config.start == "trained":
        yield Press("scratch", "Train from scratch", {"start": "fresh", "weights": ""}, "restart_alt", begin=True)


def below(config, view, film):
    """Every layer, and beside it where the clicked number comes from."""
    result = explain.inside(config, film)
    cell = explain.cell_at(config, result, view.cell)
    layers = [*convolution(result, cell, "conv1"), *convolution(result, cell, "conv2"), *dense(result, cell, view)]
    more = [Row([looked_into])] if cell.in_maps and not film.live else []
    card = Box("beside", [*one_cell(result, cell), *more])
    return [Row([[Say(about.CLICK, style="small"), *layers], [card]], (1.9, 1))]


def convolution(result, cell, name):
    """The kernels of a convolution, all of the first, of the second those of one channel; then its maps."""
    channel = cell.channel if cell.layer.startswith("conv2") else 0
    kernels = draw.draw_kernels(result, name, -1 if name == "conv1" else channel)
    blocks = [Show(f"kernels-{name}", kernels, title=about.kernels(name, channel), height=95)]
    for part in ("sum", "relu", "pool"):
        layer = f"{name}.{part}"
        maps, place = draw.draw_maps(result, layer), draw.mark(cell, layer)
        blocks.append(Show(f"{name}-{part}", maps, CELL, draw.TITLES[layer], place, draw.HEIGHTS[layer]))
    return blocks


def dense(result, cell, view):
    """The hidden layer, the logits and the softmax."""
    hidden = Show("hidden", draw.draw_dense(result), pick_neuron, about.hidden(), draw.mark(cell, "hidden"), 110)
    outputs = Show("outputs", draw.draw_outputs(result), pick_neuron, about.OUTPUTS, draw.mark(cell, "outputs"), 110)
    return [hidden, outputs, explain.softmax_formula(result, view.probability)]


def one_cell(result, cell):
    """A number, the part of the digit it sees, and the sum or the maximum that it is."""
    field = Show("field", draw.draw_field(result, cell), height=140)
    products = Show("products", draw.draw_products(cell), height=110 if len(cell.inputs) == 1 else 200)
    symbols = [] if cell.weights is None else [Say(about.SYMBOLS, style="small")]
    return [about.cell(cell), field, about.field(cell), products, *symbols, explain.cell_formulas(cell)]


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


def pick_neuron(event, config, view):
    """A neuron of the hidden layer, a logit, or a probability."""
    number = draw.neuron_at(event["row"], event["column"])
    return {"probability": number} if event["key"] == "softmax" else {"cell": f"{event['key']}-{number}"}

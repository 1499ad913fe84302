"""Inside a CNN: what is said about the answer, the layers and one cell, as blocks."""

from __future__ import annotations

from engine.contracts.blocks import Say
from engine.contracts.film import Film
from engine.contracts.words import Number, Percent, Words
from engine.training.fit import Snapshot

from .card import Config
from .draw import TITLES
from .explain import Cell, Channel, full_score
from .run import Result

CLICK = "Click any map, any of its cells, or a neuron to see where the number comes from."
SYMBOLS = "x: what the cell reads, w: its weights, x·w: their products."
EXCITING = (
    "The {count} training digits with the largest value in map {channel}, then an input made by gradient ascent: "
    "nobody drew it. It raises the map's mean from {before} to {after}."
)
ORDERS = {
    "strength": "at the top: the largest mean after the ReLU; silent maps come last",
    "share": "at the top: without this map the logit of the answer falls furthest",
    "number": "in the order of their numbers",
    "live": "in the order of their numbers, as long as it trains",
}
OCCLUSION = "A 5 × 5 window of paper covers each place in turn. Blue: the answer becomes less probable."


def status(config: Config, moment: Snapshot) -> Say:
    """The live numbers of a run."""
    step, values = Number(moment.step), moment.values
    if config.start != "trained":
        run = Words("step **{step}**", step=step)
    elif moment.step:
        run = Words("step **{step}** on from the shipped weights", step=step)
    else:
        run = Words("shipped weights, trained on 8,000 digits")
    right, loss = Percent(values["held_out_accuracy"]), Number(values["held_out_loss"])
    score = Words("of 200 held-out digits right: **{right}** · loss **{loss}**", right=right, loss=loss)
    return Say(run, score, style="status")


def answer(result: Result) -> Say:
    """What the network says, and whether that is right, where it is known."""
    if not result.pixels.any():
        return Say("The pad is empty. Draw a digit.", style="status")
    best = int(result.probabilities.argmax())
    said = Words("The network says **{digit}**, {share}", digit=best, share=Percent(result.probabilities[best].item()))
    if result.label is None:
        return Say(said, style="status")
    verdict = Words("right") if result.label == best else Words("wrong: it is {digit}", digit=result.label)
    return Say("{answer} · {verdict}", answer=said, verdict=verdict, style="status")


def score(config: Config, film: Film) -> list[Say]:
    """How many of all held-out digits the network knows; while it trains there is no time to ask."""
    if film.live:
        return []
    moment = film.now
    share = Percent(full_score(config, moment.values["weights"]), 2)
    if config.start == "trained" and not moment.step:
        return [Say("Of all 2,000 held-out digits the shipped network names {share} rightly.", share=share,
                    style="small")]  # fmt: skip
    return [Say("Of all 2,000 held-out digits the network of step {step} names {share} rightly.",
                step=Number(moment.step), share=share, style="small")]  # fmt: skip


def kernels(name: str, channel: int) -> str:
    """What the kernels of a convolution are, "conv1" or "conv2"; of the second those of one channel are shown."""
    if name == "conv1":
        return Words("Kernels of the first convolution, one for each of its maps")
    return Words(
        "Kernels of channel {channel} of the second convolution, one for each map it reads", channel=channel
    )  # fmt: skip


def order(by: str, live: bool) -> str:
    """What comes first in each layer, and what last."""
    return Words("Click a map to open it; {order}.", order=Words(ORDERS["live" if live else by]))


def opened_by(layer: str, channel: int, row: int, column: int) -> dict[str, str | int]:
    """What a click on the pipeline opens: a probability, a neuron, or a cell of a map; one at a time."""
    if layer == "softmax":
        return {"probability": channel}
    place = (channel, row, column) if layer.startswith("conv") else (channel,)
    return {"cell": "-".join(map(str, (layer, *place))), "probability": -1}


def cell(one: Cell) -> Say:
    """Which cell it is, and its number."""
    where = str(one.channel)
    if one.in_maps:
        where = Words("channel {channel}, row {row}, column {column}", channel=one.channel, row=one.row,
                      column=one.column)  # fmt: skip
    return Say("{layer} · {where}: **{value}**", layer=Words(TITLES[one.layer]), where=where,
               value=Number(one.value, 5))  # fmt: skip


def field(one: Cell) -> Say:
    """How much of the input a cell sees."""
    if not one.in_maps:
        return Say("It sees the whole input.", style="small")
    top, left, bottom, right = one.field
    return Say("Receptive field: {rows} × {columns} pixels of the input.", rows=bottom - top, columns=right - left,
               style="small")  # fmt: skip


def channel(one: Cell, made: Channel) -> Say:
    """What the digits that excite a channel are, and the input made to."""
    return Say(EXCITING, count=len(made.peaks), channel=one.channel, before=Number(made.before),
               after=Number(made.after), style="small")  # fmt: skip

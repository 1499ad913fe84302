"""Training dynamics: arrays to pictures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from engine.contracts.film import Frames, still_frames
from engine.contracts.words import Percent, Words, number
from engine.data.digits import CLASSES
from engine.data.surfaces import SURFACES
from engine.pictures.block.values import BlockPicture
from engine.pictures.curves.values import Curve, CurvesPicture, Level
from engine.pictures.pixels.values import Box, PixelPicture, Text, Tile
from engine.pictures.plot.contours import contours
from engine.pictures.plot.values import Dots, Field, Handle, Path, PlotPicture
from engine.training.fit import Snapshot

from .block import Block
from .card import BATCHES, FUNCTIONS, INITIALISATIONS, NORMS, RULES, SCHEDULES, Config, domain_of
from .explain import SHORT
from .grid import grid_rates
from .race import Race
from .run import Result
from .schedule import Rates
from .signal import CURES, SHALLOW, Signal

SHARES = (0.02, 0.06, 0.12, 0.2, 0.3, 0.42, 0.56, 0.7, 0.85)  # of the plane that lie below a contour
LEAST_HEIGHT = 1e-12  # of the axis of heights; what is lower stands there
TINY = 1.2e-38  # below it float32 has few digits left, and soon none
APART = (0, 1, 2, 3, 7, 5, 6, 4)  # classes by colour, the two blues as far from each other as can be
COLOUR = dict(zip(RULES, APART, strict=False))


# ---------------------------------------------------------------- the race


def race_frames(race: Race, at: int = -1) -> Frames:
    """The clock of a race, which plays once; at: the step to stand at."""
    frames = still_frames(np.nan_to_num(race.position.numpy().swapaxes(0, 1)), start="play")
    return frames if at < 0 else replace(frames, at=min(at, len(frames.indices) - 1))


def plane(config: Config, race: Race, frames: Frames) -> PlotPicture:
    """The surface from above, with lines of equal height and the ways of all optimisers; the start can be dragged."""
    seen, surface = from_above(config, race, frames), race.surface.numpy()
    known, domain = surface[np.isfinite(surface)], seen.domain
    levels = np.unique(np.quantile(known, SHARES)) if known.size else []
    lines = contours(surface, levels, domain, colour="#8A8F9C", width=0.8)
    x, y = (float(one) for one in race.position[0, 0])
    x, y = min(max(x, domain[0]), domain[1]), min(max(y, domain[2]), domain[3])
    return replace(seen, paths=[*lines, *seen.paths], handles=[Handle("start", x, y, Words("the start"))])


def before(seen: PlotPicture) -> PlotPicture:
    """The same surface before anybody has taken a step."""
    return replace(seen, paths=[path for path in seen.paths if not path.grows], frames=None)


def from_above(config: Config, race: Race, frames: Frames) -> PlotPicture:
    """The surface in colours, its special places, and the ways of all optimisers."""
    domain, surface = domain_of(config), race.surface.numpy()
    known = surface[np.isfinite(surface)]
    field = None
    if known.size and known.min() < known.max():
        low, middle = float(known.min()), float(np.quantile(known, 0.95))
        low = 0.0 if abs(low) < 1e-9 * abs(middle) else low  # the grid meets a lowest place but for rounding
        field = Field(surface.astype(np.float32), Words("height f(x, y)"), "probability", low,
                      min(float(known.max()), low + 2.5 * (middle - low or 1.0)))  # fmt: skip
    ways = [
        Path(race.position[at].numpy().astype(np.float32), Words(RULES[rule]), COLOUR[rule], 2.4, grows=True)
        for at, rule in enumerate(race.rules)
    ]
    special = SURFACES.get(config.surface)
    dots = []
    if special and special.lowest:
        dots.append(Dots(np.array(special.lowest, np.float32), Words("minimum"), rings=[True] * len(special.lowest)))
    if special and special.saddle:
        dots.append(Dots(np.array([special.saddle], np.float32), Words("saddle point"), "#8A8F9C"))
    return PlotPicture(
        domain, Words("The surface from above, and the way of every optimiser on it"), ("x", "y"), field, paths=ways,
        dots=dots, frames=frames,
    )  # fmt: skip


def fall(race: Race, frames: Frames) -> CurvesPicture:
    """How high each of them is after every step; above the lowest height of all where some lie below zero."""
    heights = race.height.numpy().T
    lowest = np.nanmin(heights) if np.isfinite(heights).any() else 0.0
    log = lowest >= 0
    shown = np.maximum(heights, LEAST_HEIGHT) if log else heights
    label = Words("height f; 1e−12: that or less") if log and (heights < LEAST_HEIGHT).any() else Words("height f")
    return CurvesPicture(
        shown.astype(np.float32), [Curve(Words(RULES[rule]), COLOUR[rule]) for rule in race.rules], frames,
        Words("Height of every optimiser over the steps"), y_label=label, log=bool(log),
    )  # fmt: skip


def rules(config: Config, snapshot: Snapshot | None) -> dict[str, CurvesPicture]:
    """Charts of the networks with every optimiser that takes part."""
    names, colours = [Words(RULES[rule]) for rule in config.rules], [COLOUR[rule] for rule in config.rules]
    return trained(snapshot, "rules", ("loss", "held_out"), names, colours)


def trained(
    snapshot: Snapshot | None,
    place: str,
    shown: Sequence[str],
    names: Sequence[str],
    colours: Sequence[int],
    dashed: Sequence[int] = (),
) -> dict[str, CurvesPicture]:
    """Names of places -> charts of networks that are trained side by side; none before the first snapshot.

    shown: of "loss" and "training", loss and accuracy on the training digits, and "held_out", accuracy on others.
    """
    if snapshot is None:
        return {}
    lines = [Curve(name, colour, at in dashed) for at, (name, colour) in enumerate(zip(names, colours, strict=True))]
    frames = still_frames(
        np.nan_to_num(snapshot.values["loss"]), start="last", indices=snapshot.values["step"].tolist()
    )
    charts = {}
    for what in shown:
        if what == "loss":
            loss = np.asarray(snapshot.values["loss"])
            charts[f"{place}-loss"] = CurvesPicture(
                np.where(loss < 1e30, loss.clip(min=1e-4, max=100), np.nan).astype(np.float32), lines, frames,
                Words("Loss on the training digits over the steps"), y_label=Words("training loss (nat)"), log=True,
                levels=(guessed_loss(),),
            )  # fmt: skip
            continue
        alt, label = (
            (Words("Accuracy on the training digits over the steps"), Words("training digits, % right"))
            if what == "training"
            else (Words("Accuracy on held-out digits over the steps"), Words("held-out digits, % right"))
        )
        charts[f"{place}-{what}"] = CurvesPicture(
            100 * np.asarray(snapshot.values[f"{what}_accuracy"], np.float32), lines, frames, alt, y_label=label,
            low=0.0, high=100.0,
            levels=(Level(100 / CLASSES, Words("guessing: {share}", share=Percent(1 / CLASSES, 0))),),
        )  # fmt: skip
    return charts


def guessed_loss() -> Level:
    """The loss of who says the same of every digit."""
    return Level(math.log(CLASSES), Words("guessing: ln {count}", count=CLASSES))


# ---------------------------------------------------------------- the signal through depth


def network_names(signal: Signal) -> Mapping[str, str]:
    """What the compared networks are called."""
    return CURES if "plain" in signal.networks else SHORT


def signal(made: Signal) -> dict[str, CurvesPicture]:
    """Both charts: the signal forward, the gradient backward."""
    return {quantity: layers(made, quantity) for quantity in ("deviation", "gradient")}


def layers(signal: Signal, quantity: str) -> CurvesPicture:
    """The spread of the outputs ("deviation"), or the norm of the gradient ("gradient"), layer by layer."""
    table = getattr(signal, quantity).numpy().T
    names = network_names(signal)
    lines = [Curve(Words(names[name]), APART[at], name == "plain") for at, name in enumerate(signal.networks)]
    known = table[np.isfinite(table) & (table > 0)]
    shown = np.where(table > 0, table, np.nan).astype(np.float64)
    shown = np.where((shown > 1e-37) & (shown < 1e37), shown, np.nan)  # what the picture's own numbers can hold
    frames = still_frames(np.nan_to_num(table), start="last", indices=range(1, len(table) + 1))
    levels = ()
    if known.size and known.min() < TINY:
        levels = (Level(TINY, Words("float32 loses digits")),)
    alt = (Words("Spread of the outputs in every layer") if quantity == "deviation"
           else Words("Norm of the gradient in every layer"))  # fmt: skip
    label = (Words("standard deviation of the outputs") if quantity == "deviation"
             else Words("norm of the gradient that comes back"))  # fmt: skip
    return CurvesPicture(shown.astype(np.float32), lines, frames, alt, Words("layer"), label, log=True, levels=levels)


def last_layer(chart: CurvesPicture) -> CurvesPicture:
    """The same before anything has come back: the last layer alone."""
    values = np.full_like(chart.values, np.nan)
    values[-1] = chart.values[-1]
    return replace(chart, values=values)


def pairs(ratios: np.ndarray, config: Config) -> PixelPicture:
    """log10 of the factor by which the gradient changes on its way back, for every activation and first weights; the
    pair that is set has a frame."""
    values = np.log10(ratios[:, :, 1])
    rows = [Words(name) for name in FUNCTIONS.values()]
    columns = [Words(SHORT[name]) for name in INITIALISATIONS]
    texts = [
        Text(column + 0.5, row + 0.5, _power(values[row, column]), within=0.96)
        for row in range(len(rows)) for column in range(len(columns))
    ]  # fmt: skip
    tile = Tile(
        values.clip(-12, 12).astype(np.float32), scale="signed", low=-12.0, high=12.0, row_labels=rows,
        column_labels=columns, texts=texts, cell_names=("", Words("activation"), Words("initialisation")),
        boxes=[_frame((list(FUNCTIONS).index(config.function), list(INITIALISATIONS).index(config.initialisation)))],
    )  # fmt: skip
    return PixelPicture([tile], Words("What comes back to the first layer, for every activation and initialisation"),
                        legend=False)  # fmt: skip


def _frame(cell: tuple[int, int]) -> Box:
    """Around a cell (row, column)."""
    row, column = cell
    return Box((column, row, column + 1, row + 1), colour=5)


def _power(value: float) -> str:
    if not math.isfinite(value):
        return "0"
    return number(10**value, 2) if abs(value) < 2 else f"10^{value:.0f}".replace("-", "−")


def cures(config: Config, snapshot: Snapshot | None) -> dict[str, CurvesPicture]:
    """Charts of the networks with each cure, and the shallow one."""
    names = [*map(Words, CURES.values()), Words("plain, {layers} layers", layers=min(SHALLOW, config.depth))]
    return trained(snapshot, "cures", ("training", "held_out"), names, APART[: len(names)], (0, len(names) - 1))


# ---------------------------------------------------------------- normalisation


def block(config: Config, made: Block) -> BlockPicture:
    """The batch as a block; the read-out says the number that is normalised."""
    together = Words("averaged together ({count} numbers)", count=made.count) if made.count else ""
    if made.count == 1:
        together = Words("one number alone")
    alt = Words("The batch: {batch} samples, {channels} channels, {places} places; {norm}", batch=config.batch,
                channels=config.channels, places=config.side**2, norm=Words(NORMS[config.norm]))  # fmt: skip
    return BlockPicture(made.given.numpy(), made.group.numpy(), config.side, alt, together)


def running(config: Config, made: Block, channel: int) -> dict[str, CurvesPicture]:
    """Mean and variance of a channel in each batch, and the running ones that BatchNorm stores."""
    if config.norm != "batch" or not config.batches:
        return {}
    return {f"running-{quantity}": _running(made, channel, quantity) for quantity in ("mean", "variance")}


def _running(made: Block, channel: int, quantity: str) -> CurvesPicture:
    kept = getattr(made, f"running_{quantity}")[:, channel].numpy()
    newest = getattr(made, f"batch_{quantity}")[:, channel].numpy().copy()
    newest[0] = np.nan
    table = np.stack([newest, kept], 1).astype(np.float32)
    lines = [Curve(Words("of each batch"), 1), Curve(Words("running"), 0)]
    name = Words("mean") if quantity == "mean" else Words("variance")
    frames = still_frames(np.nan_to_num(table), start="last")
    return CurvesPicture(table, lines, frames, Words("Running {name} of a channel", name=name),
                         Words("training batch"), name)  # fmt: skip


# ---------------------------------------------------------------- learning rate and batch size


def heat(config: Config, snapshot: Snapshot | None, metric: str, cell: tuple[int, int]) -> PixelPicture:
    """What every network that was trained came to; grey with dots: not yet; with a dash: the loss is no number.

    cell: picked.
    """
    rates = grid_rates(config)
    shape = len(BATCHES), len(rates)
    values = np.full(shape, np.nan) if snapshot is None else snapshot.values[metric][:, :, -1]
    share = metric.endswith("accuracy")
    low, high = (0.0, 100.0) if share else (0.0, math.log(CLASSES))
    values = 100 * values if share else values
    begun = np.zeros(shape, bool) if snapshot is None else np.isfinite(snapshot.values["loss"][:, :, 0])
    texts = [
        Text(column + 0.5, row + 0.5, _told(values[row, column], share) if begun[row, column] else "…", within=0.9)
        for row, column in np.ndindex(shape)
    ]  # fmt: skip
    tile = Tile(
        np.where(np.isfinite(values), values.clip(low, high), np.nan).astype(np.float32),
        Words("batch size ↓, learning rate →"), "probability" if share else "magnitude", low, high,
        unit="%" if share else Words("nat"), row_labels=[str(one) for one in BATCHES],
        column_labels=[number(one, 1) for one in rates], texts=texts,
        cell_names=("", Words("batch size"), Words("learning rate")), boxes=[_frame(cell)],
    )  # fmt: skip
    return PixelPicture([tile], Words("What every pair of learning rate and batch size comes to"))


def first_row(heat: PixelPicture) -> PixelPicture:
    """The same with the networks of the smallest batches alone."""
    (tile,) = heat.tiles
    values = tile.pixels.copy()
    values[1:] = np.nan
    texts = [one for one in tile.texts if one.y < 1]
    return replace(heat, tiles=[replace(tile, pixels=values, texts=texts)])


def _told(value: float, share: bool) -> str:
    return "–" if not math.isfinite(value) else f"{value:.0f}" if share else f"{value:.2f}"


def one_network(snapshot: Snapshot | None, cell: tuple[int, int]) -> dict[str, CurvesPicture]:
    """Loss over the epochs of one network of the grid, once it was trained."""
    names = ("loss", "held_out_loss")
    table = None if snapshot is None else np.stack([snapshot.values[name][cell] for name in names], 1)
    if table is None or not np.isfinite(table[0]).all():
        return {}
    highest = math.log(CLASSES) * 1.35
    lines = [Curve(Words("training digits"), 0), Curve(Words("held-out digits"), 1, dashed=True)]
    chart = CurvesPicture(
        table.clip(max=highest).astype(np.float32), lines, still_frames(np.nan_to_num(table), start="last"),
        Words("Loss of the picked network over the epochs"), Words("epoch"), Words("loss in nat"), low=0.0,
        high=highest, levels=(guessed_loss(),),
    )  # fmt: skip
    return {"one-network": chart}


# ---------------------------------------------------------------- schedules


def scheduled(snapshot: Snapshot | None) -> dict[str, CurvesPicture]:
    """Charts of the networks under every schedule."""
    return trained(
        snapshot, "schedules", ("loss", "held_out"), list(map(Words, SCHEDULES.values())), APART[: len(SCHEDULES)]
    )


def schedules(rates: Rates, step: int) -> CurvesPicture:
    """The learning rate over the steps under every schedule, standing at a step (0 first)."""
    table = rates.rate.numpy().T.astype(np.float32)
    frames = still_frames(table, start="last", indices=range(1, len(table) + 1))
    frames = replace(frames, at=min(step, len(table) - 1) + 1)
    lines = [Curve(Words(SCHEDULES[name]), APART[at]) for at, name in enumerate(rates.schedules)]
    return CurvesPicture(table, lines, frames, Words("Learning rate over the steps"), y_label=Words("learning rate"),
                         low=0.0)  # fmt: skip


# ---------------------------------------------------------------- figures for files


def draw_race(result: Result) -> PlotPicture:
    """The surface from above with the ways of all optimisers."""
    return from_above(result.config, result.race, race_frames(result.race))


def draw_heights(result: Result):
    """Height of every optimiser over the steps."""
    from engine.pictures.chart.figure import lines

    steps = list(range(result.race.height.shape[1]))
    curves = {RULES[rule]: (steps, result.race.height[at].tolist()) for at, rule in enumerate(result.race.rules)}
    return lines(curves, x_title="step", y_title="height f(x, y)")


def draw_signal(result: Result):
    """The norm of the gradient that comes back to every layer."""
    from engine.pictures.chart.figure import lines

    names, count = network_names(result.signal), list(range(1, result.signal.gradient.shape[1] + 1))
    curves = {
        names[name]: (count, [value if value > 0 else math.nan for value in result.signal.gradient[at].tolist()])
        for at, name in enumerate(result.signal.networks)
    }
    return lines(curves, x_title="layer", y_title="norm of the gradient that comes back", log=True)


def draw_block(result: Result) -> BlockPicture:
    """The batch as a block, with what is averaged together."""
    return block(result.config, result.block)


def draw_rates(result: Result):
    """The learning rate over the steps under every schedule."""
    from engine.pictures.chart.figure import lines

    table = result.schedules.rate
    steps = list(range(1, table.shape[1] + 1))
    curves = {SCHEDULES[name]: (steps, table[at].tolist()) for at, name in enumerate(result.schedules.schedules)}
    return lines(curves, x_title="step", y_title="learning rate")

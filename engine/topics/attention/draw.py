"""Attention: arrays to pictures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.contracts.words import Words
from engine.pictures.bars.values import Bars
from engine.pictures.chart.values import Chart
from engine.pictures.links.values import Links
from engine.pictures.matrices.values import Matrices
from engine.pictures.mosaic.values import Mosaic, shrunk
from engine.pictures.pixels.values import Line, PixelPicture, Text, Tile

from .card import HEADS, LARGEST, LAYERS, Config
from .explain import Cell
from .mechanism import Mechanism, matrix_of, sinusoids, spread_of_scores
from .run import HABITS, Result, position_similarity

HABIT_NAMES = {
    "previous": "the token before",
    "next": "the token after",
    "itself": "itself",
    "first": "[CLS], the first token",
    "last": "[SEP], the last token",
    "same": "the same token elsewhere",
    "spread": "everything evenly",
}
ROWS = tuple(f"L{layer + 1}" for layer in range(LAYERS))
COLUMNS = tuple(f"H{head + 1}" for head in range(HEADS))
MOST_ROWS = 18  # keys whose values are drawn one by one
MOST_NUMBERS = 20  # columns of a strip whose numbers are written into it
QUERY, KEY = NAMES = Words("query"), Words("key")
DIMENSION = Words("dimension")


def place_of(name: str) -> tuple[int, int]:
    """ "L3H10" -> (2, 9)."""
    layer, _, head = name[1:].partition("H")
    return int(layer) - 1, int(head) - 1


def name_of(layer: int, head: int) -> str:
    """(2, 9) -> "L3H10"."""
    return f"L{layer + 1}H{head + 1}"


def draw_heads(result: Result) -> PixelPicture:
    """All heads in one piece, six layers of twelve, each from 0 to its own largest weight; for files and covers."""
    small = shrunk(result.pattern.numpy())
    small = small / np.maximum(small.max((2, 3), keepdims=True), 1e-12)
    side = small.shape[-1]
    page = np.full((LAYERS * (side + 1) - 1, HEADS * (side + 1) - 1), np.nan, np.float32)
    for layer, head in np.ndindex(LAYERS, HEADS):
        top, left = layer * (side + 1), head * (side + 1)
        page[top : top + side, left : left + side] = small[layer, head]
    tile = Tile(page, "attention of all heads, layer by layer", "probability", 0.0, 1.0)
    return PixelPicture([tile], alt="Attention of all heads, six layers of twelve, each from 0 to its largest weight")


def draw_mosaic(result: Result, layer: int, head: int, habit: str) -> Mosaic:
    """All heads at a glance; of each, how much it has of a habit is read out."""
    values, word = result.habits[HABITS.index(habit)].numpy(), Words(HABIT_NAMES[habit])
    notes = [
        [Words("{habit} {value}", habit=word, value=f"{value:.2f}") if value == value else "" for value in row]
        for row in values
    ]
    off = frozenset(map(place_of, result.off))
    alt = Words("Attention of all heads, six layers of twelve")
    return Mosaic(result.pattern.numpy(), ROWS, COLUMNS, notes, alt, (layer, head), off)


def chosen_alone(mosaic: Mosaic) -> Mosaic:
    """The same with the chosen head alone."""
    patterns = np.zeros_like(mosaic.patterns)
    patterns[mosaic.selected] = mosaic.patterns[mosaic.selected]
    return replace(mosaic, patterns=patterns, notes=[[""] * len(row) for row in mosaic.notes])


def draw_head(result: Result, layer: int = 0, head: int = 2, *, alt: str = "", unit: str = "") -> PixelPicture:
    """Attention of one head, queries down and keys across, from 0 to its largest weight."""
    pattern = result.pattern[layer, head].numpy()
    tile = Tile(
        pattern, "", "probability", 0.0, max(float(pattern.max()), 1e-6), unit, row_labels=result.tokens,
        column_labels=result.tokens, cell_names=("", *NAMES),
    )  # fmt: skip
    return PixelPicture([tile], alt=alt or Words("Attention of head {head}", head=name_of(layer, head)))


def draw_links(result: Result, layer: int, head: int, selected: tuple[int, int]) -> Links:
    """The same head as lines from every query to what it looks at."""
    alt = Words("Attention of head {head}", head=name_of(layer, head))
    return Links(result.pattern[layer, head].numpy(), result.tokens, alt, selected, NAMES)


def draw_habit(heads: list[tuple[str, float]], chosen: str) -> Bars:
    """The heads that have most of a habit, best first; the chosen one marked."""
    names = [name for name, _ in heads]
    shares = [min(1.0, max(0.0, value)) for _, value in heads]
    marked = names.index(chosen) if chosen in names else None
    return Bars(names, shares, Words("Heads that do so most"), marked=marked, keys=names)


def draw_shares(cell: Cell, most: int = 3) -> Bars:
    """What the query looks at most, and the key that was clicked: marked, last where its share is smaller."""
    keys = [int(at) for at in np.argsort(-cell.shares, kind="stable")[:most]]
    if cell.key not in keys:
        keys[-1] = cell.key
    shares = [float(cell.shares[at]) for at in keys]
    names, places = [cell.tokens[at] for at in keys], [f"{cell.query}-{at}" for at in keys]
    return Bars(names, shares, Words("softmax: they add up to 1"), marked=keys.index(cell.key), keys=places)


def draw_vectors(cell: Cell) -> PixelPicture:
    """q, k and their products as three rows."""
    rows = np.stack([cell.q, cell.k, cell.products]).astype(np.float32)
    tile = Tile(
        rows, "", "signed", row_labels=["q", "k", "q × k"], column_labels=_numbered(rows.shape[1]),
        cell_names=("", "", DIMENSION), texts=_numbers(rows),
    )  # fmt: skip
    return PixelPicture([tile], alt=Words("q, k and their products"))


def draw_row(cell: Cell) -> PixelPicture:
    """The query's scores with all keys, and their softmax."""
    scores = np.where(np.isneginf(cell.scores), np.nan, cell.scores).astype(np.float32)[None]
    shares, labels = cell.shares.astype(np.float32)[None], list(cell.tokens)
    high = max(float(shares.max()), 1e-6)
    digits = 1 if len(labels) > 8 else 2
    what, adding_up = Words("scores of this query with every key"), Words("softmax: they add up to 1")
    names = ("", "", KEY)
    tiles = [
        Tile(scores, what, "signed", column_labels=labels, cell_names=names, texts=_numbers(scores, digits)),
        Tile(shares, adding_up, "probability", 0.0, high, column_labels=labels, cell_names=names,
             texts=_numbers(shares)),
    ]  # fmt: skip
    return PixelPicture(tiles, alt=adding_up, columns=1, legend=len(labels) > MOST_NUMBERS)


SUM = Words("The values of every key times its share, and below their sum: what the head hands on for this query")


def draw_sum(cell: Cell) -> PixelPicture:
    """Every key's values times its share, one row each, and below them their sum: the head's output for this query.

    Of a long text the keys with the largest shares, and all others together in one row.
    """
    keys = np.sort(np.argsort(-cell.shares, kind="stable")[:MOST_ROWS])  # in the order of the text
    labels = [f"{cell.shares[at]:.2f} {cell.tokens[at]}" for at in keys]
    parts = [cell.parts[keys]]
    if len(keys) < len(cell.tokens):
        others = np.setdiff1d(np.arange(len(cell.tokens)), keys)
        parts.append(cell.parts[others].sum(0)[None])
        labels.append(f"{cell.shares[others].sum():.2f} ({len(others)} ×) …")
    rows = np.concatenate([*parts, cell.output[None]]).astype(np.float32)
    count, width = len(rows) - 1, rows.shape[1]
    tile = Tile(
        rows, "", "signed", row_labels=[*labels, "Σ"], column_labels=_numbered(width),
        cell_names=("", KEY, DIMENSION), texts=_numbers(rows),
        lines=[Line([(0, count), (width, count)], "#808080", 2.0)],
    )  # fmt: skip
    return PixelPicture([tile], alt=SUM)


def draw_ablation(falls: np.ndarray) -> PixelPicture:
    """How the similarity changes without each head, six layers of twelve."""
    high = max(float(np.abs(falls).max()), 1e-6)
    tile = Tile(
        falls.astype(np.float32), "", "signed", -high, high, row_labels=ROWS, column_labels=COLUMNS,
        cell_names=("", Words("layer"), Words("head")),
    )  # fmt: skip
    return PixelPicture([tile], alt=Words("Change of the similarity without each head"))


def draw_sentence(result: Result) -> PixelPicture:
    """The sentence vector, and how it differs from that of the intact encoder; 384 numbers, 48 a row."""
    now = result.vector.numpy().reshape(-1, 48)
    change = (result.vector - result.vector_intact).numpy().reshape(-1, 48)
    high = float(np.abs(now).max())
    mean = Words("mean of all tokens after layer 6")
    names = ("", Words("row"), Words("column"))
    tiles = [
        Tile(values, name, "signed", -high, high, cell_names=names)
        for values, name in ((now, mean), (change, Words("what the changes did to it")))
    ]
    return PixelPicture(tiles, alt=mean, columns=1)


# ---------------------------------------------------------------- by hand


def draw_matrices(config: Config) -> Matrices:
    """Q, K and V as they are set, to be edited."""
    tokens = config.tokens.split()
    shape = len(tokens), config.width
    values = {"Q": config.queries, "K": config.keys, "V": config.values}
    notes = dict.fromkeys("QK", Words("+ position encoding")) if config.sinusoid else {}
    return Matrices(
        {name: matrix_of(text, *shape).numpy() for name, text in values.items()}, tokens,
        Words("Q, K and V; type numbers of your own"), -LARGEST, LARGEST, notes=notes,
    )  # fmt: skip


def draw_chain(made: Result | Mechanism) -> PixelPicture:
    """Every step from the products to the output as a matrix with its numbers; all tokens label rows and columns."""
    toy = made if isinstance(made, Mechanism) else made.mechanism
    masked = np.where(np.isneginf(toy.masked.numpy()), np.nan, toy.masked.numpy())
    tokens, tiles = list(toy.tokens), []
    steps = (toy.products.numpy(), toy.scores.numpy(), masked, toy.pattern.numpy(), toy.output.numpy())
    titles = (
        Words("1  products q · k"), Words("2  scores: divided"), Words("3  masked"), Words("4  softmax of each row"),
        Words("5  output"),
    )  # fmt: skip
    for step, (values, title) in enumerate(zip(steps, titles, strict=True)):
        scale = {"scale": "probability", "low": 0.0, "high": 1.0} if step == 3 else {"scale": "signed"}
        across = tokens if step < 4 else _numbered(values.shape[1])
        tiles.append(
            Tile(values, title, **scale, row_labels=tokens, column_labels=across, cell_names=("", *NAMES),
                 texts=_numbers(values))
        )  # fmt: skip
    return PixelPicture(tiles, alt=Words("Attention by hand, step by step"), legend=False)


def products(chain: PixelPicture) -> PixelPicture:
    """The first of these steps alone."""
    return replace(chain, tiles=chain.tiles[:1])


def draw_positions(count: int, width: int) -> PixelPicture:
    """Position encodings as a heat map, and the dot product of every pair of them over that of one with itself."""
    encoding = sinusoids(count, width)
    similarity = encoding @ encoding.T / (width / 2)
    title, place = Words("encoding of 64 positions, 32 numbers each"), Words("position")
    tiles = [
        Tile(encoding, title, "signed", -1.0, 1.0, cell_names=("", place, DIMENSION)),
        Tile(similarity, Words("similarity of every two positions"), "signed", -1.0, 1.0,
             cell_names=("", place, Words("other position"))),
    ]  # fmt: skip
    return PixelPicture(tiles, alt=title, columns=2)


def draw_distance(count: int, width: int) -> Chart:
    """Similarity of positions against their distance, one curve for each kind of encoding."""
    similarity = position_similarity(count, width)
    curves = {Words("sinusoids"): similarity["sinusoid"], Words("learned by the encoder"): similarity["learned"]}
    return Chart(
        {name: (list(range(len(y))), y.tolist()) for name, y in curves.items()}, Words("distance (positions)"),
        Words("similarity"), Words("Similarity of positions against their distance"),
    )  # fmt: skip


def draw_spread() -> Chart:
    """Standard deviation of q · k against d as measured, beside √d."""
    statistics = spread_of_scores()
    width = statistics["width"].tolist()
    measured, root = statistics["deviation"].tolist(), np.sqrt(statistics["width"]).tolist()
    return Chart(
        {Words("measured"): (width, measured), "√d": (width, root)}, "d", Words("standard deviation of q · k"),
        Words("Standard deviation of q · k against d"), log=True, log_x=True,
    )  # fmt: skip


def draw_saturation() -> Chart:
    """The largest softmax weight and the slope of the softmax against d, with and without the division by √d."""
    statistics = spread_of_scores()
    names = {
        Words("largest weight"): "largest", Words("largest weight, divided by √d"): "largest_scaled",
        Words("slope"): "slope", Words("slope, divided by √d"): "slope_scaled",
    }  # fmt: skip
    return Chart(
        {name: (statistics["width"].tolist(), statistics[key].tolist()) for name, key in names.items()}, "d",
        Words("mean over 400 rows of 16 keys"), Words("Largest softmax weight against d"), log_x=True,
    )  # fmt: skip


def _numbered(count: int) -> list[str]:
    return [str(number + 1) for number in range(count)]


def _numbers(values: np.ndarray, digits: int = 2) -> list[Text]:
    """Every value in the middle of its cell, -∞ for NaN; none where there is no room for them."""
    rows, columns = values.shape
    if columns > (MOST_NUMBERS if rows == 1 else 8):
        return []
    texts = []
    for row, column in np.ndindex(rows, columns):
        value = float(values[row, column])
        text = f"{value:.{digits}f}"
        text = (text.rstrip("0").rstrip(".") if "." in text else text).replace("-", "−")
        text = "−∞" if value != value else "0" if text == "−0" else text
        texts.append(Text(column + 0.5, row + 0.5, text, within=1.08))
    return texts

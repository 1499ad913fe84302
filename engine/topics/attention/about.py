"""Attention: what is said about heads, cells and positions, as blocks."""

from __future__ import annotations

from engine.contracts.blocks import Block, Choose, Pick, Press, Row, Say, Show
from engine.contracts.words import Number, Words

from . import draw, explain
from .card import Config
from .explain import Cell
from .run import Result

POSITIONS, WIDTH = 64, 32  # of the encodings drawn
WHEN_OFF = "What a head that is off hands on is 0. The similarity above says what that does."
CHANGE = "Change of the similarity when this head, too, is switched off. Click one to see it."
READS = (
    "Attention says where a head reads from; whether that matters, only switching it off can say. The "
    "encoder was trained on English sentences."
)


def similarity(config: Config, result: Result) -> Say:
    """How alike the two sentence vectors are, now and with nothing changed."""
    now, intact = result.similarity, result.similarity_intact
    said = [Words("similarity of the two sentences **{now}**", now=Number(now, 4))]
    if result.off or not (config.scaling and config.positions) or config.causal or config.temperature != 1:
        change = f"{now - intact:+.4f}".replace("-", "−")
        said.append(
            Words("unchanged encoder **{intact}** · change **{change}**", intact=Number(intact, 4), change=change)
        )
    if result.off:
        said.append(Words("switched off: {heads}", heads=", ".join(result.off)))
    return Say(*said, style="status")


def alike(config: Config, result: Result) -> Row:
    """The similarity, and the way back where heads are off."""
    said = [similarity(config, result)]
    return Row([said, [Press("on", "All heads on", {"off": ()})]], (3, 1)) if result.off else Row([said])


def remarks(config: Config, result: Result) -> list[Say]:
    """What the reader should know about this text; nothing where there is nothing to know."""
    said = []
    if len(result.tokens) == 2:
        said.append(Words("The text is empty: only the special tokens [CLS] and [SEP] are left."))
    if not config.second.strip():
        said.append(Words("The second sentence is empty: the text is compared with [CLS] and [SEP] alone."))
    if result.cut:
        cut = result.cut
        said.append(Words("The encoder reads 128 tokens; the last {cut} of this text were left out.", cut=cut))
    if any(token.startswith("[UNK") for token in result.tokens):
        said.append(Words("[UNK] stands for what is not in the vocabulary; the encoder was trained on English."))
    return [Say(*said, style="note")] if said else []


def habit(name: str, heads: list[tuple[str, float]], chosen: str) -> list[Block]:
    """The heads in which a habit was found most, and what is measured of it. chosen: the head shown large."""
    if not heads:
        return [Say("No token comes twice in this text.", style="small")]
    best = Show("best", draw.draw_habit(heads, chosen), Pick("head", "key"))
    share = "Mean share of the attention in this text."
    entropy = "Entropy in this text, as a share of that of an even look at all keys that the mask leaves."
    return [best, Say(entropy if name == "spread" else share, style="small")]


def switch(name: str, result: Result) -> Row:
    """How the large head is shown, and whether it is on."""
    off = name in result.off
    words = Words("Switch {head} on" if off else "Switch {head} off", head=name)
    press = Press("switch", words, {"off": tuple(set(result.off) ^ {name})}, "", WHEN_OFF, primary=off)
    return Row([[Choose("shape", as_buttons=True)], [press]])


def one_head(shape: str, result: Result, name: str, asked: str) -> list[Block]:
    """One head large, and beside it what the cell asked for says: its share, and the largest shares of its row."""
    cell = explain.asked_cell(result, *draw.place_of(name), asked)
    large = _large(shape, result, *draw.place_of(name), (cell.query, cell.key))
    return [
        switch(name, result),
        large,
        looks_at(cell, name),
        Show("shares", draw.draw_shares(cell), Pick("cell", "key")),
    ]


def _large(shape: str, result: Result, layer: int, head: int, place: tuple[int, int]) -> Show:
    """The head as a "matrix" or as "lines"; a click chooses another query and key."""
    if shape == "lines":
        title = Words("Layer {layer}, head {head}: left looks at right", layer=layer + 1, head=head + 1)
        lines = draw.draw_links(result, layer, head, place)
        return Show("lines", lines, Pick("cell", "query", "key"), title, height=285)
    title = Words("Layer {layer}, head {head}: rows look at columns", layer=layer + 1, head=head + 1)
    selected = {"tile": 0, "row": place[0], "column": place[1]}
    return Show("head", draw.draw_head(result, layer, head), Pick("cell", "row", "column"), title, selected, 285)


def looks_at(cell: Cell, where: str) -> Say:
    """The cell that was clicked, in words. where: which head."""
    query, key = cell.tokens[cell.query], cell.tokens[cell.key]
    words = "{where} · **{query}** looks at **{key}**: **{value}**. Click another cell to see its numbers."
    return Say(words, where=where, query=query, key=key, value=Number(cell.value, 4), style="small")


def arithmetic(config: Config, cell: Cell, place: str = "") -> list[Block]:
    """The arithmetic of one cell with its numbers. place: begins the names of its pictures."""
    wide = len(cell.q) > 8
    return [
        Show(f"{place}vectors", draw.draw_vectors(cell), height=130 if wide else 150),
        explain.score_formulas(cell, scaling=config.scaling, temperature=config.temperature),
        Show(f"{place}row", draw.draw_row(cell), height=270 if wide else 190),
        explain.softmax_formula(cell),
        Show(f"{place}sum", draw.draw_sum(cell), title=draw.SUM, height=400 if wide else 230),
        explain.output_formula(cell),
    ]  # fmt: skip


def why_divide() -> list[Block]:
    """The effect of √d, measured on random vectors."""
    words = (
        "Random queries and keys of d normal numbers. q · k grows like √d; undivided, the softmax gives all weight "
        "to one key, and its slope, Σ p (1 − p), goes to 0: nothing is learned through it."
    )
    charts = [Show("spread", draw.draw_spread())], [Show("saturation", draw.draw_saturation())]
    return [Row(charts), Say(words, style="small")]


def encodings() -> list[Block]:
    """Sinusoids as a heat map, and similarity against distance."""
    waves = Show("encodings", draw.draw_positions(POSITIONS, WIDTH), height=330)
    return [Row([[waves], [Show("distance", draw.draw_distance(POSITIONS, WIDTH))]], (1.2, 1))]

"""Attention and the Transformer."""

from engine.contracts.blocks import Box, Choose, Later, Press, Row, Say, Show
from engine.contracts.knob import configuration, knob
from engine.contracts.words import Words
from engine.topics.attention import about, draw, explain
from engine.topics.attention.card import HEAD_NAMES, check_place, only
from engine.topics.attention.mechanism import random_numbers, with_number
from engine.topics.attention.run import strongest


@configuration
class View:
    """What to look at: a head, one of its cells, the habit that heads are ranked by; and what is opened."""

    habit: str = knob("previous", "Find heads that look at", choices=draw.HABIT_NAMES)
    shape: str = knob("matrix", "Shape", choices={"matrix": "Matrix", "lines": "Lines"})
    head: str = knob("L4H2", "Head", choices=HEAD_NAMES, hidden=True)  # there "it" looks at the animal
    cell: str = knob("", "Cell", hidden=True, most=7, check=check_place)
    pair: str = knob("", "Cell", hidden=True, most=7, check=check_place)
    every: bool = knob(False, "Which head matters for this similarity?")
    vector: bool = knob(False, "The sentence vector")
    why: bool = knob(False, "Why divide by √d?")
    encodings: bool = knob(False, "Position encodings")


def stage(config, view, film):
    """A trained encoder, or attention by hand."""
    return [Choose("view", as_buttons=True), *(encoder if config.view == "text" else by_hand)(config, view, film.now)]


def encoder(config, view, result):
    """The similarity; all heads and one of them large, what each of them does, and where a number of it comes from."""
    above = [about.alike(config, result), *about.remarks(config, result)]
    return [*above, Row([heads]), Row([effects]), Row([arithmetic]), Say(about.READS, style="small")]


def heads(config, view, film):
    """All heads, and one of them large."""
    result, (layer, head) = film.now, draw.place_of(view.head)
    strong = strongest(result, view.habit, 4)
    mosaic = draw.draw_mosaic(result, layer, head, view.habit)
    all_heads = Show("heads", mosaic, pick_head, covered=draw.chosen_alone)
    left = [Choose("habit"), all_heads, *about.habit(view.habit, strong, view.head)]
    return [Row([left, about.one_head(view.shape, result, view.head, view.cell)], (1.16, 1))]


def effects(config, view, film):
    """What each head does to the similarity, and the sentence vector."""
    falls = Later("engine.topics.attention.run:ablation", only(config, "text"), every_head)
    vector = Show("vector", draw.draw_sentence(film.now), height=200)
    return [Row([[Choose("every"), *[falls] * view.every], [Choose("vector"), *[vector] * view.vector]])]


def arithmetic(config, view, film):
    """Where one number of the large head comes from."""
    cell = explain.asked_cell(film.now, *draw.place_of(view.head), view.cell)
    return [Box("detail", about.arithmetic(config, cell))]


def by_hand(config, view, made):
    """Q, K and V to edit, every step from the products to the output, and the arithmetic of the cell clicked."""
    cell = explain.explain_chain(config, made, view.pair)
    selected = {"tile": 3, "row": cell.query, "column": cell.key}
    chain = Show("chain", draw.draw_chain(made), pick_step, picked=selected, height=410, covered=draw.products)
    detail = Box("toy-detail", about.arithmetic(config, cell, "toy-"))
    return [Show("matrices", draw.draw_matrices(config), edit), about.looks_at(cell, Words("By hand")), chain, detail]


def panel(config, view, film):
    """Beside the knobs by hand: other numbers."""
    return [Press("random", "Random Q, K and V", random_numbers(config), icon="casino")] * (config.view == "toy")


def below(config, view, film):
    """By hand: why scores are divided, and what positions do."""
    if config.view == "text":
        return []
    why, encodings = about.why_divide() if view.why else [], about.encodings() if view.encodings else []
    return [Choose("why"), *why, Choose("encodings"), *encodings]


def every_head(config, view, film, falls):
    """What switching off each head, too, would do to the similarity."""
    return [Show("ablation", draw.draw_ablation(falls), pick_head, height=190), Say(about.CHANGE, style="small")]


def pick_head(event, config, view):
    """Another head, in the small maps or in what each of them does to the similarity."""
    return {"head": draw.name_of(event["row"], event["column"])}


def pick_step(event, config, view):
    """Another cell of one of the square matrices."""
    return {"pair": f"{event['row']}-{event['column']}"} if event["tile"] < 4 else {}


def edit(event, config, view):
    """One number was set."""
    return with_number(config, event["matrix"], event["row"], event["column"], event["value"])

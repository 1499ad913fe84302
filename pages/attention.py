"""Attention and the Transformer."""

import streamlit as st

from engine.topics.attention import draw, explain
from engine.topics.attention.card import BY_HAND, HEAD_NAMES, OF_TEXT, only
from engine.topics.attention.draw import place_of
from engine.topics.attention.mechanism import divisor, random_numbers, with_number
from engine.topics.attention.run import position_similarity, strongest
from pages.components.canvas import bars, chart, choice, pixels
from pages.components.compute import compute
from pages.components.controls import change, change_pending, controls, write_link
from pages.components.formulas import show_formulas
from pages.components.grids import links, matrices, mosaic
from pages.components.language import number, t
from pages.components.page import close_page, open_page
from pages.components.views import choose_view

VIEWS = {"text": "A trained encoder", "toy": "Attention by hand"}
HABITS = {
    "previous": "the token before",
    "next": "the token after",
    "itself": "itself",
    "first": "[CLS], the first token",
    "last": "[SEP], the last token",
    "same": "the same token elsewhere",
    "spread": "everything evenly",
}
WHAT = "engine.topics.attention.run:ablation"

page = open_page("attention")
topic, config, state = page.topic, page.config, st.session_state
names = (t("query"), t("key"))


def choose_what() -> None:
    """The trained encoder, or attention by hand; in the link, so that a preset can choose it too."""
    views = list(VIEWS)

    def pick() -> None:
        picked = state["attention-what"].get("pick")
        if picked is not None and picked < len(views):
            change(topic, view=views[picked])

    choice(
        [t(VIEWS[name]) for name in views], "attention-what", label=t("View"), chosen=views.index(config.view),
        on_pick=pick, as_buttons=True,
    )  # fmt: skip


# ---------------------------------------------------------------- a trained encoder


@st.fragment
def heads(result) -> None:
    """All heads, one of them large, and where a number of it comes from; a click runs nothing else of the page."""
    if change_pending(topic):
        st.rerun()
    layer, head = chosen_head()
    left, right = st.columns([1.16, 1], gap="medium")
    with left:
        habit = choose_view(
            topic.slug, "habit", t("Find heads that look at"), list(HABITS), lambda name: t(HABITS[name]),
            show_label=True,
        )  # fmt: skip
        alt, word = t("Attention of all heads, six layers of twelve"), t(HABITS[habit])
        mosaic(
            draw.draw_mosaic(result, layer, head, habit=habit, word=word, alt=alt), "attention-heads", on_pick=pick_head
        )
        found = strongest(result, habit, 4)

        def pick_bar() -> None:
            picked = state["attention-best"].get("pick")
            if picked is not None and picked < len(found):
                show(head=found[picked][0])

        if found:
            shown = draw.draw_habit(found, draw.name_of(layer, head), alt=t("Heads that do so most"))
            bars(shown, "attention-best", on_pick=pick_bar)
            even = habit == "spread"
            st.caption(
                t("Entropy in this text, as a share of that of an even look at all keys that the mask leaves.")
                if even
                else t("Mean share of the attention in this text.")
            )
        else:
            st.caption(t("No token comes twice in this text."))
    with right:
        large(result, layer, head)
    with st.container(border=True, key="attention-detail"):
        query, key = chosen_cell(result, layer, head)
        cell = explain.explain_cell(result, layer, head, query, key)
        steps(cell, draw.name_of(layer, head), "attention")
    st.caption(
        t("Attention says where a head reads from; whether that matters, only switching it off can say. The "
            "encoder was trained on English sentences.")
    )  # fmt: skip


def large(result, layer: int, head: int) -> None:
    """One head, as a matrix or as lines, and its switch."""
    name, (query, key) = draw.name_of(layer, head), chosen_cell(result, layer, head)
    off = name in result.off
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="attention-buttons"):
        shapes = {"matrix": t("Matrix"), "lines": t("Lines")}
        shape = choose_view(
            topic.slug, "shape", t("Shape"), list(shapes), shapes.get, as_buttons=True, width="content",
        )  # fmt: skip
        st.button(
            t("Switch {head} on", head=name) if off else t("Switch {head} off", head=name), key="attention:switch",
            on_click=switch, args=(name,), type="primary" if off else "secondary",
            help=t("What a head that is off hands on is 0. The similarity in the panel says what that does."),
        )  # fmt: skip
    title = (
        t("Layer {layer}, head {head}: left looks at right", layer=layer + 1, head=head + 1)
        if shape == "lines"
        else t("Layer {layer}, head {head}: rows look at columns", layer=layer + 1, head=head + 1)
    )
    alt = t("Attention of head {head}", head=name)
    if shape == "lines":
        shown = draw.draw_links(result, layer, head, (query, key), names=names, alt=alt)
        links(shown, "attention-lines", title=title, height=330, on_pick=pick_line)
    else:
        shown = draw.draw_head(result, layer, head, names=names, alt=alt)
        selected = {"tile": 0, "row": query, "column": key}
        pixels(shown, "attention-head", title=title, selected=selected, height=400, on_cell=pick_cell)


def pick_head() -> None:
    """Callback: another head."""
    if picked := state["attention-heads"].get("pick"):
        show(head=draw.name_of(picked["row"], picked["column"]))


def pick_cell() -> None:
    """Callback: another cell of the head."""
    if cell := state["attention-head"].get("cell"):
        show(cell=f"{cell['row']}-{cell['column']}")


def pick_line() -> None:
    """Callback: another pair of tokens."""
    if picked := state["attention-lines"].get("pick"):
        show(cell=f"{picked['query']}-{picked['key']}")


def steps(cell, where: str, place: str) -> None:
    """The arithmetic of one cell with its numbers, of the encoder or by hand."""
    st.markdown(
        t("{where} · **{query}** looks at **{key}**: **{value}**. Click another cell to see its numbers.",
          where=where, query=cell.tokens[cell.query], key=cell.tokens[cell.key],
          value=number(cell.value, 4))
    )  # fmt: skip
    dimension, wide = t("dimension"), len(cell.q) > 8
    alt = t("q, k and their products")
    shown = draw.draw_vectors(cell, words=("", dimension), alt=alt)
    pixels(shown, f"{place}-vectors", height=130 if wide else 150, click=False)
    show_formulas(explain.score_formulas(cell, scaling=config.scaling, temperature=config.temperature))
    strips = (t("scores of this query with every key"), t("softmax: they add up to 1"))
    shown = draw.draw_row(cell, words=("", names[1]), names=strips, alt=strips[1])
    pixels(shown, f"{place}-row", height=270 if wide else 190, click=False)
    show_formulas(explain.softmax_formula(cell))
    alt = t("The values of every key times its share, and below their sum: what the head hands on for this query")
    shown = draw.draw_sum(cell, words=(names[1], dimension), alt=alt)
    pixels(shown, f"{place}-sum", title=alt, height=400 if wide else 230, click=False)
    show_formulas(explain.output_formula(cell))


def chosen_head() -> tuple[int, int]:
    """The head last chosen; at first the one in which "it" looks at the animal."""
    name = state.setdefault("attention:views", {}).get("head", "")
    return place_of(name if name in HEAD_NAMES else "L4H2")


def chosen_cell(result, layer: int, head: int) -> tuple[int, int]:
    """The cell last clicked; where the text has no such cell, the one that stands out."""
    count, asked = len(result.tokens), state.setdefault("attention:views", {}).get("cell", "")
    query, _, key = asked.partition("-")
    there = query.isdecimal() and key.isdecimal() and int(query) < count and int(key) < count
    return (int(query), int(key)) if there else explain.telling_cell(result, layer, head)


def show(**views: str) -> None:
    """In a callback: what to look at, which then stands in the link."""
    state.setdefault("attention:views", {}).update(views)
    write_link(topic)


def switch(name: str) -> None:
    """Callback: a head off, or on again."""
    change(topic, off=tuple(set(config.off) ^ {name}))


def similarity(result) -> None:
    """How alike the two sentence vectors are, now and with nothing changed."""
    now, intact = result.similarity, result.similarity_intact
    said = t("similarity of the two sentences <b>{now}</b>", now=number(now, 4))
    if result.off or not (config.scaling and config.positions) or config.causal or config.temperature != 1:
        said += "<br>" + t(
            "unchanged encoder <b>{intact}</b> · change <b>{change}</b>", intact=number(intact, 4),
            change=f"{now - intact:+.4f}".replace("-", "−"),
        )  # fmt: skip
    if result.off:
        said += "<br>" + t("switched off: {heads}", heads=", ".join(result.off))
    st.html(f'<p class="status attention-similarity" role="status">{said}</p>')
    if result.off:
        st.button(t("All heads on"), key="attention:on", on_click=change, args=(topic,), kwargs={"off": ()})


def remarks(result) -> None:
    """What the reader should know about this text."""
    said = []
    if len(result.tokens) == 2:
        said.append(t("The text is empty: only the special tokens [CLS] and [SEP] are left."))
    if not config.second.strip():
        said.append(t("The second sentence is empty: the text is compared with [CLS] and [SEP] alone."))
    if result.cut:
        said.append(t("The encoder reads 128 tokens; the last {cut} of this text were left out.", cut=result.cut))
    if any(token.startswith("[UNK") for token in result.tokens):
        said.append(t("[UNK] stands for what is not in the vocabulary; the encoder was trained on English."))
    if said:
        st.caption(":material/info: " + " ".join(said))


@st.fragment
def every_head(result, shown) -> None:
    """What switching off each head would do to the similarity, and the sentence vector; both on demand."""
    if st.toggle(t("Which head matters for this similarity?"), key="attention:open-every"):
        falls = compute(topic, shown, WHAT)
        words, alt = (t("layer"), t("head")), t("Change of the similarity without each head")
        event = pixels(draw.draw_ablation(falls, words=words, alt=alt, unit=""), "attention-every", height=190)
        st.caption(t("Change of the similarity when this head, too, is switched off. Click one to see it."))
        if event and chosen_head() != (event["row"], event["column"]):
            show(head=draw.name_of(event["row"], event["column"]))
            st.rerun()
    if st.toggle(t("The sentence vector"), key="attention:open-vector"):
        strips = (t("mean of all tokens after layer 6"), t("what the changes did to it"))
        picture = draw.draw_sentence(result, names=strips, words=(t("row"), t("column")), alt=strips[0])
        pixels(picture, "attention-vector", height=200, click=False)


# ---------------------------------------------------------------- by hand


def by_hand() -> None:
    """Q, K and V to edit."""
    added = t("+ position encoding") if config.sinusoid else ""
    shown = draw.draw_matrices(config, notes={"Q": added, "K": added}, alt=t("Q, K and V; type numbers of your own"))
    matrices(shown, "attention-matrices", on_edit=edited)


@st.fragment
def chain(made) -> None:
    """Every step from the products to the output, and the arithmetic of the cell clicked."""
    titles = (
        t("1  products q · k"), t("2  scores: divided"), t("3  masked"), t("4  softmax of each row"), t("5  output"),
    )  # fmt: skip
    count, asked = len(made.tokens), state.setdefault("attention:views", {}).get("pair", "")
    query, key = (int(at) if at.isdecimal() else 0 for at in (asked[:1], asked[-1:])) if asked else (1, 0)
    query, key = min(query, count - 1), min(key, count - 1)
    alt = t("Attention by hand, step by step")
    picture = draw.draw_chain(made, titles=titles, names=names, alt=alt)
    selected = {"tile": 3, "row": query, "column": key}
    pixels(picture, "attention-chain", selected=selected, height=430, on_cell=pick_step)
    with st.container(border=True, key="attention-toy-detail"):
        divided = divisor(config, config.width)
        cell = explain.explain_by_hand(made, query, key, divisor=divided, causal=config.causal)
        steps(cell, t("By hand"), "attention-toy")


def pick_step() -> None:
    """Callback: another cell of one of the square matrices."""
    cell = state["attention-chain"].get("cell")
    if cell and cell["tile"] < 4:
        show(pair=f"{cell['row']}-{cell['column']}")


def edited() -> None:
    """Callback: one number was set."""
    event = state["attention-matrices"].get("edit")
    if event:
        change(topic, **with_number(config, **event))


def shuffle() -> None:
    """Callback: other numbers."""
    state["attention:seed"] = state.get("attention:seed", 0) + 1
    change(topic, **random_numbers(config, state["attention:seed"]))


@st.fragment
def why_divide() -> None:
    """The effect of √d, measured on random vectors."""
    if not st.toggle(t("Why divide by √d?"), key="attention:open-why"):
        return
    left, right = st.columns(2, gap="medium")
    spread = draw.draw_spread(names=(t("measured"), "√d"), x_title="d", y_title=t("standard deviation of q · k"))
    with left:
        chart(spread, "attention-spread", alt=t("Standard deviation of q · k against d"))
    four = (t("largest weight"), t("largest weight, divided by √d"), t("slope"), t("slope, divided by √d"))
    saturation = draw.draw_saturation(names=four, x_title="d", y_title=t("mean over 400 rows of 16 keys"))
    with right:
        chart(saturation, "attention-saturation", alt=t("Largest softmax weight against d"))
    st.caption(
        t(
            "Random queries and keys of d normal numbers. q · k grows like √d; undivided, the softmax gives all weight "
            "to one key, and its slope, Σ p (1 − p), goes to 0: nothing is learned through it."
        )
    )


@st.fragment
def positions() -> None:
    """Sinusoids as a heat map, and similarity against distance."""
    if not st.toggle(t("Position encodings"), key="attention:open-encodings"):
        return
    count, width = 64, 32
    titles = (t("encoding of 64 positions, 32 numbers each"), t("similarity of every two positions"))
    words = (t("position"), t("dimension"), t("other position"))
    left, right = st.columns([1.2, 1], gap="medium")
    with left:
        pixels(draw.draw_positions(count, width, titles=titles, words=words, alt=titles[0]), "attention-encodings",
               height=330, click=False)  # fmt: skip
    found = position_similarity(count, width)
    curves = {t("sinusoids"): found["sinusoid"], t("learned by the encoder"): found["learned"]}
    figure = draw.draw_distance(curves, x_title=t("distance (positions)"), y_title=t("similarity"))
    with right:
        chart(figure, "attention-distance", alt=t("Similarity of positions against their distance"))


# ---------------------------------------------------------------- the page

made = None
if config.view == "text":
    shown = only(config, "text")
    result = made = compute(topic, shown)
    with page.stage:
        choose_what()
        if result is not None:
            remarks(result)
            heads(result)
    with page.panel:
        controls(topic, skip=BY_HAND)
        if result is not None:
            similarity(result)
            every_head(result, shown)
else:
    made = compute(topic, only(config, "toy"), "engine.topics.attention.mechanism:by_hand")
    with page.stage:
        choose_what()
        if made is not None:
            by_hand()
            chain(made)
    with page.panel:
        controls(topic, skip=OF_TEXT)
        st.button(t("Random Q, K and V"), key="attention:random", icon=":material/casino:", on_click=shuffle)
    why_divide()
    positions()
    made = made and (lambda: compute(topic, config))  # the tabs speak of the whole Result, this view needs a part of it
close_page(page, made)

"""One-stage detectors."""

from dataclasses import replace

import streamlit as st

from engine.topics.one_stage import draw, explain
from engine.topics.one_stage.run import find, network_config
from pages.components.canvas import bars, pixels, scrubber
from pages.components.compute import compute
from pages.components.controls import controls
from pages.components.language import number, t
from pages.components.page import close_page, open_page
from pages.components.uploads import choose_picture

page = open_page("one_stage")
topic, state = page.topic, st.session_state
names = [t(label) for label in draw.COCO_LABELS]
words = ("", t("row"), t("column"))
EDGES = {"left": "left", "top": "top", "right": "right", "bottom": "bottom"}


@st.fragment
def detections() -> None:
    """The picture with its boxes, the levels, and the cell behind the chosen box."""
    chosen = chosen_cell()
    cell = explain.explain_cell(seen, chosen) if chosen is not None else None
    left, right = st.columns([1.12, 1], gap="medium")
    with left:
        shown = draw.draw_detections(seen, found, cell=cell, names=names, words=words, alt=t("The picture with boxes"))
        pixels(shown, "one-stage-picture", height=400, on_cell=pick_in_picture)
    with right:
        said()
        captions = [t("stride {stride}: {side} × {side} cells", stride=s, side=n) for s, n in zip(draw.STRIDES, explain.sides())]
        shown = draw.draw_levels(seen, found, only=config.only, captions=captions, words=words, alt=t("Best score of every cell"))
        selected = {"tile": cell.level, "row": cell.row, "column": cell.column} if cell else None
        pixels(shown, "one-stage-levels", selected=selected, height=190, on_cell=pick_on_level)
    if cell:
        with st.container(border=True):
            explain_box(cell)


def chosen_cell() -> int | None:
    picked = state.get("one_stage:cell")
    if picked is not None:
        return picked
    return int(found.cells[found.kept[0]]) if found.kept else None


def pick_in_picture() -> None:
    """Callback: a click in the picture chooses the smallest box around it."""
    if cell := state["one-stage-picture"].get("cell"):
        index = explain.candidate_at(found, cell["column"] + 0.5, cell["row"] + 0.5)
        if index is not None:
            state["one_stage:cell"] = int(found.cells[index])


def pick_on_level() -> None:
    """Callback: a click on a level chooses that cell, whether it found something or not."""
    if cell := state["one-stage-levels"].get("cell"):
        state["one_stage:cell"] = explain.number_of(cell["tile"], cell["row"], cell["column"])


def said() -> None:
    """How many boxes, and the best of them."""
    st.html(f'<p class="status" role="status">{t("{kept} boxes of {count} candidates", kept=len(found.kept), count=len(found.boxes))}</p>')
    bars(draw.draw_found(found, names=names, most=4), "one-stage-found", click=False)


def explain_box(cell) -> None:
    """Where a box comes from."""
    left, middle, right = st.columns([1.3, 1, 1])
    with left:
        shown = draw.draw_distances(cell, edges=[t(edge) for edge in EDGES], words=("", t("edge"), t("distance")), alt=t("distances"))
        pixels(shown, "one-stage-distances", height=200, click=False)
    with middle:
        for formula in explain.box_formulas(cell):
            st.latex(formula)
    with right:
        bars(draw.draw_classes(cell, names=names), "one-stage-classes", click=False)


@st.fragment
def suppression() -> None:
    """Non-maximum suppression box by box."""
    st.markdown(f"#### {t('Non-maximum suppression, box by box')}")
    scrubber(draw.draw_suppression(seen, found, names=names, words=("", t("candidate"), t("candidate"))), "one-stage-steps", height=420)


with page.panel:
    config = replace(page.config, picture=choose_picture(topic, page.config.picture))
with page.stage:
    seen = compute(topic, network_config(config), "engine.topics.one_stage.run:see")
if seen is not None:
    found = find(seen, config)
    with page.stage:
        detections()
with page.panel:
    controls(topic)
if seen is not None:
    suppression()
close_page(page, (lambda: compute(topic, config)) if seen is not None else None)

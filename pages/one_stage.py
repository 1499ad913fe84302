"""One-stage detectors."""

from dataclasses import replace

import streamlit as st

from engine.topics.one_stage import draw, draw_scene, explain
from engine.topics.one_stage.scene import explain_grid_cell, find_in_scene, first_cell, scene_config
from engine.topics.one_stage.seen import find, network_config
from pages.components.canvas import bars, chips, pixels, scrubber
from pages.components.compute import compute
from pages.components.controls import change, controls
from pages.components.facts import colour_key, facts
from pages.components.formulas import show_formulas
from pages.components.language import number, percent, t
from pages.components.page import close_page, open_page
from pages.components.uploads import choose_picture

DETECTORS = {"nanodet": "NanoDet on pictures", "grid": "Grid detector on scenes"}
SCENES = {"random": "Shapes", "same_cell": "Two in one cell", "picture": "A photograph"}
TRAINED = {
    "nanodet": "NanoDet-g was trained by others, on 118,000 photographs of COCO and their 80 classes; published mean average precision over IoU 0.5 to 0.95: {score}.",  # noqa: E501
    "grid": "The grid detector was trained here, on drawn shapes alone; mAP@0.5 on 300 held-out scenes with backgrounds it never saw: {score}.",  # noqa: E501
}
STATES = {
    draw.TAKEN: "taken: the best score left",
    draw.REMOVED: "removed: its IoU with the one taken is too high",
    draw.BEFORE: "kept before",
    draw.WAITING: "not decided yet",
}
EDGES = {"left": "left edge", "top": "upper edge", "right": "right edge", "bottom": "lower edge"}
TERMS = {
    "centre": ("centre", "5 [(x − x̂)² + (y − ŷ)²]"),
    "size": ("size", "5 [(√w − √ŵ)² + (√h − √ĥ)²]"),
    "object_confidence": ("confidence, object", "(C − IoU)²"),
    "empty_confidence": ("confidence, no object", "½ Σ C²"),
    "class_probability": ("class", "Σ (p − p̂)²"),
}

page = open_page("one_stage")
topic, state, config = page.topic, st.session_state, page.config
on_grid = config.detector == "grid"
on_picture = not on_grid or config.scene == "picture"
words = ("", t("row"), t("column"))
names = [t(name) for name in (draw_scene.SHAPES if on_grid else draw.COCO_LABELS)]


def switch(knob: str, options: dict[str, str], label: str) -> None:
    """A row of chips for a knob that has no widget of its own."""
    keys = list(options)

    def choose() -> None:
        change(topic, **{knob: keys[state[f"one-stage-{knob}-kind"]["pick"]]})

    chips([t(name) for name in options.values()], f"one-stage-{knob}-kind", label=t(label), on_pick=choose,
          pressed=keys.index(getattr(config, knob)))  # fmt: skip


def choose_scene() -> None:
    """Which scene the grid detector looks at."""
    least = 2 if config.scene == "same_cell" else 0
    left, right = st.columns([1, 1.3], vertical_alignment="bottom")
    left.button(t("Next scene"), key="one_stage:next", icon=":material/casino:", width="stretch",
                on_click=lambda: change(topic, seed=(config.seed + 1) % 10_000))  # fmt: skip
    state["one_stage:objects"] = max(config.objects, least)
    right.slider(t("Objects"), least, 8, key="one_stage:objects",
                 on_change=lambda: change(topic, objects=state["one_stage:objects"]))  # fmt: skip


def said() -> None:
    """How many boxes stay, and the best of them."""
    text = t("<b>{kept}</b> of <b>{count}</b> boxes above the score threshold stay", kept=len(found.kept),
             count=number(len(found.boxes) + found.dropped))  # fmt: skip
    if len(found.kept) > draw.MOST_BARS:
        text += t("; the {most} best:", most=draw.MOST_BARS)
    if not len(found.boxes):
        text = t("No box reaches the score threshold; lower it to see more.")
    if found.dropped:
        text += "<br>" + t("(only the {most} best take part in the suppression)", most=len(found.boxes))
    st.html(f'<p class="status" role="status">{text}</p>')
    bars(draw.draw_found(found, names=names, nothing=t("nothing found")), "one-stage-found", on_pick=pick_found)


def pick_found() -> None:
    """Callback: a click on a bar chooses the cell of that box."""
    picked = state["one-stage-found"].get("pick")
    if picked is not None and picked < len(found.kept):
        choose_cell(int(found.cells[found.kept[picked]]))


def choose_cell(cell: int) -> None:
    state["one_stage:cell"] = (source, cell)


def chosen(first: int | None) -> int | None:
    """The cell last clicked in this very picture; at first the one given."""
    where, cell = state.get("one_stage:cell", (None, None))
    return cell if where == source else first


# ------------------------------------------------------------------ NanoDet


@st.fragment
def detections() -> None:
    """The picture with its boxes, the levels, and the cell behind the chosen box."""
    at = chosen(int(found.cells[found.kept[0]]) if found.kept else None)
    cell = explain.explain_cell(seen, at) if at is not None else None

    def pick_box() -> None:
        place = state["one-stage-picture"].get("cell")
        if place:
            left, top, *_ = seen.inside
            box = explain.candidate_at(found, left + place["column"] + 0.5, top + place["row"] + 0.5)
            if box is not None:
                choose_cell(int(found.cells[box]))

    def pick_cell() -> None:
        if place := state["one-stage-levels"].get("cell"):
            choose_cell(explain.number_of(place["tile"], place["row"], place["column"]))

    left, right = st.columns([1.07, 1], gap="medium")
    with left:
        alt = t("The picture with a box round everything that was found")
        shown = draw.draw_detections(seen, found, cell=cell, names=names, words=words, alt=alt)
        pixels(shown, "one-stage-picture", height=400, on_cell=pick_box)
        st.caption(t("Click a box, or any cell of the maps: yellow shows how far that cell sees its four edges."))
    with right:
        said()
        captions = [t("every {stride} px", stride=stride) for stride in draw.STRIDES]
        alt = t("The best score of every cell, on three levels")
        shown = draw.draw_levels(
            seen, found, only=config.only, captions=captions, unit=t("score"), words=words, alt=alt
        )
        selected = {"tile": cell.level, "row": cell.row, "column": cell.column} if cell else None
        text = t("Best score of all 3,549 cells, on three levels; rings: their boxes stay")
        if config.only != "all":
            name = names[draw.COCO_CLASSES.index(config.only)]
            text = t("Score of all 3,549 cells for **{name}**, on three levels; rings: their boxes stay", name=name)
        st.caption(text)
        pixels(shown, "one-stage-levels", selected=selected, height=240, on_cell=pick_cell)
    if cell:
        with st.container(border=True, key="one-stage-detail"):
            explain_box(cell)


def explain_box(cell) -> None:
    """Four distributions, four distances, one box; and the classes of the cell."""
    st.markdown(t(
        "Cell in row **{row}**, column **{column}** of the level with stride **{stride}** px, centre ({x}, {y}) px",
        row=cell.row, column=cell.column, stride=cell.stride, x=f"{cell.x:g}", y=f"{cell.y:g}",
    ))  # fmt: skip
    left, middle, right = st.columns([1.15, 1.1, 1], gap="medium")
    with left:
        edges = [t(EDGES[edge]) for edge in EDGES]
        place = ("", t("edge"), t("strides"))
        shown = draw.draw_distances(cell, edges=edges, words=place, alt=t("Four distributions over distances"))
        pixels(shown, "one-stage-distances", height=170, click=False)
        st.caption(t("How far to each edge, in strides"))
    with middle:
        rows = [[t(EDGES[edge]), text] for edge, text in zip(EDGES, explain.box_sums(cell), strict=True)]
        facts([t("edge"), t("centre ∓ mean distance × stride = edge (px)")], rows)
    with right:
        bars(draw.draw_classes(cell, names=names), "one-stage-classes", click=False)


# ------------------------------------------------------------------ grid detector


@st.fragment
def scene() -> None:
    """The scene under its grid, what the 64 cells say, and one of them in full."""
    row, column = first_cell(seen, found)
    row, column = divmod(chosen(row * draw_scene.CELLS + column), draw_scene.CELLS)
    cell = explain_grid_cell(seen, row, column)

    def pick_on_scene() -> None:
        if place := state["one-stage-scene"].get("cell"):
            choose_cell(place["row"] // draw_scene.STEP * draw_scene.CELLS + place["column"] // draw_scene.STEP)

    def pick_on_map() -> None:
        if place := state["one-stage-grid"].get("cell"):
            choose_cell(place["row"] * draw_scene.CELLS + place["column"])

    left, right = st.columns([1.07, 1], gap="medium")
    with left:
        alt = t("The scene, the grid over it, and the boxes found")
        shown = draw_scene.draw_scene(seen, found, cell=cell, names=names, words=words, alt=alt)
        pixels(shown, "one-stage-scene", height=400, on_cell=pick_on_scene)
        st.caption(
            t("Discs: middles of the objects. Yellow: the clicked cell and its two boxes, the responsible one thick.")
        )
    with right:
        said()
        captions = (t("confidence"), t("class"), t("loss"))
        alt = t("Confidence, class and loss of every cell")
        shown = draw_scene.draw_grid(seen, captions=captions, names=names, words=words, alt=alt)
        selected = {"tile": 0, "row": row, "column": column}
        pixels(shown, "one-stage-grid", selected=selected, height=240, on_cell=pick_on_map)
    with st.container(border=True, key="one-stage-detail"):
        explain_scene_cell(cell)


def explain_scene_cell(cell) -> None:
    """What the cell owns, its boxes, its classes, and the five terms of the loss."""
    text = "Cell in row **{row}**, column **{column}** owns no object: the confidence of its boxes should be 0."
    if not seen.known:
        text = "Cell in row **{row}**, column **{column}**. Nobody has said what is in this picture: there is no loss."
    elif cell.owner >= 0:
        text = "Cell in row **{row}**, column **{column}** owns the **{name}**, whose middle lies in it."
    sentences = [t(text, row=cell.row, column=cell.column, name=names[cell.label])]
    for other in cell.lost:
        label = int(seen.true_labels[other])
        sentences.append(t("The middle of the **{name}** lies here too: it is lost.", name=names[label]))
    st.markdown(" ".join(sentences))
    left, middle, right = st.columns([0.75, 1.15, 2], gap="medium")
    with left:
        shown = draw_scene.draw_probabilities(cell, names=names, true_name=t("its object"))
        bars(shown, "one-stage-classes", click=False)
    with middle:
        rows = [
            [f"{at + 1}" + (f" · {t('responsible')}" if at == cell.responsible else ""), f"{sure:.3f}",
             f"{iou:.3f}" if cell.owner >= 0 else "–"]
            for at, (sure, iou) in enumerate(zip(cell.confidences.tolist(), cell.ious.tolist(), strict=True))
        ]  # fmt: skip
        facts([t("box"), t("confidence C"), t("IoU")], rows)
        st.caption(t("The confidence is to be the IoU with the object: 1 only for a perfect box."))
    if not seen.known:
        return
    with right:
        parts = zip(TERMS.values(), cell.terms.tolist(), cell.totals.tolist(), strict=True)
        rows = [[t(name), formula, f"{here:.4f}", f"{total:.4f}"] for (name, formula), here, total in parts]
        total = [f"<b>{t('sum')}</b>", "", f"{cell.terms.sum():.4f}", f"{cell.totals.sum():.4f}"]
        facts([t("term of the loss"), "", t("this cell"), t("all cells")], [*rows, total])


# ------------------------------------------------------------------ both


@st.fragment
def suppression() -> None:
    """Non-maximum suppression box by box; it plays in the browser."""
    st.markdown(f"## {t('Non-maximum suppression, box by box')}")
    if not found.kept:
        st.caption(t("No box is above the score threshold."))
        return
    colour_key({colour: t(name) for colour, name in STATES.items()})
    most = min(len(found.boxes), draw.MOST_ROWS)
    captions = (t("The boxes"), t("IoU of the best {count} with each other; framed: the one taken", count=most))
    shown = draw.draw_suppression(
        seen, found, names=names, captions=captions, words=("", t("candidate"), t("candidate")),
        alt=t("Non-maximum suppression, box by box"),
    )  # fmt: skip
    run = shown.frames.run

    def moved() -> None:
        state["one_stage:step"] = run, state["one-stage-steps"].get("frame") or 0

    if state.get("one_stage:step", (run, 0))[0] != run:
        del state["one_stage:step"]  # another course of the suppression begins at its first step
    at = state.get("one_stage:step", (run, 0))[1]
    scrubber(shown, "one-stage-steps", height=420, on_frame=moved)
    step = explain.step_in_words(found, at, names)
    if step is None:
        st.caption(t("The end: {count} boxes are left.", count=len(found.kept)))
        return
    taken, removed, spared = step
    text = t("Step {step} takes **{taken}**.", step=at + 1, taken=taken)
    text += " " + (t("Removed, with the IoU: {boxes}.", boxes=removed) if removed else t("It removes none."))
    if spared:
        text += " " + t("Overlapping, but spared: {boxes}.", boxes=spared)
    st.caption(text.replace("….", "…"))


def formulas(made) -> None:
    """The formulas with the numbers of this picture."""
    if on_grid:
        st.markdown(t("The five terms of the loss in this picture (eq. 3 of YOLO v1):"))
        show_formulas(explain.loss_formula(made.scene.view.totals))
    elif found.kept:
        st.markdown(t("Of the best box: its mean distance to the left edge, in strides:"))
        show_formulas(explain.expectation_formula(explain.explain_cell(made.picture, int(found.cells[found.kept[0]]))))
    if formula := explain.iou_formula(made.found):
        st.markdown(t("The overlap that decided first in the suppression, from areas in square pixels:"))
        show_formulas(formula)


with page.panel:
    if on_grid:
        switch("scene", SCENES, "Scene")
    if on_picture:
        config = replace(config, picture=choose_picture(topic, config.picture, arrange="alone"))
    else:
        choose_scene()
    if on_grid and on_picture:
        st.caption(t("It knows six shapes and nothing else: what it finds in a photograph is a mistake."))
source = scene_config(config) if on_grid else network_config(config)
with page.stage:
    switch("detector", DETECTORS, "Detector")
    seen = compute(topic, source, f"engine.topics.one_stage.{'scene:see_scene' if on_grid else 'seen:see'}")
    if seen is not None:
        found = find_in_scene(seen, config) if on_grid else find(seen, config)
        if on_grid:
            scene()
        else:
            detections()
        if on_grid and config.scene == "same_cell":
            owners, others = map(percent, explain.shared_cell_scores())
            st.caption(
                t(
                    "On held-out scenes with a shared cell it finds {owners} of the objects that own it and {others} "
                    "of the others.", owners=owners, others=others,
                )
            )  # fmt: skip
        st.caption(t(TRAINED[config.detector], score=percent(explain.published_score(config.detector))))
with page.panel:  # after the picture, which answers the change
    controls(topic)
if seen is not None:
    suppression()
close_page(page, (lambda: compute(topic, config)) if seen is not None else None, formulas=formulas)

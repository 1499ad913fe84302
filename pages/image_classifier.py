"""Image classifier."""

from dataclasses import replace

import streamlit as st

from engine.core.sentences import Marked, harmless
from engine.topics.image_classifier import draw, explain
from engine.topics.image_classifier.run import NEAR, with_walk
from pages.components.background import found_result, keep_result
from pages.components.canvas import bars, pixels
from pages.components.compute import compute
from pages.components.controls import change, controls
from pages.components.formulas import show_formulas
from pages.components.language import drawn, language, number, percent, t
from pages.components.page import close_page, open_page
from pages.components.progress import is_under_way, watch, watched_to_the_end
from pages.components.uploads import choose_picture
from pages.components.views import choose_view, show_view

METHODS = {"grad_cam": "Grad-CAM", "saliency": "Saliency", "occlusion": "Occlusion", "none": "Picture"}
MEANINGS = {
    "grad_cam": "Colour: where the maps after this layer argue for {name} (score per position). No colour: nothing there does.",  # noqa: E501
    "saliency": "Colour: how much each spot counts for the score of {name}.",
    "occlusion": "Colour: how far the probability of {name} falls when this spot is covered. Grey: it does not fall, or was not tried yet.",  # noqa: E501
    "none": "What the network sees: 224 × 224 pixels from the middle of the picture.",
}
UNITS = {"grad_cam": "score per position", "saliency": "", "occlusion": "fall of probability", "none": ""}

page = open_page("image_classifier")
topic, state, names = page.topic, st.session_state, draw.class_names(language())
with page.panel:
    config = replace(page.config, picture=choose_picture(topic, page.config.picture, target=-1))
# A knob that only one view shows brings that view up, by hand, by preset or by link.
shown_by = {"saliency": ("saliency", "cell"), "occlusion": ("window", "stride", "cover")}
before, state["image_classifier:before"] = state.get("image_classifier:before", topic.config()), config
for method, names_of_knobs in shown_by.items():
    now, then, usual = ([getattr(one, name) for name in names_of_knobs] for one in (config, before, topic.config()))
    if now != then and now != usual:
        show_view(topic.slug, "method", method)
with page.stage:
    result = compute(topic, replace(config, saliency="gradient"))
# Integrated gradients take 32 looks and more: the page shows all else at once, and the walk where it is looked for.
walks = config.saliency == "integrated" and result is not None
if walks and (arrived := watched_to_the_end(topic, config)) is not None:
    keep_result(topic, config, with_walk(result, arrived))
if walks and (whole := found_result(topic, config)) is not None:
    result, walks = whole, False


@st.fragment
def evidence() -> None:
    """The picture with the evidence over it, and what shows it; another view of it runs nothing else."""
    method = choose_view(
        topic.slug, "method", t("Evidence"), list(METHODS), lambda name: t(METHODS[name]), as_buttons=True,
    )  # fmt: skip
    place, layer = st.container(), "head"
    if method == "grad_cam":
        meaning, choice = st.columns([1.7, 1], gap="small")
        with choice:
            layer = choose_view(
                topic.slug, "layer", t("Layer"), draw.LAYERS[::-1], lambda name: t("after {layer}", layer=t(name)),
            )  # fmt: skip
    else:
        meaning = st.container()
    meaning.caption(t(MEANINGS[method], name=Marked(f"**{harmless(names[result.explained])}**")))

    underway = method == "saliency" and walks

    def picture(snapshot=None) -> None:
        seen = snapshot.seen if snapshot is not None else {}
        shown = draw.draw_evidence(
            result, method if seen or not underway else "none", layer=layer,
            heat=seen.get("heat", seen.get("saliency")),
            name=t(METHODS[method]), unit=t(UNITS[method]) if UNITS[method] else "",
            words=(names[result.explained], t("row"), t("column")),
            alt=drawn("The picture, coloured where it speaks for {name}", name=names[result.explained]),
        )  # fmt: skip
        pixels(shown, "image-classifier-evidence", height=400, click=False)
        if method == "saliency" and config.saliency == "integrated" and (seen or not underway):
            way = seen["way"] if seen else 1
            total, goal = (seen["sum"], seen["goal"]) if seen else (result.saliency_sum, result.saliency_goal)
            text = t("{share} of the way walked: all pixels together {sum}, of {goal} for the whole way.",
                     share=percent(way), sum=number(total), goal=number(goal))  # fmt: skip
            if way == 1 and abs(total - goal) > NEAR * abs(goal):
                steps = seen["steps"] if seen else result.saliency_steps
                text += " " + t("What lies between the two is the error of {steps} steps; more would come closer.",
                                steps=steps)  # fmt: skip
            st.caption(text)

    with place:
        if method == "occlusion":
            watch(topic, replace(config, saliency="gradient", cell=4), picture)
        elif underway:
            watch(topic, config, picture, path="engine.topics.image_classifier.run:walk_from_grey")
        else:
            picture()


def answers() -> None:
    """The most probable classes; a click on a bar, or a name chosen, explains another class."""
    best = int(result.probabilities.argmax())
    sure = percent(result.probabilities[best].item())
    st.html(f'<p class="status" role="status">{t("The network says")} <b>{names[best]}</b>, {sure}</p>')
    choice, count = st.columns([2, 1], gap="small")
    with choice:
        key = f"{topic.slug}:target:{language()}"
        state[key] = config.target
        st.selectbox(
            t("Class explained"), range(-1, len(names)), key=key,
            format_func=lambda index: names[index] if index >= 0 else t("its own answer"),
            on_change=lambda: change(topic, target=state[key]),
        )  # fmt: skip
    with count:
        counts = [str(count) for count in range(3, 11)]
        top_k = int(choose_view(topic.slug, "answers", t("Answers"), counts, str, default="7", show_label=True))
    words = {"explained": t("the class explained"), "before": t("before the change")}
    chosen = draw.top_classes(result, top_k)

    def explain_picked() -> None:
        picked = state["image-classifier-answers"].get("pick")
        if picked is not None and picked < len(chosen):
            change(topic, target=chosen[picked])

    shown = draw.draw_answers(result, top_k, language=language(), **words)
    bars(shown, "image-classifier-answers", on_pick=explain_picked)


@st.fragment
def features() -> None:
    """All channels after the chosen layer."""
    st.markdown(f"## {t('Feature maps')}")
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="features-view"):
        layer = choose_view(
            topic.slug, "maps", t("Layer"), draw.LAYERS, t, default="stage2", as_buttons=True, width="content"
        )
        scales = {"own": t("each its own"), "common": t("one for all")}
        scale = choose_view(topic.slug, "scale", t("Scale"), list(scales), scales.get, show_label=True, width=150)
        orders = {"number": t("by number"), "evidence": t("by evidence")}
        order = choose_view(topic.slug, "order", t("Order"), list(orders), orders.get, show_label=True, width=150)
    words = (t("channel"), t("row"), t("column"))
    shown = draw.draw_features(
        result, layer, scale=scale, order=order, words=words, alt=t("Feature maps after {layer}", layer=t(layer))
    )
    channels, total = [int(tile.caption) for tile in shown.tiles], len(getattr(result, layer))
    text = t("{count} channels. Click one to see it large.", count=total)
    if len(channels) < total:
        text = t("{shown} of {count} channels. Click one to see it large.", shown=len(channels), count=total)
    st.caption(text)
    picked = state.get("image_classifier:channel", (None, None))
    channel = picked[1] if picked[0] == layer else draw.channels_by_evidence(result, layer)[0]
    large(layer, channel, words)
    selected = {"tile": channels.index(channel)} if channel in channels else None
    place = f"image-classifier-maps-{layer}"

    def enlarge() -> None:
        if cell := state[place].get("cell"):
            state["image_classifier:channel"] = (layer, channels[cell["tile"]])

    pixels(shown, place, selected=selected, on_cell=enlarge)


def large(layer: str, channel: int, words: tuple[str, str, str]) -> None:
    """One channel by itself and over the picture, with what it adds to the score."""
    left, right = st.columns([2, 1], gap="medium", vertical_alignment="center")
    with left:
        name = drawn("argues for {name}", name=names[result.explained])
        picture = draw.draw_channel(result, layer, channel, words=words, name=name, unit=t("score"))
        pixels(picture, "image-classifier-channel", height=300, click=False)
    values = {name: number(value) for name, value in draw.channel_facts(result, layer, channel).items()}
    text = t(
        "Channel **{channel}** after **{layer}**: mean **{mean}**, weight for *{name}* α = **{weight}** "
        "(Grad-CAM, eq. 1), together α · Σ = **{added}**. The score is {score}.",
        channel=channel, layer=t(layer), name=names[result.explained],
        score=number(result.scores[result.explained].item()), **values,
    )  # fmt: skip
    right.markdown(text)


def formulas(made) -> None:
    """The formulas with the numbers of this picture."""
    st.markdown(t("For **{name}**, class {index}:", name=names[made.explained], index=made.explained))
    show_formulas(explain.softmax_formula(made), explain.grad_cam_formula(made), explain.completeness_formula(made))


if result is not None:
    with page.stage:
        left, right = st.columns([1.12, 1], gap="medium")
        with left:
            evidence()
        with right:
            answers()
with page.panel:  # after the pictures, which answer the change
    controls(topic)
if result is not None:
    features()


def numbers_of_the_walk():
    """All numbers of the run; None while its walk is being watched, which ends with a run of the whole page."""
    return None if is_under_way(topic, config) else compute(topic, config, long=True)


close_page(page, numbers_of_the_walk if walks else result, formulas=formulas)

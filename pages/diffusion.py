"""Diffusion."""

from dataclasses import replace

import streamlit as st

from engine.core.film import Film
from engine.topics.diffusion import digits, draw, explain, walks
from engine.topics.diffusion.card import ONLY_DIGITS, ONLY_POINTS, before_sampling, of_points
from engine.topics.diffusion.run import result_of
from pages.components.canvas import chips, cloud, curves, drawing_of, drawing_pad, pixels, transport
from pages.components.compute import compute
from pages.components.controls import change, controls, note_progress
from pages.components.formulas import show_formulas
from pages.components.language import number, percent, t
from pages.components.page import close_page, open_page
from pages.components.player import player, stand_at_index
from pages.components.progress import watch
from pages.components.views import choose_view, show_view

DIRECTIONS = {"forward": "Forward: data to noise", "backward": "Back: noise to data"}
VIEWS = {"points": "Points, trained here", "digits": "Digits"}

page = open_page("diffusion")
topic, config, state = page.topic, page.config, st.session_state
points = of_points(config)


def switch_view() -> None:
    """Points or digits; the training of the points stays where it is."""

    def picked() -> None:
        index = state["diffusion-view"].get("pick")
        if index is not None and index < len(VIEWS):
            change(topic, view=list(VIEWS)[index], steps=state["diffusion:config"].steps)

    chips([t(name) for name in VIEWS.values()], "diffusion-view", label=t("What to diffuse"),
          pressed=list(VIEWS).index(config.view), on_pick=picked)  # fmt: skip


# ---------------------------------------------------------------- points


def status(snapshot) -> str:
    """Two lines of live numbers."""
    return t(
        "step <b>{step}</b> · loss <b>{loss}</b><br>near the data (8 steps): <b>{near}</b>", step=number(snapshot.step),
        loss=number(snapshot.seen["held_out_loss"]), near=percent(snapshot.seen["near"]),
    )  # fmt: skip


def stage(view: Film) -> None:
    """While it trains: the data and the samples so far. Then: the points on their way, and what the network expects."""
    if view.live:
        show_view("diffusion", "direction", "backward")
        frames = draw.training_frames(view.pairs, view.run, view.live)
        shown = draw.training_cloud(
            config, view.pairs, frames, data_name=t("data"), alt=t("The data, and beside it samples of the network"),
            titles=(t("Data"), t("Samples after {step} steps of training", step="{step}")),
        )  # fmt: skip
        cloud(shown, "diffusion-training", height=320, click=False)
        training_curves(view.pairs, frames)
        return
    left, right = st.columns([1.55, 1], vertical_alignment="center", gap="small")
    with left:
        direction = choose_view(
            topic.slug, "direction", t("Direction"), list(DIRECTIONS), lambda name: t(DIRECTIONS[name]),
            default="backward" if view.now.step else "forward", as_buttons=True,
        )  # fmt: skip
    with right:
        with_arrows = st.toggle(
            t("Arrows: −ε̂, where the network pulls"), key="diffusion:arrows", persist_state="session"
        )
    walked = (walks.backward if direction == "backward" else walks.forward)(sampling, view.now)
    name = f"{view.run} {view.now.step} {hash((direction, replace(sampling, steps=0)))}"
    frames = draw.walk_frames(name, walked, "last" if direction == "backward" else "first")
    moving(view, walked, frames, with_arrows)
    verdict(view, walked)
    charts(view, walked, frames)
    numbers_of_point(walked, name)


def moving(view: Film, walked, frames, with_arrows: bool) -> None:
    """x_t and x̂_0 side by side, and the bar to scrub with."""
    point = state.get("diffusion:point")

    def picked() -> None:
        if pick := state["diffusion-walk"].get("pick"):
            state["diffusion:point"], state["diffusion:moment"] = pick["point"], (frames.run, pick["frame"])

    shown = draw.walk_cloud(
        sampling, view.now, walked, frames, with_arrows=with_arrows,
        titles=(t("xₜ: the points at time {step}", step="{step}"), t("x̂₀: the data the network expects")),
        names=(t("data"), t("ways of some points"), t("−ε̂")), note=t("colour: where in the plane a point is at time 0"),
        alt=t("500 points on their way between data and noise, and beside it where the network expects them"),
    )  # fmt: skip
    cloud(shown, "diffusion-walk", picked=point, height=320, on_pick=picked)

    def let_go() -> None:
        state["diffusion:moment"] = (frames.run, state["diffusion-walk-bar"].get("frame"))

    moment = t("moment {frame} of {count} · time {step}", frame="{frame}", count="{count}", step="{step}")
    transport("diffusion-walk-bar", frames, report=point is not None, on_frame=let_go, moment=moment)


def verdict(view: Film, walked) -> None:
    """How near the samples are, and whether all of the data is there."""
    if not walked.backward:
        return
    if not view.now.step:
        st.caption(t("**This network is untrained**: its guesses of the noise are random, and so is its way back. "
                     "Press Play first."))  # fmt: skip
        return
    st.caption(
        t(
            "Of this walk of {steps} steps near the data: **{near}** (fresh data {data_near}) · data with a sample "
            "near: **{covered}** (fresh data {data_covered})",
            steps=walks.steps_back(config), near=percent(walked.near), data_near=percent(walked.data_near),
            covered=percent(walked.covered), data_covered=percent(walked.data_covered),
        ),
        help=t("Near is within {radius} of one of 2,000 points of the data: 99 % of fresh data are. Data have a sample "
               "near with one of the {count} samples within twice as far.",
               radius=number(draw.cloud_for(config).radius, 2), count=walked.x.shape[1]),
    )  # fmt: skip


def charts(view: Film, walked, frames) -> None:
    """The training so far, and the schedule with the moment of the walk marked."""
    left, middle, right = st.columns(3, gap="small")
    run = state["diffusion:run"]
    with left:
        pairs = run.job.history if run.job is not None and run.job.count else view.pairs
        training = draw.training_frames(pairs, view.run, False)
        training_curves(pairs, training)
    with middle:
        names = (t("ᾱ: data"), t("1 − ᾱ: noise"))
        curves(
            draw.schedule_values(walked.alpha_bars), draw.schedule_lines(names), frames, "diffusion-shares",
            alt=t("Shares of data and noise in the variance at each time"), x_label="t", low=0.0, high=1.0, height=160,
        )  # fmt: skip
    with right:
        curves(
            draw.ratio_values(walked.alpha_bars), draw.schedule_lines((t("SNR = ᾱ / (1 − ᾱ)"),)), frames,
            "diffusion-ratio", alt=t("Signal-to-noise ratio at each time"), x_label="t", log=True, height=160,
        )  # fmt: skip
    if len(pairs) > 1:
        caption, bar = st.columns([1, 3.4], vertical_alignment="center", gap="small")
        caption.caption(t("Back in the training:"))
        with bar:
            place = "diffusion-training-bar"
            transport(place, training, on_frame=lambda: stand_at_index(topic, pairs, state[place].get("frame")))


def training_curves(pairs, frames) -> None:
    """Held-out loss, and how good the samples are, over the training."""
    names = (t("held-out loss"), t("near the data (8 steps)"), t("data covered (8 steps)"))
    curves(
        draw.training_values(pairs), draw.training_lines(names), frames, "diffusion-curves", low=0.0, height=160,
        alt=t("Held-out loss, share of samples near the data and share of the data covered"),
    )  # fmt: skip


def numbers_of_point(walked, name: str) -> None:
    """Where the clicked point goes, with every number of the step."""
    point, (run, moment) = state.get("diffusion:point"), state.get("diffusion:moment", ("", None))
    if point is None:
        st.caption(t("Click a point: its step appears here with all its numbers."))
        return
    last = len(walked.times) - 1
    at = min(moment, last) if run == name and moment is not None else last
    with st.container(border=True, key="diffusion-point"):
        if not walked.backward:
            st.markdown(t("Point **{point}** at t = {time}", point=point, time=walked.times[at]))
            show_formulas(explain.noising_formula(walked, at, point))
            st.caption(t("The chain adds its noise in small steps; together they are the one ε of this formula."))
            return
        at = min(at, last - 1)
        step = explain.explain_step(config, walked, at, point, draw.alpha_bar_at(config, walked.to[at]))
        st.markdown(
            t("Point **{point}**, the step from t = {time} to s = {to}", point=point, time=step.time, to=step.to)
        )
        show_formulas(step.formula)


def pad() -> None:
    """The shape to draw, where that is the data."""
    if state.get("diffusion:drawn") != config.drawing:  # it came from anywhere but the reader's hand
        state["diffusion:drawn"], state["diffusion:revision"] = config.drawing, state.get("diffusion:revision", 0) + 1

    def drawn() -> None:
        drawing = drawing_of("diffusion-pad", (draw.PAD_SIDE, draw.PAD_SIDE))
        if drawing is not None:
            state["diffusion:drawn"] = draw.drawing_text(drawing)
            change(topic, drawing=state["diffusion:drawn"])

    st.caption(t("Draw the shape here, then press Play."))
    drawing_pad(
        draw.drawing_pixels(config), "diffusion-pad", revision=str(state["diffusion:revision"]), height=190,
        on_drawing=drawn, alt=t("Pad to draw a shape on: arrows move the pen, Space draws, Delete clears"),
    )  # fmt: skip


# ---------------------------------------------------------------- digits


def show_digits(snapshot) -> None:
    """Ten digits at every step of the way back, what the network expects of each, and what the judge says."""
    if snapshot is None:
        st.caption(t("Walking from noise to digits …"))
        return
    result = digits.result_of(asked, snapshot.seen["moments"])
    finished = snapshot.step == snapshot.total
    frames = draw.digit_frames(f"digits {hash(asked)}", result, not finished)
    sure, seen = result.judgement[-1].max(1)
    captions = [f"{digit} · {percent(share, 0)}" for digit, share in zip(seen.tolist(), sure.tolist(), strict=True)]
    asked_for = [t("asked: {digit}", digit=digit) for digit in result.label.tolist()]
    left, right = st.columns(2, gap="medium")
    words = ("", t("row"), t("column"))
    with left:
        picture = draw.digit_picture(
            asked, result, frames, "x", asked_for, words=words, alt=t("Ten pictures, from noise to digits")
        )
        title = t("xₜ: the pictures") if asked.known == "nothing" else t("xₜ: the pictures; framed: what is given")
        pixels(picture, "diffusion-digits-x", title=title, height=210, click=False)
    with right:
        picture = draw.digit_picture(
            asked, result, frames, "x_0", captions, words=words, alt=t("The digits the network expects")
        )
        title = t("x̂₀: the digits it expects, as the judge reads them")
        pixels(picture, "diffusion-digits-x0", title=title, height=210, click=False)
    moment = t("moment {frame} of {count} · time {step}", frame="{frame}", count="{count}", step="{step}")
    transport("diffusion-digits-bar", frames, report=False, moment=moment)
    right_ones = int((seen == result.label).sum())
    text = t(
        "The judge, a classifier that is right on {accuracy} of real digits of this size, sees the digit asked for in "
        "**{right} of {count}**.",
        accuracy=percent(digits.judge_accuracy()), right=right_ones, count=len(captions),
    )  # fmt: skip
    if result.variety == result.variety:
        text += " " + t("Variety: **{variety}** of that among real digits.", variety=percent(result.variety.item(), 0))
    text += " " + t("Nearest training digit: **{novelty}** as far as from new real digits (a copy: 0).",
                    novelty=percent(result.novelty.item(), 0))  # fmt: skip
    st.markdown(text)
    left, right = st.columns(2, gap="small")
    with left:
        curves(
            draw.agreement_values(result), draw.schedule_lines((t("the judge's certainty"),)), frames,
            "diffusion-agreement", alt=t("How sure the judge is of the digit asked for, at each time"), x_label="t",
            low=0.0, high=1.0, height=160,
        )  # fmt: skip
    with right:
        names = (t("ᾱ: data"), t("1 − ᾱ: noise"))
        curves(
            draw.schedule_values(result.alpha_bar.numpy()), draw.schedule_lines(names), frames,
            "diffusion-digits-shares", alt=t("Shares of data and noise in the variance at each time"), x_label="t",
            low=0.0, high=1.0, height=160,
        )  # fmt: skip
    show_formulas(explain.guidance_formula(config.guidance))


def formulas(made) -> None:
    """The loss and the schedule with their numbers."""
    show_formulas(*explain.live_formulas(config, made))


sampling, asked = replace(config, steps=0), digits.only_digits(config)
before, state["diffusion:before"] = state.get("diffusion:before", topic.config()), sampling
if points and sampling != before and before_sampling(sampling) == before_sampling(before):
    show_view("diffusion", "direction", "backward")  # a knob that only the way back has brings it up
snapshots = None
if points:
    training = before_sampling(config)
    with page.stage:
        switch_view()
        start = compute(topic, training, "engine.topics.diffusion.run:first")
        if start is not None:
            snapshots = player(topic, replace(training, steps=config.steps), start, stage, status=status,
                               default_speed="fast")  # fmt: skip
else:
    with page.stage:
        switch_view()
        watch(topic, asked, show_digits)
with page.panel:  # after the pictures, which answer the change
    if points and config.data == "drawn":
        pad()
    controls(topic, skip=ONLY_DIGITS if points else ONLY_POINTS)
if snapshots is not None and not state["diffusion:run"].live and snapshots()[-1].step != config.steps:
    note_progress(topic, steps=snapshots()[-1].step)  # another walk leaves the training where it is
if points:
    close_page(page, (lambda: result_of(config, snapshots())) if snapshots is not None else None, formulas=formulas)
else:
    close_page(page, lambda: digits.run(asked), formulas=formulas)

"""Inside a CNN."""

from dataclasses import replace

import streamlit as st

from engine.core.film import Film
from engine.topics.cnn import draw, explain
from engine.topics.cnn.run import look
from pages.components.canvas import curves, pixels, transport
from pages.components.compute import compute, start_job
from pages.components.controls import change, controls, note_progress
from pages.components.digits import choose_digit
from pages.components.formulas import show_formulas
from pages.components.language import number, percent, t
from pages.components.page import close_page, open_page
from pages.components.player import TICK_SECONDS, Run, player

LAYERS = {
    "conv1.sum": "First convolution: sums of products",
    "conv1.relu": "after the ReLU: below 0 becomes 0",
    "conv1.pool": "after max pooling: the largest of every 2 × 2",
    "conv2.sum": "Second convolution: sums of products over all channels",
    "conv2.relu": "after the second ReLU",
    "conv2.pool": "after the second max pooling",
    "hidden.sum": "Hidden layer, weighted sums",
    "hidden.relu": "Hidden layer, after the ReLU",
    "logits": "Logits",
}
HEIGHTS = {
    "conv1.sum": 125,
    "conv1.relu": 125,
    "conv1.pool": 90,
    "conv2.sum": 205,
    "conv2.relu": 205,
    "conv2.pool": 150,
}
BAR = '<div class="digit{0}"><b>{1}</b><i><u style="width:{2:.1f}%"></u></i><span>{3}</span></div>'

page = open_page("cnn")
topic, config, state = page.topic, page.config, st.session_state
words = (t("channel"), t("row"), t("column"))
training = replace(config, digit=topic.config().digit, centre=True)  # what the run depends on: not on the digit


def status(snapshot) -> str:
    """One line of live numbers."""
    seen = snapshot.seen
    if config.start == "trained" and not snapshot.step:
        return t(
            "shipped weights, trained on 8,000 digits<br>"
            "of 200 held-out digits right: <b>{right}</b> · loss <b>{loss}</b>",
            right=percent(seen["held_out_accuracy"]), loss=number(seen["held_out_loss"]),
        )  # fmt: skip
    if config.start == "trained":
        return t(
            "step <b>{step}</b> on from the shipped weights<br>"
            "of 200 held-out digits right: <b>{right}</b> · loss <b>{loss}</b>",
            step=number(snapshot.step), right=percent(seen["held_out_accuracy"]), loss=number(seen["held_out_loss"]),
        )  # fmt: skip
    return t(
        "step <b>{step}</b><br>of 200 held-out digits right: <b>{right}</b> · loss <b>{loss}</b>",
        step=number(snapshot.step), right=percent(seen["held_out_accuracy"]), loss=number(seen["held_out_loss"]),
    )  # fmt: skip


def moment(run, latest):
    """The moment to look at: the newest, or the one that the reader went back to."""
    name, at = state.get("cnn:frame", (None, None))
    if run.live or name != run.name or run.job is None:
        return latest
    return next((snapshot for index, snapshot in run.job.history if index == at), latest)


def looked(snapshot):
    """The digit in the network of one moment; the answer and the maps of one run share it."""
    kept = state.get("cnn:looked")
    if kept is None or kept[0] != config or kept[1] is not snapshot:
        kept = state["cnn:looked"] = (config, snapshot, look(config, [snapshot]))
    return kept[2]


def stage(view: Film) -> None:
    """The answer, and how the training goes."""
    run = state["cnn:run"]
    if view.live:
        state.pop("cnn:frame", None)
    answer(looked(moment(run, view.now)))
    if not view.live:
        share = explain.full_score(config, view.now.seen["weights"])
        text = t("Of all 2,000 held-out digits the network of step {step} names {share} rightly.",
                 step=number(view.now.step), share=percent(share, 2))  # fmt: skip
        if config.start == "trained" and not view.now.step:
            text = t("Of all 2,000 held-out digits the shipped network names {share} rightly.", share=percent(share, 2))
        st.caption(text)
    if run.job is None:
        if config.start == "trained":
            st.button(
                t("Train from scratch"), key="cnn:scratch", icon=":material/restart_alt:",
                on_click=from_scratch,
            )  # fmt: skip
        return
    pairs = view.pairs if view.live else run.job.history
    frames = draw.frames_of(pairs, view.run, view.live)
    transport("cnn-transport", frames, on_frame=went_back)
    curves(
        draw.curve_values(pairs), draw.curve_lines((t("batch loss"), t("held-out loss"), t("held-out errors (share)"))),
        frames, "cnn-curves", low=0.0, height=130, alt=t("Losses, and the share of 200 held-out digits named wrongly"),
    )  # fmt: skip
    if state.pop("cnn:moved", False):
        st.rerun()  # the maps below follow


def from_scratch() -> None:
    """Callback: random weights, and the training begins at once."""
    change(topic, start="fresh", weights="")
    state["cnn:begin"] = state.get("cnn:begun", 0) + 1


def begin() -> None:
    """A run that plays already, for the player to find; its number is none that the player gives."""
    number = state["cnn:begun"] = state.pop("cnn:begin")
    experiment = replace(training, steps=0)
    state["cnn:run"] = Run(-number, experiment, start_job(topic, experiment))


def went_back() -> None:
    """Callback: the bar was let go at another moment."""
    state["cnn:frame"], state["cnn:moved"] = (state["cnn:run"].name, state["cnn-transport"].get("frame")), True


def answer(result) -> None:
    """The ten probabilities as bars."""
    shares = result.probabilities.tolist()
    best = max(range(10), key=shares.__getitem__)
    said = t("The network says <b>{digit}</b>, {share}", digit=best, share=percent(shares[best]))
    if not result.pixels.any():
        said = t("The pad is empty. Draw a digit.")
    elif result.label is not None:
        said += " · " + (t("right") if result.label == best else t("wrong: it is {digit}", digit=result.label))
    bars = "".join(BAR.format(" best" * (k == best), k, 100 * p, percent(p)) for k, p in enumerate(shares))
    st.html(f'<p class="status cnn-answer" role="status">{said}</p><div class="digits">{bars}</div>')


def inside() -> None:
    """Every layer, and where the clicked number comes from."""
    run = state["cnn:run"]
    latest = run.job.latest if run.job is not None and run.job.latest is not None else start
    result = looked(moment(run, latest))
    left, right = st.columns([1.9, 1], gap="medium")
    with left:
        st.caption(t("Click any cell to see where its number comes from."))
        for layer in draw.LAYERS:
            if layer.endswith("sum"):
                kernels(result, layer)
            maps(result, layer)
        dense(result)
    with right.container(key="cnn-detail", border=True):
        detail(result, run.live)


def maps(result, layer: str) -> None:
    """The maps of one layer; a click chooses a cell."""
    picked = chosen(result)
    selected = dict(zip(("tile", "row", "column"), picked[1:], strict=True)) if picked[0] == layer else None
    shown = draw.draw_maps(result, layer, words=words, alt=t(LAYERS[layer]))
    place = f"cnn-{layer.replace('.', '-')}"
    pick(pixels(shown, place, title=t(LAYERS[layer]), selected=selected, height=HEIGHTS[layer]), layer)


def kernels(result, layer: str) -> None:
    """The kernels of a convolution: all of the first, of the second those of the clicked channel."""
    first, name = layer == "conv1.sum", layer.partition(".")[0]
    picked = chosen(result)
    channel = picked[1] if picked[0].startswith("conv2") else 0
    title = t("Kernels of the first convolution, one for each of its maps")
    if not first:
        title = t("Kernels of channel {channel} of the second convolution, one for each map it reads", channel=channel)
    shown = draw.draw_kernels(result, name, -1 if first else channel, words=words, alt=title)
    pixels(shown, f"cnn-kernels-{name}", title=title, height=95, click=False)


def pick(event: dict | None, layer: str) -> None:
    """Remember the clicked cell."""
    if event and state.get("cnn:cell") != (layer, event["tile"], event["row"], event["column"]):
        state["cnn:cell"] = (layer, event["tile"], event["row"], event["column"])
        st.rerun(scope="fragment")


def dense(result) -> None:
    """Hidden layer, logits and softmax."""
    title = t("Hidden layer") + " · " + t("all cells of all maps, weighted anew for each neuron")
    names = (t("weighted sums"), t("after the ReLU"), "")
    shown = draw.draw_dense(result, names=names, words=("", t("row"), t("column")), alt=t("Hidden layer"))
    event = pixels(shown, "cnn-hidden", title=title, height=110)
    if event:
        neuron = event["row"] * draw.DENSE_COLUMNS + event["column"]
        pick({"tile": neuron, "row": 0, "column": 0}, ("hidden.sum", "hidden.relu")[event["tile"]])
    shown = draw.draw_outputs(result, names=(t("logits"), t("softmax")), alt=t("Logits and softmax"))
    event = pixels(shown, "cnn-outputs", title=t("Logits and softmax"), height=110)
    if event and event["tile"] == 1:
        state["cnn:probability"] = event["column"]
    elif event:
        pick({"tile": event["column"], "row": 0, "column": 0}, "logits")
    show_formulas(explain.softmax_formula(result, state.get("cnn:probability")))


def chosen(result) -> tuple[str, int, int, int]:
    """The cell last clicked; the middle of the first map where the network has no such cell."""
    layer, channel, row, column = state.get("cnn:cell", ("conv1.sum", 0, 12, 13))
    shape = (*getattr(result, layer.replace(".", "_")).shape, 1, 1)
    fits = channel < shape[0] and row < shape[1] and column < shape[2]
    return (layer, channel, row, column) if fits else ("conv1.sum", 0, 12, 13)


def detail(result, live: bool) -> None:
    """Where one number comes from: its receptive field, and the sum of products."""
    layer, channel, row, column = chosen(result)
    cell = explain.explain_cell(config, result, layer, channel, row, column)
    in_maps = layer in draw.LAYERS
    where = str(channel)
    if in_maps:
        where = t("channel {channel}, row {row}, column {column}", channel=channel, row=row, column=column)
    st.markdown(f"{t(LAYERS[layer])} · {where}: **{number(cell.value, 5)}**")
    top, left, bottom, right = cell.field
    pixels(
        draw.draw_input(
            result, cell if in_maps else None, words=("", *words[1:]), alt=t("The digit, the receptive field framed")
        ),
        "cnn-field", height=140, click=False,
    )  # fmt: skip
    seen = t("Receptive field: {rows} × {columns} pixels of the input.", rows=bottom - top, columns=right - left)
    st.caption(seen if in_maps else t("It sees the whole input."))
    shown = draw.draw_products(cell, words=words, alt=t("What the cell reads, its weights, the products"))
    pixels(shown, "cnn-products", height=110 if len(cell.inputs) == 1 else 200, click=False)
    if cell.weights is not None:
        st.caption(t("x: what the cell reads, w: its weights, x·w: their products."))
    show_formulas(explain.cell_formulas(cell))
    if not live and in_maps:
        channel_and_evidence(result, layer, channel)


def channel_and_evidence(result, layer: str, channel: int) -> None:
    """What excites the channel, and which pixels the answer hangs on; both on demand."""
    if st.toggle(t("What excites channel {channel}?", channel=channel), key="cnn:excites"):
        seen = explain.explain_channel(config, result, layer, channel)
        names = (t("digit"), t("made"))
        pixels(
            draw.draw_channel(seen, names=names, alt=t("Digits that excite the channel, and an input made to")),
            "cnn-channel", height=220, click=False,
        )  # fmt: skip
        st.caption(
            t(
                "The {count} training digits with the largest value in this map, then an input made by gradient "
                "ascent: nobody drew it. It raises the map's mean from {before} to {after}.",
                count=len(seen.peaks), before=number(seen.before), after=number(seen.after),
            )
        )  # fmt: skip
    if st.toggle(t("Which pixels does the answer hang on?"), key="cnn:occlude"):
        falls = explain.evidence(config, result)
        shown = draw.draw_evidence(result, falls, name=t("fall of probability"), alt=t("Occlusion"))
        pixels(shown, "cnn-occlusion", height=190, click=False)
        st.caption(t("A 5 × 5 window of paper covers each place in turn. Blue: the answer becomes less probable."))


def formulas(made) -> None:
    """The softmax with its numbers."""
    show_formulas(explain.softmax_formula(made))


start = compute(topic, replace(training, steps=0), "engine.topics.cnn.run:first")
moments = None
if start is not None:
    with page.stage:
        pad, says = st.columns([1, 1.2], gap="medium")
        with pad:
            choose_digit(topic, config.digit)
        with says:
            if "cnn:begin" in state:
                begin()
            moments = player(topic, training, start, stage, status=status, default_speed="fast")
if start is not None:
    live = state["cnn:run"].live
    st.fragment(inside, run_every=3 * TICK_SECONDS if live else None)()
    if not live and moments()[-1].step != config.steps and state["cnn:run"].job is not None:
        note_progress(topic, steps=moments()[-1].step)  # another digit leaves the run where it is
with page.panel:  # after the answer and the maps: what has not changed can wait
    controls(topic)
close_page(page, (lambda: look(config, moments())) if moments is not None else None, formulas=formulas)

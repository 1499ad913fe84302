"""MLP playground."""

from dataclasses import replace

import streamlit as st

from engine.core.film import Film
from engine.core.knob import KnobError, without_run
from engine.topics.mlp import draw, explain
from engine.topics.mlp.run import data_of, result_of
from pages.components.canvas import chart, curves, network, points_editor, transport
from pages.components.compute import compute
from pages.components.controls import change, controls, note_progress
from pages.components.errors import sentence
from pages.components.formulas import show_formulas
from pages.components.language import number, percent, t
from pages.components.page import close_page, open_page
from pages.components.player import player, stand_at_index

page = open_page("mlp")
topic, config, state = page.topic, page.config, st.session_state


def status(snapshot) -> str:
    """Two lines of live numbers."""
    fits_values, seen = draw.is_regression(config), snapshot.seen
    shown = number if fits_values else percent
    return t(
        "step <b>{step}</b><br>{score}: train <b>{train}</b> · test <b>{test}</b>",
        step=number(snapshot.step), score="R²" if fits_values else t("accuracy"),
        train=shown(seen["train_accuracy"]), test=shown(seen["test_accuracy"]),
    )  # fmt: skip


def stage(view: Film) -> None:
    """The plane, the network, the bar to scrub with and the losses, all on one clock."""
    frames = draw.frames_of(view.pairs, view.run, view.live)
    left, right = st.columns([1.12, 1.25], gap="small")
    with left:
        spot = plane(view, frames)
    with right:
        picture = draw.diagram(
            config, view.pairs, frames, words=(t("Input"), t("Hidden"), t("Output")),
            alt=t("The network: each square is a neuron's value over the plane, each line a weight"),
        )  # fmt: skip
        event = network(picture, "mlp-network", picked=state.get("mlp:picked"), height=340)
    place = "mlp-transport"
    transport(place, frames, on_frame=lambda: stand_at_index(topic, view.pairs, state[place].get("frame")))
    curves(
        draw.curve_values(view.pairs), draw.curve_lines(t("train loss"), t("test loss")), frames, "mlp-curves",
        alt=t("Loss on training and test points over the steps"), low=0.0, height=130,
    )  # fmt: skip
    if event:
        touched(event)
    if spot:
        state["mlp:spot"] = (spot["x"], spot["y"])
    inspect(view)


def plane(view: Film, frames) -> dict | None:
    """The points over the network's answer; own points can be drawn, elsewhere a click chooses a spot to compute at."""
    own, fits_values = config.data == "own", draw.is_regression(config)
    points, is_train = (draw.decode_points(config.points), None) if own else data_of(without_run(config))
    return points_editor(
        points, "mlp-points", domain=(-draw.DOMAIN, draw.DOMAIN, -draw.DOMAIN, draw.DOMAIN), height=340, editable=own,
        classes=[t("value")] if fits_values else draw.CLASS_NAMES[: draw.classes_of(view.now)],
        value_range=(-1.0, 1.0) if fits_values else None, background=draw.planes(view.pairs), frames=frames,
        train_mask=is_train, revision=revision(), on_points=points_moved if own else None,
        spot=None if own else state.get("mlp:spot", (1.0, 0.5)),
        alt=t("The plane, coloured by the network's answer"),
    )["spot"]  # fmt: skip


def revision() -> str:
    """New whenever the points come from anywhere but the reader's hand."""
    if config.data != "own":
        return repr(without_run(config))
    if state.get("mlp:drawn") != config.points:
        state["mlp:drawn"], state["mlp:revision"] = config.points, state.get("mlp:revision", 0) + 1
    return f"own {state['mlp:revision']}"


def points_moved() -> None:
    """The reader added, dragged or removed points."""
    state["mlp:drawn"] = draw.encode_points(state["mlp-points"]["points"]["points"])
    change(topic, points=state["mlp:drawn"])


def touched(event: dict) -> None:
    """A click on the network: look at a neuron or a weight, resize a layer, switch an input."""
    if event["event"] == "pick":
        state["mlp:picked"] = {name: value for name, value in event.items() if name != "event"}
        return
    if event["event"] == "resize":
        sizes = list(config.layers)
        sizes[event["layer"] - 1] = min(max(sizes[event["layer"] - 1] + event["delta"], 1), 64)
        change(topic, layers=tuple(sizes))
    else:
        chosen = set(config.features) ^ {list(explain.FEATURES)[event["index"]]}
        if chosen:
            change(topic, features=tuple(chosen))
    st.rerun()


def inspect(view: Film) -> None:
    """The picked neuron's formula with live numbers, and its weight or bias to set by hand."""
    picked, spot = state.get("mlp:picked"), state.get("mlp:spot", (1.0, 0.5))
    if config.data == "own" and not config.points:
        st.info(t("Click the plane to add points; choose their class below it."), icon=":material/touch_app:")
        return
    if not picked:
        st.caption(
            t(
                "Click a neuron for its formula, a line for its weight, an input to switch it on or off; "
                "click the plane to choose where to compute."
            )
        )
        return
    layer, index = picked["layer"], picked["index"] if picked["kind"] == "neuron" else picked["to"]
    try:
        formula = explain.explain_neuron(config, view.now, layer, index, spot)
    except ValueError:  # the network has become smaller since
        del state["mlp:picked"]
        return
    with st.container(border=True, key="mlp-formula"):
        name = explain.neuron_name(config, layer, index)
        x, y, step = number(spot[0]), number(spot[1]), number(view.now.step)
        st.markdown(t("Neuron **{name}** at x₁ = {x}, x₂ = {y}, step {step}", name=name, x=x, y=y, step=step))
        show_formulas(formula.symbols, formula.numbers)
        if not view.live and view.now is view.newest:
            set_by_hand(view, picked, layer, index, formula)


def set_by_hand(view: Film, picked: dict, layer: int, index: int, formula: explain.NeuronFormula) -> None:
    """A number field for the picked weight, or the neuron's bias; the run goes on from the changed network."""
    origin = explain.column_of(config, layer, picked.get("from"))
    if origin is None or origin >= len(formula.weights):
        return  # a line from an input that is switched off, or from a neuron that is no more
    step, value = view.now.step, formula.weights[origin] if origin >= 0 else formula.bias
    key = f"mlp:hand:{view.run}:{step}:{layer}:{index}:{origin}"
    label = t("Bias, set by hand")
    if origin >= 0:
        label = t("Weight from {name}, set by hand", name=explain.neuron_name(config, layer - 1, picked["from"]))

    def changed() -> None:
        place = f"{step}:{layer - 1}.{index}.{origin if origin >= 0 else 'b'}="
        others = [edit for edit in config.edits.split(";") if edit and not edit.startswith(place)]
        try:
            change(topic, edits=";".join([*others, f"{place}{round(state[key], 4)}"]), steps=step)
        except KnobError as error:  # there are too many
            st.toast(sentence(error), icon=":material/error:")

    value = min(max(round(value, 4), -100.0), 100.0)
    st.number_input(label, -100.0, 100.0, value, 0.1, "%.4f", key=key, on_change=changed, width=260)


def formulas(result) -> None:
    """Loss, accuracy and update rule with the numbers of this moment."""
    for what, formula in explain.live_formulas(config, result):
        left, right = st.columns([1, 2.6], vertical_alignment="center")
        left.markdown(t(what))
        with right:
            show_formulas(formula)


def hidden_space() -> None:
    """Where the last hidden layer puts the points: a flat border there is the bent border above."""
    words = t("Show the space of the last hidden layer")
    if not config.layers or not st.toggle(words, key="mlp:hidden_space", persist_state="session"):
        return
    st.caption(
        t(
            "Every point where the output layer sees it, in the three directions in which the points differ most. The "
            "grey plane is the border (other directions at their mean): flat here, bent in the picture above."
        )
    )
    figure = draw.draw_hidden_space(result_of(config, snapshots()), axis_name=t("direction"))
    chart(figure, "mlp-hidden-space", alt=t("The points in the space of the last hidden layer"))


start = compute(topic, replace(config, steps=0))
if start is None and config.edits:  # a link that sets weights this network does not have
    config = note_progress(topic, steps=0, edits="")
    start = compute(topic, config)
if start is not None:
    with page.stage:
        snapshots = player(topic, config, start.snapshot, stage, status=status)
        hidden_space()
with page.panel:  # after the pictures, which answer the change
    controls(topic)
close_page(page, (lambda: result_of(config, snapshots())) if start is not None else None, formulas=formulas)
